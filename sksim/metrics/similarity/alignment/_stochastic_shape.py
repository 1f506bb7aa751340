"""Distance of the shapes of noisy responses: means and covariances after one rotation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import ortho_group
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sksim.metrics._validation import check_same_rows, check_value
from sksim.utils._array_api import (
    any_namespace,
    beside,
    constant,
    move,
    namespace_of,
    to_numpy,
    widest_float,
)
from sksim.utils._arrays import check_named_array, naming
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, RandomState
from sksim.utils._warnings import warn_caller

__all__ = ["stochastic_shape_distance"]

#: Repeated responses (n, n_repeats, d), or their means (n, d) and covariances (n, d, d).
Responses: TypeAlias = FloatArray | tuple[ArrayLike, ArrayLike]

#: Negative eigenvalues of a covariance, over its largest one, that are rounding.
ROUNDING = 1e-8


class _Noisy(NamedTuple):
    """Centred means (n, d) and symmetric roots of the covariances (n, d, d)."""

    means: Any
    roots: Any


def _check_array(X: Any, name: str, n_dim: int, like: Any) -> Any:
    """Floats in the library and on the device of ``like``, if it may stay there."""
    in_place = namespace_of(like) is not None
    if in_place:
        with naming(name):
            X = constant(widest_float(move(X, like)))
    dtype = None if in_place else np.float64
    X = check_named_array(
        X, name, keep_library=in_place, dtype=dtype, allow_nd=True, ensure_2d=False
    )
    if X.ndim != n_dim:
        raise ValueError(f"{name} must have {n_dim} dimensions, got shape {X.shape}.")
    return X


def _roots(covariances: Any, name: str) -> Any:
    """Symmetric square roots of positive semi-definite matrices, rounding below zero clipped."""
    xp = any_namespace(covariances)
    largest = xp.max(xp.abs(covariances), axis=(1, 2))
    uneven = xp.max(xp.abs(covariances - xp.matrix_transpose(covariances)), axis=(1, 2))
    if xp.any(uneven > ROUNDING * largest):
        raise ValueError(f"{name} must be symmetric; that of sample {xp.argmax(uneven)} is not.")
    eigenvalues, vectors = xp.linalg.eigh(covariances)
    below = to_numpy(eigenvalues[:, 0] < -ROUNDING * xp.max(xp.abs(eigenvalues), axis=1))
    if below.any():
        sample = int(below.argmax())
        raise ValueError(
            f"{name} must be positive semi-definite; that of sample {sample} has the "
            f"eigenvalue {float(eigenvalues[sample, 0]):.3g}."
        )
    scaled = vectors * xp.sqrt(xp.clip(eigenvalues, 0.0, None))[:, None, :]
    return scaled @ xp.matrix_transpose(vectors)


def _noisy(responses: Any, name: str, like: Any = None) -> _Noisy:
    """Moments of the responses of one network, validated, where ``like`` is."""
    if isinstance(responses, tuple):
        if len(responses) != 2:
            raise ValueError(f"{name} must be a pair (means, covariances), got {len(responses)}.")
        means = _check_array(responses[0], f"means of {name}", 2, like)
        covariances = _check_array(responses[1], f"covariances of {name}", 3, like)
        if covariances.shape != (*means.shape, means.shape[1]):
            raise ValueError(
                f"covariances of {name} must have the shape {(*means.shape, means.shape[1])} "
                f"that belongs to the means, got {covariances.shape}."
            )
    else:
        X = _check_array(responses, name, 3, like)
        if X.shape[1] < 2:
            raise ValueError(f"{name} must have at least two repeats of each sample, got 1.")
        xp = any_namespace(X)
        means = xp.mean(X, axis=1)
        gaps = X - means[:, None, :]
        covariances = xp.matrix_transpose(gaps) @ gaps / (X.shape[1] - 1)
    centered = means - any_namespace(means).mean(means, axis=0)
    return _Noisy(centered, _roots(covariances, f"covariances of {name}"))


def _best_map(C: Any, group: str) -> Any:
    """The T of the group of largest tr(T^T C); the assignment of a permutation is NumPy's."""
    if group == "permutation":
        T = np.zeros(C.shape)
        T[linear_sum_assignment(to_numpy(C), maximize=True)] = 1.0
        return beside(T, C)
    U, _, Vt = any_namespace(C).linalg.svd(C)
    return U @ Vt


def _aligned_roots(x: _Noisy, y: _Noisy, T: Any) -> Any:
    """O_i Psi_i^{1/2} with the rotations O_i that bring its product with T nearest to x's roots."""
    xp = any_namespace(T)
    U, _, Vt = xp.linalg.svd(y.roots @ T @ x.roots)
    return xp.matrix_transpose(U @ Vt) @ y.roots


def _square_sum(A: Any) -> Any:
    return any_namespace(A).sum(A * A)


def _objective(x: _Noisy, y: _Noisy, T: Any, aligned: Any, alpha: float) -> float:
    """Mean of the squared distances, formed from differences: small ones keep their digits."""
    of_means = _square_sum(x.means - y.means @ T)
    of_noise = _square_sum(x.roots - aligned @ T)
    return float(alpha * of_means + (2.0 - alpha) * of_noise) / x.means.shape[0]


def _descend(
    x: _Noisy, y: _Noisy, T: Any, alpha: float, group: str, tol: float, max_iter: int
) -> Iterator[float]:
    """Objective after each round: all O_i for the given T, T for the given O_i. It never grows."""
    covariance = alpha * y.means.T @ x.means
    width, xp = T.shape[0], any_namespace(T)
    least = tol * float(sum(map(_square_sum, (*x, *y)))) / x.means.shape[0]
    of_x = xp.reshape(x.roots, (-1, width))
    aligned = _aligned_roots(x, y, T)
    value = _objective(x, y, T, aligned, alpha)
    yield value
    for _ in range(max_iter if group != "identity" else 0):
        noise = xp.reshape(aligned, (-1, width)).T @ of_x
        T = _best_map(covariance + (2.0 - alpha) * noise, group)
        aligned = _aligned_roots(x, y, T)
        before, value = value, _objective(x, y, T, aligned, alpha)
        yield value
        if before - value <= least:
            return
    if group != "identity":
        warn_caller(
            f"No convergence in max_iter={max_iter} rounds: the distance is an upper bound.",
            ConvergenceWarning,
        )


def _starts(x: _Noisy, y: _Noisy, group: str, n_restarts: int, random_state) -> Iterator:
    """The best map of the means, and random maps of the group."""
    width = x.means.shape[1]
    if group == "identity":
        yield beside(np.eye(width), x.means)
        return
    yield _best_map(y.means.T @ x.means, group)
    random_state = check_random_state(random_state)
    for _ in range(n_restarts):
        if group == "permutation" or width == 1:
            T = np.eye(width)[random_state.permutation(width)]
        else:
            T = ortho_group.rvs(width, random_state=random_state)
        yield beside(T, x.means)


@validate_params(
    {
        "X": ["array-like", tuple],
        "Y": ["array-like", tuple],
        "alpha": [Interval(Real, 0, 2, closed="both")],
        "group": [StrOptions({"orthogonal", "permutation", "identity"})],
        "n_restarts": [Interval(Integral, 0, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def stochastic_shape_distance(
    X: Responses,
    Y: Responses,
    *,
    alpha: float = 1.0,
    group: Literal["orthogonal", "permutation", "identity"] = "orthogonal",
    n_restarts: int = 10,
    tol: float = 1e-10,
    max_iter: int = 1000,
    random_state: RandomState = None,
) -> float:
    r"""Shape distance of noisy responses: a rotation that matches means and noise.

    With centred means :math:`\mu_i, \nu_i` and covariances :math:`\Sigma_i, \Psi_i` of the
    responses of two networks of d units to sample i,

    .. math:: d^2 = \min_T \frac{1}{n} \sum_i \Big[ \alpha \lVert \mu_i - T^\top \nu_i \rVert^2
              + (2 - \alpha) \, B^2(\Sigma_i, T^\top \Psi_i T) \Big]

    over the maps T (d, d) of the group, with the squared Bures distance :math:`B^2(A, C) =
    \operatorname{tr} A + \operatorname{tr} C - 2 \lVert A^{1/2} C^{1/2} \rVert_*`. So ``alpha=1``
    is the mean of squared 2-Wasserstein distances of Gaussians, ``alpha=2`` sees the means only,
    and is :math:`\sqrt{2 / n}` times the ``"size_and_shape"`` of :func:`procrustes_distance`, and
    ``alpha=0`` sees the noise only. At least 0, in the unit of the data.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_repeats, n_features) or tuple of (means, covariances)
        Responses of the first network; of a tuple, arrays of shape (n_samples, n_features) and
        (n_samples, n_features, n_features).
    Y : array-like of shape (n_samples, n_repeats, n_features) or tuple of (means, covariances)
        Responses of the second network to the same samples. The numbers of repeats may differ.
    alpha : float, default=1.0
        Weight of the means, from 0 to 2; the noise has 2 - alpha.
    group : {"orthogonal", "permutation", "identity"}, default="orthogonal"
        What may differ between the networks: a rotation, the order of the units, or nothing.
    n_restarts : int, default=10
        Number of random starts, beside the map that matches the means best.
    tol : float, default=1e-10
        A start ends when a round lowers the objective by less than this share of the mean square
        of the responses.
    max_iter : int, default=1000
        Largest number of rounds of a start.
    random_state : int, RandomState instance or None, default=None
        Source of the starts.

    Returns
    -------
    distance : float
        The least that was found: an upper bound on the distance, which is a metric.

    Raises
    ------
    ValueError
        If there are fewer than two repeats, numbers of samples or features differ, or a covariance
        is not symmetric and positive semi-definite up to rounding.

    Warns
    -----
    ConvergenceWarning
        If a start has not converged.

    See Also
    --------
    procrustes_distance : Of means, or of responses without noise.
    shape_distance : After partial whitening.

    Notes
    -----
    As defined in [1]_, with covariances over n_repeats - 1 and means that are centred over the
    samples. A round chooses n rotations, by the polar factors of the roots of the covariances, and
    then T, by the Procrustes problem of means and roots side by side; the objective falls in each,
    and is not convex. The authors' code weighs that problem by alpha but the result by its root,
    so that for alpha other than 0, 1 and 2 it finds the minimum of another objective.

    Unchanged by a common rotation of all responses of a network and by translation; not by scale.
    Narrower networks can be padded by zeros. Time O(n d^3) a round, memory O(n d^2). With array
    API dispatch the rounds run where X is; the result is a float without a gradient, being a
    minimum over starts of roots, which are not smooth where covariances have no full rank.

    References
    ----------
    .. [1] L. R. Duong, J. Zhou, J. Nassar, J. Berman, J. Olieslagers and A. H. Williams (2023).
           Representational dissimilarity metric spaces for stochastic neural networks.
           International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import stochastic_shape_distance
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(20, 1, 3) + 0.5 * rng.randn(20, 50, 3)
    >>> round(stochastic_shape_distance(X, X[:, :, ::-1] + 1, random_state=0), 6)
    0.0
    >>> louder = X + rng.randn(20, 50, 3)
    >>> [round(stochastic_shape_distance(X, louder, alpha=a, random_state=0), 2) for a in (1, 2)]
    [1.12, 0.3]
    """
    like = X[0] if isinstance(X, tuple) and X else X
    x, y = _noisy(X, "X", like), _noisy(Y, "Y", like)
    check_same_rows(x.means, y.means)
    if x.means.shape[1] != y.means.shape[1]:
        raise ValueError(
            f"X and Y must have the same number of features, got {x.means.shape[1]} and "
            f"{y.means.shape[1]}: pad the narrower one by zeros."
        )
    starts = _starts(x, y, group, n_restarts, random_state)
    values = (min(_descend(x, y, T, alpha, group, tol, max_iter)) for T in starts)
    return math.sqrt(check_value(min(values), "distance"))
