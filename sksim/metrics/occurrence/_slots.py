"""Neighbour slots: who is among whose nearest neighbours, with ties shared by rule.

Each query has ``n_neighbors`` slots. Everything that hubness counts is a sum over slots, so
each source (vectors, distance matrix, neighbour graph) yields the slots in blocks, and
nothing larger than a block is kept.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import PAIRWISE_BOOLEAN_FUNCTIONS
from sklearn.utils import check_random_state

from sksim._search._exact import exact_neighbors
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import check_graph, holds_self, is_self_entry, row_index
from sksim.utils._typing import MetricParams

__all__ = [
    "Rule",
    "SlotStream",
    "Slots",
    "check_n_neighbors",
    "check_vectors",
    "fill_slots",
    "neighbor_slots",
    "reduced_graph_slots",
    "resolve_exclude_self",
    "tally",
]

#: A diagonal above this share of the largest distance does not hold self-distances.
_DIAGONAL_TOLERANCE = 1e-3

#: Memory of one distance of a block, with all temporaries, if everything ties.
_ENTRY_BYTES = 128


class Slots(NamedTuple):
    """Weighted pairs (query, indexed sample); the weights of one query sum to n_neighbors."""

    rows: np.ndarray
    columns: np.ndarray
    weights: np.ndarray


class SlotStream(NamedTuple):
    """Blocks of slots, and the numbers of queries and indexed samples."""

    blocks: Iterator[Slots]
    n_queries: int
    n_indexed: int


class Rule(NamedTuple):
    """How the slots of one query are filled."""

    n_neighbors: int
    ties: str
    random_state: np.random.RandomState


def _ranks_in_rows(rows: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Rank of each entry among those of its row, by key."""
    order = np.lexsort((keys, rows))
    ordered = rows[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, rows.size])
    ranks = np.empty(rows.size, dtype=np.intp)
    ranks[order] = np.arange(rows.size) - np.repeat(starts, lengths)
    return ranks


def _tied_weights(rows: np.ndarray, columns: np.ndarray, free: np.ndarray, rule: Rule):
    """Weights of the entries that tie for the ``free`` last slots of their rows."""
    if rule.ties == "fractional":
        return (free / np.maximum(np.bincount(rows, minlength=free.size), 1))[rows]
    keys = columns if rule.ties == "index" else rule.random_state.permutation(rows.size)
    return (_ranks_in_rows(rows, keys) < free[rows]).astype(np.float64)


def fill_slots(values, rows, columns, last: np.ndarray, rule: Rule) -> Slots:
    """Slots of one block: ``last`` holds the ``n_neighbors``-th smallest value of each row."""
    nearer, tied = values < last[rows], values == last[rows]
    free = rule.n_neighbors - np.bincount(rows[nearer], minlength=last.size)
    weights = _tied_weights(rows[tied], columns[tied], free, rule)
    return Slots(
        np.concatenate([rows[nearer], rows[tied]]),
        np.concatenate([columns[nearer], columns[tied]]),
        np.concatenate([np.ones(nearer.sum()), weights]),
    )


def _fill_rectangle(values: np.ndarray, columns: np.ndarray, last: np.ndarray, rule: Rule):
    """Slots of rectangular neighbour lists; entries to leave out hold inf."""
    kept = np.flatnonzero(values <= last[:, None])
    rows = kept // values.shape[1]
    return fill_slots(values.ravel()[kept], rows, columns.ravel()[kept], last, rule)


def _untied_slots(values: np.ndarray, columns: np.ndarray, rule: Rule) -> Slots | None:
    """Slots of sorted neighbour lists if no row ties for the last ones, as is usual, else None."""
    k = rule.n_neighbors
    if values.shape[1] < k or (values[:, k : k + 1] <= values[:, k - 1 : k]).any():
        return None
    columns = columns[:, :k].ravel()
    return Slots(np.repeat(np.arange(values.shape[0]), k), columns, np.ones(columns.size))


# --- neighbour graphs ---------------------------------------------------------------------


def _check_no_other_diagonal(diagonal: np.ndarray, values: np.ndarray) -> None:
    """Raise if a square input is plainly not one of samples against themselves."""
    limit = _DIAGONAL_TOLERANCE * values.max(initial=0)
    if diagonal.max(initial=0) > limit and values.min() < values.max():
        raise ValueError(
            "X is square, but its diagonal does not hold distances of samples to themselves: "
            f"got up to {diagonal.max():g} on the diagonal, expected 0. If queries and indexed "
            "samples differ, pass exclude_self=False; if row i is column i nevertheless, pass "
            "exclude_self=True."
        )


def _own_entries(graph, exclude_self) -> np.ndarray:
    """Mask (nnz,) of the entries that are the query itself: by index, else by the self rule."""
    square = graph.shape[0] == graph.shape[1]
    if not exclude_self or (exclude_self == "auto" and not square):
        return np.zeros(graph.nnz, dtype=bool)
    if not square:
        return is_self_entry(graph)
    first = graph.indptr[:-1]
    if graph.indptr[-2] < graph.nnz and (graph.indices[first] == np.arange(first.size)).all():
        # As is usual: a row holds each column once, so that no other entry is its own. No row is
        # empty: it would begin where the next one does, with another column than its own.
        own = np.zeros(graph.nnz, dtype=bool)
        own[first] = True
        if exclude_self == "auto":
            _check_no_other_diagonal(graph.data[first], graph.data)
        return own
    rows = row_index(graph)
    own = graph.indices == rows
    if exclude_self == "auto":
        _check_no_other_diagonal(graph.data[own], graph.data)
    by_rule = holds_self(graph)
    by_rule[rows[own]] = False
    own[graph.indptr[:-1][by_rule]] = True
    return own


def _check_depth(counts: np.ndarray, n_neighbors: int) -> None:
    if counts.min() < n_neighbors:
        raise ValueError(
            f"n_neighbors={n_neighbors} needs a graph with at least as many neighbours in each "
            f"row, the sample itself not counted, got {counts.min()} in row {counts.argmin()} "
            f"({(counts < n_neighbors).sum()} rows of {counts.size} are too short). Build a "
            "deeper graph or lower n_neighbors."
        )


def _rectangle_without_own(graph, own: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Values and columns of equally long rows whose own entry is the first, or that have none."""
    lengths, n_own = np.diff(graph.indptr), np.count_nonzero(own)
    if lengths[0] == 0 or (lengths != lengths[0]).any() or n_own not in (0, lengths.size):
        return None
    skip = int(n_own > 0)
    if skip and not own[graph.indptr[:-1]].all():
        return None
    shape = lengths.size, lengths[0]
    return graph.data.reshape(shape)[:, skip:], graph.indices.reshape(shape)[:, skip:]


def _graph_slots(graph, own: np.ndarray, rule: Rule) -> Iterator[Slots]:
    """Slots of a checked neighbour graph without its ``own`` entries (mask)."""
    lists = _rectangle_without_own(graph, own)
    untied = None if lists is None else _untied_slots(*lists, rule)
    if untied is not None:
        yield untied
        return
    rows, columns, values = row_index(graph)[~own], graph.indices[~own], graph.data[~own]
    counts = np.bincount(rows, minlength=graph.shape[0])
    _check_depth(counts, rule.n_neighbors)
    last = values[np.cumsum(counts) - counts + rule.n_neighbors - 1]
    yield fill_slots(values, rows, columns, last, rule)


# --- distance matrices --------------------------------------------------------------------


def _hide_own(block: np.ndarray, rows: slice, square: bool) -> None:
    """Put inf where a row of distances meets itself: its own column, else its first zero."""
    if square:
        block[np.arange(block.shape[0]), np.arange(rows.start, rows.stop)] = np.inf
    else:
        nearest = block.argmin(axis=1)
        zero = np.flatnonzero(block[np.arange(block.shape[0]), nearest] == 0)
        block[zero, nearest[zero]] = np.inf


def _matrix_slots(D: np.ndarray, exclude_self, rule: Rule) -> Iterator[Slots]:
    square = D.shape[0] == D.shape[1]
    if exclude_self == "auto" and square:
        _check_no_other_diagonal(np.diagonal(D), D)
    exclude_self = square if exclude_self == "auto" else exclude_self
    check_n_neighbors(rule.n_neighbors, D.shape[1], exclude_self)
    for rows in row_blocks(D.shape[0], _ENTRY_BYTES * D.shape[1]):
        block = D[rows].copy()
        if exclude_self:
            _hide_own(block, rows, square)
        last = np.partition(block, rule.n_neighbors - 1, axis=1)[:, rule.n_neighbors - 1]
        columns = np.broadcast_to(np.arange(D.shape[1]), block.shape)
        slots = _fill_rectangle(block, columns, last, rule)
        yield slots._replace(rows=slots.rows + rows.start)


# --- vectors ------------------------------------------------------------------------------


def check_n_neighbors(n_neighbors: int, n_indexed: int, exclude_self: bool) -> None:
    """Raise if there are fewer indexed samples than neighbours."""
    if n_neighbors > n_indexed - bool(exclude_self):
        raise ValueError(
            f"n_neighbors must be at most {n_indexed - bool(exclude_self)}, the number of "
            f"indexed samples{' without the query itself' if exclude_self else ''}, got "
            f"n_neighbors={n_neighbors}."
        )


def _deeper_lists(X, Y, rows: np.ndarray, width: int, exclude_self: bool, search: dict):
    """Sorted neighbour lists of some rows, and where a row meets itself."""
    width = min(width + exclude_self, Y.shape[0])
    distances, indices = exact_neighbors(
        X[rows], Y, n_neighbors=width, exclude_self=False, **search
    )
    return distances, indices, exclude_self & (indices == rows[:, None])


def _last_distances(distances: np.ndarray, own: np.ndarray, n_neighbors: int) -> np.ndarray:
    """The ``n_neighbors``-th distance of each sorted list, own entries not counted."""
    last = n_neighbors - 1 + own[:, :n_neighbors].any(axis=1)
    return distances[np.arange(last.size), last]


def _tied_row_slots(X, Y, rows, width: int, exclude_self: bool, search: dict, rule: Rule):
    """Slots of rows whose ties reach beyond their lists: search deeper until all are seen."""
    while rows.size:
        width = min(16 * width, Y.shape[0])
        unseen = []
        for block in row_blocks(rows.size, _ENTRY_BYTES * (width + 1)):
            some = rows[block]
            distances, indices, own = _deeper_lists(X, Y, some, width, exclude_self, search)
            last = _last_distances(distances, own, rule.n_neighbors)
            seen = (last < distances[:, -1]) | (distances.shape[1] == Y.shape[0])
            unseen.append(some[~seen])
            distances[own] = np.inf
            slots = _fill_rectangle(distances[seen], indices[seen], last[seen], rule)
            yield slots._replace(rows=some[seen][slots.rows])
        rows = np.concatenate(unseen)


def _vector_slots(X, Y, exclude_self: bool, search: dict, rule: Rule) -> Iterator[Slots]:
    available = Y.shape[0] - exclude_self
    width = min(rule.n_neighbors + 1, available)
    distances, indices = exact_neighbors(
        X, Y, n_neighbors=width, exclude_self=exclude_self, **search
    )
    untied = _untied_slots(distances, indices, rule)
    if untied is not None:
        yield untied
        return
    last = distances[:, rule.n_neighbors - 1]
    tied = (last == distances[:, -1]) & (width < available)
    slots = _fill_rectangle(distances[~tied], indices[~tied], last[~tied], rule)
    yield slots._replace(rows=np.flatnonzero(~tied)[slots.rows])
    yield from _tied_row_slots(X, Y, np.flatnonzero(tied), width, exclude_self, search, rule)


def check_vectors(X, Y, metric):
    """Queries and indexed samples as arrays of floats, or of bools; None means the queries."""
    floats = [np.float64, np.float32]
    options: dict[str, Any] = {
        "accept_sparse": "csr",
        "dtype": [bool, *floats] if metric in PAIRWISE_BOOLEAN_FUNCTIONS else floats,
        "ensure_all_finite": "allow-nan" if metric == "nan_euclidean" else True,
    }
    X = check_named_array(X, "X", **options)
    if Y is None:
        return X, X
    Y = check_named_array(Y, "Y", **options)
    if X.shape[1] != Y.shape[1]:
        raise ValueError(
            f"X and Y must have the same number of features, got {X.shape[1]} in X and "
            f"{Y.shape[1]} in Y."
        )
    return X, Y


def resolve_exclude_self(exclude_self, X, Y, is_self_search: bool) -> bool:
    """Whether row i of X is row i of Y, "auto" resolved; raise if it cannot be."""
    if exclude_self == "auto":
        return is_self_search
    if exclude_self and X.shape[0] != Y.shape[0]:
        raise ValueError(
            "exclude_self=True needs row i of X to be row i of Y, got "
            f"{X.shape[0]} rows in X and {Y.shape[0]} in Y."
        )
    return exclude_self


# --- all sources --------------------------------------------------------------------------


def _precomputed_stream(X, Y, exclude_self, rule: Rule) -> SlotStream:
    if Y is not None:
        raise ValueError("Y must be None with metric='precomputed': X holds the distances.")
    if sparse.issparse(X):
        graph = check_graph(X)
        blocks = _graph_slots(graph, _own_entries(graph, exclude_self), rule)
        return SlotStream(blocks, *graph.shape)
    D = check_named_array(X, "X", dtype=[np.float64, np.float32], ensure_non_negative=True)
    return SlotStream(_matrix_slots(D, exclude_self, rule), *D.shape)


def neighbor_slots(
    X,
    Y=None,
    *,
    n_neighbors: int,
    metric="euclidean",
    metric_params: MetricParams = None,
    exclude_self="auto",
    ties: str = "fractional",
    random_state=None,
    n_jobs: int | None = None,
) -> SlotStream:
    """Neighbour slots of the queries X over the indexed samples Y; see ``k_occurrence``."""
    rule = Rule(n_neighbors, ties, check_random_state(random_state))
    if isinstance(metric, str) and metric == "precomputed":
        return _precomputed_stream(X, Y, exclude_self, rule)
    is_self_search = Y is None
    X, Y = check_vectors(X, Y, metric)
    exclude_self = resolve_exclude_self(exclude_self, X, Y, is_self_search)
    check_n_neighbors(n_neighbors, Y.shape[0], exclude_self)
    search = {"metric": metric, "metric_params": metric_params, "n_jobs": n_jobs}
    return SlotStream(_vector_slots(X, Y, exclude_self, search, rule), X.shape[0], Y.shape[0])


def reduced_graph_slots(graph, n_neighbors: int) -> SlotStream:
    """Neighbour slots of a graph by the self rule alone, whatever its shape: see ``_graph``."""
    graph = check_graph(graph)
    rule = Rule(n_neighbors, "fractional", check_random_state(None))
    return SlotStream(_graph_slots(graph, is_self_entry(graph), rule), *graph.shape)


def tally(stream: SlotStream, y=None, y_indexed=None) -> tuple[np.ndarray, float]:
    """Occurrence of each indexed sample, and the number of slots with another label."""
    occurrence, n_bad = np.zeros(stream.n_indexed), 0.0
    for slots in stream.blocks:
        occurrence += np.bincount(slots.columns, slots.weights, minlength=stream.n_indexed)
        if y is not None:
            n_bad += slots.weights[y[slots.rows] != y_indexed[slots.columns]].sum()
    return occurrence, float(n_bad)
