"""What the classifiers and the regressor share: targets, and predictions from the votes."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets

from sksim.neighbors._base import complete_lists
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import StrOptions

__all__ = ["NeighborVote", "ProbabilityVote", "sum_of_votes"]


def sum_of_votes(weights, votes, voters):
    """Weighted sum over the neighbours of each query, one neighbour at a time.

    ``weights`` and ``voters`` (n_queries, n_neighbors), row ``voters`` of ``votes`` (., n_classes)
    is what a neighbour votes; returns (n_queries, n_classes).
    """
    total = np.zeros((weights.shape[0], votes.shape[1]))
    for weight, voter in zip(weights.T, voters.T):
        total += weight[:, None] * votes[voter]
    return total


class NeighborVote:
    """Mixin of the classifier and the regressor: a precomputed scikit-learn estimator inside."""

    _parameter_constraints: dict = {"weights": [StrOptions({"uniform", "distance"}), callable]}

    def _fit_vote(self, Estimator, X, y, **y_options):
        X, y = self._check_index(X, y, multi_output=True, **y_options)
        self._fit_search(X, y)
        self._vote = Estimator(self.n_neighbors, weights=self.weights, metric="precomputed")
        # Only the targets matter: the graph of each query is given when it is asked for.
        self._vote.fit(sparse.identity(X.shape[0], format="csr"), y)

    def _vote_graph(self, method: str, X):
        """Answer of the inner estimator for the reduced neighbours of X."""
        graph = self._reduced(X)
        lists = complete_lists(graph, self.n_neighbors)
        return getattr(self._vote, method)(graph_from_neighbors(*lists, graph.shape[1]))

    def predict(self, X=None):
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
        return self._vote_graph("predict", X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


class ProbabilityVote:
    """Mixin of the classifiers with votes of their own: labels, and the most probable class."""

    def _fit_labels(self, X, y):
        """Validate; returns the training samples and the numbers of their labels."""
        X, y = self._check_index(X, y, multi_output=False)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        return X, labels

    def predict(self, X=None):
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
