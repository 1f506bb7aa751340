"""Checks of the records that judge one representation, or it and a partner."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.utils._measure_checks._kind import Arrays, Widths
from sksim.utils._measure_checks._representations import RepresentationKind, changed, paired_data

__all__ = ["Quality"]


class Quality(RepresentationKind):
    """A representation, and where the measure takes it a partner near it."""

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        width, _ = widths or np.random.RandomState(seed).randint(3, 7, size=2)
        width = min(width, measure.max_features or width)
        X, Y = paired_data(seed, n_samples, width, width)
        return (X, X + 0.5 * Y)[: measure.n_arrays]

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        return tuple(changed(X, change, seed) for X in arrays)

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        width = measure.max_features or 6
        return measure(*(rng.standard_normal((30, width)) for _ in range(measure.n_arrays)))
