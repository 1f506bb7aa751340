"""Models given as embeddings f (n, M) and unembeddings g (k, M): validation, and their pair.

For p(y|x) ~ exp(f(x).g(y)) every mean and variance over inputs depends on the embeddings through
their second moments only, and every one over labels on those of the unembeddings. The moments
are kept as the triangle R of a QR decomposition, R^T R = F^T F: at most twice the dimension of
the models rows stand for all inputs (or labels), and no accuracy is lost where two models are
close, as it would be in the moments themselves.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.linalg.blas import dsyrk, dtrmm, dtrsm
from scipy.linalg.lapack import dpotrf, dpotrs
from sklearn.utils import gen_batches

from sksim.metrics.distributions._log_probabilities import rounding_level
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["EmbeddingPair", "check_embedding_model", "check_unembedding_pair"]

_BLOCK_ENTRIES = 2**22
#: Numbers of a block of rows that are multiplied, 8 MiB.
_PRODUCT_ENTRIES = 2**20
#: Least eigenvalue of the products of columns of unit length: at 1e-4, four digits of sixteen are
#: lost. That of a sample is lower, by a factor of 12 where it has twice as many rows as columns.
_LEAST_EIGENVALUE, _LEAST_OF_SAMPLE = 1e-4, 1e-5
#: Shape of a block of logits, 4 MiB.
_LOGIT_INPUTS, _LOGIT_LABELS = 512, 1024


def _check(values: ArrayLike, name: str, dtype: Any = np.float64) -> FloatArray:
    return check_named_array(values, name, dtype=dtype)


def check_embedding_model(
    f: ArrayLike, g: ArrayLike, names: tuple[str, str] = ("f", "g"), dtype: Any = np.float64
) -> tuple[FloatArray, FloatArray]:
    """Validate one model: f and g in the same number of dimensions, at least 2 labels."""
    rows, labels = _check(f, names[0], dtype), _check(g, names[1], dtype)
    _check_model(rows, labels, names)
    return rows, labels


def _check_model(rows: FloatArray, labels: FloatArray, names: tuple[str, str]) -> None:
    if rows.shape[1] != labels.shape[1]:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same number of columns (representation "
            f"dimensions), got {rows.shape[1]} and {labels.shape[1]}."
        )
    if labels.shape[0] < 2:
        raise ValueError(f"{names[1]} must have at least 2 rows (labels), got {labels.shape[0]}.")


def _check_same_rows(
    first: FloatArray, second: FloatArray, names: tuple[str, str], kind: str
) -> None:
    if first.shape[0] != second.shape[0]:
        raise ValueError(
            f"{names[0]} and {names[1]} must have one row for each of the same {kind}, got "
            f"{first.shape[0]} and {second.shape[0]} rows."
        )


def check_unembedding_pair(g1: ArrayLike, g2: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Validate the unembeddings of two models of the same labels."""
    first, second = _check(g1, "g1"), _check(g2, "g2")
    _check_same_rows(first, second, ("g1", "g2"), "labels")
    return first, second


def _batches(n_rows: int, width: int) -> Iterator[slice]:
    return gen_batches(n_rows, max(1, _BLOCK_ENTRIES // width))


def _double(values: FloatArray, offset: FloatArray | float = 0.0) -> FloatArray:
    return np.subtract(values, offset, dtype=np.float64)


def _mean(values: FloatArray) -> FloatArray:
    return values.mean(axis=0, dtype=np.float64)


def _triangles(
    first: FloatArray, second: FloatArray, offsets: tuple[Any, Any] = (0.0, 0.0)
) -> tuple[FloatArray, FloatArray]:
    """Rows with the same products as those of ``[first, second] - offsets``, one set for each.

    They are the rows themselves where these are fewer than the columns, and otherwise the
    triangle of their QR decomposition.
    """
    width = first.shape[1] + second.shape[1]

    def rows_at(index: slice) -> FloatArray:
        return np.hstack([_double(first[index], offsets[0]), _double(second[index], offsets[1])])

    if len(first) < width:
        triangle = rows_at(slice(None))
    else:
        by_products = _triangle_of_products(rows_at, len(first), width)
        triangle = (
            _triangle_of_rows(rows_at, len(first), width) if by_products is None else by_products
        )
    return triangle[:, : first.shape[1]], triangle[:, first.shape[1] :]


class _Rows(NamedTuple):
    """Rows that are an upper triangle from one row on, with zeros below it.

    A product with them takes half the time on the triangle, and none on the zeros.
    """

    above: FloatArray
    triangle: FloatArray
    n_rows: int

    @classmethod
    def of(cls, rows: FloatArray, n_above: int) -> Self:
        """Rows of which ``n_above`` are not of the triangle; all of them if there is none."""
        n_columns = rows.shape[1]
        triangle = np.asfortranarray(rows[n_above : n_above + n_columns])
        return cls(rows[:n_above], triangle, len(rows))

    def times(self, values: FloatArray) -> FloatArray:
        """``values @ rows.T``; the values are overwritten."""
        products = np.zeros((len(values), self.n_rows))
        end = len(self.above)
        np.matmul(values, self.above.T, out=products[:, :end])
        if len(self.triangle):
            part = products[:, end : end + len(self.triangle)]
            part[:] = dtrmm(1.0, self.triangle, values.T, overwrite_b=1).T
        return products


def _triangle_of_rows(rows_at: Callable, n_rows: int, width: int) -> FloatArray:
    """Triangle of the QR decomposition, block by block."""
    triangle = np.empty((0, width))
    for index in gen_batches(n_rows, max(4 * width, 1024)):
        rows = np.vstack([triangle, rows_at(index)])
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    return triangle


def _triangle_of_products(rows_at: Callable, n_rows: int, width: int) -> FloatArray | None:
    """The same from products, which take a fraction of the time, or None where that is not exact.

    Where the columns are not far from orthogonal, the Cholesky factor of their products is the
    triangle and loses little. Otherwise the triangle R of a sample of the rows A makes the
    columns of A inv(R) so, and C R with the factor C of their products is the triangle of A to
    some units in the last place of each direction, whatever the condition of A. What ``rows_at``
    returns is overwritten.
    """
    if n_rows < 8 * width:
        return None
    sample = rows_at(slice(None, None, n_rows // (2 * width)))
    lengths = np.sqrt(np.einsum("ij,ij->j", sample, sample))
    if not (lengths > 0).all():
        return None

    def factor(R: FloatArray | None) -> tuple[FloatArray, float]:
        products = np.zeros((width, width), order="F")
        for index in gen_batches(n_rows, max(256, _PRODUCT_ENTRIES // width)):
            columns = rows_at(index).T
            if R is not None:
                columns = dtrsm(1.0, R, columns, trans_a=1, overwrite_b=1)
            products = dsyrk(1.0, columns, 1.0, products, overwrite_c=1)
        return _factor_of_products(products)

    if _factor_of_products(dsyrk(1.0, sample.T))[1] > _LEAST_OF_SAMPLE:
        C, least = factor(None)
        if least > _LEAST_EIGENVALUE:
            return C
    ridge = np.diag(np.finfo(np.float64).eps * lengths)  # directions that the sample lacks
    R = np.asfortranarray(np.linalg.qr(np.vstack([sample, ridge]), mode="r"))
    C, least = factor(R)
    return C @ R if least > _LEAST_EIGENVALUE else None


def _factor_of_products(products: FloatArray) -> tuple[FloatArray, float]:
    """Cholesky factor of products of columns (their upper triangle), and the least eigenvalue
    that they have for columns of unit length, of which the factor loses the inverse in digits.

    The eigenvalue is 0 where there is no factor. Six steps of inverse iteration from eight
    vectors find it to a factor of 2, from above.
    """
    lengths = np.sqrt(products.diagonal())
    with np.errstate(divide="ignore", invalid="ignore"):
        C, info = dpotrf(products / np.outer(lengths, lengths), clean=1)
    if info != 0 or not np.isfinite(C).all():
        return products, 0.0
    vectors, growth = np.random.RandomState(0).standard_normal((len(C), 8)), np.ones(8)
    for _ in range(6):
        vectors, _ = dpotrs(C, vectors)
        growth = np.linalg.norm(vectors, axis=0)
        vectors /= growth
    return C * lengths, float(1 / growth.max())


def _with_log_partition(f: FloatArray, g: FloatArray, center: FloatArray) -> FloatArray:
    """Columns (f, log Z), Z(x) the sum over labels of exp(f(x).(g(y) - center)), in blocks.

    The sum is kept relative to the largest exponent so far; a block of logits stays in the cache.
    """
    columns = np.empty((len(f), f.shape[1] + 1))
    columns[:, :-1] = f
    rows, log_z = columns[:, :-1], columns[:, -1]
    peak, total = np.full(len(f), -np.inf), np.zeros(len(f))
    for labels in gen_batches(len(g), _LOGIT_LABELS):
        block = _double(g[labels], center).T
        for inputs in gen_batches(len(f), _LOGIT_INPUTS):
            logits = rows[inputs] @ block
            new = np.maximum(peak[inputs], logits.max(axis=1))
            logits -= new[:, None]
            np.exp(logits, out=logits)
            total[inputs] *= np.exp(peak[inputs] - new)
            total[inputs] += logits.sum(axis=1)
            peak[inputs] = new
    log_z[:] = peak + np.log(total)
    return columns


def _rounding_level(f: FloatArray, g: FloatArray, center: FloatArray) -> float:
    """As :func:`rounding_level`, with a bound of the largest log-probability."""

    def longest(rows: FloatArray, offset: FloatArray | float = 0.0) -> float:
        squared = 0.0
        for part in gen_batches(len(rows), max(1, _PRODUCT_ENTRIES // rows.shape[1])):
            centered = _double(rows[part], offset)
            squared = max(squared, np.einsum("ij,ij->i", centered, centered).max())
        return np.sqrt(squared)

    return rounding_level(np.log(len(g)) + 2 * longest(f) * longest(g, center))


@dataclass(frozen=True, eq=False)
class EmbeddingPair:
    """Two models of the same inputs and labels; their dimensions M1 and M2 may differ.

    f1 (n_samples, M1), g1 (n_labels, M1), f2 and g2 likewise. What the distances derive from them
    is prepared here, once, when it is first asked for: the moments over inputs and over labels.
    """

    f1: FloatArray
    g1: FloatArray
    f2: FloatArray
    g2: FloatArray

    @classmethod
    def check(
        cls, f1: ArrayLike, g1: ArrayLike, f2: ArrayLike, g2: ArrayLike, dtype: Any = np.float64
    ) -> Self:
        """Validate the arrays that a caller gave."""
        arrays = {"f1": f1, "g1": g1, "f2": f2, "g2": g2}
        return cls(*(_check(values, name, dtype) for name, values in arrays.items())).consistent()

    def consistent(self) -> Self:
        """Raise unless the four arrays are those of two models of the same inputs and labels."""
        _check_model(self.f1, self.g1, ("f1", "g1"))
        _check_model(self.f2, self.g2, ("f2", "g2"))
        _check_same_rows(self.f1, self.f2, ("f1", "f2"), "inputs")
        _check_same_rows(self.g1, self.g2, ("g1", "g2"), "labels")
        return self

    @property
    def n_samples(self) -> int:
        """Number of inputs."""
        return self.f1.shape[0]

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return self.g1.shape[0]

    @property
    def n_components(self) -> int:
        """The larger dimension of the two models; less than the number of inputs."""
        return min(max(self.f1.shape[1], self.f2.shape[1]), self.n_samples - 1)

    @cached_property
    def centers(self) -> tuple[FloatArray, FloatArray]:
        """Mean unembedding of each model."""
        return _mean(self.g1), _mean(self.g2)

    @cached_property
    def floors(self) -> tuple[float, float]:
        """The rounding level of each model."""
        center1, center2 = self.centers
        return _rounding_level(self.f1, self.g1, center1), _rounding_level(
            self.f2, self.g2, center2
        )

    @cached_property
    def _input_moments(self) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of (f, log Z), centered."""
        center1, center2 = self.centers
        rows1 = _with_log_partition(self.f1, self.g1, center1)
        rows2 = _with_log_partition(self.f2, self.g2, center2)
        return _triangles(rows1, rows2, (_mean(rows1), _mean(rows2)))

    @cached_property
    def _label_moments(self) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the labels of g, centered."""
        return _triangles(self.g1, self.g2, self.centers)

    @cached_property
    def _input_rows(self) -> tuple[tuple[_Rows, FloatArray], tuple[_Rows, FloatArray]]:
        """The same, the columns of f prepared for products apart from log Z, of each model."""
        rows1, rows2 = self._input_moments
        is_triangle = len(rows1) == rows1.shape[1] + rows2.shape[1]
        above1, above2 = (0, rows1.shape[1]) if is_triangle else (len(rows1), len(rows2))
        first, second = _Rows.of(rows1[:, :-1], above1), _Rows.of(rows2[:, :-1], above2)
        return (first, rows1[:, -1]), (second, rows2[:, -1])

    def embeddings(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """f1 and f2 of some inputs."""
        return _double(self.f1[inputs]), _double(self.f2[inputs])

    def unembeddings(self, labels: IntArray | slice) -> tuple[FloatArray, FloatArray]:
        """g1 and g2 of some labels, centered."""
        center1, center2 = self.centers
        return _double(self.g1[labels], center1), _double(self.g2[labels], center2)

    def label_variables(self, labels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of f(x).g(y) - log Z(x), centered."""
        (rows1, log_z1), (rows2, log_z2) = self._input_rows
        values1, values2 = self.unembeddings(labels)
        a, b = rows1.times(values1), rows2.times(values2)
        a -= log_z1
        b -= log_z2
        return a, b

    def input_variables(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the labels of f(x).g(y), centered."""
        rows1, rows2 = self._label_moments
        values1, values2 = self.embeddings(inputs)
        return values1 @ rows1.T, values2 @ rows2.T

    @cached_property
    def embedding_moments(self) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of f1 and f2, which are not centered."""
        return _triangles(self.f1, self.f2)

    def unembedding_blocks(self, width: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """g1 and g2, centered, so many labels at once that ``width`` numbers for each are few."""
        for labels in _batches(self.n_labels, width):
            yield self.unembeddings(labels)
