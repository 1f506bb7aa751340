"""The input side of d_LLV: its terms for sets of inputs, and the search for the best set.

With a = log p, b = log q, all standard deviations over all labels, ddof = 1, and a set of
inputs (x_0, x_1, ..., x_M)::

    r_j    = std[a(x_j) - a(x_0)]                  r'_j   = std[b(x_j) - b(x_0)]
    rest_j = std[a(x_j) / r_j - b(x_j) / r'_j]     base_j = std[a(x_0) / r_j - b(x_0) / r'_j]
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

from sksim.metrics.distributions._label_terms import deviation, is_degenerate
from sksim.metrics.distributions._subsets import random_subsets

__all__ = [
    "InputTerms",
    "candidate_inputs",
    "best_inputs",
    "input_terms",
    "summarize_input_terms",
]

_BLOCK_ENTRIES = 2**22


class InputTerms(NamedTuple):
    """Terms of S sets of M + 1 inputs, each (S, M); NaN where r_j or r'_j is zero."""

    rest: np.ndarray
    base: np.ndarray
    r: np.ndarray
    r_prime: np.ndarray


def _block_input_terms(a, b, sets, n_labels: int, floors) -> InputTerms:
    a, b = a[sets], b[sets]
    a_0, b_0 = a[:, :1], b[:, :1]
    a, b = a[:, 1:], b[:, 1:]
    r, r_prime = deviation(a - a_0, 2, n_labels), deviation(b - b_0, 2, n_labels)
    degenerate = is_degenerate(r, r_prime, floors)
    r[degenerate] = r_prime[degenerate] = np.nan
    scale, scale_prime = r[..., None], r_prime[..., None]
    rest = deviation(a / scale - b / scale_prime, 2, n_labels)
    base = deviation(a_0 / scale - b_0 / scale_prime, 2, n_labels)
    return InputTerms(rest, base, r, r_prime)


def input_terms(a: np.ndarray, b: np.ndarray, sets: np.ndarray, n_labels: int, floors):
    """Terms of each row (x_0, ..., x_M) of ``sets``, straight from the definition, in blocks.

    ``a`` and ``b`` are the centred log-ratios, or have the same products along their rows;
    ``floors`` are the rounding levels of the two models' log-probabilities.
    """
    size = max(1, _BLOCK_ENTRIES // (sets.shape[1] * a.shape[1]))
    blocks = [
        _block_input_terms(a, b, sets[start : start + size], n_labels, floors)
        for start in range(0, len(sets), size)
    ]
    return InputTerms(*(np.concatenate(parts) for parts in zip(*blocks)))


def summarize_input_terms(terms: InputTerms, reduce: str) -> tuple[np.ndarray, np.ndarray]:
    """t2 and t4 of each set: t2 is always the maximum, t4 the maximum or mean of |r - r'|."""
    t2 = np.maximum(terms.rest, terms.base).max(axis=1)
    gaps = np.abs(terms.r - terms.r_prime)
    return t2, gaps.max(axis=1) if reduce == "max" else gaps.mean(axis=1)


def candidate_inputs(n_samples: int, size: int, n_candidates: int, random_state) -> np.ndarray:
    """Sets of inputs to choose from, pivot input first: all of them, or a seeded sample.

    All ``n_samples * comb(n_samples - 1, size - 1)`` sets are listed if they are no more than
    ``n_candidates``; otherwise each candidate is drawn on its own, without replacement inside it.
    """
    if n_samples * comb(n_samples - 1, size - 1) <= n_candidates:
        everything = range(n_samples)
        return np.array(
            [
                (first, *rest)
                for first in everything
                for rest in combinations([i for i in everything if i != first], size - 1)
            ]
        )
    return random_subsets(n_samples, size, n_candidates, random_state)


def best_inputs(a, b, sets: np.ndarray, n_labels: int, floors) -> int:
    """Row of ``sets`` with the smallest t2; sets with a degenerate input are passed over.

    The first row if all of them are degenerate.
    """
    t2, _ = summarize_input_terms(input_terms(a, b, sets, n_labels, floors), "max")
    return int(np.where(np.isnan(t2), np.inf, t2).argmin())
