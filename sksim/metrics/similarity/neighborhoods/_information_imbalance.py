"""Information imbalance: how well the neighbours in one representation predict the other."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata
from sklearn import get_config

from sksim.metrics._linalg import center, row_squares
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import Steps, evaluate
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    NEIGHBOR_CONSTRAINTS,
    neighbor_indices,
    relabel,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["information_imbalance"]


def _average_ranks(closeness: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Ranks (k, n_rows) of the given columns (k, n_rows) of each row, from 0, ties averaged."""
    own = np.take_along_axis(closeness, columns.T, axis=1).T
    below = np.stack([(closeness < value[:, None]).sum(axis=1) for value in own])
    ties = np.stack([(closeness == value[:, None]).sum(axis=1) for value in own])
    return below + (ties - 1) / 2


class _Ranks:
    """Ranks of the distances from each sample to the others, from 1, ties averaged.

    Distances come from a matrix product; where its rounding could change a rank, or make or break
    a tie, they are formed from differences.
    """

    def __init__(self, points: np.ndarray, centered: np.ndarray):
        self.points = points
        self.centered = centered
        self.halves = row_squares(centered) / 2
        self.table: np.ndarray | None = None

    def _blocks(self):
        """Distances up to what is equal along a row, and how far they are known.

        The sample itself is at minus infinity.
        """
        n_samples, n_features = self.centered.shape
        largest = 2 * self.halves.max()
        for rows in row_blocks(n_samples, 24 * n_samples, max_rows=256):
            closeness = self.halves - self.centered[rows] @ self.centered.T
            closeness[np.arange(closeness.shape[0]), np.arange(n_samples)[rows]] = -np.inf
            lengths = np.sqrt(2 * self.halves[rows] * largest) + largest
            yield rows, closeness, (n_features + 4) * np.finfo(np.float64).eps * lengths[:, None]

    def _exact(self, rows: np.ndarray) -> np.ndarray:
        """Squared distances of some samples to all, from differences."""
        squared = cdist(self.points[rows], self.points, "sqeuclidean")
        squared[np.arange(rows.size), rows] = -np.inf
        return squared

    def of(self, columns: np.ndarray) -> np.ndarray:
        """Ranks of the given samples, columns[r, i] seen from i: shape (k, n)."""
        ranks = np.empty(columns.shape)
        for rows, closeness, error in self._blocks():
            unclear = np.zeros(closeness.shape[0], dtype=bool)
            for r, column in enumerate(columns[:, rows]):
                own = np.take_along_axis(closeness, column[:, None], axis=1)
                below = (closeness < own - 2 * error).sum(axis=1)
                unclear |= (closeness <= own + 2 * error).sum(axis=1) > below + 1
                ranks[r, rows] = below
            again = rows.start + np.flatnonzero(unclear)
            ranks[:, again] = _average_ranks(self._exact(again), columns[:, again])
        return ranks

    def of_permuted(self, columns: np.ndarray, order: np.ndarray) -> np.ndarray:
        """The same for the samples in another order; from a table if that is small enough."""
        n_samples = order.size
        if 4 * n_samples**2 > get_config()["working_memory"] * 2**20:
            return _Ranks(self.points[order], self.centered[order]).of(columns)
        if self.table is None:
            self.table = self._all()
        return self.table[order, order[columns]]

    def _all(self) -> np.ndarray:
        """Ranks of all samples seen from all, (n, n)."""
        table = np.empty((self.halves.size, self.halves.size), dtype=np.float32)
        for rows, closeness, error in self._blocks():
            gaps = np.diff(np.sort(closeness, axis=1), axis=1)
            unclear = np.flatnonzero((gaps <= 2 * error).any(axis=1))
            closeness[unclear] = self._exact(rows.start + unclear)
            table[rows] = rankdata(closeness, axis=1) - 1
        return table


@dataclass
class _State:
    """Neighbours (k, n) in a representation, its ranks, and the order of the samples in it."""

    neighbors: np.ndarray
    ranks: _Ranks = field(repr=False)
    order: np.ndarray | None = None


def _prepare(X: np.ndarray, *, n_neighbors: int) -> _State:
    neighbors = neighbor_indices(X, n_neighbors=n_neighbors, metric="euclidean")
    X = X.astype(np.float64, copy=False)
    centered, scale = center(X)
    return _State(neighbors, _Ranks(X / scale, centered))


def _permute(state: _State, order: np.ndarray) -> _State:
    whole = order if state.order is None else state.order[order]
    return replace(state, neighbors=relabel(state.neighbors, order), order=whole)


def _compare(x: _State, y: _State) -> float:
    if y.order is None:
        ranks = y.ranks.of(x.neighbors)
    else:
        ranks = y.ranks.of_permuted(x.neighbors, y.order)
    return float(2.0 * ranks.mean(dtype=np.float64) / ranks.shape[1])


def _steps(*, n_neighbors=1) -> Steps:
    return Steps(functools.partial(_prepare, n_neighbors=n_neighbors), _compare, _permute)


@validate_params(
    {name: NEIGHBOR_CONSTRAINTS[name] for name in ("X", "Y", "n_neighbors")},
    prefer_skip_nested_validation=True,
)
def information_imbalance(X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 1) -> float:
    r"""How badly the nearest neighbours in X predict closeness in Y; lower is better.

    .. math:: \Delta(X \to Y) = \frac{2}{n} \cdot
              \frac{1}{n k} \sum_i \sum_{j \in N_X(i)} r^Y_{ij}

    with :math:`N_X(i)` the k nearest neighbours of sample i in X, itself left out, and
    :math:`r^Y_{ij}` the rank from 1 of sample j among the distances from i in Y. The value is at
    least (k + 1) / n, reached if Y has the same neighbours; it is 1 in expectation if X tells
    nothing about Y, and at most 2 (n - 1) / n. It is directed: if X -> Y is small and Y -> X
    large, then X holds what Y holds and more.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        Representation that predicts.
    Y : array-like of shape (n_samples, n_features_y)
        Representation of the same samples that is predicted.
    n_neighbors : int, default=1
        Number of neighbours k, the sample itself not counted.

    Returns
    -------
    imbalance : float
        Information imbalance.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours.

    See Also
    --------
    mutual_knn_score : Symmetric, by common neighbours.
    linear_predictivity_score : Directed, by regression.

    Notes
    -----
    Distances are Euclidean; equal distances share the mean of their ranks. Unchanged by rotation,
    scale and translation. Time O(n^2 d), memory within scikit-learn's working memory. Distances
    that a matrix product cannot tell apart are formed from differences: data with many ties, such
    as small integers, take several times as long.

    References
    ----------
    .. [1] A. Glielmo, C. Zeni, B. Cheng, G. Csányi and A. Laio (2022). Ranking the information
           content of distance measures. PNAS Nexus 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import information_imbalance
    >>> X = np.random.RandomState(0).rand(300, 2)
    >>> round(information_imbalance(X, X[:, :1]), 2)
    0.07
    >>> round(information_imbalance(X[:, :1], X), 2)
    0.56
    """
    return evaluate(_steps(n_neighbors=n_neighbors), X, Y)


register(
    PairedMeasure(
        name="information_imbalance",
        function=information_imbalance,
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, 2.0),
        symmetric=False,
        identity=False,
        invariances=SHAPE_MAPS,
        null=1.0,
    )
)
