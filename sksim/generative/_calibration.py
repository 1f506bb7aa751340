"""What the training data fix: the ends of the schedule, the second moment, the steps."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np

from sksim.generative._steps import best_path, optimal_ratio, step_cost
from sksim.utils._typing import FloatArray

__all__ = ["choose_steps", "gamma_range", "second_moment"]

_ROWS = 2000  # from which the losses of the steps are estimated
_ROWS_FOR_PAIRS = 500  # from which those between all pairs of times are


def gamma_range(
    gamma_min: float | str, gamma_max: float, n_levels: int | None
) -> tuple[float, float]:
    """Ends of the schedule.

    The automatic start for K levels keeps the ratio of a level's width to the noise that the
    papers have for 256: both are proportional to 1 / K at ``gamma_min = -13.3 + 2 ln(256 / K)``.
    """
    if gamma_min == "auto":
        gamma_min = -10.0 if n_levels is None else -13.3 + 2 * math.log(256 / n_levels)
    if not float(gamma_min) < gamma_max:
        raise ValueError(
            f"gamma_min must be smaller than gamma_max={gamma_max:g}, got {gamma_min:g}."
        )
    return float(gamma_min), float(gamma_max)


def second_moment(x: FloatArray) -> float:
    """Mean of x^2, in double precision."""
    return float(np.mean(x.astype(np.float64) ** 2))


def _some_rows(x: FloatArray, rng: np.random.RandomState, n_rows: int) -> FloatArray:
    """All rows, or a random choice of ``n_rows``."""
    return x if len(x) <= n_rows else x[rng.choice(len(x), n_rows, replace=False)]


def choose_steps(
    model: Any,
    x: FloatArray,
    n_steps: int,
    variance: str | float,
    rng: np.random.RandomState,
    *,
    times: str = "even",
    n_grid: int = 64,
) -> tuple[FloatArray, FloatArray]:
    """Times (n_steps + 1,) and ratios of variances (n_steps,) of a discrete process.

    Parameters
    ----------
    model : Diffusion
        In evaluation mode.
    x : ndarray of shape (n, *shape)
        Training data in the units of the network.
    n_steps : int
        Number of steps.
    variance : {"optimal", "equal"} or float
        The ratio of each step.
    rng : RandomState
        Chooses rows and noise.
    times : {"even", "optimal"}, default="even"
        Evenly spaced times, or the best ones of a grid.
    n_grid : int, default=64
        Steps of that grid.
    """
    from sksim._torch.diffusion._inference import mean_step_losses, step_loss_matrix

    n_features, largest_seed = x[0].size, np.iinfo(np.int32).max
    at = np.linspace(0, 1, n_steps + 1)
    if times == "optimal":
        grid = np.linspace(0, 1, n_grid + 1)
        rows = _some_rows(x, rng, _ROWS_FOR_PAIRS)
        losses = step_loss_matrix(model, rows, grid, rng.randint(largest_seed))
        cost = step_cost(losses, n_features, optimal=variance == "optimal")
        at = grid[best_path(cost, n_steps)]
    if variance != "optimal":
        return at, np.full(n_steps, 1.0 if variance == "equal" else float(variance))
    seed = rng.randint(largest_seed)
    losses = mean_step_losses(model, _some_rows(x, rng, _ROWS), at, seed)
    return at, optimal_ratio(losses, n_features)
