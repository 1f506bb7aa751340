"""What all transformers of vectors share: validation of the rows, and the float type kept."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.utils._arrays import validate_named_data
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["VectorTransformer"]

_FLOATS = [np.float64, np.float32]


class VectorTransformer(TransformerMixin, SksimEstimator):
    """Base of the transformers of vectors: float32 stays float32, all else becomes float64."""

    def _check_training_rows(self, X: ArrayLike, **options: Any) -> FloatArray:
        """Validate training rows and remember their features."""
        return validate_named_data(self, X, dtype=_FLOATS, **options)

    def _check_rows(self, X: ArrayLike) -> FloatArray:
        """Validate rows of a fitted transformer against the training rows."""
        check_is_fitted(self)
        return validate_named_data(self, X, dtype=_FLOATS, reset=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
