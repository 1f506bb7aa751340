"""Subsets of indices: all of them, or a seeded sample."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import combinations
from math import comb

import numpy as np
from sklearn.utils.random import sample_without_replacement

__all__ = ["index_subsets", "random_subsets"]


def random_subsets(n_items: int, size: int, n_subsets: int, random_state) -> np.ndarray:
    """``n_subsets`` random ordered subsets, each without replacement inside; they may repeat."""
    return np.array(
        [
            sample_without_replacement(n_items, size, random_state=random_state)
            for _ in range(n_subsets)
        ]
    )


def index_subsets(n_items: int, size: int, n_subsets: int, random_state) -> np.ndarray:
    """All subsets of ``size`` of ``n_items``, or ``n_subsets`` random ones if that is fewer."""
    if comb(n_items, size) <= n_subsets:
        return np.array(list(combinations(range(n_items), size)))
    return random_subsets(n_items, size, n_subsets, random_state)
