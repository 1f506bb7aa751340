"""Row blocks that fit into scikit-learn's working memory."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator

from sklearn import get_config

__all__ = ["row_blocks"]


def row_blocks(
    n_rows: int,
    bytes_per_row: float,
    *,
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
        distances to m samples in float64 this is ``8 * m``. A block has one row at least.
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
    if working_memory is None:
        working_memory = get_config()["working_memory"]
    size = max(1, int(working_memory * 2**20 / max(bytes_per_row, 1)))
    size = min(size, max_rows or size)
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))
