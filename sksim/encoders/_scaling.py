"""Between the user's rows and the network's: units in which one learning rate serves all data."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from sksim.utils._networks import standardization
from sksim.utils._typing import AnyArray, FloatArray

__all__ = ["LIKELIHOODS", "Scaling", "by_feature", "by_row_norm", "for_likelihood"]

LIKELIHOODS = ("gaussian", "bernoulli")

_LARGEST = 1e15  # in network units; in single precision its square is finite, and summed


@dataclass(frozen=True)
class Scaling:
    """Network input ``x = (X - loc) / scale``.

    Parameters
    ----------
    loc : ndarray of shape (n_features,)
        What is zero for the network.
    scale : ndarray of shape (n_features,)
        Its units, positive.
    likelihood : {"gaussian", "bernoulli"}
        What the values are: real numbers, or numbers in [0, 1].
    """

    loc: FloatArray
    scale: FloatArray
    likelihood: str = "gaussian"

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.loc)

    def to_network(self, X: AnyArray, dtype: DTypeLike = np.float64) -> FloatArray:
        """Rows (n, n_features) in the units of the network and in C order."""
        x = np.ascontiguousarray((X.astype(np.float64) - self.loc) / self.scale)
        largest = max(x.max(), -x.min())
        if not largest < _LARGEST:
            raise ValueError(
                f"X holds a value {largest:.1e} times the scale of the training data away from "
                f"their centre; the network can see {_LARGEST:g} at most."
            )
        return x.astype(dtype, copy=False)

    def to_rows(self, x: FloatArray) -> FloatArray:
        """Network rows in the units of the user."""
        return x * self.scale + self.loc


def by_feature(X: AnyArray) -> Scaling:
    """Each feature has mean 0 and standard deviation 1; constant ones are centred only."""
    return Scaling(*standardization(X))


def by_row_norm(X: AnyArray, *, centered: bool) -> Scaling:
    """The mean of the squared norms of the rows is 1, about the mean row or about zero."""
    X = X.astype(np.float64)
    loc = X.mean(axis=0) if centered else np.zeros(X.shape[1])
    X = X - loc
    largest = float(np.abs(X).max())
    unit = largest * np.sqrt(((X / largest) ** 2).sum(axis=1).mean()) if largest > 0 else 1.0
    return Scaling(loc, np.full(X.shape[1], unit))


def for_likelihood(X: AnyArray, likelihood: str) -> Scaling:
    """The scaling of the training data, whose likelihood may be "auto".

    Values that all lie in [0, 1], such as grey levels, are Bernoulli and keep their units.
    """
    low, high = X.min(), X.max()
    fits = bool(low >= 0 and high <= 1)
    if likelihood == "bernoulli" and not fits:
        raise ValueError(
            f"likelihood='bernoulli' needs values of X in [0, 1], got values from {low:g} to "
            f"{high:g}. Use likelihood='gaussian', or scale them."
        )
    if likelihood == "gaussian" or not fits:
        return by_feature(X)
    return Scaling(np.zeros(X.shape[1]), np.ones(X.shape[1]), "bernoulli")
