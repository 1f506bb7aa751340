"""Quality of one representation from its spectrum: how many directions does it use?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Real
from typing import Any

import numpy as np
from scipy.linalg import eigvalsh, svdvals
from scipy.special import entr

from sksim.metrics._array_formulas import (
    array_center,
    array_directions,
    array_entropy,
    array_smaller_gram,
    array_square_sum,
)
from sksim.metrics._linalg import center, directions, square_sum
from sksim.metrics._measure import SHAPE_MAPS, QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import with_array_formula
from sksim.metrics._validation import Keep, check_in_place, check_representation, clip
from sksim.utils._array_api import constant, namespace_of
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike

__all__ = [
    "effective_rank",
    "isoscore",
    "matrix_nuclear_norm",
    "of_array",
    "of_uncentered_array",
    "participation_ratio",
    "rankme_score",
    "smaller_gram",
    "stable_rank",
]


def _centered(X) -> np.ndarray:
    """Validated representation, centred, up to its scale, which no measure here depends on."""
    return center(check_representation(X).astype(np.float64), name="X").values


def _largest_rank(centered: np.ndarray) -> int:
    return min(centered.shape[0] - 1, centered.shape[1])


def smaller_gram(X: np.ndarray) -> np.ndarray:
    """X X^T or X^T X, whichever is smaller: the same non-zero eigenvalues."""
    size = min(X.shape)
    check_fits(
        16.0 * size**2,  # and its decomposition
        f"The matrix of inner products ({size}, {size}) of a representation of shape {X.shape}",
        "Project the features first, such as by sklearn.random_projection, or sample the rows.",
    )
    return X @ X.T if X.shape[0] < X.shape[1] else X.T @ X


def _check_array(X: Any, *, keep: Keep, constant_ok: bool = False) -> tuple[Any]:
    return (check_in_place(X, keep=keep, constant_ok=constant_ok),)


#: Of a centred representation, and of one that may be constant.
of_array = functools.partial(with_array_formula, check=_check_array, keep="gradient")
of_uncentered_array = functools.partial(
    with_array_formula,
    check=functools.partial(_check_array, constant_ok=True),
    keep="gradient",
)


def _array_participation_ratio(x: Any) -> Any:
    centered = array_center(x, name="X").values
    ratio = array_square_sum(centered) ** 2 / array_square_sum(array_smaller_gram(centered))
    return namespace_of(x).clip(ratio, 1.0, float(_largest_rank(centered)))


@of_array(_array_participation_ratio)
def participation_ratio(X: ArrayLike) -> float:
    r"""Number of directions that carry the variance, by the moments of the spectrum.

    .. math:: \mathrm{PR} = \frac{(\sum_k \lambda_k)^2}{\sum_k \lambda_k^2}

    with :math:`\lambda_k` the eigenvalues of the covariance matrix. The value lies in
    :math:`[1, \min(d, n - 1)]`; d equal variances give d.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.

    Returns
    -------
    ratio : float
        Effective number of dimensions.

    Raises
    ------
    ValueError
        If all rows are equal, or there are fewer than two rows.

    See Also
    --------
    isoscore : The same number on a scale from 0 to 1.
    effective_rank : By the entropy of the singular values.

    Notes
    -----
    Computed without eigenvalues, as :math:`\lVert X_c \rVert^4 / \lVert X_c^T X_c \rVert^2`:
    time O(n d min(n, d)), memory O(n d). Biased low where n is not much larger than d.
    Unchanged by rotation, scale and translation.

    References
    ----------
    .. [1] P. Gao, E. Trautmann, B. Yu, G. Santhanam, S. Ryu, K. Shenoy and S. Ganguli (2017). A
           theory of multineuronal dimensionality, dynamics and measurement. bioRxiv 214262.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import participation_ratio
    >>> cross = np.vstack([np.eye(3), -np.eye(3)])
    >>> round(participation_ratio(cross), 6)
    3.0
    >>> round(participation_ratio(cross * [10, 1, 1]), 2)
    1.04
    """
    centered = _centered(X)
    ratio = square_sum(centered) ** 2 / square_sum(smaller_gram(centered))
    return clip(ratio, 1.0, _largest_rank(centered))


def _array_isoscore(x: Any) -> Any:
    if x.shape[1] < 2:
        raise ValueError("X must have at least 2 features for isoscore, got 1.")
    return (_array_participation_ratio(x) - 1) / (x.shape[1] - 1)


@of_array(_array_isoscore)
def isoscore(X: ArrayLike) -> float:
    r"""How evenly the variance fills all d directions, from 0 to 1.

    .. math:: \mathrm{IsoScore} = \frac{\mathrm{PR} - 1}{d - 1}

    with PR the participation ratio, an identity with the published definition. 1 means equal
    variance in all directions, 0 that all variance lies on one line.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation, of at least two features.

    Returns
    -------
    score : float
        Isotropy in [0, 1].

    Raises
    ------
    ValueError
        If there is only one feature, all rows are equal, or there are fewer than two rows.

    See Also
    --------
    participation_ratio : The same number on a scale from 1 to d.
    anisotropy : Mean cosine, which sees the mean instead of the variances.

    Notes
    -----
    Time O(n d min(n, d)), memory O(n d). With n <= d samples 1 cannot be reached. Unchanged by
    rotation, scale and translation.

    References
    ----------
    .. [1] W. Rudman, N. Gillman, T. Rayne and C. Eickhoff (2022). IsoScore: measuring the
           uniformity of embedding space utilization. Findings of the Association for Computational
           Linguistics.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import isoscore
    >>> cross = np.vstack([np.eye(3), -np.eye(3)])
    >>> round(isoscore(cross), 6)
    1.0
    >>> round(isoscore(cross * [10, 1, 1]), 2)
    0.02
    """
    n_features = check_representation(X).shape[1]
    if n_features < 2:
        raise ValueError("X must have at least 2 features for isoscore, got 1.")
    return (participation_ratio(X) - 1) / (n_features - 1)


def _array_stable_rank(x: Any) -> Any:
    xp = namespace_of(x)
    centered = array_center(x, name="X").values
    largest = xp.max(xp.linalg.eigvalsh(array_smaller_gram(centered)))
    ratio = array_square_sum(centered) / largest
    return xp.clip(ratio, 1.0, float(_largest_rank(centered)))


@of_array(_array_stable_rank)
def stable_rank(X: ArrayLike) -> float:
    r"""Total variance over the variance of the first principal component.

    .. math:: \frac{\lVert X_c \rVert_F^2}{\sigma_1^2}

    with :math:`X_c` the centred representation and :math:`\sigma_1` its largest singular value.
    The value lies in [1, rank]; its inverse is the share of variance of the first component.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.

    Returns
    -------
    rank : float
        Stable rank.

    Raises
    ------
    ValueError
        If all rows are equal, or there are fewer than two rows.

    See Also
    --------
    participation_ratio : By the second moment of the spectrum instead of its maximum.

    Notes
    -----
    Time O(n d min(n, d)), memory O(n d). Unchanged by rotation, scale and translation.

    References
    ----------
    .. [1] M. Rudelson and R. Vershynin (2007). Sampling from large matrices: an approach through
           geometric functional analysis. Journal of the ACM 54.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import stable_rank
    >>> cross = np.vstack([np.eye(3), -np.eye(3)])
    >>> round(stable_rank(cross * [2, 1, 1]), 6)
    1.5
    """
    centered = _centered(X)
    gram = smaller_gram(centered)
    # all eigenvalues: the search for one of them fails for some spectra that are even
    largest = eigvalsh(gram, check_finite=False)[-1]
    return clip(np.trace(gram) / largest, 1.0, _largest_rank(centered))


def _array_effective_rank(x: Any) -> Any:
    xp = namespace_of(x)
    centered = array_center(x, name="X").values
    sigma = xp.linalg.svdvals(centered)
    rank = xp.exp(array_entropy(sigma / xp.sum(sigma)))
    return xp.clip(rank, 1.0, float(_largest_rank(centered)))


@of_array(_array_effective_rank)
def effective_rank(X: ArrayLike) -> float:
    r"""Number of directions in use, by the entropy of the singular values.

    .. math:: \exp\Big(-\sum_k p_k \log p_k\Big), \qquad p_k = \sigma_k / \sum_l \sigma_l

    with :math:`\sigma_k` the singular values of the centred representation (not their squares,
    the variances). The value lies in [1, rank].

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.

    Returns
    -------
    rank : float
        Effective rank.

    Raises
    ------
    ValueError
        If all rows are equal, or there are fewer than two rows.

    See Also
    --------
    rankme_score : The same entropy without centring, as used for pretrained encoders.
    participation_ratio : By the moments of the variances.

    Notes
    -----
    Time O(n d min(n, d)) for the singular values, memory O(n d). Unchanged by rotation, scale
    and translation.

    References
    ----------
    .. [1] O. Roy and M. Vetterli (2007). The effective rank: a measure of effective dimensionality.
           European Signal Processing Conference.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import effective_rank
    >>> cross = np.vstack([np.eye(3), -np.eye(3)])
    >>> round(effective_rank(cross), 6)
    3.0
    >>> round(effective_rank(cross * [10, 1, 1]), 2)
    1.76
    """
    centered = _centered(X)
    sigma = svdvals(centered, check_finite=False)
    return clip(np.exp(entr(sigma / sigma.sum()).sum()), 1.0, _largest_rank(centered))


def _array_rankme(x: Any, *, eps: float) -> Any:
    xp = namespace_of(x)
    peak = xp.max(xp.abs(constant(x)))
    if peak == 0:
        raise ValueError("X must have an entry that is not zero, got zeros only.")
    sigma = xp.linalg.svdvals(x / peak)
    return xp.exp(array_entropy(sigma / xp.sum(sigma) + eps))


@validate_params(
    {"eps": [Interval(Real, 0, None, closed="left")]}, prefer_skip_nested_validation=True
)
@of_uncentered_array(_array_rankme)
def rankme_score(X: ArrayLike, *, eps: float = 1e-07) -> float:
    r"""Effective rank of the representation as it is: a label-free quality of an encoder.

    .. math:: \exp\Big(-\sum_k p_k \log p_k\Big), \qquad
              p_k = \frac{\sigma_k}{\sum_l \sigma_l} + \varepsilon

    with :math:`\sigma_k`, k = 1 ... min(n, d), the singular values of the representation, which
    is not centred. The value lies between 1 and min(n, d), up to terms of the size of eps.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    eps : float, default=1e-07
        Added to each share; it changes about the sixth digit.

    Returns
    -------
    score : float
        RankMe; higher is taken to be better.

    Raises
    ------
    ValueError
        If all entries are zero, or there are fewer than two rows.

    See Also
    --------
    effective_rank : The same after centring, without eps.

    Notes
    -----
    Time O(n d min(n, d)) for the singular values, memory O(n d). Unchanged by rotation and
    scale, not by translation: a large mean lowers it.

    References
    ----------
    .. [1] Q. Garrido, R. Balestriero, L. Najman and Y. LeCun (2023). RankMe: assessing the
           downstream performance of pretrained self-supervised representations by their rank.
           International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import rankme_score
    >>> round(rankme_score(np.eye(4)), 4)
    4.0
    >>> round(rankme_score(np.eye(4) + 1.0), 2)
    2.93
    """
    X = check_representation(X, constant_ok=True).astype(np.float64)
    peak = np.abs(X).max()
    if peak == 0:
        raise ValueError("X must have an entry that is not zero, got zeros only.")
    sigma = svdvals(X / peak, check_finite=False)
    return float(np.exp(entr(sigma / sigma.sum() + eps).sum()))


def _array_matrix_nuclear_norm(x: Any, *, length_normalized: bool = False) -> Any:
    xp = namespace_of(x)
    n_samples = x.shape[0]
    norm = xp.sum(xp.linalg.svdvals(array_directions(x)))
    norm = xp.clip(norm, math.sqrt(n_samples), math.sqrt(n_samples * min(x.shape)))
    return norm / n_samples if length_normalized else norm


@validate_params({"length_normalized": ["boolean"]}, prefer_skip_nested_validation=True)
@of_uncentered_array(_array_matrix_nuclear_norm)
def matrix_nuclear_norm(X: ArrayLike, *, length_normalized: bool = False) -> float:
    r"""Sum of the singular values after scaling each row to unit length.

    .. math:: \lVert \hat X \rVert_* = \sum_k \sigma_k(\hat X), \qquad
              \hat x_i = x_i / \lVert x_i \rVert

    The value lies in :math:`[\sqrt n, \sqrt{n \min(n, d)}]`: the lower end if all rows share one
    line, the upper end if the rows fill all directions evenly. With
    ``length_normalized=True`` it is divided by n, as [1]_ does for texts of different lengths, and
    lies in :math:`[1 / \sqrt n, \sqrt{\min(n, d) / n}]`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation, not centred; of a text, a row for each token.
    length_normalized : bool, default=False
        Whether to divide by the number of rows.

    Returns
    -------
    norm : float
        Nuclear norm; higher means that more directions are in use.

    Raises
    ------
    ValueError
        If a row is zero, or there are fewer than two rows.

    See Also
    --------
    rankme_score : Entropy of the singular values instead of their sum.
    vendi_score : Entropy of the eigenvalues of the cosine matrix.

    Notes
    -----
    Time O(n d min(n, d)), memory O(n d). Unchanged by rotation and by the lengths of the rows.
    Divided by n it falls as :math:`1 / \sqrt n` once n exceeds d: compare texts of about one
    length, or divide by the upper end of the range.

    References
    ----------
    .. [1] Y. Li, T. Xia, Y. Chang and Y. Wu (2024). Large language model evaluation via matrix
           nuclear-norm. arXiv:2410.10672.

    Examples
    --------
    >>> from sksim.metrics import matrix_nuclear_norm
    >>> round(matrix_nuclear_norm([[1, 0], [0, 2], [3, 0], [0, 4]]), 4)
    2.8284
    """
    X = check_representation(X, constant_ok=True)
    n_samples = X.shape[0]
    norm = svdvals(directions(X), check_finite=False).sum()
    norm = clip(norm, math.sqrt(n_samples), math.sqrt(n_samples * min(X.shape)))
    return norm / n_samples if length_normalized else norm


_OF_THE_SPECTRUM = SHAPE_MAPS | {"row_order", "duplication"}

for _function in (effective_rank, participation_ratio, stable_rank):
    register(
        QualityMeasure(
            name=_function.__name__,
            function=_function,
            range=(1.0, math.inf),
            invariances=_OF_THE_SPECTRUM,
        )
    )
register(
    QualityMeasure(name="isoscore", function=isoscore, invariances=_OF_THE_SPECTRUM, min_features=2)
)
register(
    QualityMeasure(
        name="rankme",
        function=rankme_score,
        range=(0.0, math.inf),
        invariances=_OF_THE_SPECTRUM - {"translation"},
    )
)
register(
    QualityMeasure(
        name="matrix_nuclear_norm",
        function=matrix_nuclear_norm,
        range=(1.0, math.inf),
        invariances=frozenset({"orthogonal", "scale", "permutation", "row_scale", "row_order"}),
    )
)
