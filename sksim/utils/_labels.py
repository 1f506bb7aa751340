"""Labels of samples, of any type."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d

from sksim.utils._arrays import refuse_masks
from sksim.utils._typing import ArrayLike

__all__ = ["check_labels"]


def check_labels(y: ArrayLike, name: str) -> np.ndarray:
    """Validate labels and return them as a one-dimensional array; none is missing.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Labels.
    name : str
        Name of the parameter, for the error.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        The labels in their own type.
    """
    refuse_masks(y, name)
    try:
        labels = column_or_1d(y, warn=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold one label for each sample. {error}") from error
    if labels.dtype.kind == "O" and any(label is None or label != label for label in labels):
        raise ValueError(f"{name} must hold a label for each sample, got None or NaN.")
    assert_all_finite(labels, input_name=name)
    return labels
