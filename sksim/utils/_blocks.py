"""Row blocks that fit into scikit-learn's working memory."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator

from sklearn import get_config

__all__ = ["row_blocks", "rows_in_working_memory"]


def rows_in_working_memory(
    bytes_per_row: float, *, n_parts: int = 1, working_memory: float | None = None
) -> int:
    """Number of rows, at least one, that fit into the working memory.

    Parameters
    ----------
    bytes_per_row : float
        Memory that one row of a block takes, all temporaries counted.
    n_parts : int, default=1
        Blocks held at once, one for each thread.
    working_memory : float, default=None
        Limit in MiB; None means ``sklearn.get_config()["working_memory"]``.

    Returns
    -------
    n_rows : int
        Rows of one block.
    """
    if working_memory is None:
        working_memory = get_config()["working_memory"]
    return max(1, int(working_memory * 2**20 / (n_parts * max(bytes_per_row, 1))))


def row_blocks(
    n_rows: int,
    bytes_per_row: float,
    *,
    n_parts: int = 1,
    max_rows: int | None = None,
    working_memory: float | None = None,
) -> Iterator[slice]:
    """Slices that cover ``range(n_rows)`` in blocks within the working memory.

    Parameters
    ----------
    n_rows : int
        Number of rows to cover; no slice for 0.
    bytes_per_row : float
        Memory that one row of a block takes, all temporaries counted: for a block of
        distances to m samples in float64 this is ``8 * m``.
    n_parts : int, default=1
        Blocks held at once, one for each thread.
    max_rows : int, default=None
        No block is larger; blocks that fit into the processor's cache run faster.
    working_memory : float, default=None
        Limit in MiB; None means ``sklearn.get_config()["working_memory"]``.

    Yields
    ------
    rows : slice
        The next block, ``rows.start`` and ``rows.stop`` are set.

    Examples
    --------
    >>> from sksim.utils._blocks import row_blocks
    >>> list(row_blocks(5, 2**19, working_memory=1))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = rows_in_working_memory(bytes_per_row, n_parts=n_parts, working_memory=working_memory)
    size = min(size, max_rows or size)
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))
