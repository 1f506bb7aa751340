"""Differences of two numbers that describe a cloud: how far from zero, how narrow its cone."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_directions, array_in_unit
from sksim.metrics._linalg import directions, power_of_two
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, check_like, check_value
from sksim.utils._array_api import constant, namespace_of
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["concentricity_difference", "magnitude_difference"]

#: Length of the mean, over that of the rows, below which its direction is rounding.
LEAST_MEAN = 1e-10


def _scaled(X: np.ndarray) -> tuple[np.ndarray, float]:
    """float64 values whose squares are in range, and their unit."""
    scale = power_of_two(float(np.abs(X).max()), np.float64)
    return X.astype(np.float64) / scale, scale


def _magnitude(X: np.ndarray) -> float:
    values, scale = _scaled(X)
    return scale * float(linalg.norm(values.mean(axis=0)))


def _concentricity(X: np.ndarray) -> float:
    values, _ = _scaled(X)
    unit = directions(values, "A representation")
    mean = values.mean(axis=0)
    length = linalg.norm(mean)
    _check_mean(length, linalg.norm(values, axis=1).mean())
    return float(np.mean(unit @ (mean / length)))


def _check_mean(length: float, typical: float) -> None:
    if length <= LEAST_MEAN * typical:
        raise ValueError(
            "A representation must not be centred for its concentricity: the mean of its rows is "
            f"zero up to rounding, {length / typical:.1e} of their length, and has no direction."
        )


def _array_magnitude(X: Any) -> Any:
    xp, (values, scale) = namespace_of(X), array_in_unit(X)
    return scale * xp.linalg.vector_norm(xp.mean(values, axis=0))


def _array_concentricity(X: Any) -> Any:
    xp, values = namespace_of(X), array_in_unit(X).values
    unit = array_directions(values, "A representation")
    mean = xp.mean(values, axis=0)
    length, lengths = xp.linalg.vector_norm(mean), xp.linalg.vector_norm(constant(values), axis=1)
    _check_mean(float(constant(length)), float(xp.mean(lengths)))
    return xp.mean(unit @ (mean / length))


def _gap(x: Any, y: Any) -> Any:
    return abs(x - y)


def _permute(y: Any, order: Any) -> Any:
    return y


def _magnitude_steps() -> Steps:
    arrays = ArraySteps(_array_magnitude, _gap, _permute, "gradient")
    return Steps(_magnitude, _gap, _permute, arrays)


def _concentricity_steps() -> Steps:
    arrays = ArraySteps(_array_concentricity, _gap, _permute, "gradient")
    return Steps(_concentricity, _gap, _permute, arrays)


def _evaluate(steps: Steps, X: ArrayLike, Y: ArrayLike) -> float:
    """``evaluate`` for sides that need not have the same number of rows."""
    suited = steps.suited_to(X)
    check = check_like(X, suited.keep)
    x, y = check(X), check(Y, name="Y")
    return check_value(suited.compare(suited.prepare(x), suited.prepare(y)))


@validate_params(PAIR_CONSTRAINTS, prefer_skip_nested_validation=True)
def magnitude_difference(X: ArrayLike, Y: ArrayLike) -> float:
    r"""Difference of the lengths of the means of two representations.

    .. math:: \big\lvert \lVert \bar x \rVert - \lVert \bar y \rVert \big\rvert

    with the mean rows :math:`\bar x, \bar y`: how far each cloud is from zero. At least 0, in the
    unit of the data. It compares the clouds as wholes, so that rows need not be paired, and
    neither their number nor that of the features need be equal.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples_x, n_features_x)
        First representation.
    Y : array-like of shape (n_samples_y, n_features_y)
        Second representation.

    Returns
    -------
    difference : float
        0 for means of equal length.

    See Also
    --------
    concentricity_difference : How narrow the clouds are, seen from zero.
    anisotropy : Mean cosine of the rows of one representation.

    Notes
    -----
    A pseudo-metric [1]_: it satisfies the triangle inequality, and is 0 for much that is not equal.
    Unchanged by rotation; not by scale or translation. There is nothing that a permutation of the
    rows could test. Time and memory O(n d).

    References
    ----------
    .. [1] C. Wang, W. Rao, W. Guo, P. Wang, J. Liu and X. Guan (2022). Towards understanding the
           instability of network embedding. IEEE Transactions on Knowledge and Data Engineering 34.

    Examples
    --------
    >>> from sksim.metrics import magnitude_difference
    >>> magnitude_difference([[3.0, 4.0], [6.0, 8.0], [9.0, 12.0]], [[0.0], [2.0], [4.0]])
    8.0
    """
    return _evaluate(_magnitude_steps(), X, Y)


@validate_params(PAIR_CONSTRAINTS, prefer_skip_nested_validation=True)
def concentricity_difference(X: ArrayLike, Y: ArrayLike) -> float:
    r"""Difference of the concentricities of two representations.

    .. math:: \lvert c(X) - c(Y) \rvert, \qquad
              c(X) = \frac{1}{n} \sum_i \cos(x_i, \bar x)

    with the mean row :math:`\bar x`: how narrow the cone of each cloud is, seen from zero. Nothing
    is centred. :math:`c` lies in [-1, 1], and can be negative where few long rows decide the mean;
    the difference lies in [0, 2]. Rows need not be paired, and neither their number nor that of the
    features need be equal.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples_x, n_features_x)
        First representation.
    Y : array-like of shape (n_samples_y, n_features_y)
        Second representation.

    Returns
    -------
    difference : float
        0 for cones that are equally narrow.

    Raises
    ------
    ValueError
        If a row is zero, or the mean is, up to rounding, as after centring.

    See Also
    --------
    magnitude_difference : How far the clouds are from zero.
    anisotropy : Mean cosine of the rows of one representation.

    Notes
    -----
    A pseudo-metric [1]_. Unchanged by rotation and scale; not by translation. There is nothing that
    a permutation of the rows could test. Time and memory O(n d).

    References
    ----------
    .. [1] C. Wang, W. Rao, W. Guo, P. Wang, J. Liu and X. Guan (2022). Towards understanding the
           instability of network embedding. IEEE Transactions on Knowledge and Data Engineering 34.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import concentricity_difference
    >>> X = np.random.RandomState(0).randn(200, 5)
    >>> round(concentricity_difference(X + 1, X + 2), 2)
    0.2
    """
    return _evaluate(_concentricity_steps(), X, Y)


for _function, _steps, _high, _invariances in (
    (magnitude_difference, _magnitude_steps, np.inf, frozenset({"orthogonal", "permutation"})),
    (
        concentricity_difference,
        _concentricity_steps,
        2.0,
        frozenset({"orthogonal", "permutation", "scale"}),
    ),
):
    register(
        PairedMeasure(
            name=_function.__name__,
            function=_function,
            make_steps=_steps,
            greater_is_better=False,
            range=(0.0, _high),
            distance=identity,
            invariances=_invariances,
            ignores_pairing=True,
            needs_equal_samples=False,
        )
    )
