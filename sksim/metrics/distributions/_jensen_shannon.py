"""Jensen-Shannon divergence and distance of predicted distributions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np

from sksim.metrics._array_formulas import array_root
from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import identity, with_array_formula
from sksim.metrics.distributions._arguments import of_log_probabilities
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._tables_in_place import check_tables_in_place
from sksim.utils._array_api import namespace_of
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["jensen_shannon_distance", "jensen_shannon_divergence"]


def _row_divergences(pair: LogProbabilityPair) -> FloatArray:
    """Jensen-Shannon divergence of each row, in bits.

    With m = (p + q) / 2 and u = log p - log q it is the sum of
    m (u tanh(u / 2) - 2 log cosh(u / 2)) / 2: a sum of terms that are never negative, so that
    close distributions do not cancel. Beyond 80 the bracket is its limit 2 log 2.
    """
    u = np.minimum(np.abs(pair.log_p - pair.log_q), 80.0)
    bracket = u * np.tanh(u / 2) - np.log1p(np.sinh(u / 2) ** 2)
    mixture = np.exp(np.logaddexp(pair.log_p, pair.log_q) - np.log(2.0))
    nats = np.einsum("ij,ij->i", mixture, np.maximum(bracket, 0.0)) / 2
    return np.minimum(nats / np.log(2.0), 1.0)


def _array_row_divergences(log_p: Any, log_q: Any) -> Any:
    """``_row_divergences`` for arrays of other libraries."""
    xp = namespace_of(log_p)
    u = xp.clip(xp.abs(log_p - log_q), max=80.0)
    bracket = u * xp.tanh(u / 2) - xp.log1p(xp.sinh(u / 2) ** 2)
    mixture = xp.exp(xp.logaddexp(log_p, log_q) - math.log(2.0))
    nats = xp.sum(mixture * xp.clip(bracket, min=0.0), axis=1) / 2
    return xp.clip(nats / math.log(2.0), max=1.0)


def _array_divergence(log_p: Any, log_q: Any) -> Any:
    return namespace_of(log_p).mean(_array_row_divergences(log_p, log_q))


def _array_distance(log_p: Any, log_q: Any) -> Any:
    return namespace_of(log_p).mean(array_root(_array_row_divergences(log_p, log_q)))


@of_log_probabilities
@with_array_formula(_array_divergence, check_tables_in_place, keep="gradient")
def jensen_shannon_divergence(log_p: ArrayLike, log_q: ArrayLike) -> float:
    r"""Mean Jensen-Shannon divergence of two models' predicted distributions, in bits.

    .. math:: \frac{1}{n} \sum_i \tfrac12 \mathrm{KL}(p_i \Vert m_i)
              + \tfrac12 \mathrm{KL}(q_i \Vert m_i), \qquad m_i = \tfrac12 (p_i + q_i)

    with logarithms to base 2. The value lies in [0, 1]: 0 if the distributions are equal, 1 if
    they share no label.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, for the same samples and labels.

    Returns
    -------
    divergence : float
        Mean over the samples, in bits.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, or rows are not normalised.

    See Also
    --------
    jensen_shannon_distance : Mean of the roots, which is a metric.
    kl_divergence : The divergence without the mixture.
    disagreement_rate : On labels instead of distributions.

    Notes
    -----
    Time and memory O(n k). Close distributions do not cancel: the relative error stays at the
    level of rounding.

    References
    ----------
    .. [1] J. Lin (1991). Divergence measures based on the Shannon entropy. IEEE Transactions on
           Information Theory 37.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import jensen_shannon_divergence
    >>> log_p, log_q = np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([[0.5, 0.5], [0.1, 0.9]])
    >>> round(jensen_shannon_divergence(log_p, log_q), 4)
    0.2655
    """
    return float(np.mean(_row_divergences(LogProbabilityPair.check(log_p, log_q))))


@of_log_probabilities
@with_array_formula(_array_distance, check_tables_in_place, keep="gradient")
def jensen_shannon_distance(log_p: ArrayLike, log_q: ArrayLike) -> float:
    r"""Mean Jensen-Shannon distance of two models' predicted distributions: a metric.

    .. math:: \frac{1}{n} \sum_i \sqrt{\mathrm{JSD}(p_i, q_i)}

    with the divergence in bits. The value lies in [0, 1]; it obeys the triangle inequality.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, for the same samples and labels.

    Returns
    -------
    distance : float
        Mean over the samples of the roots of the divergences.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, or rows are not normalised.

    See Also
    --------
    jensen_shannon_divergence : Mean of the divergences themselves.

    Notes
    -----
    Time and memory O(n k).

    References
    ----------
    .. [1] D. M. Endres and J. E. Schindelin (2003). A new metric for probability distributions.
           IEEE Transactions on Information Theory 49.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import jensen_shannon_distance
    >>> log_p, log_q = np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([[0.5, 0.5], [0.1, 0.9]])
    >>> round(jensen_shannon_distance(log_p, log_q), 4)
    0.3644
    """
    return float(np.mean(np.sqrt(_row_divergences(LogProbabilityPair.check(log_p, log_q)))))


register(
    DistributionMeasure(
        name="jensen_shannon_divergence",
        function=jensen_shannon_divergence,
        range=(0.0, 1.0),
        distance=math.sqrt,
        invariances=frozenset({"row_order", "label_order", "gauge"}),
        min_samples=1,
    )
)
register(
    DistributionMeasure(
        name="jensen_shannon_distance",
        function=jensen_shannon_distance,
        range=(0.0, 1.0),
        distance=identity,
        invariances=frozenset({"row_order", "label_order", "gauge"}),
        min_samples=1,
    )
)
