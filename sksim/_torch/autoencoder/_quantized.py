"""Latents that each have a few values of their own."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.autoencoder._network import DeepNetwork, effective_rank, reconstruction_error

__all__ = ["QuantizedNetwork", "nearest_values"]


def nearest_values(z: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Value (n, M) of each latent that is nearest, and its index; the lowest among equals.

    ``values`` (M, n_values) are those of each latent.
    """
    indices = (z.unsqueeze(2) - values).abs().argmin(dim=2)
    return values.gather(1, indices.T).T, indices


class Quantized(NamedTuple):
    """What a batch leaves for the loss."""

    decoded: Tensor
    z: Tensor
    quantized: Tensor


class QuantizedNetwork(DeepNetwork):
    """The decoder sees values, the gradient goes straight through to the encoder.

    Parameters
    ----------
    n_values : int
        Values of each latent.
    learn_values : bool
        Whether they are trained.
    quantization_weight, commitment_weight : float
        Weights of the distances that move the values, and the encoder.
    **structure
        As in :class:`DeepNetwork`.
    """

    parts = ("reconstruction", "quantization", "commitment")

    def __init__(
        self,
        *,
        n_values: int,
        learn_values: bool,
        quantization_weight: float,
        commitment_weight: float,
        **structure: Any,
    ) -> None:
        super().__init__(**structure)
        values = torch.linspace(-0.5, 0.5, n_values).repeat(self.n_components, 1)
        self.values = nn.Parameter(values, requires_grad=learn_values)
        self.quantization_weight = quantization_weight
        self.commitment_weight = commitment_weight

    def weights(self) -> list[float]:
        return [1.0, self.quantization_weight, self.commitment_weight]

    def forward(self, x: Tensor) -> Quantized:
        """Decoded rows, latents, and their values."""
        z = self.encoder(x)
        quantized, _ = nearest_values(z, self.values)
        return Quantized(self.decoder(z + (quantized - z).detach()), z, quantized)

    def losses(self, outputs: Quantized, x: Tensor, y: Tensor) -> list[Tensor]:
        decoded, z, quantized = outputs
        return [
            reconstruction_error(x, decoded, self.likelihood),
            F.mse_loss(quantized, z.detach()),
            F.mse_loss(z, quantized.detach()),
        ]

    def encode(self, x: Tensor) -> Tensor:
        return nearest_values(self.encoder(x), self.values)[0]

    def indices(self, x: Tensor) -> Tensor:
        """Index (n, M) of the value of each latent."""
        return nearest_values(self.encoder(x), self.values)[1]

    def monitors(self, x: Tensor) -> dict[str, Any]:
        used = [len(column.unique()) for column in self.indices(x).T]
        rank = effective_rank(self.encode(x))
        return {"used_values": used, "effective_rank": rank, "fvu": self.unexplained(x)}
