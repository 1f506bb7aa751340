"""Noise ceiling: how well any model can predict the RDMs of several subjects."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics.similarity.matrices._rdm_comparisons import (
    COMPARISONS,
    Comparison,
    ComparisonName,
    check_average,
    check_rdms,
    cosine,
    n_conditions,
)
from sksim.utils._results import Result
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["noise_ceiling"]


def _score(average: np.ndarray, part: np.ndarray, v: np.ndarray, comparison: Comparison) -> float:
    """Comparison of an average of parts with one of them; ``v`` are its dissimilarities."""
    if comparison.is_linear:
        return cosine(check_average(average, "rdms"), part)
    comparison.check(average, "The average of the ranks of rdms")
    return comparison.score(average, v)


@validate_params(
    {
        "rdms": ["array-like"],
        "compare": [StrOptions(set(COMPARISONS))],
        "sigma_k": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def noise_ceiling(
    rdms: ArrayLike, *, compare: ComparisonName = "cosine", sigma_k: ArrayLike | None = None
) -> Result:
    r"""Range of the score that a true model reaches, from the RDMs of several subjects.

    With f the comparison, :math:`r_1, \dots, r_K` the RDMs and :math:`p(\cdot)` the average that
    fits them best, the mean of the RDMs after each is normalised as f asks [1]_,

    .. math:: \text{upper} = \frac1K \sum_k f(p(r_1, \dots, r_K), r_k), \qquad
        \text{lower} = \frac1K \sum_k f(p(r_l, l \neq k), r_k).

    Both are in [-1, 1], without unit.

    .. versionadded:: 0.1

    Parameters
    ----------
    rdms : array-like of shape (n_rdms, n_conditions, n_conditions)
        The RDMs of the same conditions, one a subject.
    compare : str, default="cosine"
        The comparison, any one of :func:`rsa_score`.
    sigma_k : array-like of shape (n_conditions, n_conditions) or None, default=None
        Covariance of the estimates of the conditions, for the whitened comparisons [2]_. None is
        the identity.

    Returns
    -------
    ceiling : Bunch
        ``upper``: no model has a larger mean score over these subjects. ``lower``: what the
        others predict of a subject, which a model as good as the truth should reach.

    Raises
    ------
    ValueError
        For fewer than two RDMs, an RDM that is no square symmetric matrix with zero diagonal, or
        constant (zero for the cosines), RDMs that cancel, or ``sigma_k`` that is not positive
        definite on differences of conditions or given to a comparison that does not use it.

    See Also
    --------
    rsa_score : The score of a model.
    fit_rdm_model : The best weighted model.

    Notes
    -----
    ``upper`` is a maximum over all RDMs for the cosines, the correlations, whitened or not, and
    "rho-a". For "spearman" it is one over RDMs without ties, for Kendall's tau an approximation
    that a model can exceed. Single RDMs are left out; put what belongs to one subject into one RDM.

    O(K n^2) time and memory, with a logarithm for ranks; O(K n^3) time with ``sigma_k``.

    References
    ----------
    .. [1] H. Nili, C. Wingfield, A. Walther, L. Su, W. Marslen-Wilson and N. Kriegeskorte (2014). A
           toolbox for representational similarity analysis. PLOS Computational Biology 10.
    .. [2] J. Diedrichsen, E. Berlot, M. Mur, H. H. Schütt, M. Shahbazi and N. Kriegeskorte (2021).
           Comparing representational geometries using whitened unbiased-distance-matrix similarity.
           Neurons, Behavior, Data analysis, and Theory 5.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import noise_ceiling, rdm
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.standard_normal((12, 30))
    >>> subjects = [truth + rng.standard_normal((12, 30)) for _ in range(5)]
    >>> ceiling = noise_ceiling([rdm(X) for X in subjects], compare="spearman")
    >>> round(ceiling.lower, 2), round(ceiling.upper, 2)
    (0.41, 0.64)
    """
    vectors = check_rdms(rdms, "rdms")
    if len(vectors) < 2:
        raise ValueError(f"rdms must hold at least 2 RDMs, got {len(vectors)}.")
    comparison = Comparison(compare, sigma_k, n_conditions(vectors))
    parts = comparison.parts(vectors, [f"rdms[{k}]" for k in range(len(vectors))])
    total = parts.sum(axis=0)
    pairs = list(zip(parts, vectors, strict=True))
    return Result(
        lower=float(np.mean([_score(total - part, part, v, comparison) for part, v in pairs])),
        upper=float(np.mean([_score(total, part, v, comparison) for part, v in pairs])),
    )
