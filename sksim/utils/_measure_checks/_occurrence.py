"""Checks of the records of measures of occurrence counts."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np

from sksim.utils._measure_checks._kind import Arrays, Kind, Widths

__all__ = ["Occurrence", "SearchSizes"]


class SearchSizes(NamedTuple):
    """Shape of the neighbour search of the examples."""

    n_queries: int = 40
    n_indexed: int = 40
    n_neighbors: int = 4


#: Shape of the searches without any preference.
_NULL_SIZES = SearchSizes(400, 400, 4)


class Occurrence(Kind):
    """Occurrence in neighbour lists that prefer some samples."""

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        rng, sizes = np.random.RandomState(seed), SearchSizes()
        preference = np.exp(rng.standard_normal(sizes.n_indexed))
        counts = np.zeros(sizes.n_indexed)
        for _ in range(sizes.n_queries):
            keys = rng.exponential(size=sizes.n_indexed) / preference
            counts[np.argsort(keys)[: sizes.n_neighbors]] += 1
        return (counts,)

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        (counts,) = arrays
        if change == "order":
            return (np.random.RandomState(seed).permutation(counts),)
        return (counts / 2 if change == "scale" else np.tile(counts, 2),)

    def value(self, measure: Any, arrays: Arrays) -> float:
        return measure.value(*arrays, SearchSizes())

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        sizes = _NULL_SIZES
        lists = [
            rng.permutation(sizes.n_indexed)[: sizes.n_neighbors] for _ in range(sizes.n_queries)
        ]
        counts = np.bincount(np.concatenate(lists), minlength=sizes.n_indexed)
        return measure.value(counts, sizes)

    def null(self, measure: Any) -> float:
        return measure.chance_level(_NULL_SIZES)

    def null_bias(self, mean: float) -> float:
        """The counts of one search have a fixed sum, which moves their measures by order 1/n."""
        return 3 / _NULL_SIZES.n_indexed * abs(mean) + 1e-9
