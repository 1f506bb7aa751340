"""Reductions whose fit is one statistic of each row, so that the rows can come in blocks.

A method fills three hooks: ``_start_fit`` makes what all rows share, ``_row_statistics`` is the
formula of a block, ``_finish_fit`` stores the statistics of all rows. However the rows are cut
into blocks, the result is the same, and no block is kept.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sksim.hubness._base import GraphReduction, Space
from sksim.hubness._distances import as_distances
from sksim.hubness._statistics import check_depth
from sksim.utils._sklearn import _fit_context

__all__ = ["RowwiseReduction"]


class _Rows:
    """Statistics of the rows that were seen, and their number."""

    def __init__(self, space):
        self.space = space
        self.statistics = []
        self.n_seen = self.deepest = 0

    def next_space(self, n_rows: int):
        return self.space._replace(rows=slice(self.n_seen, self.n_seen + n_rows))

    def add(self, statistics, counts):
        self.statistics.append(statistics)
        self.n_seen += counts.size
        self.deepest = max(self.deepest, int(counts.max(initial=0)))


class RowwiseReduction(GraphReduction):
    """Abstract base: the fit is one statistic of each row, then a summary of all of them."""

    @abstractmethod
    def _row_statistics(self, distances, space):
        """Statistics of the rows ``space.rows``, an array with one row for each."""

    @abstractmethod
    def _finish_fit(self, statistics):
        """Store the statistics of all rows."""

    def _start_fit(self, distances, space):
        """What the statistics of all rows need, made at the first block: ``space.source``."""
        return None

    @property
    def fits_by_rows(self) -> bool:
        """Whether ``fit_blocks`` and ``partial_fit`` are at hand."""
        return True

    def _fit_distances(self, distances, space):
        rows = _Rows(space)
        self._add_rows(rows, distances)
        self._summarize(rows, distances.shape[1])

    def _add_rows(self, rows, distances):
        if rows.n_seen == 0:
            rows.space = rows.space._replace(source=self._start_fit(distances, rows.space))
        statistics = self._row_statistics(distances, rows.next_space(distances.shape[0]))
        rows.add(statistics, np.asarray(distances.counts))

    def _summarize(self, rows, n_columns: int):
        shape = (rows.n_seen, n_columns)
        check_depth(rows.deepest, shape, self.least_depth, type(self).__name__)
        self._finish_fit(np.concatenate(rows.statistics))
        self._rows = None

    def fit_blocks(self, blocks, **space):
        """Fit as ``fit_graph`` does, on the graph in blocks of rows.

        Parameters
        ----------
        blocks : iterable of {csr_matrix, csr_array, ndarray}
            The rows of the graph, in order. One block is held at a time.
        **space : dict
            The options of ``fit_graph``.

        Returns
        -------
        self : object
            The fitted reduction.
        """
        self._validate_params()
        rows = _Rows(Space.of(**space))
        for graph in blocks:
            self._add_rows(rows, as_distances(graph))
        self._summarize(rows, graph.shape[1])
        return self._fitted_on(rows.n_seen)

    @available_if(lambda self: self.fits_by_rows)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Fit on the next rows of the neighbour graph of the training samples.

        After the last of its rows the reduction equals that of ``fit`` on the whole graph; only
        the statistics of the rows are kept. A further call begins anew, with as many samples.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_rows, n_samples)
            Distances from the next training samples to all training samples: a neighbour graph
            with sorted rows, or a dense matrix.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The reduction, fitted when all ``n_samples`` rows were seen.
        """
        X = self._check_distances(X, reset=not hasattr(self, "_rows"))
        rows = getattr(self, "_rows", None) or _Rows(Space())
        if rows.n_seen + X.shape[0] > X.shape[1]:
            raise ValueError(
                f"partial_fit: the graph has {X.shape[1]} rows, one for each column; got "
                f"{X.shape[0]} more after {rows.n_seen}."
            )
        self._add_rows(rows, as_distances(X))
        self._rows = rows
        if rows.n_seen < X.shape[1]:
            return self
        self._summarize(rows, X.shape[1])
        return self._fitted_on(rows.n_seen)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_samples_fit_")

    def _check_fitted(self):
        if not hasattr(self, "n_samples_fit_") and getattr(self, "_rows", None):
            raise ValueError(
                f"{type(self).__name__}: partial_fit has seen {self._rows.n_seen} of "
                f"{self.n_features_in_} rows of the graph, all are needed."
            )
        check_is_fitted(self)
