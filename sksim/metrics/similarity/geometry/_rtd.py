"""Representation topology divergence: clusters and loops of one side that the other lacks."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Integral
from typing import Literal, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist, pdist, squareform
from sklearn import get_config
from sklearn.utils import check_random_state

from sksim.metrics._linalg import center
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import Steps, evaluate
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._blocks import row_blocks
from sksim.utils._optional import import_optional
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, RandomState

__all__ = ["rtd_distance"]

#: The distances of a side are divided by this quantile of them.
QUANTILE = 0.9
#: Bins that the distances are counted in where they do not fit into the working memory.
N_BINS = 2**14
#: ripser computes in float32, which holds whole numbers up to this one.
MAX_RANK = 2**24


# --- distances over their quantile --------------------------------------------------------------


def _sorted_distances(X: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """The distances of pairs of rows that have the given ranks, from 0, in increasing order.

    Where they do not fit into the working memory, they are counted in bins, and those of the bins
    that hold the ranks are formed again.
    """
    n = len(X)
    if 8 * n * (n - 1) <= get_config()["working_memory"] * 2**20:
        return np.partition(pdist(X), ranks)[ranks]
    edges = np.linspace(0.0, 2.001 * np.linalg.norm(X, axis=1).max(), N_BINS + 1)
    blocks = list(row_blocks(n, 24 * n))

    def distances(rows):
        """Those of the rows of a block with the rows after each."""
        square = cdist(X[rows], X[rows.start :])
        return square[np.triu(np.ones(square.shape, dtype=bool), 1)]

    counts = sum(np.histogram(distances(rows), edges)[0] for rows in blocks)
    below = np.concatenate([[0], np.cumsum(counts)])
    first, last = np.searchsorted(below, ranks[[0, -1]], side="right") - 1
    low, high = edges[first], edges[last + 1]
    parts = [d[(d >= low) & (d < high)] for d in map(distances, blocks)]
    return np.partition(np.concatenate(parts), ranks - below[first])[ranks - below[first]]


def _distance_quantile(X: np.ndarray) -> float:
    """Quantile of the whole matrix of distances: its n zeros, and every pair twice."""
    n = len(X)
    place = QUANTILE * (n * n - 1)
    low = math.floor(place)
    pairs = (np.array([low, low + 1]) - n) // 2
    ranks = np.unique(pairs)
    below, above = _sorted_distances(X, ranks)[np.searchsorted(ranks, pairs)]
    return float(below + (place - low) * (above - below))


def _unit_cloud(X: np.ndarray) -> np.ndarray:
    """Centred rows in units of the quantile of their distances."""
    values = center(X.astype(np.float64, copy=False)).values
    quantile = _distance_quantile(values)
    if quantile == 0:
        raise ValueError(
            "Most samples of a representation are equal: the 0.9 quantile of their distances, "
            "which is their unit, is zero."
        )
    return values / quantile


# --- by minimum spanning trees ------------------------------------------------------------------


class _Cloud(NamedTuple):
    """Rows (n, d) in units of the quantile of their distances, and the weight of their tree."""

    values: np.ndarray
    tree: float


def _tree_weight(*clouds: np.ndarray) -> float:
    """Weight of the minimum spanning tree of the least of the distances, by Prim's algorithm.

    Distances are formed from differences, from one sample at a time to all.
    """
    n = len(clouds[0])
    nearest = np.full(n, np.inf)  # squared, to the tree
    outside = np.ones(n, dtype=bool)
    current, weight = 0, 0.0
    for _ in range(n - 1):
        outside[current] = False
        for values in clouds:
            np.minimum(nearest, cdist(values[[current]], values, "sqeuclidean")[0], out=nearest)
        current = int(np.where(outside, nearest, np.inf).argmin())
        weight += math.sqrt(nearest[current])
    return weight


def _prepare_lite(X: np.ndarray) -> _Cloud:
    values = _unit_cloud(X)
    return _Cloud(values, _tree_weight(values))


def _permute_lite(y: _Cloud, order: np.ndarray) -> _Cloud:
    return y._replace(values=y.values[order])


def _compare_lite(x: _Cloud, y: _Cloud) -> float:
    return max(0.0, (x.tree + y.tree) / 2 - _tree_weight(x.values, y.values))


# --- by persistent homology ---------------------------------------------------------------------


def _loop_lengths(D: np.ndarray) -> float:
    """Total length of the bars of degree 1 of the Vietoris-Rips complex of a matrix of distances.

    The bars depend on the order of the distances only. So ripser, which computes in float32, gets
    their ranks, and the bars get back the distances of these ranks.
    """
    ripser = import_optional("ripser", extra="topology", purpose="rtd_distance(kind='full')")
    distances, ranks = np.unique(D, return_inverse=True)
    bars = ripser.ripser(ranks.reshape(D.shape).astype(np.float32), maxdim=1, distance_matrix=True)
    births, deaths = bars["dgms"][1].astype(np.intp).T
    return float(np.sum(distances[deaths] - distances[births]))


def _one_sided(w: np.ndarray, v: np.ndarray) -> float:
    """Loops of the complex in which the tree of w is closed, and the least of w and v is open."""
    return _loop_lengths(np.block([[np.zeros_like(w), w], [w, np.minimum(w, v)]]))


def _divergence(X: np.ndarray, Y: np.ndarray) -> float:
    w, v = (squareform(pdist(_unit_cloud(Z))) for Z in (X, Y))
    if np.array_equal(w, v):
        return 0.0
    return (_one_sided(w, v) + _one_sided(v, w)) / 2


def _prepare_full(X: np.ndarray) -> np.ndarray:
    return X.astype(np.float64, copy=False)


def _permute_full(y: np.ndarray, order: np.ndarray) -> np.ndarray:
    return y[order]


def _compare_full(
    x: np.ndarray, y: np.ndarray, *, n_trials: int, batch_size: int, random_state
) -> float:
    n = len(x)
    if n <= batch_size:
        return _divergence(x, y)
    random_state = check_random_state(random_state)
    samples = (random_state.choice(n, batch_size, replace=False) for _ in range(n_trials))
    return float(np.mean([_divergence(x[rows], y[rows]) for rows in samples]))


def _steps(*, kind="full", n_trials=10, batch_size=60, random_state=None) -> Steps:
    if kind == "lite":
        return Steps(_prepare_lite, _compare_lite, _permute_lite)
    compare = functools.partial(
        _compare_full, n_trials=n_trials, batch_size=batch_size, random_state=random_state
    )
    return Steps(_prepare_full, compare, _permute_full)


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "kind": [StrOptions({"full", "lite"})],
        "n_trials": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 3, math.isqrt(MAX_RANK), closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def rtd_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    kind: Literal["full", "lite"] = "full",
    n_trials: int = 10,
    batch_size: int = 60,
    random_state: RandomState = None,
) -> float:
    r"""Representation topology divergence: clusters and loops that are not at the same samples.

    With :math:`w` the Euclidean distances (n, n) in X over their 0.9 quantile, :math:`\tilde w`
    those in Y, and :math:`R(w, \tilde w)` the total length of the bars of degree 1 of the
    Vietoris-Rips complex on 2n points with the distances

    .. math:: \begin{pmatrix} 0 & w \\ w & \min(w, \tilde w) \end{pmatrix},
              \qquad d = \frac{R(w, \tilde w) + R(\tilde w, w)}{2}

    ``kind="lite"`` is the part of it that clusters make, without loops,

    .. math:: d_{\mathrm{lite}} = \frac{t(w) + t(\tilde w)}{2} - t(\min(w, \tilde w)) \le d

    with :math:`t` the weight of a minimum spanning tree. Both are at least 0, and 0 for equal
    distances.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    kind : {"full", "lite"}, default="full"
        "full" takes the ``topology`` extra (ripser), "lite" nothing.
    n_trials : int, default=10
        Number of random batches that "full" takes the mean over, if there are more samples than
        one of them.
    batch_size : int, default=60
        Number of samples in each; their distances have a quantile of their own. Without effect on
        "lite", which always sees all samples.
    random_state : int, RandomState instance or None, default=None
        Source of the batches.

    Returns
    -------
    distance : float
        In units of the 0.9 quantile of the distances.

    Raises
    ------
    ValueError
        If there are fewer than three samples, or most samples of a side are equal.
    ImportError
        If ripser is not installed, for ``kind="full"``.

    See Also
    --------
    imd_distance : The shapes at all scales, wherever the samples are in them.
    mutual_knn_score : The samples that are near, not what they form.

    Notes
    -----
    Defined in [1]_, the bars computed by [2]_. The long exact sequence of the pair splits R into
    trees and loops: :math:`R(w, \tilde w) = t(w) - t(\min) + \ell` with :math:`\ell \ge 0` the
    length for which loops of the minimum are no image of loops of w, which is why "lite" is a lower
    bound.

    Unchanged by rotation, scale and translation. Symmetric; that it is a metric is not known. No
    chance level in closed form: take :func:`permutation_test_similarity`, for which "lite" is
    cheap enough.

    "lite": time O(n^2 d), memory O(n d). "full": up to :math:`\binom{2 m}{3}` triangles for each
    batch of m, so that time and memory grow as m^3 and faster; batches of 60 take some hundredths
    of a second. Arrays of other libraries are converted, with array API dispatch too: trees and
    bars are made one edge or simplex after the other, and that, not the distances, takes the time.

    References
    ----------
    .. [1] S. Barannikov, I. Trofimov, N. Balabin and E. Burnaev (2022). Representation topology
           divergence: a method for comparing neural network representations. International
           Conference on Machine Learning.
    .. [2] U. Bauer (2021). Ripser: efficient computation of Vietoris-Rips persistence barcodes.
           Journal of Applied and Computational Topology 5.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import rtd_distance
    >>> t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> circle = np.column_stack([np.cos(t), np.sin(t)])
    >>> line = t[:, None]
    >>> round(rtd_distance(circle, 3 * circle[:, ::-1] + 1, kind="lite"), 6)
    0.0
    >>> round(rtd_distance(circle, line, kind="lite"), 2)
    0.83
    """
    steps = _steps(kind=kind, n_trials=n_trials, batch_size=batch_size, random_state=random_state)
    return evaluate(steps, X, Y, min_samples=3)


for _suffix, _params in (("distance", {}), ("lite", {"kind": "lite"})):
    register(
        PairedMeasure(
            name=f"rtd_{_suffix}",
            function=rtd_distance,
            params=_params,
            make_steps=_steps,
            greater_is_better=False,
            range=(0.0, math.inf),
            invariances=SHAPE_MAPS,
            min_samples=3,
        )
    )
