"""The label side of d_LLV: its terms for one pivot, and the search for the best pivot.

With a = log p and b = log q, all standard deviations over the inputs, ddof = 1, and a pivot
label 0::

    s_i    = std[a_i - a_0]                  s'_i   = std[b_i - b_0]
    rest_i = std[a_i / s_i - b_i / s'_i]     base_i = std[a_0 / s_i - b_0 / s'_i]

The search needs all pivots and works on covariances, as does everything that never holds all
log-probabilities at once. They are kept for the sum m = a + b and the difference d = a - b,
because then nothing cancels where the models are close::

    s_i^2 - s'_i^2 = Cov[m_i - m_0, d_i - d_0]
    4 rest_i^2     = u^2 Var m_i + 2 u v Cov[m_i, d_i] + v^2 Var d_i
    u              = 1/s_i - 1/s'_i          v = 1/s_i + 1/s'_i
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sksim.metrics.distributions._log_probabilities import centered_log_ratio, rounding_levels

__all__ = [
    "LabelSums",
    "LabelTerms",
    "LabelValues",
    "center_columns",
    "deviation",
    "is_degenerate",
    "label_sums",
    "label_terms",
    "label_values",
    "merge_label_sums",
    "score_pivots",
    "summarize_label_terms",
]


class LabelTerms(NamedTuple):
    """Terms of one pivot for the labels ``others`` (all but pivot and left-out label).

    ``rest`` and ``base`` are NaN where the log-ratio to the pivot does not vary.
    """

    others: np.ndarray
    rest: np.ndarray
    base: np.ndarray
    s: np.ndarray
    s_prime: np.ndarray


class LabelSums(NamedTuple):
    """Sums of products over the inputs, of variables centred over the inputs.

    ``aa``, ``bb``, ``md``, ``dm`` (n_labels, n_pivots) hold sum a_i a_p, sum b_i b_p, sum m_i d_p
    and sum d_i m_p of the centred log-ratios, which have the same differences between labels as
    the log-probabilities; ``diag_aa`` to ``diag_md`` (n_labels,) are their diagonals. The
    diagonals ``log_mm``, ``log_md``, ``log_dd`` belong to the log-probabilities.
    """

    aa: np.ndarray
    bb: np.ndarray
    md: np.ndarray
    dm: np.ndarray
    diag_aa: np.ndarray
    diag_bb: np.ndarray
    diag_md: np.ndarray
    log_mm: np.ndarray
    log_md: np.ndarray
    log_dd: np.ndarray


class LabelValues(NamedTuple):
    """``rest``, ``base``, ``s``, ``s_prime`` of every label (row) and pivot (column).

    ``rest`` and ``base`` are NaN for labels whose log-ratio to the pivot does not vary, and -inf
    for the pivot itself, whose ``s`` and ``s_prime`` are NaN.
    """

    rest: np.ndarray
    base: np.ndarray
    s: np.ndarray
    s_prime: np.ndarray


def deviation(centered: np.ndarray, axis: int, n_samples: int) -> np.ndarray:
    """Standard deviation with ddof = 1 of ``n_samples`` values, given their deviations.

    ``centered`` may be any array with the same products along the axis, such as the triangle of
    a QR decomposition.
    """
    return np.sqrt(np.sum(centered**2, axis=axis) / (n_samples - 1))


def is_degenerate(s: np.ndarray, s_prime: np.ndarray, floors) -> np.ndarray:
    """Mark standard deviations that are zero, or not above the floor of their model, or NaN."""
    return ~(s > floors[0]) | ~(s_prime > floors[1])


def center_columns(values: np.ndarray) -> np.ndarray:
    """Subtract the mean over the rows."""
    return values - values.mean(axis=0)


def ratio_deviations(a, b, a_0, b_0, n_samples: int):
    """Deviations s and s' of the labels in the columns of ``a`` and ``b``, all arrays centred."""
    return deviation(a - a_0, 0, n_samples), deviation(b - b_0, 0, n_samples)


def scaled_deviations(a, b, a_0, b_0, s, s_prime, n_samples: int):
    """Rest and base terms of the labels in the columns of ``a`` and ``b``."""
    rest = deviation(a / s - b / s_prime, 0, n_samples)
    return rest, deviation(a_0 / s - b_0 / s_prime, 0, n_samples)


def label_terms(log_p: np.ndarray, log_q: np.ndarray, pivot: int, left_out: int) -> LabelTerms:
    """Terms of one pivot and left-out label, straight from the definition in O(n k)."""
    others = np.setdiff1d(np.arange(log_p.shape[1]), [pivot, left_out])
    a, b = center_columns(log_p[:, others]), center_columns(log_q[:, others])
    a_0, b_0 = center_columns(log_p[:, [pivot]]), center_columns(log_q[:, [pivot]])
    s, s_prime = ratio_deviations(a, b, a_0, b_0, len(log_p))
    degenerate = is_degenerate(s, s_prime, rounding_levels(log_p, log_q))
    s[degenerate] = s_prime[degenerate] = np.nan
    rest, base = scaled_deviations(a, b, a_0, b_0, s, s_prime, len(log_p))
    return LabelTerms(others, rest, base, s, s_prime)


def summarize_label_terms(terms: LabelTerms, reduce: str) -> tuple[float, float]:
    """t1 and t3, the maxima (or means) over the labels; NaN where a label is degenerate."""
    summary = np.max if reduce == "max" else np.mean
    t1 = summary(np.concatenate([terms.rest, terms.base]))
    return float(t1), float(summary(np.abs(terms.s - terms.s_prime)))


def label_sums(log_p: np.ndarray, log_d: np.ndarray, pivots: np.ndarray) -> LabelSums:
    """Sums over the rows of log p and log p - log q, both centred over the rows.

    Four products of O(n k n_pivots).
    """
    a, d = centered_log_ratio(log_p), centered_log_ratio(log_d)
    b, m, log_m = a - d, 2 * a - d, 2 * log_p - log_d

    def with_pivots(left, right):
        return left.T @ right[:, pivots]

    def diagonal(left, right):
        return np.einsum("ij,ij->j", left, right)

    return LabelSums(
        aa=with_pivots(a, a),
        bb=with_pivots(b, b),
        md=with_pivots(m, d),
        dm=with_pivots(d, m),
        diag_aa=diagonal(a, a),
        diag_bb=diagonal(b, b),
        diag_md=diagonal(m, d),
        log_mm=diagonal(log_m, log_m),
        log_md=diagonal(log_m, log_d),
        log_dd=diagonal(log_d, log_d),
    )


def merge_label_sums(
    first: LabelSums, second: LabelSums, between: LabelSums, weight: float
) -> LabelSums:
    """Pool the sums of two samples: both, plus ``weight`` times those of the mean difference."""
    return LabelSums(*(x + y + weight * z for x, y, z in zip(first, second, between)))


def _difference_deviation(diagonal, with_pivots, pivots, n_samples) -> np.ndarray:
    """Standard deviation of z_i - z_p; NaN for the pivot itself."""
    variance = diagonal[:, None] + diagonal[pivots] - 2 * with_pivots
    deviation = np.sqrt(np.maximum(variance, 0.0) / (n_samples - 1))
    deviation[pivots, np.arange(len(pivots))] = np.nan
    return deviation


def _cancellation_level(diagonal: np.ndarray, pivots, n_samples: int) -> np.ndarray:
    """What of the standard deviation of z_i - z_p the products cannot resolve, being squares."""
    return 1e-7 * np.sqrt((diagonal[:, None] + diagonal[pivots]) / (n_samples - 1))


def label_values(sums: LabelSums, pivots: np.ndarray, n_samples: int, floors) -> LabelValues:
    """Terms of all labels and pivots from the sums, O(n_labels n_pivots).

    ``floors`` are the rounding levels of the two models' log-probabilities.
    """
    s = _difference_deviation(sums.diag_aa, sums.aa, pivots, n_samples)
    s_prime = _difference_deviation(sums.diag_bb, sums.bb, pivots, n_samples)
    gap = sums.diag_md[:, None] + sums.diag_md[pivots] - sums.md - sums.dm
    scale, scale_prime = s.copy(), s_prime.copy()
    resolved = (
        _cancellation_level(sums.diag_aa, pivots, n_samples),
        _cancellation_level(sums.diag_bb, pivots, n_samples),
    )
    degenerate = is_degenerate(s, s_prime, tuple(map(np.maximum, resolved, floors)))
    scale[degenerate] = scale_prime[degenerate] = np.nan
    u = -gap / (n_samples - 1) / ((scale + scale_prime) * scale * scale_prime)
    v = 1 / scale + 1 / scale_prime

    def term(log_mm, log_md, log_dd):
        variance = log_mm * u**2 + 2 * log_md * u * v + log_dd * v**2
        return np.sqrt(np.maximum(variance, 0.0) / (n_samples - 1)) / 2

    rest = term(sums.log_mm[:, None], sums.log_md[:, None], sums.log_dd[:, None])
    base = term(sums.log_mm[pivots], sums.log_md[pivots], sums.log_dd[pivots])
    rest[pivots, np.arange(len(pivots))] = base[pivots, np.arange(len(pivots))] = -np.inf
    return LabelValues(rest, base, s, s_prime)


def score_pivots(
    values: LabelValues, *, left_out, reduce: str, skip: bool
) -> tuple[np.ndarray, np.ndarray]:
    """t1 of every pivot under its best left-out label, and the row of that label.

    The best label to leave out is the one with the largest value, so the score of a pivot is the
    second largest value (or the mean of all others). Degenerate labels count as infinite, or are
    passed over if ``skip``.
    """
    value = np.fmax(values.rest, values.base) if reduce == "max" else values.rest + values.base
    value = np.where(np.isnan(value), -np.inf if skip else np.inf, value)
    columns = np.arange(value.shape[1])
    chosen = value.argmax(axis=0) if left_out == "auto" else np.full(len(columns), left_out)
    value[chosen, columns] = -np.inf
    kept = ~np.isneginf(value)
    if reduce == "max":
        score = value.max(axis=0)
    else:
        score = np.where(kept, value, 0.0).sum(axis=0) / (2 * np.maximum(kept.sum(axis=0), 1))
    return np.where(kept.any(axis=0), score, np.inf), chosen
