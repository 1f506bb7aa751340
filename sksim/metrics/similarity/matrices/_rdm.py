"""Representational dissimilarity matrices."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator

from sksim.metrics._validation import check_representation
from sksim.metrics.similarity.matrices._dissimilarities import (
    PLAIN_KINDS,
    crossnobis_rdm,
    mahalanobis_rdm,
    plain_rdm,
    poisson_rdm,
)
from sksim.metrics.similarity.matrices._noise_precision import noise_precision, split_runs
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["rdm"]

_KINDS = (*PLAIN_KINDS, "mahalanobis", "crossnobis", "poisson")


def _dissimilarity_matrix(
    X: np.ndarray, kind: str, N: np.ndarray | None, runs: np.ndarray | None
) -> np.ndarray:
    if kind == "crossnobis":
        assert runs is not None
        return crossnobis_rdm(runs, N)
    if runs is not None:
        X = runs.mean(axis=0)
    if kind == "mahalanobis":
        return mahalanobis_rdm(X, N)
    return poisson_rdm(X) if kind == "poisson" else plain_rdm(X, kind)


@validate_params(
    {"X": ["array-like"], "kind": [StrOptions(set(_KINDS))], "repeats": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def rdm(
    X: ArrayLike,
    *,
    kind: Literal[
        "correlation",
        "euclidean",
        "sqeuclidean",
        "cosine",
        "mahalanobis",
        "crossnobis",
        "poisson",
    ] = "correlation",
    noise: ArrayLike | BaseEstimator | None = None,
    repeats: ArrayLike | None = None,
) -> FloatArray:
    r"""Representational dissimilarity matrix (RDM) of the rows of a representation.

    With :math:`\delta = x_i - x_j` the difference of conditions i and j over P features, N the
    precision of the noise (the inverse of its covariance) and, in run m of M,
    :math:`\delta^m` the difference, the entry :math:`D_{ij}` is [1]_ [2]_ [3]_

    ============= ===================================================== ===================
    kind          :math:`D_{ij}`                                        unit, range
    ============= ===================================================== ===================
    "euclidean"   :math:`(\sum_c \delta_c^2)^{1/2}`                     of X, >= 0
    "sqeuclidean" :math:`\sum_c \delta_c^2`                             of X squared, >= 0
    "correlation" :math:`1 - r(x_i, x_j)`, r over features              [0, 2]
    "cosine"      :math:`1 - \cos(x_i, x_j)`                            [0, 2]
    "mahalanobis" :math:`\delta^\top N \delta / P`                      1, >= 0
    "crossnobis"  mean over runs :math:`a \neq b` of                    1, any sign
                  :math:`{\delta^a}^\top N \delta^b / P`
    "poisson"     :math:`\sum_c (l_{ic} - l_{jc}) \log(l_{ic} /         nats, >= 0
                  l_{jc}) / P`, with :math:`l = (x + 0.1) / 1.1`
    ============= ===================================================== ===================

    Mind the factors: "mahalanobis" is squared and divided by the number of features, as are
    "crossnobis" and "poisson", so that spaces of different width compare; "sqeuclidean" is not
    divided. Without ``noise``, "mahalanobis" is "sqeuclidean" over P.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        The conditions, one a row; with ``repeats`` one row for each condition in each run. Counts
        or rates for "poisson".
    kind : str, default="correlation"
        The dissimilarity, one of those above.
    noise : array-like, covariance estimator or None, default=None
        For "mahalanobis" and "crossnobis". A matrix of shape (n_features, n_features) is the
        **precision** N of the noise, not its covariance; "crossnobis" takes one for each run,
        too, of shape (n_runs, n_features, n_features), and pairs of runs then use the inverse of
        the mean of their covariances. An estimator such as
        ``sklearn.covariance.LedoitWolf()`` or ``OAS()`` is fitted on the residuals of
        ``repeats`` around the mean of each condition, and its covariance divided by their
        degrees of freedom; one that is fitted already is used as it is. None is the identity.
    repeats : array-like of shape (n_rows,) or None, default=None
        The run of each row. The k-th row of every run is condition k. Required for "crossnobis";
        the other kinds average the runs first.

    Returns
    -------
    dissimilarities : ndarray of shape (n_conditions, n_conditions)
        Symmetric, zero on the diagonal, float64.

    Raises
    ------
    MemoryError
        If the matrix does not fit into the memory available.
    ValueError
        For a row without direction ("correlation": all features equal, "cosine": zero), negative
        values for "poisson", ``noise`` that is no precision matrix or belongs to another kind,
        runs of different size, fewer than two runs for "crossnobis", or fewer than two conditions.

    See Also
    --------
    rsa_score : Compare two RDMs, from representations or precomputed.
    noise_ceiling : How well any model can do, from the RDMs of several subjects.
    fit_rdm_model : Weights of models of an RDM.

    Notes
    -----
    Noise makes all dissimilarities but "crossnobis" too large, and those of noisy conditions more
    so. "crossnobis" multiplies differences of independent runs only: its expectation is the
    "mahalanobis" dissimilarity of the true patterns, zero for equal ones, as long as the noise
    of different runs is independent [3]_. Single values are negative about half of the time where
    there is no difference; clipping them brings the bias back. An estimator that is fitted on
    the residuals of ``repeats`` has seen the noise that it weights, and a part of the bias stays:
    measured for equal conditions in six runs of 50 features, 0.23 with 15 degrees of freedom and
    0.03 with 500, where "mahalanobis" has 0.32 and the truth is 0. One that is fitted on other
    residuals leaves none.

    O(n^2 P) time, M times that for "crossnobis", and O(P^3) for ``noise`` (M^2 times for one a
    run); memory n^2 for the result, blocks within scikit-learn's ``working_memory`` beside it.

    References
    ----------
    .. [1] N. Kriegeskorte, M. Mur and P. Bandettini (2008). Representational similarity analysis:
           connecting the branches of systems neuroscience. Frontiers in Systems Neuroscience 2.
    .. [2] H. H. Schütt, A. D. Kipnis, J. Diedrichsen and N. Kriegeskorte (2023). Statistical
           inference on representational geometries. eLife 12.
    .. [3] A. Walther, H. Nili, N. Ejaz, A. Alink, N. Kriegeskorte and J. Diedrichsen (2016).
           Reliability of dissimilarity measures for multi-voxel pattern analysis. NeuroImage 137.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.covariance import LedoitWolf
    >>> from sksim.metrics import rdm
    >>> rdm([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]], kind="euclidean").round(2)
    array([[0.  , 5.  , 1.  ],
           [5.  , 0.  , 4.24],
           [1.  , 4.24, 0.  ]])

    Two of three conditions are equal, measured in six noisy runs:

    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.standard_normal((3, 50))
    >>> patterns[1] = patterns[0]
    >>> X = np.vstack([patterns + rng.standard_normal((3, 50)) for _ in range(6)])
    >>> runs = np.repeat(np.arange(6), 3)
    >>> noise = LedoitWolf().fit(rng.standard_normal((500, 50)))
    >>> rdm(X, kind="mahalanobis", noise=noise, repeats=runs).round(1)
    array([[0. , 0.5, 2.3],
           [0.5, 0. , 2.1],
           [2.3, 2.1, 0. ]])
    >>> rdm(X, kind="crossnobis", noise=noise, repeats=runs).round(1)
    array([[0. , 0.1, 2. ],
           [0.1, 0. , 1.8],
           [2. , 1.8, 0. ]])
    """
    values = check_representation(X).astype(np.float64, copy=False)
    runs = None if repeats is None else split_runs(values, repeats)
    _check_noise_and_runs(kind, noise, runs)
    n_conditions = len(values) if runs is None else runs.shape[1]
    if n_conditions < 2:
        raise ValueError(f"X must hold at least 2 conditions, got {n_conditions} a run.")
    one_each = kind == "crossnobis"
    N = noise_precision(noise, runs, values.shape[1], one_each=one_each)
    with np.errstate(over="ignore", invalid="ignore"):
        D = _dissimilarity_matrix(values, kind, N, runs)
    if not np.isfinite(D).all():
        raise ValueError("The dissimilarities of X overflow: rescale it.")
    return D


def _check_noise_and_runs(kind: str, noise: Any, runs: np.ndarray | None) -> None:
    """Refuse arguments that a kind does not use, and a kind without what it needs."""
    if noise is not None and kind not in ("mahalanobis", "crossnobis"):
        raise ValueError(
            f"noise is for kind='mahalanobis' and 'crossnobis', got it with kind={kind!r}."
        )
    if kind == "crossnobis" and (runs is None or len(runs) < 2):
        raise ValueError(
            "repeats must name the run of each row, of two runs at least, for kind='crossnobis', "
            f"got {None if runs is None else len(runs)} runs."
        )
