"""Predictions by scikit-learn's own vote on the reduced graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from scipy import sparse

from sksim.neighbors._base import complete_lists
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import StrOptions

__all__ = ["NeighborVote"]


class NeighborVote:
    """Mixin of the classifier and the regressor: a precomputed scikit-learn estimator inside."""

    _parameter_constraints: dict = {"weights": [StrOptions({"uniform", "distance"}), callable]}

    def _fit_vote(self, Estimator, X, y, **y_options):
        X, y = self._check_index(X, y, multi_output=True, **y_options)
        self._fit_search(X)
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
