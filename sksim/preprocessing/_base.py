"""What all transformers of vectors share: validation of the rows, and the float type kept."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, ClassVar

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.utils._array_api import check_same_library, constant, float_types, namespace_of
from sksim.utils._arrays import validate_named_data
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["VectorTransformer"]

_FLOATS = [np.float64, np.float32]


class VectorTransformer(TransformerMixin, SksimEstimator):
    """Base of the transformers of vectors: float32 stays float32, all else becomes float64."""

    #: The fitted array that shows where a transformer with array API dispatch was fitted; None for
    #: transformers that make NumPy's of all arrays.
    _fitted_array: ClassVar[str | None] = None

    def _check_training_rows(self, X: ArrayLike, **options: Any) -> FloatArray:
        """Validate training rows and remember their features."""
        X = constant(X)
        if self._fitted_array is None or namespace_of(X) is None:
            return validate_named_data(self, X, dtype=_FLOATS, **options)
        return validate_named_data(self, X, dtype=float_types(X), keep_library=True, **options)

    def _check_rows(self, X: ArrayLike, method: str = "transform") -> FloatArray:
        """Validate rows of a fitted transformer against the training rows; gradients flow."""
        check_is_fitted(self)
        rows = self._check_training_rows(X, reset=False)
        if self._fitted_array is None:
            return rows
        self._check_library(rows, method)
        xp = namespace_of(rows)
        return rows if xp is None else xp.astype(X, rows.dtype, copy=False)

    def _check_library(self, X: Any, method: str) -> None:
        fitted = getattr(self, self._fitted_array or "")
        fitted = fitted[0] if isinstance(fitted, list) else fitted
        check_same_library(X, fitted, f"{type(self).__name__}.{method}")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.array_api_support = self._fitted_array is not None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
