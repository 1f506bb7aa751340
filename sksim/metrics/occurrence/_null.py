"""Chance level of the hubness measures, exact from the binomial law of the occurrence."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from math import ceil, floor, log, sqrt
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from sksim.metrics.occurrence._measures import (
    antihub_rate,
    atkinson_index,
    gini_index,
    groupie_ratio,
    hub_entropy,
    hub_occurrence,
    hub_rate,
    k_skewness,
    robin_hood_index,
)
from sksim.utils._sklearn import Interval, validate_params

__all__ = [
    "HUBNESS_MEASURES",
    "HubnessMeasure",
    "SearchShape",
    "get_hubness_measure",
    "hubness_null",
]

#: Default of ``hub_size``, which the nulls and the measures by name use.
_HUB_SIZE = 2


class SearchShape(NamedTuple):
    """Size of a neighbour search: m queries, n indexed samples, k neighbours."""

    n_queries: int
    n_indexed: int
    n_neighbors: int


class _Law(NamedTuple):
    """The binomial law of the occurrence on the counts that have any weight, and its shape."""

    counts: np.ndarray
    pmf: np.ndarray
    tail: np.ndarray  # P(N > count)
    mean: float
    shape: SearchShape


def _binomial_law(shape: SearchShape) -> _Law:
    """Counts within 40 standard deviations and 60 of the mean: all else is below 1e-60."""
    m, p = shape.n_queries, shape.n_neighbors / shape.n_indexed
    reach = 40 * sqrt(m * p * (1 - p)) + 60
    counts = np.arange(max(0, floor(m * p - reach)), min(m, ceil(m * p + reach)) + 1)
    law = binom(m, p)
    return _Law(counts, law.pmf(counts), law.sf(counts), m * p, shape)


def _null_skewness(law: _Law) -> float:
    p = law.shape.n_neighbors / law.shape.n_indexed
    return (1 - 2 * p) / sqrt(law.mean * (1 - p)) if p < 1 else 0.0


def _null_robin_hood(law: _Law) -> float:
    return float(law.pmf @ np.abs(law.counts - law.mean)) / (2 * law.mean)


def _null_gini(law: _Law) -> float:
    """By E|A - B| = 2 sum F (1 - F) for independent A, B with distribution function F."""
    return float(np.sum((1 - law.tail) * law.tail)) / law.mean


def _null_atkinson(law: _Law) -> float:
    return max(0.0, 1 - float(law.pmf @ np.sqrt(law.counts)) ** 2 / law.mean)


def _null_antihub(law: _Law) -> float:
    return float(binom.pmf(0, law.shape.n_queries, law.shape.n_neighbors / law.shape.n_indexed))


def _null_hub_rate(law: _Law) -> float:
    return float(law.pmf[law.counts >= _HUB_SIZE * law.shape.n_neighbors].sum())


def _null_hub_occurrence(law: _Law) -> float:
    hubs = law.counts >= _HUB_SIZE * law.shape.n_neighbors
    return float(law.pmf[hubs] @ law.counts[hubs]) / law.mean


def _null_groupie(law: _Law) -> float:
    """By E max = sum over j of P(max > j), with P(max <= j) = F(j)^n."""
    with np.errstate(divide="ignore"):
        exceeds = -np.expm1(law.shape.n_indexed * np.log1p(-law.tail))
    return float(law.counts[0] + exceeds.sum()) / law.shape.n_queries


def _null_entropy(law: _Law) -> float:
    relative = law.counts[law.counts > 0] / law.mean
    excess = float(law.pmf[law.counts > 0] @ (relative * np.log(relative)))
    return min(1.0, 1 - excess / log(law.shape.n_indexed))


class HubnessMeasure(NamedTuple):
    """One measure: its value from counts and a shape, and its chance level from a binomial law.

    ``increases`` is False where more hubness gives a lower value.
    """

    value: Callable[[np.ndarray, SearchShape], float]
    null: Callable[[_Law], float]
    increases: bool = True


#: Every measure of occurrence counts, by the name of its function.
HUBNESS_MEASURES = {
    "k_skewness": HubnessMeasure(lambda N, s: k_skewness(N), _null_skewness),
    "robin_hood_index": HubnessMeasure(lambda N, s: robin_hood_index(N), _null_robin_hood),
    "gini_index": HubnessMeasure(lambda N, s: gini_index(N), _null_gini),
    "atkinson_index": HubnessMeasure(lambda N, s: atkinson_index(N), _null_atkinson),
    "antihub_rate": HubnessMeasure(lambda N, s: antihub_rate(N), _null_antihub),
    "hub_rate": HubnessMeasure(
        lambda N, s: hub_rate(N, n_neighbors=s.n_neighbors, hub_size=_HUB_SIZE), _null_hub_rate
    ),
    "hub_occurrence": HubnessMeasure(
        lambda N, s: hub_occurrence(N, n_neighbors=s.n_neighbors, hub_size=_HUB_SIZE),
        _null_hub_occurrence,
    ),
    "groupie_ratio": HubnessMeasure(
        lambda N, s: groupie_ratio(N, n_queries=s.n_queries), _null_groupie
    ),
    "hub_entropy": HubnessMeasure(lambda N, s: hub_entropy(N), _null_entropy, increases=False),
}

_SHORT_NAMES = {
    "robin_hood": "robin_hood_index",
    "gini": "gini_index",
    "atkinson": "atkinson_index",
}


def get_hubness_measure(measure: str) -> HubnessMeasure:
    """Look a measure up by the name of its function; "_index" may be left out."""
    name = _SHORT_NAMES.get(measure, measure)
    if name not in HUBNESS_MEASURES:
        raise ValueError(f"measure must be one of {sorted(HUBNESS_MEASURES)}, got {measure!r}.")
    return HUBNESS_MEASURES[name]


@validate_params(
    {
        "measure": [str],
        "n_queries": [Interval(Integral, 1, None, closed="left")],
        "n_indexed": [Interval(Integral, 2, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def hubness_null(measure, *, n_queries, n_indexed, n_neighbors) -> float:
    r"""Value of a hubness measure that is expected with no hubness at all.

    Without hubness each of the m queries has a given sample among its k neighbours with
    probability k/n, whatever the others do, so that the occurrence follows

    .. math:: N \sim \mathrm{Binomial}(m, p), \qquad p = k / n,

    with m = ``n_queries``, n = ``n_indexed`` and k = ``n_neighbors``. The chance level is the
    measure of this law, in closed form or as a finite sum over its probabilities; nothing is
    simulated. With :math:`\mu = m k / n` and F the distribution function of N:

    ================  ==========================================================
    k_skewness        :math:`(1 - 2p) / \sqrt{m p (1 - p)}`
    robin_hood_index  :math:`E|N - \mu| / (2 \mu)`
    gini_index        :math:`E|N - N'| / (2 \mu)`, N' an independent copy
    atkinson_index    :math:`1 - (E \sqrt N)^2 / \mu` (epsilon = 1/2)
    antihub_rate      :math:`(1 - p)^m`
    hub_rate          :math:`P(N \ge 2k)`
    hub_occurrence    :math:`E[N; N \ge 2k] / \mu`
    groupie_ratio     :math:`\frac1m \sum_j (1 - F(j)^n)`, the largest of n
                      independent counts
    hub_entropy       :math:`1 - E[(N / \mu) \ln (N / \mu)] / \ln n`
    ================  ==========================================================

    .. versionadded:: 0.1

    Parameters
    ----------
    measure : str
        Name of a measure's function, such as "k_skewness" or "robin_hood_index".
    n_queries : int
        Number of queries m.
    n_indexed : int
        Number of indexed samples n; equal to ``n_queries`` where the samples are neighbours
        of each other.
    n_neighbors : int
        Number of neighbours k.

    Returns
    -------
    null : float
        Chance level, in the unit and range of the measure.

    Raises
    ------
    ValueError
        If the measure is unknown or ``n_neighbors`` exceeds ``n_indexed``.

    See Also
    --------
    hubness_score : With ``adjusted=True`` the excess over this level.
    hubness_report : All measures beside their levels.

    Notes
    -----
    Where the samples are neighbours of each other and never of themselves, the exact law is
    Binomial(n - 1, k / (n - 1)). It has the same mean, and a variance that is lower by a
    share of about :math:`k / n^2` only: the one formula above serves both cases. The counts
    of different samples are weakly dependent, since their sum is fixed; this changes the
    expectations by terms of order 1/n. Time and memory :math:`O(\sqrt{\mu})`.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import hubness_null
    >>> round(hubness_null("k_skewness", n_queries=1000, n_indexed=4000, n_neighbors=10), 3)
    0.63
    >>> round(hubness_null("antihub_rate", n_queries=1000, n_indexed=4000, n_neighbors=10), 3)
    0.082
    """
    if n_neighbors > n_indexed:
        raise ValueError(
            f"n_neighbors must be at most n_indexed={n_indexed}, got n_neighbors={n_neighbors}."
        )
    law = _binomial_law(SearchShape(n_queries, n_indexed, n_neighbors))
    return float(get_hubness_measure(measure).null(law))
