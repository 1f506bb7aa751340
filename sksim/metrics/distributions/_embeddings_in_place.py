"""Embeddings of other libraries than NumPy, reduced where they are.

All that is as large as the inputs times the labels, and the decompositions of all inputs or labels,
are computed on their device. The triangles that stand for them, and rows that are asked for, are
NumPy's.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from functools import cached_property
from typing import Any, Self

import numpy as np

from sksim.metrics._validation import check_in_place
from sksim.metrics.distributions._embeddings import EmbeddingPair
from sksim.metrics.distributions._log_probabilities import rounding_level
from sksim.utils._array_api import beside, namespace_of, to_numpy
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["EmbeddingsInPlace", "model_embeddings"]


def _to_double(values: Any) -> FloatArray:
    return np.asarray(to_numpy(values), dtype=np.float64)


def _rows(table: Any, index: IntArray | slice) -> FloatArray:
    if isinstance(index, slice):
        return _to_double(table[index, :])
    return _to_double(namespace_of(table).take(table, beside(index, table), axis=0))


def _triangles(first: Any, second: Any, *, center: bool) -> tuple[FloatArray, FloatArray]:
    """Rows with the same products as those of ``[first, second]``, less their means if asked.

    The rows themselves where they are fewer than the columns, otherwise the triangle of their QR
    decomposition.
    """
    xp = namespace_of(first)
    rows = xp.concat([first, second], axis=1)
    if center:
        rows = rows - xp.mean(rows, axis=0)
    if rows.shape[0] >= rows.shape[1]:
        rows = xp.linalg.qr(rows, mode="reduced").R
    of_first, of_second = np.split(_to_double(rows), [first.shape[1]], axis=1)
    return of_first, of_second


def _with_log_partition(f: Any, g: Any) -> Any:
    """Columns (f, log Z), Z(x) the sum over labels of exp(f(x).g(y)), in blocks of inputs."""
    xp, parts = namespace_of(f), []
    for rows in row_blocks(f.shape[0], 24.0 * g.shape[0]):
        logits = f[rows, :] @ g.T
        largest = xp.max(logits, axis=1, keepdims=True)
        total = xp.sum(xp.exp(logits - largest), axis=1, keepdims=True)
        parts.append(largest + xp.log(total))
    return xp.concat([f, xp.concat(parts)], axis=1)


def _rounding_level(f: Any, g: Any) -> float:
    """As :func:`rounding_level`, with a bound of the largest log-probability."""
    xp = namespace_of(f)
    longest = (math.sqrt(float(xp.max(xp.sum(rows * rows, axis=1)))) for rows in (f, g))
    return rounding_level(math.log(g.shape[0]) + 2 * math.prod(longest))


class EmbeddingsInPlace(EmbeddingPair):
    """Two models given as arrays of another library; what the distances take of them is NumPy's."""

    f1: Any
    g1: Any
    f2: Any
    g2: Any

    @classmethod
    def check(
        cls, f1: ArrayLike, g1: ArrayLike, f2: ArrayLike, g2: ArrayLike, dtype: Any = None
    ) -> Self:
        """Validate arrays, of the library and on the device of the first one."""
        check = functools.partial(check_in_place, min_samples=1, constant_ok=True, like=f1)
        arrays = {"f1": f1, "g1": g1, "f2": f2, "g2": g2}
        return cls(*(check(values, name=name) for name, values in arrays.items())).consistent()

    @cached_property
    def _centered(self) -> tuple[Any, Any]:
        """Unembeddings less their mean."""
        xp = namespace_of(self.g1)
        return self.g1 - xp.mean(self.g1, axis=0), self.g2 - xp.mean(self.g2, axis=0)

    @cached_property
    def floors(self) -> tuple[float, float]:
        """The rounding level of each model."""
        g1, g2 = self._centered
        return _rounding_level(self.f1, g1), _rounding_level(self.f2, g2)

    @cached_property
    def _input_moments(self) -> tuple[FloatArray, FloatArray]:
        g1, g2 = self._centered
        rows = _with_log_partition(self.f1, g1), _with_log_partition(self.f2, g2)
        return _triangles(*rows, center=True)

    @cached_property
    def _label_moments(self) -> tuple[FloatArray, FloatArray]:
        return _triangles(*self._centered, center=False)

    @cached_property
    def embedding_moments(self) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of f1 and f2, which are not centered."""
        return _triangles(self.f1, self.f2, center=False)

    def embeddings(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """f1 and f2 of some inputs."""
        return _rows(self.f1, inputs), _rows(self.f2, inputs)

    def unembeddings(self, labels: IntArray | slice) -> tuple[FloatArray, FloatArray]:
        """g1 and g2 of some labels, centered."""
        g1, g2 = self._centered
        return _rows(g1, labels), _rows(g2, labels)


def model_embeddings(
    f1: ArrayLike, g1: ArrayLike, f2: ArrayLike, g2: ArrayLike, dtype: Any = np.float64
) -> EmbeddingPair:
    """Validate the two models that a caller gave, those of another library where they are."""
    Pair = EmbeddingPair if namespace_of(f1) is None else EmbeddingsInPlace
    return Pair.check(f1, g1, f2, g2, dtype=dtype)
