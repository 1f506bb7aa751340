"""A search whose answers are kept in files, for other reductions of the same candidates.

A grid over reductions asks for the candidates of the same samples again and again. Kept are the
lists of distances and columns of each call, by the contents of the index and of the queries. Lists
of an exact search are the beginning of deeper ones: one file serves all depths up to its own.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from functools import cached_property
from typing import TYPE_CHECKING, Any

import joblib
from scipy import sparse
from sklearn.utils.validation import check_memory

import sksim
from sksim.utils._typing import CacheMemory, Metric, MetricParams

if TYPE_CHECKING:
    from sksim.neighbors._candidates import Lists, SearchBackend

__all__ = ["RememberedSearch", "remembered"]

# Depth of the lists of exact searches that are kept: what most reductions ask for.
_LEAST_DEPTH = 101


def _contents(X: Any) -> str:
    """Hash of the numbers of a matrix; a sparse one also carries what was found out about it."""
    if sparse.issparse(X):
        X = X.format, X.shape, X.data, X.indices, X.indptr
    return joblib.hash(X, coerce_mmap=True)


def _answer(key: tuple, search: "SearchBackend", X: Any, depth: int) -> "Lists":
    return search.neighbors(X, depth)


class RememberedSearch:
    """A search back end that looks into the files first.

    Parameters
    ----------
    plain : SearchBackend
        Asked for what is in no file.
    memory : joblib.Memory
        Where the files are.
    key : tuple
        What the answers depend on beside the index and the queries.
    """

    def __init__(self, plain: "SearchBackend", memory: Any, key: tuple) -> None:
        self.plain = plain
        self.index = plain.index
        self.is_exact = getattr(plain, "is_exact", False)
        self.send = getattr(plain, "send", None)
        self.key = key
        # The key stands for the arguments that are ignored, which so are hashed once.
        self._lookup = memory.cache(_answer, ignore=["search", "X", "depth"])

    @cached_property
    def _index_hash(self) -> str:
        return _contents(self.index)

    def neighbors(self, X: Any, n_neighbors: int) -> "Lists":
        """Nearest indexed samples of the rows of X."""
        queries = "itself" if X is self.index else _contents(X)
        key, depth = (*self.key, self._index_hash, queries), n_neighbors
        if self.is_exact:
            depth = min(max(n_neighbors, _LEAST_DEPTH), self.index.shape[0])
        else:
            key = (*key, n_neighbors)
        arguments = key, self.plain, X, depth
        lists = self._lookup(*arguments)
        if self.is_exact and lists[0].shape[1] < depth:
            self._lookup.call(*arguments)  # puts the deeper lists in the place of these
            lists = self._lookup(*arguments)
        return lists[0][:, :n_neighbors], lists[1][:, :n_neighbors]


def remembered(
    search: "SearchBackend",
    memory: CacheMemory,
    *,
    backend: Any,
    metric: Metric,
    metric_params: MetricParams,
) -> "SearchBackend":
    """The search with a memory, or as it is: without one, and where its answers have no name.

    Functions are known by their names alone, which do not tell when they change, and distances that
    are given need no search.
    """
    if memory is None or callable(metric) or metric == "precomputed":
        return search
    # Exact answers are the same whatever found them.
    found_by = "exact" if getattr(search, "is_exact", False) else joblib.hash(backend)
    key = (sksim.__version__, found_by, metric, joblib.hash(metric_params))
    return RememberedSearch(search, check_memory(memory), key)
