"""The input side of d_LLV: the set of inputs with the smallest t2, and its terms."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics.distributions._index_sets import check_inputs, random_subsets
from sksim.metrics.distributions._terms import BLOCK_ENTRIES, ModelPair, Terms, evaluate_terms
from sksim.utils._typing import ArrayLike, IntArray, RandomState

__all__ = ["choose_inputs"]


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
    blocks = []
    for part in gen_batches(len(sets), max(1, BLOCK_ENTRIES // (sets.shape[1] * a.shape[1]))):
        rows = positions.reshape(sets.shape)[part]
        x, y = a[rows], b[rows]
        x_0, y_0 = x[:, :1], y[:, :1]
        blocks.append(evaluate_terms(x[:, 1:], y[:, 1:], x_0, y_0, pair.n_labels, pair.floors))
    terms = Terms(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))
    t2 = np.maximum(terms.rest, terms.base).max(axis=1)
    best = np.where(np.isnan(t2), np.inf, t2).argmin()
    return sets[best], Terms(*(part[best] for part in terms))
