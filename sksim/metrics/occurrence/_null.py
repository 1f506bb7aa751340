"""Chance level of the hubness measures, exact from the distribution of the occurrence."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

from sksim.metrics._chance_counts import SearchShape
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import get_measure
from sksim.utils._sklearn import Interval, validate_params

__all__ = ["hubness_null"]


@validate_params(
    {
        "measure": [str],
        "n_queries": [Interval(Integral, 1, None, closed="left")],
        "n_indexed": [Interval(Integral, 2, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def hubness_null(measure: str, *, n_queries: int, n_indexed: int, n_neighbors: int) -> float:
    r"""Value of a hubness measure that is expected with no hubness at all.

    Without hubness each of the m queries has a given sample among its k neighbours with
    probability k/n, whatever the others do, so that the occurrence follows

    .. math:: N \sim \mathrm{Binomial}(m, p), \qquad p = k / n,

    with m = ``n_queries``, n = ``n_indexed`` and k = ``n_neighbors``. The chance level is the
    measure of this distribution, in closed form or as a finite sum over its probabilities;
    nothing is simulated. With :math:`\mu = m k / n` and F the cumulative distribution function
    of N:

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
    Where the samples are neighbours of each other and never of themselves, the exact
    distribution is Binomial(n - 1, k / (n - 1)). It has the same mean, and a variance that is
    lower by a share of about :math:`k / n^2` only: the one formula above serves both cases. The
    counts of different samples are weakly dependent, since their sum is fixed; this changes the
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
    shape = SearchShape(n_queries, n_indexed, n_neighbors)
    return get_measure(measure, OccurrenceMeasure).chance_level(shape)
