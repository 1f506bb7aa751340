"""Hubness of a space in one number, or in one table, with the chance level beside it."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal

import numpy as np

from sksim.metrics._chance_counts import SearchShape
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import all_measures, get_measure
from sksim.metrics.occurrence._occurrence import SEARCH_CONSTRAINTS
from sksim.metrics.occurrence._slots import SlotStream, neighbor_slots, tally
from sksim.utils._labels import check_labels
from sksim.utils._results import Result, Table
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, MatrixLike, Metric, MetricParams, RandomState, Ties

__all__ = [
    "HubnessReport",
    "bad_hubness_score",
    "hubness_of_counts",
    "hubness_report",
    "hubness_score",
]


def _measured(measure: OccurrenceMeasure, occurrence: np.ndarray, shape: SearchShape) -> Result:
    """Value, null and adjusted value of one measure of the counts of a search."""
    value, null = measure.value(occurrence, shape), measure.chance_level(shape)
    return Result(value=value, null=null, adjusted=value - null)


def hubness_of_counts(
    measure: OccurrenceMeasure, occurrence: np.ndarray, shape: SearchShape, *, adjusted: bool
) -> float:
    """One measure of the counts of a search, as it is or adjusted for chance."""
    if not adjusted:
        return measure.value(occurrence, shape)
    return _measured(measure, occurrence, shape).adjusted


@validate_params(
    {**SEARCH_CONSTRAINTS, "measure": [str], "adjusted": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def hubness_score(
    X: MatrixLike,
    Y: MatrixLike | None = None,
    *,
    measure: str = "k_skewness",
    n_neighbors: int = 10,
    metric: Metric = "euclidean",
    adjusted: bool = False,
    metric_params: MetricParams = None,
    exclude_self: bool | Literal["auto"] = "auto",
    ties: Ties = "fractional",
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> float:
    r"""Hubness of the indexed samples Y as the queries X see them, by one measure.

    With ``adjusted=True`` the score is the excess over chance,

    .. math:: h' = h - h_0,

    with h the value of the measure and :math:`h_0` its value without hubness
    (:func:`hubness_null`): it is 0 at chance, in the unit of the measure, and compares spaces of
    different sizes.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries. With ``metric="precomputed"`` a distance matrix or a neighbour graph of shape
        (n_queries, n_indexed).
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    measure : str, default="k_skewness"
        Name of the measure's function: "k_skewness", "robin_hood_index", "gini_index",
        "atkinson_index", "antihub_rate", "hub_rate", "hub_occurrence", "groupie_ratio" or
        "hub_entropy". Their parameters have the default values.
    n_neighbors : int, default=10
        Number of neighbours, the sample itself not counted.
    metric : str or callable, default="euclidean"
        "precomputed" or any metric of scikit-learn's neighbour search.
    adjusted : bool, default=False
        Whether to return the excess over chance.
    metric_params : dict, default=None
        Parameters of the metric.
    exclude_self : {"auto"} or bool, default="auto"
        Whether query i is indexed sample i, see :func:`k_occurrence`.
    ties : {"fractional", "index", "random"}, default="fractional"
        Rule for ties, see :func:`k_occurrence`.
    random_state : int, RandomState instance or None, default=None
        Generator for ``ties="random"``.
    n_jobs : int, default=None
        Number of threads of the neighbour search.

    Returns
    -------
    score : float
        In the range of the measure, or the excess over chance. Except for "hub_entropy",
        larger means more hubness.

    Raises
    ------
    ValueError
        If the measure is unknown, or the input does not allow the search.

    See Also
    --------
    hubness_report : All measures at once.
    make_hubness_scorer : The same as a scorer for model selection.

    Notes
    -----
    Time and memory are those of the neighbour search, see :func:`k_occurrence`.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.datasets import make_gaussian_hubs
    >>> from sksim.metrics import hubness_score
    >>> X, _ = make_gaussian_hubs(500, 100, n_classes=1, random_state=0)
    >>> hubness_score(X) > 3
    True
    >>> hubness_score(X[:, :3], adjusted=True) < 0.1
    True
    """
    record = get_measure(measure, OccurrenceMeasure)
    stream = neighbor_slots(
        X,
        Y,
        n_neighbors=n_neighbors,
        metric=metric,
        metric_params=metric_params,
        exclude_self=exclude_self,
        ties=ties,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    occurrence, _ = tally(stream)
    shape = SearchShape(stream.n_queries, stream.n_indexed, n_neighbors)
    return hubness_of_counts(record, occurrence, shape, adjusted=adjusted)


def _check_labels(y, n_samples: int, name: str) -> np.ndarray:
    y = check_labels(y, name)
    if y.size != n_samples:
        raise ValueError(
            f"{name} must hold one label for each of {n_samples} samples, got {y.size}."
        )
    return y


def _check_same_kind(y: np.ndarray, y_indexed: np.ndarray) -> None:
    """Raise if texts would be compared with numbers, which are never equal."""
    texts = [all(isinstance(label, str) for label in labels) for labels in (y, y_indexed)]
    if texts[0] != texts[1]:
        raise ValueError(
            "y and y_indexed must hold labels of one kind, got texts in one of them only: "
            f"type {y.dtype} in y, type {y_indexed.dtype} in y_indexed."
        )


def _check_both_labels(y, y_indexed, stream: SlotStream, separate: bool):
    """Labels of the queries and of the indexed samples."""
    y = _check_labels(y, stream.n_queries, "y")
    if y_indexed is None and separate:
        raise ValueError(
            "y_indexed must hold the labels of the indexed samples where they are not the "
            "queries themselves, got None."
        )
    if y_indexed is None:
        return y, y
    y_indexed = _check_labels(y_indexed, stream.n_indexed, "y_indexed")
    _check_same_kind(y, y_indexed)
    return y, y_indexed


def _is_separate(stream: SlotStream, Y, metric, exclude_self) -> bool:
    """Whether queries and indexed samples are two sets, or may be."""
    if stream.n_queries != stream.n_indexed:
        return True
    if exclude_self is True:
        return False
    return Y is not None or (exclude_self is False and metric == "precomputed")


def _bad_hubness_null(y: np.ndarray, y_indexed: np.ndarray) -> float:
    """Probability that two labels differ, one drawn from each set."""
    classes = np.union1d(y, y_indexed)
    counts = np.bincount(np.searchsorted(classes, y), minlength=classes.size)
    indexed = np.bincount(np.searchsorted(classes, y_indexed), minlength=classes.size)
    return 1 - float((counts / y.size) @ (indexed / y_indexed.size))


def _bad_hubness(n_bad: float, occurrence: np.ndarray, y, y_indexed) -> Result:
    value, null = n_bad / float(occurrence.sum()), _bad_hubness_null(y, y_indexed)
    return Result(value=value, null=null, adjusted=value - null)


@validate_params(
    {
        **SEARCH_CONSTRAINTS,
        "y": ["array-like"],
        "y_indexed": ["array-like", None],
        "adjusted": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def bad_hubness_score(
    X: MatrixLike,
    y: ArrayLike,
    Y: MatrixLike | None = None,
    y_indexed: ArrayLike | None = None,
    *,
    n_neighbors: int = 10,
    metric: Metric = "euclidean",
    adjusted: bool = False,
    metric_params: MetricParams = None,
    exclude_self: bool | Literal["auto"] = "auto",
    ties: Ties = "fractional",
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> float:
    r"""Share of the neighbour slots that hold a sample of another class.

    .. math:: B = \frac{\sum_x BN_k(x)}{\sum_x N_k(x)}, \qquad
        BN_k(x) = \#\{q : x \in \mathrm{NN}_k(q),\ y_q \ne y_x\}

    with :math:`N_k` the k-occurrence. It is what hubness costs a neighbour classifier.
    With classes drawn at random it is :math:`B_0 = 1 - \sum_c \pi_c \rho_c`, with
    :math:`\pi_c` and :math:`\rho_c` the shares of class c among the queries and the indexed
    samples; ``adjusted=True`` gives :math:`B - B_0`: 0 at chance, :math:`-B_0` if all neighbours
    agree.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries. With ``metric="precomputed"`` a distance matrix or a neighbour graph of shape
        (n_queries, n_indexed).
    y : array-like of shape (n_queries,)
        Class of each query.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    y_indexed : array-like of shape (n_indexed,), default=None
        Class of each indexed sample; None means y, where the samples are their own index.
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted.
    metric : str or callable, default="euclidean"
        "precomputed" or any metric of scikit-learn's neighbour search.
    adjusted : bool, default=False
        Whether to return the excess over chance.
    metric_params : dict, default=None
        Parameters of the metric.
    exclude_self : {"auto"} or bool, default="auto"
        Whether query i is indexed sample i, see :func:`k_occurrence`.
    ties : {"fractional", "index", "random"}, default="fractional"
        Rule for ties, see :func:`k_occurrence`.
    random_state : int, RandomState instance or None, default=None
        Generator for ``ties="random"``.
    n_jobs : int, default=None
        Number of threads of the neighbour search.

    Returns
    -------
    score : float
        A share, in [0, 1], or adjusted for chance; lower is better.

    Raises
    ------
    ValueError
        If labels are missing or of the wrong number, or the input does not allow the search.

    See Also
    --------
    k_occurrence : The counts without labels.
    hubness_report : All measures at once; with labels this one too.

    Notes
    -----
    Time and memory are those of the neighbour search, see :func:`k_occurrence`.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import bad_hubness_score
    >>> X = [[0.0], [1.0], [2.5], [4.5]]
    >>> bad_hubness_score(X, [0, 0, 1, 1], n_neighbors=1)
    0.25
    """
    stream = neighbor_slots(
        X,
        Y,
        n_neighbors=n_neighbors,
        metric=metric,
        metric_params=metric_params,
        exclude_self=exclude_self,
        ties=ties,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    y, y_indexed = _check_both_labels(
        y, y_indexed, stream, _is_separate(stream, Y, metric, exclude_self)
    )
    occurrence, n_bad = tally(stream, y, y_indexed)
    bad = _bad_hubness(n_bad, occurrence, y, y_indexed)
    return bad.adjusted if adjusted else bad.value


class HubnessReport(Result):
    """Measured hubness: a row for each measure, chance beside it."""

    def _title(self) -> str:
        return (
            f"Hubness of {self.n_indexed} indexed samples, {self.n_queries} queries, "
            f"{self.n_neighbors} neighbours; largest occurrence {self.occurrence.max():g}"
        )

    def _table(self) -> Table:
        return super()._table()._replace(name="measure")

    def _others(self) -> list[str]:
        return []


@validate_params(
    {
        **SEARCH_CONSTRAINTS,
        "y": ["array-like", None],
        "y_indexed": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def hubness_report(
    X: MatrixLike,
    Y: MatrixLike | None = None,
    *,
    y: ArrayLike | None = None,
    n_neighbors: int = 10,
    metric: Metric = "euclidean",
    y_indexed: ArrayLike | None = None,
    metric_params: MetricParams = None,
    exclude_self: bool | Literal["auto"] = "auto",
    ties: Ties = "fractional",
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> HubnessReport:
    """Every measure of hubness with its chance level and its excess over chance.

    The adjusted value is the difference of the two, see :func:`hubness_score`; for "bad_hubness"
    see :func:`bad_hubness_score`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries. With ``metric="precomputed"`` a distance matrix or a neighbour graph of shape
        (n_queries, n_indexed).
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    y : array-like of shape (n_queries,), default=None
        Class of each query; adds the entry "bad_hubness".
    n_neighbors : int, default=10
        Number of neighbours, the sample itself not counted.
    metric : str or callable, default="euclidean"
        "precomputed" or any metric of scikit-learn's neighbour search.
    y_indexed : array-like of shape (n_indexed,), default=None
        Class of each indexed sample; None means y, where the samples are their own index.
    metric_params : dict, default=None
        Parameters of the metric.
    exclude_self : {"auto"} or bool, default="auto"
        Whether query i is indexed sample i, see :func:`k_occurrence`.
    ties : {"fractional", "index", "random"}, default="fractional"
        Rule for ties, see :func:`k_occurrence`.
    random_state : int, RandomState instance or None, default=None
        Generator for ``ties="random"``.
    n_jobs : int, default=None
        Number of threads of the neighbour search.

    Returns
    -------
    report : Bunch
        One entry for each measure, by the name of its function, each a Bunch of ``value``,
        ``null`` and ``adjusted``; then ``occurrence`` (n_indexed,), ``n_queries``,
        ``n_indexed`` and ``n_neighbors``. Prints as a table.

    Raises
    ------
    ValueError
        If labels are missing or of the wrong number, or the input does not allow the search.

    See Also
    --------
    hubness_score : One measure.
    hubness_null : The chance levels.

    Notes
    -----
    One neighbour search serves all measures; its time and memory are those of
    :func:`k_occurrence`.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import hubness_report
    >>> X = [[0.0], [1.0], [2.5], [4.5]]
    >>> report = hubness_report(X, y=[0, 0, 1, 1], n_neighbors=1)
    >>> report.antihub_rate.value
    0.25
    >>> report
    Hubness of 4 indexed samples, 4 queries, 1 neighbours; largest occurrence 2
    measure            value    null  adjusted
    k_skewness        0.0000  0.5774   -0.5774
    robin_hood_index  0.2500  0.3164   -0.0664
    gini_index        0.3750  0.4616   -0.0866
    atkinson_index    0.2714  0.3452   -0.0738
    antihub_rate      0.2500  0.3164   -0.0664
    hub_rate          0.2500  0.2617   -0.0117
    hub_occurrence    0.5000  0.5781   -0.0781
    groupie_ratio     0.5000  0.4741    0.0259
    hub_entropy       0.7500  0.6620    0.0880
    bad_hubness       0.2500  0.5000   -0.2500
    """
    stream = neighbor_slots(
        X,
        Y,
        n_neighbors=n_neighbors,
        metric=metric,
        metric_params=metric_params,
        exclude_self=exclude_self,
        ties=ties,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    if y is not None:
        separate = _is_separate(stream, Y, metric, exclude_self)
        y, y_indexed = _check_both_labels(y, y_indexed, stream, separate)
    occurrence, n_bad = tally(stream, y, y_indexed)
    shape = SearchShape(stream.n_queries, stream.n_indexed, n_neighbors)
    report = {
        measure.name: _measured(measure, occurrence, shape)
        for measure in all_measures(OccurrenceMeasure)
    }
    if y is not None:
        report["bad_hubness"] = _bad_hubness(n_bad, occurrence, y, y_indexed)
    return HubnessReport(**report, occurrence=occurrence, **shape._asdict())
