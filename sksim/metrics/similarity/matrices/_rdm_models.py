"""Weighted models of a dissimilarity matrix."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal

import numpy as np
from scipy.optimize import nnls
from scipy.spatial.distance import squareform

from sksim.metrics.similarity.matrices._rdm_comparisons import (
    COMPARISONS,
    LINEAR,
    Comparison,
    check_average,
    check_rdm,
    check_rdms,
    cosine,
    n_conditions,
)
from sksim.utils._arrays import check_named_array
from sksim.utils._results import Result
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["fit_rdm_model"]


def _nonnegative_weights(M: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The w >= 0 with least |y - M w|, through the triangle of M with columns of length one."""
    lengths = np.linalg.norm(M, axis=0)
    length = np.linalg.norm(y)
    Q, R = np.linalg.qr(M / lengths)
    return nnls(R, Q.T @ (y / length))[0] / lengths * length


@validate_params(
    {
        "rdm": ["array-like"],
        "models": ["array-like"],
        "compare": [StrOptions(set(COMPARISONS))],
        "sigma_k": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def fit_rdm_model(
    rdm: ArrayLike,
    models: ArrayLike,
    *,
    compare: Literal["cosine", "pearson", "whitened_cosine", "whitened_correlation"] = "cosine",
    sigma_k: ArrayLike | None = None,
) -> Result:
    r"""Weights of models that predict an RDM, or those of several subjects, best.

    The weights of the q models :math:`m_1, \dots, m_q` minimise

    .. math:: \Big\lVert y - \sum_i w_i m_i \Big\rVert, \qquad w_i \ge 0,

    where y is the RDM, both are centred for the correlations, and the norm is that of the
    comparison: with :math:`V^{-1}` for the whitened ones. The direction of that minimum has the
    best score of all non-negative combinations [1]_ [2]_. Of squared distances, it is the RDM of
    features scaled by :math:`\sqrt{w_i}`.

    .. versionadded:: 0.1

    Parameters
    ----------
    rdm : array-like of shape (n_conditions, n_conditions) or (n_rdms, n_conditions, n_conditions)
        The RDM that is predicted; of several, their best average, see :func:`noise_ceiling`.
    models : array-like of shape (n_models, n_conditions, n_conditions)
        The RDMs that predict.
    compare : {"cosine", "pearson", "whitened_cosine", "whitened_correlation"}, default="cosine"
        The comparison, see :func:`rsa_score`. Ranks have no least squares: fit by "pearson", and
        score the prediction by ranks.
    sigma_k : array-like of shape (n_conditions, n_conditions) or None, default=None
        Covariance of the estimates of the conditions, for the whitened comparisons. None is the
        identity.

    Returns
    -------
    fit : Bunch
        ``weights``: ndarray of shape (n_models,), in units of ``rdm`` per unit of the model, up to
        one factor for several RDMs. ``score``: float in [-1, 1], the comparison of the weighted
        model with ``rdm``, the mean over several.

    Raises
    ------
    ValueError
        For an RDM that is no square symmetric matrix with zero diagonal, or constant (zero for
        the cosines), models of another number of conditions, more models than pairs of
        conditions, a comparison of ranks, or ``sigma_k`` that is not positive definite on
        differences of conditions or given to a comparison that does not use it.

    See Also
    --------
    noise_ceiling : The score that a true model reaches.
    rsa_score : The score of a model without weights.

    Notes
    -----
    Where no model has a positive score all weights are 0, and so is the score. The weights of
    collinear models are not unique, their score is. The score is that of the data that were
    fitted, which is optimistic: compare models of different size on conditions left out.

    O(n^2 q^2) time and O(n^2 q) memory, with ``sigma_k`` O(n^3 q) time.

    References
    ----------
    .. [1] S.-M. Khaligh-Razavi and N. Kriegeskorte (2014). Deep supervised, but not unsupervised,
           models may explain IT cortical representation. PLOS Computational Biology 10.
    .. [2] H. H. Schütt, A. D. Kipnis, J. Diedrichsen and N. Kriegeskorte (2023). Statistical
           inference on representational geometries. eLife 12.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import fit_rdm_model, rdm
    >>> rng = np.random.default_rng(0)
    >>> shape, color = rng.standard_normal((2, 10, 3))
    >>> models = [rdm(shape, kind="sqeuclidean"), rdm(color, kind="sqeuclidean")]
    >>> X = np.hstack([2 * shape, color])
    >>> fit = fit_rdm_model(rdm(X, kind="sqeuclidean"), models)
    >>> fit.weights.round(6), round(fit.score, 6)
    (array([4., 1.]), 1.0)
    """
    if compare not in LINEAR:
        raise ValueError(
            f"compare must be one of {sorted(LINEAR)} to fit weights, got {compare!r}: fit by "
            "'pearson', and score the prediction by ranks with rsa_score."
        )
    rdm = check_named_array(rdm, "rdm", ensure_2d=False, allow_nd=True)
    is_stack = rdm.ndim == 3
    data = check_rdms(rdm, "rdm") if is_stack else squareform(check_rdm(rdm, "rdm"))[None]
    vectors = check_rdms(models, "models")
    if vectors.shape[1] != data.shape[1]:
        raise ValueError(
            f"models must hold RDMs of the {n_conditions(data)} conditions of rdm, got "
            f"{n_conditions(vectors)}."
        )
    if len(vectors) > data.shape[1]:
        raise ValueError(
            f"models must hold no more RDMs than there are pairs of conditions, {data.shape[1]}, "
            f"got {len(vectors)}."
        )
    comparison = Comparison(compare, sigma_k, n_conditions(data))
    names = [f"rdm[{k}]" for k in range(len(data))] if is_stack else ["rdm"]
    parts = comparison.parts(data, names)
    y, unit = check_average(parts.mean(axis=0), "rdm"), 1.0
    if not is_stack:  # in its own unit
        unit = float(np.abs(data).max())
        y = comparison.embed(data[0] / unit)
    for i, v in enumerate(vectors):
        comparison.check(v, f"models[{i}]")
    units = np.abs(vectors).max(axis=1)
    M = np.column_stack([comparison.embed(v / own) for v, own in zip(vectors, units, strict=True)])
    weights = _nonnegative_weights(M, y)
    prediction = M @ weights
    score = np.mean([cosine(prediction, part) for part in parts]) if weights.any() else 0.0
    return Result(weights=weights * (unit / units), score=float(score))
