"""Neural collapse: how far the last representation of a classifier is on the way to a simplex."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import Bunch, column_or_1d

from sksim.metrics._linalg import center
from sksim.metrics._validation import check_classes, check_representation
from sksim.utils._arrays import check_named_array, naming, refuse_masks_and_times
from sksim.utils._typing import ArrayLike
from sksim.utils._warnings import warn_caller

__all__ = ["neural_collapse"]


class _Classes(NamedTuple):
    """The C class means around the mean of all samples, and the spread within the classes."""

    means: np.ndarray
    within: np.ndarray
    variances: np.ndarray


def _class_statistics(centered: np.ndarray, codes: np.ndarray) -> _Classes:
    counts = np.bincount(codes)
    means = np.stack([centered[codes == c].mean(axis=0) for c in range(counts.size)])
    residuals = centered - means[codes]
    within = residuals.T @ residuals / codes.size
    squares = np.einsum("ij,ij->i", residuals, residuals)
    variances = np.bincount(codes, weights=squares) / counts
    return _Classes(means, within, variances)


def _within_over_between(classes: _Classes) -> float:
    """Trace of S_W S_B^+ over C, from the singular values of the means.

    Those whose squares are rounding in S_B are no directions of it.
    """
    _, singular, directions = np.linalg.svd(classes.means, full_matrices=False)
    rounding = np.sqrt(classes.means.shape[1] * np.finfo(np.float64).eps)
    kept = singular > rounding * singular[0]
    scaled = directions[kept] / singular[kept, None]
    return float(np.vdot(scaled @ classes.within, scaled))


def _variability(classes: _Classes) -> dict[str, float]:
    """NC1: spread within the classes against the spread of their means."""
    n_classes = classes.means.shape[0]
    gaps = pdist(classes.means, "sqeuclidean")
    first, second = np.triu_indices(n_classes, k=1)
    pair_variances = (classes.variances[first] + classes.variances[second]) / 2
    between = np.vdot(classes.means, classes.means) / n_classes
    return {
        "nc1": _within_over_between(classes),
        "nc1_trace_ratio": float(np.trace(classes.within) / between),
        "nc1_cdnv": float(np.mean(pair_variances / gaps)),
    }


def _etf_distance(M: np.ndarray) -> float:
    """Frobenius distance of the unit-norm Gram matrix of the rows to that of a simplex."""
    n_classes = M.shape[0]
    gram = M @ M.T
    simplex = (np.eye(n_classes) - 1.0 / n_classes) / np.sqrt(n_classes - 1)
    return float(np.linalg.norm(gram / np.linalg.norm(gram) - simplex))


def _simplex_geometry(M: np.ndarray) -> dict[str, float]:
    """NC2: whether the centred class means form a simplex."""
    n_classes = M.shape[0]
    norms = np.linalg.norm(M, axis=1)
    if (norms == 0).any():
        raise ValueError(
            "Each class mean must differ from the mean of all samples, got equality for class "
            f"number {int(np.argmin(norms))}."
        )
    cosines = 1.0 - pdist(M / norms[:, None], "sqeuclidean") / 2
    return {
        "nc2": _etf_distance(M),
        "nc2_equinorm": float(norms.std() / norms.mean()),
        "nc2_equiangularity": float(cosines.std()),
        "nc2_maximal_angle": float(np.mean(np.abs(cosines + 1.0 / (n_classes - 1)))),
    }


def _classifier_rows(coef, intercept, n_classes: int, n_features: int):
    """Weights (C, d) and offsets (C,); one row for two classes becomes two opposite ones."""
    coef = check_named_array(coef, "coef", dtype=np.float64)
    intercept = np.zeros(len(coef)) if intercept is None else intercept
    refuse_masks_and_times(intercept, "intercept")
    with naming("intercept"):
        intercept = column_or_1d(intercept, dtype=float)
    if n_classes == 2 and coef.shape[0] == 1:
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    if coef.shape != (n_classes, n_features):
        raise ValueError(
            f"coef must have shape ({n_classes}, {n_features}), one row a class, got {coef.shape}."
        )
    if intercept.shape != (n_classes,) or not np.isfinite(intercept).all():
        raise ValueError(f"intercept must hold {n_classes} finite values, got {intercept}.")
    if not coef.any():
        raise ValueError("coef must have an entry that is not zero, got zeros only.")
    return coef, intercept


def _unit_norm(A: np.ndarray) -> np.ndarray:
    A = A / np.abs(A).max()
    return A / np.linalg.norm(A)


def _self_duality(W: np.ndarray, M: np.ndarray) -> float:
    """NC3: squared distance of the classifier and the class means, both of unit norm."""
    return float(np.sum((_unit_norm(W) - _unit_norm(M)) ** 2))


def _nearest_mean_disagreement(centered, centered_means, logits) -> float:
    """NC4: share of samples for which the classifier does not choose the nearest class mean."""
    closeness = centered @ centered_means.T - (centered_means**2).sum(axis=1) / 2
    return float(np.mean(logits.argmax(axis=1) != closeness.argmax(axis=1)))


def neural_collapse(
    X: ArrayLike, y: ArrayLike, *, coef: ArrayLike | None = None, intercept: ArrayLike | None = None
) -> Bunch:
    r"""Measure the four signs of neural collapse in the last representation of a classifier.

    With the C class means :math:`\mu_c`, the mean of all samples :math:`\mu`, the rows
    :math:`m_c = \mu_c - \mu` of M, :math:`S_W = \frac{1}{n} \sum_i (x_i - \mu_{y_i})
    (x_i - \mu_{y_i})^T`, :math:`S_B = \frac{1}{C} M^T M`, and the classifier's weights W and
    offsets b; each value is 0 at full collapse [1]_:

    * nc1, variability: :math:`\operatorname{tr}(S_W S_B^+) / C`; also
      :math:`\operatorname{tr} S_W / \operatorname{tr} S_B`, and the class-distance normalised
      variance, the mean over pairs of classes of
      :math:`(\sigma_c^2 + \sigma_{c'}^2) / (2 \lVert \mu_c - \mu_{c'} \rVert^2)` [2]_;
    * nc2, simplex: :math:`\lVert M M^T / \lVert M M^T \rVert - (I - \tfrac{1}{C} 1 1^T) /
      \sqrt{C - 1} \rVert` [3]_; also the coefficient of variation of :math:`\lVert m_c \rVert`,
      the deviation of the cosines between the :math:`m_c`, and the mean of
      :math:`\lvert \cos + \tfrac{1}{C - 1} \rvert`;
    * nc3, self-duality: :math:`\lVert W / \lVert W \rVert - M / \lVert M \rVert \rVert^2`, in
      [0, 4];
    * nc4, nearest class centre: the share of samples where
      :math:`\arg\max_c (w_c^T x + b_c) \neq \arg\min_c \lVert x - \mu_c \rVert`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The last representation before the linear classifier.
    y : array-like of shape (n_samples,)
        Class labels.
    coef : array-like of shape (n_classes, n_features) or (1, n_features), default=None
        Weights of the linear classifier, such as ``coef_`` of a fitted one, with its rows in the
        sorted order of the labels. One row for two classes is taken for the second class.
        None leaves out nc3 and nc4.
    intercept : array-like of shape (n_classes,) or (1,), default=None
        Offsets of the linear classifier; None means zeros.

    Returns
    -------
    result : Bunch
        Floats ``nc1``, ``nc1_trace_ratio``, ``nc1_cdnv``, ``nc2``, ``nc2_equinorm``,
        ``nc2_equiangularity``, ``nc2_maximal_angle``, and ``nc3`` and ``nc4``, which are None
        without ``coef``.

    Raises
    ------
    ValueError
        If there is one class only, two class means coincide, or shapes do not fit.

    Warns
    -----
    UndefinedMetricWarning
        If each class has one sample: nothing varies within a class, and the three values of nc1
        are NaN.

    See Also
    --------
    participation_ratio : Number of directions in use; C - 1 at full collapse.

    Notes
    -----
    Time O(n d^2 + d^3), memory O(n d + d^2). The pseudo-inverse leaves out directions within
    rounding error of zero. Unchanged by rotation, scale and translation (nc3 and nc4: if the
    classifier is changed along).

    References
    ----------
    .. [1] V. Papyan, X. Y. Han and D. L. Donoho (2020). Prevalence of neural collapse during the
           terminal phase of deep learning training. Proceedings of the National Academy of Sciences
           117.
    .. [2] T. Galanti, A. György and M. Hutter (2022). On the role of neural collapse in transfer
           learning. International Conference on Learning Representations.
    .. [3] Z. Zhu, T. Ding, J. Zhou, X. Li, C. You, J. Sulam and Q. Qu (2021). A geometric analysis
           of neural collapse with unconstrained features. Advances in Neural Information Processing
           Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import neural_collapse
    >>> y = np.repeat([0, 1, 2], 50)
    >>> X = np.eye(3)[y] + 0.1 * np.random.RandomState(0).randn(150, 3)
    >>> result = neural_collapse(X, y, coef=np.eye(3) - 1 / 3)
    >>> round(result.nc1, 2), round(result.nc2, 2), round(result.nc3, 3), result.nc4
    (0.02, 0.01, 0.001, 0.0)
    """
    X = check_representation(X).astype(np.float64)
    codes = check_classes(X, y)
    centered = center(X, name="X").values
    classes = _class_statistics(centered, codes)
    M = classes.means
    if not pdist(M, "sqeuclidean").all():
        raise ValueError("The class means must differ, got two classes with equal means.")
    result = Bunch(**_variability(classes), **_simplex_geometry(M))
    if len(codes) == len(M):
        warn_caller(
            "nc1 is not defined and set to NaN: with one sample a class nothing varies within one.",
            UndefinedMetricWarning,
        )
        result.update(nc1=np.nan, nc1_trace_ratio=np.nan, nc1_cdnv=np.nan)
    result.update(nc3=None, nc4=None)
    if coef is not None:
        W, offsets = _classifier_rows(coef, intercept, *M.shape)
        result.nc3 = _self_duality(W, M)
        result.nc4 = _nearest_mean_disagreement(centered, M, X @ W.T + offsets)
    return result
