"""Every encoder, unfitted, small and seeded; and data for them."""

import numpy as np

from tests.small_models import ENCODERS as MODELS

__all__ = ["AUTOENCODERS", "DEEP", "MODELS", "table"]

#: Those with a hidden layer in the decoder.
DEEP = ["denoising", "quantized", "mim"]
#: Those with a decoder.
AUTOENCODERS = [*DEEP, "topk", "pursuit"]


def table(n=48, d=4, seed=0):
    """Correlated real numbers of unequal scale."""
    rng = np.random.RandomState(seed)
    mix = rng.standard_normal((d, d)) * np.array([1, 2, 0.1, 9.0])[:d]
    return rng.standard_normal((n, d)) @ mix + 4
