"""Angles of shapes on held-out samples: means, whitening and rotation from the others."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.model_selection import check_cv

from sksim.metrics._linalg import power_of_two, same_values, svd
from sksim.metrics.similarity.canonical._basis import principal_axes, rounding_length

__all__ = ["held_out_angle", "uncentered_columns", "whitening_factors"]


def uncentered_columns(X: np.ndarray) -> tuple[np.ndarray, float]:
    """float64 columns that are not zero, over a power of two that keeps their squares in range."""
    scale = power_of_two(float(np.abs(X).max()), np.float64)
    values = X.astype(np.float64) / scale
    return values[:, values.any(axis=0)], scale


def whitening_factors(singular: Any, *, alpha: float, whitening: str, scale: float) -> Any:
    """What the coordinates along the principal axes are multiplied by, in the unit ``scale``."""
    if whitening == "power":
        return singular ** (alpha - 1.0)
    return alpha * scale + (1.0 - alpha) / singular


def _mapped(
    X: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    *,
    center: bool,
    scale: float,
    eps: float,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows after the mean and the whitening of the training rows.

    ``eps`` is the unit in which the values were stored.
    """
    mean = X[train].mean(axis=0) if center else np.zeros(X.shape[1])
    values = X[train] - mean
    singular, Vt = principal_axes(values, rounding_length(linalg.norm(values), X.shape[1], eps))
    axes = Vt.T * whitening_factors(singular, scale=scale, **options)
    return values @ axes, (X[test] - mean) @ axes


def held_out_angle(X: np.ndarray, Y: np.ndarray, *, cv: Any, center: bool, **options: Any) -> float:
    """Mean over the splits of the angle of the test samples, rotated as the training samples."""
    if same_values(X, Y):
        return 0.0
    eps_x, eps_y = np.finfo(X.dtype).eps, np.finfo(Y.dtype).eps
    (X, scale_x), (Y, scale_y) = uncentered_columns(X), uncentered_columns(Y)
    options["center"] = center
    angles = []
    for train, test in check_cv(cv).split(X, Y):
        x, x_test = _mapped(X, train, test, scale=scale_x, eps=eps_x, **options)
        y, y_test = _mapped(Y, train, test, scale=scale_y, eps=eps_y, **options)
        U, _, Vt = svd(x.T @ y)
        lengths = linalg.norm(x_test) * linalg.norm(y_test)
        if lengths == 0:
            raise ValueError(
                "A test set of cv has no direction: all its samples are at the mean of the others."
            )
        cosine = np.sum((x_test @ U) * (y_test @ Vt.T)) / lengths
        angles.append(math.acos(min(1.0, max(-1.0, cosine))))
    return float(np.mean(angles))
