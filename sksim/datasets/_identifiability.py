"""Data and pairs of models for closeness in distribution against similarity."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from math import gcd

import numpy as np
from scipy.special import log_softmax
from sklearn.utils import check_random_state

from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import FloatArray, IntArray, RandomState

__all__ = [
    "make_perturbed_pair",
    "make_permuted_pair",
    "make_radial_classification",
    "make_spirals",
]

_POSITIVE_INTEGER = [Interval(numbers.Integral, 1, None, closed="left")]
_AT_LEAST_TWO = [Interval(numbers.Integral, 2, None, closed="left")]
_POSITIVE = [Interval(numbers.Real, 0, None, closed="neither")]
_NON_NEGATIVE = [Interval(numbers.Real, 0, None, closed="left")]


@validate_params(
    {
        "n_samples": _POSITIVE_INTEGER,
        "n_classes": _AT_LEAST_TWO,
        "scale": _POSITIVE,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_radial_classification(
    n_samples: int = 100,
    n_classes: int = 4,
    *,
    scale: float = 3.0,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray]:
    r"""Normal points in the plane, labelled by antipodal wedges.

    x ~ N(0, scale^2 I), and with k classes the label is
    :math:`\lfloor k \, (\mathrm{atan2}(x_2, x_1) \bmod \pi) / \pi \rfloor`: opposite wedges share
    their label, so that no linear classifier can do the task.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=100
        Number of points.
    n_classes : int, default=4
        Number k of classes.
    scale : float, default=3.0
        Standard deviation of each coordinate.
    random_state : int, RandomState instance or None, default=None
        Draws the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points.
    y : ndarray of shape (n_samples,)
        The labels, integers from 0.

    See Also
    --------
    make_spirals : Classes on interleaved spiral arms.

    Notes
    -----
    Time and memory O(n_samples).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_radial_classification
    >>> X, y = make_radial_classification(200, n_classes=6, random_state=0)
    >>> X.shape, sorted(set(y.tolist()))
    ((200, 2), [0, 1, 2, 3, 4, 5])
    """
    X = check_random_state(random_state).normal(0.0, scale, size=(n_samples, 2))
    turn = np.mod(np.arctan2(X[:, 1], X[:, 0]), np.pi) / np.pi
    return X, np.minimum((n_classes * turn).astype(np.int64), n_classes - 1)


@validate_params(
    {
        "n_samples": _POSITIVE_INTEGER,
        "n_classes": _AT_LEAST_TWO,
        "arms_per_class": _POSITIVE_INTEGER,
        "noise": [Interval(numbers.Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_spirals(
    n_samples: int = 2800,
    n_classes: int = 7,
    *,
    arms_per_class: int = 4,
    noise: float = 0.75,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray]:
    r"""Points on spiral arms in the plane, several arms a class.

    With a = 0, ..., A - 1 numbering the A = n_classes * arms_per_class arms, radii r equally
    spaced in [1, 10] along each arm and s uniform in (-noise, noise), the angle is
    :math:`0.1 \pi r / 7 + 2 \pi a / A + s \pi / A`. With noise below 1 the arms do not overlap.
    The arms come in ``arms_per_class`` blocks of one arm a class: class 0, then the others in
    random order.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=2800
        Number of points, spread over the arms as evenly as possible.
    n_classes : int, default=7
        Number of classes.
    arms_per_class : int, default=4
        Number of arms of each class.
    noise : float, default=0.75
        Half the width of an arm, as a share of half the distance between neighbouring arms; in
        [0, 1).
    random_state : int, RandomState instance or None, default=None
        Draws the order of the arms and the position of the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points, arm after arm.
    y : ndarray of shape (n_samples,)
        The labels, integers from 0.

    See Also
    --------
    make_radial_classification : Classes in antipodal wedges.

    Notes
    -----
    Time and memory O(n_samples).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.

    Examples
    --------
    >>> from sksim.datasets import make_spirals
    >>> X, y = make_spirals(280, random_state=0)
    >>> X.shape, len(set(y.tolist()))
    ((280, 2), 7)
    """
    rng = check_random_state(random_state)
    blocks = [[0, *(1 + rng.permutation(n_classes - 1))] for _ in range(arms_per_class)]
    labels = np.concatenate(blocks)
    n_arms = len(labels)
    sizes = n_samples // n_arms + (np.arange(n_arms) < n_samples % n_arms)
    arm = np.repeat(np.arange(n_arms), sizes)
    radius = np.concatenate([np.linspace(1, 10, size) for size in sizes])
    spread = rng.uniform(-noise, noise, size=n_samples)
    angle = 0.1 * np.pi * radius / 7 + (2 * arm + spread) * np.pi / n_arms
    return radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), labels[arm]


def _directions(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _pair(f1: FloatArray, g1: FloatArray, f2: FloatArray, g2: FloatArray, y: IntArray) -> Result:
    """The two models of the family, with their log-probabilities."""
    return Result(
        f1=f1,
        g1=g1,
        f2=f2,
        g2=g2,
        y=y,
        log_p=log_softmax(f1 @ g1.T, axis=1),
        log_q=log_softmax(f2 @ g2.T, axis=1),
    )


def _noisy_polygon(
    n_classes: int, n_per_class: int, radius: float, jitter: float, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Angle offsets and norms, each (n_classes, n_per_class)."""
    shape = (n_classes, n_per_class)
    offsets = jitter * rng.uniform(-np.pi / 64, np.pi / 64, size=shape)
    norms = radius + jitter * np.abs(0.01 * rng.standard_normal(shape))
    return offsets, norms


@validate_params(
    {
        "n_classes": [Interval(numbers.Integral, 3, None, closed="left")],
        "multiplier": [numbers.Integral],
        "rho": _POSITIVE,
        "radius": _POSITIVE,
        "n_per_class": _POSITIVE_INTEGER,
        "jitter": _NON_NEGATIVE,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_permuted_pair(
    n_classes: int = 7,
    multiplier: int = 2,
    *,
    rho: float = 10.0,
    radius: float = 2.0,
    n_per_class: int = 1,
    jitter: float = 0.0,
    random_state: RandomState = None,
) -> Result:
    r"""Two models whose distributions agree ever better while their representations never do.

    With k classes, angles :math:`t_j = 2 \pi j / k`, the unembeddings of the first model are
    :math:`g(y_j) = \rho (\cos t_j, \sin t_j)`, and its embeddings f(x) of the inputs of class j
    lie at the same angle, with norm ``radius``. In the second model class j has the place
    :math:`\pi(j) = (multiplier \cdot j + 5) \bmod k` instead, on both sides. As rho grows, the
    divergence of the two distributions goes to 0, but embeddings do not move. For a prime k and a
    multiplier other than 0, 1 and -1 modulo k they are exactly uncorrelated: all canonical
    correlations are 0. A multiplier of 1 or -1 is a rotation or reflection, under which the models
    are the same.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_classes : int, default=7
        Number k of classes.
    multiplier : int, default=2
        Multiplier of the permutation, coprime to ``n_classes``.
    rho : float, default=10.0
        Norm of the unembeddings.
    radius : float, default=2.0
        Norm of the embeddings.
    n_per_class : int, default=1
        Number of inputs a class.
    jitter : float, default=0.0
        Scale of the noise on the embeddings of both models: angles uniform within
        +- jitter * pi / 64, norms radius + jitter * abs(0.01 z) for standard normal z. 1 is the
        paper's experiment with ``n_per_class=500``.
    random_state : int, RandomState instance or None, default=None
        Draws the noise.

    Returns
    -------
    pair : Bunch
        ``f1`` and ``f2`` (n_classes * n_per_class, 2), ``g1`` and ``g2`` (n_classes, 2), ``y``
        (n_classes * n_per_class,), and the log-probabilities ``log_p`` and ``log_q``
        (n_classes * n_per_class, n_classes) of the two models.

    See Also
    --------
    make_perturbed_pair : Two models that are close in every sense.

    Notes
    -----
    Time and memory O(n_classes^2 n_per_class), the size of the log-probabilities.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import kl_divergence, logit_distance
    >>> for rho in (3, 12):
    ...     pair = make_permuted_pair(rho=rho)
    ...     print(f"{kl_divergence(pair.log_p, pair.log_q):.4f}",
    ...           f"{logit_distance(pair.log_p, pair.log_q):.2f}")
    0.8804 15.87
    0.0048 63.50
    """
    if gcd(multiplier, n_classes) != 1:
        raise ValueError(
            f"multiplier must be coprime to n_classes={n_classes}, so that it permutes the "
            f"classes, got {multiplier}."
        )
    rng = check_random_state(random_state)
    offsets, norms = _noisy_polygon(n_classes, n_per_class, radius, jitter, rng)
    place = (multiplier * np.arange(n_classes) + 5) % n_classes
    corners = 2 * np.pi * np.arange(n_classes) / n_classes

    def embeddings(places: IntArray) -> FloatArray:
        angle = corners[places][:, None] + offsets[places]
        return (norms[..., None] * _directions(angle)).reshape(-1, 2)

    first = np.arange(n_classes)
    return _pair(
        embeddings(first),
        rho * _directions(corners),
        embeddings(place),
        rho * _directions(corners[place]),
        np.repeat(first, n_per_class),
    )


@validate_params(
    {
        "n_classes": [Interval(numbers.Integral, 3, None, closed="left")],
        "noise": _NON_NEGATIVE,
        "rho": _POSITIVE,
        "radius": _POSITIVE,
        "n_per_class": _POSITIVE_INTEGER,
        "jitter": _NON_NEGATIVE,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_perturbed_pair(
    n_classes: int = 4,
    *,
    noise: float = 0.005,
    rho: float = 20.0,
    radius: float = 5.0,
    n_per_class: int = 500,
    jitter: float = 1.0,
    random_state: RandomState = None,
) -> Result:
    r"""Two models that differ by normal noise on the embeddings.

    With angles :math:`t_j = 2 \pi j / k` for k classes, the unembeddings of both models are
    :math:`\rho (\cos t_j, \sin t_j)`. The embeddings of the first model lie around the same
    angles, those of the second are the same plus N(0, noise^2 I).

    .. versionadded:: 0.1

    Parameters
    ----------
    n_classes : int, default=4
        Number k of classes.
    noise : float, default=0.005
        Standard deviation of the noise between the models. For one ``random_state`` the noise of
        different levels is the same up to scale.
    rho : float, default=20.0
        Norm of the unembeddings.
    radius : float, default=5.0
        Norm of the embeddings.
    n_per_class : int, default=500
        Number of inputs a class.
    jitter : float, default=1.0
        Scale of the noise that both models share, see :func:`make_permuted_pair`.
    random_state : int, RandomState instance or None, default=None
        Draws both kinds of noise.

    Returns
    -------
    pair : Bunch
        ``f1`` and ``f2`` (n_classes * n_per_class, 2), ``g1`` and ``g2`` (n_classes, 2), ``y``
        (n_classes * n_per_class,), and the log-probabilities ``log_p`` and ``log_q``
        (n_classes * n_per_class, n_classes) of the two models.

    See Also
    --------
    make_permuted_pair : Two models that are close in distribution only.

    Notes
    -----
    Time and memory O(n_classes^2 n_per_class), the size of the log-probabilities.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_perturbed_pair
    >>> from sksim.metrics import logit_distance
    >>> near, far = (make_perturbed_pair(noise=noise, random_state=0) for noise in (0.001, 0.01))
    >>> round(logit_distance(far.log_p, far.log_q) / logit_distance(near.log_p, near.log_q), 6)
    10.0
    """
    rng = check_random_state(random_state)
    offsets, norms = _noisy_polygon(n_classes, n_per_class, radius, jitter, rng)
    corners = 2 * np.pi * np.arange(n_classes) / n_classes
    f1 = (norms[..., None] * _directions(corners[:, None] + offsets)).reshape(-1, 2)
    f2 = f1 + noise * rng.standard_normal(f1.shape)
    g = rho * _directions(corners)
    return _pair(f1, g, f2, g, np.repeat(np.arange(n_classes), n_per_class))
