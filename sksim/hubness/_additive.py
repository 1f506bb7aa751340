"""The additive family: reductions that add a number of each indexed sample to the distance."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod

import numpy as np

from sksim.hubness._inner_product import additive_index
from sksim.hubness._rowwise import RowwiseReduction
from sksim.hubness._statistics import fill_missing

__all__ = ["AdditiveReduction"]


class AdditiveReduction(RowwiseReduction):
    """Abstract base: ``d'(q, x) = base(d(q, x)) + a(q) + b(x) + offset_``.

    In terms of the similarity ``s = -d`` the score is ``s - b``: a sample that is similar to many
    carries a large ``b``. The row term ``a(q)`` changes no order. Where it would make a value
    negative it is raised to the least constant that does not, nothing is clipped.
    """

    has_inner_product_form = True

    @abstractmethod
    def _row_statistics(self, distances, space):
        """Bias b of each indexed sample, NaN where it has no neighbours."""

    def _row_term(self, distances, queries):
        """Term a of each query, NaN where it has no neighbours; None if there is none."""
        return None

    def _fit_offset(self) -> float:
        """Constant that makes the values of usual queries non-negative."""
        return -float(self.bias_.min())

    def _base_values(self, distances):
        """Primary distances as the formula takes them, non-negative."""
        return distances.values

    def _finish_fit(self, bias):
        known = bias[~np.isnan(bias)]
        self.bias_ = fill_missing(bias, np.median(known) if known.size else 0.0)
        self.offset_ = self._fit_offset()

    def _reduce_distances(self, distances, queries):
        shift = self.bias_ + self.offset_
        values = self._base_values(distances) + distances.by_column(shift)
        term = self._row_term(distances, queries)
        if term is None:
            return values
        least = -distances.row_minimum(values)
        return values + distances.by_row(np.maximum(fill_missing(term, 0.0), least))

    def inner_product_index(self, vectors, metric):
        """Augmented index vectors and query map that rank as the reduction does.

        Parameters
        ----------
        vectors : array-like of shape (n_indexed, n_features)
            The indexed samples.
        metric : str
            Metric of the distances.

        Returns
        -------
        index_vectors : ndarray of shape (n_indexed, n_features + 1)
            Vectors for any index of inner products: larger is nearer.
        query_map : callable
            Augments queries.
        """
        return additive_index(vectors, *self._exported_bias(metric), name=type(self).__name__)

    def _exported_bias(self, metric):
        """Metric and bias of the same order with the distance itself as the base."""
        return metric, self.bias_
