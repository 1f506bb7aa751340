"""Every encoder, unfitted, small and seeded; and data for them."""

import numpy as np

from sksim.encoders import (
    ContrastiveMIM,
    DenoisingAutoencoder,
    QuantizedLatentAutoencoder,
    RandomProjectorLearner,
    SparseAutoencoder,
)

TINY = {"n_components": 2, "max_epochs": 3, "batch_size": 16, "random_state": 0, "device": "cpu"}
SPARSE = TINY | {"n_components": 12, "n_nonzero": 2}
HIDDEN = {"hidden_layer_sizes": (8, 6)}

MODELS = {
    "denoising": lambda **p: DenoisingAutoencoder(**TINY | HIDDEN | p),
    "quantized": lambda **p: QuantizedLatentAutoencoder(**TINY | HIDDEN | p),
    "mim": lambda **p: ContrastiveMIM(**TINY | HIDDEN | p),
    "projectors": lambda **p: RandomProjectorLearner(**TINY | HIDDEN | {"n_projectors": 2} | p),
    "topk": lambda **p: SparseAutoencoder(**SPARSE | p),
    "pursuit": lambda **p: SparseAutoencoder(**SPARSE | {"encoder": "matching_pursuit"} | p),
    "masking": lambda **p: DenoisingAutoencoder(**TINY | HIDDEN | {"noise": "masking"} | p),
}
#: Those with a hidden layer in the decoder.
DEEP = ["denoising", "quantized", "mim"]
#: Those with a decoder.
AUTOENCODERS = [*DEEP, "topk", "pursuit"]


def table(n=48, d=4, seed=0):
    """Correlated real numbers of unequal scale."""
    rng = np.random.RandomState(seed)
    mix = rng.standard_normal((d, d)) * np.array([1, 2, 0.1, 9.0])[:d]
    return rng.standard_normal((n, d)) @ mix + 4
