"""Log-probabilities: validation, centred log-ratios, alignment of fitted models by label."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import check_array, check_consistent_length

__all__ = [
    "aligned_log_probabilities",
    "centered_log_ratio",
    "check_log_probabilities",
    "check_log_probability_pair",
    "representation_rank",
    "rounding_level",
    "rounding_levels",
]

# Rows of float32 log-softmax are normalised to about 1e-6, logits or probabilities are not.
_NORMALIZATION_TOLERANCE = 1e-4
_ROUNDING = 1e-12


def _check_finite(log_p: np.ndarray, name: str) -> None:
    if np.isfinite(log_p).all():
        return
    row, column = np.argwhere(~np.isfinite(log_p))[0]
    value = log_p[row, column]
    advice = (
        "a probability had underflowed to 0 before its logarithm was taken. Pass "
        "log-probabilities computed from the logits (a log-softmax in float64); smoothing or "
        "clipping would change the distance."
        if value == -np.inf
        else "log-probabilities must be finite numbers."
    )
    raise ValueError(f"{name} holds {value} in row {row}, column {column}: {advice}")


def check_log_probabilities(log_p, name: str = "log_p", *, min_samples: int = 1) -> np.ndarray:
    """Validate an (n, k) array of log-probabilities and return it in float64.

    Rows may miss exact normalisation by what float32 loses; the rest is divided out.
    """
    log_p = check_array(
        log_p,
        dtype=np.float64,
        ensure_all_finite=False,
        ensure_min_features=2,
        ensure_min_samples=min_samples,
        input_name=name,
    )
    _check_finite(log_p, name)
    log_total = logsumexp(log_p, axis=1, keepdims=True)
    worst = np.abs(log_total).argmax()
    if abs(log_total[worst, 0]) > _NORMALIZATION_TOLERANCE:
        raise ValueError(
            f"{name} must hold log-probabilities: the exponentials of each row must sum to 1, but "
            f"those of row {worst} sum to exp({log_total[worst, 0]:.6g}). For logits subtract "
            "scipy.special.logsumexp(logits, axis=1, keepdims=True) first; probabilities lose the "
            "small values, so take the logits instead."
        )
    return log_p - log_total


def check_log_probability_pair(log_p, log_q, *, min_samples: int = 1, min_labels: int = 2):
    """Validate two arrays of log-probabilities over the same inputs and labels."""
    log_p = check_log_probabilities(log_p, "log_p", min_samples=min_samples)
    log_q = check_log_probabilities(log_q, "log_q", min_samples=min_samples)
    if log_p.shape != log_q.shape:
        raise ValueError(
            "log_p and log_q must have the same shape (inputs, labels), got "
            f"{log_p.shape} and {log_q.shape}."
        )
    if log_p.shape[1] < min_labels:
        raise ValueError(
            f"log_p must have at least {min_labels} labels (columns), got {log_p.shape[1]}."
        )
    return log_p, log_q


def centered_log_ratio(log_p: np.ndarray) -> np.ndarray:
    """Subtract each row's mean: log p(y|x) - mean over y of log p(y|x)."""
    return log_p - log_p.mean(axis=1, keepdims=True)


def rounding_level(log_p: np.ndarray) -> float:
    """Standard deviation at or below which a difference of log-probabilities is rounding.

    A share of the largest log-probability, which is log k at least: differences that ought to
    be constant vary by some units in its last place.
    """
    return _ROUNDING * float(np.abs(log_p).max())


def rounding_levels(log_p: np.ndarray, log_q: np.ndarray) -> tuple[float, float]:
    """The rounding level of each of two models."""
    return rounding_level(log_p), rounding_level(log_q)


def _numerical_rank(log_p: np.ndarray, rtol: float) -> int:
    centered = centered_log_ratio(log_p)
    centered = centered - centered.mean(axis=0)
    side = centered.T if centered.shape[0] > centered.shape[1] else centered
    triangle = np.linalg.qr(side.T, mode="r")
    values = np.linalg.svd(triangle, compute_uv=False)
    return int((values > rtol * values[0]).sum())


def representation_rank(log_p: np.ndarray, log_q: np.ndarray, *, rtol: float = 1e-6) -> int:
    """Estimate M: the larger numerical rank of the doubly centred log-probabilities.

    In the family p(y|x) ~ exp(f(x).g(y)) this matrix is (f - mean f)(g - mean g)^T, of rank M as
    soon as both sides vary in all directions. At least 1.
    """
    return max(1, _numerical_rank(log_p, rtol), _numerical_rank(log_q, rtol))


def _sorted_log_probabilities(estimator, X):
    if not hasattr(estimator, "predict_log_proba"):
        raise TypeError(
            f"{type(estimator).__name__} has no predict_log_proba, which a distance between "
            "distributions needs."
        )
    log_p = np.asarray(estimator.predict_log_proba(X))
    order = np.argsort(estimator.classes_)
    return np.asarray(estimator.classes_)[order], log_p[:, order]


def aligned_log_probabilities(estimators, X) -> list[np.ndarray]:
    """Compute the log-probabilities of several fitted classifiers, columns aligned by label.

    The columns follow the sorted labels, which all models must share; models may list them in
    different orders.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimators : sequence of fitted classifiers
        Each with ``predict_log_proba`` and ``classes_``.
    X : array-like of shape (n_samples, n_features)
        The inputs, the same for all models.

    Returns
    -------
    log_probabilities : list of ndarray of shape (n_samples, n_classes)
        One array a model, in float64.

    Raises
    ------
    ValueError
        If there is no model, if the models do not know the same set of labels, or if a
        log-probability is -inf.

    See Also
    --------
    make_distribution_scorer : The same comparison as a scorer for model selection.

    Notes
    -----
    The cost is that of one ``predict_log_proba`` a model. A fold of a cross-validation may lack a
    rare class; the models trained on it then cannot be compared with the others.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sksim.metrics import aligned_log_probabilities, logit_distance
    >>> X, y = load_iris(return_X_y=True)
    >>> models = [LogisticRegression(C=C, max_iter=500).fit(X, y) for C in (1.0, 0.5)]
    >>> log_p, log_q = aligned_log_probabilities(models, X)
    >>> round(logit_distance(log_p, log_q), 1)
    1.8
    """
    estimators = list(estimators)
    if len(estimators) == 0:
        raise ValueError("estimators must hold at least one fitted classifier, got none.")
    labelled = [_sorted_log_probabilities(estimator, X) for estimator in estimators]
    first = labelled[0][0]
    for index, (labels, _) in enumerate(labelled):
        if not np.array_equal(labels, first):
            raise ValueError(
                "All models must know the same labels: model 0 has "
                f"{first.tolist()}, model {index} has {labels.tolist()}."
            )
    arrays = [
        check_log_probabilities(log_p, f"predict_log_proba of model {index}")
        for index, (_, log_p) in enumerate(labelled)
    ]
    check_consistent_length(*arrays)
    return arrays
