"""Classifiers whose primary output are log-probabilities."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sksim.utils._typing import AnyArray, ArrayLike, FloatArray

__all__ = ["LogProbabilityClassifierMixin"]


class LogProbabilityClassifierMixin(ClassifierMixin):
    """Probabilities and labels from ``predict_log_proba`` and ``classes_``."""

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Compute p(y|x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities, columns in the order of ``classes_``. For distances between
            distributions take ``predict_log_proba``.
        """
        check_is_fitted(self)
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: ArrayLike) -> AnyArray:
        """Compute the most probable label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_log_proba(X).argmax(axis=1)]
