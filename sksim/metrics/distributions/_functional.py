"""Similarity of the predictions of two models."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sksim.metrics._measure import LabelMeasure
from sksim.metrics._registry import register
from sksim.metrics.distributions._arguments import of_labels
from sksim.utils._labels import check_labels
from sksim.utils._typing import ArrayLike
from sksim.utils._warnings import warn_caller

__all__ = ["disagreement_rate", "error_consistency_score", "minmax_normalized_disagreement"]


def _check_labels(**labels: ArrayLike) -> list[np.ndarray]:
    """One-dimensional arrays of equal length, of any type of label; none is missing."""
    arrays = []
    for name, y in labels.items():
        advice = f"For probabilities pass the labels, such as {name}.argmax(axis=1)."
        try:
            array = check_labels(y, name)
        except ValueError as error:
            raise ValueError(f"{error} {advice}") from error
        if array.dtype.kind == "f" and (array % 1).any():
            raise ValueError(f"{name} must hold labels, got numbers that are not whole. {advice}")
        arrays.append(array)
    sizes = {name: y.size for name, y in zip(labels, arrays, strict=True)}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"The labels must be of the same samples, got these lengths: {sizes}.")
    if arrays[0].size == 0:
        raise ValueError("The labels must be of at least one sample, got none.")
    kinds = {name: y.dtype.kind in "OUS" for name, y in zip(labels, arrays, strict=True)}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"The labels must be all of text or all of numbers, got {kinds}.")
    return arrays


def _undefined(what: str, why: str) -> float:
    warn_caller(f"{what} is not defined and set to NaN: {why}", UndefinedMetricWarning)
    return float("nan")


@of_labels
def disagreement_rate(y_pred_a: ArrayLike, y_pred_b: ArrayLike) -> float:
    r"""Share of samples for which two models predict different labels.

    .. math:: D = \frac{1}{n} \lvert \{i : \hat y_i \neq \hat y'_i\} \rvert

    The value lies in [0, 1], 0 for equal predictions. It is a metric over predictions. Two
    models with error rates e and e' disagree at least in a share \|e - e'\| and at most in
    min(e + e', 1): compare models of different quality by ``minmax_normalized_disagreement``.

    .. versionadded:: 0.1

    Parameters
    ----------
    y_pred_a : array-like of shape (n_samples,)
        Labels that the first model predicts.
    y_pred_b : array-like of shape (n_samples,)
        Labels that the second model predicts.

    Returns
    -------
    rate : float
        Share of different predictions.

    Raises
    ------
    ValueError
        If the lengths differ, are zero, or one holds text and the other numbers.

    See Also
    --------
    minmax_normalized_disagreement : Relative to what the error rates allow.
    error_consistency_score : Agreement on which samples are hard, corrected for chance.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] M. Klabunde, T. Schumacher, M. Strohmaier and F. Lemmerich (2025). Similarity of neural
           network models: a survey of functional and representational measures. ACM Computing
           Surveys 57.

    Examples
    --------
    >>> from sksim.metrics import disagreement_rate
    >>> disagreement_rate(["cat", "dog", "dog", "cat"], ["cat", "dog", "cat", "cat"])
    0.25
    """
    a, b = _check_labels(y_pred_a=y_pred_a, y_pred_b=y_pred_b)
    return float(np.mean(a != b))


@of_labels
def minmax_normalized_disagreement(
    y_true: ArrayLike, y_pred_a: ArrayLike, y_pred_b: ArrayLike
) -> float:
    r"""Disagreement of two models between its least and its largest possible value.

    .. math:: \frac{D - \lvert e - e' \rvert}{\min(e + e', 1) - \lvert e - e' \rvert}

    with D the disagreement rate and e, e' the error rates of the two models. The value lies in
    [0, 1]: 0 if the models disagree no more than their error rates force them to, 1 if they
    disagree as often as these allow.

    .. versionadded:: 0.1

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred_a : array-like of shape (n_samples,)
        Labels that the first model predicts.
    y_pred_b : array-like of shape (n_samples,)
        Labels that the second model predicts.

    Returns
    -------
    disagreement : float
        Normalised disagreement. NaN with an ``UndefinedMetricWarning`` if the error rates leave
        no choice, as they do where one model makes no error.

    Raises
    ------
    ValueError
        If the lengths differ, are zero, or some hold text and some numbers.

    See Also
    --------
    disagreement_rate : Without normalisation.
    error_consistency_score : Agreement on which samples are hard, corrected for chance.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] M. Klabunde and F. Lemmerich (2022). On the prediction instability of graph neural
           networks. European Conference on Machine Learning and Principles and Practice of
           Knowledge Discovery in Databases.

    Examples
    --------
    >>> from sksim.metrics import minmax_normalized_disagreement
    >>> y_true = [0, 1, 0, 1]
    >>> minmax_normalized_disagreement(y_true, [0, 1, 0, 0], [0, 1, 1, 1])
    1.0
    >>> minmax_normalized_disagreement(y_true, [0, 1, 0, 0], [0, 1, 0, 0])
    0.0
    """
    y, a, b = _check_labels(y_true=y_true, y_pred_a=y_pred_a, y_pred_b=y_pred_b)
    # counts of samples, so that the comparisons below are exact
    errors_a, errors_b = int(np.count_nonzero(a != y)), int(np.count_nonzero(b != y))
    least, largest = abs(errors_a - errors_b), min(errors_a + errors_b, y.size)
    if least == largest:
        return _undefined(
            "The min-max normalised disagreement",
            f"error rates of {errors_a / y.size:g} and {errors_b / y.size:g} fix it.",
        )
    return float((np.count_nonzero(a != b) - least) / (largest - least))


@of_labels
def error_consistency_score(y_true: ArrayLike, y_pred_a: ArrayLike, y_pred_b: ArrayLike) -> float:
    r"""Agreement of two models on which samples are hard, corrected for chance.

    .. math:: \kappa = \frac{c - c_0}{1 - c_0}, \qquad c_0 = a a' + (1 - a)(1 - a')

    with c the share of samples that both models get right or both get wrong, and a, a' their
    accuracies. The value is at most 1, 0 in expectation if the errors are independent, and
    negative if the models err on different samples.

    .. versionadded:: 0.1

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.
    y_pred_a : array-like of shape (n_samples,)
        Labels that the first model predicts.
    y_pred_b : array-like of shape (n_samples,)
        Labels that the second model predicts.

    Returns
    -------
    score : float
        Cohen's kappa of the correctness of the predictions. NaN with an
        ``UndefinedMetricWarning`` if both models are right, or wrong, on every sample.

    Raises
    ------
    ValueError
        If the lengths differ, are zero, or some hold text and some numbers.

    See Also
    --------
    disagreement_rate : Share of different predictions, right or wrong.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] R. Geirhos, K. Meding and F. A. Wichmann (2020). Beyond accuracy: quantifying
           trial-by-trial behaviour of CNNs and humans by measuring error consistency. Advances in
           Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.metrics import error_consistency_score
    >>> y_true = [0, 1, 0, 1]
    >>> error_consistency_score(y_true, [0, 1, 0, 0], [0, 1, 0, 0])
    1.0
    >>> round(error_consistency_score(y_true, [0, 1, 0, 0], [0, 1, 1, 1]), 4)
    -0.3333
    """
    y, a, b = _check_labels(y_true=y_true, y_pred_a=y_pred_a, y_pred_b=y_pred_b)
    right_a, right_b = a == y, b == y
    accuracy_a, accuracy_b = right_a.mean(), right_b.mean()
    by_chance = accuracy_a * accuracy_b + (1 - accuracy_a) * (1 - accuracy_b)
    if by_chance == 1:
        return _undefined(
            "The error consistency", "both models are right, or both wrong, on every sample."
        )
    return float((np.mean(right_a == right_b) - by_chance) / (1 - by_chance))


_LABEL_MAPS = frozenset({"row_order", "label_names"})

register(
    LabelMeasure(
        name="disagreement_rate",
        function=disagreement_rate,
        greater_is_better=False,
        invariances=_LABEL_MAPS,
        min_samples=1,
    )
)
register(
    LabelMeasure(
        name="minmax_normalized_disagreement",
        function=minmax_normalized_disagreement,
        n_arrays=3,
        greater_is_better=False,
        invariances=_LABEL_MAPS,
        min_samples=1,
    )
)
register(
    LabelMeasure(
        name="error_consistency",
        function=error_consistency_score,
        n_arrays=3,
        range=(-1.0, 1.0),
        invariances=_LABEL_MAPS,
        null=0.0,
        min_samples=1,
    )
)
