"""Ridge regression whose penalties have the unit of the data."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import RidgeCV

from sksim.utils._typing import FloatArray

__all__ = ["RelativeRidgeCV", "check_squares", "relative_ridge"]

#: Penalties in units of the mean variance of a feature: RidgeCV's own where that is one.
PENALTIES = np.array([0.1, 1.0, 10.0])


def check_squares(X: FloatArray, name: str) -> None:
    """Raise if squares of values leave the range of floats, so that a regression loses them."""
    limit = np.sqrt(float(np.finfo(X.dtype).max)) / 1e4  # room for sums over the samples
    peak = float(np.abs(X).max())
    if not 1 / limit < peak < limit:
        raise ValueError(
            f"{name} has a largest absolute value of {peak:.3g}, whose square is out of the range "
            f"of {X.dtype}: rescale {name}."
        )


def relative_ridge(X: FloatArray) -> RidgeCV:
    """RidgeCV with penalties in the unit of X, so that the fit does not depend on the unit."""
    variance = float(X.var(axis=0, dtype=np.float64).mean())
    return RidgeCV(alphas=PENALTIES * (variance or 1.0))


class RelativeRidgeCV(RegressorMixin, BaseEstimator):
    """``relative_ridge`` of each training set, for cross-validation."""

    def fit(self, X: FloatArray, y: FloatArray) -> Self:
        self.ridge_ = relative_ridge(X).fit(X, y)
        return self

    def predict(self, X: FloatArray) -> FloatArray:
        predicted: FloatArray = self.ridge_.predict(X)
        return predicted
