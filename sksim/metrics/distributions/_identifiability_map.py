"""The linear map between two models of the same distribution."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from typing import Literal

import numpy as np
from scipy.linalg import qr

from sksim.metrics.distributions._embeddings import check_unembedding_pair
from sksim.metrics.distributions._index_sets import check_index, check_indices
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray
from sksim.utils._warnings import warn_caller

__all__ = ["difference_rounding", "identifiability_map", "spread_rows"]

_LARGEST_CONDITION = 1e8


def difference_rounding(values: FloatArray) -> float:
    """Singular value at or below which differences of the rows are rounding."""
    return float(np.finfo(float).eps * max(values.shape) * np.linalg.norm(values, 2))


def spread_rows(displaced: FloatArray, size: int) -> IntArray:
    """Indices of ``size`` rows in general position: pivoted QR of the transpose."""
    return qr(displaced.T, mode="r", pivoting=True)[1][:size]


def _check_labels(labels: ArrayLike, n_labels: int, pivot: int) -> IntArray:
    labels = check_indices(labels, "labels", "label")
    for label in labels:
        check_index(label, n_labels, "each of labels")
    if pivot in labels or len(np.unique(labels)) < len(labels):
        raise ValueError(
            f"labels must be distinct and without pivot={pivot}, got {labels.tolist()}."
        )
    return labels


def _square_system(
    g1: FloatArray, g2: FloatArray, pivot: int, labels: IntArray | None, rounding: float
) -> tuple[FloatArray, FloatArray, float]:
    """The two (M, M) matrices L^T, and the condition number of the first.

    Without ``labels`` a well-conditioned set is chosen. The condition is infinite where the system
    is not square or is rounding.
    """
    size = g1.shape[1]
    if labels is None:
        others = np.setdiff1d(np.arange(len(g1)), [pivot])
        labels = others[spread_rows(g1[others] - g1[pivot], size)]
    if len(labels) != size:
        raise ValueError(
            f"method='pair' needs as many labels as g1 has columns, {size}, got {len(labels)}."
        )
    Lt, Lt2 = g1[labels] - g1[pivot], g2[labels] - g2[pivot]
    singular_values = np.linalg.svd(Lt, compute_uv=False)
    regular = singular_values[-1] > rounding
    return Lt, Lt2, float(singular_values[0] / singular_values[-1]) if regular else np.inf


def _least_squares(rows1: FloatArray, rows2: FloatArray, rounding: float) -> tuple[FloatArray, int]:
    """Solution of smallest norm of rows1 A = rows2, and the rank of rows1 above rounding."""
    largest = float(np.linalg.norm(rows1, 2))
    if largest <= rounding:
        return np.zeros((rows1.shape[1], rows2.shape[1])), 0
    A, _, rank, _ = np.linalg.lstsq(rows1, rows2, rcond=rounding / largest)
    return A, int(rank)


@validate_params(
    {
        "g1": ["array-like"],
        "g2": ["array-like"],
        "pivot": [numbers.Integral],
        "labels": ["array-like", None],
        "method": [StrOptions({"lstsq", "pair"})],
    },
    prefer_skip_nested_validation=True,
)
def identifiability_map(
    g1: ArrayLike,
    g2: ArrayLike,
    *,
    pivot: int = 0,
    labels: ArrayLike | None = None,
    method: Literal["lstsq", "pair"] = "lstsq",
) -> FloatArray:
    r"""Linear map A with f1(x) = A f2(x), from the unembeddings of two models.

    If two models p(y|x) ~ exp(f(x).g(y)) of the same distribution satisfy the diversity
    condition, then

    .. math::

        f_1(x) = A f_2(x), \qquad g_1(y) - g_1(y_0) = A^{-T} (g_2(y) - g_2(y_0)), \qquad
        A = L_1^{-T} L_2^T,

    where the columns of L are :math:`g(y_i) - g(y_0)` for M labels and a pivot label
    :math:`y_0`. For arrays of row vectors: ``f1 == f2 @ A.T``. If the distributions differ, A
    depends on the labels; least squares over all of them is the better conditioned answer.

    .. versionadded:: 0.1

    Parameters
    ----------
    g1 : array-like of shape (n_labels, n_components)
        Unembeddings of the first model.
    g2 : array-like of shape (n_labels, n_components_2)
        Unembeddings of the second model, same labels; of the same dimension, as a rule.
    pivot : int, default=0
        Pivot label. Not used by least squares over all labels.
    labels : array-like of int, default=None
        Labels that define the map. None takes all of them for ``method="lstsq"``, and a
        well-conditioned set (by pivoted QR of g1) for ``method="pair"``.
    method : {"lstsq", "pair"}, default="lstsq"
        "lstsq" solves g1 A = g2 by least squares, after centring both over the labels or, with
        ``labels``, displacing both by the pivot. "pair" solves the square system of M labels.

    Returns
    -------
    A : ndarray of shape (n_components, n_components_2)
        The map from the second model's embeddings to the first's.

    Raises
    ------
    ValueError
        If shapes do not match or ``labels`` are out of range.

    Warns
    -----
    UserWarning
        If g1 does not determine the map: it has deficient rank, or the square system has a
        condition number over 1e8 and least squares are used instead.

    See Also
    --------
    linear_identifiability_distance : How far the map misses, over many sets of labels.
    diversity : Whether a model satisfies the diversity condition.

    Notes
    -----
    Differences of unembeddings that are no more than rounding count as zero.

    Time is O(k M^2), memory O(k M).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import identifiability_map
    >>> g2 = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    >>> A = np.array([[2.0, 1.0], [0.0, 1.0]])
    >>> g1 = g2 @ np.linalg.inv(A) + 3.0
    >>> np.allclose(identifiability_map(g1, g2), A)
    True
    """
    g1, g2 = check_unembedding_pair(g1, g2)
    check_index(pivot, len(g1), "pivot")
    if labels is not None:
        labels = _check_labels(labels, len(g1), pivot)
    rounding = difference_rounding(g1)
    if method == "pair":
        Lt, Lt2, condition = _square_system(g1, g2, pivot, labels, rounding)
        if condition < _LARGEST_CONDITION:
            return np.linalg.solve(Lt, Lt2)
        warn_caller(
            f"The square system of pivot {pivot} and its labels has condition number "
            f"{condition:.2g}; least squares over all labels are used instead."
        )
        labels = None
    if labels is None:
        rows1, rows2 = g1 - g1.mean(axis=0), g2 - g2.mean(axis=0)
    else:
        rows1, rows2 = g1[labels] - g1[pivot], g2[labels] - g2[pivot]
    A, rank = _least_squares(rows1, rows2, rounding)
    if rank < g1.shape[1]:
        warn_caller(
            f"g1 does not determine the map: its displaced rows have rank {rank} in "
            f"{g1.shape[1]} dimensions. The map of smallest norm is returned."
        )
    return A
