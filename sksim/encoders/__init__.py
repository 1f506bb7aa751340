"""Learned encoders that are no density models: sparse, quantised, contrastive, random targets."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.encoders._denoising_autoencoder import DenoisingAutoencoder

__all__ = ["DenoisingAutoencoder"]
