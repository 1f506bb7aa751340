"""Distances between the distributions of two models with very many labels.

For p(y|x) ~ exp(f(x).g(y)) every mean and variance over inputs depends on the embeddings through
their second moments only, and every one over labels on those of the unembeddings. The moments
are kept as the triangle R of a QR decomposition, R^T R = F^T F: at most twice the dimension of
the models rows stand for all inputs (or labels), and no accuracy is lost where two models are
close, as it would be in the moments themselves.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics.distributions._index_sets import (
    IndexSets,
    check_index,
    check_inputs,
    check_label_pair,
    check_n_components,
)
from sksim.metrics.distributions._input_terms import best_inputs, candidate_inputs, input_terms
from sksim.metrics.distributions._label_terms import (
    LabelTerms,
    LabelValues,
    is_degenerate,
    ratio_deviations,
    scaled_deviations,
    score_pivots,
)
from sksim.metrics.distributions._llv import LLV_CONSTRAINTS, evaluate_terms
from sksim.metrics.distributions._log_probabilities import rounding_level
from sksim.metrics.distributions._models import check_model_pair
from sksim.utils._sklearn import StrOptions, validate_params

__all__ = ["log_likelihood_variance_distance_from_embeddings", "logit_distance_from_embeddings"]

_BLOCK_ENTRIES = 2**22
_ALL_PIVOTS = 64

_MODELS = {name: ["array-like"] for name in ("f1", "g1", "f2", "g2")}


def _double(values: np.ndarray, offset=0.0) -> np.ndarray:
    return values.astype(np.float64) - offset


def _mean(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=0, dtype=np.float64)


def _batches(n_rows: int, width: int):
    return gen_batches(n_rows, max(1, _BLOCK_ENTRIES // width))


def _triangles(first, second, offsets=(0.0, 0.0)):
    """Rows with the same products as those of ``[first, second] - offsets``, one set for each.

    They are the rows themselves, or the triangle of their QR decomposition, taken block by
    block, where that has fewer rows.
    """
    width = first.shape[1] + second.shape[1]
    triangle = np.empty((0, width))
    n_rows = len(first)
    blocks = gen_batches(n_rows, n_rows if n_rows <= width else max(4 * width, 1024))
    for rows in blocks:
        block = np.hstack([_double(first[rows], offsets[0]), _double(second[rows], offsets[1])])
        triangle = np.vstack([triangle, block])
        if n_rows > width:
            triangle = np.linalg.qr(triangle, mode="r")
    return triangle[:, : first.shape[1]], triangle[:, first.shape[1] :]


@validate_params({**_MODELS, "squared": ["boolean"]}, prefer_skip_nested_validation=True)
def logit_distance_from_embeddings(f1, g1, f2, g2, *, squared=False) -> float:
    r"""Logit distance of two models, without their (n_samples, n_labels) log-probabilities.

    .. math::

        d_{logit}^2 = \frac{1}{n} \sum_{i=1}^n \sum_{y=1}^k
        \left( f_1(x_i) \cdot \bar g_1(y) - f_2(x_i) \cdot \bar g_2(y) \right)^2,

    with unembeddings :math:`\bar g` centred over the k labels. The number is that of
    :func:`logit_distance`, in [0, inf), in nats.

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
    squared : bool, default=False
        Whether to return the square.

    Returns
    -------
    distance : float
        The distance, or its square.

    Raises
    ------
    ValueError
        If the arrays do not describe two models of the same inputs and labels.

    See Also
    --------
    logit_distance : From log-probabilities; the right choice for models with biases.
    log_likelihood_variance_distance_from_embeddings : The other distance, in the same way.

    Notes
    -----
    float32 arrays are read block by block and computed on in float64. Leave out rows of g that
    only pad the vocabulary.

    The inputs enter through the triangle of a QR decomposition if there are more than
    n_components_1 + n_components_2, so that the result is as accurate as the direct formula, near
    0 as well. With M the sum of the dimensions, time is O(n M^2 + min(n, M) M k), and memory
    O(min(n, M) M) plus a block of constant size.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import logit_distance, logit_distance_from_embeddings
    >>> pair = make_permuted_pair(rho=3)
    >>> round(logit_distance_from_embeddings(pair.f1, pair.g1, pair.f2, pair.g2), 4)
    15.8745
    >>> round(logit_distance(pair.log_p, pair.log_q), 4)
    15.8745
    """
    f1, g1, f2, g2 = check_model_pair(f1, g1, f2, g2, dtype=[np.float64, np.float32])
    n_samples = len(f1)
    f1, f2 = _triangles(f1, f2)
    center1, center2 = _mean(g1), _mean(g2)
    total = 0.0
    for labels in _batches(len(g1), len(f1)):
        difference = f1 @ _double(g1[labels], center1).T - f2 @ _double(g2[labels], center2).T
        total += float(np.einsum("ij,ij->", difference, difference))
    return total / n_samples if squared else float(np.sqrt(total / n_samples))


def _rounding_level(f: np.ndarray, g: np.ndarray) -> float:
    """As :func:`rounding_level`, with a bound of the largest log-probability."""

    def longest(rows, offset=0.0):
        return max(
            np.linalg.norm(_double(rows[part], offset), axis=1).max()
            for part in _batches(len(rows), rows.shape[1])
        )

    return rounding_level(np.log(len(g)) + 2 * longest(f) * longest(g, _mean(g)))


def _log_partition(f: np.ndarray, g: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Log of the sum over labels of exp(f(x).(g(y) - center)), streamed over labels."""
    total = np.full(len(f), -np.inf)
    for labels in _batches(len(g), len(f)):
        logits = f @ _double(g[labels], center).T
        total = np.logaddexp(total, logsumexp(logits, axis=1))
    return total


class _LogProbabilities:
    """Columns of log-probabilities of one model, centred over the inputs, for blocks of labels.

    ``rows`` have the products of (f - mean f, log Z - mean log Z), Z the sum over labels.
    """

    def __init__(self, g):
        self.g = g
        self.center = _mean(g)
        self.rows = None

    def augmented(self, f) -> np.ndarray:
        log_z = np.concatenate(
            [
                _log_partition(_double(f[part]), self.g, self.center)
                for part in _batches(len(f), 512)
            ]
        )
        return np.column_stack([f, log_z])

    def __call__(self, labels) -> np.ndarray:
        g = _double(self.g[labels], self.center)
        return self.rows[:, :-1] @ g.T - self.rows[:, -1:]


def _centered_log_probabilities(f1, g1, f2, g2):
    """The two models' log-probabilities as functions of the labels."""
    first, second = _LogProbabilities(g1), _LogProbabilities(g2)
    rows1, rows2 = first.augmented(f1), second.augmented(f2)
    first.rows, second.rows = _triangles(rows1, rows2, (_mean(rows1), _mean(rows2)))
    return first, second


def _label_values(first, second, pivot: int, labels, n_samples: int, floors) -> LabelValues:
    """Terms of ``labels`` for one pivot, in one pass over blocks of labels."""
    a_0, b_0 = first([pivot]), second([pivot])

    def block_values(part):
        a, b = first(labels[part]), second(labels[part])
        s, s_prime = ratio_deviations(a, b, a_0, b_0, n_samples)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest, base = scaled_deviations(a, b, a_0, b_0, s, s_prime, n_samples)
        return rest, base, s, s_prime

    blocks = [block_values(part) for part in _batches(len(labels), len(first.rows))]
    values = LabelValues(*np.hstack(blocks))
    is_pivot = labels == pivot
    values.s[is_pivot] = values.s_prime[is_pivot] = np.nan
    degenerate = is_degenerate(values.s, values.s_prime, floors)
    for part in values:
        part[degenerate] = np.nan
    values.rest[is_pivot] = values.base[is_pivot] = -np.inf
    return values


def _best_label_terms(first, second, pivots, labels, left_out, n_samples, floors, **search):
    """Terms of the first pivot with the smallest t1: (pivot, left-out label, LabelTerms)."""
    if left_out != "auto":
        left_out = int(np.flatnonzero(labels == left_out)[0])
    best_score, best = np.inf, None
    for pivot in pivots:
        values = _label_values(first, second, int(pivot), labels, n_samples, floors)
        columns = LabelValues(*(part[:, None] for part in values))
        scores, rows = score_pivots(columns, left_out=left_out, **search)
        if best is None or scores[0] < best_score * (1 - 1e-12):
            best_score, best = scores[0], (int(pivot), int(rows[0]), values)
    pivot, row, values = best
    kept = np.flatnonzero((labels != pivot) & (np.arange(len(labels)) != row))
    return pivot, int(labels[row]), LabelTerms(labels[kept], *(part[kept] for part in values))


def _check_pivots(pivot, left_out, n_labels: int) -> np.ndarray:
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


def _check_labels(labels, left_out, n_labels: int) -> np.ndarray:
    """The labels that t1 and t3 run over, the left-out one among them."""
    labels = np.arange(n_labels) if labels is None else np.unique(labels)
    if labels.dtype.kind not in "iu" or len(labels) < 3:
        raise ValueError(
            f"labels must be at least 3 distinct label indices, got {labels.tolist()}."
        )
    check_index(labels[0], n_labels, "each of labels")
    check_index(labels[-1], n_labels, "each of labels")
    if left_out != "auto" and left_out not in labels:
        raise ValueError(f"left_out={left_out} must be one of labels.")
    return labels


def _input_terms(f1, g1, f2, g2, inputs, n_components, n_candidates, random_state, floors):
    """The inputs, given or with the smallest t2 among the candidates, and their terms."""
    n_samples, n_labels = len(f1), len(g1)
    if isinstance(inputs, str):
        size = check_n_components(n_components, n_samples) + 1
        sets = candidate_inputs(n_samples, size, n_candidates, check_random_state(random_state))
    else:
        sets = check_inputs(inputs, n_samples, n_components)[None, :]
    used, positions = np.unique(sets, return_inverse=True)
    positions = positions.reshape(sets.shape)
    triangle1, triangle2 = _triangles(g1, g2, (_mean(g1), _mean(g2)))
    a, b = _double(f1[used]) @ triangle1.T, _double(f2[used]) @ triangle2.T
    best = best_inputs(a, b, positions, n_labels, floors)
    return sets[best], input_terms(a, b, positions[[best]], n_labels, floors)


@validate_params(
    {
        **_MODELS,
        **LLV_CONSTRAINTS,
        "pivot": [numbers.Integral, "array-like", StrOptions({"auto"})],
        "labels": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def log_likelihood_variance_distance_from_embeddings(
    f1,
    g1,
    f2,
    g2,
    *,
    n_components=None,
    pivot="auto",
    left_out="auto",
    inputs="auto",
    labels=None,
    n_candidates=200,
    weight=1e-5,
    combine="max",
    reduce="max",
    on_degenerate="raise",
    random_state=None,
    return_terms=False,
):
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
    triangles of QR decompositions, so that the result is as accurate as the direct formula.

    With M the sum of the dimensions, one pivot costs O(n M^2 + n M k) for the partition functions
    and the terms over inputs, O(k M^2) for those over labels, and O(n_candidates M^2) for the
    choice of inputs; memory O(k + M^2) plus blocks of constant size.

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
    f1, g1, f2, g2 = check_model_pair(f1, g1, f2, g2, dtype=[np.float64, np.float32])
    if len(f1) < 2:
        raise ValueError(f"f1 must have at least 2 rows (inputs), got {len(f1)}.")
    if n_components is None and isinstance(inputs, str):
        n_components = min(max(f1.shape[1], f2.shape[1]), len(f1) - 1)
    check_index(left_out, len(g1), "left_out")
    labels = _check_labels(labels, left_out, len(g1))
    pivots = _check_pivots(pivot, left_out, len(g1))
    floors = _rounding_level(f1, g1), _rounding_level(f2, g2)
    inputs, input_side = _input_terms(
        f1, g1, f2, g2, inputs, n_components, n_candidates, random_state, floors
    )
    first, second = _centered_log_probabilities(f1, g1, f2, g2)
    search = {"reduce": reduce, "skip": on_degenerate == "skip"}
    pivot, left_out, label_side = _best_label_terms(
        first, second, pivots, labels, left_out, len(f1), floors, **search
    )
    result = evaluate_terms(
        label_side,
        input_side,
        IndexSets(pivot, left_out, inputs),
        weight=weight,
        combine=combine,
        reduce=reduce,
        on_degenerate=on_degenerate,
    )
    return result if return_terms else result.distance
