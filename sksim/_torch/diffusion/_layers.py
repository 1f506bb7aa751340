"""Layers of which the denoisers and the encoders' networks are made.

Attention is written out, because the fused kernels have no forward-mode derivative.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "Attention",
    "DenseBlock",
    "FourierFeatures",
    "GlobalBranch",
    "ModulatedBlock",
    "Modulation",
    "ResBlock",
    "TimeEmbedding",
    "expand",
    "group_norm",
    "nth",
    "zero",
]


Layer = TypeVar("Layer", bound=nn.Module)


def expand(values: Tensor, like: Tensor) -> Tensor:
    """View of values (n,) or (n, channels) that broadcasts against ``like`` (n, channels, ...)."""
    return values.reshape(*values.shape, *[1] * (like.ndim - values.ndim))


def group_norm(channels: int, groups: int) -> nn.GroupNorm:
    """At most ``groups`` groups, of four channels at least: in a group of one channel, the norm
    would remove the time embedding that was added to it.
    """
    return nn.GroupNorm(math.gcd(groups, max(channels // 4, 1)), channels)


def nth(activations: Iterable[Tensor], n: int) -> Tensor:
    """The n-th activations; what comes after them is not computed."""
    return next(itertools.islice(activations, n, None))


def zero(layer: Layer) -> Layer:
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

    frequencies: Tensor

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


class Modulation(nn.Module):
    """Shift activations by a linear map of a code, with ``kind="film"`` scale them too.

    It starts as the identity.
    """

    def __init__(self, n_code: int, width: int, kind: str) -> None:
        super().__init__()
        self.scales = kind == "film"
        self.layer = zero(nn.Linear(n_code, 2 * width if self.scales else width))

    def forward(self, h: Tensor, code: Tensor) -> Tensor:
        if not self.scales:
            return h + expand(self.layer(code), h)
        scale, shift = self.layer(code).chunk(2, dim=1)
        return h * (1 + expand(scale, h)) + expand(shift, h)


class ModulatedBlock(nn.Module):
    """A residual block whose normalised activations a code may modulate."""

    modulation: Modulation | None

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.modulation = None

    def modulate(self, h: Tensor, code: Tensor | None) -> Tensor:
        """The activations, if there is no code."""
        return h if code is None or self.modulation is None else self.modulation(h, code)


class DenseBlock(ModulatedBlock):
    """Residual block of two dense layers, conditioned on the time embedding."""

    def __init__(self, width: int, n_time: int) -> None:
        super().__init__(width)
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.time = nn.Linear(n_time, width)
        self.second = zero(nn.Linear(width, width))

    def hidden(self, h: Tensor, time: Tensor, code: Tensor | None = None) -> Tensor:
        """Activations between the two layers."""
        h = self.modulate(self.norm(h), code)
        return F.silu(self.first(F.silu(h)) + self.time(time))

    def join(self, h: Tensor, hidden: Tensor) -> Tensor:
        """The block's result, from its input and the activations inside."""
        return h + self.second(hidden)

    def forward(self, h: Tensor, time: Tensor, code: Tensor | None = None) -> Tensor:
        return self.join(h, self.hidden(h, time, code))


class ResBlock(ModulatedBlock):
    """Norm, conv, + time, norm, dropout, conv that starts at zero; 1x1 shortcut if needed."""

    def __init__(
        self, n_in: int, n_out: int, n_time: int, groups: int = 8, dropout: float = 0.0
    ) -> None:
        super().__init__(n_out)
        self.norm1 = group_norm(n_in, groups)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.time = zero(nn.Linear(n_time, n_out, bias=False))
        self.norm2 = group_norm(n_out, groups)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = zero(nn.Conv2d(n_out, n_out, 3, padding=1))
        self.shortcut = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def hidden(self, h: Tensor, time: Tensor, code: Tensor | None = None) -> Tensor:
        """Input of the second convolution."""
        h = self.conv1(F.silu(self.norm1(h)))
        h = self.modulate(self.norm2(h + expand(self.time(time), h)), code)
        return self.dropout(F.silu(h))

    def join(self, h: Tensor, hidden: Tensor) -> Tensor:
        """The block's result, from its input and the activations inside."""
        return self.shortcut(h) + self.conv2(hidden)

    def forward(self, h: Tensor, time: Tensor, code: Tensor | None = None) -> Tensor:
        return self.join(h, self.hidden(h, time, code))


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
        return h + expand(self.layers(self.pool(h)), h)


class Attention(nn.Module):
    """Single-head self-attention over all pixels, residual, starting at the identity."""

    def __init__(self, width: int, groups: int = 32) -> None:
        super().__init__()
        self.norm = group_norm(width, groups)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = zero(nn.Conv2d(width, width, 1))

    def forward(self, h: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(h)).flatten(2).chunk(3, dim=1)
        weights = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(q.shape[1]), dim=2)
        return h + self.out((v @ weights.transpose(1, 2)).reshape(h.shape))
