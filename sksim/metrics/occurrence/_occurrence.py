"""The k-occurrence: how often each indexed sample is among the neighbours of a query."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Literal

import numpy as np
from sklearn.neighbors import VALID_METRICS

from sksim.metrics.occurrence._dask_occurrence import dask_occurrence
from sksim.metrics.occurrence._slots import neighbor_slots, tally
from sksim.utils._arrays import check_named_array
from sksim.utils._dask import is_dask_array
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, MatrixLike, Metric, MetricParams, RandomState, Ties

__all__ = ["SEARCH_CONSTRAINTS", "k_occurrence", "k_occurrence_from_indices"]

#: Constraints of the parameters that all functions on top of a neighbour search share.
SEARCH_CONSTRAINTS = {
    "X": ["array-like", "sparse matrix"],
    "Y": ["array-like", "sparse matrix", None],
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "metric": [StrOptions({"precomputed", *VALID_METRICS["brute"]}), callable],
    "metric_params": [dict, None],
    "exclude_self": [StrOptions({"auto"}), "boolean"],
    "ties": [StrOptions({"fractional", "index", "random"})],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
}


@validate_params(SEARCH_CONSTRAINTS, prefer_skip_nested_validation=True)
def k_occurrence(
    X: MatrixLike,
    Y: MatrixLike | None = None,
    *,
    n_neighbors: int = 10,
    metric: Metric = "euclidean",
    metric_params: MetricParams = None,
    exclude_self: bool | Literal["auto"] = "auto",
    ties: Ties = "fractional",
    random_state: RandomState = None,
    n_jobs: int | None = None,
) -> np.ndarray:
    r"""How often each indexed sample is among the nearest neighbours of the queries.

    .. math:: N_k(x) = \#\{q : x \in \mathrm{NN}_k(q)\}

    with :math:`\mathrm{NN}_k(q)` the k = ``n_neighbors`` indexed samples nearest to the
    query q. The counts sum to m k over m queries, their mean is m k / n over n indexed samples.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries. With ``metric="precomputed"`` a distance matrix or a neighbour graph (CSR,
        rows sorted by value, of any lengths) of shape (n_queries, n_indexed).
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted.
    metric : str or callable, default="euclidean"
        "precomputed" or any metric of scikit-learn's neighbour search.
    metric_params : dict, default=None
        Parameters of the metric.
    exclude_self : {"auto"} or bool, default="auto"
        Whether query i and indexed sample i are one, and no neighbours. "auto" means yes if Y
        is None, or if a precomputed X is square; a square X whose diagonal holds no distances
        of samples to themselves is an error. In a graph whose row i does not store sample i, or
        that is not square, an exact zero stands for the sample itself, at most one in a row.
    ties : {"fractional", "index", "random"}, default="fractional"
        What happens if several samples are equally far and too few slots are left: they
        share the slots equally (counts become fractions), the lower indices or random ones
        get them. All ties are seen that the input can show: a graph shows its entries only.
    random_state : int, RandomState instance or None, default=None
        Generator for ``ties="random"``.
    n_jobs : int, default=None
        Number of threads of the neighbour search.

    Returns
    -------
    occurrence : ndarray of shape (n_indexed,)
        Counts: floats with ``ties="fractional"``, integers otherwise.

    Raises
    ------
    MemoryError
        If the lists of neighbours do not fit into the memory available.
    ValueError
        If fewer than ``n_neighbors`` neighbours are there, in all or in a row of the graph,
        or X and Y do not fit together.

    See Also
    --------
    hubness_score : A measure of the unevenness of these counts.
    hubness_report : All measures beside their chance level.
    k_occurrence_from_indices : From neighbour lists of any search.

    Notes
    -----
    The search takes time O(m n d) and memory within scikit-learn's working memory plus
    O(m k). Counting on a graph takes time O(nnz).

    X and Y may be arrays of Dask. Each block of rows of X then meets each block of Y by itself,
    wherever the scheduler has it run, and what is found is merged, exactly: a worker holds a
    handful of blocks and the lists of one, the caller the counts. The blocks of Y are made once
    for every fourth block of X: persist an array that is dear to make. ``ties="random"`` is
    refused.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import k_occurrence
    >>> X = [[0.0], [1.0], [2.5], [4.5]]
    >>> k_occurrence(X, n_neighbors=1)
    array([1., 2., 1., 0.])
    >>> k_occurrence([[0.0], [2.0]], [[1.0], [1.0], [3.0]], n_neighbors=1)
    array([0.83333333, 0.83333333, 0.33333333])
    """
    options: dict[str, Any] = {
        "n_neighbors": n_neighbors,
        "metric": metric,
        "metric_params": metric_params,
        "exclude_self": exclude_self,
        "ties": ties,
        "n_jobs": n_jobs,
    }
    if is_dask_array(X) or is_dask_array(Y):
        occurrence = dask_occurrence(X, Y, **options)
    else:
        occurrence, _ = tally(neighbor_slots(X, Y, **options, random_state=random_state))
    return occurrence if ties == "fractional" else occurrence.astype(np.intp)


def _check_indices(indices, n_indexed: int) -> np.ndarray:
    indices = check_named_array(indices, "indices", dtype=None)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers, got an array of type {indices.dtype}.")
    if indices.min() < 0 or indices.max() >= n_indexed:
        raise ValueError(
            f"indices must lie between 0 and n_indexed - 1 = {n_indexed - 1}, got values from "
            f"{indices.min()} to {indices.max()}."
        )
    ordered = np.sort(indices, axis=1)
    repeats = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if repeats.any():
        raise ValueError(
            f"indices must name each neighbour once in a row, got row {repeats.argmax()} with "
            "repeated values."
        )
    return indices


@validate_params(
    {
        "indices": ["array-like"],
        "n_indexed": [Interval(Integral, 1, None, closed="left")],
        "exclude_self": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def k_occurrence_from_indices(
    indices: ArrayLike, n_indexed: int, *, exclude_self: bool = False
) -> np.ndarray:
    """Count how often each indexed sample occurs in given neighbour lists.

    This is :func:`k_occurrence` for the output of any neighbour search. Ties have been
    decided by the search.

    .. versionadded:: 0.1

    Parameters
    ----------
    indices : array-like of int of shape (n_queries, n_neighbors)
        Neighbours of each query, as ``kneighbors`` returns them.
    n_indexed : int
        Number of indexed samples.
    exclude_self : bool, default=False
        Whether query i is indexed sample i: entries i of row i are not counted, wherever in
        the row they stand.

    Returns
    -------
    occurrence : ndarray of int of shape (n_indexed,)
        Counts.

    Raises
    ------
    ValueError
        If an index is out of range or stands twice in a row, or ``exclude_self`` is True and
        the number of rows is not ``n_indexed``.

    See Also
    --------
    k_occurrence : From vectors, distances or graphs, with rules for ties.

    Notes
    -----
    A search that was asked for the samples' own neighbours returns each sample as well, but
    not always first, and among many duplicates not at all: such rows count one neighbour
    more. Time O(n_queries n_neighbors), memory likewise.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.metrics import k_occurrence_from_indices
    >>> k_occurrence_from_indices([[0, 1], [1, 2], [2, 1]], 3)
    array([1, 3, 2])
    >>> k_occurrence_from_indices([[0, 1], [1, 2], [2, 1]], 3, exclude_self=True)
    array([0, 2, 1])
    """
    lists = _check_indices(indices, n_indexed)
    if exclude_self and lists.shape[0] != n_indexed:
        raise ValueError(
            f"exclude_self=True needs one row for each of the n_indexed={n_indexed} samples, "
            f"got {lists.shape[0]} rows."
        )
    if exclude_self:
        lists = lists[lists != np.arange(n_indexed)[:, None]]
    return np.bincount(lists.ravel(), minlength=n_indexed)
