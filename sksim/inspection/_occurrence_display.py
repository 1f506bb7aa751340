"""What the displays of occurrence counts share: where the counts come from."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics import k_occurrence
from sksim.metrics._hubness_scorer import estimator_occurrence
from sksim.metrics.occurrence._measures import check_occurrence
from sksim.utils._optional import import_optional

__all__ = ["OccurrenceDisplayMixin"]


class OccurrenceDisplayMixin:
    """Constructor and ``from_...`` methods; a display adds ``plot``."""

    def __init__(self, occurrence, *, n_neighbors, n_queries=None, name=None):
        self.occurrence = occurrence
        self.n_neighbors = n_neighbors
        self.n_queries = n_queries
        self.name = name

    @classmethod
    def from_occurrence(
        cls, occurrence, *, n_neighbors, n_queries=None, name=None, ax=None, **style
    ):
        """Draw given occurrence counts.

        Parameters
        ----------
        occurrence : array-like of shape (n_indexed,)
            Occurrence counts.
        n_neighbors : int
            Number of neighbours that the counts are of.
        n_queries : int, default=None
            Number of queries; None means that the samples are the queries.
        name : str, default=None
            Name of the space in the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **style : dict
            Keywords of the artist, see :meth:`plot`.

        Returns
        -------
        display : object
            The drawn display.
        """
        display = cls(occurrence, n_neighbors=n_neighbors, n_queries=n_queries, name=name)
        return display.plot(ax, **style)

    @classmethod
    def from_graph(cls, graph, *, n_neighbors=10, name=None, ax=None, **style):
        """Count occurrences in a neighbour graph and draw them.

        Parameters
        ----------
        graph : {csr_matrix, csr_array} of shape (n_queries, n_indexed)
            Neighbour graph, at least ``n_neighbors`` deep; a square one is taken to be of the
            samples among themselves.
        n_neighbors : int, default=10
            Number of neighbours.
        name : str, default=None
            Name of the space in the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **style : dict
            Keywords of the artist, see :meth:`plot`.

        Returns
        -------
        display : object
            The drawn display.
        """
        occurrence = k_occurrence(graph, n_neighbors=n_neighbors, metric="precomputed")
        n_queries = graph.shape[0]
        display = cls(occurrence, n_neighbors=n_neighbors, n_queries=n_queries, name=name)
        return display.plot(ax, **style)

    @classmethod
    def from_estimator(cls, estimator, X, *, n_neighbors=10, name=None, ax=None, **style):
        """Count occurrences in the space of a fitted estimator and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted transformer, neighbour search or pipeline; which counts it gives is as for
            :func:`sksim.metrics.make_hubness_scorer`.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Queries.
        n_neighbors : int, default=10
            Number of neighbours.
        name : str, default=None
            Name of the space in the legend; None means the class of the estimator.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **style : dict
            Keywords of the artist, see :meth:`plot`.

        Returns
        -------
        display : object
            The drawn display.
        """
        occurrence, shape = estimator_occurrence(estimator, X, n_neighbors=n_neighbors)
        display = cls(
            occurrence,
            n_neighbors=n_neighbors,
            n_queries=shape.n_queries,
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax, **style)

    def _start(self, ax, name):
        """Check the counts, make the axes and return the plot module and the name."""
        plt = import_optional("matplotlib.pyplot", extra="plot", purpose=type(self).__name__)
        self.occurrence = check_occurrence(self.occurrence)
        self.n_queries = self.occurrence.size if self.n_queries is None else self.n_queries
        self.ax_ = plt.subplots(layout="constrained")[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        return plt, self.name if name is None else name

    def _draw_chance(self, x, y, **style):
        """The curve without hubness; displays on the same axes share equal ones."""
        for line in self.ax_.lines:
            if line.get_label() == "no hubness" and np.array_equal(line.get_data(), (x, y)):
                return line
        (line,) = self.ax_.plot(x, y, "k--", lw=1, label="no hubness", **style)
        return line
