"""Toy densities on a lattice, whose entropy is known."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Literal, overload

import numpy as np
from scipy.special import entr
from scipy.stats import norm
from sklearn.utils import check_random_state

from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import IntArray, RandomState

__all__ = ["make_checkerboard", "make_swirl"]

_WINDOW = 64.0  # side of the square, in units of the curve, that the lattice covers
_SPACINGS = 20_000  # of the trapezoid rule along the curve


def _curve(u: np.ndarray) -> np.ndarray:
    """Points (n, 2) of the swirl, the angle being sqrt(u) 3 pi."""
    angle = np.sqrt(u) * 3 * np.pi
    radius = 2 * angle + np.pi
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + 30


def _swirl_probabilities(n_levels: int, noise: float) -> np.ndarray:
    """Probability of each pair of levels, by the mid-point rule along the curve."""
    centers = _curve((np.arange(_SPACINGS) + 0.5) / _SPACINGS)
    edges = np.arange(n_levels + 1) * _WINDOW / n_levels
    edges[[0, -1]] = -np.inf, np.inf
    total = np.zeros((n_levels, n_levels))
    for block in np.array_split(centers, 20):
        shares = np.diff(norm.cdf((edges - block[..., None]) / noise), axis=2)
        total += shares[:, 0].T @ shares[:, 1]
    return total / _SPACINGS


@overload
def make_swirl(
    n_samples: int = ...,
    *,
    n_levels: int = ...,
    noise: float = ...,
    return_entropy: Literal[False] = ...,
    random_state: RandomState = ...,
) -> IntArray: ...
@overload
def make_swirl(
    n_samples: int = ...,
    *,
    n_levels: int = ...,
    noise: float = ...,
    return_entropy: Literal[True],
    random_state: RandomState = ...,
) -> tuple[IntArray, float]: ...
@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_levels": [Interval(Integral, 2, 256, closed="both")],
        "noise": [Interval(Real, 0, 2, closed="right")],
        "return_entropy": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_swirl(
    n_samples: int = 1000,
    *,
    n_levels: int = 256,
    noise: float = 0.25,
    return_entropy: bool = False,
    random_state: RandomState = None,
) -> IntArray | tuple[IntArray, float]:
    r"""Points on a noisy spiral, rounded to a lattice, with known entropy.

    :math:`\theta = 3\pi\sqrt{u}`, u uniform in [0, 1]; the point
    :math:`(2\theta + \pi)(\cos\theta, \sin\theta) + 30 + s\,\epsilon`,
    :math:`\epsilon \sim N(0, I)`, lies in a square of side 64, whose sides are cut in K levels.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=1000
        Number of points.
    n_levels : int, default=256
        Number K of levels of each coordinate.
    noise : float, default=0.25
        Standard deviation s of the noise, in (0, 2].
    return_entropy : bool, default=False
        Return the entropy too.
    random_state : int, RandomState instance or None, default=None
        Draws the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points, unsigned bytes from 0 to K - 1.
    entropy : float
        Entropy of the distribution, in bits per feature, by quadrature to about 1e-4. Only if
        ``return_entropy``. No density model of expected code length below it exists.

    See Also
    --------
    make_checkerboard : A distribution with sharp edges.
    sksim.generative.VariationalDiffusion : A density model.

    Notes
    -----
    The entropy takes time and memory in proportion to K^2, a second for 256 levels.

    Examples
    --------
    >>> from sksim.datasets import make_swirl
    >>> X, entropy = make_swirl(500, return_entropy=True, random_state=0)
    >>> X.shape, X.dtype.name
    ((500, 2), 'uint8')
    >>> round(entropy, 3)
    5.492
    """
    rng = check_random_state(random_state)
    points = _curve(rng.uniform(size=n_samples)) + noise * rng.normal(size=(n_samples, 2))
    X = np.clip(np.floor(points * n_levels / _WINDOW), 0, n_levels - 1).astype(np.uint8)
    if return_entropy:
        p = _swirl_probabilities(n_levels, noise)
        return X, float(entr(p).sum() / (2 * np.log(2)))
    return X


@overload
def make_checkerboard(
    n_samples: int = ...,
    *,
    n_cells: int = ...,
    cell_size: int = ...,
    return_entropy: Literal[False] = ...,
    random_state: RandomState = ...,
) -> IntArray: ...
@overload
def make_checkerboard(
    n_samples: int = ...,
    *,
    n_cells: int = ...,
    cell_size: int = ...,
    return_entropy: Literal[True],
    random_state: RandomState = ...,
) -> tuple[IntArray, float]: ...
@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_cells": [Interval(Integral, 1, 64, closed="both")],
        "cell_size": [Interval(Integral, 1, 64, closed="both")],
        "return_entropy": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_checkerboard(
    n_samples: int = 1000,
    *,
    n_cells: int = 4,
    cell_size: int = 32,
    return_entropy: bool = False,
    random_state: RandomState = None,
) -> IntArray | tuple[IntArray, float]:
    """Points uniform on the dark cells of a checkerboard, with known entropy.

    The board has ``2 n_cells`` cells a side, each of ``cell_size`` levels. Half of the lattice
    is possible, so the entropy is ``log2(2 n_cells cell_size) - 1/2`` bits per feature.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=1000
        Number of points.
    n_cells : int, default=4
        Number of dark cells in each row of cells.
    cell_size : int, default=32
        Number of levels in the side of a cell.
    return_entropy : bool, default=False
        Return the entropy too.
    random_state : int, RandomState instance or None, default=None
        Draws the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points, integers from 0 to ``2 n_cells cell_size - 1``.
    entropy : float
        Entropy in bits per feature, exact. Only if ``return_entropy``.

    See Also
    --------
    make_swirl : A distribution around a curve.

    Notes
    -----
    Time and memory O(n_samples).

    Examples
    --------
    >>> from sksim.datasets import make_checkerboard
    >>> X, entropy = make_checkerboard(500, return_entropy=True, random_state=0)
    >>> X.shape, entropy
    ((500, 2), 7.5)
    """
    rng = check_random_state(random_state)
    side = 2 * n_cells
    row, column = rng.randint(side, size=n_samples), 2 * rng.randint(n_cells, size=n_samples)
    cells = np.column_stack([row, column + row % 2])
    X = cells * cell_size + rng.randint(cell_size, size=(n_samples, 2))
    return (X, float(np.log2(side * cell_size) - 0.5)) if return_entropy else X
