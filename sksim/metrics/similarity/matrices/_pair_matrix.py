"""Symmetric matrices over pairs of samples, formed in blocks, and sums of their products.

Kernels, distances and ranks of distances share one pass: blocks of rows against the columns
from the block's first row on, so that each pair is formed once.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sklearn import get_config

from sksim.metrics._linalg import center, row_squares
from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._progress import progress

__all__ = [
    "CodedPairs",
    "KeptBlocks",
    "KeptPairs",
    "PairMatrix",
    "StreamedPairs",
    "UnitPairs",
    "centered_product",
    "check_own_product",
    "check_varies",
    "difference_norm",
    "entries_of",
    "euclidean_pairs",
    "form_products",
    "keep_blocks",
    "keep_small",
    "kept_rows",
    "pair_blocks",
    "pair_product",
    "permute_pairs",
    "shifted",
    "unit_pairs",
    "upper_values",
]

#: Up to this many samples the whole matrix is kept, in float64; beyond, blocks are formed anew.
MAX_KEPT = 512
#: Below this share of the squared norms, a squared distance is formed from the difference.
CANCELLED = 1e-5
#: Below this power of two, squares lose digits or vanish.
LEAST_UNIT = 2.0**-503
#: Rows of a block; more gain nothing in the matrix product.
BLOCK_ROWS = 512
#: The same of many matrices at once.
TOGETHER_ROWS = 128
#: Entries of a block that are worked on at once, in the processor's cache.
CACHED_ENTRIES = 2**16


def cached_rows(block: np.ndarray) -> Iterator[slice]:
    """Slices of the rows of a block, so few that their entries stay in the processor's cache."""
    size = max(1, CACHED_ENTRIES // max(1, block.shape[1]))
    for start in range(0, block.shape[0], size):
        yield slice(start, min(start + size, block.shape[0]))


class PairMatrix:
    """A symmetric (n, n) matrix of which the entries off the diagonal matter.

    Blocks of rows begin at the column of their first row. A block is ``formed`` of products or
    kept, many rows at once, and becomes ``entries`` few rows at a time, which stay in the
    processor's cache until they are summed.

    Attributes
    ----------
    n_samples : int
        Number of rows.
    diagonal : float
        Value on the diagonal; blocks hold zero there.
    row_sums : ndarray of shape (n,)
        Sums of the rows without the diagonal; empty until a pass has formed them.
    square : float
        Sum of the squared entries off the diagonal, likewise; NaN until then.
    products : dict
        Sums of products with other matrices, by their id, where one pass has formed many.
    """

    def __init__(self, n_samples: int, diagonal: float = 0.0):
        self.n_samples = n_samples
        self.diagonal = diagonal
        self.row_sums = np.empty(0)
        self.square = math.nan
        self.products: dict[int, float] = {}

    def formed(self, rows: slice) -> np.ndarray:
        """What the entries of the rows are made of; must be changed by ``entries`` only."""
        raise TypeError(f"{type(self).__name__} has no blocks of its own.")

    def entries(self, formed: np.ndarray) -> np.ndarray:
        """The entries made of it; may be a view, must not be changed."""
        return formed

    def block(self, rows: slice) -> np.ndarray:
        """The entries of the rows, from column ``rows.start`` on."""
        return self.entries(self.formed(rows))

    def transformed(self, transform: Callable, diagonal: float) -> "PairMatrix":
        """The matrix of ``transform`` of the entries, which must not overwrite its argument."""
        raise TypeError(f"The entries of {type(self).__name__} cannot be transformed.")

    def reordered(self, order: np.ndarray) -> "PairMatrix":
        """The matrix of the samples in another order, without the sums."""
        raise TypeError(f"{type(self).__name__} cannot be reordered.")

    def permuted(self, order: np.ndarray) -> "PairMatrix":
        """The matrix of the samples in another order; the sums are not formed again."""
        copy = self.reordered(order)
        copy.square = self.square
        copy.row_sums = self.row_sums[order] if self.row_sums.size else self.row_sums
        return copy


class KeptPairs(PairMatrix):
    """All entries at hand, ``values`` (n, n) with zero on the diagonal."""

    def __init__(self, values: np.ndarray, diagonal: float = 0.0):
        super().__init__(values.shape[0], diagonal)
        self.values = values

    def formed(self, rows: slice) -> np.ndarray:
        return self.values[rows, rows.start :]

    def transformed(self, transform: Callable, diagonal: float) -> "KeptPairs":
        values = transform(self.values)
        np.fill_diagonal(values, 0.0)
        return KeptPairs(values, diagonal)

    def reordered(self, order: np.ndarray) -> "KeptPairs":
        return KeptPairs(self.values[np.ix_(order, order)], self.diagonal)


class CodedPairs(PairMatrix):
    """Entries ``table[codes]``, codes (n, n) of 16 bits; the diagonal has a code of value zero."""

    def __init__(self, codes: np.ndarray, table: np.ndarray):
        super().__init__(codes.shape[0])
        self.codes = codes
        self.table = table

    def formed(self, rows: slice) -> np.ndarray:
        return self.codes[rows, rows.start :]

    def entries(self, formed: np.ndarray) -> np.ndarray:
        return self.table.take(formed)

    def reordered(self, order: np.ndarray) -> "CodedPairs":
        return CodedPairs(self.codes[np.ix_(order, order)], self.table)


class StreamedPairs(PairMatrix):
    """Entries formed on demand from one vector a sample.

    ``transform`` is applied to inner products of ``rows``, or where ``squares`` (their squared
    norms) are given to squared Euclidean distances; it must not overwrite its argument.
    """

    def __init__(self, rows, squares, transform: Callable, diagonal: float = 0.0):
        super().__init__(rows.shape[0], diagonal)
        self.rows = rows
        self.squares = squares
        self.transform = transform

    def formed(self, rows: slice) -> np.ndarray:
        left, right = self.rows[rows], self.rows[rows.start :]
        if self.squares is None:
            return left @ right.T
        return squared_distances(left, right, self.squares[rows.start :])

    def entries(self, formed: np.ndarray) -> np.ndarray:
        values = self.transform(formed)
        np.fill_diagonal(values, 0.0)
        return values

    def transformed(self, transform: Callable, diagonal: float) -> "StreamedPairs":
        both = functools.partial(_in_turn, first=self.transform, second=transform)
        return StreamedPairs(self.rows, self.squares, both, diagonal)

    def reordered(self, order: np.ndarray) -> "StreamedPairs":
        squares = None if self.squares is None else self.squares[order]
        return StreamedPairs(self.rows[order], squares, self.transform, self.diagonal)


class KeptBlocks(StreamedPairs):
    """The same with the squared distances or products of the first ``n_kept`` rows kept.

    ``kept`` holds them in blocks of BLOCK_ROWS rows, each from the column of its first row on.
    """

    def __init__(self, pairs: StreamedPairs, n_kept: int, kept: dict[int, np.ndarray]):
        super().__init__(pairs.rows, pairs.squares, pairs.transform, pairs.diagonal)
        self.n_kept = n_kept
        self.kept = kept

    def formed(self, rows: slice) -> np.ndarray:
        first = rows.start - rows.start % BLOCK_ROWS
        whole = slice(first, min(first + BLOCK_ROWS, self.n_samples))
        if rows.stop > min(whole.stop, self.n_kept):
            return super().formed(rows)
        if first not in self.kept:
            self.kept[first] = super().formed(whole)
        return self.kept[first][rows.start - first : rows.stop - first, rows.start - first :]

    def transformed(self, transform: Callable, diagonal: float) -> "KeptBlocks":
        return KeptBlocks(super().transformed(transform, diagonal), self.n_kept, self.kept)


def _expanded(left: np.ndarray, right: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, float]:
    """``|x|^2 + |y|^2 - 2xy``, infinite between a sample and itself, and the smallest of them."""
    distances = (-2.0 * left) @ right.T  # a power of two: no rounding
    squares, smallest = squares.astype(left.dtype), math.inf
    for part in cached_rows(distances):
        values = distances[part]
        values += squares[part, None]
        values += squares
        np.fill_diagonal(values[:, part.start :], np.inf)
        smallest = min(smallest, float(values.min()))
    return distances, smallest


def squared_distances(left: np.ndarray, right: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of the first rows of ``right`` (``left``) to all of them.

    The rows are centred, ``squares`` are their squared norms in float64. Where two samples almost
    coincide the expansion cancels: a float32 block is then formed in float64, and what cancels
    there too from the differences.
    """
    distances, smallest = _expanded(left, right, squares)
    dtype = distances.dtype
    if dtype == np.float32 and smallest < 1e-3 * squares.max():
        distances, _ = _expanded(left.astype(np.float64), right.astype(np.float64), squares)
    if smallest < 2 * CANCELLED * squares.max():
        _form_from_differences(distances, left, right, squares)
        np.maximum(distances, 0.0, out=distances)
    np.fill_diagonal(distances, 0.0)
    return distances.astype(dtype, copy=False)


def _form_from_differences(distances, left, right, squares) -> None:
    """Replace the squared distances that are small against the norms."""
    rows, columns = np.nonzero(distances <= 2 * CANCELLED * squares.max())
    close = distances[rows, columns] <= CANCELLED * (squares[rows] + squares[columns])
    rows, columns = rows[close], columns[close]
    for part in row_blocks(rows.size, 32.0 * left.shape[1], max_rows=BLOCK_ROWS):
        i, j = rows[part], columns[part]
        distances[i, j] = row_squares(left[i].astype(np.float64) - right[j])


class UnitPairs(NamedTuple):
    """Pairs in a unit: the entries are ``unit`` times those of ``pairs``."""

    pairs: PairMatrix
    unit: float


def unit_pairs(X: np.ndarray, transform: Callable) -> UnitPairs:
    """Pairs of ``transform`` of the squared Euclidean distances, in units that cannot overflow.

    ``unit`` is that of the rows of X.
    """
    rows, unit = center(X)
    return UnitPairs(StreamedPairs(rows, row_squares(rows), transform), unit)


def euclidean_pairs(X: np.ndarray, transform: Callable, diagonal: float = 0.0) -> StreamedPairs:
    """Pairs of ``transform`` of the squared Euclidean distances, in the unit of the data."""
    rows, unit = center(X)
    if unit != 1.0:
        if not LEAST_UNIT < unit < 1.0 / LEAST_UNIT:
            raise ValueError("The squared distances overflow or vanish: rescale the samples.")
        rows = rows.astype(np.float64) * unit
    return StreamedPairs(rows, row_squares(rows), transform, diagonal)


def _in_turn(values: np.ndarray, *, first: Callable, second: Callable) -> np.ndarray:
    return second(first(values))


def _less(values: np.ndarray, *, offset: float) -> np.ndarray:
    return values - offset


def shifted(pairs: PairMatrix) -> PairMatrix:
    """The pairs less their typical value, which all ways of centring ignore: sums keep digits."""
    block = pairs.block(slice(0, min(64, pairs.n_samples)))
    offset = float(block.sum(dtype=np.float64) / (block.size - block.shape[0]))
    return pairs.transformed(functools.partial(_less, offset=offset), pairs.diagonal - offset)


def pair_blocks(n_samples: int, *, n_matrices: int = 2) -> Iterator[slice]:
    """Blocks of rows within the working memory, two temporaries for each matrix."""
    return row_blocks(n_samples, 16.0 * n_samples * n_matrices, max_rows=BLOCK_ROWS)


def kept_rows(n_samples: int, itemsize: int) -> int:
    """Rows of a symmetric matrix that fit into half of the working memory, in whole blocks."""
    if next(pair_blocks(n_samples)).stop < min(BLOCK_ROWS, n_samples):
        return 0  # not even the blocks fit
    n_entries = get_config()["working_memory"] * 2**20 / 2 / itemsize
    # The first r rows in blocks of B have r (n + B / 2) - r^2 / 2 entries.
    width = n_samples + min(BLOCK_ROWS, n_samples) / 2
    n_rows = math.floor(width - math.sqrt(max(0.0, width**2 - 2 * n_entries)))
    return n_samples if n_rows >= n_samples else n_rows - n_rows % BLOCK_ROWS


def keep_blocks(pairs: PairMatrix) -> PairMatrix:
    """Keep what is formed of a matrix that two passes need, within half of the working memory."""
    if not isinstance(pairs, StreamedPairs):
        return pairs
    n_kept = kept_rows(pairs.n_samples, pairs.rows.dtype.itemsize)
    return KeptBlocks(pairs, n_kept, {}) if n_kept else pairs


def entries_of(
    matrices: Sequence[PairMatrix], blocks: Iterable[slice]
) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """Few rows of blocks at a time, and their entries in each matrix from column ``start`` on."""
    for block in blocks:
        formed = [(pairs, pairs.formed(block)) for pairs in matrices]
        for part in cached_rows(formed[0][1]):
            rows = slice(block.start + part.start, block.start + part.stop)
            yield rows, [pairs.entries(whole[part, part.start :]) for pairs, whole in formed]


def keep_small(pairs: PairMatrix) -> PairMatrix:
    """Keep the matrix, formed in float64, where it is small and not kept yet."""
    if pairs.n_samples > MAX_KEPT or not isinstance(pairs, StreamedPairs):
        return pairs
    exact = StreamedPairs(
        pairs.rows.astype(np.float64), pairs.squares, pairs.transform, pairs.diagonal
    )
    values = np.empty((pairs.n_samples, pairs.n_samples))
    blocks = row_blocks(pairs.n_samples, 16.0 * pairs.n_samples, max_rows=TOGETHER_ROWS)
    for rows, (part,) in entries_of([exact], blocks):
        values[rows, rows.start :] = part
        values[rows.start :, rows] = part.T
    return KeptPairs(values, pairs.diagonal)


def upper_values(pairs: PairMatrix) -> np.ndarray:
    """The entries above the diagonal, row by row, as scipy's condensed form has them."""
    check_fits(
        8.0 * pairs.n_samples**2,  # the parts and the whole
        f"All distances between {pairs.n_samples} samples, sorted,",
        "Take a comparison that is formed in blocks, such as compare='pearson', or a sample of "
        "the rows.",
    )
    blocks = pair_blocks(pairs.n_samples, n_matrices=1)
    parts = [
        row[i + 1 :] for _, (part,) in entries_of([pairs], blocks) for i, row in enumerate(part)
    ]
    return np.concatenate(parts)


def _inner(A: np.ndarray, B: np.ndarray) -> float:
    """Sum of the products of two blocks: rows in the blocks' dtype, their sum in float64."""
    return float(np.einsum("ij,ij->i", A, B).sum(dtype=np.float64))


def _part_product(A: np.ndarray, B: np.ndarray) -> float:
    """Share of few rows in the sum over ordered pairs: their square once, the rest twice."""
    size = A.shape[0]
    return _inner(A[:, :size], B[:, :size]) + 2.0 * _inner(A[:, size:], B[:, size:])


def _add_row_sums(sums: np.ndarray, part: np.ndarray, rows: slice) -> None:
    sums[rows] += part.sum(axis=1)
    sums[rows.stop :] += part[:, rows.stop - rows.start :].sum(axis=0)


def pair_product(x: PairMatrix, y: PairMatrix) -> float:
    """Sum over all ordered pairs i != j of ``x[i, j] * y[i, j]``.

    One pass; it also fills ``row_sums`` and ``square`` of either matrix where they are missing.
    """
    if id(y) in x.products:
        return x.products[id(y)]
    matrices = [x] if y is x else [x, y]
    unknown = [k for k, pairs in enumerate(matrices) if not pairs.row_sums.size]
    sums, squares, total = np.zeros((2, x.n_samples)), [0.0, 0.0], 0.0
    for rows, parts in entries_of(matrices, pair_blocks(x.n_samples)):
        total += _part_product(parts[0], parts[-1])
        for k in unknown:
            _add_row_sums(sums[k], parts[k], rows)
            squares[k] += _part_product(parts[k], parts[k])
    for k in unknown:
        # In this order: threads look at the last.
        matrices[k].square, matrices[k].row_sums = squares[k], sums[k]
    return total


def _products_of_rows(blocks: np.ndarray) -> np.ndarray:
    """Inner products (m, m) of blocks (m, rows, columns): of rows in their dtype, then float64."""
    by_row = blocks.transpose(1, 0, 2)
    return np.matmul(by_row, by_row.transpose(0, 2, 1)).sum(axis=0, dtype=np.float64)


def form_products(x: Sequence[PairMatrix], y: Sequence[PairMatrix]) -> None:
    """Form the products of all pairs of matrices in one pass, and note them in the matrices.

    Each matrix is formed once, and one matrix product of their blocks takes all sums.
    """
    every = list({id(pairs): pairs for pairs in (*x, *y)}.values())
    n, m = every[0].n_samples, len(every)
    products, sums = np.zeros((m, m)), np.zeros((m, n))
    blocks = row_blocks(n, 24.0 * n * m, max_rows=TOGETHER_ROWS)
    for rows, parts in entries_of(every, progress(blocks, "blocks of samples")):
        together, size = np.stack(parts), rows.stop - rows.start
        products += _products_of_rows(together[:, :, :size])
        if rows.stop < n:
            products += 2.0 * _products_of_rows(together[:, :, size:])
        for row_sums, part in zip(sums, parts, strict=True):
            _add_row_sums(row_sums, part, rows)
    for k, pairs in enumerate(every):
        pairs.row_sums, pairs.square = sums[k], products[k, k]
        pairs.products = {id(other): float(products[k, j]) for j, other in enumerate(every)}


def difference_norm(x: UnitPairs, y: UnitPairs) -> float:
    """Frobenius norm of the difference of two matrices, each pair of samples counted once."""
    unit = max(x.unit, y.unit)
    if not 0.0 < unit < math.inf:
        raise ValueError("The dissimilarities overflow or vanish: rescale the representations.")
    total = 0.0
    blocks = pair_blocks(x.pairs.n_samples)
    for _, (A, B) in entries_of([x.pairs, y.pairs], blocks):
        difference = A * (x.unit / unit) - B * (y.unit / unit)
        total += _part_product(difference, difference)
    return unit * math.sqrt(total / 2.0)


def _centered_sum(product: float, x: PairMatrix, y: PairMatrix, unbiased: bool) -> float:
    n = x.n_samples
    if unbiased:
        cross = 2.0 / (n - 2) * float(x.row_sums @ y.row_sums)
        return product - cross + x.row_sums.sum() * y.row_sums.sum() / ((n - 1) * (n - 2))
    full_x, full_y = x.row_sums + x.diagonal, y.row_sums + y.diagonal
    cross = 2.0 / n * float(full_x @ full_y)
    return product + n * x.diagonal * y.diagonal - cross + full_x.sum() * full_y.sum() / n**2


def centered_product(x: PairMatrix, y: PairMatrix, *, unbiased: bool) -> tuple[float, ...]:
    """Inner products (xy, xx, yy) of the centred matrices.

    ``unbiased`` leaves out the diagonals and centres as U-statistics do (Szekely and Rizzo);
    otherwise both matrices are double-centred.
    """
    product = pair_product(x, y)
    return (
        _centered_sum(product, x, y, unbiased),
        _centered_sum(x.square, x, x, unbiased),
        _centered_sum(y.square, y, y, unbiased),
    )


def check_own_product(product: float, scale: float, n_samples: int) -> float:
    """Raise where nothing varies after centring: all samples are equally far apart."""
    if product <= n_samples * np.finfo(np.float64).eps * scale:
        raise ValueError(
            "The similarity is undefined: the centred kernel or distance matrix of a "
            f"representation is zero, because all its {n_samples} samples are equally similar "
            "to each other, but for one term for each sample."
        )
    return product


def check_varies(pairs: PairMatrix, own: float) -> None:
    """Raise where the centred matrix, with product ``own`` with itself, is zero."""
    n = pairs.n_samples
    check_own_product(own, pairs.square + n * pairs.diagonal**2, n)


def permute_pairs(pairs: PairMatrix, order: np.ndarray) -> PairMatrix:
    """The permute step of measures whose state is a matrix over pairs."""
    return pairs.permuted(order)
