"""Between the user's rows and the network's arrays: layout, likelihood, scaling.

The rules of ``likelihood="auto"``: integers that span at most 256 values, whatever their type,
are categorical; everything else is Gaussian. Levels run from zero to the largest value of the
training data, or to 255 for unsigned bytes; from the smallest value, if it is negative, or if the
values span at most 256 and those from zero would not.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from sksim.utils._images import channels_come_first
from sksim.utils._networks import standardization
from sksim.utils._typing import FloatArray
from sksim.utils._warnings import warn_caller

__all__ = [
    "DataMap",
    "make_data_map",
]

_MAX_LEVELS = 256
_MOST_LEVELS = 2**16  # neighbours of more levels are too close in single precision
_LARGEST = 1e15  # in network units; in single precision its square is finite, summed and weighted


def _are_integers(X: np.ndarray) -> bool:
    return X.dtype.kind in "iub" or bool((np.floor(X) == X).all())


def _check_integers(X: np.ndarray) -> None:
    if not _are_integers(X):
        raise ValueError(
            "likelihood='categorical' needs integer values, got fractions. Use "
            "likelihood='gaussian', or KBinsDiscretizer(encode='ordinal') before it."
        )


def _network_shape(n_features: int, image_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """(n_features,), or (channels, height, width)."""
    if image_shape is None:
        return (n_features,)
    if channels_come_first(image_shape):
        return image_shape
    height, width, *channels = image_shape
    return (channels[0] if channels else 1, height, width)


@dataclass(frozen=True)
class DataMap:
    """How rows become network input ``x = (X - loc) / scale`` of the given shape, and back.

    Parameters
    ----------
    shape : tuple
        ``(n_features,)`` or ``(channels, height, width)``.
    image_shape : tuple or None
        The user's shape of a sample.
    as_images : bool
        Whether the training data came as images rather than rows.
    dtype : str
        Type of the training data, and of samples.
    n_levels : int or None
        Number of levels; None with a Gaussian likelihood.
    first_level : int
        The smallest level.
    loc, scale : float or list of float
        Shift and factor, for all features or for each.
    second_moment : float
        Mean of x^2 over the rows of training; NaN before they are known.
    """

    shape: tuple[int, ...]
    image_shape: tuple[int, ...] | None
    as_images: bool
    dtype: str
    n_levels: int | None
    first_level: int
    loc: float | list[float]
    scale: float | list[float]
    second_moment: float = math.nan

    @property
    def n_features(self) -> int:
        """D."""
        return math.prod(self.shape)

    @property
    def _is_moved(self) -> bool:
        """Whether the network sees the channels at another place than the user."""
        return self.image_shape is not None and self.image_shape != self.shape

    @property
    def likelihood(self) -> str:
        """``"categorical"`` or ``"gaussian"``."""
        return "gaussian" if self.n_levels is None else "categorical"

    @property
    def log_scale(self) -> float:
        """Sum of log scale over the features: what a density loses by the scaling."""
        return float(np.log(np.broadcast_to(self.scale, self.n_features)).sum())

    def check_levels(self, X: np.ndarray) -> None:
        """ValueError if a categorical likelihood cannot hold the values."""
        if self.n_levels is None:
            return
        _check_integers(X)
        last = self.first_level + self.n_levels - 1
        if X.size and (X.min() < self.first_level or X.max() > last):
            raise ValueError(
                f"The categorical likelihood has levels {self.first_level} to {last}, got values "
                f"from {X.min():g} to {X.max():g}. Set n_levels to cover all values, or use "
                "likelihood='gaussian'."
            )

    def to_network(self, X: np.ndarray, dtype: DTypeLike = np.float32) -> FloatArray:
        """Rows (n, n_features) as (n, *shape), channels first, in single precision."""
        x = (X.astype(np.float64) - self.loc) / self.scale
        if x.size and not max(x.max(), -x.min()) < _LARGEST:
            raise ValueError(
                f"X holds a value {max(x.max(), -x.min()):.1e} standard deviations of the training "
                f"data away from their mean; the network can see {_LARGEST:g} at most."
            )
        x = x.astype(dtype)
        if not self._is_moved:
            return x.reshape(len(x), *self.shape)
        channels, height, width = self.shape
        images = x.reshape(len(x), height, width, channels).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(images)

    def to_rows(self, x: FloatArray) -> FloatArray:
        """Network arrays (n, *shape) as float64 rows (n, n_features), in the user's units."""
        if self._is_moved:
            x = x.transpose(0, 2, 3, 1)
        return x.reshape(len(x), -1).astype(np.float64) * self.scale + self.loc

    def to_user(self, x: FloatArray, dtype: DTypeLike | None = None) -> np.ndarray:
        """Network arrays in the units, type and layout of the training data.

        Another type is for real numbers: levels keep theirs.
        """
        X = self.to_rows(x)
        X = np.round(X) if self.n_levels is not None else X
        X = X.astype(self.dtype if dtype is None or self.n_levels is not None else dtype)
        if not self.as_images or self.image_shape is None:
            return X
        return X.reshape(len(X), *self.image_shape)


def _resolve_likelihood(X: np.ndarray, likelihood: str, n_levels: int | None) -> str:
    """``"categorical"`` or ``"gaussian"``, with a warning for integers and the latter."""
    integers = _are_integers(X)
    if likelihood == "auto":
        span = float(X.max()) - float(X.min())
        few = n_levels is not None or (integers and span < _MAX_LEVELS)
        return "categorical" if few else "gaussian"
    if likelihood == "gaussian" and integers:
        warn_caller(
            "likelihood='gaussian' got integer values: a density can be arbitrarily high on "
            "them. likelihood='categorical' is made for integers.",
        )
    return likelihood


def _levels(X: np.ndarray, n_levels: int | None) -> tuple[int, int]:
    """Smallest level and number of levels, at least two."""
    if n_levels is not None:
        return 0, n_levels
    if X.dtype == np.uint8:
        return 0, _MAX_LEVELS
    low, high = math.floor(X.min()), math.floor(X.max())
    first = low if high >= _MAX_LEVELS > high - low else min(0, low)
    return first, max(high - first + 1, 2)


def make_data_map(
    X: np.ndarray,
    *,
    likelihood: str,
    n_levels: int | None,
    image_shape: tuple[int, ...] | None,
    as_images: bool,
) -> DataMap:
    """Read the rules off the training data (n, n_features)."""
    dtype, first, levels = X.dtype.str, 0, None
    loc: float | list[float]
    scale: float | list[float]
    if _resolve_likelihood(X, likelihood, n_levels) == "gaussian":
        axis = 0 if image_shape is None else None
        loc, scale = (moment.tolist() for moment in standardization(X, axis=axis))
        dtype = dtype if X.dtype.kind == "f" else "<f8"
    else:
        _check_integers(X)
        first, levels = _levels(X, n_levels)
        if levels > _MOST_LEVELS:
            raise ValueError(
                f"likelihood='categorical' can have {_MOST_LEVELS} levels, got {levels}. Use "
                "likelihood='gaussian', or KBinsDiscretizer(encode='ordinal') before it."
            )
        # x = 2 (k + 1/2) / K - 1 with k = X - first
        loc, scale = first + (levels - 1) / 2, levels / 2
    made = DataMap(
        shape=_network_shape(X.shape[1], image_shape),
        image_shape=image_shape,
        as_images=as_images,
        dtype=dtype,
        n_levels=levels,
        first_level=first,
        loc=loc,
        scale=scale,
    )
    made.check_levels(X)
    return made
