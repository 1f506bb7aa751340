"""Selection of the smallest entries of each row, by the minima of groups.

The ``k`` smallest entries of a row lie in the ``k`` groups with the smallest minima: one pass of
minima and a selection among few entries in place of a selection among all.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.utils._blocks import row_blocks

__all__ = ["group_size", "smallest_entries", "smallest_values"]

_MAX_GROUP_SIZE = 64
# Blocks of rows that stay in the processor's cache.
_BLOCK_MIB = 2


def group_size(width: int, n_groups: int) -> int:
    """Size that balances the pass over the group minima with the one over the best groups.

    At least ``n_groups`` groups of this size fit into a row of ``width`` entries.
    """
    size = round(0.7 * np.sqrt(width / n_groups))
    return int(min(max(size, 1), _MAX_GROUP_SIZE, width // n_groups))


def _near_values(D: np.ndarray, n_smallest: int) -> np.ndarray:
    """A few entries of each row, the smallest among them."""
    size = group_size(D.shape[1], n_smallest)
    if size == 1:
        return D
    n_groups = D.shape[1] // size
    grouped = D[:, : size * n_groups].reshape(-1, size, n_groups)
    best = np.argpartition(grouped.min(axis=1), n_smallest - 1, axis=1)[:, :n_smallest]
    near = np.take_along_axis(grouped, best[:, None, :], axis=2).reshape(D.shape[0], -1)
    return np.hstack([near, D[:, size * n_groups :]])


def smallest_values(D: np.ndarray, n_smallest: int) -> np.ndarray:
    """The smallest entries of each row in increasing order.

    Parameters
    ----------
    D : ndarray of shape (n_rows, width)
        The rows, without NaN.
    n_smallest : int
        Number of entries, at least one and at most ``width``.

    Returns
    -------
    values : ndarray of shape (n_rows, n_smallest)
        As ``np.sort(D, axis=1)[:, :n_smallest]``.
    """
    values = np.empty((D.shape[0], n_smallest), dtype=D.dtype)
    for rows in row_blocks(D.shape[0], D.itemsize * D.shape[1], working_memory=_BLOCK_MIB):
        near = _near_values(D[rows], n_smallest)
        near = np.partition(near, n_smallest - 1, axis=1)[:, :n_smallest]
        values[rows] = np.sort(near, axis=1)
    return values


def _are_smallest(D: np.ndarray, last: np.ndarray, n_smallest: int) -> np.ndarray:
    """Mask of the smallest entries of each row, the first columns among those that equal last."""
    below, ties = last > D, last == D
    n_ties = n_smallest - np.count_nonzero(below, axis=1, keepdims=True)
    return below | (ties & (np.cumsum(ties, axis=1) <= n_ties))


def smallest_entries(D: np.ndarray, n_smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """The smallest entries of each row and their columns, see ``smallest_values``.

    Returns
    -------
    values, columns : ndarray of shape (n_rows, n_smallest)
        In increasing order, equal values in the order of the columns.
    """
    last = smallest_values(D, n_smallest)[:, -1:]
    kept = last >= D
    tied = np.flatnonzero(np.count_nonzero(kept, axis=1) > n_smallest)
    kept[tied] = _are_smallest(D[tied], last[tied], n_smallest)
    columns = np.nonzero(kept)[1].reshape(-1, n_smallest)
    values = np.take_along_axis(D, columns, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(columns, order, axis=1)
