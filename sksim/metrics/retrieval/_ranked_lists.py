"""Measures of ranked lists: what is relevant, and where it stands."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy import sparse

from sksim.metrics._measure import RankingMeasure
from sksim.metrics._registry import register
from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array, refuse_masks
from sksim.utils._graph import check_graph
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import MatrixLike

__all__ = [
    "hit_rate_score",
    "mean_average_precision_score",
    "mean_reciprocal_rank_score",
    "recall_at_k_score",
]

_CONSTRAINTS = {
    "indices": ["array-like", "sparse matrix"],
    "relevant": ["array-like", "sparse matrix"],
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "skip_empty": ["boolean"],
}
_LISTS = {name: _CONSTRAINTS[name] for name in ("indices", "relevant", "skip_empty")}


class _Hits(NamedTuple):
    """Which ranks hold something relevant, (n_queries, n_ranks), and how much there is of it."""

    at: np.ndarray
    n_relevant: np.ndarray


def _ranked(indices) -> np.ndarray:
    """Ranked items (n_queries, n_ranks), -1 behind the end of a short list."""
    if sparse.issparse(indices):
        graph = check_graph(indices, name="indices")
        lengths = np.diff(graph.indptr)
        ranked = np.full((graph.shape[0], int(lengths.max())), -1, dtype=np.int64)
        ranked[np.arange(ranked.shape[1]) < lengths[:, None]] = graph.indices
        return ranked
    ranked = check_named_array(indices, "indices", dtype=None)
    if ranked.dtype.kind not in "iu":
        raise TypeError(f"indices must hold integers, got an array of type {ranked.dtype}.")
    ranked = ranked.astype(np.int64, copy=False)
    if ranked.min() < -1:
        row = int(np.argmax((ranked < -1).any(axis=1)))
        raise ValueError(
            f"indices must hold numbers of items, -1 behind the end of a short list; got "
            f"{ranked[row].min()} in row {row}."
        )
    in_order = np.sort(ranked, axis=1)
    repeated = ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)).any(axis=1)
    if repeated.any():
        raise ValueError(f"indices must not name an item twice, as in row {repeated.argmax()}.")
    if (ranked.max(axis=1) < 0).any():
        row = int(np.argmin(ranked.max(axis=1)))
        raise ValueError(f"indices must name an item for each query, got none in row {row}.")
    return ranked


def _relevant_items(relevant, n_queries: int) -> sparse.csr_array:
    """What is relevant to each query, (n_queries, n_items) of ones."""
    relevant = to_numpy(relevant)
    if sparse.issparse(relevant):
        found = sparse.csr_array(relevant, copy=True)
        if found.dtype.kind == "c" or not np.isin(found.data, (0, 1)).all():
            raise ValueError("relevant must hold ones, or True, where an item is relevant.")
    elif getattr(relevant, "dtype", None) == np.bool_:
        refuse_masks(relevant, "relevant")
        found = sparse.csr_array(check_named_array(relevant, "relevant", dtype=None))
    else:
        found = _from_lists(relevant)
    found.eliminate_zeros()
    found.sum_duplicates()
    if found.shape[0] != n_queries:
        raise ValueError(
            f"indices and relevant must have the same number of queries, got {n_queries} and "
            f"{found.shape[0]}."
        )
    return found


def _from_lists(relevant) -> sparse.csr_array:
    refuse_masks(relevant, "relevant")
    if not (isinstance(relevant, Sequence) or np.ndim(relevant)):
        raise TypeError(
            "relevant must be a list of the relevant items of each query, or a matrix of bools, "
            f"got {type(relevant).__name__}."
        )
    lists = []
    for row, items in enumerate(relevant):
        items = np.asarray(to_numpy(items))
        if items.ndim != 1 or (items.size and items.dtype.kind not in "iu"):
            raise TypeError(
                "relevant must be a list of the relevant items of each query, integers, or a "
                f"matrix of bools; row {row} is an array of type {items.dtype} and shape "
                f"{items.shape}."
            )
        if items.size and items.min() < 0:
            raise ValueError(
                f"relevant must hold numbers of items, got {items.min()} in row {row}."
            )
        lists.append(items.astype(np.int64))
    columns = np.concatenate(lists) if lists else np.empty(0, dtype=np.int64)
    starts = np.cumsum([0, *(items.size for items in lists)])
    n_items = int(columns.max(initial=-1)) + 1
    ones = np.ones(columns.size, dtype=np.int8)
    found = sparse.csr_array((ones, columns, starts), shape=(len(lists), n_items))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def _hits(indices, relevant, *, n_neighbors: int | None, skip_empty: bool) -> _Hits:
    """Look the ranked items up in what is relevant; in one sorted list of (query, item)."""
    ranked = _ranked(indices)
    n_queries, n_ranks = ranked.shape
    items = _relevant_items(relevant, n_queries)
    if n_neighbors is not None and n_neighbors > n_ranks:
        raise ValueError(
            f"n_neighbors={n_neighbors} must be at most the {n_ranks} ranks that indices hold."
        )
    ranked = ranked[:, :n_neighbors]
    width = max(items.shape[1], int(ranked.max()) + 1)
    known = np.repeat(np.arange(n_queries), np.diff(items.indptr)) * width + items.indices
    asked = np.arange(n_queries)[:, None] * width + ranked
    at = np.isin(asked, known) & (ranked >= 0)
    n_relevant = np.diff(items.indptr)
    if not n_relevant.all():
        if not skip_empty or not n_relevant.any():
            row = int(np.argmin(n_relevant))
            raise ValueError(
                f"relevant must name an item for each query, got none in row {row}; "
                "skip_empty=True leaves such queries out, but one at least must remain."
            )
        at, n_relevant = at[n_relevant > 0], n_relevant[n_relevant > 0]
    return _Hits(at, n_relevant)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def hit_rate_score(
    indices: MatrixLike,
    relevant: MatrixLike,
    *,
    n_neighbors: int = 1,
    skip_empty: bool = False,
) -> float:
    r"""Share of queries with something relevant among their first neighbours.

    .. math:: \frac{1}{n} \sum_i
              \mathbf{1}\left[ N_k(i) \cap R_i \neq \emptyset \right]

    with :math:`N_k(i)` the first k items of the list of query i and :math:`R_i` its relevant
    items. The value lies in [0, 1]; in word translation it is called precision at k.

    .. versionadded:: 0.1

    Parameters
    ----------
    indices : array-like of shape (n_queries, n_ranks), or neighbour graph
        Ranked items of each query, the best first, -1 behind the end of a short list; or a graph
        of shape (n_queries, n_items), rows sorted by distance.
    relevant : list of array-like, or matrix of shape (n_queries, n_items)
        Relevant items of each query, as a list of their numbers, or a dense matrix of bools or a
        sparse one.
    n_neighbors : int, default=1
        Number k of items that are looked at.
    skip_empty : bool, default=False
        Whether queries to which nothing is relevant are left out, instead of being refused.

    Returns
    -------
    score : float
        Share of queries.

    Raises
    ------
    TypeError
        If indices or relevant hold no integers.
    ValueError
        If n_neighbors exceeds the ranks, a list names an item twice, or the numbers of
        queries differ.

    See Also
    --------
    recall_at_k_score : Share of what is relevant that is found.
    retrieval_precision_score : The search included.

    Notes
    -----
    Lists in random order have :math:`1 - \binom{m - r}{k} / \binom{m}{k}` in expectation, with r
    of m items relevant; k / m with one. Time O(n m log(n m)) and memory O(n m) for n lists of m
    ranks.

    References
    ----------
    .. [1] A. Conneau, G. Lample, M. Ranzato, L. Denoyer and H. Jégou (2018). Word translation
           without parallel data. International Conference on Learning Representations.

    Examples
    --------
    >>> from sksim.metrics import hit_rate_score
    >>> indices = [[0, 3, 2, 1], [1, 0, 2, 3], [0, 1, 2, 3]]
    >>> round(hit_rate_score(indices, [[0], [2], [1, 3]], n_neighbors=2), 4)
    0.6667
    """
    hits = _hits(indices, relevant, n_neighbors=n_neighbors, skip_empty=skip_empty)
    return float(hits.at.any(axis=1).mean())


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def recall_at_k_score(
    indices: MatrixLike,
    relevant: MatrixLike,
    *,
    n_neighbors: int = 10,
    skip_empty: bool = False,
) -> float:
    r"""Share of the relevant items of a query that are among its first neighbours, on average.

    .. math:: \frac{1}{n} \sum_i \frac{\lvert N_k(i) \cap R_i \rvert}{\lvert R_i \rvert}

    with :math:`N_k(i)` the first k items of the list of query i and :math:`R_i` its relevant
    items. The value lies in [0, 1]; it cannot reach 1 where more than k items are relevant.

    .. versionadded:: 0.1

    Parameters
    ----------
    indices : array-like of shape (n_queries, n_ranks), or neighbour graph
        Ranked items of each query, the best first, -1 behind the end of a short list; or a graph
        of shape (n_queries, n_items), rows sorted by distance.
    relevant : list of array-like, or matrix of shape (n_queries, n_items)
        Relevant items of each query, as a list of their numbers, or a dense matrix of bools or a
        sparse one.
    n_neighbors : int, default=10
        Number k of items that are looked at.
    skip_empty : bool, default=False
        Whether queries to which nothing is relevant are left out, instead of being refused.

    Returns
    -------
    score : float
        Mean share.

    Raises
    ------
    TypeError
        If indices or relevant hold no integers.
    ValueError
        If n_neighbors exceeds the ranks, a list names an item twice, or the numbers of
        queries differ.

    See Also
    --------
    hit_rate_score : Whether anything relevant is found.
    mean_average_precision_score : All ranks, the first ones weighted more.

    Notes
    -----
    With one relevant item a query it equals the hit rate. Lists in random order of m items have
    k / m in expectation. Time O(n m log(n m)) and memory O(n m) for n lists of m ranks.

    References
    ----------
    .. [1] C. D. Manning, P. Raghavan and H. Schütze (2008). Introduction to information retrieval.
           Cambridge University Press.

    Examples
    --------
    >>> from sksim.metrics import recall_at_k_score
    >>> indices = [[0, 3, 2, 1], [1, 0, 2, 3], [0, 1, 2, 3]]
    >>> recall_at_k_score(indices, [[0], [2], [1, 3]], n_neighbors=2)
    0.5
    """
    hits = _hits(indices, relevant, n_neighbors=n_neighbors, skip_empty=skip_empty)
    return float((hits.at.sum(axis=1) / hits.n_relevant).mean())


@validate_params(_LISTS, prefer_skip_nested_validation=True)
def mean_reciprocal_rank_score(
    indices: MatrixLike, relevant: MatrixLike, *, skip_empty: bool = False
) -> float:
    r"""Mean of one over the rank of the first relevant item.

    .. math:: \frac{1}{n} \sum_i \frac{1}{\min_{j \in R_i} r_i(j)}

    with :math:`R_i` the relevant items of query i and :math:`r_i(j)` the rank of item j from 1,
    infinite if the list does not name it. The value lies in [0, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    indices : array-like of shape (n_queries, n_ranks), or neighbour graph
        Ranked items of each query, the best first, -1 behind the end of a short list; or a graph
        of shape (n_queries, n_items), rows sorted by distance.
    relevant : list of array-like, or matrix of shape (n_queries, n_items)
        Relevant items of each query, as a list of their numbers, or a dense matrix of bools or a
        sparse one.
    skip_empty : bool, default=False
        Whether queries to which nothing is relevant are left out, instead of being refused.

    Returns
    -------
    score : float
        Mean reciprocal rank.

    Raises
    ------
    TypeError
        If indices or relevant hold no integers.
    ValueError
        If a list names an item twice, or the numbers of queries differ.

    See Also
    --------
    mean_average_precision_score : All relevant items, not the first one alone.

    Notes
    -----
    With one relevant item of m in random order it is :math:`H_m / m` in expectation, with
    :math:`H_m` the harmonic number. Time O(n m log(n m)) and memory O(n m) for n lists of m
    ranks.

    References
    ----------
    .. [1] E. M. Voorhees (1999). The TREC-8 question answering track report. Text Retrieval
           Conference.

    Examples
    --------
    >>> from sksim.metrics import mean_reciprocal_rank_score
    >>> indices = [[0, 3, 2, 1], [1, 0, 2, 3], [0, 1, 2, 3]]
    >>> round(mean_reciprocal_rank_score(indices, [[0], [2], [1, 3]]), 4)
    0.6111
    """
    at = _hits(indices, relevant, n_neighbors=None, skip_empty=skip_empty).at
    return float((at.any(axis=1) / (1.0 + at.argmax(axis=1))).mean())


@validate_params(_LISTS, prefer_skip_nested_validation=True)
def mean_average_precision_score(
    indices: MatrixLike, relevant: MatrixLike, *, skip_empty: bool = False
) -> float:
    r"""Mean over the queries of the average precision at the ranks of what is relevant.

    .. math:: \frac{1}{n} \sum_i \frac{1}{\lvert R_i \rvert} \sum_{j \in R_i}
              \frac{\lvert \{ l \in R_i : r_i(l) \le r_i(j) \} \rvert}{r_i(j)}

    with :math:`R_i` the relevant items of query i and :math:`r_i(j)` the rank of item j from 1;
    items that the list does not name add nothing. The value lies in [0, 1]. The denominator is
    the number of relevant items, also where the list is shorter.

    .. versionadded:: 0.1

    Parameters
    ----------
    indices : array-like of shape (n_queries, n_ranks), or neighbour graph
        Ranked items of each query, the best first, -1 behind the end of a short list; or a graph
        of shape (n_queries, n_items), rows sorted by distance.
    relevant : list of array-like, or matrix of shape (n_queries, n_items)
        Relevant items of each query, as a list of their numbers, or a dense matrix of bools or a
        sparse one.
    skip_empty : bool, default=False
        Whether queries to which nothing is relevant are left out, instead of being refused.

    Returns
    -------
    score : float
        Mean average precision.

    Raises
    ------
    TypeError
        If indices or relevant hold no integers.
    ValueError
        If a list names an item twice, or the numbers of queries differ.

    See Also
    --------
    mean_reciprocal_rank_score : The first relevant item alone.
    sklearn.metrics.average_precision_score : Of one query, from scores of all items.

    Notes
    -----
    Equals the mean of scikit-learn's average precision over the queries where the lists name all
    items. Time O(n m log(n m)) and memory O(n m) for n lists of m ranks.

    References
    ----------
    .. [1] C. D. Manning, P. Raghavan and H. Schütze (2008). Introduction to information retrieval.
           Cambridge University Press.

    Examples
    --------
    >>> from sksim.metrics import mean_average_precision_score
    >>> indices = [[0, 3, 2, 1], [1, 0, 2, 3], [0, 1, 2, 3]]
    >>> round(mean_average_precision_score(indices, [[0], [2], [1, 3]]), 4)
    0.6111
    """
    at, n_relevant = _hits(indices, relevant, n_neighbors=None, skip_empty=skip_empty)
    precision = at.cumsum(axis=1) / np.arange(1, at.shape[1] + 1)
    return float(((precision * at).sum(axis=1) / n_relevant).mean())


_CHANGES = frozenset({"query_order", "item_names"})

register(
    RankingMeasure(name="hit_rate", function=hit_rate_score, invariances=_CHANGES, min_samples=1)
)
register(
    RankingMeasure(
        name="recall_at_k", function=recall_at_k_score, invariances=_CHANGES, min_samples=1
    )
)
register(
    RankingMeasure(
        name="mean_reciprocal_rank",
        function=mean_reciprocal_rank_score,
        invariances=_CHANGES,
        min_samples=1,
    )
)
register(
    RankingMeasure(
        name="mean_average_precision",
        function=mean_average_precision_score,
        invariances=_CHANGES,
        min_samples=1,
    )
)
