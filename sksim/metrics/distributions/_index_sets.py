"""Pivot label, left-out label, sets of labels and of inputs: checked, listed or drawn."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from sklearn.utils.random import sample_without_replacement

from sksim.utils._arrays import naming, refuse_masks
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import ArrayLike, IntArray

__all__ = [
    "INDEX_CONSTRAINTS",
    "check_index",
    "check_indices",
    "check_inputs",
    "check_label_pair",
    "index_subsets",
    "random_subsets",
]

INDEX_CONSTRAINTS = {
    "n_components": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "pivot": [numbers.Integral, StrOptions({"auto"})],
    "left_out": [numbers.Integral, StrOptions({"auto"})],
    "inputs": ["array-like", StrOptions({"auto"})],
    "n_candidates": [Interval(numbers.Integral, 1, None, closed="left")],
    "random_state": ["random_state"],
}


def check_index(value: Any, size: int, name: str, kind: str = "labels") -> None:
    """Check an integer in [0, size); "auto" passes."""
    if isinstance(value, str) and value == "auto":
        return
    if not isinstance(value, int | np.integer) or not 0 <= value < size:
        raise ValueError(f"{name} must be in [0, {size}) for {size} {kind}, got {value}.")


def check_label_pair(pivot: Any, left_out: Any, n_labels: int) -> None:
    """Check that pivot and left-out label exist and differ."""
    check_index(pivot, n_labels, "pivot")
    check_index(left_out, n_labels, "left_out")
    if pivot == left_out != "auto":
        raise ValueError(f"left_out must differ from pivot, got {pivot} for both.")


def check_indices(indices: ArrayLike, name: str, kind: str) -> IntArray:
    """A list of at least one index, none of them masked."""
    refuse_masks(indices, name)
    with naming(name):
        indices = np.asarray(indices)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or indices.size == 0:
        raise ValueError(
            f"{name} must be a list of {kind} indices, got an array of shape {indices.shape} "
            f"and type {indices.dtype}."
        )
    return indices


def check_inputs(inputs: ArrayLike, n_samples: int, n_components: int | None) -> IntArray:
    """Check M + 1 distinct row indices, pivot input first."""
    inputs = check_indices(inputs, "inputs", "row")
    if len(inputs) < 2:
        raise ValueError(
            f"inputs must hold at least 2 row indices, pivot input first, got {len(inputs)}."
        )
    for index in inputs:
        check_index(index, n_samples, "each of inputs", "rows")
    if len(np.unique(inputs)) < len(inputs):
        raise ValueError(f"inputs must be distinct row indices, got {inputs.tolist()}.")
    if n_components is not None and len(inputs) != n_components + 1:
        raise ValueError(
            f"inputs must hold n_components + 1 = {n_components + 1} row indices, got "
            f"{len(inputs)}."
        )
    return inputs


def random_subsets(
    n_items: int, size: int, n_subsets: int, random_state: np.random.RandomState
) -> IntArray:
    """``n_subsets`` random ordered subsets, each without replacement inside; they may repeat."""
    return np.array(
        [
            sample_without_replacement(n_items, size, random_state=random_state)
            for _ in range(n_subsets)
        ]
    )


def index_subsets(
    n_items: int, size: int, n_subsets: int, random_state: np.random.RandomState
) -> IntArray:
    """All subsets of ``size`` of ``n_items``, or ``n_subsets`` random ones if that is fewer."""
    if comb(n_items, size) <= n_subsets:
        return np.array(list(combinations(range(n_items), size)))
    return random_subsets(n_items, size, n_subsets, random_state)
