"""The scaling family: distances in units of the neighbourhood sizes of both samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod

import numpy as np

from sksim.hubness._inner_product import scaled_index
from sksim.hubness._rowwise import RowwiseReduction
from sksim.hubness._statistics import divisible, fill_missing, smallest_scale

__all__ = ["ScaledReduction"]


class ScaledReduction(RowwiseReduction):
    """Abstract base: an increasing function of ``d(q, x) / sqrt(scale(q) scale(x))``."""

    has_inner_product_form = True

    @abstractmethod
    def _local_scale(self, distances):
        """Scale of each row, NaN where it has no neighbours."""

    def _row_statistics(self, distances, space):
        return self._local_scale(distances)

    def _finish_fit(self, scale):
        self.local_scale_ = fill_missing(scale, np.nanmedian(scale))
        self.scale_floor_ = smallest_scale(self.local_scale_)
        self._root_scale = np.sqrt(divisible(self.local_scale_, self.scale_floor_))

    def _reduce_distances(self, distances, queries):
        query_scale = fill_missing(self._local_scale(distances), self.scale_floor_)
        scale = distances.by_row(np.sqrt(divisible(query_scale, self.scale_floor_)))
        return distances.values / (scale * distances.by_column(self._root_scale))

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
        index_vectors : ndarray of shape (n_indexed, n_features + 1 or 2)
            Vectors for any index of inner products: larger is nearer.
        query_map : callable
            Augments queries.
        """
        scale = divisible(self.local_scale_, self.scale_floor_)
        return scaled_index(vectors, metric, scale, name=type(self).__name__)
