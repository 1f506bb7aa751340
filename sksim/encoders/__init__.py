"""Learned encoders that are no density models: sparse, quantised, contrastive, random targets."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.encoders._contrastive_mim import ContrastiveMIM
from sksim.encoders._denoising_autoencoder import DenoisingAutoencoder
from sksim.encoders._quantized_latent_autoencoder import QuantizedLatentAutoencoder
from sksim.encoders._random_projector_learner import RandomProjectorLearner
from sksim.encoders._sparse_autoencoder import SparseAutoencoder

__all__ = [
    "ContrastiveMIM",
    "DenoisingAutoencoder",
    "QuantizedLatentAutoencoder",
    "RandomProjectorLearner",
    "SparseAutoencoder",
]
