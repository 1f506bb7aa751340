"""What the transformers share that read a diffusion model, which they fit or are given fitted."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.generative._base import BaseDiffusion
from sksim.generative._variational_diffusion import VariationalDiffusion
from sksim.utils._optional import require_torch
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, RandomState

__all__ = ["ModelTransformer"]


class ModelTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    """Fits a copy of ``model``, or takes a frozen one as it is, into ``model_``.

    ``random_state`` seeds the default model, which has no seed of its own, and what is drawn for
    the rows later.
    """

    model: Any
    random_state: RandomState
    model_: BaseDiffusion

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Train a copy of the model; a frozen one stays as it is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The training data.
        y : Ignored
            Present for the interface.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If the model is no diffusion estimator.
        """
        require_torch(self)
        rng = None if self.random_state is None else check_random_state(self.random_state)
        default = VariationalDiffusion(random_state=rng)
        made = default if self.model is None else clone(self.model)
        inner = made.estimator if isinstance(made, FrozenEstimator) else made
        if not isinstance(inner, BaseDiffusion):
            raise TypeError(
                f"{type(self).__name__} needs a diffusion estimator of sksim.generative as model, "
                f"or a FrozenEstimator of one, got {self.model!r}."
            )
        if made is inner:
            made.fit(X)
        else:
            check_is_fitted(inner)
            inner._validate_rows(X, reset=False)
        self._check_model(inner)
        self.model_ = inner
        self._seed = None if rng is None else rng.randint(np.iinfo(np.int32).max)
        self.n_features_in_ = inner.n_features_in_
        if hasattr(inner, "feature_names_in_"):
            self.feature_names_in_ = inner.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _check_model(self, model: BaseDiffusion) -> None:
        """Raise if the fitted model does not offer what is asked for."""

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = [np.float64.__name__, np.float32.__name__]
        return tags
