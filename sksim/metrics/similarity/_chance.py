"""Chance levels and uncertainty of the similarity of two representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import warnings
from collections.abc import Callable, Iterator
from numbers import Integral, Real
from typing import Literal, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics._validation import (
    PAIR_CONSTRAINTS,
    DegenerateSimilarityWarning,
    check_paired,
    check_value,
)
from sksim.utils._array_api import constant, move
from sksim.utils._progress import progress, shown
from sksim.utils._results import Shown, Table
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, RandomState

__all__ = ["null_calibrated_score", "permutation_test_similarity", "similarity_interval"]

#: Difference up to which two scores count as equal, relative to what the measure can reach or,
#: where that has no limit, to the largest of the scores: sums run in other orders.
TIE_TOLERANCE = 1e-12


def _check_pairing_matters(measure: PairedMeasure) -> None:
    if measure.ignores_pairing:
        raise ValueError(
            f"{measure.name} does not depend on which rows belong together, so a permutation of "
            "the rows has nothing to test."
        )


def _score_and_null(X, Y, measure: PairedMeasure, n_permutations: int, random_state):
    """The score, and those of permuted rows of Y; nothing is prepared again."""
    _check_pairing_matters(measure)
    steps = measure.steps().suited_to(X)
    X, Y = check_paired(constant(X), constant(Y), min_samples=measure.min_samples, keep=steps.keep)
    random_state = check_random_state(random_state)
    state_x, state_y = steps.prepare(X), steps.prepare(Y)
    score = check_value(steps.compare(state_x, state_y))
    null_scores = np.empty(n_permutations)
    for i in progress(range(n_permutations), "permutations"):
        order = move(random_state.permutation(X.shape[0]), like=X)
        null_scores[i] = check_value(steps.compare(state_x, steps.permute(state_y, order)))
    return score, null_scores


def _tolerance(measure: PairedMeasure, score: float, null_scores: np.ndarray) -> float:
    """Difference up to which two scores count as equal."""
    limits = [abs(limit) for limit in measure.range if math.isfinite(limit)]
    return TIE_TOLERANCE * max(abs(score), float(np.abs(null_scores).max()), *limits)


class _Triple(NamedTuple):
    score: float
    null_scores: np.ndarray
    pvalue: float


class PermutationTest(Shown, _Triple):
    """The triple of a permutation test; it prints the score beside the middle of its null."""

    def _title(self) -> str:
        return f"Score beside those of {len(self.null_scores)} permutations of the rows"

    def _table(self) -> Table:
        low, high = np.quantile(self.null_scores, [0.025, 0.975])
        rows = {
            "score": self.score,
            "p-value": self.pvalue,
            "null mean": self.null_scores.mean(),
            "null 2.5 %": low,
            "null 97.5 %": high,
        }
        return Table(list(rows), ["value"], [[value] for value in rows.values()])


_METRIC = {**PAIR_CONSTRAINTS, "metric": [str, callable]}
_PERMUTATIONS = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {
        **_METRIC,
        "n_permutations": _PERMUTATIONS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def permutation_test_similarity(
    X: ArrayLike,
    Y: ArrayLike,
    metric: str | Callable[..., float] = "cka",
    *,
    n_permutations: int = 1000,
    random_state: RandomState = None,
    verbose: int = 0,
) -> PermutationTest:
    r"""Permutation test of the similarity of two representations.

    The null hypothesis is that the rows of Y could be paired with those of X in any other way.
    With B random permutations of the rows of Y,

    .. math:: p = \frac{1 + \#\{b : s_b \ge s\}}{1 + B}

    (:math:`\le` for measures of distance).

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    metric : str or callable, default="cka"
        Name of a measure or of a public function for paired representations, such a function, a
        :func:`functools.partial` of one, or any function of two arrays. Functions of others
        count as distances if their name ends in ``_distance``, ``_divergence``, ``_error`` or
        ``_loss``.
    n_permutations : int, default=1000
        Number B of permutations; the smallest possible p-value is 1 / (B + 1).
    random_state : int, RandomState instance or None, default=None
        Source of the permutations.
    verbose : int, default=0
        Whether to show the progress: a bar where tqdm is installed, one line otherwise.

    Returns
    -------
    score : float
        The measure of X and Y.
    null_scores : ndarray of shape (n_permutations,)
        The measure of X and permuted rows of Y.
    pvalue : float
        The p-value. The three are a named tuple that prints as a table.

    See Also
    --------
    null_calibrated_score : The score on a scale where chance is zero.
    sklearn.model_selection.permutation_test_score : The same triple for predictions.

    Notes
    -----
    Both representations are prepared once, and kept in memory. A permutation takes the time of what
    depends on the pairing only: relabelled neighbours, permuted rows of rank or kernel matrices, or
    the cross-product. The rows must be exchangeable: for time series or groups the test is too
    optimistic.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth (2010). Permutation P-values should never be zero: calculating
           exact P-values when permutations are randomly drawn. Statistical Applications in Genetics
           and Molecular Biology 9.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import permutation_test_similarity
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.standard_normal((40, 30)), rng.standard_normal((40, 30))
    >>> test = permutation_test_similarity(
    ...     X, Y, "procrustes", n_permutations=99, random_state=0
    ... )
    >>> test
    Score beside those of 99 permutations of the rows
                  value
    score        0.6701
    p-value      0.6600
    null mean    0.6751
    null 2.5 %   0.6525
    null 97.5 %  0.7040
    >>> score, null_scores, pvalue = test
    >>> pvalue > 0.05
    True
    """
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    with shown(verbose):
        score, null_scores = _score_and_null(X, Y, measure, n_permutations, random_state)
    sign = 1.0 if measure.greater_is_better else -1.0
    tolerance = _tolerance(measure, score, null_scores)
    as_close = sign * null_scores >= sign * score - tolerance
    pvalue = (1 + int(as_close.sum())) / (1 + n_permutations)
    return PermutationTest(score, null_scores, pvalue)


@validate_params(
    {
        **_METRIC,
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "n_permutations": _PERMUTATIONS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def null_calibrated_score(
    X: ArrayLike,
    Y: ArrayLike,
    metric: str | Callable[..., float] = "cka",
    *,
    alpha: float = 0.05,
    n_permutations: int = 200,
    random_state: RandomState = None,
    verbose: int = 0,
) -> float:
    r"""Similarity on a scale where the chance level is zero.

    .. math:: s_{\mathrm{cal}} = \max\Big( 0, \frac{s - \tau}{s_{\max} - \tau} \Big)

    with :math:`\tau` the :math:`\lceil (1 - \alpha) (B + 1) \rceil`-th smallest of the score and
    its B null scores, those of randomly permuted rows of Y. A score that is not significant at
    level :math:`\alpha` becomes zero.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    metric : str or callable, default="cka"
        A measure of similarity with a largest value, see :func:`permutation_test_similarity`.
    alpha : float, default=0.05
        Level of the threshold.
    n_permutations : int, default=200
        Number B of permutations.
    random_state : int, RandomState instance or None, default=None
        Source of the permutations.
    verbose : int, default=0
        Whether to show the progress: a bar where tqdm is installed, one line otherwise.

    Returns
    -------
    score : float
        In [0, 1].

    Raises
    ------
    ValueError
        For distances, and measures without a known largest value.

    See Also
    --------
    permutation_test_similarity : The null scores and a p-value.

    Notes
    -----
    The threshold is an order statistic of few draws: with 200 of them it moves by about 0.02
    between seeds for 60 samples. Fix ``random_state`` and report ``n_permutations``.
    Time and memory are those of :func:`permutation_test_similarity`.

    References
    ----------
    .. [1] F. Gröger, S. Wen and M. Brbić (2026). Revisiting the Platonic representation hypothesis:
           an Aristotelian view. International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from sksim.metrics import cka_score, null_calibrated_score
    >>> rng = np.random.default_rng(0)
    >>> X, noise = rng.standard_normal((30, 300)), rng.standard_normal((30, 300))
    >>> biased = partial(cka_score, unbiased=False)
    >>> round(biased(X, noise), 1), null_calibrated_score(X, noise, biased, random_state=0)
    (0.9, 0.0)
    """
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    best = measure.best
    if not (measure.greater_is_better and math.isfinite(best)):
        raise ValueError(
            f"metric must be a similarity with a largest value, got {measure.name}: a distance, "
            "or a function whose range is not known."
        )
    rank = math.ceil((1.0 - alpha) * (n_permutations + 1) - TIE_TOLERANCE * n_permutations)
    if rank > n_permutations:
        raise ValueError(
            f"n_permutations must be at least {math.ceil(1.0 / alpha - TIE_TOLERANCE) - 1} for "
            f"alpha={alpha:g}, got {n_permutations}: no score could be significant."
        )
    with shown(verbose):
        score, null_scores = _score_and_null(X, Y, measure, n_permutations, random_state)
    threshold = np.sort(np.append(null_scores, score))[rank - 1]
    if score <= threshold + _tolerance(measure, score, null_scores):
        return 0.0
    return float((score - threshold) / (best - threshold))


def _samples_of(measure: PairedMeasure, *arrays: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """Some samples of representations; of kernel or distance matrices their columns too."""
    squares = any(isinstance(v, str) and v == "precomputed" for v in measure.params.values())
    return [A[np.ix_(rows, rows)] if squares else A[rows] for A in arrays]


def _half_scores(X, Y, measure: PairedMeasure, n_draws: int, random_state) -> Iterator[float]:
    """The measure of random halves of the rows, drawn without replacement."""
    n_samples, steps = X.shape[0], measure.steps()
    for _ in progress(range(n_draws), "halves"):
        rows = np.sort(random_state.permutation(n_samples)[: n_samples // 2])
        x, y = _samples_of(measure, X, Y, rows=rows)
        with warnings.catch_warnings():
            warnings.simplefilter("error", DegenerateSimilarityWarning)
            try:
                yield check_value(steps.compare(steps.prepare(x), steps.prepare(y)))
            except DegenerateSimilarityWarning as warning:
                raise ValueError(
                    f"{measure.name} of half of the {n_samples} samples is degenerate, so halves "
                    f"say nothing about its uncertainty. {warning}"
                ) from warning


def _check_method(method: str) -> None:
    if method == "bootstrap":
        raise ValueError(
            'method="bootstrap" is refused: a row drawn twice is its own perfect match, which '
            "raises every similarity of kernels, distances or neighbours (unbiased CKA of "
            'independent data from 0.0 to 0.45). Use method="subsample".'
        )
    if method != "subsample":
        raise ValueError(f'method must be "subsample", got {method!r}.')


@validate_params(
    {
        **_METRIC,
        "method": [str],
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def similarity_interval(
    X: ArrayLike,
    Y: ArrayLike,
    metric: str | Callable[..., float] = "cka",
    *,
    method: Literal["subsample", "bootstrap"] = "subsample",
    confidence: float = 0.95,
    random_state: RandomState = None,
    verbose: int = 0,
) -> tuple[float, float]:
    r"""Confidence interval of the similarity of two representations, over samples.

    The measure is evaluated on random halves of the rows, drawn without replacement. Given the
    data, a half of n rows spreads around the whole with variance :math:`\sigma^2 (2/n - 1/n) =
    \sigma^2 / n`, which is that of the whole around the population. The interval is the score
    minus the quantiles of the deviations of the halves from their mean.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    metric : str or callable, default="cka"
        The measure, see :func:`permutation_test_similarity`.
    method : {"subsample"}, default="subsample"
        How the uncertainty is estimated. ``"bootstrap"`` is refused: rows that are drawn twice
        match themselves.
    confidence : float, default=0.95
        Probability that the interval covers the value of the population.
    random_state : int, RandomState instance or None, default=None
        Source of the halves.
    verbose : int, default=0
        Whether to show the progress: a bar where tqdm is installed, one line otherwise.

    Returns
    -------
    low, high : float
        The interval, within the range of the measure.

    Raises
    ------
    ValueError
        For the bootstrap, or a measure that is degenerate for half of the samples.

    See Also
    --------
    permutation_test_similarity : Whether there is any similarity.

    Notes
    -----
    The bias of a measure is not removed: the interval is about the expected value at this number
    of samples. Time: 10 / (1 - confidence) halves, 200 for 0.95, each evaluated anew; memory: one
    half.

    References
    ----------
    .. [1] D. N. Politis and J. P. Romano (1994). Large sample confidence regions based on
           subsamples under minimal assumptions. Annals of Statistics 22.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cka_score, similarity_interval
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> Y = X + rng.standard_normal((100, 3))
    >>> low, high = similarity_interval(X, Y, random_state=0)
    >>> low < cka_score(X, Y) < high
    True
    """
    _check_method(method)
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    X, Y = check_paired(X, Y, min_samples=2 * measure.min_samples)
    score = measure(X, Y)
    n_draws = math.ceil(10.0 / (1.0 - confidence) - 1e-9)
    random_state = check_random_state(random_state)
    with shown(verbose):
        halves = np.array(list(_half_scores(X, Y, measure, n_draws, random_state)))
    tails = np.quantile(halves - halves.mean(), [(1 + confidence) / 2, (1 - confidence) / 2])
    low, high = np.clip(score - tails, *measure.range)
    return float(low), float(high)
