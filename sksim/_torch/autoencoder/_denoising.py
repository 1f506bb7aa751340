"""The plain autoencoder, and the one that removes noise."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import torch
from torch import Tensor

from sksim._torch._random import generator
from sksim._torch.autoencoder._network import DeepNetwork, effective_rank, reconstruction_error

__all__ = ["DenoisingNetwork", "corrupt"]


def corrupt(x: Tensor, noise: str, level: float, mean: Tensor) -> Tensor:
    """Rows with normal noise of that standard deviation, or with that share of values masked."""
    if level == 0:
        return x
    if noise == "gaussian":
        eps = torch.randn(x.shape, generator=generator(x.device), device=x.device, dtype=x.dtype)
        return x + level * eps
    draws = torch.rand(x.shape, generator=generator(x.device), device=x.device)
    return torch.where(draws < level, mean, x)


class DenoisingNetwork(DeepNetwork):
    """Rows are restored from noisy ones; validation is without noise.

    Parameters
    ----------
    noise : {"gaussian", "masking"}
        Kind of noise.
    noise_level : float
        Standard deviation, or share of the values that become the training mean.
    **structure
        As in :class:`DeepNetwork`.
    """

    parts = ("reconstruction",)

    def __init__(self, *, noise: str, noise_level: float, **structure: Any) -> None:
        super().__init__(**structure)
        self.noise, self.noise_level = noise, noise_level

    def forward(self, x: Tensor) -> Tensor:
        """Decoded rows, before the sigmoid of a Bernoulli likelihood."""
        if self.training:
            x = corrupt(x, self.noise, self.noise_level, self.mean)
        return self.decoder(self.encoder(x))

    def losses(self, outputs: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
        return [reconstruction_error(x, outputs, self.likelihood)]

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def monitors(self, x: Tensor) -> dict[str, Any]:
        return {"effective_rank": effective_rank(self.encode(x)), "fvu": self.unexplained(x)}
