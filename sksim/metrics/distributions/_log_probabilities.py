"""Tables of log-probabilities: their validation, and the pair that the distances work on."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import check_consistent_length, gen_batches

from sksim.utils._arrays import check_named_array, naming, refuse_masks
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = [
    "NORMALIZATION_TOLERANCE",
    "RANK_TOLERANCE",
    "LogProbabilityPair",
    "aligned_log_probabilities",
    "centered_log_ratio",
    "check_finite",
    "check_log_probabilities",
    "check_same_tables",
    "label_orders",
    "rounding_level",
]

#: Rows of float32 log-softmax are normalised to about 1e-6, logits or probabilities are not.
NORMALIZATION_TOLERANCE = 1e-4
_ROUNDING = 1e-12
#: The sum of exponentials makes several arrays of the size of its argument.
_BLOCK_ENTRIES = 2**17
#: Of the largest singular value: tables in float32 leave noise of some 1e-7.
RANK_TOLERANCE = 1e-6


def check_finite(log_p: FloatArray, name: str) -> None:
    """Raise if a value is not finite, with advice if it is a logarithm of zero."""
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


def check_log_probabilities(
    log_p: ArrayLike, name: str = "log_p", *, min_samples: int = 1
) -> FloatArray:
    """Validate an (n, k) array of log-probabilities and return it in float64.

    Rows may miss exact normalisation by what float32 loses; the rest is divided out.
    """
    table: FloatArray = check_named_array(
        log_p,
        name,
        dtype=np.float64,
        ensure_all_finite=False,
        ensure_min_features=2,
        ensure_min_samples=min_samples,
    )
    check_finite(table, name)
    blocks = gen_batches(len(table), max(1, _BLOCK_ENTRIES // table.shape[1]))
    log_total = np.concatenate([logsumexp(table[rows], axis=1, keepdims=True) for rows in blocks])
    worst = np.abs(log_total).argmax()
    if abs(log_total[worst, 0]) > NORMALIZATION_TOLERANCE:
        raise ValueError(
            f"{name} must hold log-probabilities: the exponentials of each row must sum to 1, but "
            f"those of row {worst} sum to exp({log_total[worst, 0]:.6g}). For logits subtract "
            "scipy.special.logsumexp(logits, axis=1, keepdims=True) first; probabilities lose the "
            "small values, so take the logits instead."
        )
    return table - log_total


def check_same_tables(log_p: Any, log_q: Any, min_labels: int) -> None:
    """Raise if two tables differ in shape or have too few labels."""
    shapes = tuple(log_p.shape), tuple(log_q.shape)
    if shapes[0] != shapes[1]:
        raise ValueError(
            "log_p and log_q must have the same shape (inputs, labels), got "
            f"{shapes[0]} and {shapes[1]}."
        )
    if shapes[0][1] < min_labels:
        raise ValueError(
            f"log_p must have at least {min_labels} labels (columns), got {shapes[0][1]}."
        )


def centered_log_ratio(log_p: FloatArray) -> FloatArray:
    """Subtract each row's mean: log p(y|x) - mean over y of log p(y|x)."""
    return log_p - log_p.mean(axis=1, keepdims=True)


def rounding_level(largest: float) -> float:
    """Standard deviation at or below which a difference of log-probabilities is rounding.

    A share of the largest log-probability in absolute value, which is log k at least: differences
    that ought to be constant vary by some units in its last place.
    """
    return _ROUNDING * largest


def _numerical_rank(log_ratio: FloatArray) -> int:
    """Rank of a centered log ratio that is centered over the inputs as well.

    The eigenvalues of its products are the squares of its singular values, with rounding errors
    of less than 1e-13 of the largest. Where one of them is near the squared tolerance, 1e-12, the
    singular values decide.
    """
    values = log_ratio - log_ratio.mean(axis=0)
    side = values.T if values.shape[0] < values.shape[1] else values
    squares = np.linalg.eigvalsh(side.T @ side)
    limit = RANK_TOLERANCE**2 * squares[-1]
    if ((squares > limit / 10) & (squares < 10 * limit)).any():
        squares = np.linalg.svd(np.linalg.qr(side, mode="r"), compute_uv=False)[::-1] ** 2
        limit = RANK_TOLERANCE**2 * squares[-1]
    return int((squares > limit).sum())


@dataclass(frozen=True, eq=False)
class LogProbabilityPair:
    """Log-probabilities of two models, of the same labels (columns) for the same inputs (rows).

    What the distances derive from the tables alone is prepared here, once, when it is first asked
    for. All arrays are (n_samples, n_labels), in float64.
    """

    log_p: FloatArray
    log_q: FloatArray

    @classmethod
    def check(
        cls, log_p: ArrayLike, log_q: ArrayLike, *, min_samples: int = 1, min_labels: int = 2
    ) -> Self:
        """Validate the two tables that a caller gave."""
        pair = cls(
            check_log_probabilities(log_p, "log_p", min_samples=min_samples),
            check_log_probabilities(log_q, "log_q", min_samples=min_samples),
        )
        check_same_tables(pair.log_p, pair.log_q, min_labels)
        return pair

    @property
    def n_samples(self) -> int:
        """Number of inputs."""
        return self.log_p.shape[0]

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return self.log_p.shape[1]

    @cached_property
    def log_ratios(self) -> tuple[FloatArray, FloatArray]:
        """The centered log ratio of each model."""
        return centered_log_ratio(self.log_p), centered_log_ratio(self.log_q)

    @cached_property
    def log_ratio_difference(self) -> FloatArray:
        """Difference of the centered log ratios.

        Centered after subtraction: the difference of two close tables is exact, that of their
        centered log ratios has the rounding errors of both.
        """
        return centered_log_ratio(self.log_p - self.log_q)

    @cached_property
    def floors(self) -> tuple[float, float]:
        """The rounding level of each model."""
        return rounding_level(-self.log_p.min()), rounding_level(-self.log_q.min())

    @cached_property
    def n_components(self) -> int:
        """Dimension M: the larger numerical rank of the doubly centered log-probabilities.

        In the family p(y|x) ~ exp(f(x).g(y)) this matrix is (f - mean f)(g - mean g)^T, of rank M
        as soon as both sides vary in all directions. At least 1, and less than the number of
        inputs.
        """
        rank = max(map(_numerical_rank, self.log_ratios))
        return min(max(1, rank), self.n_samples - 1)

    @cached_property
    def variable_means(self) -> FloatArray:
        """Means over the inputs of the five variables of each label, (5, n_labels).

        They are a, b, d of the log ratios, d = a - b, and m = a + b, d of the log-probabilities.
        """
        a, b = self.log_ratios
        tables = (a, b, self.log_ratio_difference, self.log_p, self.log_q, self.log_p - self.log_q)
        mean_a, mean_b, mean_d, mean_p, mean_q, mean_log_d = (
            table.mean(axis=0) for table in tables
        )
        return np.stack([mean_a, mean_b, mean_d, mean_p + mean_q, mean_log_d])

    def centered_variables(self) -> Iterator[FloatArray]:
        """The five variables less their means, (5, n, n_labels), in blocks of inputs."""
        for rows in gen_batches(self.n_samples, max(256, _BLOCK_ENTRIES // (4 * self.n_labels))):
            log_p, log_q = self.log_p[rows], self.log_q[rows]
            a, b = (log_ratio[rows] for log_ratio in self.log_ratios)
            variables = np.stack(
                [a, b, self.log_ratio_difference[rows], log_p + log_q, log_p - log_q]
            )
            variables -= self.variable_means[:, None]
            yield variables

    def label_variables(self, labels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Log-probabilities of each label (row) over the inputs, centered."""
        a, b = self.log_p.T[labels], self.log_q.T[labels]
        return a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)

    def input_variables(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """Log-probabilities of each input (row) over the labels, centered."""
        return self.log_ratios[0][inputs], self.log_ratios[1][inputs]


def label_orders(estimators: Sequence[Any]) -> list[IntArray]:
    """Where each fitted classifier has the sorted labels, which must be the same for all."""
    first = np.sort(estimators[0].classes_)
    for index, estimator in enumerate(estimators):
        labels = np.sort(estimator.classes_)
        if not np.array_equal(labels, first):
            raise ValueError(
                "All models must know the same labels: model 0 has "
                f"{first.tolist()}, model {index} has {labels.tolist()}."
            )
    return [np.argsort(estimator.classes_) for estimator in estimators]


def aligned_log_probabilities(estimators: Iterable[Any], X: ArrayLike) -> list[FloatArray]:
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
    One ``predict_log_proba`` a model is the time, its result the memory. A fold of a
    cross-validation may lack a rare class; the models trained on it then cannot be compared with
    the others.

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
    for estimator in estimators:
        if not hasattr(estimator, "predict_log_proba"):
            raise TypeError(
                f"{type(estimator).__name__} has no predict_log_proba, which a distance between "
                "distributions needs."
            )
    refuse_masks(X, "X")
    arrays = []
    for index, (estimator, order) in enumerate(
        zip(estimators, label_orders(estimators), strict=True)
    ):
        with naming("X"):
            table = np.asarray(estimator.predict_log_proba(X))[:, order]
        arrays.append(check_log_probabilities(table, f"predict_log_proba of model {index}"))
    check_consistent_length(*arrays)
    return arrays
