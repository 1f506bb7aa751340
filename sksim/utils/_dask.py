"""Arrays of Dask, in blocks of rows: what every computation on them is made of.

A computation is a graph of delayed calls on blocks, or pairs of blocks, and a tree of merges; where
and when they run is up to Dask. The package is imported when one of its arrays comes in.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import sys
from collections.abc import Callable, Sequence
from operator import getitem
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from sksim.utils._optional import import_optional

__all__ = [
    "FAN_IN",
    "Delayed",
    "RowBlocks",
    "compute",
    "delayed",
    "in_row_blocks",
    "is_dask_array",
    "merged",
    "persist",
]

#: A value that a graph of Dask will compute.
Delayed: TypeAlias = Any

#: Parts that one merge takes: few enough for the memory, enough for a flat tree.
FAN_IN = 8


def is_dask_array(X: Any) -> bool:
    """Whether X is an array of Dask, which is not imported to find out."""
    module = sys.modules.get("dask.array")
    return module is not None and isinstance(X, module.Array)


def _dask(module: str) -> Any:
    return import_optional(module, extra="dask", purpose="An array of Dask")


def delayed(function: Callable) -> Callable[..., Delayed]:
    """The function, its calls put off until ``compute``."""
    return _dask("dask").delayed(function)


def compute(values: Sequence[Delayed]) -> tuple:
    """Values of delayed calls, by the scheduler that is active."""
    return _dask("dask").compute(*values)


def persist(values: Sequence[Delayed]) -> list[Delayed]:
    """The same values, computed once and kept where they were computed."""
    return list(_dask("dask").persist(*values))


def merged(parts: Sequence[Delayed], merge: Callable[[list], Any]) -> Delayed:
    """Merge parts as a tree whose form depends on their number alone.

    Parameters
    ----------
    parts : sequence of Delayed
        One at least.
    merge : callable
        Makes one part of a list of them, and changes none: what a worker loses is made again
        from the parts, and must come out the same.

    Returns
    -------
    whole : Delayed
        The last part.
    """
    call = delayed(merge)
    while len(parts) > 1:
        parts = [call(list(parts[i : i + FAN_IN])) for i in range(0, len(parts), FAN_IN)]
    return parts[0]


class RowBlocks(NamedTuple):
    """An array of Dask as delayed blocks of rows; none of them is empty.

    Attributes
    ----------
    blocks : list of Delayed
        The blocks.
    starts : list of int
        Number of the first row of each of them.
    shape : tuple of int
        Shape of the array.
    """

    blocks: list[Delayed]
    starts: list[int]
    shape: tuple[int, int]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of rows of each block."""
        return tuple(np.diff([*self.starts, self.shape[0]]).tolist())

    def cut(self, n_rows: int) -> "RowBlocks":
        """The same array in blocks of at most ``n_rows`` rows, none of which spans two of these."""
        rows_of = delayed(getitem)
        blocks, starts = [], []
        for block, start, length in zip(self.blocks, self.starts, self.lengths):
            for first in range(0, length, n_rows):
                part = slice(first, min(first + n_rows, length))
                blocks.append(block if length <= n_rows else rows_of(block, part))
                starts.append(start + first)
        return self._replace(blocks=blocks, starts=starts)


def in_row_blocks(X: Any, name: str, *, chunks: tuple[int, ...] | None = None) -> RowBlocks:
    """Cut an array between rows, where its chunks end.

    Parameters
    ----------
    X : dask.array.Array or array-like of shape (n_rows, n_columns)
        Chunks that end between columns are joined.
    name : str
        What to call it in error messages.
    chunks : tuple of int, default=None
        Rows of each block; by default those of the chunks of X.

    Returns
    -------
    rows : RowBlocks
        The array in blocks.

    Raises
    ------
    ValueError
        If X has not two axes, no rows, or chunks of unknown size.
    """
    array = _dask("dask.array")
    if not is_dask_array(X):
        X = array.from_array(np.asarray(X), chunks="auto")
    if X.ndim != 2:
        raise ValueError(f"{name} must have two axes, rows and columns, got shape {X.shape}.")
    if np.isnan(X.shape).any():
        raise ValueError(
            f"{name} has chunks of unknown size, got shape {X.shape}: call its "
            "compute_chunk_sizes() first."
        )
    if 0 in X.shape:
        raise ValueError(f"{name} must have a row and a column at least, got shape {X.shape}.")
    X = X.rechunk({0: chunks or X.chunks[0], 1: -1})
    lengths = np.array(X.chunks[0])
    kept = np.flatnonzero(lengths)
    blocks, starts = X.to_delayed().ravel(), np.cumsum(lengths) - lengths
    return RowBlocks([blocks[i] for i in kept], starts[kept].tolist(), X.shape)
