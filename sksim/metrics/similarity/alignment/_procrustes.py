"""Procrustes similarity, Procrustes distances, and generalised shape distances."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_in_unit, array_root, take_rows
from sksim.metrics._linalg import center, same_values, svd
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
    permute_rows,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, Keep
from sksim.metrics.similarity.alignment._held_out import (
    held_out_angle,
    uncentered_columns,
    whitening_factors,
)
from sksim.metrics.similarity.canonical._basis import (
    array_principal_axes,
    array_rounding_of,
    centered_columns,
    principal_axes,
    rounding_of,
    warn_if_degenerate,
)
from sksim.utils._array_api import constant, namespace_of, widest_float
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["procrustes_distance", "procrustes_score", "shape_distance"]

#: Above this correlation the distance is measured on the aligned arrays: 1 - c loses its digits.
NEARLY_ONE = 1.0 - 1e-4


class Shape(NamedTuple):
    """A centred array of unit norm, at most as wide as long, and the norm it had."""

    values: Any
    norm: Any


def unit_shape(values: np.ndarray, scale: float = 1.0) -> Shape:
    norm = linalg.norm(values)
    return Shape(values / norm, scale * norm)


def _narrow(values: np.ndarray) -> np.ndarray:
    """The features of an array with more columns than rows, rotated into as many as rows."""
    n, d = values.shape
    return values if d <= n else linalg.qr(values.T, mode="r", check_finite=False)[0][:n].T


def _prepare(X: np.ndarray) -> Shape:
    centered = center(X.astype(np.float64, copy=False))
    return unit_shape(_narrow(centered.values), centered.scale)


def permute_shape(y: Shape, order: np.ndarray) -> Shape:
    return y._replace(values=y.values[order])


def _correlation(x: Shape, y: Shape) -> float:
    """Nuclear norm of X^T Y."""
    if same_values(x.values, y.values):
        return 1.0
    return min(1.0, float(linalg.svdvals(x.values.T @ y.values, check_finite=False).sum()))


def _residual(x: Shape, y: Shape) -> float:
    """Norm of the difference between the arrays of unit norm, one optimally rotated."""
    if same_values(x.values, y.values):
        return 0.0
    correlation = _correlation(x, y)
    if correlation < NEARLY_ONE:
        return math.sqrt(2.0 - 2.0 * correlation)
    narrow, wide = sorted((x.values, y.values), key=lambda values: values.shape[1])
    U, _, Vt = svd(narrow.T @ wide)
    return float(linalg.norm(narrow @ (U @ Vt) - wide))


def distance_of_residual(residual: float, x: Shape, y: Shape, kind: str) -> float:
    """A form of the distance from that of the aligned arrays of unit norm."""
    if kind == "angular":
        return 2.0 * math.asin(min(1.0, residual / 2.0))
    if kind == "unit":
        return residual
    return math.hypot(x.norm - y.norm, math.sqrt(x.norm) * math.sqrt(y.norm) * residual)


def _compare_distance(x: Shape, y: Shape, *, kind: str) -> float:
    return distance_of_residual(_residual(x, y), x, y, kind)


def _prepare_whitened(X: np.ndarray, *, alpha: float, whitening: str, center: bool) -> Shape:
    values, scale = centered_columns(X) if center else uncentered_columns(X)
    singular, Vt = principal_axes(values, rounding_of(X, values))
    if alpha == 0:
        warn_if_degenerate(X.shape[0], X.shape[1], singular.size)
    factors = whitening_factors(singular, alpha=alpha, whitening=whitening, scale=scale)
    return unit_shape(values @ (Vt.T * factors))


def _array_unit_shape(values: Any, scale: float = 1.0) -> Shape:
    """The shape of an array of another library.

    The basis of the rows of a wide array counts as constant: its own change turns both the
    features and the rotation that aligns them, and leaves every distance as it is.
    """
    xp = namespace_of(values)
    norm = xp.linalg.vector_norm(values)
    n, d = values.shape
    if d > n:
        values = values @ xp.linalg.qr(constant(values).T, mode="reduced").Q
    return Shape(values / norm, scale * norm)


def _array_prepare(X: Any) -> Shape:
    return _array_unit_shape(*array_center(X))


def array_permute_shape(y: Shape, order: Any) -> Shape:
    return y._replace(values=take_rows(y.values, order))


def _array_correlation(x: Shape, y: Shape) -> Any:
    xp = namespace_of(x.values)
    return xp.clip(xp.sum(xp.linalg.svdvals(x.values.T @ y.values)), max=1.0)


def _array_distance(x: Shape, y: Shape, *, kind: str) -> Any:
    """The distance of the aligned arrays, the rotation a constant.

    As it is the best one, a small change of it does not change the distance.
    """
    xp = namespace_of(x.values)
    narrow, wide = sorted((x.values, y.values), key=lambda values: values.shape[1])
    U, _, Vt = xp.linalg.svd(constant(narrow.T @ wide), full_matrices=False)
    residual = xp.linalg.vector_norm(narrow @ (U @ Vt) - wide)
    return array_distance_of_residual(residual, x, y, kind)


def array_distance_of_residual(residual: Any, x: Shape, y: Shape, kind: str) -> Any:
    """``distance_of_residual`` for arrays of other libraries."""
    xp = namespace_of(residual)
    if kind == "angular":
        return 2.0 * xp.asin(xp.clip(residual / 2.0, max=1.0))
    if kind == "unit":
        return residual
    parts = x.norm - y.norm, xp.sqrt(x.norm) * xp.sqrt(y.norm) * residual
    # Not by hypot, of which torch's gradient at zero is NaN.
    unit = max(abs(float(constant(part))) for part in parts) or 1.0
    return unit * array_root(sum((part / unit) ** 2 for part in parts))


def _array_prepare_whitened(X: Any, *, alpha: float, whitening: str, center: bool) -> Shape:
    values = widest_float(X)
    values, scale = array_center(values) if center else array_in_unit(values)
    singular, V = array_principal_axes(values, array_rounding_of(X, values))
    if alpha == 0:
        warn_if_degenerate(X.shape[0], X.shape[1], singular.shape[0])
    factors = whitening_factors(singular, alpha=alpha, whitening=whitening, scale=scale)
    return _array_unit_shape(values @ (V * factors))


def _array_distance_steps(
    prepare: Callable[[Any], Shape], *, kind: str = "angular", keep: Keep = "gradient"
) -> ArraySteps:
    compare = functools.partial(_array_distance, kind=kind)
    return ArraySteps(prepare, compare, array_permute_shape, keep)


def _score_steps() -> Steps:
    arrays = ArraySteps(_array_prepare, _array_correlation, array_permute_shape, "gradient")
    return Steps(_prepare, _correlation, permute_shape, arrays)


def _distance_steps(*, kind="angular") -> Steps:
    compare = functools.partial(_compare_distance, kind=kind)
    return Steps(_prepare, compare, permute_shape, _array_distance_steps(_array_prepare, kind=kind))


def _shape_steps(*, alpha=1.0, whitening="power", center=True, cv=None) -> Steps:
    options = {"alpha": alpha, "whitening": whitening}
    if cv is not None:
        compare = functools.partial(held_out_angle, cv=cv, center=center, **options)
        arrays = ArraySteps(identity, compare, keep="precision")
        return Steps(identity, compare, permute_rows, arrays)
    prepare, array_prepare = (
        functools.partial(function, center=center, **options)
        for function in (_prepare_whitened, _array_prepare_whitened)
    )
    arrays = _array_distance_steps(array_prepare, keep="precision")
    compare = functools.partial(_compare_distance, kind="angular")
    return Steps(prepare, compare, permute_shape, arrays)


@validate_params(PAIR_CONSTRAINTS, prefer_skip_nested_validation=True)
def procrustes_score(X: ArrayLike, Y: ArrayLike) -> float:
    r"""Correlation of two representations after the best rotation (normalised Bures similarity).

    The rotation is that of the orthogonal Procrustes problem [1]_, and the score

    .. math:: c = \frac{\lVert X_c^\top Y_c \rVert_*}{\lVert X_c \rVert \, \lVert Y_c \rVert}

    with the nuclear norm :math:`\lVert \cdot \rVert_*` (sum of the singular values), the
    Frobenius norm, and centred :math:`X_c` (n, d_x), :math:`Y_c` (n, d_y). The narrower side
    counts as padded by zeros.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.

    Returns
    -------
    score : float
        In [0, 1]; 1 for representations that are equal up to rotation, scale and shift.

    See Also
    --------
    procrustes_distance : The distances that belong to it.
    cka_score : Less demanding: dominated by the leading principal components.

    Notes
    -----
    Equal to the normalised Bures similarity of the two Gram matrices [2]_. The score of independent
    representations grows with the ratio of features to samples (0.37 for 10 features in 50
    samples, 0.99 for 1000): judge it with :func:`permutation_test_similarity`.

    O(n d^2 + d^3) time for n > d and O(n^2 d) otherwise, O(n d) memory, in float64.

    References
    ----------
    .. [1] P. H. Schönemann (1966). A generalized solution of the orthogonal Procrustes problem.
           Psychometrika 31.
    .. [2] S. E. Harvey, B. W. Larsen and A. H. Williams (2024). Duality of Bures and shape
           distances with implications for comparing neural representations. UniReps: the First
           Workshop on Unifying Representations in Neural Models.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import procrustes_score
    >>> X = np.random.default_rng(0).standard_normal((100, 2))
    >>> round(procrustes_score(X, 3 * X @ [[0, -1], [1, 0]] + 5), 6)
    1.0
    """
    return evaluate(_score_steps(), X, Y)


@validate_params(
    {**PAIR_CONSTRAINTS, "kind": [StrOptions({"angular", "unit", "size_and_shape"})]},
    prefer_skip_nested_validation=True,
)
def procrustes_distance(
    X: ArrayLike, Y: ArrayLike, *, kind: Literal["angular", "unit", "size_and_shape"] = "angular"
) -> float:
    r"""Distance of two representations after the best rotation.

    With the score :math:`c` of :func:`procrustes_score`, ``kind`` is one of

    * ``"angular"``: :math:`\arccos c`, radians, in [0, pi/2],
    * ``"unit"``: :math:`\sqrt{2 - 2 c}`, the distance of the arrays of unit norm,
    * ``"size_and_shape"``: :math:`\sqrt{\lVert X_c \rVert^2 + \lVert Y_c \rVert^2 -
      2 \lVert X_c^\top Y_c \rVert_*}`, without normalisation.

    All three are metrics [1]_. Other forms in use [2]_ are their squares or linear in :math:`c`,
    and are not: :math:`2 - 2c`, :math:`1 - c`, and :math:`1 - c^2` of scipy.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    kind : {"angular", "unit", "size_and_shape"}, default="angular"
        The form of the distance.

    Returns
    -------
    distance : float
        0 for representations that are equal up to rotation, shift and, except for
        ``"size_and_shape"``, scale.

    See Also
    --------
    procrustes_score : The similarity, with cost and invariances.
    shape_distance : Between this and canonical correlations.

    Notes
    -----
    Near zero the distance is measured on the aligned arrays, which keeps its relative accuracy;
    ``arccos`` would lose half of the digits. The square of ``"size_and_shape"`` is the squared
    Bures distance of the Gram matrices. Time and memory are those of :func:`procrustes_score`.

    References
    ----------
    .. [1] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.
    .. [2] F. Ding, J.-S. Denain and J. Steinhardt (2021). Grounding representation similarity
           through statistical testing. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import procrustes_distance
    >>> X = np.random.default_rng(0).standard_normal((100, 2))
    >>> round(procrustes_distance(X, 2 * X), 6)
    0.0
    >>> round(procrustes_distance(X, X + 3, kind="size_and_shape"), 6)
    0.0
    """
    return evaluate(_distance_steps(kind=kind), X, Y)


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "alpha": [Interval(Real, 0, 1, closed="both")],
        "whitening": [StrOptions({"power", "convex"})],
        "center": ["boolean"],
        "cv": ["cv_object"],
    },
    prefer_skip_nested_validation=True,
)
def shape_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    alpha: float = 1.0,
    whitening: Literal["power", "convex"] = "power",
    center: bool = True,
    cv: Any = None,
) -> float:
    r"""Angular Procrustes distance of partially whitened representations.

    With the thin singular value decomposition :math:`X_c = U \mathrm{diag}(\sigma) V^\top`, the
    singular values are replaced by :math:`\sigma^\alpha` (``"power"``) or
    :math:`\alpha \sigma + (1 - \alpha)` (``"convex"``) before the rotation is chosen. So
    ``alpha=1`` is the angular Procrustes distance, and ``alpha=0``, where all directions count
    alike, :math:`\arccos(\sum_i \rho_i / \sqrt{r_x r_y})` of the canonical correlations.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    alpha : float, default=1.0
        From 0, invariant to all invertible maps, to 1, invariant to rotations.
    whitening : {"power", "convex"}, default="power"
        How the singular values are flattened. "convex" mixes the identity with the whitening by
        the scatter matrix, as published; it depends on the unit of the data and on n_samples.
    center : bool, default=True
        Whether to subtract the means of the features.
    cv : int, cross-validation generator or iterable, default=None
        None takes the angle on the samples that choose the map. Otherwise means, whitening and
        rotation are those of the training samples of each split, and the angle is that of the test
        samples, averaged over the splits; ``[(train, test)]`` is one pair of sets.

    Returns
    -------
    distance : float
        Radians, in [0, pi/2], and in [0, pi] with ``cv``.

    Raises
    ------
    ValueError
        If all samples of a test set are at the mean of the training samples.

    Warns
    -----
    DegenerateSimilarityWarning
        For ``alpha=0`` and no more samples than features.

    See Also
    --------
    procrustes_distance : The case alpha = 1.
    cca_score : Related to the case alpha = 0.

    Notes
    -----
    A metric for every ``alpha``, without ``cv``. A rotation of many features fits few samples,
    whatever they are, so that unrelated representations come near; on held-out samples they stay
    at pi/2. Invariant to rotation, shift if centred and, with ``"power"``, scale.
    O(n d^2 + d^3) time and O(n d) memory.

    References
    ----------
    .. [1] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import shape_distance
    >>> X = np.random.default_rng(0).standard_normal((100, 2))
    >>> stretched = X @ np.diag([1, 9])
    >>> [round(shape_distance(X, stretched, alpha=a), 2) for a in (0, 0.5, 1)]
    [0.0, 0.46, 0.68]
    """
    return evaluate(_shape_steps(alpha=alpha, whitening=whitening, center=center, cv=cv), X, Y)


register(
    PairedMeasure(
        name="procrustes",
        function=procrustes_score,
        make_steps=_score_steps,
        distance=math.acos,
        invariances=SHAPE_MAPS,
    )
)
for _name, _aliases, _kind, _high, _invariances in (
    ("procrustes_distance", ("procrustes_angular",), "angular", math.pi / 2, SHAPE_MAPS),
    ("procrustes_unit", (), "unit", math.sqrt(2.0), SHAPE_MAPS),
    ("procrustes_size_and_shape", (), "size_and_shape", math.inf, SHAPE_MAPS - {"scale"}),
):
    register(
        PairedMeasure(
            name=_name,
            aliases=_aliases,
            function=procrustes_distance,
            params={} if _kind == "angular" else {"kind": _kind},
            make_steps=_distance_steps,
            greater_is_better=False,
            range=(0.0, _high),
            distance=identity,
            invariances=_invariances,
        )
    )
for _name, _aliases, _params, _invariances in (
    ("shape_distance", ("shape",), {}, SHAPE_MAPS),
    ("shape_half", (), {"alpha": 0.5}, SHAPE_MAPS),
    ("shape_whitened", (), {"alpha": 0.0}, SHAPE_MAPS | {"invertible"}),
    ("shape_convex", (), {"alpha": 0.5, "whitening": "convex"}, SHAPE_MAPS - {"scale"}),
):
    register(
        PairedMeasure(
            name=_name,
            aliases=_aliases,
            function=shape_distance,
            params=_params,
            make_steps=_shape_steps,
            greater_is_better=False,
            range=(0.0, math.pi / 2),
            distance=identity,
            invariances=_invariances,
        )
    )
register(
    PairedMeasure(
        name="shape_uncentered",
        function=shape_distance,
        params={"center": False},
        make_steps=_shape_steps,
        greater_is_better=False,
        range=(0.0, math.pi / 2),
        distance=identity,
        invariances=SHAPE_MAPS - {"translation"},
    )
)
register(
    PairedMeasure(
        name="shape_held_out",
        function=shape_distance,
        params={"cv": 5},
        make_steps=_shape_steps,
        greater_is_better=False,
        range=(0.0, math.pi),
        invariances=SHAPE_MAPS,
        row_order_free=False,
        min_samples=5,
    )
)
