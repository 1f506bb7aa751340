"""What all aligners share: validation of the pair, prediction, score, names, tags."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, RegressorMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.metrics._ridge import check_squares
from sksim.metrics._validation import check_representation, check_same_rows
from sksim.utils._arrays import naming, validate_named_data
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["AffineAligner", "BaseAligner"]

_FLOATS = [np.float64, np.float32]


def _check_same_index(X: Any, y: Any) -> None:
    """Data frames say which rows belong together."""
    if hasattr(X, "index") and hasattr(y, "index"):
        check_same_rows(X, y)


class BaseAligner(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, RegressorMixin, SksimEstimator
):
    """Interface of the aligners: subclasses define ``fit`` and ``transform``."""

    def _check_pair(self, X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Validate paired training data, remember the shapes, and return float64 arrays."""
        _check_same_index(X, y)
        X, y = validate_named_data(
            self, X, y, multi_output=True, y_numeric=True, dtype=_FLOATS, ensure_min_samples=2
        )
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        self._n_features_out = y.shape[1]
        pair = check_representation(X), check_representation(y, name="y")
        return pair[0].astype(np.float64), pair[1].astype(np.float64)

    def _check_regression_pair(self, X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """A pair whose squares and products are numbers."""
        X, y = self._check_pair(X, y)
        check_squares(X, "X")
        check_squares(y, "y")
        return X, y

    def _check_rows(self, X: ArrayLike) -> FloatArray:
        check_is_fitted(self)
        return validate_named_data(self, X, dtype=_FLOATS, reset=False)

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the target representation: the same as ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples in the source representation.

        Returns
        -------
        Y : ndarray of shape (n_samples, n_target_features)
            The samples in the frame of the target representation.
        """
        return np.asarray(self.transform(X))

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Share of the target's variance that the aligned samples explain; greater is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples in the source representation.
        y : array-like of shape (n_samples, n_target_features)
            The same samples in the target representation.

        Returns
        -------
        score : float
            1 - ||transform(X) - y||^2 / ||y - mean(y)||^2, at most 1. It does not change if the
            target representation is rotated.

        Raises
        ------
        ValueError
            If there are fewer than two samples, or all of y is equal: the share is 0 / 0.
        """
        _check_same_index(X, y)
        predicted = self.predict(X)
        with naming("y"):
            y = np.reshape(y, (-1, 1)) if np.ndim(y) == 1 else y
        y = check_representation(y, name="y")
        return r2_score(y, predicted, multioutput="variance_weighted")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.regressor_tags.poor_score = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class AffineAligner(BaseAligner):
    """Aligners of the form y = coef (x - mean_x) + mean_y, given by the fitted attributes."""

    coef_: FloatArray
    inverse_coef_: FloatArray
    x_mean_: FloatArray
    y_mean_: FloatArray

    def transform(self, X: ArrayLike) -> FloatArray:
        """Map samples into the frame of the target representation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples in the source representation.

        Returns
        -------
        Y : ndarray of shape (n_samples, n_target_features)
            The samples in the frame of the target representation.
        """
        X = self._check_rows(X)
        return _affine(X, self.x_mean_, self.coef_, self.y_mean_)

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Map samples of the target's frame back, by the pseudo-inverse of the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_target_features)
            Samples in the frame of the target representation.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            The samples in the source representation, of least distance to its mean;
            transforming them again leads to the nearest points that the map can reach.
        """
        check_is_fitted(self)
        rows: FloatArray = check_representation(X, min_samples=1, constant_ok=True)
        if rows.shape[1] != self._n_features_out:
            raise ValueError(
                f"X must have the {self._n_features_out} features of the target representation, "
                f"got {rows.shape[1]}."
            )
        return _affine(rows, self.y_mean_, self.inverse_coef_, self.x_mean_)


def _affine(X: FloatArray, origin: FloatArray, coef: FloatArray, target: FloatArray) -> FloatArray:
    """(x - origin) coef^T + target, in the precision of X."""
    origin, coef, target = (a.astype(X.dtype, copy=False) for a in (origin, coef, target))
    return (X - origin) @ coef.T + target
