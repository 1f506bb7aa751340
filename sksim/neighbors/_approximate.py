"""Approximate candidate search with faiss, PyNNDescent and usearch, ranked again exactly.

Each class builds an index in ``_build`` and asks it in ``_ask``; vectors are float32, of unit
length for the cosine distance, so that all three search by Euclidean distance.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy import sparse

from sksim._search._rerank import rerank
from sksim.utils._blocks import row_blocks
from sksim.utils._jobs import local_n_jobs
from sksim.utils._optional import import_optional
from sksim.utils._typing import Metric, MetricParams
from sksim.utils._unit_rows import unit_rows

__all__ = ["APPROXIMATE_BACKENDS"]

_METRICS = ("cosine", "euclidean", "l2", "sqeuclidean")

# Below this size the exact index of faiss is the fastest there is.
_LARGEST_FLAT = 50_000


def _float32_unit(X) -> float:
    """Factor that keeps the squares of X within float32, a power of two; mostly 1."""
    largest = max(float(X.max()), -float(X.min()))
    if largest == 0 or 1e-9 < largest < 1e9:
        return 1.0
    return float(np.ldexp(1.0, np.clip(-np.frexp(largest)[1], -1000, 1000)))


def _float32_directions(X) -> np.ndarray:
    """Rows of unit length, made in blocks."""
    directions = np.empty(X.shape, dtype=np.float32)
    for rows in row_blocks(X.shape[0], 24 * X.shape[1]):
        directions[rows] = unit_rows(X[rows])
    return directions


class ApproximateBackend(ABC):
    """Abstract base: prepares vectors, pads missing neighbours, ranks by exact distance."""

    name: str
    package: str

    def __init__(
        self,
        index: Any,
        depth: int,
        *,
        metric: Metric,
        metric_params: MetricParams,
        n_jobs: int | None,
    ):
        if metric not in _METRICS or metric_params:
            raise ValueError(
                f"backend={self.name!r} searches metric in {list(_METRICS)} without metric_params, "
                f"got metric={metric!r}, metric_params={metric_params!r}. Use backend='brute'."
            )
        self.index, self.depth, self.metric = index, depth, metric
        self.n_threads = local_n_jobs(n_jobs)
        self.unit = _float32_unit(index)
        prepared = self._prepared(index)
        package = import_optional(
            self.package, extra="ann", purpose=f"backend={self.name!r} of sksim.neighbors"
        )
        self.built = self._build(package, prepared, depth)

    @abstractmethod
    def _build(self, package: Any, X: np.ndarray, depth: int) -> Any:
        """Index of prepared vectors."""

    @abstractmethod
    def _ask(self, X: np.ndarray, n_neighbors: int) -> np.ndarray:
        """Row numbers (n_queries, n_neighbors) of the neighbours found, negative if missing."""

    def _prepared(self, X) -> np.ndarray:
        if sparse.issparse(X):
            raise ValueError(
                f"backend={self.name!r} searches dense X, got a sparse matrix. Use backend='brute'."
            )
        if self.metric == "cosine":
            return _float32_directions(X)
        return np.ascontiguousarray(X if self.unit == 1 else X * self.unit, dtype=np.float32)

    def neighbors(self, X: Any, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Candidates of the rows of X, sorted by exact distance."""
        found = self._ask(self._prepared(X), n_neighbors)
        return rerank(X, self.index, found.astype(np.intp), metric=self.metric)


class FaissBackend(ApproximateBackend):
    """faiss: exact in float32 for small indexes, a graph of navigable small worlds for larger."""

    name, package = "faiss", "faiss"

    def _build(self, package, X, depth):
        if X.shape[0] <= _LARGEST_FLAT:
            index = package.IndexFlatL2(X.shape[1])
        else:
            index = package.IndexHNSWFlat(X.shape[1], 32)
            index.hnsw.efConstruction = 100
            index.hnsw.efSearch = max(128, 2 * depth)
        index.add(X)
        return index

    def _ask(self, X, n_neighbors):
        return self.built.search(X, n_neighbors)[1]


class PyNNDescentBackend(ApproximateBackend):
    """PyNNDescent: a graph of neighbours, improved by neighbours of neighbours."""

    name, package = "pynndescent", "pynndescent"

    def _build(self, package, X, depth):
        # A graph as deep as the lists finds nearly all of them; one half as deep, 98 %.
        n_neighbors = min(max(30, depth), 100, X.shape[0] - 1)
        index = package.NNDescent(X, n_neighbors=n_neighbors, random_state=0, n_jobs=self.n_threads)
        index.prepare()
        return index

    def _ask(self, X, n_neighbors):
        return self.built.query(X, k=n_neighbors, epsilon=0.2)[0]


class UsearchBackend(ApproximateBackend):
    """usearch: a graph of navigable small worlds."""

    name, package = "usearch", "usearch.index"

    def _build(self, package, X, depth):
        index = package.Index(
            ndim=X.shape[1],
            metric="l2sq",
            dtype="f32",
            connectivity=32,
            expansion_search=max(128, 2 * depth),
        )
        index.add(np.arange(X.shape[0]), X, threads=self.n_threads)
        return index

    def _ask(self, X, n_neighbors):
        matches = self.built.search(X, n_neighbors, threads=self.n_threads)
        keys = np.asarray(matches.keys).reshape(X.shape[0], -1).astype(np.intp)
        if hasattr(matches, "counts"):
            keys[np.arange(keys.shape[1]) >= np.asarray(matches.counts)[:, None]] = -1
        return keys

    def __getstate__(self):
        return {**self.__dict__, "built": bytes(self.built.save())}

    def __setstate__(self, state):
        self.__dict__.update(state)
        package = import_optional(self.package, extra="ann", purpose="Unpickling a usearch index")
        self.built = package.Index.restore(state["built"])
        self.built.expansion_search = max(128, 2 * self.depth)


APPROXIMATE_BACKENDS = {
    kind.name: kind for kind in (FaissBackend, PyNNDescentBackend, UsearchBackend)
}
