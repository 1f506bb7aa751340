"""Occurrence counts by chance: the binomial distribution of a search of a given shape."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from math import ceil, floor, sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

__all__ = ["ChanceCounts", "SearchShape", "chance_counts"]


class SearchShape(NamedTuple):
    """Size of a neighbour search: m queries, n indexed samples, k neighbours."""

    n_queries: int
    n_indexed: int
    n_neighbors: int


class ChanceCounts(NamedTuple):
    """Counts that have any weight without hubness, their probabilities, P(N > count), and E N."""

    counts: np.ndarray
    pmf: np.ndarray
    tail: np.ndarray
    mean: float
    shape: SearchShape


@functools.lru_cache(maxsize=16)
def chance_counts(shape: SearchShape) -> ChanceCounts:
    """Binomial(m, k / n), within 40 standard deviations and 60 of its mean.

    All else is below 1e-60.
    """
    m, p = shape.n_queries, shape.n_neighbors / shape.n_indexed
    reach = 40 * sqrt(m * p * (1 - p)) + 60
    counts = np.arange(max(0, floor(m * p - reach)), min(m, ceil(m * p + reach)) + 1)
    # A frozen distribution would write its documentation first, which takes longer than all else.
    return ChanceCounts(counts, binom.pmf(counts, m, p), binom.sf(counts, m, p), m * p, shape)
