"""The steps of a discrete process: what is allowed, what they cost, where they are best.

The step from t to s has the loss L with equal variances. With the ratio ``w = var_Q / var_P`` it
costs ``(D/2) (w - 1 - ln w) + w L``, which is smallest at ``w = 1 / (1 + 2 L / D)``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from sksim.utils._typing import FloatArray, IntArray

__all__ = ["best_path", "check_steps", "check_variance", "optimal_ratio", "step_cost"]


def check_variance(n_steps: int | None, variance: str | float) -> None:
    """ValueError for a free variance in continuous time."""
    if n_steps is None and variance not in ("equal", 1):
        raise ValueError(
            f"variance={variance!r} needs a finite number of steps, got n_steps=None: in "
            "continuous time the bound is infinite unless the variances are equal. Set "
            "n_steps, or use variance='equal'."
        )


def check_steps(n_steps: Any, variance: Any, times: Any, n_grid: Any) -> None:
    """ValueError for what cannot be a discrete process."""
    if n_steps is not None and not (isinstance(n_steps, Integral) and int(n_steps) > 0):
        raise ValueError(f"n_steps must be a positive integer or None, got {n_steps!r}.")
    is_number = isinstance(variance, Real) and 0 < float(variance) < math.inf
    if not is_number and variance not in ("optimal", "equal"):
        raise ValueError(
            f"variance must be 'optimal', 'equal' or a positive number, got {variance!r}."
        )
    if n_steps is None and is_number and variance != 1:
        raise ValueError(f"variance={variance!r} needs a finite number of steps, got n_steps=None.")
    if times not in ("even", "optimal"):
        raise ValueError(f"times must be 'even' or 'optimal', got {times!r}.")
    if n_steps is None or times == "even":
        return
    if not (isinstance(n_grid, Integral) and n_grid >= n_steps):
        raise ValueError(f"n_grid must be an integer, at least n_steps={n_steps}, got {n_grid!r}.")


def optimal_ratio(losses: FloatArray, n_features: int) -> FloatArray:
    """``w = 1 / (1 + 2 L / D)``: the ratio of variances that makes a step of loss L cheapest."""
    return 1 / (1 + 2 * losses / n_features)


def step_cost(losses: FloatArray, n_features: int, *, optimal: bool) -> FloatArray:
    """Nats of a step: its loss, or ``(D/2) ln(1 + 2 L / D)`` with the optimal ratio."""
    return 0.5 * n_features * np.log1p(2 * losses / n_features) if optimal else losses


def best_path(cost: FloatArray, n_steps: int) -> IntArray:
    """Cheapest path of exactly ``n_steps`` steps from the first node to the last.

    Dynamic programming in ``O(n_steps n^2)``: the cheapest way to node j in m steps goes through
    the cheapest way to some i < j in m - 1 steps.

    Parameters
    ----------
    cost : ndarray of shape (n, n)
        ``cost[i, j]`` of the step between nodes i and j, inf unless i < j.
    n_steps : int
        Number of steps, at most n - 1.

    Returns
    -------
    nodes : ndarray of shape (n_steps + 1,)
        Increasing indices, from 0 to n - 1.
    """
    total = np.full(len(cost), np.inf)
    total[0] = 0
    came_from = []
    for _ in range(n_steps):
        ways = total[:, None] + cost
        came_from.append(ways.argmin(axis=0))
        total = ways.min(axis=0)
    nodes = [len(cost) - 1]
    for previous in reversed(came_from):
        nodes.append(int(previous[nodes[-1]]))
    return np.array(nodes[::-1])
