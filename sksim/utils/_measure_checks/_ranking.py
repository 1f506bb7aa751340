"""Checks of the records that judge ranked lists."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.utils._measure_checks._kind import Arrays, Kind, Widths

__all__ = ["Ranking"]

N_ITEMS, N_RANKS = 20, 12


def _lists(rng: np.random.RandomState, n_queries: int) -> Arrays:
    """The first items of each query, and which items are relevant, at least one for each."""
    relevant = rng.uniform(size=(n_queries, N_ITEMS)) < 0.15
    relevant[np.arange(n_queries), rng.randint(N_ITEMS, size=n_queries)] = True
    closeness = relevant + rng.standard_normal(relevant.shape)
    return np.argsort(-closeness, axis=1)[:, :N_RANKS], relevant


class Ranking(Kind):
    """Ranked items that tend to be relevant."""

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        return _lists(np.random.RandomState(seed), n_samples)

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        rng = np.random.RandomState(seed)
        indices, relevant = arrays
        if change == "query_order":
            order = rng.permutation(len(indices))
            return indices[order], relevant[order]
        if change == "rank_order":
            return np.stack([rng.permutation(ranked) for ranked in indices]), relevant
        names = rng.permutation(relevant.shape[1])
        return names[indices], relevant[:, np.argsort(names)]

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        indices = np.stack([rng.permutation(N_ITEMS)[:N_RANKS] for _ in range(30)])
        return measure(indices, _lists(rng, 30)[1])
