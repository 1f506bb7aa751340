"""Coding rates: how much volume a representation fills, and how much of it separates classes."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from numbers import Real
from typing import Any, Literal

import numpy as np
from scipy.linalg import eigvalsh, svdvals

from sksim.metrics._array_formulas import array_directions, array_smaller_gram
from sksim.metrics._linalg import directions
from sksim.metrics._measure import ProbeMeasure, QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import keeping, with_array_formula
from sksim.metrics._validation import (
    Keep,
    check_classes,
    check_in_place,
    check_representation,
    check_value,
)
from sksim.metrics.quality._spectral import of_uncentered_array, smaller_gram
from sksim.utils._array_api import move, namespace_of
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["coding_rate", "rate_reduction", "sparse_rate_reduction"]

_CONSTRAINTS = {
    "X": ["array-like"],
    "eps": [Interval(Real, 0, None, closed="neither")],
    "normalize": ["boolean"],
}

#: Least distance from the identity matrix of U^T U that is no rounding.
_ORTHONORMAL = 1e-6


def _rate(Z: np.ndarray, eps: float) -> float:
    r"""1/2 log det(I + d / (n eps^2) Z^T Z), Z of shape (n, d).

    An eigenvalue of the Gram matrix is in error by the unit roundoff times the largest one. Where
    that may matter beside the 1 that is added, the squares of the singular values are taken.
    """
    n_samples, width = Z.shape
    factor = width / (n_samples * eps**2)
    spectrum = np.maximum(eigvalsh(smaller_gram(Z), check_finite=False), 0.0)
    if factor * spectrum[-1] > 1e6:
        spectrum = svdvals(Z, check_finite=False) ** 2
    return float(np.log1p(factor * spectrum).sum()) / 2


def _array_rate(z: Any, eps: float) -> Any:
    """``_rate`` for arrays of other libraries, whose gradients flow through the eigenvalues."""
    xp = namespace_of(z)
    n_samples, width = z.shape
    spectrum = xp.linalg.eigvalsh(array_smaller_gram(z))
    spectrum = xp.where(spectrum > 0, spectrum, 0 * spectrum)
    return xp.sum(xp.log1p(width / (n_samples * eps**2) * spectrum)) / 2


def _rows(X: np.ndarray, normalize: bool) -> np.ndarray:
    return directions(X) if normalize else X.astype(np.float64, copy=False)


def _array_rows(x: Any, normalize: bool) -> Any:
    return array_directions(x) if normalize else x


def _array_coding_rate(x: Any, *, eps: float, normalize: bool) -> Any:
    return _array_rate(_array_rows(x, normalize), eps)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
@of_uncentered_array(_array_coding_rate)
def coding_rate(X: ArrayLike, *, eps: float = 0.5, normalize: bool = True) -> float:
    r"""Volume that a representation fills: nats a sample to describe it up to a distortion.

    .. math:: R(Z) = \frac{1}{2} \log \det \Big( I + \frac{d}{n \varepsilon^2} Z^T Z \Big)

    with Z of shape (n, d) the rows of X, of unit length with ``normalize``, and not centred. In
    nats, at least 0; unit rows have at most :math:`\frac{d}{2} \log(1 + \varepsilon^{-2})`, which
    they reach where all directions are filled evenly.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    eps : float, default=0.5
        Distortion :math:`\varepsilon`, the root of the mean squared error that a description of a
        row may have. Published programmes often give the name to its **square**: their 0.5 is
        ``eps=0.5 ** 0.5``.
    normalize : bool, default=True
        Whether to scale each row to unit length, as published.

    Returns
    -------
    rate : float
        Coding rate in nats.

    Raises
    ------
    ValueError
        If a row is zero and ``normalize`` is true, or there are fewer than two rows.

    See Also
    --------
    rate_reduction : The part of it that lies between classes.
    vendi_score : The entropy of the same spectrum.

    Notes
    -----
    Good for a smooth count of the directions in use that training can raise: gradients of torch
    flow through it with array API dispatch. Unchanged by rotation and by repeating all rows, with
    ``normalize`` also by the lengths of the rows; not by translation. From the eigenvalues of the
    smaller Gram matrix: time O(n d min(n, d)), memory O(n d + min(n, d)^2).

    References
    ----------
    .. [1] Y. Yu, K. H. R. Chan, C. You, C. Song and Y. Ma (2020). Learning diverse and
           discriminative representations via the principle of maximal coding rate reduction.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import coding_rate
    >>> round(coding_rate(np.eye(4)), 4)  # 2 log 5
    3.2189
    >>> round(coding_rate(np.ones((4, 4))), 4)
    1.4166
    """
    X = check_representation(X, constant_ok=True)
    return check_value(_rate(_rows(X, normalize), eps), "coding rate")


def _check_with_classes(X: Any, y: ArrayLike, *, keep: Keep) -> tuple[Any, np.ndarray]:
    x = check_in_place(X, keep=keep, constant_ok=True)
    return x, check_classes(x, y, min_classes=1)


def _array_rate_reduction(x: Any, codes: np.ndarray, *, eps: float, normalize: bool) -> Any:
    xp = namespace_of(x)
    z = _array_rows(x, normalize)
    value = _array_rate(z, eps)
    for c in range(codes.max() + 1):
        rows = np.flatnonzero(codes == c)
        part = xp.take(z, move(rows, z), axis=0)
        value = value - len(rows) / len(codes) * _array_rate(part, eps)
    return xp.where(value > 0, value, 0 * value)


@validate_params({**_CONSTRAINTS, "y": ["array-like"]}, prefer_skip_nested_validation=True)
@with_array_formula(_array_rate_reduction, _check_with_classes, keep="gradient")
def rate_reduction(
    X: ArrayLike, y: ArrayLike, *, eps: float = 0.5, normalize: bool = True
) -> float:
    r"""Volume of all classes together beyond the mean volume of one: how well they are separated.

    .. math:: \Delta R = R(Z) - \sum_c \frac{n_c}{n} R(Z_c), \qquad
              R(Z_c) = \frac{1}{2} \log \det \Big( I + \frac{d}{n_c \varepsilon^2} Z_c^T Z_c \Big)

    with R the :func:`coding_rate`, and :math:`Z_c` the :math:`n_c` rows of class c. In nats, at
    least 0; 0 where all classes have the same second moments, so also for one class. Of classes
    with given spectra it is largest if their subspaces are orthogonal.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    y : array-like of shape (n_samples,)
        Class labels.
    eps : float, default=0.5
        Distortion :math:`\varepsilon`, not its square; see :func:`coding_rate`.
    normalize : bool, default=True
        Whether to scale each row to unit length, as published.

    Returns
    -------
    reduction : float
        Rate reduction in nats; higher means classes in subspaces that are farther apart.

    Raises
    ------
    ValueError
        If y does not fit or holds numbers that are not whole, a row is zero and ``normalize`` is
        true, or there are fewer than two rows.

    See Also
    --------
    coding_rate : The volume of all rows.
    neural_collapse : The other geometry of classes: points that form a simplex.
    class_distance_normalized_variance : Spread within the classes against the distance of means.

    Notes
    -----
    Good as an objective of training: classes keep as many directions each as they can get. At its
    maximum over unit vectors different classes are orthogonal, as published. Whether such training
    classifies images as well as cross-entropy was not tried. Gradients of torch flow through it
    with array API dispatch.

    Unchanged by a common rotation, the names of the classes and repeating all rows, with
    ``normalize`` also by the lengths of the rows; not by translation. Time
    O(n d min(n, d)), memory O(n d + min(n, d)^2).

    References
    ----------
    .. [1] Y. Yu, K. H. R. Chan, C. You, C. Song and Y. Ma (2020). Learning diverse and
           discriminative representations via the principle of maximal coding rate reduction.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import rate_reduction
    >>> y = np.repeat([0, 1, 2, 3], 5)
    >>> round(rate_reduction(np.eye(4)[y], y), 4)  # an axis for each class
    1.8023
    >>> round(rate_reduction(np.eye(4)[y], np.zeros(20)), 4)
    0.0
    """
    X = check_representation(X, constant_ok=True)
    codes = check_classes(X, y, min_classes=1)
    Z = _rows(X, normalize)
    shares = np.bincount(codes) / len(codes)
    within = sum(share * _rate(Z[codes == c], eps) for c, share in enumerate(shares))
    return check_value(max(_rate(Z, eps) - within, 0.0), "rate reduction")


def _check_subspaces(subspaces: Any, width: int) -> np.ndarray:
    """Bases (K, d, p) in float64, each of orthonormal columns."""
    U = check_named_array(subspaces, "subspaces", dtype=np.float64, allow_nd=True, ensure_2d=False)
    if U.ndim != 3 or U.shape[1] != width or not 1 <= U.shape[2] <= width:
        raise ValueError(
            f"subspaces must have shape (n_subspaces, {width}, n_components), with at most {width} "
            f"components, for the {width} features of X; got {U.shape}."
        )
    excess = np.abs(U.transpose(0, 2, 1) @ U - np.eye(U.shape[2])).max(axis=(1, 2))
    if excess.max() > _ORTHONORMAL:
        raise ValueError(
            "subspaces must hold orthonormal columns; the products of those of number "
            f"{excess.argmax()} differ from the identity matrix by {excess.max():.2g}."
        )
    return U


@validate_params(
    {
        **_CONSTRAINTS,
        "subspaces": ["array-like"],
        "penalty": [Interval(Real, 0, None, closed="left")],
        "norm": [StrOptions({"l0", "l1"})],
    },
    prefer_skip_nested_validation=True,
)
@keeping("gradient")
def sparse_rate_reduction(
    X: ArrayLike,
    subspaces: ArrayLike,
    *,
    eps: float = 0.5,
    penalty: float = 0.1,
    norm: Literal["l0", "l1"] = "l0",
    normalize: bool = True,
) -> float:
    r"""Volume beyond that within learned subspaces, less a penalty for entries that are not zero.

    .. math:: R(Z) - \sum_k \frac{1}{2} \log \det \Big( I + \frac{p}{n \varepsilon^2}
              U_k^T Z^T Z U_k \Big) - \frac{\lambda}{n} \lVert Z \rVert

    with R the :func:`coding_rate` of the rows Z of shape (n, d), orthonormal bases :math:`U_k` of
    shape (d, p), :math:`\lambda` the penalty, and the norm the number of entries that are not zero
    ("l0") or the sum of their absolute values ("l1"). In nats, of either sign.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    subspaces : array-like of shape (n_subspaces, n_features, n_components)
        Bases with orthonormal columns, constant in training.
    eps : float, default=0.5
        Distortion :math:`\varepsilon`, not its square; see :func:`coding_rate`.
    penalty : float, default=0.1
        Weight :math:`\lambda` of the entries of a row.
    norm : {"l0", "l1"}, default="l0"
        The count of the definition, whose gradient is zero, or the sum that optimisation takes.
    normalize : bool, default=True
        Whether to scale each row to unit length, as published.

    Returns
    -------
    reduction : float
        Sparse rate reduction; higher is what the layers of a white-box transformer strive for.

    Raises
    ------
    ValueError
        If the subspaces do not fit or are not orthonormal, a row is zero and ``normalize`` is true,
        or there are fewer than two rows.

    See Also
    --------
    rate_reduction : With classes instead of subspaces.

    Notes
    -----
    Good to follow what the layers of a network do to the objective that its design claims. The
    texts leave open whether the penalty is of all entries or of a sample: here it is the mean over
    the samples, as the rates are a sample's. With array API dispatch gradients of torch flow
    to X. Unchanged by repeating all rows; not by rotation, which the axes of the penalty and the
    subspaces do not follow. Time O(n d min(n, d) + K n d p), memory O(n d + min(n, d)^2 + K d p).

    References
    ----------
    .. [1] Y. Yu, S. Buchanan, D. Pai, T. Chu, Z. Wu, S. Tong, B. D. Haeffele and Y. Ma (2023).
           White-box transformers via sparse rate reduction. Advances in Neural Information
           Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import sparse_rate_reduction
    >>> halves = np.eye(4).reshape(2, 2, 4).transpose(0, 2, 1)
    >>> round(sparse_rate_reduction(np.eye(4), halves), 4)
    0.9217
    """
    xp = namespace_of(X)
    x: Any
    rate: Callable[[Any, float], Any]
    if xp is None:
        x, xp, rate = check_representation(X, constant_ok=True), np, _rate
        z = _rows(x, normalize)
    else:
        x, rate = check_in_place(X, keep="gradient", constant_ok=True), _array_rate
        z = _array_rows(x, normalize)
    within = sum(rate(z @ move(U, z), eps) for U in _check_subspaces(subspaces, x.shape[1]))
    sparsity = xp.sum(xp.abs(z)) if norm == "l1" else float(xp.count_nonzero(z))
    value = rate(z, eps) - within - penalty / x.shape[0] * sparsity
    return check_value(value, "sparse rate reduction")


_OF_UNIT_ROWS = frozenset(
    {"orthogonal", "scale", "permutation", "row_scale", "row_order", "duplication"}
)
for _name, _params, _invariances in (
    ("coding_rate", {}, _OF_UNIT_ROWS),
    ("coding_rate_unnormalized", {"normalize": False}, _OF_UNIT_ROWS - {"scale", "row_scale"}),
):
    register(
        QualityMeasure(
            name=_name,
            function=coding_rate,
            params=_params,
            greater_is_better=None,
            range=(0.0, np.inf),
            invariances=_invariances,
        )
    )
register(
    ProbeMeasure(
        name="rate_reduction",
        function=rate_reduction,
        range=(0.0, np.inf),
        invariances=_OF_UNIT_ROWS | {"target"},
    )
)
