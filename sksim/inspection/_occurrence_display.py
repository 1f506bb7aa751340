"""What the displays of occurrence counts share: where the counts come from."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.stats import binom

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.metrics import k_occurrence
from sksim.metrics._hubness_scorer import estimator_occurrence
from sksim.metrics.occurrence._measures import check_occurrence
from sksim.utils._typing import ArrayLike, MatrixLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["OccurrenceDisplay"]


@with_shared_entries
class OccurrenceDisplay(Display):
    """Constructor and ``from_...`` methods; a display adds ``plot``.

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`sksim.metrics.k_occurrence`.
    n_neighbors : int
        Number of neighbours that the counts are of.
    n_queries : int, default=None
        Number of queries; None means that the samples are the queries.
    name : str, default=None
        Name of the space in the legend.
    """

    def __init__(
        self,
        occurrence: ArrayLike,
        *,
        n_neighbors: int,
        n_queries: int | None = None,
        name: str | None = None,
    ) -> None:
        self.occurrence = occurrence
        self.n_neighbors = n_neighbors
        self.n_queries = n_queries
        self.name = name

    @classmethod
    def from_occurrence(
        cls,
        occurrence: ArrayLike,
        *,
        n_neighbors: int,
        n_queries: int | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw given occurrence counts.

        Parameters
        ----------
        {occurrence}
        {n_neighbors}
        {n_queries}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        display = cls(occurrence, n_neighbors=n_neighbors, n_queries=n_queries, name=name)
        return display.plot(ax, **style)

    @classmethod
    def from_graph(
        cls,
        graph: Any,
        *,
        n_neighbors: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Count occurrences in a neighbour graph and draw them.

        Parameters
        ----------
        graph : {csr_matrix, csr_array} of shape (n_queries, n_indexed)
            Neighbour graph, at least ``n_neighbors`` deep; a square one is taken to be of the
            samples among themselves.
        n_neighbors : int, default=10
            Number of neighbours.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        occurrence = k_occurrence(graph, n_neighbors=n_neighbors, metric="precomputed")
        n_queries = graph.shape[0]
        display = cls(occurrence, n_neighbors=n_neighbors, n_queries=n_queries, name=name)
        return display.plot(ax, **style)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: MatrixLike,
        *,
        n_neighbors: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
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
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        occurrence, shape = estimator_occurrence(estimator, X, n_neighbors=n_neighbors)
        display = cls(
            occurrence,
            n_neighbors=n_neighbors,
            n_queries=shape.n_queries,
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax, **style)

    @abstractmethod
    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the counts and set ``ax_`` and ``figure_``.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        name : str, default=None
            Name of the space in the legend; None means that of the constructor.
        **style : dict
            Keywords of the artist, see :meth:`plot`.

        Returns
        -------
        display : object
            The display itself.
        """

    def _checked_counts(self) -> np.ndarray:
        """The counts, and as many queries where their number is not given."""
        for name in ("n_neighbors", "n_queries"):
            number = getattr(self, name)
            optional = name == "n_queries" and number is None
            if not optional and not (isinstance(number, int | np.integer) and number >= 1):
                raise ValueError(f"{name} must be an integer of at least 1, got {number!r}.")
        counts = self.occurrence = check_occurrence(self.occurrence)
        self.n_queries = counts.size if self.n_queries is None else self.n_queries
        return counts

    def _chance(self, n_indexed: int) -> Any:
        """Distribution of the occurrence of a sample without hubness."""
        return binom(self.n_queries, min(1.0, self.n_neighbors / n_indexed))

    def _draw_chance(self, x: np.ndarray, y: np.ndarray, **style: Any) -> "Line2D":
        """The curve without hubness; displays on the same axes share equal ones."""
        for line in self.ax_.lines:
            if line.get_label() == "no hubness" and np.array_equal(
                line.get_xydata(), np.column_stack([x, y])
            ):
                return line
        (line,) = self.ax_.plot(x, y, "k--", lw=1, label="no hubness", **style)
        return line
