"""The label side of d_LLV: its terms for one pivot, and the search for the best pivot.

The search needs all pivots and works on covariances, as does everything that never holds all
log-probabilities at once. They are kept for the sum m = a + b and the difference d = a - b of the
variables a = log p and b = log q, because then nothing cancels where the models are close::

    s_i^2 - s'_i^2 = Cov[m_i - m_0, d_i - d_0]
    4 rest_i^2     = u^2 Var m_i + 2 u v Cov[m_i, d_i] + v^2 Var d_i
    u              = 1/s_i - 1/s'_i          v = 1/s_i + 1/s'_i
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from sksim.metrics.distributions._index_sets import check_label_pair
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._terms import BLOCK_ENTRIES, ModelPair, Terms, evaluate_terms
from sksim.utils._typing import FloatArray, IntArray

__all__ = [
    "LabelSums",
    "choose_labels",
    "label_sums",
    "label_terms",
    "score_pivots",
    "sum_products",
    "terms_of_sums",
]

_PIVOT_ENTRIES = 2**21


def label_terms(pair: ModelPair, pivot: int, labels: IntArray) -> Terms:
    """Terms of ``labels`` for one pivot from the definition, in blocks of labels.

    NaN where the log-ratio to the pivot does not vary, that of the pivot itself among them.
    """
    a_0, b_0 = pair.label_variables(np.array([pivot]))
    blocks = []
    # Blocks that are matrix products need some hundred rows.
    for part in gen_batches(len(labels), max(1, 4 * BLOCK_ENTRIES // a_0.shape[1])):
        a, b = pair.label_variables(labels[part])
        blocks.append(evaluate_terms(a, b, a_0, b_0, pair.n_samples, pair.floors))
    return Terms(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


class LabelSums(NamedTuple):
    """Sums over the inputs of products of variables, one a label, centered over the inputs.

    ``aa``, ``bb``, ``md`` (n_labels, n_pivots) hold sum a_i a_p, sum b_i b_p and
    sum m_i d_p + d_i m_p of the centered log ratios, which have the same differences between labels
    as the log-probabilities; ``diag_aa``, ``diag_bb``, ``diag_md`` (n_labels,) hold sum a_i a_i,
    sum b_i b_i and sum m_i d_i. ``log_mm``, ``log_md``, ``log_dd`` are sums of the same kind of the
    log-probabilities.
    """

    aa: FloatArray
    bb: FloatArray
    md: FloatArray
    diag_aa: FloatArray
    diag_bb: FloatArray
    diag_md: FloatArray
    log_mm: FloatArray
    log_md: FloatArray
    log_dd: FloatArray

    def plus(self, other: Self, weight: float = 1.0) -> "LabelSums":
        """The sums of both, those of the other one times ``weight``."""
        return LabelSums(*(x + weight * y for x, y in zip(self, other, strict=True)))


def sum_products(variables: FloatArray, pivots: IntArray) -> LabelSums:
    """Sums of products of the five variables, centered, (5, n, k); O(n k n_pivots).

    ``pivots`` are sorted, each once.
    """
    a, b, d, log_m, log_d = variables
    m = a + b
    if len(pivots) == a.shape[1]:
        # one array on both sides: BLAS then takes half the products
        aa, bb, half = a.T @ a, b.T @ b, m.T @ d
        md = half + half.T
    else:
        aa, bb = a.T @ a[:, pivots], b.T @ b[:, pivots]
        md = m.T @ d[:, pivots] + d.T @ m[:, pivots]

    def diagonal(left: FloatArray, right: FloatArray) -> FloatArray:
        return np.einsum("ij,ij->j", left, right)

    return LabelSums(
        aa=aa,
        bb=bb,
        md=md,
        diag_aa=diagonal(a, a),
        diag_bb=diagonal(b, b),
        diag_md=diagonal(m, d),
        log_mm=diagonal(log_m, log_m),
        log_md=diagonal(log_m, log_d),
        log_dd=diagonal(log_d, log_d),
    )


def label_sums(pair: LogProbabilityPair, pivots: IntArray) -> LabelSums:
    """Sums over all inputs, centered, in blocks of inputs."""
    blocks = (sum_products(block, pivots) for block in pair.centered_variables())
    return functools.reduce(LabelSums.plus, blocks)


def terms_of_sums(
    sums: LabelSums, pivots: IntArray, n_samples: int, floors: tuple[float, float]
) -> Terms:
    """Terms of all labels (rows) and pivots (columns); those of a pivot with itself are NaN."""
    itself = pivots, np.arange(len(pivots))

    def deviation(diagonal: FloatArray, products: FloatArray, floor: float) -> FloatArray:
        total = diagonal[:, None] + diagonal[pivots]
        values = np.sqrt(np.maximum(total - 2 * products, 0.0) / (n_samples - 1))
        # Products are squares: of a deviation below 1e-7 of the variables' own nothing is left.
        resolved = 1e-7 * np.sqrt(total / (n_samples - 1))
        values[~(values > np.maximum(resolved, floor))] = np.nan
        values[itself] = np.nan
        return values

    s = deviation(sums.diag_aa, sums.aa, floors[0])
    s_prime = deviation(sums.diag_bb, sums.bb, floors[1])
    gap = sums.diag_md[:, None] + sums.diag_md[pivots] - sums.md
    u = -gap / (n_samples - 1) / ((s + s_prime) * s * s_prime)
    v = 1 / s + 1 / s_prime

    def term(log_mm: FloatArray, log_md: FloatArray, log_dd: FloatArray) -> FloatArray:
        variance = log_mm * u**2 + 2 * log_md * u * v + log_dd * v**2
        return np.sqrt(np.maximum(variance, 0.0) / (n_samples - 1)) / 2

    return Terms(
        rest=term(sums.log_mm[:, None], sums.log_md[:, None], sums.log_dd[:, None]),
        base=term(sums.log_mm[pivots], sums.log_md[pivots], sums.log_dd[pivots]),
        s=s,
        s_prime=s_prime,
    )


def score_pivots(
    terms: Terms,
    is_pivot: NDArray[np.bool_],
    *,
    left_out: int | Literal["auto"],
    reduce: str,
    skip: bool,
) -> tuple[FloatArray, IntArray]:
    """t1 of every pivot (column) under its best left-out label, and the row of that label.

    The best label to leave out is the one with the largest value, so the score of a pivot is the
    second largest value (or the mean of all others). Degenerate labels count as infinite, or are
    passed over if ``skip``.
    """
    value = np.maximum(terms.rest, terms.base) if reduce == "max" else terms.rest + terms.base
    value = np.where(np.isnan(value), -np.inf if skip else np.inf, value)
    value[is_pivot] = -np.inf
    columns = np.arange(value.shape[1])
    chosen = value.argmax(axis=0) if left_out == "auto" else np.full(len(columns), left_out)
    value[chosen, columns] = -np.inf
    kept = ~np.isneginf(value)
    if reduce == "max":
        score = value.max(axis=0)
    else:
        score = np.where(kept, value, 0.0).sum(axis=0) / (2 * np.maximum(kept.sum(axis=0), 1))
    return np.where(kept.any(axis=0), score, np.inf), chosen


def choose_labels(
    pair: LogProbabilityPair,
    pivot: int | Literal["auto"],
    left_out: int | Literal["auto"],
    *,
    reduce: str = "max",
    skip: bool = False,
) -> tuple[int, int]:
    """Pivot and left-out label with the smallest t1, exhaustively; the first pivot on ties.

    Ties are common: the term of label i for pivot j is that of label j for pivot i.
    """
    check_label_pair(pivot, left_out, pair.n_labels)
    if pivot != "auto" and left_out != "auto":
        return int(pivot), int(left_out)
    labels = np.arange(pair.n_labels)
    if pivot != "auto":
        pivots = np.array([int(pivot)])
    else:
        pivots = labels if left_out == "auto" else np.delete(labels, left_out)
    scores, chosen = [], []
    for part in gen_batches(len(pivots), max(1, _PIVOT_ENTRIES // pair.n_labels)):
        sums = label_sums(pair, pivots[part])
        terms = terms_of_sums(sums, pivots[part], pair.n_samples, pair.floors)
        is_pivot = labels[:, None] == pivots[part]
        score, rows = score_pivots(terms, is_pivot, left_out=left_out, reduce=reduce, skip=skip)
        scores.append(score)
        chosen.append(rows)
    score = np.concatenate(scores)
    best = np.flatnonzero(score <= score.min() * (1 + 1e-12))[0]
    return int(pivots[best]), int(np.concatenate(chosen)[best])
