"""The terms of d_LLV, which both of its sides share.

Label side: variables a_y = log p(y|x) and b_y = log q(y|x) over the inputs x, base y_0. Input
side: variables a_x = log p(y|x) and b_x over the labels y, base x_0. With standard deviations of
ddof = 1, a variable i and the base 0 have::

    s_i    = std[a_i - a_0]                  s'_i   = std[b_i - b_0]
    rest_i = std[a_i / s_i - b_i / s'_i]     base_i = std[a_0 / s_i - b_0 / s'_i]
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sksim.utils._typing import FloatArray, IntArray
from sksim.utils._warnings import warn_caller

__all__ = [
    "BLOCK_ENTRIES",
    "ModelPair",
    "Terms",
    "evaluate_terms",
    "plane_coordinates",
    "report_degenerate",
    "scaled_difference",
]

#: Numbers of one variable of a block: some blocks of 1 MiB stay in the processor's cache.
BLOCK_ENTRIES = 2**17


class ModelPair(Protocol):
    """Two models of the same inputs and labels, as the terms see them.

    ``floors`` are the standard deviations, one a model, at or below which a difference of
    log-probabilities is rounding. ``n_components`` is the dimension M of the representations where
    the caller gives none.
    """

    @property
    def n_samples(self) -> int: ...
    @property
    def n_labels(self) -> int: ...
    @property
    def n_components(self) -> int: ...
    @property
    def floors(self) -> tuple[float, float]: ...

    def label_variables(self, labels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of log p(y|.) and log q(y|.), centered."""

    def input_variables(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the labels of log p(.|x) and log q(.|x), centered."""


class Terms(NamedTuple):
    """Terms of one side, variables along the last axis; NaN where s_i or s'_i is rounding."""

    rest: FloatArray
    base: FloatArray
    s: FloatArray
    s_prime: FloatArray

    def shape_gap(self, reduce: str) -> float:
        """The largest, or mean, rest or base term: t1 or t2."""
        values = np.concatenate([self.rest, self.base])
        return float(values.max() if reduce == "max" else values.mean())

    def scale_gap(self, reduce: str) -> float:
        """The largest, or mean, difference of s_i and s'_i: t3 or t4."""
        values = np.abs(self.s - self.s_prime)
        return float(values.max() if reduce == "max" else values.mean())

    def keep(self, which: NDArray[np.generic]) -> Self:
        """The terms of some of the variables."""
        return type(self)(*(part[..., which] for part in self))


def evaluate_terms(
    a: FloatArray,
    b: FloatArray,
    a_0: FloatArray,
    b_0: FloatArray,
    n_values: int,
    floors: tuple[float, float],
) -> Terms:
    """Terms from their definition, for variables in rows that are centered along the last axis.

    Any rows with the same products do as well, such as those of the triangle of a QR
    decomposition; ``n_values`` is the number of values that they stand for.
    """

    def deviation(values: FloatArray) -> FloatArray:
        return np.sqrt(np.einsum("...i,...i->...", values, values) / (n_values - 1))

    s, s_prime = deviation(a - a_0), deviation(b - b_0)
    degenerate = ~(s > floors[0]) | ~(s_prime > floors[1])
    s[degenerate] = s_prime[degenerate] = np.nan
    difference = a * (1.0 / s)[..., None]
    difference -= b * (1.0 / s_prime)[..., None]
    base = scaled_difference(plane_coordinates(a_0, b_0), s, s_prime) / np.sqrt(n_values - 1)
    return Terms(deviation(difference), base, s, s_prime)


def plane_coordinates(a: FloatArray, b: FloatArray) -> FloatArray:
    """Coordinates of a = (a_1, 0) and d = a - b = (d_1, d_2) in their plane: a_1, d_1, d_2.

    Of d rather than b, so that nothing cancels where the models are close.
    """

    def length(values: FloatArray) -> FloatArray:
        return np.sqrt(np.einsum("...i,...i->...", values, values))

    d, a_1 = a - b, length(a)
    direction = a / np.where(a_1 > 0, a_1, 1.0)[..., None]
    d_1 = np.einsum("...i,...i->...", direction, d)
    return np.stack([a_1, d_1, length(d - d_1[..., None] * direction)])


def scaled_difference(coordinates: FloatArray, s: FloatArray, s_prime: FloatArray) -> FloatArray:
    """Length of a / s - b / s', as accurate as from the vectors themselves."""
    a_1, d_1, d_2 = coordinates
    return np.hypot(a_1 * (1 / s - 1 / s_prime) + d_1 / s_prime, d_2 / s_prime)


def report_degenerate(
    kind: str, indices: IntArray, on_degenerate: str, *, all_of_them: bool
) -> None:
    """Raise or warn about labels or inputs whose log-ratio to the pivot is constant."""
    if len(indices) == 0 or on_degenerate == "nan":
        return
    listed = ", ".join(map(str, indices[:10])) + (", ..." if len(indices) > 10 else "")
    message = (
        f"The log-ratios of these {kind}s to the pivot {kind} are constant in one of the models, "
        f"so that the distance is not defined on them: {listed}."
    )
    if on_degenerate == "skip" and not all_of_them:
        warn_caller(f"{message} They are left out.")
        return
    raise ValueError(
        f"{message} Choose another pivot or set, merge {kind}s that the model cannot tell apart, "
        "or pass on_degenerate='skip' to leave them out."
    )
