"""Is a feature of two dimensions two features of one, or one that is either?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

import numpy as np

from sksim.metrics._linalg import center
from sksim.metrics._measure import QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["mixture_index", "separability_index"]


#: Coordinates that are the rounding errors of others, where the largest is one.
_ROUNDING = 1e-12


def _check_plane(X: ArrayLike) -> np.ndarray:
    """Two centred columns in float64, in a unit near one."""
    plane = check_representation(X).astype(np.float64)
    if plane.shape[1] != 2:
        raise ValueError(
            f"X must have two columns, the coordinates in one plane, got {plane.shape[1]}: project "
            "it first, such as by PCA(2)."
        )
    plane = center(plane, name="X").values
    return plane / np.abs(plane).max()


def _directions(n_angles: int, turn: float) -> np.ndarray:
    """Cosines and sines of angles from 0 to a turn, which is left out, of shape (2, n_angles)."""
    angles = np.arange(n_angles) * (turn / n_angles)
    return np.stack([np.cos(angles), np.sin(angles)])


def _bins(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Bin of each value, of equal width over the range of its row."""
    lowest, highest = (end(axis=1, keepdims=True) for end in (values.min, values.max))
    width = np.where(highest - lowest > _ROUNDING, highest - lowest, np.inf)
    places = ((values - lowest) / width * n_bins).astype(np.int64)
    return np.minimum(places, n_bins - 1)


def _bits(counts: np.ndarray) -> np.ndarray:
    """Entropy of each row of counts."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    return -(shares * np.log2(shares, out=np.zeros_like(shares), where=counts > 0)).sum(axis=1)


@validate_params(
    {
        "X": ["array-like"],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "n_angles": [Interval(Integral, 1, None, closed="left")],
        "bias_corrected": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def separability_index(
    X: ArrayLike, *, n_bins: int = 20, n_angles: int = 100, bias_corrected: bool = False
) -> float:
    r"""Least mutual information of two orthogonal coordinates of a plane, over all rotations.

    .. math:: S = \min_\theta I\big(u_\theta ; v_\theta\big)

    in bits, with :math:`u_\theta` and :math:`v_\theta` the coordinates after a rotation by
    :math:`\theta`, in bins of equal width over their range. The angles are
    :math:`i \pi / (2 n_\theta)` for i = 0, ..., :math:`n_\theta - 1`; more would repeat these. The
    value is 0 where two independent features span the plane, and large where it is one feature
    that needs both dimensions, such as a circle; it is at most :math:`\log_2` of the bins.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, 2)
        Activations in the plane, such as their projection on two directions of a dictionary.
    n_bins : int, default=20
        Bins of a coordinate.
    n_angles : int, default=100
        Number of rotations.
    bias_corrected : bool, default=False
        Whether to subtract the bias of each estimate, :math:`(K_{uv} - K_u - K_v + 1) / (2 n
        \ln 2)` with K bins that are not empty; what is left may be below 0.

    Returns
    -------
    index : float
        The information in bits.

    Raises
    ------
    ValueError
        If X has not two columns, or is constant.

    See Also
    --------
    mixture_index : Whether the plane is a mixture of features that are seldom active together.
    mutual_information : Of any variables, by nearest neighbours, without bins.

    Notes
    -----
    A feature is irreducible where this is large and :func:`mixture_index` small [1]_; judge by
    this one first. Independent coordinates have, with all bins full, the bias :math:`(B - 1)^2 / (2
    n \ln 2)` in expectation, 0.13 bits for 2000 samples in 20 bins: compare with a Gaussian sample
    of the same size. The weekdays of a language model, of which the paper says that they lie on a
    circle, were not tried, as its weights are out of reach; seven noisy points on a circle were.

    Unchanged by translation and scale, by rotation up to the grid of the angles and the bins; other
    invertible maps change it. Time O(n m) for n samples and m angles, memory within scikit-learn's
    ``working_memory``.

    References
    ----------
    .. [1] J. Engels, E. J. Michaud, I. Liao, W. Gurnee and M. Tegmark (2025). Not all language
           model features are one-dimensionally linear. International Conference on Learning
           Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import separability_index
    >>> rng = np.random.RandomState(0)
    >>> angles = 2 * np.pi * rng.rand(2000)
    >>> round(separability_index(np.c_[np.cos(angles), np.sin(angles)]), 1)
    2.2
    >>> separability_index(rng.rand(2000, 2)) < 0.2
    True
    """
    plane = _check_plane(X)
    cosines, sines = _directions(n_angles, np.pi / 2)
    n, least = len(plane), np.inf
    for block in row_blocks(n_angles, 64.0 * n + 32.0 * n_bins**2):
        c, s = cosines[block, None], sines[block, None]
        u = _bins(c * plane[:, 0] - s * plane[:, 1], n_bins)
        v = _bins(s * plane[:, 0] + c * plane[:, 1], n_bins)
        which = np.arange(len(c))[:, None] * n_bins**2
        codes = (which + u * n_bins + v).ravel()
        counts = np.bincount(codes, minlength=len(c) * n_bins**2).reshape(-1, n_bins, n_bins)
        tables = counts.sum(axis=2), counts.sum(axis=1), counts.reshape(len(c), -1)
        in_u, in_v, in_both = (_bits(table) for table in tables)
        information = np.maximum(in_u + in_v - in_both, 0.0)
        if bias_corrected:
            full_u, full_v, full = (np.count_nonzero(table, axis=1) for table in tables)
            information -= (full - full_u - full_v + 1) / (2 * n * np.log(2))
        least = min(least, information.min())
    return float(least)


@validate_params(
    {
        "X": ["array-like"],
        "eps": [Interval(Real, 0, None, closed="neither")],
        "n_angles": [Interval(Integral, 1, None, closed="left")],
        "n_offsets": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def mixture_index(
    X: ArrayLike, *, eps: float = 0.1, n_angles: int = 180, n_offsets: int = 401
) -> float:
    r"""Largest share of the samples of a plane that are near one line.

    .. math:: M_\epsilon = \max_{v, c} P\Big(\lvert v \cdot x + c \rvert < \epsilon
              \sqrt{\mathbb{E}[(v \cdot x + c)^2]}\Big)

    over directions v of length one and offsets c. It is large where the plane holds a mixture:
    features of one dimension that are seldom active together, so that most samples of each lie on a
    line. The value lies in [0, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, 2)
        Activations in the plane, such as their projection on two directions of a dictionary.
    eps : float, default=0.1
        Half the width :math:`\epsilon` of a line, over the root mean square of the projection.
    n_angles : int, default=180
        Number of directions, of angles from 0 to :math:`\pi`.
    n_offsets : int, default=401
        Number of offsets c, evenly from the largest projection, negative, to the same, positive.

    Returns
    -------
    index : float
        The share.

    Raises
    ------
    ValueError
        If X has not two columns, or is constant.

    See Also
    --------
    separability_index : Whether the plane is spanned by two independent features.

    Notes
    -----
    A Gaussian has the share :math:`\operatorname{erf}(\epsilon / \sqrt 2)` along each direction
    with c = 0, 0.080 by default, and a little more at the largest of all. Judge by
    :func:`separability_index` first: where few points make up the plane, a line through two of them
    holds their share, so that seven points on a circle have a larger index than a Gaussian [1]_.
    The authors search by gradient steps on a smoothed count, which finds a local maximum; here it
    is a grid.

    Unchanged by translation and scale, by rotation up to the grid; other invertible maps change it.
    Time O(m (n log n + c log n)) for m angles, c offsets and n samples, memory O(n).

    References
    ----------
    .. [1] J. Engels, E. J. Michaud, I. Liao, W. Gurnee and M. Tegmark (2025). Not all language
           model features are one-dimensionally linear. International Conference on Learning
           Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import mixture_index
    >>> rng = np.random.RandomState(0)
    >>> round(mixture_index(rng.randn(2000, 2)), 1)
    0.1
    >>> seldom_together = rng.randn(2000, 2) * np.eye(2)[rng.randint(2, size=2000)]
    >>> mixture_index(seldom_together) > 0.5
    True
    """
    plane = _check_plane(X)
    largest_share = 0.0
    for direction in _directions(n_angles, np.pi).T:
        projected = np.sort(plane @ direction)
        farthest = max(-projected[0], projected[-1])
        if farthest < _ROUNDING:
            continue
        offsets = np.linspace(-farthest, farthest, n_offsets)
        half_widths = eps * np.sqrt(projected @ projected / len(projected) + offsets**2)
        ends = np.searchsorted(projected, half_widths - offsets, side="left")
        starts = np.searchsorted(projected, -half_widths - offsets, side="right")
        largest_share = max(largest_share, (ends - starts).max() / len(plane))
    return float(largest_share)


_INVARIANCES = frozenset({"scale", "translation", "permutation", "row_order", "duplication"})

register(
    QualityMeasure(
        name="separability_index",
        function=separability_index,
        greater_is_better=None,
        range=(0.0, np.inf),
        invariances=_INVARIANCES,
        min_features=2,
        max_features=2,
    )
)
register(
    QualityMeasure(
        name="mixture_index",
        function=mixture_index,
        greater_is_better=None,
        invariances=_INVARIANCES,
        min_features=2,
        max_features=2,
    )
)
