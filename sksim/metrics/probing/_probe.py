"""Losses of a probe and of the best constant prediction, on the same folds."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, check_cv

__all__ = ["Losses", "class_losses", "value_losses"]


class Losses(NamedTuple):
    """Mean loss of the best constant and of the probe over the samples that are scored, in nats."""

    constant: float
    probe: float


def _folds(X: np.ndarray, y: np.ndarray, cv: Any, *, classes: bool) -> Iterable[tuple]:
    """Pairs of rows to train on and to score; for ``cv=None`` all rows twice, in sample."""
    if cv is None:
        every = np.arange(len(y))
        return [(every, every)]
    splitter = check_cv(cv, y, classifier=classes)
    if isinstance(splitter, StratifiedKFold):
        values, counts = np.unique(y, return_counts=True)
        n_folds = splitter.get_n_splits(X, y)
        if counts.min() < n_folds:
            raise ValueError(
                f"y must hold {n_folds} samples of each class, one for each fold of cv, got "
                f"{counts.min()} of class {values[counts.argmin()]!r}."
            )
    elif not classes and len(y) < (n_folds := splitter.get_n_splits(X, y)):
        raise ValueError(f"X must have {n_folds} samples, one for each fold, got {len(y)}.")
    return splitter.split(X, y)


def class_losses(X: np.ndarray, y: np.ndarray, estimator: Any, cv: Any) -> Losses:
    """Cross-entropies of a classifier, and of the shares of the classes that it was trained on."""
    if not hasattr(estimator, "predict_log_proba"):
        raise TypeError(
            "estimator must have predict_log_proba for a target of classes, got "
            f"{type(estimator).__name__}."
        )
    classes, codes = np.unique(y, return_inverse=True)
    constant, probe = [], []
    for train, test in _folds(X, y, cv, classes=True):
        counts = np.bincount(codes[train], minlength=len(classes))
        unseen = np.setdiff1d(codes[test], codes[train])
        if unseen.size:
            raise ValueError(
                f"y must hold each class in the training part of each fold of cv; class "
                f"{classes[unseen[0]]!r} is only in a part that is held out."
            )
        fitted = clone(estimator).fit(X[train], y[train])
        columns = np.searchsorted(fitted.classes_, y[test])
        with np.errstate(divide="ignore"):  # of classes that are out of the question
            log_p = np.asarray(fitted.predict_log_proba(X[test]))[np.arange(len(test)), columns]
        if not np.isfinite(log_p).all():
            raise ValueError(
                f"estimator gives probability 0 to the class of {np.isneginf(log_p).sum()} samples "
                "of y, so that the loss is infinite: take a smoother probe, or calibrate it, such "
                "as by sklearn.calibration.CalibratedClassifierCV."
            )
        constant.append(np.log(len(train)) - np.log(counts[codes[test]]))
        probe.append(-log_p)
    return Losses(float(np.concatenate(constant).mean()), float(np.concatenate(probe).mean()))


def value_losses(
    X: np.ndarray, y: np.ndarray, estimator: Any, cv: Any, *, free_variance: bool
) -> Losses:
    """Gaussian losses of a regression and of the mean that it was trained on.

    With a fixed variance, that of y in the training part, a loss is half the mean squared error in
    its unit; with free ones it is the full negative log-likelihood, each variance being the mean
    squared error in the training part.
    """
    squares: list[np.ndarray] = []
    for train, test in _folds(X, y, cv, classes=False):
        mean = y[train].mean()
        fitted = clone(estimator).fit(X[train], y[train])
        variance = np.mean((y[train] - mean) ** 2)
        if not variance > (8 * np.finfo(np.float64).eps * np.abs(y[train]).max()) ** 2:
            raise ValueError("y must vary in the training part of each fold of cv.")
        predicted = np.asarray(fitted.predict(X[test]), dtype=np.float64).reshape(len(test))
        errors = np.stack([(y[test] - mean) ** 2, (y[test] - predicted) ** 2]) / variance
        if not free_variance:
            squares.append(errors / 2)
            continue
        learned = np.asarray(fitted.predict(X[train]), dtype=np.float64).reshape(len(train))
        residual = np.mean((y[train] - learned) ** 2) / variance
        if residual < 1e-24:
            raise ValueError(
                "estimator fits y without error, so that its information is infinite with a free "
                "variance: take more samples, or scale='fixed_variance'."
            )
        variances = np.array([[1.0], [residual]])
        squares.append((np.log(2 * math.pi * variance * variances) + errors / variances) / 2)
    constant, probe = np.concatenate(squares, axis=1).mean(axis=1)
    return Losses(float(constant), float(probe))
