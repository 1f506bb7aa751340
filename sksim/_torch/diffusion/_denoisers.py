"""Networks that see noisy data z (n, *shape) and the time t (n,) in [0, 1].

Each has ``forward(z, t)`` of the shape of z, with a last layer that starts at zero, and
``features(z, t)`` of shape (n, n_features). Images are channels first.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "ConvDenoiser",
    "FourierFeatures",
    "GlobalBranch",
    "MLPDenoiser",
    "ResBlock",
    "TimeEmbedding",
    "expand_time",
    "group_norm",
    "zero",
]


def group_norm(channels: int, groups: int) -> nn.GroupNorm:
    """At most ``groups`` groups, of four channels at least: in a group of one channel, the norm
    would remove the time embedding that was added to it.
    """
    return nn.GroupNorm(math.gcd(groups, max(channels // 4, 1)), channels)


def zero(layer: nn.Module) -> nn.Module:
    """The layer with all its parameters set to zero."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class FourierFeatures(nn.Module):
    """Append ``sin(2 pi 2^n z)`` and ``cos(2 pi 2^n z)`` to the channels, for each exponent n."""

    def __init__(self, exponents: Sequence[float]) -> None:
        super().__init__()
        self.exponents = tuple(float(n) for n in exponents)

    @property
    def factor(self) -> int:
        """Channels out for one channel in."""
        return 1 + 2 * len(self.exponents)

    def forward(self, z: Tensor) -> Tensor:
        if not self.exponents:
            return z
        waves = [2 * math.pi * 2**n * z for n in self.exponents]
        return torch.cat([z, *map(torch.sin, waves), *map(torch.cos, waves)], dim=1)

    def extra_repr(self) -> str:
        return f"exponents={self.exponents}"


class TimeEmbedding(nn.Module):
    """Sinusoids of ``1000 t`` with periods up to 1e4, then two dense layers."""

    def __init__(self, width: int, n_out: int) -> None:
        super().__init__()
        frequencies = 1000 * torch.exp(-math.log(1e4) * torch.arange(width // 2) / (width // 2))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * (width // 2), n_out), nn.SiLU(), nn.Linear(n_out, n_out), nn.SiLU()
        )

    def forward(self, t: Tensor) -> Tensor:
        waves = t.unsqueeze(1) * self.frequencies
        return self.layers(torch.cat([waves.sin(), waves.cos()], dim=1))


class DenseBlock(nn.Module):
    """Residual block of two dense layers, conditioned on the time embedding."""

    def __init__(self, width: int, n_time: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.time = nn.Linear(n_time, width)
        self.second = zero(nn.Linear(width, width))

    def hidden(self, h: Tensor, time: Tensor) -> Tensor:
        """Activations between the two layers."""
        return F.silu(self.first(F.silu(self.norm(h))) + self.time(time))

    def forward(self, h: Tensor, time: Tensor) -> Tensor:
        return h + self.second(self.hidden(h, time))


def _blocks(make: Callable[[], nn.Module], n_blocks: int) -> nn.ModuleList:
    if n_blocks < 1:
        raise ValueError(f"n_blocks must be at least 1 in denoiser_params, got {n_blocks}.")
    return nn.ModuleList([make() for _ in range(n_blocks)])


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
        self, shape: tuple[int, ...], fourier: Sequence[float] = (), width=128, n_blocks=2
    ) -> None:
        super().__init__()
        self.fourier = FourierFeatures(fourier)
        self.time = TimeEmbedding(64, width)
        self.first = nn.Linear(shape[0] * self.fourier.factor, width)
        self.blocks = _blocks(lambda: DenseBlock(width, width), n_blocks)
        self.last = zero(nn.Linear(width, shape[0]))
        self.n_features = width

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        h, time = self.first(self.fourier(z)), self.time(t)
        for block in self.blocks:
            h = block(h, time)
        return self.last(F.silu(h))

    def features(self, z: Tensor, t: Tensor) -> Tensor:
        """Activations inside the middle block, (n, width)."""
        h, time = self.first(self.fourier(z)), self.time(t)
        middle = len(self.blocks) // 2
        for block in self.blocks[:middle]:
            h = block(h, time)
        return self.blocks[middle].hidden(h, time)


class ResBlock(nn.Module):
    """Norm, conv, + time, norm, dropout, conv that starts at zero; 1x1 shortcut if needed."""

    def __init__(
        self, n_in: int, n_out: int, n_time: int, groups: int = 8, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = group_norm(n_in, groups)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.time = zero(nn.Linear(n_time, n_out, bias=False))
        self.norm2 = group_norm(n_out, groups)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = zero(nn.Conv2d(n_out, n_out, 3, padding=1))
        self.shortcut = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def hidden(self, h: Tensor, time: Tensor) -> Tensor:
        """Input of the second convolution."""
        h = self.conv1(F.silu(self.norm1(h)))
        return self.dropout(F.silu(self.norm2(h + expand_time(self.time(time), h))))

    def forward(self, h: Tensor, time: Tensor) -> Tensor:
        return self.shortcut(h) + self.conv2(self.hidden(h, time))


def expand_time(values: Tensor, like: Tensor) -> Tensor:
    """View (n, channels) as (n, channels, 1, 1)."""
    return values.reshape(*values.shape, *[1] * (like.ndim - 2))


class GlobalBranch(nn.Module):
    """Add to every pixel a dense function of the pooled image, which sees all of it."""

    def __init__(self, width: int, grid: int = 4) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(grid)
        self.layers = nn.Sequential(
            nn.Conv2d(width, 8, 1),
            nn.Flatten(),
            nn.Linear(8 * grid**2, width),
            nn.SiLU(),
            zero(nn.Linear(width, width)),
        )

    def forward(self, h: Tensor) -> Tensor:
        return h + expand_time(self.layers(self.pool(h)), h)


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
        self, shape: tuple[int, ...], fourier: Sequence[float] = (), width=48, n_blocks=3
    ) -> None:
        super().__init__()
        self.fourier = FourierFeatures(fourier)
        self.time = TimeEmbedding(64, 2 * width)
        self.first = nn.Conv2d(shape[0] * self.fourier.factor, width, 3, padding=1)
        self.blocks = _blocks(lambda: ResBlock(width, width, 2 * width), n_blocks)
        self.whole = GlobalBranch(width)
        self.norm = group_norm(width, 8)
        self.last = zero(nn.Conv2d(width, shape[0], 3, padding=1))
        self.n_features = 4 * width

    def _until(self, z: Tensor, time: Tensor, block: int) -> Tensor:
        h = self.first(self.fourier(z))
        for i in range(block):
            h = self.blocks[i](h, time)
            h = self.whole(h) if i == 0 else h
        return h

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        h = self._until(z, self.time(t), len(self.blocks))
        return self.last(F.silu(self.norm(h)))

    def features(self, z: Tensor, t: Tensor) -> Tensor:
        """Activations inside the middle block, pooled to 2 x 2, (n, 4 width)."""
        time, middle = self.time(t), len(self.blocks) // 2
        h = self.blocks[middle].hidden(self._until(z, time, middle), time)
        return F.adaptive_avg_pool2d(h, 2).flatten(1)
