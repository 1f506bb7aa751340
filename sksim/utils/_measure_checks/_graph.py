"""Checks of the records that ask what an embedding of nodes keeps of their graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from sksim.utils._measure_checks._kind import Arrays, Widths
from sksim.utils._measure_checks._representations import RepresentationKind, changed, paired_data

__all__ = ["Graph"]


def _points_of(D: np.ndarray) -> np.ndarray:
    """Points with given Euclidean distances, by classical scaling."""
    squares = D**2
    means = squares.mean(axis=0)
    values, vectors = np.linalg.eigh(-0.5 * (squares - means - means[:, None] + means.mean()))
    kept = values > 1e-9 * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


class Graph(RepresentationKind):
    """Vectors of nodes with the graph of the nearest ones in a related space, or two distances."""

    n_targets = 1

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        width, _ = widths or np.random.RandomState(seed).randint(3, 7, size=2)
        X, Y = paired_data(seed, n_samples, width, width)
        D_embedded, D = cdist(X, X), cdist(Y, Y)
        if measure.inputs == "distances":
            return D, D_embedded
        nearest = np.argsort(D, axis=1)[:, 1 : 2 + min(2, n_samples // 4)]
        graph = np.zeros((n_samples, n_samples))
        np.put_along_axis(graph, nearest, 1.0, axis=1)
        return X, graph

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        rng = np.random.RandomState(seed)
        first, second = arrays
        if change == "node_order":
            order = rng.permutation(len(first))
            second = second[np.ix_(order, order)]
            return first[order] if measure.inputs == "graph" else first[
                np.ix_(order, order)
            ], second
        if measure.inputs == "graph":
            return changed(first, change, seed), second
        points = changed(_points_of(second), change, seed)
        return first, cdist(points, points)

    def unrelated(self, measure: Any, arrays: Arrays, seed: int) -> Arrays:
        return arrays[0], self.example(measure, seed, len(arrays[0]))[1]

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        seed = rng.randint(2**31 - 1)
        return measure(self.example(measure, seed)[0], self.example(measure, seed + 1)[1])
