"""Intrinsic multi-scale distance: heat traces of the neighbour graphs."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import linalg
from scipy.sparse import csr_array, diags_array
from sklearn.utils import check_random_state

from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, check_like
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    array_neighbor_indices,
    neighbor_indices,
    neighbor_weights,
)
from sksim.utils._array_api import namespace_of
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, RandomState

__all__ = ["imd_distance"]

#: Samples up to which all eigenvalues are computed.
MAX_EXACT = 3000
#: Statistics of a probe whose expectation is known, and one for the mean.
N_REGRESSORS = 3


class _HeatTrace(NamedTuple):
    """Mean of e^{-t lambda} over the eigenvalues, (n_times,), and how far it is known.

    ``residuals`` are those of the probes, (n_probes, n_times); None of the exact trace.
    """

    values: np.ndarray
    residuals: np.ndarray | None
    n_samples: int


def _smoothing(X: Any, n_neighbors: int) -> csr_array:
    """D^{-1/2} A D^{-1/2}: one minus the normalised Laplacian of the graph of neighbours."""
    search = neighbor_indices if namespace_of(X) is None else array_neighbor_indices
    lists = neighbor_weights(search(X, n_neighbors=n_neighbors, metric="euclidean"))
    adjacency = lists.maximum(lists.T).astype(np.float64).tocsr()
    root = diags_array(1.0 / np.sqrt(adjacency.sum(axis=1)))
    return (root @ adjacency @ root).tocsr()


def _exact_trace(S: csr_array, times: np.ndarray) -> _HeatTrace:
    n = S.shape[0]
    check_fits(
        24.0 * n**2,
        f"The eigenvalues of the neighbour graph of {n} samples",
        "Take method='lanczos'.",
    )
    eigenvalues = 1.0 - linalg.eigvalsh(S.toarray(), check_finite=False, overwrite_a=True)
    return _HeatTrace(np.exp(-np.outer(times, eigenvalues)).mean(axis=1), None, n)


def _tridiagonal(S: csr_array, V: np.ndarray, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Lanczos recursion of I - S from each of the unit columns of V, orthogonalised in full."""
    n_probes = V.shape[1]
    alpha, beta = np.zeros((n_steps, n_probes)), np.zeros((n_steps - 1, n_probes))
    basis = np.empty((n_steps, *V.shape))
    for j in range(n_steps):
        basis[j] = V
        W = V - S @ V
        alpha[j] = np.einsum("ip,ip->p", V, W)
        for _ in range(2):  # once leaves the rounding of what it takes away
            for earlier in basis[: j + 1]:
                W -= earlier * np.einsum("ip,ip->p", earlier, W)
        if j + 1 < n_steps:
            beta[j] = linalg.norm(W, axis=0)
            # A space that the recursion has filled: the rest of T weighs nothing.
            beta[j, beta[j] < 1e-12] = 0.0
            V = W / np.where(beta[j] == 0, np.inf, beta[j])
    return alpha, beta


def _lanczos_trace(
    S: csr_array, times: np.ndarray, n_probes: int, n_steps: int, seed: int
) -> _HeatTrace:
    """Stochastic Lanczos quadrature, with what is known exactly of the first two moments.

    v'Lv and v'L^2 v of a random unit vector have the expectations tr L / n = 1 and
    tr L^2 / n: the quadratures are regressed on them and read off there.
    """
    n = S.shape[0]
    if n_steps >= n:
        raise ValueError(f"n_steps must be less than the number of samples, {n}, got {n_steps}.")
    if n_probes <= N_REGRESSORS:
        raise ValueError(f"n_probes must be more than {N_REGRESSORS}, got {n_probes}.")
    rng = np.random.RandomState(seed)
    quadratures, moments = [], []
    for part in row_blocks(n_probes, 8.0 * n * (n_steps + 3)):
        V = rng.standard_normal((part.stop - part.start, n)).T
        alpha, beta = _tridiagonal(S, V / linalg.norm(V, axis=0), n_steps)
        for a, b in zip(alpha.T, beta.T, strict=True):
            nodes, vectors = linalg.eigh_tridiagonal(a, b)
            quadratures.append(np.exp(-np.outer(times, nodes)) @ vectors[0] ** 2)
        moments.append(np.stack([alpha[0] - 1.0, alpha[0] ** 2 + beta[0] ** 2], axis=1))
    known = np.array([0.0, 1.0 + S.multiply(S).sum() / n])
    regressors = np.column_stack([np.ones(n_probes), np.concatenate(moments) - known])
    estimates = np.array(quadratures)
    coef, *_ = linalg.lstsq(regressors, estimates)
    return _HeatTrace(coef[0], estimates - regressors @ coef, n)


def _prepare(
    X: Any,
    *,
    n_neighbors: int,
    times: np.ndarray,
    method: str,
    n_probes: int,
    n_steps: int,
    seed: int,
) -> _HeatTrace:
    S = _smoothing(X, n_neighbors)
    if method == "exact" or (method == "auto" and X.shape[0] <= MAX_EXACT):
        return _exact_trace(S, times)
    return _lanczos_trace(S, times, n_probes, n_steps, seed)


def _standard_error(x: _HeatTrace, y: _HeatTrace) -> np.ndarray:
    """Standard error of the difference of two traces, (n_times,).

    With as many samples the probes are the same on both sides, and what they share cancels.
    """

    def of_mean(residuals):
        n_probes = len(residuals)
        return np.sum(residuals**2, axis=0) / ((n_probes - N_REGRESSORS) * n_probes)

    known = [side.residuals for side in (x, y) if side.residuals is not None]
    if len(known) == 2 and x.n_samples == y.n_samples:
        return np.sqrt(of_mean(known[0] - known[1]))
    return np.sqrt(sum((of_mean(residuals) for residuals in known), np.zeros(x.values.shape)))


def _difference(x: _HeatTrace, y: _HeatTrace, times: np.ndarray) -> Result:
    weights = np.exp(-2.0 * (times + 1.0 / times))
    gaps = weights * np.abs(x.values - y.values)
    largest = int(gaps.argmax())
    error = (weights * _standard_error(x, y))[largest]
    return Result(
        distance=float(gaps[largest]), standard_error=float(error), time=float(times[largest])
    )


def _compare(x: _HeatTrace, y: _HeatTrace, *, times: np.ndarray) -> float:
    return _difference(x, y, times).distance


def _permute(y: _HeatTrace, order: Any) -> _HeatTrace:
    return y


def _checked_times(times) -> np.ndarray:
    if times is None:
        return np.logspace(-1, 1, 256)
    times = check_named_array(times, "times", dtype=np.float64, ensure_2d=False)
    if times.ndim != 1 or (times <= 0).any():
        raise ValueError(
            f"times must be a vector of positive numbers, got shape {times.shape} and a least "
            f"value of {times.min():g}."
        )
    return times


def _steps(
    *,
    n_neighbors=5,
    times=None,
    method="auto",
    n_probes=100,
    n_steps=10,
    random_state=None,
    return_terms=False,
) -> Steps:
    times = _checked_times(times)
    prepare = functools.partial(
        _prepare,
        n_neighbors=n_neighbors,
        times=times,
        method=method,
        n_probes=n_probes,
        n_steps=n_steps,
        seed=check_random_state(random_state).randint(2**31 - 1),
    )
    compare = functools.partial(_difference if return_terms else _compare, times=times)
    return Steps(prepare, compare, _permute, ArraySteps(prepare, compare, _permute))


_COUNT = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "n_neighbors": _COUNT,
        "times": ["array-like", None],
        "method": [StrOptions({"auto", "exact", "lanczos"})],
        "n_probes": _COUNT,
        "n_steps": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
        "return_terms": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def imd_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_neighbors: int = 5,
    times: ArrayLike | None = None,
    method: Literal["auto", "exact", "lanczos"] = "auto",
    n_probes: int = 100,
    n_steps: int = 10,
    random_state: RandomState = None,
    return_terms: bool = False,
) -> float | Result:
    r"""Intrinsic multi-scale distance: the shapes of two clouds of points at all scales.

    With A the graph that joins two samples where one is among the k nearest neighbours of the
    other, :math:`L = I - D^{-1/2} A D^{-1/2}` its normalised Laplacian, and the heat trace
    :math:`h(t) = \operatorname{tr}(e^{-tL}) / n`,

    .. math:: d = \max_t \, e^{-2 (t + 1/t)} \, \lvert h_X(t) - h_Y(t) \rvert

    The value lies in [0, e^{-4}), 0.0183: the authors' code returns 10^6 times as much. Rows need
    not be paired, and neither their number nor that of the features need be equal.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples_x, n_features_x)
        First representation.
    Y : array-like of shape (n_samples_y, n_features_y)
        Second representation.
    n_neighbors : int, default=5
        Number of neighbours k, by Euclidean distance, the sample itself not counted.
    times : array-like of shape (n_times,), default=None
        Times of the heat, positive; None means 256 from 0.1 to 10, evenly on a logarithmic scale.
    method : {"auto", "exact", "lanczos"}, default="auto"
        All eigenvalues, or an estimate from random vectors; "auto" is "exact" up to 3000 samples.
    n_probes : int, default=100
        Number of random vectors.
    n_steps : int, default=10
        Steps of the Lanczos recursion from each, at least 2.
    random_state : int, RandomState instance or None, default=None
        Source of the random vectors, the same ones for both sides of as many samples.
    return_terms : bool, default=False
        Whether to return the standard error too.

    Returns
    -------
    distance : float or Bunch
        The distance; with ``return_terms=True`` a :class:`~sklearn.utils.Bunch` of ``distance``,
        its ``standard_error``, 0 for exact traces, and ``time``, where the difference is largest.

    Raises
    ------
    ValueError
        If there are not more samples than neighbours, or than steps.

    See Also
    --------
    rtd_distance : Asks whether clusters and loops are at the same samples.
    intrinsic_dimension : One number of one cloud.

    Notes
    -----
    A pseudo-metric [1]_, a largest of weighted differences: graphs of equal spectra are at
    distance 0. Unchanged by rotation, scale and translation, and by the order of the rows. Two
    draws of one distribution set the scale: their distance is not 0.

    The estimate is stochastic Lanczos quadrature [2]_. The exact traces of L and of its square,
    which the graph tells, are used to reduce its variance. With few samples the standard error of
    published values, without this, is as large as the distance.

    Time O(n^2 d) for the neighbours; then O(n^3) and memory O(n^2) exactly, or time O(n_probes n
    (k n_steps + n_steps^2)), and memory O(n n_steps) for each probe, as many at once as the working
    memory holds.

    References
    ----------
    .. [1] A. Tsitsulin, M. Munkhoeva, D. Mottin, P. Karras, A. Bronstein, I. Oseledets and
           E. Müller (2020). The shape of data: intrinsic distance for data distributions.
           International Conference on Learning Representations.
    .. [2] S. Ubaru, J. Chen and Y. Saad (2017). Fast estimation of tr(f(A)) via stochastic Lanczos
           quadrature. SIAM Journal on Matrix Analysis and Applications 38.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import imd_distance
    >>> rng = np.random.RandomState(0)
    >>> square, other, cube = rng.rand(400, 2), rng.rand(300, 2), rng.rand(400, 6)
    >>> imd_distance(square, other) < imd_distance(square, cube)
    True
    """
    steps = _steps(
        n_neighbors=n_neighbors,
        times=times,
        method=method,
        n_probes=n_probes,
        n_steps=n_steps,
        random_state=random_state,
        return_terms=return_terms,
    )
    check = check_like(X, steps.suited_to(X).keep)
    x, y = check(X), check(Y, name="Y")
    return steps.compare(steps.prepare(x), steps.prepare(y))


register(
    PairedMeasure(
        name="imd_distance",
        function=imd_distance,
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.exp(-4.0)),
        distance=identity,
        invariances=SHAPE_MAPS,
        min_samples=6,
        ignores_pairing=True,
        needs_equal_samples=False,
    )
)
