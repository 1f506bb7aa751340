"""Centred arrays, unit rows, entropies as formulas of the array API.

For arrays of other libraries than NumPy, on their own device; all values are in float64 where the
device has it, and gradients flow through everything but the units and the tests of the input.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

from sksim.metrics._linalg import Centered, power_of_two
from sksim.utils._array_api import any_namespace, constant, namespace_of

__all__ = [
    "array_center",
    "array_count",
    "array_directions",
    "array_entropy",
    "array_in_unit",
    "array_root",
    "array_smaller_gram",
    "array_square_sum",
    "array_standardize",
    "array_unit_rows",
    "take_rows",
]


def take_rows(X: Any, order: Any) -> Any:
    """The rows in another order: the permute step of states that are one array."""
    return namespace_of(X).take(X, order, axis=0)


def array_count(mask: Any) -> int:
    """Number of true entries."""
    xp = namespace_of(mask)
    return int(xp.sum(xp.astype(mask, xp.int64)))


def array_center(X: Any, *, name: str = "The representation") -> Centered:
    """``center`` for arrays of other libraries: column means subtracted, extreme units divided out.

    Raises
    ------
    ValueError
        If nothing but rounding is left, or the values overflow.
    """
    xp = namespace_of(X)
    mean = xp.mean(X, axis=0)
    values = X - mean
    values = values - xp.mean(values, axis=0)
    peak, level = (float(xp.max(xp.abs(constant(part)))) for part in (values, mean))
    if not math.isfinite(peak + level):
        raise ValueError(f"{name} is too large to be centred: rescale it.")
    if peak <= 2 * xp.finfo(X.dtype).eps * level:
        raise ValueError(f"{name} is constant up to rounding: its rows do not differ.")
    scale = power_of_two(peak, "float64" if X.dtype == xp.float64 else "float32")
    return Centered(values if scale == 1.0 else values * (1 / scale), scale)


def array_in_unit(X: Any) -> Centered:
    """The rows as they are, over a power of two that keeps their squares in range."""
    xp = namespace_of(X)
    dtype = "float64" if X.dtype == xp.float64 else "float32"
    scale = power_of_two(float(xp.max(xp.abs(constant(X)))), dtype)
    return Centered(X / scale, scale)


def array_directions(X: Any, name: str = "X", *, what: str = "zeros") -> Any:
    """``directions`` for arrays of other libraries: rows of length one."""
    xp = namespace_of(X)
    largest = xp.max(xp.abs(constant(X)), axis=1)
    n_zeros = array_count(largest == 0)
    if n_zeros:
        raise ValueError(
            f"{name} must have no rows of {what}, which have no direction; got {n_zeros}, "
            f"the first of them is row {int(xp.argmin(largest))}."
        )
    return array_unit_rows(X)


def array_standardize(X: Any) -> Any:
    """``standardize`` for arrays of other libraries: columns of unit norm, those that vary."""
    xp = namespace_of(X)
    values = array_center(X).values
    fixed = constant(X)
    largest = xp.max(xp.abs(constant(values)), axis=0)
    noise = 4 * xp.finfo(X.dtype).eps * xp.max(xp.abs(fixed), axis=0)
    varies = (xp.max(fixed, axis=0) - xp.min(fixed, axis=0) > noise) & (largest > 0)
    (kept,) = xp.nonzero(varies)
    values = xp.take(values, kept, axis=1) / xp.take(largest, kept)
    return values / xp.linalg.vector_norm(values, axis=0)


def array_unit_rows(X: Any) -> Any:
    """``unit_rows`` for arrays of other libraries: zeros stay zeros."""
    xp = any_namespace(X)
    largest = xp.max(xp.abs(constant(X)), axis=1, keepdims=True)
    scaled = X / xp.where(largest > 0, largest, xp.ones_like(largest))
    lengths = xp.linalg.vector_norm(scaled, axis=1, keepdims=True)
    return scaled / xp.where(largest > 0, lengths, xp.ones_like(largest))


def array_smaller_gram(X: Any) -> Any:
    """X X^T or X^T X, whichever is smaller: the same non-zero eigenvalues."""
    return X @ X.T if X.shape[0] < X.shape[1] else X.T @ X


def array_square_sum(A: Any) -> Any:
    """Sum of the squared entries."""
    return namespace_of(A).sum(A * A)


def array_root(squares: Any) -> Any:
    """Square roots; where there is nothing to take the root of, the gradient is zero too."""
    xp = namespace_of(squares)
    is_positive = squares > 0
    ones = xp.ones_like(squares)
    return xp.where(is_positive, xp.sqrt(xp.where(is_positive, squares, ones)), 0 * ones)


def array_entropy(shares: Any) -> Any:
    """- sum p log p in nats, zeros adding nothing."""
    xp = namespace_of(shares)
    logs = xp.log(xp.where(shares > 0, shares, xp.ones_like(shares)))
    return -xp.sum(shares * logs)
