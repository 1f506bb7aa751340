"""The k-occurrence of arrays of Dask, from all pairs of their blocks of rows."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sksim._search._all_pairs import all_pairs, in_query_blocks, nearest_of_all_pairs
from sksim._search._exact import exact_neighbors
from sksim.metrics.occurrence._slots import (
    Rule,
    Slots,
    check_n_neighbors,
    check_vectors,
    fill_slots,
    resolve_exclude_self,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._dask import in_row_blocks

__all__ = ["dask_occurrence"]

# Memory of one entry of a list, with all temporaries.
_ENTRY_BYTES = 128
# How many times as deep a list is searched as one that did not show all ties.
_DEEPER = 16


class _Tied(NamedTuple):
    """Rows of a block that tie for their last slots: places in it, numbers, last distances."""

    places: np.ndarray
    rows: np.ndarray
    last: np.ndarray


def dask_occurrence(
    X: Any, Y: Any, *, n_neighbors: int, metric: Any, exclude_self: Any, ties: str, **options: Any
) -> np.ndarray:
    """Occurrence of each indexed sample, see ``k_occurrence``.

    One neighbour more than needed shows which rows tie for their last slots. Those are searched a
    second time for all that is no farther than the last distance, which is known by then.
    """
    if isinstance(metric, str) and metric == "precomputed":
        raise ValueError("An array of Dask must hold vectors, got metric='precomputed'.")
    if ties == "random":
        raise ValueError(
            "ties must be 'fractional' or 'index' with an array of Dask, got ties='random'."
        )
    queries = in_row_blocks(X, "X")
    indexed = queries if Y is None else in_row_blocks(Y, "Y")
    exclude_self = resolve_exclude_self(exclude_self, queries, indexed, Y is None)
    check_n_neighbors(n_neighbors, indexed.shape[0], exclude_self)
    n_indexed, rule = indexed.shape[0], Rule(n_neighbors, ties, check_random_state(0))
    search = partial(_search, metric=metric, **options)

    count = partial(_counted, exclude_self=exclude_self, rule=rule)
    width = n_neighbors + 1 + exclude_self
    queries = in_query_blocks(queries, width)
    occurrence = np.zeros(n_indexed)
    found = nearest_of_all_pairs(queries, indexed, search, width, count)
    for x, start, (columns, tied) in zip(queries.blocks, queries.starts, found):
        occurrence += np.bincount(columns, minlength=n_indexed)
        if tied.rows.size:
            x_alone = queries._replace(blocks=[x], starts=[start])
            enough = partial(
                _no_farther, tied=tied, search=search, width=width, exclude_self=exclude_self
            )
            fill = partial(_filled, tied=tied, rule=rule)
            for slots in all_pairs(x_alone, indexed, enough, _joined, fill):
                occurrence += np.bincount(slots.columns, slots.weights, minlength=n_indexed)
    return occurrence


def _search(x: Any, y: Any, n_neighbors: int, *, metric: Any, **options: Any):
    x, y = check_vectors(x, y, metric)
    n_neighbors = min(n_neighbors, y.shape[0])
    return exact_neighbors(x, y, n_neighbors=n_neighbors, metric=metric, **options)


def _counted(lists, start: int, *, exclude_self: bool, rule: Rule) -> tuple[np.ndarray, _Tied]:
    """Neighbours of the queries of a block that do not tie, and the queries that do."""
    distances, columns = lists
    rows, k = start + np.arange(distances.shape[0]), rule.n_neighbors
    if exclude_self:
        # Where duplicates keep the sample out of its list, all of it ties at distance 0.
        order = np.argsort(columns == rows[:, None], axis=1, kind="stable")[:, :-1]
        distances, columns = (np.take_along_axis(part, order, 1) for part in lists)
    ties = (distances[:, k : k + 1] <= distances[:, k - 1 : k]).any(axis=1)
    places = np.flatnonzero(ties)
    return columns[~ties, :k].ravel(), _Tied(places, rows[places], distances[places, k - 1])


def _no_farther(
    x: Any,
    y: Any,
    start: int,
    *,
    tied: _Tied,
    search: Callable,
    width: int,
    exclude_self: bool,
) -> tuple[np.ndarray, ...]:
    """Entries of a block of the index up to the last distances of the tied rows."""
    open_rows, entries = np.arange(tied.rows.size), []
    while open_rows.size:
        width, still_open = min(_DEEPER * width, y.shape[0]), []
        for block in row_blocks(open_rows.size, _ENTRY_BYTES * width):
            some = open_rows[block]
            distances, columns = search(x[tied.places[some]], y, width)
            columns, last = columns + start, tied.last[some][:, None]
            is_seen = (distances[:, -1] > last[:, 0]) | (width == y.shape[0])
            still_open.append(some[~is_seen])
            kept = is_seen[:, None] & (distances <= last)
            if exclude_self:
                kept &= columns != tied.rows[some][:, None]
            entries.append((some[np.nonzero(kept)[0]], columns[kept], distances[kept]))
        open_rows = np.concatenate(still_open)
    return _joined(entries)


def _joined(entries: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    return tuple(np.concatenate(part) for part in zip(*entries))


def _filled(entries: tuple[np.ndarray, ...], start: int, *, tied: _Tied, rule: Rule) -> Slots:
    """Slots of the tied rows of a block."""
    rows, columns, values = entries
    return fill_slots(values, rows, columns, tied.last, rule)
