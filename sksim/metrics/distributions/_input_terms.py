"""The input side of d_LLV: the set of inputs with the smallest t2, and its terms."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics.distributions._index_sets import check_inputs, random_subsets
from sksim.metrics.distributions._terms import (
    BLOCK_ENTRIES,
    ModelPair,
    Terms,
    evaluate_terms,
    plane_coordinates,
    scaled_difference,
)
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, RandomState

__all__ = ["choose_inputs"]

#: Share of the squared lengths below which a squared distance is formed from the difference.
CANCELLED = 1e-4


def _candidates(
    n_samples: int, size: int, n_candidates: int, random_state: RandomState
) -> IntArray:
    """Sets of inputs to choose from, pivot input first: all of them, or a seeded sample.

    All ``n_samples * comb(n_samples - 1, size - 1)`` sets are listed if they are no more than
    ``n_candidates``; otherwise each candidate is drawn on its own, without replacement inside it.
    """
    if n_samples * comb(n_samples - 1, size - 1) > n_candidates:
        return random_subsets(n_samples, size, n_candidates, check_random_state(random_state))
    everything = range(n_samples)
    return np.array(
        [
            (first, *rest)
            for first in everything
            for rest in combinations([i for i in everything if i != first], size - 1)
        ]
    )


def choose_inputs(
    pair: ModelPair,
    inputs: ArrayLike | Literal["auto"],
    *,
    n_components: int | None,
    n_candidates: int,
    random_state: RandomState,
) -> tuple[IntArray, Terms]:
    """The inputs (x_0, ..., x_M) and their terms: those given, or the candidates' smallest t2.

    Candidates with a degenerate input are passed over; the first one is taken if all are.
    """
    if isinstance(inputs, str):
        size = pair.n_components if n_components is None else n_components
        if size >= pair.n_samples:
            raise ValueError(
                f"n_components={size} needs at least {size + 1} inputs (rows), got "
                f"{pair.n_samples}."
            )
        sets = _candidates(pair.n_samples, size + 1, n_candidates, random_state)
    else:
        sets = check_inputs(inputs, pair.n_samples, n_components)[None, :]
    used, positions = np.unique(sets, return_inverse=True)
    a, b = pair.input_variables(used)
    positions = positions.reshape(sets.shape)
    best = _smallest_t2(a, b, positions, pair) if len(sets) > 1 else 0
    x, y = a[positions[best]], b[positions[best]]
    terms = evaluate_terms(x[1:], y[1:], x[0], y[0], pair.n_labels, pair.floors)
    return sets[best], terms


def _smallest_t2(a: FloatArray, b: FloatArray, sets: IntArray, pair: ModelPair) -> int:
    """Index of the set with the smallest t2; the variables of all inputs are rows of a and b."""
    root = np.sqrt(pair.n_labels - 1)
    pivots, others = sets[:, :1], sets[:, 1:]
    r = _distances(a, pivots, others) / root
    r_prime = _distances(b, pivots, others) / root
    degenerate = ~(r > pair.floors[0]) | ~(r_prime > pair.floors[1])
    r[degenerate] = r_prime[degenerate] = np.nan
    coordinates = plane_coordinates(a, b) / root
    rest = scaled_difference(coordinates[:, others], r, r_prime)
    base = scaled_difference(coordinates[:, pivots], r, r_prime)
    t2 = np.maximum(rest, base).max(axis=1)
    return int(np.where(np.isnan(t2), np.inf, t2).argmin())


def _distances(a: FloatArray, pivots: IntArray, others: IntArray) -> FloatArray:
    """Distances of the rows ``others`` of a from the row ``pivots``, of each set.

    From the products of the rows; what cancels in these is formed from the differences.
    """
    which, columns = np.unique(pivots, return_inverse=True)
    squares = np.einsum("ij,ij->i", a, a)
    products = a @ a[which].T
    total = squares[others] + squares[pivots]
    squared = total - 2.0 * products[others, columns.reshape(pivots.shape)]
    close = np.nonzero(squared < CANCELLED * total)
    for part in gen_batches(len(close[0]), max(1, BLOCK_ENTRIES // a.shape[1])):
        rows, places = close[0][part], close[1][part]
        difference = a[others[rows, places]] - a[pivots[rows, 0]]
        squared[rows, places] = np.einsum("ij,ij->i", difference, difference)
    return np.sqrt(np.maximum(squared, 0.0))
