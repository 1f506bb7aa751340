"""What a kind of record brings to its checks: examples, their changes, and checks of its own."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeAlias

import numpy as np

__all__ = [
    "DIFFERENT",
    "SAME",
    "Arrays",
    "Check",
    "Kind",
    "Widths",
    "assert_triangle",
    "relative_difference",
    "triangle_excess",
]

#: Up to this difference two values are equal but for rounding; from the second on they differ.
SAME = 1e-7
DIFFERENT = 1e-4

Arrays: TypeAlias = tuple[np.ndarray, ...]
Widths: TypeAlias = tuple[int, int] | None
Check: TypeAlias = Callable[[Any, int], None]


class Kind(ABC):
    """A kind of record: the checks of all records ask it for what differs from kind to kind.

    Its checks take the record and a seed, as those of all records do.
    """

    #: The sides of an example of which each can change alone.
    sides: ClassVar[str] = "x"
    #: Whether a distance of equal sides is 0 exactly.
    exact_zero: ClassVar[bool] = False

    @abstractmethod
    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        """The arrays of an example; representations are 3 to 6 wide unless told otherwise."""

    @abstractmethod
    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        """The arrays of an example after a random change that the records speak of."""

    @abstractmethod
    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        """The value of an example without any effect."""

    def null(self, measure: Any) -> float:
        """What the record says of the mean of ``null_draw``."""
        return measure.null(30) if callable(measure.null) else measure.null

    def null_bias(self, mean: float) -> float:
        """By how much the mean of ``null_draw`` may be off beside its standard error."""
        return 0.0

    def value(self, measure: Any, arrays: Arrays) -> float:
        """The measure of the arrays of an example."""
        return measure(*arrays)

    def unrelated(self, measure: Any, arrays: Arrays, seed: int) -> Arrays:
        """Arrays of the same shapes that have nothing to do with each other."""
        return arrays

    def n_representations(self, arrays: Arrays) -> int:
        """How many of the arrays, the first ones, are representations."""
        return 0

    def with_representations(self, arrays: Arrays, change: Callable) -> Arrays:
        """The arrays, those changed that are representations."""
        last = self.n_representations(arrays)
        return (*(change(X) for X in arrays[:last]), *arrays[last:])

    def assert_refused(self, measure: Any, arrays: Arrays, what: str) -> None:
        """What cannot be measured raises."""
        try:
            result = self.value(measure, arrays)
        except (ValueError, TypeError):
            return
        raise AssertionError(f"{measure.name} gives {result} for {what} instead of an error")

    def random_checks(self, measure: Any) -> Iterator[Check]:
        """Further checks of one example, to be made for many seeds."""
        yield from ()

    def fixed_checks(self, measure: Any) -> Iterator[Check]:
        """Further checks that are made once."""
        yield from ()


def relative_difference(a: float, b: float) -> float:
    """Difference, relative to the larger value where that exceeds one."""
    return abs(a - b) / max(1.0, abs(a), abs(b))


def triangle_excess(
    measure: Any, distance: Callable[[float], float], A: Any, B: Any, C: Any
) -> float:
    """How much the way over B is shorter than the direct one; positive is a violation."""
    A, B, C = (part if isinstance(part, tuple) else (part,) for part in (A, B, C))
    ac, ab, bc = (distance(measure(*one, *other)) for one, other in ((A, C), (A, B), (B, C)))
    return ac - ab - bc


def assert_triangle(measure: Any, A: Any, B: Any, C: Any) -> None:
    """The form of the value that is called a metric satisfies the triangle inequality."""
    excess = triangle_excess(measure, measure.distance, A, B, C)
    assert excess <= SAME, f"{measure.name}: triangle inequality violated by {excess}"
