"""Canonical correlations and their summaries: CCA, SVCCA, PWCCA."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_square_sum, take_rows
from sksim.metrics._linalg import square_sum, svd
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, check_paired
from sksim.metrics.similarity.canonical._basis import (
    RTOL,
    Basis,
    apply_factors,
    array_rounding_of,
    array_svd,
    basis_of,
    centered_columns,
    n_leading,
    permute_basis,
    principal_axes,
    rounding_of,
    warn_if_degenerate,
    whitened_product,
)
from sksim.utils._array_api import namespace_of, to_numpy, widest_float
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["canonical_correlations", "cca_score", "pwcca_score", "svcca_score"]

#: Singular values of so many are taken from a Gram matrix, if their sum is as exact as that.
MIN_GRAM = 128
GRAM_ERROR = 1e-10


def _prepare(X: np.ndarray, *, shrinkage: float = 0.0, rtol: float = RTOL) -> Basis:
    values = centered_columns(X, rtol).values
    ridge = shrinkage / (1.0 - shrinkage)
    if shrinkage > 0:
        ridge *= square_sum(values) / X.shape[1]
    basis = basis_of(values, ridge=ridge, rtol=rtol, least=rounding_of(X, values))
    if shrinkage == 0:
        warn_if_degenerate(X.shape[0], X.shape[1], basis.rank)
    return basis


def _prepare_leading(X: np.ndarray, *, variance: float) -> Basis:
    """Basis of the fewest principal components that hold a share of the variance."""
    values = centered_columns(X).values
    singular, Vt = principal_axes(values)
    size = n_leading(singular, variance)
    warn_if_degenerate(X.shape[0], 0, size)
    singular, Vt = singular[:size], Vt[:size]
    return Basis(values @ (Vt.T / singular), None, singular[:, None] * Vt)


def singular_values(A: np.ndarray) -> np.ndarray:
    """Singular values, in decreasing order, for sums of them: of large A from its Gram matrix.

    An eigenvalue of it is in error by at most about ``d eps`` of the largest one, so that a
    singular value s is in error by ``d eps s_1^2 / 2s``. Where their sum over that of the values
    exceeds ``GRAM_ERROR``, A itself is decomposed, in twice the time.
    """
    d = min(A.shape)
    if d >= MIN_GRAM:
        gram = A.T @ A if d == A.shape[1] else A @ A.T
        squares = linalg.eigvalsh(gram, check_finite=False)[::-1]
        if squares[-1] > 0:
            values = np.sqrt(squares)
            error = d * np.finfo(np.float64).eps * squares[0] * (0.5 / values).sum()
            if error < GRAM_ERROR * values.sum():
                return values
    return linalg.svdvals(A, check_finite=False)


def _correlations(x: Basis, y: Basis) -> np.ndarray:
    singular = linalg.svdvals(whitened_product(x, y), check_finite=False)
    return np.minimum(singular, 1.0)


def _summarize(
    rho: np.ndarray, x: Basis, y: Basis, *, summary: str, n_components: int | None = None
) -> float:
    if n_components is not None and n_components > rho.size:
        raise ValueError(
            f"n_components must be at most {rho.size}, the number of canonical correlations, "
            f"got {n_components}."
        )
    rho = rho[:n_components]
    if summary == "max":
        return float(rho[0])
    if summary == "yanai":
        return float(rho @ rho) / math.sqrt(x.rank * y.rank)
    return float(np.mean(rho if summary == "mean" else rho**2))


def _compare(x: Basis, y: Basis, **options: Any) -> float:
    rho = np.minimum(singular_values(whitened_product(x, y)), 1.0)
    return _summarize(rho, x, y, **options)


def _weighted(rho: np.ndarray, directions: np.ndarray, basis: Basis) -> float:
    """Mean of rho, each weighted by the sum of |<variate, column>| over the columns."""
    weights = np.abs(directions.T @ basis.loadings).sum(axis=1)
    return float(weights @ rho / weights.sum())


def _compare_weighted(x: Basis, y: Basis, *, weights: str) -> float:
    P, rho, Qt = svd(whitened_product(x, y))
    rho = np.minimum(rho, 1.0)
    by_side = {"x": lambda: _weighted(rho, P, x), "y": lambda: _weighted(rho, Qt.T, y)}
    sides = ("x", "y") if weights == "mean" else (weights,)
    return sum(by_side[side]() for side in sides) / len(sides)


def _array_prepare(X: Any, *, shrinkage: float = 0.0, rtol: float = RTOL) -> Basis:
    xp, (n, d) = namespace_of(X), X.shape
    values = array_center(widest_float(X)).values
    U, singular, Vt = array_svd(values, rtol, array_rounding_of(X, values))
    ridge = shrinkage / (1.0 - shrinkage) * array_square_sum(values) / d
    lengths = singular / xp.sqrt(singular**2 + ridge)
    basis = Basis(U * lengths, None, (lengths * singular)[:, None] * Vt)
    if shrinkage == 0:
        warn_if_degenerate(n, d, basis.rank)
    return basis


def _array_prepare_leading(X: Any, *, variance: float) -> Basis:
    U, singular, Vt = array_svd(array_center(widest_float(X)).values)
    size = n_leading(to_numpy(singular), variance)
    warn_if_degenerate(X.shape[0], 0, size)
    return Basis(U[:, :size], None, singular[:size, None] * Vt[:size, :])


def _array_permute(y: Basis, order: Any) -> Basis:
    return y._replace(values=take_rows(y.values, order))


def _array_correlations(x: Basis, y: Basis) -> Any:
    xp = namespace_of(x.values)
    return xp.clip(xp.linalg.svdvals(x.values.T @ y.values), max=1.0)


def _array_compare(x: Basis, y: Basis, **options: Any) -> float:
    """The correlations, which are few, summarized on the processor."""
    return _summarize(to_numpy(_array_correlations(x, y)), x, y, **options)


def _array_weighted(rho: Any, directions: Any, basis: Basis) -> float:
    xp = namespace_of(rho)
    weights = xp.sum(xp.abs(directions.T @ basis.loadings), axis=1)
    return float(xp.sum(weights * rho) / xp.sum(weights))


def _array_compare_weighted(x: Basis, y: Basis, *, weights: str) -> float:
    xp = namespace_of(x.values)
    P, rho, Qt = xp.linalg.svd(x.values.T @ y.values, full_matrices=False)
    rho = xp.clip(rho, max=1.0)
    by_side = {"x": (P, x), "y": (Qt.T, y)}
    sides = ("x", "y") if weights == "mean" else (weights,)
    return sum(_array_weighted(rho, *by_side[side]) for side in sides) / len(sides)


def _cca_steps(*, n_components=None, shrinkage=0.0, summary="mean") -> Steps:
    partial, options = functools.partial, {"summary": summary, "n_components": n_components}
    arrays = ArraySteps(
        partial(_array_prepare, shrinkage=shrinkage),
        partial(_array_compare, **options),
        _array_permute,
        "precision",
    )
    prepare = partial(_prepare, shrinkage=shrinkage)
    compare = partial(_compare, **options)
    return Steps(prepare, compare, permute_basis, arrays, apply_factors)


def _svcca_steps(*, variance=0.99, summary="mean") -> Steps:
    partial = functools.partial
    arrays = ArraySteps(
        partial(_array_prepare_leading, variance=variance),
        partial(_array_compare, summary=summary),
        _array_permute,
    )
    prepare = partial(_prepare_leading, variance=variance)
    return Steps(prepare, partial(_compare, summary=summary), permute_basis, arrays)


def _pwcca_steps(*, weights="x") -> Steps:
    compare, array_compare = (
        functools.partial(function, weights=weights)
        for function in (_compare_weighted, _array_compare_weighted)
    )
    arrays = ArraySteps(_array_prepare, array_compare, _array_permute, "precision")
    return Steps(_prepare, compare, permute_basis, arrays, apply_factors)


_SUMMARY = [StrOptions({"mean", "mean_squared", "yanai", "max"})]


@validate_params(
    {**PAIR_CONSTRAINTS, "rtol": [Interval(Real, 0, 1, closed="left")]},
    prefer_skip_nested_validation=True,
)
def canonical_correlations(X: ArrayLike, Y: ArrayLike, *, rtol: float = 1e-10) -> np.ndarray:
    r"""Canonical correlations of two representations, all of them.

    The singular values of :math:`U_X^\top U_Y`, with :math:`U_X` (n, r_x) an orthonormal basis
    of the columns of the centred X. They are the correlations of the pairs of most correlated
    linear combinations of the features of either side [1]_, and the cosines of the principal angles
    between the spaces of the columns [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    rtol : float, default=1e-10
        Directions of which the singular value is below ``rtol`` times the largest one are left
        out; of float32 also those that are its rounding, see :func:`cca_score`.

    Returns
    -------
    correlations : ndarray of shape (min(r_x, r_y),)
        In decreasing order, in [0, 1].

    Warns
    -----
    DegenerateSimilarityWarning
        For no more samples than features, where all correlations are 1.

    See Also
    --------
    cca_score : Their mean and other summaries.

    Notes
    -----
    Where ``r_x + r_y`` exceeds ``n_samples - 1``, the excess is a number of correlations that
    are 1 whatever the values.

    O(n d^2 + d^3) time and O(n d) memory, in float64. The basis is taken from a Cholesky factor of
    the covariance where its condition and ``rtol`` allow, and from a singular value decomposition
    otherwise.

    References
    ----------
    .. [1] H. Hotelling (1936). Relations between two sets of variates. Biometrika 28.
    .. [2] Å. Björck and G. H. Golub (1973). Numerical methods for computing angles between linear
           subspaces. Mathematics of Computation 27.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import canonical_correlations
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3))
    >>> Y = np.column_stack([X[:, 0] + X[:, 1], rng.standard_normal(100)])
    >>> canonical_correlations(X, Y).round(1)
    array([1. , 0.2])
    """
    X, Y = check_paired(X, Y, keep="precision")
    if namespace_of(X) is not None:
        return _array_correlations(_array_prepare(X, rtol=rtol), _array_prepare(Y, rtol=rtol))
    return _correlations(_prepare(X, rtol=rtol), _prepare(Y, rtol=rtol))


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "shrinkage": [Interval(Real, 0, 1, closed="left")],
        "summary": _SUMMARY,
    },
    prefer_skip_nested_validation=True,
)
def cca_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_components: int | None = None,
    shrinkage: float = 0.0,
    summary: Literal["mean", "mean_squared", "yanai", "max"] = "mean",
) -> float:
    r"""Similarity of two representations by canonical correlations.

    With the canonical correlations [1]_ :math:`\rho_1 \ge \rho_2 \ge \dots` and the ranks
    :math:`r_x, r_y` of the centred representations, ``summary`` is one of

    * ``"mean"``: :math:`\frac{1}{m} \sum_i \rho_i`, with :math:`m = \min(r_x, r_y)`,
    * ``"mean_squared"``: :math:`\frac{1}{m} \sum_i \rho_i^2`,
    * ``"yanai"``: :math:`\sum_i \rho_i^2 / \sqrt{r_x r_y}` [2]_,
    * ``"max"``: :math:`\rho_1`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    n_components : int, default=None
        Number of largest correlations to summarize, None takes all.
    shrinkage : float, default=0.0
        Share :math:`\kappa` in [0, 1) by which the joint covariance of both sides is drawn
        towards multiples :math:`\frac{\mathrm{tr} S}{d} I` of the identity for each side. In
        effect each covariance gets the ridge :math:`\frac{\kappa}{1 - \kappa}
        \frac{\mathrm{tr} S}{d}`.
    summary : {"mean", "mean_squared", "yanai", "max"}, default="mean"
        How the correlations become one number.

    Returns
    -------
    score : float
        In [0, 1]; without shrinkage 1 for representations that span the same features.

    Warns
    -----
    DegenerateSimilarityWarning
        Without shrinkage, for no more samples than features: the score is then 1.

    See Also
    --------
    canonical_correlations : The correlations themselves.
    svcca_score : Restricted to the leading principal components.
    pwcca_score : Weighted by what the variates explain.

    Notes
    -----
    Without shrinkage invariant to every invertible affine map of either side; with it only to
    rotation, scale and shift. The score of independent representations grows with the share of
    features to samples: judge it with :func:`permutation_test_similarity`.

    Shrinking the two covariances to :math:`(1 - \kappa) S + \kappa \frac{\mathrm{tr} S}{d} I`
    but not the covariance between the sides, as is also done, gives "correlations" above one.

    Directions that are nothing but rounding are left out, as they would count as uncorrelated: of
    float64 those with a singular value below 1e-10 of the largest, of float32 those below
    :math:`2 \epsilon \lVert X_c \rVert` with :math:`\epsilon = 2^{-23}`. Layer normalisation, the
    mean of which over the features is zero, leaves one of them. Give values that were computed in
    float32 as such, not converted to float64.

    O(n d^2 + d^3) time in float64, O(n d) memory.

    References
    ----------
    .. [1] H. Hotelling (1936). Relations between two sets of variates. Biometrika 28.
    .. [2] J. O. Ramsay, J. ten Berge and G. P. H. Styan (1984). Matrix correlation. Psychometrika
           49.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cca_score
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(cca_score(X, X @ [[1, 1, 0], [0, 1, 0], [0, 5, 2]] + 7), 6)
    1.0
    """
    steps = _cca_steps(n_components=n_components, shrinkage=shrinkage, summary=summary)
    return evaluate(steps, X, Y)


@validate_params(
    {**PAIR_CONSTRAINTS, "variance": [Interval(Real, 0, 1, closed="right")], "summary": _SUMMARY},
    prefer_skip_nested_validation=True,
)
def svcca_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    variance: float = 0.99,
    summary: Literal["mean", "mean_squared", "yanai", "max"] = "mean",
) -> float:
    r"""Similarity by canonical correlations of the leading principal components (SVCCA).

    Each representation is reduced to the fewest principal components that hold a share
    ``variance`` of its variance (the squared singular values of the centred array); the
    canonical correlations of what is left are summarized as in :func:`cca_score`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    variance : float, default=0.99
        Share of the variance to keep, in (0, 1].
    summary : {"mean", "mean_squared", "yanai", "max"}, default="mean"
        How the correlations become one number.

    Returns
    -------
    score : float
        In [0, 1].

    Warns
    -----
    DegenerateSimilarityWarning
        Where as many components as samples minus one are left: the score is then 1.

    See Also
    --------
    cca_score : Without the reduction.

    Notes
    -----
    Invariant to rotation, scale and shift of either side. Not continuous in ``variance``, as
    the number of components jumps. O(n d^2 + d^3) time, O(n d) memory.

    References
    ----------
    .. [1] M. Raghu, J. Gilmer, J. Yosinski and J. Sohl-Dickstein (2017). SVCCA: singular vector
           canonical correlation analysis for deep learning dynamics and interpretability. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import svcca_score
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(svcca_score(X, X[:, ::-1]), 6)
    1.0
    """
    return evaluate(_svcca_steps(variance=variance, summary=summary), X, Y)


@validate_params(
    {**PAIR_CONSTRAINTS, "weights": [StrOptions({"x", "y", "mean"})]},
    prefer_skip_nested_validation=True,
)
def pwcca_score(X: ArrayLike, Y: ArrayLike, *, weights: Literal["x", "y", "mean"] = "x") -> float:
    r"""Projection-weighted mean of the canonical correlations (PWCCA).

    .. math:: s = \frac{\sum_i w_i \rho_i}{\sum_i w_i}, \qquad
              w_i = \sum_j |\langle h_i, x_j \rangle|,

    with :math:`h_i` (n,) the canonical variates of X, of unit length, and :math:`x_j` (n,) the
    centred columns of X.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    weights : {"x", "y", "mean"}, default="x"
        The side that gives the variates and the columns of the weights; "mean" is the mean of
        both scores, and symmetric.

    Returns
    -------
    score : float
        In [0, 1], between the smallest and the largest canonical correlation.

    Warns
    -----
    DegenerateSimilarityWarning
        For no more samples than features: the score is then 1.

    See Also
    --------
    cca_score : With equal weights.

    Notes
    -----
    Invariant to any invertible affine map of the side that does not give the weights; on the
    side that does to scale, shift and the order of the features, not to rotation, as absolute
    values depend on the basis. Where correlations are equal, their variates and so the score are
    not unique: mind that ``r_x + r_y - n_samples + 1`` of them are 1 whatever the values, if that
    is positive. O(n d^2 + d^3) time, O(n d) memory.

    References
    ----------
    .. [1] A. S. Morcos, M. Raghu and S. Bengio (2018). Insights on representational similarity in
           neural networks with canonical correlation. Advances in Neural Information Processing
           Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import pwcca_score
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 3)) * [10, 1, 1]
    >>> Y = np.column_stack([X[:, 0], rng.standard_normal((100, 2))])
    >>> round(pwcca_score(X, Y), 1), round(pwcca_score(Y, X), 1)
    (0.8, 0.8)
    """
    return evaluate(_pwcca_steps(weights=weights), X, Y)


_AFFINE = SHAPE_MAPS | {"invertible"}

register(PairedMeasure(name="cca", function=cca_score, make_steps=_cca_steps, invariances=_AFFINE))
register(
    PairedMeasure(
        name="cca_yanai",
        function=cca_score,
        params={"summary": "yanai"},
        make_steps=_cca_steps,
        distance=math.acos,
        invariances=_AFFINE,
    )
)
register(
    PairedMeasure(
        name="cca_shrinkage",
        function=cca_score,
        params={"shrinkage": 0.1},
        make_steps=_cca_steps,
        identity=False,
        invariances=SHAPE_MAPS,
    )
)
register(
    PairedMeasure(
        name="svcca", function=svcca_score, make_steps=_svcca_steps, invariances=SHAPE_MAPS
    )
)
register(
    PairedMeasure(
        name="pwcca",
        function=pwcca_score,
        make_steps=_pwcca_steps,
        symmetric=False,
        invariances=SHAPE_MAPS - {"orthogonal"},
        invariances_y=_AFFINE,
    )
)
register(
    PairedMeasure(
        name="pwcca_mean",
        function=pwcca_score,
        params={"weights": "mean"},
        make_steps=_pwcca_steps,
        invariances=SHAPE_MAPS - {"orthogonal"},
    )
)
