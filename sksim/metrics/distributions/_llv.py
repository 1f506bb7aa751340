"""Log-likelihood variance distance, d_LLV."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from typing import Literal

import numpy as np

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import keeping
from sksim.metrics.distributions._arguments import (
    EMBEDDING_CONSTRAINTS,
    LOG_PROBABILITY_CONSTRAINTS,
    of_embeddings,
    of_log_probabilities,
)
from sksim.metrics.distributions._embeddings import EmbeddingPair
from sksim.metrics.distributions._embeddings_in_place import model_embeddings
from sksim.metrics.distributions._index_sets import (
    INDEX_CONSTRAINTS,
    check_index,
    check_indices,
    check_label_pair,
)
from sksim.metrics.distributions._input_terms import choose_inputs
from sksim.metrics.distributions._label_terms import choose_labels, label_terms, score_pivots
from sksim.metrics.distributions._tables_in_place import model_tables
from sksim.metrics.distributions._terms import Terms, report_degenerate
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, IntArray, RandomState

__all__ = ["log_likelihood_variance_distance", "log_likelihood_variance_distance_from_embeddings"]

_ALL_PIVOTS = 64

_CONSTRAINTS = {
    **INDEX_CONSTRAINTS,
    "weight": [Interval(numbers.Real, 0, None, closed="left")],
    "combine": [StrOptions({"max", "sum"})],
    "reduce": [StrOptions({"max", "mean"})],
    "on_degenerate": [StrOptions({"raise", "skip", "nan"})],
    "return_terms": ["boolean"],
}


def _without_degenerate(terms: Terms, indices: IntArray, kind: str, on_degenerate: str) -> Terms:
    degenerate = np.isnan(terms.rest)
    report_degenerate(kind, indices[degenerate], on_degenerate, all_of_them=bool(degenerate.all()))
    return terms.keep(~degenerate) if on_degenerate == "skip" else terms


def _combine(
    label_side: Terms,
    labels: IntArray,
    input_side: Terms,
    inputs: IntArray,
    *,
    weight: float,
    combine: str,
    reduce: str,
    on_degenerate: str,
    **sets: int,
) -> Result:
    """The distance and its four terms, from the terms of ``labels`` and of ``inputs[1:]``.

    ``sets`` are the pivot and the left-out label, which are returned with them.
    """
    label_side = _without_degenerate(label_side, labels, "label", on_degenerate)
    input_side = _without_degenerate(input_side, inputs[1:], "input", on_degenerate)
    t1, t2 = label_side.shape_gap(reduce), input_side.shape_gap("max")
    t3, t4 = label_side.scale_gap(reduce), input_side.scale_gap(reduce)
    weighted = np.array([t1, t2, weight * t3, weight * t4])
    distance = float(weighted.max() if combine == "max" else weighted.sum())
    return Result(distance=distance, t1=t1, t2=t2, t3=t3, t4=t4, **sets, inputs=inputs)


@of_log_probabilities
@validate_params(
    {**LOG_PROBABILITY_CONSTRAINTS, **_CONSTRAINTS}, prefer_skip_nested_validation=True
)
@keeping("library")
def log_likelihood_variance_distance(
    log_p: ArrayLike,
    log_q: ArrayLike,
    *,
    n_components: int | None = None,
    pivot: int | Literal["auto"] = "auto",
    left_out: int | Literal["auto"] = "auto",
    inputs: ArrayLike | Literal["auto"] = "auto",
    n_candidates: int = 200,
    weight: float = 1e-5,
    combine: Literal["max", "sum"] = "max",
    reduce: Literal["max", "mean"] = "max",
    on_degenerate: Literal["raise", "skip", "nan"] = "raise",
    random_state: RandomState = None,
    return_terms: bool = False,
) -> float | Result:
    r"""Log-likelihood variance distance between two conditional distributions.

    .. math::

        d_{LLV} = \max\{t_1, t_2, \lambda t_3, \lambda t_4\}

    For a pivot label :math:`y_0`, one left-out label and every other label :math:`y_i`, with
    standard deviations over the inputs,

    .. math::

        s_i &= \mathrm{std}_x[\log p(y_i|x) - \log p(y_0|x)], \qquad s'_i \text{ likewise for } q,
        \\
        t_1 &= \max_i \max_{y \in \{y_i, y_0\}}
               \mathrm{std}_x[\log p(y|x) / s_i - \log q(y|x) / s'_i], \qquad
        t_3 = \max_i |s_i - s'_i|,

    and for a pivot input :math:`x_0` and inputs :math:`x_1, ..., x_M`, with standard deviations
    over all labels,

    .. math::

        r_j &= \mathrm{std}_y[\log p(y|x_j) - \log p(y|x_0)], \qquad r'_j \text{ likewise for } q,
        \\
        t_2 &= \max_j \max_{x \in \{x_j, x_0\}}
               \mathrm{std}_y[\log p(y|x) / r_j - \log q(y|x) / r'_j], \qquad
        t_4 = \max_j |r_j - r'_j|.

    The distance lies in [0, inf), has no unit (t3 and t4 are in nats), and bounds the
    dissimilarity of the representations:
    ``max_pls_svd_distance <= 2 * max(t1, t2)**2`` for the same sets. For unrelated models it is
    1 to 1.6; below 0.7 the bound says something.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model, at least 3 labels and 2 inputs.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, same inputs and same order of labels.
    n_components : int, default=None
        Dimension M of the representations, which fixes the number of inputs, M + 1. None takes
        the numerical rank of the doubly centred log-probabilities. At most k - 1 for k labels.
    pivot : int or "auto", default="auto"
        Pivot label y_0, a column. "auto" tries all of them and keeps the pair of pivot and
        left-out label with the smallest t1.
    left_out : int or "auto", default="auto"
        The left-out label, a column. "auto" leaves out the label that makes t1 smallest.
    inputs : array-like of shape (n_components + 1,) or "auto", default="auto"
        Row indices of the inputs, pivot input x_0 first. "auto" keeps the set with the smallest t2
        among ``n_candidates`` random ones, or among all if there are no more than that.
    n_candidates : int, default=200
        Number of sets of inputs to choose from.
    weight : float, default=1e-05
        Weight lambda of t3 and t4. With 0 the distance is no metric: it divides by the scale of
        the logits, and all but vanishes between nearly uniform models of different scales.
    combine : {"max", "sum"}, default="max"
        Whether to take the largest of the four weighted terms or their sum.
    reduce : {"max", "mean"}, default="max"
        Whether t1, t3 and t4 are the maximum or the mean over labels and inputs. t2 is always a
        maximum.
    on_degenerate : {"raise", "skip", "nan"}, default="raise"
        What to do about labels or inputs whose log-ratio to the pivot is constant in one model,
        where the formula divides by zero: raise an error, leave them out with a warning, or
        return NaN. The automatic choices avoid such labels and inputs where they can.
    random_state : int, RandomState instance or None, default=None
        Draws the candidate sets of inputs.
    return_terms : bool, default=False
        Whether to return the terms and sets as well.

    Returns
    -------
    distance : float or Bunch
        The distance; with ``return_terms=True`` a :class:`~sklearn.utils.Bunch` of ``distance``,
        ``t1``, ``t2``, ``t3``, ``t4``, ``pivot``, ``left_out``, ``inputs``.

    Raises
    ------
    ValueError
        If a row is not normalised or holds -inf (nothing is smoothed or clipped: a smoothing of
        1e-5 can turn a distance of 1.3 into 0.004), if there are too few inputs or labels, or if
        labels or inputs are degenerate.

    See Also
    --------
    max_pls_svd_distance : The dissimilarity of representations that this distance bounds.
    log_likelihood_variance_distance_from_embeddings : For tens of thousands of labels.
    logit_distance : Another metric between distributions, with bounds of its own.

    Notes
    -----
    With fixed pivot, left-out label and inputs, and ``weight > 0``, this is a metric: symmetric,
    with the triangle inequality, and 0 if and only if the two distributions agree. Automatic
    choices depend on the pair of models, and then the triangle inequality may fail; use fixed
    sets where a metric is wanted. It does not change when a model's embeddings and unembeddings
    are transformed in a way that the distribution does not see.

    As a maximum it grows with the number of labels, and it shrinks with ``n_candidates``: report
    both, and the seed.

    Time is O(n k^2) for the automatic pivot and O(n k) for a given one, plus O(n_candidates M k);
    memory O(n k).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    Seven labels on a circle; the second model has them in another order. The divergence is all
    but zero, the distance is not:

    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import kl_divergence, log_likelihood_variance_distance
    >>> pair = make_permuted_pair(rho=20)
    >>> round(kl_divergence(pair.log_p, pair.log_q), 6)
    1.9e-05
    >>> terms = log_likelihood_variance_distance(
    ...     pair.log_p, pair.log_q, pivot=0, left_out=1, inputs=[0, 2, 5], return_terms=True)
    >>> round(terms.distance, 4), round(terms.t2, 4)
    (1.3179, 0.8198)
    """
    pair = model_tables(log_p, log_q, min_samples=2, min_labels=3)
    if n_components is not None and n_components > pair.n_labels - 1:
        raise ValueError(
            f"n_components must be at most {pair.n_labels - 1}, the rank that log-probabilities of "
            f"{pair.n_labels} labels can have, got {n_components}."
        )
    inputs, input_side = choose_inputs(
        pair,
        inputs,
        n_components=n_components,
        n_candidates=n_candidates,
        random_state=random_state,
    )
    pivot, left_out = choose_labels(
        pair, pivot, left_out, reduce=reduce, skip=on_degenerate == "skip"
    )
    others = np.setdiff1d(np.arange(pair.n_labels), [pivot, left_out])
    result = _combine(
        label_terms(pair, pivot, others),
        others,
        input_side,
        inputs,
        weight=weight,
        combine=combine,
        reduce=reduce,
        on_degenerate=on_degenerate,
        pivot=pivot,
        left_out=left_out,
    )
    return result if return_terms else result.distance


def _check_pivots(
    pivot: int | ArrayLike | Literal["auto"], left_out: int | Literal["auto"], n_labels: int
) -> IntArray:
    """The pivots to try."""
    if isinstance(pivot, str):
        if n_labels > _ALL_PIVOTS:
            raise ValueError(
                f"pivot='auto' tries all labels, and is meant for up to {_ALL_PIVOTS} of them, got "
                f"{n_labels}. Pass one label, or a list of candidates such as the most frequent."
            )
        pivot = np.setdiff1d(np.arange(n_labels), [] if left_out == "auto" else [left_out])
    pivots = np.atleast_1d(pivot)
    if pivots.ndim != 1 or pivots.dtype.kind not in "iu":
        raise ValueError(f"pivot must be a label or a list of labels (integers), got {pivot!r}.")
    for label in pivots:
        check_label_pair(label, left_out, n_labels)
    return pivots


def _check_labels(
    labels: ArrayLike | None, left_out: int | Literal["auto"], n_labels: int
) -> IntArray:
    """The labels that t1 and t3 run over, the left-out one among them."""
    labels = np.unique(
        np.arange(n_labels) if labels is None else check_indices(labels, "labels", "label")
    )
    if len(labels) < 3:
        raise ValueError(
            f"labels must be at least 3 distinct label indices, got {labels.tolist()}."
        )
    check_index(labels[0], n_labels, "each of labels")
    check_index(labels[-1], n_labels, "each of labels")
    if left_out != "auto" and left_out not in labels:
        raise ValueError(f"left_out={left_out} must be one of labels.")
    return labels


def _best_pivot(
    pair: EmbeddingPair,
    pivots: IntArray,
    labels: IntArray,
    left_out: int | Literal["auto"],
    *,
    reduce: str,
    skip: bool,
) -> tuple[int, int, IntArray, Terms]:
    """The first pivot with the smallest t1, its left-out label, the other labels, their terms."""
    row = left_out if left_out == "auto" else int(np.searchsorted(labels, left_out))
    best_score, best = np.inf, None
    for pivot in pivots:
        terms = label_terms(pair, int(pivot), labels)
        is_pivot = labels == pivot
        (score,), (chosen,) = score_pivots(
            Terms(*(part[:, None] for part in terms)),
            is_pivot[:, None],
            left_out=row,
            reduce=reduce,
            skip=skip,
        )
        if best is None or score < best_score * (1 - 1e-12):
            others = ~is_pivot
            others[chosen] = False
            best_score = score
            best = int(pivot), int(labels[chosen]), labels[others], terms.keep(others)
    assert best is not None
    return best


@of_embeddings
@validate_params(
    {
        **EMBEDDING_CONSTRAINTS,
        **_CONSTRAINTS,
        "pivot": [numbers.Integral, "array-like", StrOptions({"auto"})],
        "labels": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
@keeping("library")
def log_likelihood_variance_distance_from_embeddings(
    f1: ArrayLike,
    g1: ArrayLike,
    f2: ArrayLike,
    g2: ArrayLike,
    *,
    n_components: int | None = None,
    pivot: int | ArrayLike | Literal["auto"] = "auto",
    left_out: int | Literal["auto"] = "auto",
    inputs: ArrayLike | Literal["auto"] = "auto",
    labels: ArrayLike | None = None,
    n_candidates: int = 200,
    weight: float = 1e-5,
    combine: Literal["max", "sum"] = "max",
    reduce: Literal["max", "mean"] = "max",
    on_degenerate: Literal["raise", "skip", "nan"] = "raise",
    random_state: RandomState = None,
    return_terms: bool = False,
) -> float | Result:
    r"""Log-likelihood variance distance of two models with very many labels.

    The number is that of :func:`log_likelihood_variance_distance`, in [0, inf), computed from
    embeddings f (n, M) and unembeddings g (k, M) of models p(y|x) ~ exp(f(x).g(y)) with

    .. math::

        \log p(y|x) = f(x) \cdot g(y) - \log Z(x), \qquad
        Z(x) = \sum_y \exp(f(x) \cdot g(y)).

    Every variance in the distance is a quadratic form in second moments of (f, log Z) or of g,
    so that the (n, k) log-probabilities are never held.

    .. versionadded:: 0.1

    Parameters
    ----------
    f1 : array-like of shape (n_samples, n_components_1)
        Embeddings of the first model; of a language model, the hidden states after the last norm.
    g1 : array-like of shape (n_labels, n_components_1)
        Unembeddings of the first model; of a language model, the rows of the head.
    f2 : array-like of shape (n_samples, n_components_2)
        Embeddings of the second model, same inputs.
    g2 : array-like of shape (n_labels, n_components_2)
        Unembeddings of the second model, same labels.
    n_components : int, default=None
        Dimension M, which fixes the number of inputs, M + 1. None takes the larger number of
        columns of f1 and f2, or the length of ``inputs`` less one where they are given.
    pivot : int, array-like of int or "auto", default="auto"
        Pivot label y_0, or candidates of which the one with the smallest t1 is kept. "auto" tries
        all labels, up to 64 of them.
    left_out : int or "auto", default="auto"
        The left-out label. "auto" leaves out the label that makes t1 smallest.
    inputs : array-like of shape (n_components + 1,) or "auto", default="auto"
        Row indices of the inputs, pivot input x_0 first. "auto" keeps the set with the smallest t2
        among ``n_candidates`` random ones.
    labels : array-like of int, default=None
        The labels that t1 and t3 run over, such as the frequent ones. None takes all; the maximum
        is then set by the worst rare label. With a restriction this is a pseudometric.
    n_candidates : int, default=200
        Number of sets of inputs to choose from.
    weight : float, default=1e-05
        Weight lambda of t3 and t4.
    combine : {"max", "sum"}, default="max"
        Whether to take the largest of the four weighted terms or their sum.
    reduce : {"max", "mean"}, default="max"
        Whether t1, t3 and t4 are the maximum or the mean over labels and inputs.
    on_degenerate : {"raise", "skip", "nan"}, default="raise"
        What to do about labels or inputs whose log-ratio to the pivot is constant in one model.
    random_state : int, RandomState instance or None, default=None
        Draws the candidate sets of inputs.
    return_terms : bool, default=False
        Whether to return the terms and sets as well.

    Returns
    -------
    distance : float or Bunch
        The distance; with ``return_terms=True`` a :class:`~sklearn.utils.Bunch` of ``distance``,
        ``t1``, ``t2``, ``t3``, ``t4``, ``pivot``, ``left_out``, ``inputs``.

    Raises
    ------
    ValueError
        If the arrays do not describe two models of the same inputs and labels, if there are too
        few inputs or labels, or if labels or inputs are degenerate.

    See Also
    --------
    log_likelihood_variance_distance : From log-probabilities, with all details of the formula.
    logit_distance_from_embeddings : The other distance, in the same way.

    Notes
    -----
    float32 arrays are read block by block and computed on in float64. Second moments are kept as
    triangles, as of QR decompositions, so that the result is as accurate as the direct formula.

    With M the sum of the dimensions, one pivot takes time O(n M^2 + n M k) for the partition
    functions and the terms over inputs, O(k M^2) for those over labels, and O(n_candidates M^2) for
    the choice of inputs; memory O(k + M^2) plus blocks of constant size.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import log_likelihood_variance_distance_from_embeddings
    >>> pair = make_permuted_pair(rho=20)
    >>> round(log_likelihood_variance_distance_from_embeddings(
    ...     pair.f1, pair.g1, pair.f2, pair.g2, pivot=0, left_out=1, inputs=[0, 2, 5]), 4)
    1.3179
    """
    pair = model_embeddings(f1, g1, f2, g2, dtype=[np.float64, np.float32])
    if pair.n_samples < 2:
        raise ValueError(f"f1 must have at least 2 rows (inputs), got {pair.n_samples}.")
    check_index(left_out, pair.n_labels, "left_out")
    labels = _check_labels(labels, left_out, pair.n_labels)
    pivots = _check_pivots(pivot, left_out, pair.n_labels)
    inputs, input_side = choose_inputs(
        pair,
        inputs,
        n_components=n_components,
        n_candidates=n_candidates,
        random_state=random_state,
    )
    pivot, left_out, others, label_side = _best_pivot(
        pair, pivots, labels, left_out, reduce=reduce, skip=on_degenerate == "skip"
    )
    result = _combine(
        label_side,
        others,
        input_side,
        inputs,
        weight=weight,
        combine=combine,
        reduce=reduce,
        on_degenerate=on_degenerate,
        pivot=pivot,
        left_out=left_out,
    )
    return result if return_terms else result.distance


# The automatic choice of inputs draws rows, so that their order matters; the choices depend on the
# pair, so that the triangle inequality fails. With fixed sets this is a metric.
register(
    DistributionMeasure(
        name="log_likelihood_variance_distance",
        function=log_likelihood_variance_distance,
        draws=True,
        invariances=frozenset({"label_order", "gauge"}),
    )
)
register(
    DistributionMeasure(
        name="log_likelihood_variance_distance_from_embeddings",
        function=log_likelihood_variance_distance_from_embeddings,
        inputs="embeddings",
        draws=True,
        invariances=frozenset({"label_order", "gauge"}),
    )
)
