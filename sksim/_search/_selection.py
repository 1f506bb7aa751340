"""Selection of the smallest entries of each row, by the minima of groups.

The ``k`` smallest entries of a row lie in the ``k`` groups with the smallest minima: one pass of
minima and a selection among few entries in place of a selection among all.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.utils._blocks import row_blocks

__all__ = [
    "group_size",
    "merged_lists",
    "sampled_limits",
    "smallest_and_next",
    "smallest_entries",
    "smallest_values",
    "sorted_by_distance",
]

_MAX_GROUP_SIZE = 64
# Blocks of rows that stay in the processor's cache.
_BLOCK_MIB = 2


def sorted_by_distance(distances: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row in increasing order, ties in the order of the index."""
    order = np.argsort(distances, axis=1)
    ordered = np.take_along_axis(distances, order, 1)
    # Sorting by two keys takes many times as long: only rows with ties need it.
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    order[tied] = np.lexsort((indices[tied], distances[tied]), axis=-1)
    return ordered, np.take_along_axis(indices, order, 1)


def merged_lists(
    lists: list[tuple[np.ndarray, np.ndarray]], n_neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest entries of several lists (distances, indices) for the same rows."""
    distances, indices = (np.hstack(parts) for parts in zip(*lists))
    distances, indices = sorted_by_distance(distances, indices)
    return distances[:, :n_neighbors], indices[:, :n_neighbors]


def group_size(width: int, n_groups: int) -> int:
    """Size that balances the pass over the group minima with the one over the best groups.

    At least ``n_groups`` groups of this size fit into a row of ``width`` entries.
    """
    size = round(0.7 * np.sqrt(width / n_groups))
    return int(min(max(size, 1), _MAX_GROUP_SIZE, width // n_groups))


def smallest_and_next(D: np.ndarray, n_smallest: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the smallest entries of each row, in any order, and the smallest of all others.

    Parameters
    ----------
    D : ndarray of shape (n_rows, width)
        The rows, the width a multiple of ``size``.
    n_smallest : int
        Number of entries, less than the number of groups.
    size : int
        Entries of a group, see ``group_size``.

    Returns
    -------
    columns : ndarray of shape (n_rows, n_smallest)
        Where the smallest entries are.
    others : ndarray of shape (n_rows,)
        The next entry in size.
    """
    n_rows, width = D.shape
    n_groups = width // size
    minima = D.reshape(n_rows, size, n_groups).min(axis=1)
    groups = np.argpartition(minima, n_smallest, axis=1)[:, : n_smallest + 1]
    columns = groups[:, None, :] + n_groups * np.arange(size)[:, None]
    columns = columns.reshape(n_rows, -1)
    values = D.ravel().take(columns + width * np.arange(n_rows)[:, None], mode="clip")
    order = np.argpartition(values, n_smallest, axis=1)[:, : n_smallest + 1]
    others = np.take_along_axis(values, order[:, -1:], axis=1)[:, 0]
    return np.take_along_axis(columns, order[:, :-1], axis=1), others


def sampled_limits(sample: np.ndarray, n_smallest: int, n_all: int) -> np.ndarray:
    """Values that at least ``n_smallest`` of all entries of a row are below, most probably.

    Parameters
    ----------
    sample : ndarray of shape (n_rows, n_sampled)
        Entries of each row, drawn at random without replacement; they are reordered.
    n_smallest : int
        Number of entries wanted.
    n_all : int
        Number of entries of a row.

    Returns
    -------
    limits : ndarray of shape (n_rows,)
        Entry of the sample of a rank above which there is less than a hundredth of the
        hypergeometric distribution of how many of the ``n_smallest`` are sampled, whatever the
        entries are; inf where the sample has no such rank.
    """
    mean = n_smallest * min(sample.shape[1] / n_all, 1)
    rank = int(np.ceil(mean + 2.5 * np.sqrt(mean) + 1))
    if rank >= sample.shape[1]:
        return np.full(sample.shape[0], np.inf, dtype=sample.dtype)
    sample.partition(rank, axis=1)
    return sample[:, rank]


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
    size = group_size(D.shape[1], n_smallest)
    n_groups = D.shape[1] // size
    for rows in row_blocks(D.shape[0], D.itemsize * D.shape[1], working_memory=_BLOCK_MIB):
        near = D[rows]
        if size > 1:
            grouped = near[:, : size * n_groups].reshape(-1, size, n_groups)
            best = np.argpartition(grouped.min(axis=1), n_smallest - 1, axis=1)[:, :n_smallest]
            of_best = np.take_along_axis(grouped, best[:, None, :], axis=2)
            near = np.hstack([of_best.reshape(len(near), -1), near[:, size * n_groups :]])
        near = np.partition(near, n_smallest - 1, axis=1)[:, :n_smallest]
        values[rows] = np.sort(near, axis=1)
    return values


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
    if tied.size:  # of those that equal the last value, the first columns
        below, ties = last[tied] > D[tied], last[tied] == D[tied]
        n_ties = n_smallest - np.count_nonzero(below, axis=1, keepdims=True)
        kept[tied] = below | (ties & (np.cumsum(ties, axis=1) <= n_ties))
    columns = np.nonzero(kept)[1].reshape(-1, n_smallest)
    values = np.take_along_axis(D, columns, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(columns, order, axis=1)
