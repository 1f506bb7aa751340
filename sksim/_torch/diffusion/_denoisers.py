"""Networks that see noisy data z (n, *shape) and the time t (n,) in [0, 1].

Each is a :class:`~sksim._torch.diffusion._protocols.FeatureDenoiser` whose last layer starts at
zero. Images are channels first.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator, Sequence
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.diffusion._layers import (
    DenseBlock,
    FourierFeatures,
    GlobalBranch,
    ResBlock,
    TimeEmbedding,
    group_norm,
    nth,
    zero,
)

__all__ = ["ConvDenoiser", "MLPDenoiser"]


def _check_n_blocks(n_blocks: int) -> None:
    """ValueError without a block, inside which the features are."""
    if n_blocks < 1:
        raise ValueError(f"n_blocks must be at least 1 in denoiser_params, got {n_blocks}.")


class MLPDenoiser(nn.Module):
    """Residual network of dense blocks for tabular data.

    Parameters
    ----------
    shape : tuple (n_features,)
        Shape of a sample.
    fourier : sequence of float, default=()
        Exponents of the Fourier features.
    width : int, default=128
        Width of the hidden layers.
    n_blocks : int, default=2
        Number of residual blocks; the features are those inside the middle one.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        fourier: Sequence[float] = (),
        width: int = 128,
        n_blocks: int = 2,
    ) -> None:
        super().__init__()
        _check_n_blocks(n_blocks)
        self.fourier = FourierFeatures(fourier)
        self.time = TimeEmbedding(64, width)
        self.first = nn.Linear(shape[0] * self.fourier.factor, width)
        self.blocks = nn.ModuleList([DenseBlock(width, width) for _ in range(n_blocks)])
        self.last = zero(nn.Linear(width, shape[0]))
        self.n_features = width

    def forward(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        time, h = self.time(t), self.first(self.fourier(z))
        for block in self.blocks:
            h = block(h, time, code)
        return self.last(F.silu(h))

    @property
    def middle(self) -> int:
        """The block of the features."""
        return len(self.blocks) // 2

    def activations(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Iterator[Tensor]:
        """Activations inside each block, (n, width), as the network gets there."""
        time, h = self.time(t), self.first(self.fourier(z))
        for block in self.blocks:
            hidden = cast(DenseBlock, block).hidden(h, time, code)
            yield hidden
            h = cast(DenseBlock, block).join(h, hidden)

    def features(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        """Activations inside the middle block, (n, width)."""
        return nth(self.activations(z, t, code), self.middle)


class ConvDenoiser(nn.Module):
    """Small convolutional network without resolution changes, the default for images.

    Parameters
    ----------
    shape : tuple (channels, height, width)
        Shape of a sample.
    fourier : sequence of float, default=()
        Exponents of the Fourier features.
    width : int, default=48
        Number of channels.
    n_blocks : int, default=3
        Number of residual blocks; the features are those inside the middle one.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        fourier: Sequence[float] = (),
        width: int = 48,
        n_blocks: int = 3,
    ) -> None:
        super().__init__()
        _check_n_blocks(n_blocks)
        self.fourier = FourierFeatures(fourier)
        self.time = TimeEmbedding(64, 2 * width)
        self.first = nn.Conv2d(shape[0] * self.fourier.factor, width, 3, padding=1)
        self.blocks = nn.ModuleList([ResBlock(width, width, 2 * width) for _ in range(n_blocks)])
        self.whole = GlobalBranch(width)
        self.norm = group_norm(width, 8)
        self.last = zero(nn.Conv2d(width, shape[0], 3, padding=1))
        self.n_features = 4 * width

    def forward(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        time, h = self.time(t), self.first(self.fourier(z))
        for i, block in enumerate(self.blocks):
            h = block(h, time, code)
            h = self.whole(h) if i == 0 else h
        return self.last(F.silu(self.norm(h)))

    @property
    def middle(self) -> int:
        """The block of the features."""
        return len(self.blocks) // 2

    def activations(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Iterator[Tensor]:
        """Activations inside each block, (n, width, ...), as the network gets there."""
        time, h = self.time(t), self.first(self.fourier(z))
        for i, block in enumerate(self.blocks):
            hidden = cast(ResBlock, block).hidden(h, time, code)
            yield hidden
            h = cast(ResBlock, block).join(h, hidden)
            h = self.whole(h) if i == 0 else h

    def features(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        """Activations inside the middle block, pooled to 2 x 2, (n, 4 width)."""
        return F.adaptive_avg_pool2d(nth(self.activations(z, t, code), self.middle), 2).flatten(1)
