"""Approximate candidate search with faiss, PyNNDescent and usearch, ranked again exactly.

Each class builds an index in ``_build`` and asks it in ``_ask``; vectors are float32, of unit
length for the cosine distance, so that all three search by Euclidean distance.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from sksim._search._rerank import rerank
from sksim.utils._blocks import row_blocks
from sksim.utils._jobs import local_n_jobs
from sksim.utils._optional import import_optional
from sksim.utils._typing import Metric, MetricParams
from sksim.utils._unit_rows import unit_rows

__all__ = ["APPROXIMATE_BACKENDS", "FaissBackend"]

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
        if sparse.issparse(index):
            raise ValueError(
                f"backend={self.name!r} searches dense X, got a sparse matrix. Use backend='brute'."
            )
        self.unit = _float32_unit(index)
        package = import_optional(
            self.package, extra="ann", purpose=f"backend={self.name!r} of sksim.neighbors"
        )
        self.built = self._build(package, depth)

    def __repr__(self) -> str:
        n_indexed, n_features = self.index.shape
        return (
            f"{type(self).__name__}({n_indexed} x {n_features}, metric={self.metric!r}, "
            f"built={type(self.built).__name__})"
        )

    @abstractmethod
    def _build(self, package: Any, depth: int) -> Any:
        """Index of the prepared vectors."""

    @abstractmethod
    def _ask(self, X: np.ndarray, n_neighbors: int) -> np.ndarray:
        """Row numbers (n_queries, n_neighbors) of the neighbours found, negative if missing."""

    def _prepared(self, X) -> np.ndarray:
        if self.metric == "cosine":
            return _float32_directions(X)
        return np.ascontiguousarray(X if self.unit == 1 else X * self.unit, dtype=np.float32)

    def neighbors(self, X: Any, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Candidates of the rows of X, sorted by exact distance."""
        found = self._ask(self._prepared(X), n_neighbors)
        return rerank(X, self.index, found.astype(np.intp), metric=self.metric)


class FaissBackend(ApproximateBackend):
    """faiss: exact in float32 for small indexes, a graph of navigable small worlds for larger.

    Or an index of the user's: by its factory string, in a file, or at hand.
    """

    name, package = "faiss", "faiss"

    def __init__(
        self,
        index: Any,
        depth: int,
        *,
        factory: str = "auto",
        index_params: Mapping[str, float] | None = None,
        given: Any = None,
        **options: Any,
    ):
        self.factory, self.index_params = factory, dict(index_params or {})
        self._given = given
        super().__init__(index, depth, **options)
        del self._given  # what it is made of need not be kept beside it

    def _build(self, package, depth):
        if self._given is not None:
            return self._checked(package, self._given)
        factory, params = self.factory, self.index_params
        if factory == "auto":
            factory = "Flat"
            if self.index.shape[0] > _LARGEST_FLAT:
                factory = "HNSW32"
                params = {"efConstruction": 100, "efSearch": max(128, 2 * depth)} | params
        X = self._prepared(self.index)
        try:
            built = package.index_factory(X.shape[1], factory)
            self._set(package, built, params)
            with threadpool_limits(self.n_threads, user_api="openmp"):
                built.train(X)
                built.add(X)
        except RuntimeError as error:
            raise ValueError(
                f"factory={factory!r} makes no index of faiss for {X.shape[0]} samples with "
                f"{X.shape[1]} features: {str(error).rpartition(': ')[2]}."
            ) from error
        return built

    @staticmethod
    def _set(package, built: Any, params: Mapping[str, float]) -> None:
        for name, value in params.items():
            try:
                package.ParameterSpace().set_index_parameter(built, name, value)
            except RuntimeError as error:
                raise ValueError(
                    f"index_params must be parameters of {type(built).__name__} of faiss, "
                    f"got {name!r}."
                ) from error

    def _checked(self, package, given: Any) -> Any:
        """Index of the user's, read if it is in a file; raise unless it can be one of X."""
        built = given
        if isinstance(given, str | PathLike):
            try:
                built = package.read_index(fspath(given))
            except RuntimeError as error:
                raise ValueError(f"index={given!r} could not be read by faiss: {error}") from error
            self._set(package, built, self.index_params)
        elif not isinstance(given, package.Index):
            raise ValueError(
                f"index must be an index of faiss or a file of one, got {type(given).__name__}."
            )
        elif self.index_params:
            raise ValueError(
                f"index_params={self.index_params!r} would change the index given; set them on it."
            )
        self.unit = 1.0
        if (built.ntotal, built.d) != self.index.shape:
            raise ValueError(
                f"index must hold the {self.index.shape[0]} samples of X with their "
                f"{self.index.shape[1]} features, got {built.ntotal} vectors of length {built.d}."
            )
        # Among vectors of unit length both orders are the same.
        angular = self.metric == "cosine" and built.metric_type == package.METRIC_INNER_PRODUCT
        if built.metric_type != package.METRIC_L2 and not angular:
            raise ValueError(
                f"index must compare by Euclidean distance for metric={self.metric!r}, or by inner "
                f"product for metric='cosine', got metric_type={built.metric_type} of faiss."
            )
        return built

    def _ask(self, X, n_neighbors):
        with threadpool_limits(self.n_threads, user_api="openmp"):
            return self.built.search(X, n_neighbors)[1]


class PyNNDescentBackend(ApproximateBackend):
    """PyNNDescent: a graph of neighbours, improved by neighbours of neighbours."""

    name, package = "pynndescent", "pynndescent"

    def _build(self, package, depth):
        X = self._prepared(self.index)
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

    def _build(self, package, depth):
        X = self._prepared(self.index)
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
