"""How far distances in an embedding are from those that it was made for."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Literal

import numpy as np

from sksim.metrics._measure import GraphMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_value
from sksim.metrics.graphs._distances import check_distances
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["distance_distortion"]


def _check_positive(D: np.ndarray, name: str) -> None:
    """Raise if two samples are at distance zero, which no ratio can be taken of."""
    rows, columns = np.nonzero(D == 0)
    apart = rows != columns
    if apart.any():
        pair = int(np.argmax(apart))
        raise ValueError(
            f"{name} must be positive between different samples, got 0 between {rows[pair]} and "
            f"{columns[pair]}: leave duplicates out."
        )


@validate_params(
    {
        "D": ["array-like"],
        "D_embedded": ["array-like"],
        "kind": [StrOptions({"mean", "worst"})],
    },
    prefer_skip_nested_validation=True,
)
def distance_distortion(
    D: ArrayLike, D_embedded: ArrayLike, *, kind: Literal["mean", "worst"] = "mean"
) -> float:
    r"""Relative error of the distances in an embedding.

    .. math:: \frac{2}{n (n - 1)} \sum_{i < j} \frac{\lvert d'_{ij} - d_{ij} \rvert}{d_{ij}}
              \qquad\text{or}\qquad
              \max_{i < j} \frac{d'_{ij}}{d_{ij}} \; \max_{i < j} \frac{d_{ij}}{d'_{ij}}

    with d the distances to be kept, such as hops in a graph, and :math:`d'` those in the
    embedding. Lower is better. The mean is at least 0, and counts on the unit of
    :math:`d'`; the worst case is at least 1, and does not.

    .. versionadded:: 0.1

    Parameters
    ----------
    D : array-like of shape (n_samples, n_samples)
        Distances to be kept: symmetric, positive off the diagonal.
    D_embedded : array-like of shape (n_samples, n_samples)
        Distances in the embedding.
    kind : {"mean", "worst"}, default="mean"
        The mean over all pairs, or the product of the largest stretch and the largest shrinkage.

    Returns
    -------
    distortion : float
        The distortion.

    Raises
    ------
    ValueError
        If the matrices are not symmetric with a diagonal of zeros, differ in size, or hold a zero
        between different samples: D of either kind, D_embedded of the worst case.

    See Also
    --------
    graph_reconstruction_score : The order of the distances alone.

    Notes
    -----
    The definitions are those of the work on hyperbolic embeddings of graphs [1]_. Distances of
    nodes that no path joins are infinite, and refused. Time O(n^2); memory in blocks of rows
    within scikit-learn's ``working_memory``, beside the matrices.

    References
    ----------
    .. [1] F. Sala, C. De Sa, A. Gu and C. Ré (2018). Representation tradeoffs for hyperbolic
           embeddings. International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.metrics import distance_distortion
    >>> D = [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    >>> D_embedded = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    >>> round(distance_distortion(D, D_embedded), 4)
    0.1667
    >>> distance_distortion(D, D_embedded, kind="worst")
    2.0
    """
    true, embedded = check_distances(D, "D"), check_distances(D_embedded, "D_embedded")
    if true.shape != embedded.shape:
        raise ValueError(
            "D and D_embedded must hold distances of the same samples, got shapes "
            f"{true.shape} and {embedded.shape}."
        )
    _check_positive(true, "D")
    if kind == "worst":
        _check_positive(embedded, "D_embedded")
    n = len(true)
    total, stretch, shrinkage = 0.0, 0.0, 0.0
    for rows in row_blocks(n, 40.0 * n):
        off = np.arange(n) != np.arange(rows.start, rows.stop)[:, None]
        ratio = embedded[rows][off] / true[rows][off]
        if kind == "mean":
            total += float(np.abs(ratio - 1.0).sum())
        else:
            stretch = max(stretch, float(ratio.max()))
            shrinkage = max(shrinkage, float(1.0 / ratio.min()))
    value = total / (n * (n - 1)) if kind == "mean" else max(stretch * shrinkage, 1.0)
    return check_value(value, "distortion")


register(
    GraphMeasure(
        name="distance_distortion",
        function=distance_distortion,
        inputs="distances",
        greater_is_better=False,
        range=(0.0, math.inf),
        invariances=frozenset({"orthogonal", "translation", "permutation", "node_order"}),
    )
)
register(
    GraphMeasure(
        name="distance_distortion_worst",
        function=distance_distortion,
        params={"kind": "worst"},
        inputs="distances",
        greater_is_better=False,
        range=(1.0, math.inf),
        invariances=frozenset({"orthogonal", "translation", "scale", "permutation", "node_order"}),
    )
)
