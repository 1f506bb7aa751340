"""Angles of shapes on held-out samples: means, whitening and rotation from the others."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from sksim.metrics._array_formulas import array_in_unit
from sksim.metrics._linalg import power_of_two, svd
from sksim.metrics.similarity.canonical._basis import (
    array_principal_axes,
    principal_axes,
    rounding_length,
)
from sksim.utils._array_api import any_namespace, beside, to_numpy, widest_float

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


def _principal_axes(values: Any, least: float) -> tuple[Any, Any]:
    """Singular values, and the axes as columns."""
    if not isinstance(values, np.ndarray):
        return array_principal_axes(values, least)
    singular, Vt = principal_axes(values, least)
    return singular, Vt.T


def _mapped(
    X: Any, train: Any, test: Any, *, center: bool, scale: float, eps: float, **options: Any
) -> tuple[Any, Any]:
    """Training and test rows after the mean and the whitening of the training rows.

    ``eps`` is the unit in which the values were stored.
    """
    xp = any_namespace(X)
    values, tested = xp.take(X, train, axis=0), xp.take(X, test, axis=0)
    if center:
        mean = xp.mean(values, axis=0)
        values, tested = values - mean, tested - mean
    norm = float(xp.linalg.matrix_norm(values))
    singular, V = _principal_axes(values, rounding_length(norm, X.shape[1], eps))
    axes = V * whitening_factors(singular, scale=scale, **options)
    return values @ axes, tested @ axes


def held_out_angle(X: Any, Y: Any, *, cv: Any, center: bool, **options: Any) -> float:
    """Mean over the splits of the angle of the test samples, rotated as the training samples."""
    xp = any_namespace(X)
    if X.shape == Y.shape and xp.all(X == Y):
        return 0.0
    eps_x, eps_y = (float(xp.finfo(Z.dtype).eps) for Z in (X, Y))
    (x, scale_x), (y, scale_y) = (
        uncentered_columns(Z) if xp is np else array_in_unit(widest_float(Z)) for Z in (X, Y)
    )
    options["center"] = center
    angles, labels = [], np.arange(X.shape[0])
    for split in check_cv(cv).split(to_numpy(X), to_numpy(Y)):
        train, test = (beside(labels[rows], X) for rows in split)  # of masks too
        x_train, x_test = _mapped(x, train, test, scale=scale_x, eps=eps_x, **options)
        y_train, y_test = _mapped(y, train, test, scale=scale_y, eps=eps_y, **options)
        C = x_train.T @ y_train
        U, _, Vt = svd(C) if xp is np else xp.linalg.svd(C, full_matrices=False)
        lengths = float(xp.linalg.matrix_norm(x_test)) * float(xp.linalg.matrix_norm(y_test))
        if lengths == 0:
            raise ValueError(
                "A test set of cv has no direction: all its samples are at the mean of the others."
            )
        cosine = float(xp.sum((x_test @ U) * (y_test @ Vt.T))) / lengths
        angles.append(math.acos(min(1.0, max(-1.0, cosine))))
    return float(np.mean(angles))
