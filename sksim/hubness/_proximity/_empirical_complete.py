"""Exact empirical mutual proximity of complete distance matrices, from ranks of 16 bits.

For a threshold d, ``D[x, j] > d`` if and only if more entries of row x are at most ``D[x, j]``
than are at most d. So all comparisons are comparisons of counts, which fit into 16 bits.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sksim.hubness._proximity._symmetric import is_symmetric
from sksim.utils._blocks import row_blocks
from sksim.utils._jobs import local_n_jobs
from sksim.utils._kernels import compiled, count_jointly_above
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["empirical_mutual_proximity"]

# Ranks and comparisons that stay in the processor's cache.
_CACHE_MIB = 0.5
_MAX_BLOCK_ROWS = 64


def _fill_row_ranks(row: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Write how many entries of the row are at most each entry; returns the sorted row."""
    order = np.argsort(row)
    ordered = row[order]
    last = np.flatnonzero(ordered[1:] != ordered[:-1])
    if last.size == row.size - 1:
        ranks[order] = np.arange(1, row.size + 1, dtype=ranks.dtype)
    else:
        last = np.append(last, row.size - 1)
        ranks[order] = np.repeat(last + 1, np.diff(last, prepend=-1))
    return ordered


def _rank_array(n_rows: int, n_columns: int) -> np.ndarray:
    """Zeros of the least type that holds n_columns, each row filled up to whole words."""
    return np.zeros((n_rows, -(-n_columns // 8) * 8), dtype=np.min_scalar_type(n_columns))


def _in_threads(function, n_rows: int, row_bytes: int, n_jobs: int | None) -> None:
    """Call the function for each block of rows; threads take turns, as blocks differ in cost."""
    blocks = row_blocks(n_rows, row_bytes, max_rows=_MAX_BLOCK_ROWS, working_memory=_CACHE_MIB)
    with ThreadPoolExecutor(local_n_jobs(n_jobs)) as pool:
        list(pool.map(function, blocks))


def _ranks_and_thresholds(D: np.ndarray, D_index: np.ndarray, n_jobs):
    """Ranks in each row of D_index, and the ranks that the entries of D would have there."""
    n_indexed = D_index.shape[0]
    ranks = _rank_array(n_indexed, n_indexed)
    thresholds = np.empty(D.shape, dtype=ranks.dtype)

    def fill(rows):
        for x in range(rows.start, rows.stop):
            ordered = _fill_row_ranks(D_index[x], ranks[x, :n_indexed])
            thresholds[:, x] = np.searchsorted(ordered, D[:, x], side="right")

    _in_threads(fill, n_indexed, 8 * n_indexed, n_jobs)
    return ranks, thresholds


def _own_ranks(D: np.ndarray, n_jobs) -> np.ndarray:
    ranks = _rank_array(*D.shape)

    def fill(rows):
        for i in range(rows.start, rows.stop):
            _fill_row_ranks(D[i], ranks[i, : D.shape[1]])

    _in_threads(fill, D.shape[0], 8 * D.shape[1], n_jobs)
    return ranks


def _count_jointly_above(ranks, own, others, other, counts) -> None:
    """Do what the kernel of the same name does, in numpy; rows are whole words long."""
    for q in range(counts.shape[0]):
        blocks = row_blocks(counts.shape[1], 2 * ranks.shape[1], working_memory=_CACHE_MIB)
        for rows in blocks:
            above = ranks[q] > own[q, rows, None]
            above &= others[rows] > other[q, rows, None]
            words = np.bitwise_count(above.view(np.uint64))
            counts[q, rows] = words.sum(axis=1, dtype=counts.dtype)


def _joint_counts(D, D_index, n_jobs) -> np.ndarray:
    count = compiled(count_jointly_above) or _count_jointly_above
    ranks, thresholds = _ranks_and_thresholds(D, D_index, n_jobs)
    own = _own_ranks(D, n_jobs)
    counts = np.empty(D.shape, dtype=ranks.dtype)

    def count_block(rows):
        count(own[rows], own[rows, : D.shape[1]], ranks, thresholds[rows], counts[rows])

    _in_threads(count_block, D.shape[0], own[0].nbytes, n_jobs)
    return counts


def _symmetric_joint_counts(D, n_jobs) -> np.ndarray:
    """Counts of a set with itself, each pair of blocks once."""
    count = compiled(count_jointly_above) or _count_jointly_above
    n_samples = D.shape[0]
    ranks = _own_ranks(D, n_jobs)
    counts = np.empty(D.shape, dtype=ranks.dtype)

    def count_block(rows):
        later = slice(rows.start, n_samples)
        columns = np.ascontiguousarray(ranks[later, rows].T)
        count(ranks[rows], ranks[rows, later], ranks[later], columns, counts[rows, later])
        counts[later, rows] = counts[rows, later].T

    _in_threads(count_block, n_samples, ranks[0].nbytes, n_jobs)
    return counts


def empirical_mutual_proximity(
    D: ArrayLike,
    D_index: ArrayLike | None = None,
    *,
    n_excluded: int = 0,
    n_jobs: int | None = None,
) -> FloatArray:
    r"""Exact empirical mutual proximity of every query to every indexed sample.

    .. math::

        MP(q, x) = 1 - |\{j: d_{qj} > d_{qx},\, d_{xj} > d_{qx}\}| / (n - n_{excluded})

    with j over all n indexed samples and strict inequalities, in [0, 1].

    Parameters
    ----------
    D : ndarray of shape (n_queries, n_indexed)
        Distances of the queries to the indexed samples; symmetric if D_index is None.
    D_index : ndarray of shape (n_indexed, n_indexed), default=None
        Distances among the indexed samples; None means that they are the queries, which takes
        half the time. So does the same symmetric matrix again.
    n_excluded : int, default=0
        Samples that the divisor leaves out. The two samples themselves are never counted, so that
        the least value of a set with itself is 2 / n; with ``n_excluded=2`` it is zero.
    n_jobs : int, default=None
        Number of threads. The result does not depend on it.

    Returns
    -------
    proximity : ndarray of shape (n_queries, n_indexed)
        The values, float64. If D_index is None, zero for a sample with itself.

    Notes
    -----
    Time O(n_queries n_indexed^2), half of it for a set with itself, in comparisons of 16-bit
    counts; about ten times less where numba is installed, with the same result. Memory, beside
    the result, 2 bytes (4 above 65 535 samples) for each entry of D and D_index, and of the counts.

    References
    ----------
    .. [1] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness._proximity._empirical_complete import empirical_mutual_proximity
    >>> D = np.array([[0, 1, 4], [1, 0, 2], [4, 2, 0]])
    >>> empirical_mutual_proximity(D, n_excluded=2)
    array([[0., 0., 1.],
           [0., 0., 1.],
           [1., 1., 0.]])
    """
    D = np.asarray(D)
    index = D if D_index is None else np.asarray(D_index)
    if index.shape != 2 * (D.shape[1],):
        raise ValueError(
            f"Distances among the indexed samples must have shape {2 * (D.shape[1],)}, "
            f"got {index.shape}."
        )
    is_own = D is index or np.array_equal(D, index)
    if np.isnan(D).any() or (not is_own and np.isnan(index).any()):
        raise ValueError("D and D_index must hold distances, got NaN.")
    is_set_with_itself = is_own and is_symmetric(D)
    if D_index is None and not is_set_with_itself:
        raise ValueError("D must be symmetric if D_index is None, got a matrix that is not.")
    if D.shape[1] <= n_excluded:
        raise ValueError(f"D must have more than {n_excluded} columns, got {D.shape[1]}.")
    if is_set_with_itself:
        counts = _symmetric_joint_counts(D, n_jobs)
    else:
        counts = _joint_counts(D, index, n_jobs)
    proximity = counts / (D.shape[1] - n_excluded)
    np.subtract(1, proximity, out=proximity)
    if D_index is None:
        np.fill_diagonal(proximity, 0)
    return proximity
