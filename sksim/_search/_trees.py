"""Search of few features: candidates from a k-d tree, certified as in the other searches."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.neighbors import KDTree

from sksim._search._certified import CertifiedSearch
from sksim._search._points import Points
from sksim.utils._blocks import row_blocks

__all__ = ["TreeSearch"]

# Relative error of a distance or a bound of the tree, with much to spare.
_TREE_ERROR = 1e-12
_MAX_FEATURES = 6
_LEAST_INDEXED = 2000
_BLOCK_ROWS = 1024


class TreeSearch(CertifiedSearch):
    """Search by a tree: a row is finished if the tree's next distance is above its last one."""

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        super().__init__(points, n_neighbors, exclude_self)
        self.tree = KDTree(points.indexed(slice(None)))

    @staticmethod
    def is_worthwhile(points: Points) -> bool:
        """Whether the tree is faster than a product of all pairs."""
        if points.is_sparse or points.metric == "cosine":
            return False
        n_indexed, n_features = points.Y.shape
        return n_features <= _MAX_FEATURES and n_indexed >= _LEAST_INDEXED

    def run(self, n_threads: int) -> None:
        """Search all rows."""
        blocks = row_blocks(self.points.X.shape[0], 1, max_rows=_BLOCK_ROWS)
        blocks = [np.arange(rows.start, rows.stop) for rows in blocks]
        self.search_in_threads(blocks, n_threads)

    def search(self, blocks: list[np.ndarray]) -> None:
        """Search blocks of rows one after another."""
        n_asked = self.n_candidates + 1 + self.exclude_self
        for rows in blocks:
            queries = self.points.queries(rows)
            found, columns = self.tree.query(queries, n_asked)
            self.keep_nearest(rows, columns[:, :-1])
            radii = np.sqrt(self.points.squared_limits(self.distances[rows, -1]))
            radii *= 1 + _TREE_ERROR
            for i in np.flatnonzero(~(found[:, -1] * (1 - _TREE_ERROR) > radii)):
                within = self.tree.query_radius(queries[[i]], radii[i])[0]
                self.complete(rows[i], np.sort(within))
