"""Checks of the records that ask what a representation holds about a target."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.utils._measure_checks._kind import Arrays, Widths
from sksim.utils._measure_checks._representations import RepresentationKind, changed, paired_data

__all__ = ["Probe"]


def _target(rng: np.random.RandomState, X: np.ndarray, targets: str) -> np.ndarray:
    """Values, or classes of about equal size, that the first features tell with some noise."""
    y = X[:, 0] - X[:, 1] + 0.3 * rng.standard_normal(len(X))
    return y if targets == "values" else np.argsort(np.argsort(y)) * 3 // len(y)


class Probe(RepresentationKind):
    """A representation and a target."""

    n_targets = 1

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        rng = np.random.RandomState(seed)
        width, _ = widths or rng.randint(3, 7, size=2)
        X, _ = paired_data(seed, n_samples, width, width)
        return X, _target(rng, X, measure.targets)

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        X, y = arrays
        rng = np.random.RandomState(seed)
        if change == "target":
            if measure.targets == "values":
                return X, rng.uniform(1.5, 4.0) * y + rng.uniform(2.0, 5.0)
            names = rng.permutation(["ant", "bee", "cat"])
            return X, names[y]
        if change == "row_order":
            order = rng.permutation(len(X))
            return X[order], y[order]
        return changed(X, change, seed), np.tile(y, 2) if change == "duplication" else y

    def unrelated(self, measure: Any, arrays: Arrays, seed: int) -> Arrays:
        X, y = arrays
        return np.random.RandomState(seed).standard_normal(X.shape), y

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        X = rng.standard_normal((30, 6))
        return measure(X, rng.permutation(_target(rng, X, measure.targets)))
