"""Pivot label, left-out label and input set of the distances between distributions.

Checked where the caller gives them, chosen where the caller says "auto".
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics.distributions._input_terms import best_inputs, candidate_inputs
from sksim.metrics.distributions._label_terms import (
    center_columns,
    label_sums,
    label_values,
    score_pivots,
)
from sksim.metrics.distributions._log_probabilities import (
    centered_log_ratio,
    representation_rank,
    rounding_levels,
)
from sksim.utils._sklearn import Interval, StrOptions

__all__ = [
    "INDEX_CONSTRAINTS",
    "IndexSets",
    "check_index",
    "check_inputs",
    "check_label_pair",
    "check_n_components",
    "choose_index_sets",
    "choose_labels",
    "report_degenerate",
]

_BLOCK_ENTRIES = 2**21

INDEX_CONSTRAINTS = {
    "n_components": [Interval(numbers.Integral, 1, None, closed="left"), None],
    "pivot": [numbers.Integral, StrOptions({"auto"})],
    "left_out": [numbers.Integral, StrOptions({"auto"})],
    "inputs": ["array-like", StrOptions({"auto"})],
    "n_candidates": [Interval(numbers.Integral, 1, None, closed="left")],
    "random_state": ["random_state"],
}


class IndexSets(NamedTuple):
    """Pivot label, left-out label and the inputs (x_0, ..., x_M), pivot input first."""

    pivot: int
    left_out: int
    inputs: np.ndarray


def check_index(value, size: int, name: str, kind: str = "labels"):
    """Check an integer in [0, size); "auto" passes."""
    if isinstance(value, str) and value == "auto":
        return value
    if not isinstance(value, numbers.Integral) or not 0 <= value < size:
        raise ValueError(f"{name} must be in [0, {size}) for {size} {kind}, got {value}.")
    return value


def check_label_pair(pivot, left_out, n_labels: int) -> None:
    """Check that pivot and left-out label exist and differ."""
    check_index(pivot, n_labels, "pivot")
    check_index(left_out, n_labels, "left_out")
    if pivot == left_out != "auto":
        raise ValueError(f"left_out must differ from pivot, got {pivot} for both.")


def check_inputs(inputs, n_samples: int, n_components: int | None) -> np.ndarray:
    """Check M + 1 distinct row indices, pivot input first."""
    inputs = np.asarray(inputs)
    if inputs.ndim != 1 or inputs.dtype.kind not in "iu" or len(inputs) < 2:
        raise ValueError(
            "inputs must be a list of at least 2 row indices, pivot input first, got "
            f"an array of shape {inputs.shape} and type {inputs.dtype}."
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


def _score_in_blocks(log_p, log_q, pivots: np.ndarray, **search):
    """t1 of every pivot under its best left-out label, and that label, by blocks of pivots."""
    log_p_centered, log_d_centered = center_columns(log_p), center_columns(log_p - log_q)
    floors = rounding_levels(log_p, log_q)
    scored = []
    for rows in gen_batches(len(pivots), max(1, _BLOCK_ENTRIES // log_p.shape[1])):
        sums = label_sums(log_p_centered, log_d_centered, pivots[rows])
        values = label_values(sums, pivots[rows], len(log_p), floors)
        scored.append(score_pivots(values, **search))
    return (np.concatenate(parts) for parts in zip(*scored))


def choose_labels(log_p, log_q, *, pivot, left_out, reduce="max", skip=False) -> tuple[int, int]:
    """Pivot and left-out label with the smallest t1, exhaustively; the first pivot on ties.

    Ties are common: the term of label i for pivot j is that of label j for pivot i.
    """
    n_labels = log_p.shape[1]
    check_label_pair(pivot, left_out, n_labels)
    if "auto" not in (pivot, left_out):
        return int(pivot), int(left_out)
    pivots = np.array([int(pivot)]) if pivot != "auto" else np.arange(n_labels)
    pivots = pivots if left_out == "auto" else np.setdiff1d(pivots, [left_out])
    scores, chosen = _score_in_blocks(
        log_p, log_q, pivots, left_out=left_out, reduce=reduce, skip=skip
    )
    best = np.flatnonzero(scores <= scores.min() * (1 + 1e-12))[0]
    return int(pivots[best]), int(chosen[best])


def check_n_components(n_components: int, n_samples: int) -> int:
    """Check that there are M + 1 inputs."""
    if n_components >= n_samples:
        raise ValueError(
            f"n_components={n_components} needs at least {n_components + 1} inputs (rows), got "
            f"{n_samples}."
        )
    return n_components


def choose_index_sets(
    log_p, log_q, *, n_components, pivot, left_out, inputs, n_candidates, random_state, **search
) -> IndexSets:
    """All three sets: the given ones checked, the others chosen by the smallest t1 and t2."""
    pivot, left_out = choose_labels(log_p, log_q, pivot=pivot, left_out=left_out, **search)
    if not isinstance(inputs, str):
        return IndexSets(pivot, left_out, check_inputs(inputs, len(log_p), n_components))
    n_samples, n_labels = log_p.shape
    if n_components is None:
        n_components = min(representation_rank(log_p, log_q), n_samples - 1)
    size = check_n_components(n_components, n_samples) + 1
    sets = candidate_inputs(n_samples, size, n_candidates, check_random_state(random_state))
    best = best_inputs(
        centered_log_ratio(log_p),
        centered_log_ratio(log_q),
        sets,
        n_labels,
        rounding_levels(log_p, log_q),
    )
    return IndexSets(pivot, left_out, sets[best])


def report_degenerate(kind: str, indices, on_degenerate: str, *, all_of_them: bool) -> None:
    """Raise or warn about labels or inputs whose log-ratio to the pivot is constant."""
    if len(indices) == 0 or on_degenerate == "nan":
        return
    listed = ", ".join(map(str, indices[:10])) + (", ..." if len(indices) > 10 else "")
    message = (
        f"The log-ratios of these {kind}s to the pivot {kind} are constant in one of the models, "
        f"so that the distance is not defined on them: {listed}."
    )
    if on_degenerate == "skip" and not all_of_them:
        warnings.warn(f"{message} They are left out.", UserWarning, stacklevel=4)
        return
    raise ValueError(
        f"{message} Choose another pivot or set, merge {kind}s that the model cannot tell apart, "
        "or pass on_degenerate='skip' to leave them out."
    )
