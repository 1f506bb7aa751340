"""Neural collapse: how far the last representation of a classifier is on the way to a simplex."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import column_or_1d

from sksim.metrics._linalg import center
from sksim.metrics._validation import check_classes, check_representation
from sksim.metrics.quality._class_distance_variance import (
    ClassMoments,
    class_moments,
    pair_variances,
)
from sksim.utils._arrays import check_named_array, naming, refuse_masks_and_times
from sksim.utils._results import Result
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike
from sksim.utils._warnings import warn_caller

__all__ = ["neural_collapse"]


def _within_over_between(means: np.ndarray, within: np.ndarray) -> float:
    """Trace of S_W S_B^+ over C, from the singular values of the centred means.

    Those whose squares are rounding in S_B are no directions of it.
    """
    _, singular, directions = np.linalg.svd(means, full_matrices=False)
    rounding = np.sqrt(means.shape[1] * np.finfo(np.float64).eps)
    kept = singular > rounding * singular[0]
    scaled = directions[kept] / singular[kept, None]
    return float(np.vdot(scaled @ within, scaled))


def _variability(moments: ClassMoments) -> dict[str, float]:
    """NC1: spread within the classes against the spread of their means."""
    within = moments.residuals.T @ moments.residuals / len(moments.residuals)
    between = np.vdot(moments.means, moments.means) / len(moments.means)
    return {
        "nc1": _within_over_between(moments.means, within),
        "nc1_trace_ratio": float(np.trace(within) / between),
        "nc1_cdnv": float(pair_variances(moments).mean()),
    }


def _etf_distance(M: np.ndarray) -> float:
    """Frobenius distance of the unit-norm Gram matrix of the rows to that of a simplex."""
    n_classes = M.shape[0]
    gram = M @ M.T
    simplex = (np.eye(n_classes) - 1.0 / n_classes) / np.sqrt(n_classes - 1)
    return float(np.linalg.norm(gram / np.linalg.norm(gram) - simplex))


def _means_geometry(M: np.ndarray, sizes: np.ndarray, geometry: str) -> dict[str, float]:
    """NC2: whether the class means form a simplex around their mean, or orthogonal axes."""
    n_classes = len(M)
    norms = np.linalg.norm(M, axis=1)
    if (norms == 0).any():
        center = "the mean of all samples" if geometry == "simplex" else "the origin"
        raise ValueError(
            f"Each class mean must differ from {center}, got equality for class number "
            f"{int(np.argmin(norms))}."
        )
    cosines = 1.0 - pdist(M / norms[:, None], "sqeuclidean") / 2
    expected = -1.0 / (n_classes - 1) if geometry == "simplex" else 0.0
    maximal_angle = float(np.mean(np.abs(cosines - expected)))
    if geometry == "imbalanced":
        norms = norms * sizes**0.25
    return {
        "nc2": _etf_distance(M) if geometry == "simplex" else maximal_angle,
        "nc2_equinorm": float(norms.std() / norms.mean()),
        "nc2_equiangularity": float(cosines.std()),
        "nc2_maximal_angle": maximal_angle,
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


@validate_params(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        "coef": ["array-like", None],
        "intercept": ["array-like", None],
        "geometry": [StrOptions({"simplex", "orthogonal", "imbalanced"})],
    },
    prefer_skip_nested_validation=True,
)
def neural_collapse(
    X: ArrayLike,
    y: ArrayLike,
    *,
    coef: ArrayLike | None = None,
    intercept: ArrayLike | None = None,
    geometry: Literal["simplex", "orthogonal", "imbalanced"] = "simplex",
) -> Result:
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

    Classifiers without offsets end in **orthogonal** class means instead [4]_. Then the
    :math:`m_c` are the class means as they are, :math:`\mu_c`, and nc2 is the mean of
    :math:`\lvert \cos \rvert`. Where classes have different sizes :math:`n_c`
    ("imbalanced"), the optimum of squared loss has :math:`w_c \propto \sqrt{n_c} \, m_c`, which
    nc3 then compares, and lengths :math:`n_c^{1/4} \lVert m_c \rVert` that are equal up to the
    penalty, of which nc2_equinorm is then the coefficient of variation.

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
    geometry : {"simplex", "orthogonal", "imbalanced"}, default="simplex"
        The geometry of the class means at full collapse, which nc2 and nc3 are held against.

    Returns
    -------
    result : Bunch
        Floats ``nc1``, ``nc1_trace_ratio``, ``nc1_cdnv``, ``nc2``, ``nc2_equinorm``,
        ``nc2_equiangularity``, ``nc2_maximal_angle``, and ``nc3`` and ``nc4``, which are None
        without ``coef``.

    Raises
    ------
    ValueError
        If there is one class only, two class means coincide, or one with the centre (with an
        orthogonal geometry a class that has vanished), or shapes do not fit.

    Warns
    -----
    UndefinedMetricWarning
        If each class has one sample: nothing varies within a class, and the three values of nc1
        are NaN.

    See Also
    --------
    class_distance_normalized_variance : The third value of nc1, and the matrix of the pairs.
    participation_ratio : Number of directions in use; C - 1 at full collapse.
    sksim.datasets.make_collapsed_features : Features at the optimum of unbalanced classes.

    Notes
    -----
    Time O(n d^2 + d^3), memory O(n d + d^2). The pseudo-inverse leaves out directions within
    rounding error of zero. Unchanged by rotation, scale and translation (nc3 and nc4: if the
    classifier is changed along); nc2 and nc3 of the orthogonal geometries not by translation.

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
    .. [4] H. Dang, T. Tran, S. Osher, H. Tran-The, N. Ho and T. Nguyen (2023). Neural collapse in
           deep linear networks: from balanced to imbalanced data. International Conference on
           Machine Learning.

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
    representation = check_representation(X).astype(np.float64)
    codes = check_classes(X, y)
    centered, scale = center(representation, name="X")
    moments = class_moments(centered, codes)
    M, sizes = moments.means, np.bincount(codes)
    if geometry != "simplex":
        M = class_moments(representation / scale, codes).means
    result = Result(**_variability(moments), **_means_geometry(M, sizes, geometry))
    if len(codes) == len(M):
        warn_caller(
            "nc1 is not defined and set to NaN: with one sample a class nothing varies within one.",
            UndefinedMetricWarning,
        )
        result.update(nc1=np.nan, nc1_trace_ratio=np.nan, nc1_cdnv=np.nan)
    result.update(nc3=None, nc4=None)
    if coef is not None:
        W, offsets = _classifier_rows(coef, intercept, *M.shape)
        lengths = np.sqrt(sizes) if geometry == "imbalanced" else np.ones(len(M))
        result.nc3 = _self_duality(W, lengths[:, None] * M)
        result.nc4 = _nearest_mean_disagreement(
            centered, moments.means, representation @ W.T + offsets
        )
    return result
