"""Measures of hubness: how unevenly neighbour slots are spread over the indexed samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np
from scipy.stats import binom

from sksim.metrics._chance_counts import ChanceCounts
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import register
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = [
    "antihub_rate",
    "atkinson_index",
    "check_occurrence",
    "gini_index",
    "groupie_ratio",
    "hub_entropy",
    "hub_occurrence",
    "hub_rate",
    "k_skewness",
    "robin_hood_index",
]

#: Default of ``hub_size``, which the chance levels take for granted.
_HUB_SIZE = 2

#: What all measures ignore, and what those ignore that look at the Lorenz curve alone, or at
#: shares of it.
_ANY_ORDER = frozenset({"order"})
_LORENZ = frozenset({"order", "scale", "replication"})

#: Fractional counts are sums of fractions; a count this close to a threshold has reached it.
_ROUNDING = 1e-9

_OCCURRENCE = {"occurrence": ["array-like"]}
_HUB = {
    **_OCCURRENCE,
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "hub_size": [Interval(Real, 0, None, closed="neither")],
}


def _are_counts(occurrence: object) -> TypeGuard[FloatArray]:
    """Whether the counts are as a search returns them, so that there is nothing to say to them.

    NaN fails both comparisons.
    """
    return (
        type(occurrence) is np.ndarray
        and occurrence.dtype == np.float64
        and occurrence.ndim == 1
        and occurrence.size > 1
        and occurrence.flags.c_contiguous
        and bool(occurrence.min() >= 0)
        and bool(0 < occurrence.max() < np.inf)
    )


def check_occurrence(occurrence: ArrayLike) -> FloatArray:
    """Occurrence counts as a float64 vector with a positive sum."""
    if _are_counts(occurrence):
        return occurrence
    occurrence = check_named_array(
        occurrence,
        "occurrence",
        dtype=np.float64,
        ensure_2d=False,
        ensure_min_samples=2,
        ensure_non_negative=True,
    )
    if occurrence.ndim != 1:
        raise ValueError(
            "occurrence must be one-dimensional, one count for each indexed sample, got an "
            f"array of shape {occurrence.shape}."
        )
    if not occurrence.any():
        raise ValueError("occurrence must hold at least one neighbour slot, got zeros only.")
    return occurrence


def _is_hub(occurrence: np.ndarray, n_neighbors: int, hub_size: float) -> np.ndarray:
    return occurrence >= hub_size * n_neighbors * (1 - _ROUNDING)


@validate_params(_OCCURRENCE, prefer_skip_nested_validation=True)
def k_skewness(occurrence: ArrayLike) -> float:
    r"""Skewness of the k-occurrence, the classical measure of hubness.

    .. math:: S = \frac{\frac1n \sum_x (N(x) - \mu)^3}{\sigma^3}

    with :math:`N(x)` the occurrence of the indexed sample x, :math:`\mu` the mean and
    :math:`\sigma` the (biased) standard deviation of N over the n indexed samples. Zero for
    symmetric counts, large where few samples are neighbours of very many; it ranges up to
    :math:`(n - 2) / \sqrt{n - 1}`, reached when one count differs from all others. Constant
    counts have skewness 0.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.

    Returns
    -------
    skewness : float
        Without unit, in :math:`\pm (n - 2) / \sqrt{n - 1}`. Chance level:
        :func:`hubness_null`.

    See Also
    --------
    robin_hood_index : Bounded, and not moved by one single hub.
    hubness_score : The measure from vectors, graphs or distances.

    Notes
    -----
    Skewness is governed by the largest hub: never judge by this measure alone. Time and
    memory O(n).

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import k_skewness
    >>> round(k_skewness([4, 3, 3, 0, 0]), 4)
    -0.2561
    """
    occurrence = check_occurrence(occurrence)
    mean = occurrence.mean()
    deviation = occurrence - mean
    variance = np.mean(deviation**2)
    if variance <= (_ROUNDING * mean) ** 2:
        return 0.0
    return float(np.mean(deviation**2 * deviation) / variance**1.5)


def _null_skewness(chance: ChanceCounts) -> float:
    p = chance.shape.n_neighbors / chance.shape.n_indexed
    return (1 - 2 * p) / math.sqrt(chance.mean * (1 - p)) if p < 1 else 0.0


register(
    OccurrenceMeasure(
        name="k_skewness",
        function=k_skewness,
        greater_is_better=False,
        range=(-math.inf, math.inf),
        invariances=_LORENZ,
        null=_null_skewness,
    )
)


@validate_params(_OCCURRENCE, prefer_skip_nested_validation=True)
def robin_hood_index(occurrence: ArrayLike) -> float:
    r"""Share of the neighbour slots to hand round until all samples have equally many.

    .. math:: R = \frac{\sum_x |N(x) - \mu|}{2 \sum_x N(x)}

    with :math:`N(x)` the occurrence of the indexed sample x and :math:`\mu` its mean over the
    n indexed samples. It lies in :math:`[0, 1 - 1/n]`, 0 for constant counts; occurrence
    counts of k-neighbour lists reach :math:`1 - k/n` at most.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.

    Returns
    -------
    index : float
        A share, in [0, 1). Chance level: :func:`hubness_null`.

    See Also
    --------
    gini_index : Compares all pairs of samples instead.
    k_skewness : Looks at the largest hubs instead.

    Notes
    -----
    Also known as the Hoover index. Time and memory O(n).

    References
    ----------
    .. [1] R. Feldbauer, M. Leodolter, C. Plant and A. Flexer (2018). Fast approximate hubness
           reduction for large high-dimensional data. IEEE International Conference on Big
           Knowledge.

    Examples
    --------
    >>> from sksim.metrics import robin_hood_index
    >>> robin_hood_index([4, 3, 3, 0, 0])
    0.4
    """
    occurrence = check_occurrence(occurrence)
    return float(np.abs(occurrence - occurrence.mean()).sum() / (2 * occurrence.sum()))


def _null_robin_hood(chance: ChanceCounts) -> float:
    return float(chance.pmf @ np.abs(chance.counts - chance.mean)) / (2 * chance.mean)


register(
    OccurrenceMeasure(
        name="robin_hood_index",
        aliases=("robin_hood",),
        function=robin_hood_index,
        greater_is_better=False,
        invariances=_LORENZ,
        null=_null_robin_hood,
    )
)


@validate_params(_OCCURRENCE, prefer_skip_nested_validation=True)
def gini_index(occurrence: ArrayLike) -> float:
    r"""Gini index of the k-occurrence: mean difference of two samples' counts.

    .. math::
        G = \frac{\sum_{x, x'} |N(x) - N(x')|}{2 n \sum_x N(x)}
          = \frac{2 \sum_i i \, N_{(i)}}{n \sum_i N_{(i)}} - \frac{n + 1}{n}

    with :math:`N(x)` the occurrence of the indexed sample x, n of them, and
    :math:`N_{(1)} \le \dots \le N_{(n)}` the same in order. It lies in :math:`[0, 1 - 1/n]`,
    0 for constant counts; occurrence counts of k-neighbour lists reach :math:`1 - k/n` at most.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.

    Returns
    -------
    index : float
        In [0, 1). Chance level: :func:`hubness_null`.

    See Also
    --------
    robin_hood_index : The largest distance of the same Lorenz curve from equality.
    atkinson_index : Weighs the poorly supplied samples more.

    Notes
    -----
    Computed by the sorted form: time O(n log n), memory O(n).

    References
    ----------
    .. [1] C. Gini (1912). Variabilità e mutabilità. Tipografia di Paolo Cuppini.

    Examples
    --------
    >>> from sksim.metrics import gini_index
    >>> round(gini_index([4, 3, 3, 0, 0]), 4)
    0.44
    """
    ordered = np.sort(check_occurrence(occurrence))
    n = ordered.size
    weights = 2 * np.arange(1, n + 1) - n - 1
    return max(0.0, float(weights @ ordered / (n * ordered.sum())))


def _null_gini(chance: ChanceCounts) -> float:
    """By E|A - B| = 2 sum F (1 - F) for independent A, B with distribution function F."""
    return float(np.sum((1 - chance.tail) * chance.tail)) / chance.mean


register(
    OccurrenceMeasure(
        name="gini_index",
        aliases=("gini",),
        function=gini_index,
        greater_is_better=False,
        invariances=_LORENZ,
        null=_null_gini,
    )
)


@validate_params(
    {**_OCCURRENCE, "epsilon": [Interval(Real, 0, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def atkinson_index(occurrence: ArrayLike, *, epsilon: float = 0.5) -> float:
    r"""Atkinson index of the k-occurrence, with an adjustable aversion to inequality.

    .. math::
        A_\varepsilon = 1 - \frac{1}{\mu}
            \Bigl(\frac1n \sum_x N(x)^{1 - \varepsilon}\Bigr)^{1 / (1 - \varepsilon)}

    with :math:`N(x)` the occurrence of the indexed sample x and :math:`\mu` its mean over the
    n indexed samples; at :math:`\varepsilon = 1` the bracket becomes the geometric mean.
    It lies in [0, 1], 0 for constant counts.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.
    epsilon : float, default=0.5
        Aversion to inequality: 0 sees none, larger values look more at anti-hubs. From 1 on
        a single anti-hub makes the index 1.

    Returns
    -------
    index : float
        In [0, 1]. Chance level for the default epsilon: :func:`hubness_null`.

    See Also
    --------
    gini_index : Inequality without a parameter.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] A. B. Atkinson (1970). On the measurement of inequality. Journal of Economic Theory 2.

    Examples
    --------
    >>> from sksim.metrics import atkinson_index
    >>> round(atkinson_index([4, 3, 3, 0, 0]), 4)
    0.4029
    """
    occurrence = check_occurrence(occurrence)
    share = occurrence / occurrence.mean()
    if epsilon >= 1 and (share == 0).any():
        return 1.0
    if epsilon == 1:
        return max(0.0, float(-np.expm1(np.mean(np.log(share)))))
    return max(0.0, float(1 - np.mean(share ** (1 - epsilon)) ** (1 / (1 - epsilon))))


def _null_atkinson(chance: ChanceCounts) -> float:
    """For the default epsilon."""
    return max(0.0, 1 - float(chance.pmf @ np.sqrt(chance.counts)) ** 2 / chance.mean)


register(
    OccurrenceMeasure(
        name="atkinson_index",
        aliases=("atkinson",),
        function=atkinson_index,
        greater_is_better=False,
        invariances=_LORENZ,
        null=_null_atkinson,
    )
)


@validate_params(_OCCURRENCE, prefer_skip_nested_validation=True)
def antihub_rate(occurrence: ArrayLike) -> float:
    r"""Share of the indexed samples that are nobody's neighbour.

    .. math:: \frac{1}{n} \, \#\{x : N(x) = 0\}

    with :math:`N(x)` the occurrence of the indexed sample x, n of them. A neighbour search
    with these lists never finds an anti-hub.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.

    Returns
    -------
    rate : float
        A share, in [0, 1). Chance level: :func:`hubness_null`.

    See Also
    --------
    hub_rate : Share of the samples that are hubs.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2015). Reverse nearest neighbors in
           unsupervised distance-based outlier detection. IEEE Transactions on Knowledge and Data
           Engineering 27.

    Examples
    --------
    >>> from sksim.metrics import antihub_rate
    >>> antihub_rate([4, 3, 3, 0, 0])
    0.4
    """
    return float(np.mean(check_occurrence(occurrence) == 0))


def _null_antihub(chance: ChanceCounts) -> float:
    if chance.counts[0] == 0:
        return float(chance.pmf[0])
    m, n, k = chance.shape
    return float(binom.pmf(0, m, k / n))


register(
    OccurrenceMeasure(
        name="antihub_rate",
        function=antihub_rate,
        greater_is_better=False,
        invariances=_LORENZ,
        null=_null_antihub,
    )
)


@validate_params(_HUB, prefer_skip_nested_validation=True)
def hub_rate(occurrence: ArrayLike, *, n_neighbors: int, hub_size: float = 2) -> float:
    r"""Share of the indexed samples that are hubs.

    .. math:: \frac{1}{n} \, \#\{x : N(x) \ge h k\}

    with :math:`N(x)` the occurrence of the indexed sample x, n of them, k = ``n_neighbors``
    and h = ``hub_size``.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.
    n_neighbors : int
        Number of neighbours k that the counts are of.
    hub_size : float, default=2
        A hub is in at least ``hub_size * n_neighbors`` lists.

    Returns
    -------
    rate : float
        A share, in [0, 1]. Chance level for the default hub size: :func:`hubness_null`.

    See Also
    --------
    hub_occurrence : Share of the slots that these hubs hold.

    Notes
    -----
    A few extreme hubs and a moderate unevenness give the same small rate: read it together
    with :func:`hub_occurrence`. Time and memory O(n).

    References
    ----------
    .. [1] R. Feldbauer, M. Leodolter, C. Plant and A. Flexer (2018). Fast approximate hubness
           reduction for large high-dimensional data. IEEE International Conference on Big
           Knowledge.

    Examples
    --------
    >>> from sksim.metrics import hub_rate
    >>> hub_rate([4, 3, 3, 0, 0], n_neighbors=2)
    0.2
    """
    return float(np.mean(_is_hub(check_occurrence(occurrence), n_neighbors, hub_size)))


def _chance_hubs(chance: ChanceCounts) -> np.ndarray:
    """Mask of the counts of hubs of the default size."""
    return chance.counts >= _HUB_SIZE * chance.shape.n_neighbors


def _null_hub_rate(chance: ChanceCounts) -> float:
    return float(chance.pmf[_chance_hubs(chance)].sum())


register(
    OccurrenceMeasure(
        name="hub_rate",
        function=hub_rate,
        greater_is_better=False,
        invariances=_ANY_ORDER | {"replication"},
        null=_null_hub_rate,
    )
)


@validate_params(_HUB, prefer_skip_nested_validation=True)
def hub_occurrence(occurrence: ArrayLike, *, n_neighbors: int, hub_size: float = 2) -> float:
    r"""Share of all neighbour slots that hubs hold.

    .. math:: \frac{\sum_{x : N(x) \ge h k} N(x)}{\sum_x N(x)}

    with :math:`N(x)` the occurrence of the indexed sample x, k = ``n_neighbors`` and
    h = ``hub_size``. The denominator is the number of slots, also where queries and indexed
    samples differ.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.
    n_neighbors : int
        Number of neighbours k that the counts are of.
    hub_size : float, default=2
        A hub is in at least ``hub_size * n_neighbors`` lists.

    Returns
    -------
    share : float
        In [0, 1]. Chance level for the default hub size: :func:`hubness_null`.

    See Also
    --------
    hub_rate : Share of the samples that are hubs.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] R. Feldbauer, M. Leodolter, C. Plant and A. Flexer (2018). Fast approximate hubness
           reduction for large high-dimensional data. IEEE International Conference on Big
           Knowledge.

    Examples
    --------
    >>> from sksim.metrics import hub_occurrence
    >>> hub_occurrence([4, 3, 3, 0, 0], n_neighbors=2)
    0.4
    """
    occurrence = check_occurrence(occurrence)
    hubs = occurrence[_is_hub(occurrence, n_neighbors, hub_size)]
    return float(hubs.sum() / occurrence.sum())


def _null_hub_occurrence(chance: ChanceCounts) -> float:
    hubs = _chance_hubs(chance)
    return float(chance.pmf[hubs] @ chance.counts[hubs]) / chance.mean


register(
    OccurrenceMeasure(
        name="hub_occurrence",
        function=hub_occurrence,
        greater_is_better=False,
        invariances=_ANY_ORDER | {"replication"},
        null=_null_hub_occurrence,
    )
)


@validate_params(
    {**_OCCURRENCE, "n_queries": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def groupie_ratio(occurrence: ArrayLike, *, n_queries: int) -> float:
    r"""Share of the queries that have the largest hub among their neighbours.

    .. math:: \max_x N(x) / m

    with :math:`N(x)` the occurrence of the indexed sample x and m = ``n_queries``.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.
    n_queries : int
        Number of queries m; the number of samples where each sample was a query.

    Returns
    -------
    ratio : float
        A share, in (0, 1]. Chance level: :func:`hubness_null`.

    Raises
    ------
    ValueError
        If a count is larger than the number of queries.

    See Also
    --------
    k_skewness : Is governed by the same largest hub.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import groupie_ratio
    >>> groupie_ratio([4, 3, 3, 0, 0], n_queries=5)
    0.8
    """
    largest = float(check_occurrence(occurrence).max())
    if largest > n_queries * (1 + _ROUNDING):
        raise ValueError(
            "n_queries must be the number of queries, which no count exceeds, got "
            f"n_queries={n_queries} and a count of {largest:g}."
        )
    return min(1.0, largest / n_queries)


def _null_groupie(chance: ChanceCounts) -> float:
    """By E max = sum over j of P(max > j), with P(max <= j) = F(j)^n."""
    with np.errstate(divide="ignore"):
        exceeds = -np.expm1(chance.shape.n_indexed * np.log1p(-chance.tail))
    return float(chance.counts[0] + exceeds.sum()) / chance.shape.n_queries


register(
    OccurrenceMeasure(
        name="groupie_ratio",
        function=groupie_ratio,
        greater_is_better=False,
        invariances=_ANY_ORDER | {"replication"},
        null=_null_groupie,
    )
)


@validate_params(_OCCURRENCE, prefer_skip_nested_validation=True)
def hub_entropy(occurrence: ArrayLike) -> float:
    r"""Entropy of the distribution of neighbour slots over samples; 1 if even.

    .. math:: -\frac{1}{\ln n} \sum_x q(x) \ln q(x), \qquad q(x) = N(x) / \sum_{x'} N(x')

    with :math:`N(x)` the occurrence of the indexed sample x, n of them. Unlike the other
    measures it is *large without* hubness: 1 for constant counts, :math:`\ln k / \ln n` if k
    samples hold all slots.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`k_occurrence`.

    Returns
    -------
    entropy : float
        In [0, 1]. Chance level: :func:`hubness_null`.

    See Also
    --------
    gini_index : Inequality by differences of counts.

    Notes
    -----
    Time and memory O(n).

    References
    ----------
    .. [1] C. E. Shannon (1948). A mathematical theory of communication. Bell System Technical
           Journal 27.

    Examples
    --------
    >>> from sksim.metrics import hub_entropy
    >>> round(hub_entropy([4, 3, 3, 0, 0]), 4)
    0.6766
    """
    occurrence = check_occurrence(occurrence)
    share = occurrence[occurrence > 0] / occurrence.sum()
    entropy = -float(share @ np.log(share)) / np.log(occurrence.size)
    return float(np.clip(entropy, 0.0, 1.0))


def _null_entropy(chance: ChanceCounts) -> float:
    some = chance.counts > 0
    relative = chance.counts[some] / chance.mean
    excess = float(chance.pmf[some] @ (relative * np.log(relative)))
    return min(1.0, 1 - excess / math.log(chance.shape.n_indexed))


register(
    OccurrenceMeasure(
        name="hub_entropy",
        function=hub_entropy,
        invariances=_ANY_ORDER | {"scale"},
        null=_null_entropy,
    )
)
