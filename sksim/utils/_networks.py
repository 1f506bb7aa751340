"""What networks are given: widths of layers, and numbers in units that training can bear."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from sksim.utils._typing import AnyArray, FloatArray

__all__ = ["layer_sizes", "standardization"]


def layer_sizes(hidden_layer_sizes: Sequence[int]) -> tuple[int, ...]:
    """The widths as a tuple of integers; ValueError unless they are positive."""
    sizes = tuple(hidden_layer_sizes)
    if not all(isinstance(size, Integral) and int(size) > 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be positive integers, got {sizes}.")
    return tuple(map(int, sizes))


def standardization(X: AnyArray, *, axis: int | None = 0) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation, of each feature or, without axis, of all; constants keep 1."""
    X = X.astype(np.float64)
    _, exponent = np.frexp(np.abs(X).max(axis=axis))  # by powers of two, no square overflows
    X = np.ldexp(X, -exponent)
    loc, scale = X.mean(axis=axis), X.std(axis=axis)
    varies = scale > 10 * np.finfo(np.float64).eps * np.abs(loc)
    scale = np.where(varies, np.ldexp(scale, exponent), 1.0)
    return np.ldexp(loc, exponent), scale
