"""Log-likelihood variance distance, d_LLV."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers

import numpy as np
from sklearn.utils import Bunch

from sksim.metrics.distributions._index_sets import (
    INDEX_CONSTRAINTS,
    IndexSets,
    choose_index_sets,
    report_degenerate,
)
from sksim.metrics.distributions._input_terms import InputTerms, input_terms, summarize_input_terms
from sksim.metrics.distributions._label_terms import LabelTerms, label_terms, summarize_label_terms
from sksim.metrics.distributions._log_probabilities import (
    centered_log_ratio,
    check_log_probability_pair,
    rounding_levels,
)
from sksim.utils._sklearn import Interval, StrOptions, validate_params

__all__ = ["combine_terms", "log_likelihood_variance_distance"]

LLV_CONSTRAINTS = {
    **INDEX_CONSTRAINTS,
    "weight": [Interval(numbers.Real, 0, None, closed="left")],
    "combine": [StrOptions({"max", "sum"})],
    "reduce": [StrOptions({"max", "mean"})],
    "on_degenerate": [StrOptions({"raise", "skip", "nan"})],
    "return_terms": ["boolean"],
}


def combine_terms(t1: float, t2: float, t3: float, t4: float, *, weight: float, combine: str):
    """max(t1, t2, weight t3, weight t4), or their sum; NaN if a term is NaN."""
    terms = np.array([t1, t2, weight * t3, weight * t4])
    return float(terms.max() if combine == "max" else terms.sum())


def without_degenerate(terms, indices: np.ndarray, kind: str, on_degenerate: str):
    """Apply ``on_degenerate`` to terms that are NaN along their last axis."""
    degenerate = np.isnan(terms.rest).reshape(-1, len(indices)).any(axis=0)
    report_degenerate(kind, indices[degenerate], on_degenerate, all_of_them=bool(degenerate.all()))
    if on_degenerate != "skip":
        return terms
    return type(terms)(*(part[..., ~degenerate] for part in terms))


def evaluate_terms(label_side: LabelTerms, input_side: InputTerms, sets: IndexSets, **options):
    """Bunch of the distance and its four terms for given index sets."""
    reduce, on_degenerate = options["reduce"], options["on_degenerate"]
    label_side = without_degenerate(label_side, label_side.others, "label", on_degenerate)
    input_side = without_degenerate(input_side, sets.inputs[1:], "input", on_degenerate)
    t1, t3 = summarize_label_terms(label_side, reduce)
    t2, t4 = (float(values[0]) for values in summarize_input_terms(input_side, reduce))
    distance = combine_terms(t1, t2, t3, t4, weight=options["weight"], combine=options["combine"])
    return Bunch(distance=distance, t1=t1, t2=t2, t3=t3, t4=t4, **sets._asdict())


@validate_params(
    {"log_p": ["array-like"], "log_q": ["array-like"], **LLV_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def log_likelihood_variance_distance(
    log_p,
    log_q,
    *,
    n_components=None,
    pivot="auto",
    left_out="auto",
    inputs="auto",
    n_candidates=200,
    weight=1e-5,
    combine="max",
    reduce="max",
    on_degenerate="raise",
    random_state=None,
    return_terms=False,
):
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
        the numerical rank of the doubly centred log-probabilities.
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
    log_p, log_q = check_log_probability_pair(log_p, log_q, min_samples=2, min_labels=3)
    sets = choose_index_sets(
        log_p,
        log_q,
        n_components=n_components,
        pivot=pivot,
        left_out=left_out,
        inputs=inputs,
        n_candidates=n_candidates,
        random_state=random_state,
        reduce=reduce,
        skip=on_degenerate == "skip",
    )
    result = evaluate_terms(
        label_terms(log_p, log_q, sets.pivot, sets.left_out),
        input_terms(
            centered_log_ratio(log_p),
            centered_log_ratio(log_q),
            sets.inputs[None, :],
            log_p.shape[1],
            rounding_levels(log_p, log_q),
        ),
        sets,
        weight=weight,
        combine=combine,
        reduce=reduce,
        on_degenerate=on_degenerate,
    )
    return result if return_terms else result.distance
