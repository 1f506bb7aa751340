"""Mean cosine of the two vectors of each sample after the best rotation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_in_unit, take_rows
from sksim.metrics._linalg import center as center_columns
from sksim.metrics._linalg import power_of_two, svd
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, clip
from sksim.utils._array_api import namespace_of, to_numpy
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike
from sksim.utils._warnings import warn_caller

__all__ = ["aligned_cosine_score"]

#: Relative size of singular values that are rounding.
ROUNDING = 1e-12


class _Rows(NamedTuple):
    """Rows (n, d), and their lengths (n,)."""

    values: Any
    lengths: Any


def _prepare(X: np.ndarray, *, center: bool) -> _Rows:
    X = X.astype(np.float64)
    X /= power_of_two(np.abs(X).max(), np.float64)
    rounding = 4 * np.finfo(np.float64).eps * np.abs(X).max() if center else 0.0
    values, scale = center_columns(X) if center else (X, 1.0)
    lengths = linalg.norm(values, axis=1)
    _check_directions(scale * lengths <= rounding, center)
    return _Rows(values, lengths)


def _check_directions(is_zero: np.ndarray, center: bool) -> None:
    without = np.flatnonzero(is_zero)
    if without.size:
        where = "at the mean" if center else "of zeros"
        raise ValueError(
            f"A representation must have no rows {where}, which have no direction; got "
            f"{without.size}, the first of them is row {without[0]}."
        )


def _permute(y: _Rows, order: np.ndarray) -> _Rows:
    return _Rows(y.values[order], y.lengths[order])


def _rank(values: Any) -> int:
    xp = namespace_of(values)
    if xp is None:
        return _rank_of(linalg.svdvals(values, check_finite=False))
    return _rank_of(to_numpy(xp.linalg.svdvals(values)))


def _rank_of(singular: np.ndarray) -> int:
    return int((singular > ROUNDING * singular[0]).sum())


def _warn_if_not_unique(x: _Rows, y: _Rows, singular: np.ndarray) -> None:
    """Where X^T Y has less rank than both sides, the rotation of the rest is left open."""
    rank = _rank_of(singular)
    if rank < singular.size and rank < min(_rank(x.values), _rank(y.values)):
        warn_caller(
            "The best rotation is not unique: some directions of the two representations are not "
            "correlated at all, and the aligned cosine depends on how they are rotated."
        )


def _compare(x: _Rows, y: _Rows) -> float:
    U, singular, Vt = svd(x.values.T @ y.values)
    _warn_if_not_unique(x, y, singular)
    products = np.einsum("ij,ij->i", x.values @ U, y.values @ Vt.T)
    return clip(float(np.mean(products / x.lengths / y.lengths)), -1.0, 1.0)


def _array_prepare(X: Any, *, center: bool) -> _Rows:
    xp, X = namespace_of(X), array_in_unit(X).values
    rounding = 4 * float(xp.finfo(X.dtype).eps) * float(xp.max(xp.abs(X))) if center else 0.0
    values, scale = array_center(X) if center else (X, 1.0)
    lengths = xp.linalg.vector_norm(values, axis=1)
    _check_directions(to_numpy(scale * lengths <= rounding), center)
    return _Rows(values, lengths)


def _array_permute(y: _Rows, order: Any) -> _Rows:
    return _Rows(take_rows(y.values, order), take_rows(y.lengths, order))


def _array_compare(x: _Rows, y: _Rows) -> Any:
    xp = namespace_of(x.values)
    U, singular, Vt = xp.linalg.svd(x.values.T @ y.values, full_matrices=False)
    _warn_if_not_unique(x, y, to_numpy(singular))
    products = xp.sum((x.values @ U) * (y.values @ Vt.T), axis=1)
    return xp.clip(xp.mean(products / x.lengths / y.lengths), -1.0, 1.0)


def _steps(*, center=True) -> Steps:
    prepare, array_prepare = (
        functools.partial(function, center=center) for function in (_prepare, _array_prepare)
    )
    arrays = ArraySteps(array_prepare, _array_compare, _array_permute)
    return Steps(prepare, _compare, _permute, arrays)


@validate_params({**PAIR_CONSTRAINTS, "center": ["boolean"]}, prefer_skip_nested_validation=True)
def aligned_cosine_score(X: ArrayLike, Y: ArrayLike, *, center: bool = True) -> float:
    r"""Mean cosine of the two vectors of each sample after the best rotation.

    With centred :math:`X_c` (n, d_x), :math:`Y_c` (n, d_y), the narrower side padded by zeros,
    and the rotation of the orthogonal Procrustes problem,

    .. math:: s = \frac{1}{n} \sum_i \cos(Q^\top x_i, y_i), \qquad Q = U V^\top, \qquad
              X_c^\top Y_c = U \Sigma V^\top

    The value lies in [-1, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    center : bool, default=True
        Whether to subtract the means of the features. Published values come without.

    Returns
    -------
    score : float
        Mean cosine; 1 for representations that are equal up to rotation, scale and shift.

    Raises
    ------
    ValueError
        If a row is zero, after centring, and has no direction.

    Warns
    -----
    UserWarning
        If the best rotation is not unique where it matters: the rank of :math:`X_c^\top Y_c` is
        below those of both sides.

    See Also
    --------
    procrustes_score : Long vectors weigh more.
    sksim.alignment.ProcrustesAligner : The rotation, for new samples.

    Notes
    -----
    Asks how parallel the two vectors of a sample are, however long: the rotation is that of least
    squares, not that of the largest cosine. Listed in a survey [1]_. The value of unrelated
    representations grows with the ratio of features to samples: judge it by
    :func:`permutation_test_similarity`. Unchanged by rotation and scale of either side, and,
    centred, by translation. Time O(n d_x d_y + d^3), memory O(n (d_x + d_y)).

    References
    ----------
    .. [1] M. Klabunde, T. Schumacher, M. Strohmaier and F. Lemmerich (2025). Similarity of neural
           network models: a survey of functional and representational measures. ACM Computing
           Surveys 57.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import aligned_cosine_score
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(200, 4)
    >>> round(aligned_cosine_score(X, 3 * X[:, ::-1] + 1), 6)
    1.0
    >>> round(aligned_cosine_score(X, X + rng.randn(200, 4)), 2)
    0.67
    """
    return evaluate(_steps(center=center), X, Y)


for _suffix, _params, _invariances in (
    ("", {}, SHAPE_MAPS),
    ("_uncentered", {"center": False}, SHAPE_MAPS - {"translation"}),
):
    register(
        PairedMeasure(
            name=f"aligned_cosine{_suffix}",
            function=aligned_cosine_score,
            params=_params,
            make_steps=_steps,
            range=(-1.0, 1.0),
            invariances=_invariances,
        )
    )
