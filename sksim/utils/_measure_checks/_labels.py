"""Checks of the records of agreement between predicted labels."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.utils._measure_checks._kind import Arrays, Kind, Widths

__all__ = ["Labels"]


class Labels(Kind):
    """True labels where the measure takes them, and those of two models that err now and then."""

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        rng = np.random.RandomState(seed)
        y = rng.randint(3, size=n_samples)
        a, b = (
            np.where(rng.uniform(size=n_samples) < 0.4, rng.randint(3, size=y.size), y)
            for _ in "ab"
        )
        return (y, a, b)[3 - measure.n_arrays :]

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        rng = np.random.RandomState(seed)
        if change == "row_order":
            order = rng.permutation(len(arrays[0]))
            return tuple(y[order] for y in arrays)
        names = rng.permutation(["ant", "bee", "cat"])
        return tuple(names[y] for y in arrays)

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        y = rng.randint(3, size=100)
        return measure(*(y, *rng.randint(3, size=(2, 100)))[3 - measure.n_arrays :])
