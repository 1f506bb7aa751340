"""Images as rows: the shape that the user names, and where the channels are."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral
from typing import Any

import numpy as np

from sksim.utils._arrays import naming

__all__ = ["channels_come_first", "check_image_shape", "flatten_images"]


def check_image_shape(image_shape: Any) -> tuple[int, ...] | None:
    """``image_shape`` as a tuple of two or three positive integers, or None."""
    if image_shape is None:
        return None
    sizes = tuple(image_shape)
    if len(sizes) not in (2, 3) or not all(isinstance(n, Integral) and int(n) > 0 for n in sizes):
        raise ValueError(
            "image_shape must be (height, width), (height, width, channels) or (channels, height, "
            f"width), positive integers, or None, got {image_shape!r}."
        )
    return tuple(int(n) for n in sizes)


def channels_come_first(image_shape: tuple[int, ...]) -> bool:
    """Whether a shape is (channels, height, width): its first size is 1 or 3, its last above 4."""
    return len(image_shape) == 3 and image_shape[0] in (1, 3) and image_shape[2] > 4


def flatten_images(X: Any, image_shape: tuple[int, ...] | None) -> Any:
    """Images (n, *image_shape) as rows; rows of the right length pass, others raise."""
    if image_shape is None:
        if getattr(X, "ndim", 2) > 2:
            raise ValueError(
                f"X: Found array with dim {X.ndim}, expected rows (n_samples, n_features). "
                "Images need image_shape=(height, width) or (height, width, channels)."
            )
        return X
    with naming("X"):
        X = X if hasattr(X, "shape") else np.asarray(X)
    size = math.prod(image_shape)
    if X.ndim > 2 and X.shape[1:] == image_shape:
        return X.reshape(len(X), size)
    if X.ndim > 1 and X.shape[1:] != (size,):
        raise ValueError(
            f"image_shape={image_shape} needs X of shape (n_samples, {size}) or "
            f"(n_samples, {', '.join(map(str, image_shape))}), got X of shape {tuple(X.shape)}."
        )
    return X
