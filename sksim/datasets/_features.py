"""Made features whose geometry is known: collapsed classes, easy and hard labels."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state, column_or_1d

from sksim.utils._arrays import naming, refuse_masks_and_times
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, RandomState

__all__ = ["make_collapsed_features", "make_easy_hard_features"]

#: Number of bits whose parity is the hard label.
_HARD_BITS = {"xor": 2, "parity3": 3}


def _check_class_sizes(class_sizes: ArrayLike) -> np.ndarray:
    refuse_masks_and_times(class_sizes, "class_sizes")
    with naming("class_sizes"):
        sizes = column_or_1d(class_sizes)
    if sizes.size < 2 or sizes.dtype.kind not in "iu" or sizes.min() < 1:
        raise ValueError(f"class_sizes must hold at least two positive whole numbers, got {sizes}.")
    return sizes


@validate_params(
    {
        "class_sizes": ["array-like"],
        "lambda_w": [Interval(Real, 0, None, closed="neither")],
        "lambda_h": [Interval(Real, 0, None, closed="neither")],
        "n_features": [Interval(Integral, 2, None, closed="left"), None],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_collapsed_features(
    class_sizes: ArrayLike = (50, 20, 10),
    *,
    lambda_w: float = 1e-3,
    lambda_h: float = 1e-3,
    n_features: int | None = None,
    noise: float = 0.0,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray, FloatArray]:
    r"""Features and weights at the optimum of a bias-free classifier of unbalanced classes.

    They minimise :math:`\frac{1}{2 N} \lVert W H - Y \rVert^2 + \frac{\lambda_W}{2} \lVert W
    \rVert^2 + \frac{\lambda_H}{2} \lVert H \rVert^2` over the weights W (C, d) and the features H
    (d, N), with one-hot targets Y (C, N) and :math:`n_c` samples of class c. All samples of a
    class are equal, the classes lie on orthogonal axes [1]_, and with
    :math:`p_c = \max(0, 1 - N \sqrt{\lambda_W \lambda_H / n_c})`

    .. math:: \lVert h_c \rVert^2 = p_c \sqrt{\frac{\lambda_W}{n_c \lambda_H}}, \qquad
              \lVert w_c \rVert^2 = p_c \sqrt{\frac{n_c \lambda_H}{\lambda_W}} .

    Classes of at most :math:`N^2 \lambda_W \lambda_H` samples vanish: minority collapse [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    class_sizes : array-like of int of shape (n_classes,), default=(50, 20, 10)
        Number of samples of each class, at least two classes.
    lambda_w : float, default=1e-3
        Penalty :math:`\lambda_W` of the weights.
    lambda_h : float, default=1e-3
        Penalty :math:`\lambda_H` of the features.
    n_features : int or None, default=None
        Number d of features, at least that of the classes; None takes that.
    noise : float, default=0.0
        Standard deviation of normal noise on the features.
    random_state : int, RandomState instance or None, default=None
        Generator of the noise.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Features H^T, class by class, and the noise.
    y : ndarray of int of shape (n_samples,)
        Class of each sample.
    coef : ndarray of shape (n_classes, n_features)
        Weights W.

    Raises
    ------
    ValueError
        If there are fewer features than classes, or a class size is no positive whole number.

    See Also
    --------
    sksim.metrics.neural_collapse : Measures this geometry, with ``geometry="imbalanced"``.
    sksim.metrics.class_distance_normalized_variance : Spread within classes against distance.

    Notes
    -----
    The closed form follows from the model of free features; it agrees with numerical
    minimisation to 8 digits. Time and memory O(n_samples n_features).

    References
    ----------
    .. [1] H. Dang, T. Tran, S. Osher, H. Tran-The, N. Ho and T. Nguyen (2023). Neural collapse in
           deep linear networks: from balanced to imbalanced data. International Conference on
           Machine Learning.
    .. [2] C. Fang, H. He, Q. Long and W. J. Su (2021). Exploring deep neural networks via
           layer-peeled model: minority collapse in imbalanced training. Proceedings of the National
           Academy of Sciences 118.

    Examples
    --------
    >>> from sksim.datasets import make_collapsed_features
    >>> X, y, coef = make_collapsed_features([8, 4, 2], lambda_w=0.02, lambda_h=0.02)
    >>> X.shape, (X[[0, 8, 12]] ** 2).sum(axis=1).round(4)
    ((14, 3), array([0.3186, 0.43  , 0.5671]))
    """
    sizes = _check_class_sizes(class_sizes)
    n_classes, n_samples = sizes.size, int(sizes.sum())
    width = n_classes if n_features is None else n_features
    if width < n_classes:
        raise ValueError(
            f"n_features must be at least the number of classes, {n_classes}, got {n_features}."
        )
    kept = np.maximum(0.0, 1.0 - n_samples * np.sqrt(lambda_w * lambda_h / sizes))
    ratio = np.sqrt(sizes * lambda_h / lambda_w)
    axes, y = np.eye(n_classes, width), np.repeat(np.arange(n_classes), sizes)
    X = (np.sqrt(kept / ratio)[:, None] * axes)[y]
    if noise:
        X += noise * check_random_state(random_state).standard_normal(X.shape)
    return X, y, np.sqrt(kept * ratio)[:, None] * axes


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_bits": [Interval(Integral, 3, None, closed="left")],
        "hard": [StrOptions(set(_HARD_BITS))],
        "prevalence": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_easy_hard_features(
    n_samples: int = 1000,
    *,
    n_bits: int = 16,
    hard: Literal["xor", "parity3"] = "xor",
    prevalence: float = 0.5,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray, IntArray]:
    r"""Bits with two independent labels, one of them linear, the other a parity of bits.

    Of bits :math:`b_0, b_1, \dots` the easy label is :math:`b_0`, and the hard label
    :math:`b_1 \oplus b_2` ("xor") or :math:`b_1 \oplus b_2 \oplus b_3` ("parity3"). The other bits
    tell nothing.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples.
    n_bits : int, default=16
        Number of bits, at least 3, of "parity3" 4.
    hard : {"xor", "parity3"}, default="xor"
        The hard label, whose classes are balanced.
    prevalence : float, default=0.5
        Probability that the easy label is 1.
    random_state : int, RandomState instance or None, default=None
        Generator of the bits.

    Returns
    -------
    X : ndarray of shape (n_samples, n_bits)
        Bits as -1 and 1.
    easy : ndarray of int of shape (n_samples,)
        Easy label, 0 or 1.
    hard : ndarray of int of shape (n_samples,)
        Hard label, 0 or 1.

    Raises
    ------
    ValueError
        If there are too few bits.

    See Also
    --------
    sksim.metrics.explained_variance_by_label : How much of a representation either label takes.

    Notes
    -----
    A simplification of the published tasks: networks that are trained on both labels predict both,
    while the easy one takes more of the variance of their layers. Time and memory
    O(n_samples n_bits).

    References
    ----------
    .. [1] A. K. Lampinen, S. C. Y. Chan and K. Hermann (2024). Learned feature representations are
           biased by complexity, learning order, position, and more. Transactions on Machine
           Learning Research.

    Examples
    --------
    >>> from sksim.datasets import make_easy_hard_features
    >>> X, easy, hard = make_easy_hard_features(500, random_state=0)
    >>> bool((easy == (X[:, 0] > 0)).all()), bool((hard == (X[:, 1] * X[:, 2] < 0)).all())
    (True, True)
    """
    n_hard = _HARD_BITS[hard]
    if n_bits <= n_hard:
        raise ValueError(f"n_bits must be at least {n_hard + 1} with hard={hard!r}, got {n_bits}.")
    rng = check_random_state(random_state)
    bits = rng.uniform(size=(n_samples, n_bits)) < 0.5
    bits[:, 0] = rng.uniform(size=n_samples) < prevalence
    parity = bits[:, 1 : 1 + n_hard].sum(axis=1) % 2
    return np.where(bits, 1.0, -1.0), bits[:, 0].astype(int), parity.astype(int)
