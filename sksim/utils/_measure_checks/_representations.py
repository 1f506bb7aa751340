"""Representations: examples, what changes them, and the checks of all that judge them."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from scipy.stats import ortho_group

from sksim.utils._measure_checks._kind import SAME, Arrays, Check, Kind, relative_difference

__all__ = ["RepresentationKind", "changed", "paired_data"]


def paired_data(seed: int, n_samples: int, width_x: int, width_y: int, n_shared: int = 3) -> Arrays:
    """Two representations of the same samples that share some latent directions."""
    rng = np.random.RandomState(seed)
    shared = rng.standard_normal((n_samples, n_shared))
    return tuple(
        shared @ rng.standard_normal((n_shared, width))
        + 0.7 * rng.standard_normal((n_samples, width))
        + rng.standard_normal(width)
        for width in (width_x, width_y)
    )


def changed(X: np.ndarray, change: str, seed: int) -> np.ndarray:
    """A representation after a random change of the named kind."""
    rng = np.random.RandomState(seed)
    n_samples, width = X.shape
    if change == "orthogonal":
        return X @ ortho_group.rvs(width, random_state=rng)
    if change == "scale":
        return X * rng.uniform(1.5, 4.0)
    if change == "translation":
        return X + rng.uniform(2.0, 5.0, size=width) * rng.choice([-1.0, 1.0], size=width)
    if change == "permutation":
        return X[:, np.roll(np.arange(width), 1 + rng.randint(width - 1))]
    if change == "row_scale":
        return X * np.exp(rng.uniform(-1.0, 1.0, size=(n_samples, 1)))
    if change == "row_order":
        return X[rng.permutation(n_samples)]
    if change == "duplication":
        return np.vstack([X, X])
    rotations = ortho_group.rvs(width, size=2, random_state=rng)
    return X @ (rotations[0] * rng.uniform(0.3, 3.0, size=width)) @ rotations[1]


class RepresentationKind(Kind):
    """A kind of which the first arrays are representations."""

    #: Number of last arrays that are none: a target, or what the first is compared with.
    n_targets: ClassVar[int] = 0

    def n_representations(self, arrays: Arrays) -> int:
        return len(arrays) - self.n_targets

    def unrelated(self, measure: Any, arrays: Arrays, seed: int) -> Arrays:
        return (*arrays[:-1], np.random.RandomState(seed).standard_normal(arrays[-1].shape))

    def random_checks(self, measure: Any) -> Iterator[Check]:
        yield self.check_float32

    def fixed_checks(self, measure: Any) -> Iterator[Check]:
        yield self.check_integers_and_layout
        yield self.check_least_samples
        yield self.check_extreme_units
        if measure.invariant_to("translation") and getattr(measure, "inputs", "") != "distances":
            yield self.check_large_offsets

    def check_float32(self, measure: Any, seed: int) -> None:
        """float32 input agrees with the same numbers in float64."""
        arrays = self.with_representations(self.example(measure, seed), np.float32)
        exact = measure(*self.with_representations(arrays, np.float64))
        difference = relative_difference(measure(*arrays), exact)
        assert difference < 1e-4, f"{measure.name}: float32 differs by {difference}"

    def check_integers_and_layout(self, measure: Any, seed: int = 0) -> None:
        """What counts are the numbers, not their type or where they lie in memory."""
        whole = self.with_representations(
            self.example(measure, seed), lambda X: np.round(100 * X).astype(np.int64)
        )
        floats = self.with_representations(whole, np.float64)
        expected = measure(*floats)
        assert relative_difference(measure(*whole), expected) < 1e-12, f"{measure.name}: integers"
        strided = self.with_representations(
            floats, lambda X: np.asfortranarray(np.repeat(X, 2, axis=1)[:, ::2])
        )
        backwards = tuple(X[::-1].copy()[::-1] for X in floats)
        for views in (strided, backwards):
            assert relative_difference(measure(*views), expected) < 1e-9, f"{measure.name}: layout"

    def check_least_samples(self, measure: Any, seed: int = 0) -> None:
        """The least number of samples is enough, one less is refused."""
        arrays = self.example(measure, seed, n_samples=max(1, measure.min_samples), widths=(3, 3))
        fewer = tuple(X[:-1] for X in arrays)
        self.assert_refused(measure, fewer, f"{measure.min_samples - 1} samples")
        low, high = measure.range
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                result = measure(*arrays)
            except ValueError as error:
                # Whether a covariance is positive definite is a matter of the width too.
                if "positive definite" not in str(error):
                    raise
            else:
                assert low <= result <= high, f"{measure.name}: {result} for the fewest samples"

    def check_extreme_units(self, measure: Any, seed: int = 0) -> None:
        """Tiny and huge numbers give the same value, if the unit does not matter, or an error.

        No error where all arrays are in the same unit: products of two overflow or vanish first.
        """
        arrays = self.example(measure, seed, widths=(5, 5))
        expected = measure(*arrays)
        ignores_units = measure.invariant_to("scale") and measure.invariant_to("scale", "y")
        for factor in (1e-150, 1e150):
            if self.sides == "xy":
                one_sided = _value_or_none(measure, (factor * arrays[0], arrays[1]))
                if one_sided is not None and measure.invariant_to("scale"):
                    assert abs(one_sided - expected) < SAME, (
                        f"{measure.name}: {one_sided} with X in units of {factor:g}"
                    )
            scaled = self.with_representations(arrays, lambda X, factor=factor: factor * X)
            result = _value_or_none(measure, scaled)
            if ignores_units:
                assert result is not None, f"{measure.name} refuses units of {factor:g}"
                assert abs(result - expected) < SAME, (
                    f"{measure.name}: {result} in units of {factor:g}"
                )

    def check_large_offsets(self, measure: Any, seed: int = 0) -> None:
        """Far from the origin the value loses no more digits than the input did."""
        arrays = self.example(measure, seed, widths=(5, 5))
        exact = measure(*arrays)
        for offset, dtype, tolerance in (
            (1e4, np.float64, 1e-7),
            (1e7, np.float64, 1e-5),
            (1e3, np.float32, 1e-4),
        ):
            moved = ((arrays[0] + offset).astype(dtype), *arrays[1:])
            difference = relative_difference(measure(*moved), exact)
            assert difference < tolerance, (
                f"{measure.name}: {difference} at an offset of {offset:g}"
            )


def _value_or_none(measure: Any, arrays: Arrays) -> float | None:
    """The value, which is finite, or None where the measure refuses the arrays."""
    try:
        result = measure(*arrays)
    except ValueError:
        return None
    assert math.isfinite(result), f"{measure.name}: {result}"
    return result
