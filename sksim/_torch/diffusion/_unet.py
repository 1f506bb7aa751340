"""The networks of the papers: a denoiser without resolution changes, an encoder with two levels.

Kingma et al. (2021) and Nielsen et al. (2024).
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.diffusion._encoder_networks import bounded
from sksim._torch.diffusion._layers import (
    Attention,
    FourierFeatures,
    ResBlock,
    TimeEmbedding,
    group_norm,
    nth,
    zero,
)

__all__ = ["UNetDenoiser", "UNetEncoder"]


class UNetDenoiser(nn.Module):
    """The score network of the papers, at full resolution throughout.

    Parameters
    ----------
    shape : tuple (channels, height, width)
        Shape of a sample.
    fourier : sequence of float, default=(6, 7)
        Exponents of the Fourier features.
    width : int, default=128
        Number of channels.
    n_layers : int, default=8
        Residual blocks on the way down; there is one more on the way up.
    dropout : float, default=0.1
        Dropout inside the residual blocks.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        fourier: Sequence[float] = (6, 7),
        width: int = 128,
        n_layers: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()

        def block(n_in: int) -> ResBlock:
            return ResBlock(n_in, width, 4 * width, groups=32, dropout=dropout)

        self.fourier = FourierFeatures(fourier)
        self.time = TimeEmbedding(width, 4 * width)
        self.first = nn.Conv2d(shape[0] * self.fourier.factor, width, 3, padding=1)
        self.down = nn.ModuleList([block(width) for _ in range(n_layers)])
        self.before, self.after = block(width), block(width)
        self.attention = Attention(width)
        self.up = nn.ModuleList([block(2 * width) for _ in range(n_layers + 1)])
        self.norm = group_norm(width, 32)
        self.last = zero(nn.Conv2d(width, shape[0], 3, padding=1))
        self.n_features = 4 * width

    def forward(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        time = self.time(t)
        levels = [self.first(self.fourier(z))]
        for block in self.down:
            levels.append(block(levels[-1], time, code))
        h = self.after(self.attention(self.before(levels[-1], time, code)), time, code)
        for block in self.up:
            h = block(torch.cat([h, levels.pop()], dim=1), time, code)
        return self.last(F.silu(self.norm(h)))

    @property
    def middle(self) -> int:
        """The block of the features: that after the attention."""
        return len(self.down) + 1

    def activations(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Iterator[Tensor]:
        """Activations inside each block, (n, width, ...): down, two in the middle, up."""
        time = self.time(t)
        levels = [self.first(self.fourier(z))]
        for block in [*self.down, self.before]:
            hidden = cast(ResBlock, block).hidden(levels[-1], time, code)
            yield hidden
            levels.append(cast(ResBlock, block).join(levels[-1], hidden))
        h = self.attention(levels.pop())
        for block in [self.after, *self.up]:
            h = h if block is self.after else torch.cat([h, levels.pop()], dim=1)
            hidden = cast(ResBlock, block).hidden(h, time, code)
            yield hidden
            h = cast(ResBlock, block).join(h, hidden)

    def features(self, z: Tensor, t: Tensor, code: Tensor | None = None) -> Tensor:
        """Activations inside the block after the attention, pooled to 2 x 2, (n, 4 width)."""
        return F.adaptive_avg_pool2d(nth(self.activations(z, t, code), self.middle), 2).flatten(1)


class UNetEncoder(nn.Module):
    """The encoder of Nielsen et al.: two levels with max-pooling, 64 and 128 channels.

    The result is a bounded convolution that starts at zero. Fourier features are not used.

    Parameters
    ----------
    shape : tuple (channels, height, width)
        Shape of a sample; height and width even.
    width : int, default=64
        Channels of the upper level; the lower one has twice as many.
    n_layers : int, default=1
        Residual blocks in a level.
    dropout : float, default=0.1
        Dropout inside the residual blocks.
    reach : float, default=1.0
        Largest value of the result.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int = 64,
        n_layers: int = 1,
        dropout: float = 0.1,
        reach: float = 1.0,
    ) -> None:
        super().__init__()
        self.reach = reach
        if shape[1] % 2 or shape[2] % 2:
            raise ValueError(f"The unet encoder needs an even height and width, got {shape[1:]}.")

        def block(n_in: int, n_out: int) -> ResBlock:
            return ResBlock(n_in, n_out, 4 * width, groups=16, dropout=dropout)

        low = 2 * width
        self.time = TimeEmbedding(width, 4 * width)
        self.first = nn.Conv2d(shape[0], width, 3, padding=1)
        self.down = nn.ModuleList([block(width, width) for _ in range(n_layers)])
        self.widen = block(width, low)
        self.before, self.after = block(low, low), block(low, low)
        self.attention = Attention(low, groups=16)
        self.enlarge = nn.ConvTranspose2d(low, width, 2, stride=2)
        self.join = block(2 * width, width)
        self.up = nn.ModuleList([block(width, width) for _ in range(n_layers - 1)])
        self.norm = group_norm(width, 16)
        self.last = zero(nn.Conv2d(width, shape[0], 3, padding=1))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        time = self.time(t)
        top = self.first(x)
        for block in self.down:
            top = block(top, time)
        h = self.before(self.widen(F.max_pool2d(top, 2), time), time)
        h = self.enlarge(self.after(self.attention(h), time))
        h = self.join(torch.cat([h, top], dim=1), time)
        for block in self.up:
            h = block(h, time)
        return bounded(self.last(F.silu(self.norm(h))), self.reach)
