"""The noise of repeated measurements: runs of conditions, and the precision of the features."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from sklearn.base import clone

from sksim.utils._arrays import check_named_array, naming, refuse_masks_and_times
from sksim.utils._typing import ArrayLike

__all__ = ["noise_precision", "precision_root", "split_runs"]

#: Below this share of the largest eigenvalue a covariance has no inverse worth the name.
SINGULAR = 1e-12


def split_runs(X: np.ndarray, repeats: ArrayLike) -> np.ndarray:
    """The runs (n_runs, n_conditions, n_features): the k-th row of each run is condition k."""
    refuse_masks_and_times(repeats, "repeats")
    with naming("repeats"):
        labels = np.asarray(repeats)
    if labels.shape != X.shape[:1]:
        raise ValueError(
            f"repeats must hold the run of each of the {X.shape[0]} rows of X, got an array of "
            f"shape {labels.shape}."
        )
    if labels.dtype.kind not in "iubfUS" or (labels.dtype.kind == "f" and np.isnan(labels).any()):
        raise TypeError(f"repeats must be numbers or strings without NaN, got type {labels.dtype}.")
    names, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    odd = np.flatnonzero(sizes != sizes[0])
    if odd.size:
        raise ValueError(
            "repeats must name as many rows of each run, one a condition, got "
            f"{sizes[0]} rows of run {names[0]!r} and {sizes[odd[0]]} of run {names[odd[0]]!r}."
        )
    order = np.argsort(codes, kind="stable")
    return X[order].reshape(names.size, sizes[0], X.shape[1])


def _estimated_precision(estimator: Any, runs: np.ndarray | None) -> np.ndarray:
    """Precision of a fitted estimator, or of the residuals of the runs around their mean.

    The mean takes one degree of freedom from each condition; estimators divide by all rows.
    """
    if hasattr(estimator, "covariance_"):
        return np.asarray(estimator.get_precision())
    if runs is None or len(runs) < 2:
        raise ValueError(
            f"noise={type(estimator).__name__}() is fitted on the residuals of repeated "
            "measurements: give repeats with two runs at least, or an estimator that is fitted on "
            "residuals of your own."
        )
    residuals = (runs - runs.mean(axis=0)).reshape(-1, runs.shape[2])
    fitted = clone(estimator).fit(residuals)
    values = np.linalg.eigvalsh(fitted.covariance_)
    if values[0] <= SINGULAR * values[-1]:
        raise ValueError(
            f"noise={type(estimator).__name__}() found a singular covariance of the "
            f"{residuals.shape[1]} features in {len(residuals)} residuals: take one that shrinks, "
            "such as sklearn.covariance.LedoitWolf()."
        )
    return np.asarray(fitted.get_precision()) * (1.0 - 1.0 / len(runs))


def _check_precision(N: np.ndarray, n_features: int) -> np.ndarray:
    if N.shape != (n_features, n_features):
        raise ValueError(
            f"noise must be the precision matrix of the {n_features} features, of shape "
            f"{(n_features, n_features)}, got shape {N.shape}."
        )
    peak = np.abs(N).max()
    if np.abs(N - N.T).max() > 1e-8 * peak:
        raise ValueError("noise must be a symmetric matrix, and it is not.")
    N = (N + N.T) / 2.0
    values = np.linalg.eigvalsh(N)
    if values[0] < -1e-8 * peak or peak == 0.0:
        raise ValueError(
            "noise must be a precision matrix, which has no negative eigenvalue and a positive "
            f"one, got eigenvalues from {values[0]:.3g} to {values[-1]:.3g}."
        )
    return N


def noise_precision(
    noise: Any, runs: np.ndarray | None, n_features: int, *, one_each: bool = False
) -> np.ndarray | None:
    """The precision (P, P) that ``noise`` means, or one for each run (M, P, P); None is identity.

    Parameters
    ----------
    noise : array-like, covariance estimator or None
        What the caller gave.
    runs : ndarray of shape (M, n, P) or None
        The repeated measurements.
    n_features : int
        P.
    one_each : bool, default=False
        Whether a precision for each run is allowed.
    """
    if noise is None:
        return None
    if hasattr(noise, "fit"):
        return _check_precision(_estimated_precision(noise, runs), n_features)
    N = check_named_array(noise, "noise", dtype=np.float64, ensure_2d=False, allow_nd=True)
    if N.ndim < 3:
        return _check_precision(N, n_features)
    if not one_each or runs is None or len(N) != len(runs):
        raise ValueError(
            "noise must be one matrix, or for kind='crossnobis' one for each run, got shape "
            f"{N.shape}" + ("." if runs is None else f" for {len(runs)} runs.")
        )
    return np.stack([_check_precision(one, n_features) for one in N])


def precision_root(N: np.ndarray) -> np.ndarray:
    """L with L L^T = N; where N is singular, from its eigenvectors."""
    try:
        return np.linalg.cholesky(N)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(N)
        return vectors * np.sqrt(np.maximum(values, 0.0))
