"""Predictions from the votes of the neighbours: what classifiers and the regressor share."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from sksim.neighbors._base import HubnessReducedSearch, complete_lists
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import StrOptions
from sksim.utils._typing import CacheMemory, FloatArray, MatrixLike, Metric, MetricParams

__all__ = ["NeighborVote", "ProbabilityVote", "sum_of_votes"]

Weights: TypeAlias = Literal["uniform", "distance"] | Callable[[FloatArray], FloatArray]


def sum_of_votes(weights: np.ndarray, votes: np.ndarray, voters: np.ndarray) -> np.ndarray:
    """Weighted sum over the neighbours of each query, one neighbour at a time.

    ``weights`` and ``voters`` (n_queries, n_neighbors), row ``voters`` of ``votes`` (., n_classes)
    is what a neighbour votes; returns (n_queries, n_classes).
    """
    total = np.zeros((weights.shape[0], votes.shape[1]))
    for weight, voter in zip(weights.T, voters.T):
        total += weight[:, None] * votes[voter]
    return total


class NeighborVote(HubnessReducedSearch):
    """Abstract base of the classifier and the regressor by scikit-learn's on the reduced graph."""

    _parameter_constraints: dict = {
        **HubnessReducedSearch._parameter_constraints,
        "weights": [StrOptions({"uniform", "distance"}), callable],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        reduction: str | BaseEstimator | None = "mutual_proximity",
        weights: Weights = "uniform",
        n_candidates: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        backend: str | BaseEstimator = "auto",
        device: str = "auto",
        n_jobs: int | None = None,
        memory: CacheMemory = None,
        verbose: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.reduction = reduction
        self.weights = weights
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    def _fit_vote(self, Estimator: Any, X, y, **y_options) -> None:
        X, y = self._validated(X, reset=True, y=y, multi_output=True, **y_options)
        self._fit_search(X, y)
        self._vote = Estimator(self.n_neighbors, weights=self.weights, metric="precomputed")
        # Only the targets matter: the graph of each query is given when it is asked for.
        self._vote.fit(sparse.identity(X.shape[0], format="csr"), y)

    def _voters(self, X):
        """Graph of the ``n_neighbors`` nearest of each query after the reduction."""
        graph = self._neighbor_graph(X, n_kept=self.n_neighbors)
        return graph_from_neighbors(*complete_lists(graph, self.n_neighbors), graph.shape[1])

    def predict(self, X: MatrixLike | None = None) -> np.ndarray:
        """Predict the targets of queries.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples, each left out of its own neighbours.

        Returns
        -------
        y : ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Predictions.
        """
        voters = self._voters(X)
        return self._vote.predict(voters)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = True
        return tags


class ProbabilityVote(ClassifierMixin, HubnessReducedSearch):
    """Abstract base of the classifiers with votes of their own."""

    def _validated_labels(self, X, y) -> tuple[Any, np.ndarray]:
        """Checked training samples and the numbers of their labels."""
        X, y = self._validated(X, reset=True, y=y, multi_output=False)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        return X, labels

    @abstractmethod
    def predict_proba(self, X: MatrixLike | None = None) -> FloatArray:
        """Shares of the classes, in the order of ``classes_``."""

    def predict(self, X: MatrixLike | None = None) -> np.ndarray:
        """Predict the class with the most votes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples, each left out of its own neighbours.

        Returns
        -------
        y : ndarray of shape (n_queries,)
            Labels, the first in ``classes_`` among equals.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]
