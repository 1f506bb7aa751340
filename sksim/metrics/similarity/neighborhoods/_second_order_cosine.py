"""Second-order cosine similarity of neighbourhoods."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from typing import Any, NamedTuple

import numpy as np

from sksim.metrics._array_formulas import array_directions, take_rows
from sksim.metrics._linalg import directions
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import ArraySteps, Steps, evaluate
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    DIRECTION_MAPS,
    NEIGHBOR_CONSTRAINTS,
    array_neighbor_indices,
    neighbor_indices,
    relabel,
)
from sksim.utils._array_api import any_namespace, beside, to_numpy
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["second_order_cosine_score"]


class _Neighborhood(NamedTuple):
    """Rows of unit length (n, d), and the neighbours (k, n) of each in NumPy."""

    unit: Any
    neighbors: np.ndarray


def _prepare(X: np.ndarray, *, n_neighbors: int) -> _Neighborhood:
    unit = directions(X, "A representation")
    return _Neighborhood(unit, neighbor_indices(X, n_neighbors=n_neighbors))


def _permute(state: _Neighborhood, order: np.ndarray) -> _Neighborhood:
    return _Neighborhood(state.unit[order], relabel(state.neighbors, order))


def _array_prepare(X: Any, *, n_neighbors: int) -> _Neighborhood:
    unit = array_directions(X, "A representation")
    return _Neighborhood(unit, array_neighbor_indices(X, n_neighbors=n_neighbors, metric="cosine"))


def _array_permute(state: _Neighborhood, order: Any) -> _Neighborhood:
    neighbors = relabel(state.neighbors, to_numpy(order))
    return _Neighborhood(take_rows(state.unit, order), neighbors)


def _cosines(unit: Any, rows: slice, columns: Any) -> Any:
    """Cosines of the rows with their own columns, (n_rows, n_columns)."""
    xp = any_namespace(unit)
    others = xp.take(unit, xp.reshape(columns, (-1,)), axis=0)
    others = xp.reshape(others, (*columns.shape, unit.shape[1]))
    return (others @ unit[rows, :, None])[:, :, 0]


def _union(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both lists of neighbours side by side, and a mask that counts a common one once."""
    is_new = ~(y[:, :, None] == x[:, None, :]).any(axis=2)
    return np.hstack([x, y]), np.hstack([np.ones_like(x, dtype=bool), is_new])


def _compare(x: _Neighborhood, y: _Neighborhood) -> float:
    xp, (n_neighbors, n_samples) = any_namespace(x.unit), x.neighbors.shape
    width = max(x.unit.shape[1], y.unit.shape[1])
    total = 0.0
    for rows in row_blocks(n_samples, 16 * n_neighbors * (width + 2 * n_neighbors), max_rows=512):
        lists = _union(x.neighbors[:, rows].T, y.neighbors[:, rows].T)
        union, counts = (beside(part, x.unit) for part in lists)
        a, b = (
            xp.where(counts, cosines, xp.zeros_like(cosines))
            for cosines in (_cosines(side.unit, rows, union) for side in (x, y))
        )
        norms = xp.sqrt(xp.sum(a * a, axis=1)) * xp.sqrt(xp.sum(b * b, axis=1))
        if not xp.all(norms):
            raise ValueError(
                "The second-order cosine is not defined for a sample that is at right angles to "
                "all its neighbours."
            )
        total += float(xp.sum(xp.sum(a * b, axis=1) / norms))
    return float(np.clip(total / n_samples, -1.0, 1.0))


def _steps(*, n_neighbors=10) -> Steps:
    prepare, array_prepare = (
        functools.partial(function, n_neighbors=n_neighbors)
        for function in (_prepare, _array_prepare)
    )
    return Steps(prepare, _compare, _permute, ArraySteps(array_prepare, _compare, _array_permute))


@validate_params(
    {name: NEIGHBOR_CONSTRAINTS[name] for name in ("X", "Y", "n_neighbors")},
    prefer_skip_nested_validation=True,
)
def second_order_cosine_score(X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 10) -> float:
    r"""Agreement of the cosines of each sample with its neighbours in two representations.

    .. math:: \frac{1}{n} \sum_i \cos(s_X(i), s_Y(i)), \qquad
              s_X(i) = \big(\cos(x_i, x_j)\big)_{j \in N_X(i) \cup N_Y(i)}

    with :math:`N_X(i)` the k nearest neighbours of sample i in X by cosine, itself left out. The
    value lies in [-1, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples.
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted.

    Returns
    -------
    score : float
        Mean second-order cosine.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or a row is zero.

    See Also
    --------
    mutual_knn_score : Common neighbours only.

    Notes
    -----
    Near neighbours have cosines near 1 in most representations, so that values are high by
    chance: judge them by ``permutation_test_similarity``. Unchanged by rotation and by the lengths
    of the rows. Time O(n^2 d) for two neighbour searches, memory O(n d).

    References
    ----------
    .. [1] W. L. Hamilton, J. Leskovec and D. Jurafsky (2016). Cultural shift or linguistic drift?
           Comparing two computational measures of semantic change. Conference on Empirical Methods
           in Natural Language Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import second_order_cosine_score
    >>> X = np.random.RandomState(0).randn(50, 5)
    >>> round(second_order_cosine_score(X, 3 * X), 6)
    1.0
    """
    return evaluate(_steps(n_neighbors=n_neighbors), X, Y)


register(
    PairedMeasure(
        name="second_order_cosine",
        function=second_order_cosine_score,
        make_steps=_steps,
        range=(-1.0, 1.0),
        invariances=DIRECTION_MAPS,
        min_samples=11,
    )
)
