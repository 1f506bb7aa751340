"""What the networks of encoders have in common: a loss in parts, an encoding, monitors."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch._perceptron import perceptron

__all__ = ["Autoencoder", "DeepNetwork", "EncoderNetwork", "effective_rank", "reconstruction_error"]


def effective_rank(z: Tensor) -> float:
    """``exp`` of the entropy of the singular values, as shares, of the centred rows; at least 1."""
    sigma = torch.linalg.svdvals((z - z.mean(0)).double())
    p = sigma / sigma.sum().clamp_min(torch.finfo(sigma.dtype).tiny)
    return max(1.0, math.exp(-torch.xlogy(p, p).sum().item()))


def reconstruction_error(x: Tensor, decoded: Tensor, likelihood: str) -> Tensor:
    """Mean squared error of all values, or for Bernoulli logits the cross-entropy of a row.

    The mean of the squares, but the sum of the cross-entropies over the features.
    """
    if likelihood == "bernoulli":
        return F.binary_cross_entropy_with_logits(decoded, x, reduction="sum") / len(x)
    return F.mse_loss(decoded, x)


class EncoderNetwork(nn.Module, abc.ABC):
    """A network whose loss has parts; ``forward`` makes what they need.

    Parameters
    ----------
    n_features, n_components : int
        Columns of the rows and of the representation.
    """

    #: Names of the parts of the loss.
    parts: ClassVar[tuple[str, ...]]
    mean: Tensor

    def __init__(self, n_features: int, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components
        self.register_buffer("mean", torch.zeros(n_features))

    @abc.abstractmethod
    def losses(self, outputs: Any, x: Tensor, y: Tensor) -> list[Tensor]:
        """The parts of the loss for a batch and what ``forward`` returned for it."""

    def weights(self) -> list[float]:
        """The weight of each part in the loss."""
        return [1.0] * len(self.parts)

    @abc.abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Representation (n, n_components) of rows."""

    @abc.abstractmethod
    def monitors(self, x: Tensor) -> dict[str, Any]:
        """Plain numbers, from some rows, that tell a collapse; taken after each epoch."""


class Autoencoder(EncoderNetwork):
    """A network with a way back."""

    @abc.abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """Mean of the rows (n, n_features) given latents."""

    def unexplained(self, x: Tensor) -> float:
        """Fraction of the variance about the training mean that the reconstruction leaves."""
        total = ((x - self.mean) ** 2).sum()
        residual = ((x - self.decode(self.encode(x))) ** 2).sum()
        return (residual / total.clamp_min(torch.finfo(total.dtype).tiny)).item()


class DeepNetwork(Autoencoder):
    """Encoder and decoder with hidden layers, in reverse order.

    Parameters
    ----------
    n_features, n_components : int
        Columns of the rows and of the latents.
    hidden : tuple of int
        Widths of the hidden layers of the encoder.
    likelihood : {"gaussian", "bernoulli"}
        What the decoder gives: means, or logits.
    n_outputs : int, default=None
        Outputs of the encoder, if they are not the latents.
    """

    def __init__(
        self,
        n_features: int,
        n_components: int,
        hidden: tuple[int, ...],
        likelihood: str,
        *,
        n_outputs: int | None = None,
    ) -> None:
        super().__init__(n_features, n_components)
        self.likelihood = likelihood
        self.encoder = perceptron(n_features, hidden, n_outputs or n_components, bias=True)
        self.decoder = perceptron(n_components, hidden[::-1], n_features, bias=True)
        self.n_informative = hidden[0] if hidden else n_components

    def decode(self, z: Tensor) -> Tensor:
        decoded = self.decoder(z)
        return torch.sigmoid(decoded) if self.likelihood == "bernoulli" else decoded

    def informative(self, z: Tensor) -> Tensor:
        """Activations (n, n_informative) of the last hidden layer of the decoder."""
        return self.decoder[:-1](z)
