"""Products of centred representations that are never formed as a whole.

A block of rows is centred while it is in the processor's cache and multiplied at once: no centred
copy of the representation is written to memory, and each block is read once for all products.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Iterator

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from sksim.metrics._linalg import center, same_values
from sksim.utils._blocks import row_blocks

__all__ = ["CenteredRows", "ProductSum", "paired_blocks"]

#: Entries of a block, which stays in the cache, and the least number of its rows.
BLOCK_ENTRIES = 3 * 2**16
MIN_ROWS = 256
#: Blocks that are summed in float32 before the sum is added in float64.
FLOAT32_BLOCKS = 64
#: Sums of squares beyond these powers of two, in total and for each row, need another unit.
LARGEST_TOTAL = 2.0**60
LEAST_SQUARE = 2.0**-60


def _sum_of_rows(block: np.ndarray) -> np.ndarray:
    """Sum in float64; float32 rows are first added in pairs, four times, which is faster."""
    for _ in range(4 if block.dtype == np.float32 else 0):
        half, rest = divmod(block.shape[0], 2)
        if half:
            pairs = block[:half] + block[half : 2 * half]
            pairs[:rest] += block[2 * half :]
            block = pairs
    return block.sum(axis=0, dtype=np.float64)


def _column_means(X: np.ndarray) -> np.ndarray:
    """Means in float64, of float32 columns to about 1e-8 of their size."""
    blocks = row_blocks(X.shape[0], 8.0 * X.shape[1], max_rows=MIN_ROWS)
    return sum(_sum_of_rows(X[rows]) for rows in blocks) / X.shape[0]


class CenteredRows:
    """A representation less its column means, formed block by block.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        The representation as it is.
    offset : tuple of ndarray of shape (d,)
        What is subtracted, one after the other: the means in float64, or for float32 the nearest
        float32 numbers and what they leave. Empty where X is centred already.
    order : ndarray of shape (n,) or None
        The rows in another order.
    """

    def __init__(self, X: np.ndarray, offset: tuple[np.ndarray, ...] = (), order=None):
        self.X = X
        self.offset = offset
        self.order = order

    @classmethod
    def of(cls, X: np.ndarray) -> "CenteredRows":
        """The rows less their means."""
        with np.errstate(over="ignore", invalid="ignore"):  # such means are refused afterwards
            mean = _column_means(X)
            high = mean.astype(X.dtype, copy=False)
            if X.dtype == np.float64:
                return cls(X, (high,))
            return cls(X, (high, (mean - high).astype(X.dtype)))

    @property
    def shape(self) -> tuple[int, int]:
        return self.X.shape

    def block(self, rows: slice, out: np.ndarray) -> np.ndarray:
        """The centred rows, in ``out`` unless they are at hand."""
        block = self.X[rows] if self.order is None else self.X[self.order[rows]]
        for offset in self.offset:
            block = np.subtract(block, offset, out=out[: len(block)])
        return block.astype(out.dtype, copy=False)

    def reordered(self, order: np.ndarray) -> "CenteredRows":
        """The samples in another order, nothing is copied."""
        return CenteredRows(self.X, self.offset, order if self.order is None else self.order[order])

    def equal(self, other: "CenteredRows") -> bool:
        """Whether both are the same samples in the same order."""
        if self is other:
            return True
        same_order = self.order is other.order is None or (
            self.order is not None
            and other.order is not None
            and np.array_equal(self.order, other.order)
        )
        return same_order and same_values(self.X, other.X)

    def in_range(self, total: float) -> bool:
        """Whether squares with this sum neither overflow nor vanish, and are more than rounding."""
        if not self.offset:
            return True
        n, d = self.shape
        largest = float(np.abs(self.offset[0]).max())
        rounding = math.sqrt(n * d) * 2 * float(np.finfo(self.X.dtype).eps) * largest
        return n * LEAST_SQUARE < total < LARGEST_TOTAL and math.sqrt(total) > rounding

    def in_own_unit(self) -> "CenteredRows":
        """The rows centred as a whole, and divided by a power of two if they are extreme.

        Raises
        ------
        ValueError
            If nothing but rounding is left, or the values overflow.
        """
        return CenteredRows(center(self.X).values, (), self.order)


class ProductSum:
    """``X^T Y`` as a sum over blocks of rows, of ``X^T X`` the upper triangle.

    Blocks of float32 are multiplied in float32, and added up in float64.
    """

    def __init__(self, n_left: int, n_right: int, dtype, *, symmetric: bool):
        self.symmetric = symmetric
        self._part = np.zeros((n_left, n_right), dtype, order="F")
        self._total: np.ndarray | None = None
        self._n_blocks = 0

    def add(self, A: np.ndarray, B: np.ndarray) -> None:
        """Add ``A^T B`` of a block, which BLAS adds to the sum in place."""
        if self.symmetric:
            syrk = get_blas_funcs("syrk", (A,))
            self._part = syrk(1.0, A.T, 1.0, self._part, overwrite_c=True)
        else:
            gemm = get_blas_funcs("gemm", (A, B))
            self._part = gemm(1.0, A.T, B.T, 1.0, self._part, trans_b=True, overwrite_c=True)
        self._n_blocks += 1
        if self._part.dtype == np.float32 and self._n_blocks % FLOAT32_BLOCKS == 0:
            self._total = self._matrix().astype(np.float64, copy=False)
            self._part[:] = 0

    def _matrix(self) -> np.ndarray:
        return self._part if self._total is None else self._total + self._part

    def square_sum(self) -> float:
        """Sum of the squared entries of the whole matrix."""
        matrix = self._matrix()
        columns = np.einsum("ij,ij->j", matrix, matrix).astype(np.float64)
        if not self.symmetric:
            return float(columns.sum())
        diagonal = np.diagonal(matrix).astype(np.float64)
        return float(2.0 * columns.sum() - diagonal @ diagonal)

    def trace(self) -> float:
        """Sum of the diagonal, of ``X^T X`` that of all squares."""
        return float(np.trace(self._matrix(), dtype=np.float64))


def paired_blocks(
    x: CenteredRows, y: CenteredRows
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Blocks of rows of both sides, centred, in buffers that the next ones overwrite."""
    dtype = np.result_type(x.X, y.X)
    n, width = x.shape[0], max(x.shape[1], y.shape[1])
    max_rows = min(n, max(MIN_ROWS, BLOCK_ENTRIES // width))
    out = [np.empty((max_rows, side.shape[1]), dtype) for side in (x, y)]
    for rows in row_blocks(n, 16.0 * width, max_rows=max_rows):
        A = x.block(rows, out[0])
        yield rows, A, A if y is x else y.block(rows, out[1])
