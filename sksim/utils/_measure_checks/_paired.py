"""Checks of the records of paired measures: two representations of the same samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from sksim.utils._measure_checks._kind import (
    Arrays,
    Check,
    Widths,
    assert_triangle,
    relative_difference,
)
from sksim.utils._measure_checks._representations import RepresentationKind, changed, paired_data

__all__ = ["Paired", "triple"]


def triple(seed: int, n_samples: int, widths: tuple[int, ...]) -> Arrays:
    """Three representations, the second often on the way from the first to the third."""
    rng = np.random.RandomState(seed)
    A, B, C = (rng.standard_normal((n_samples, width)) for width in widths)
    if len(set(widths)) == 1 and rng.uniform() < 0.7:
        weight = rng.uniform(0.2, 0.8)
        B = weight * A + (1 - weight) * C
    return A, B, C


class Paired(RepresentationKind):
    """Two representations that share some latent directions.

    A distance of equal ones is exactly 0, so that scipy takes a matrix of them for distances.
    """

    sides = "xy"
    exact_zero = True

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        width_x, width_y = widths or np.random.RandomState(seed).randint(3, 7, size=2)
        if measure.needs_equal_features:
            width_y = width_x
        return paired_data(seed, n_samples, width_x, width_y)

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        X, Y = arrays
        return (changed(X, change, seed), Y) if side == "x" else (X, changed(Y, change, seed))

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        width = 6 if measure.needs_equal_features else 4
        return measure(rng.standard_normal((30, 6)), rng.standard_normal((30, width)))

    def random_checks(self, measure: Any) -> Iterator[Check]:
        yield from super().random_checks(measure)
        yield self.check_steps
        if measure.distance is not None:
            yield self.check_triangle
        if measure.row_order_free:
            yield self.check_row_order
        if measure.identity and math.isfinite(measure.best):
            yield self.check_noise_moves_away

    def fixed_checks(self, measure: Any) -> Iterator[Check]:
        yield from super().fixed_checks(measure)
        if not measure.needs_equal_samples:
            yield self.check_unequal_samples
        if not measure.ignores_pairing:
            yield self.check_pairing_matters

    def check_steps(self, measure: Any, seed: int) -> None:
        """The steps give the value of the function, survive pickling, and permute as rows do."""
        X, Y = self.example(measure, seed)
        order = np.random.RandomState(seed).permutation(X.shape[0])
        steps = pickle.loads(pickle.dumps(measure.steps()))
        x, y = pickle.loads(pickle.dumps((steps.prepare(X), steps.prepare(Y))))
        assert abs(steps.compare(x, y) - measure(X, Y)) < 1e-12, measure.name
        permuted = steps.compare(x, steps.permute(y, order))
        assert relative_difference(permuted, measure(X, Y[order])) < 1e-9, measure.name

    def check_triangle(self, measure: Any, seed: int) -> None:
        """The form that is called a metric is one, between representations of any widths."""
        width = 3 + seed % 4
        assert_triangle(measure, *triple(seed, 24, (width, width, width)))
        if not measure.needs_equal_features:
            widths = tuple(np.random.RandomState(seed).randint(3, 7, size=3))
            assert_triangle(measure, *triple(seed, 24, widths))

    def check_row_order(self, measure: Any, seed: int) -> None:
        """Reordering the rows of both sides alike leaves the value as it is."""
        X, Y = self.example(measure, seed)
        order = np.random.RandomState(seed).permutation(X.shape[0])
        difference = relative_difference(measure(X, Y), measure(X[order], Y[order]))
        assert difference < 1e-9, f"{measure.name}: the order of the rows matters: {difference}"

    def check_noise_moves_away(self, measure: Any, seed: int) -> None:
        """More noise on one side, further from the best value."""
        X, _ = self.example(measure, seed, n_samples=40)
        rng = np.random.RandomState(seed + 1)
        # Of clouds as wholes, noise can move one number by little now and then.
        noises = rng.standard_normal((5 if measure.ignores_pairing else 1, *X.shape))
        far, near = (
            max(abs(measure.best - measure(X, X + size * noise)) for noise in noises)
            for size in (3.0, 0.01)
        )
        assert near < far, f"{measure.name}: {near} off the best for little noise, {far} for much"

    def check_unequal_samples(self, measure: Any, seed: int = 0) -> None:
        """What does not pair the rows takes any number of them on either side."""
        X, Y = self.example(measure, seed)
        low, high = measure.range
        for pair in ((X, Y[:-5]), (X[:-5], Y)):
            result = measure(*pair)
            assert low <= result <= high, f"{measure.name}: {result} for unequal numbers of rows"

    def check_pairing_matters(self, measure: Any, seed: int = 0) -> None:
        """A permutation test has something to test."""
        X, Y = self.example(measure, seed, widths=(5, 5))
        assert relative_difference(measure(X, Y), measure(X, Y[::-1])) > 1e-3, measure.name
