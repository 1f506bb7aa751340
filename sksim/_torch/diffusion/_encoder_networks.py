"""Small networks y(x, t) for the trainable encoder.

The time is given as low, smooth frequencies, because the loss holds the derivative in time, and
it enters behind the first layers, so that the derivative runs through the last layers only.
Both start at y = 0 and end in ``r tanh(h / r)``, whose reach r is that of the data.

Both carry the derivative in time along, as ``value_and_slope``: the chain rule from the time on,
which costs less than differentiating a differentiation.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.diffusion._layers import GlobalBranch, expand, zero

__all__ = ["ConvEncoder", "MLPEncoder", "SmoothTime", "bounded"]


def bounded(h: Tensor, reach: float) -> Tensor:
    """``r tanh(h / r)``: h near zero, never beyond the reach r."""
    return reach * torch.tanh(h / reach)


def _bounded_slope(y: Tensor, slope: Tensor, reach: float) -> Tensor:
    """Derivative of y = bounded(h, reach), from that of h."""
    return slope * (1 - (y / reach) ** 2)


def _silu_slope(h: Tensor, slope: Tensor) -> Tensor:
    """Derivative of silu(h), from that of h."""
    s = torch.sigmoid(h)
    return slope * (s * (1 + h * (1 - s)))


class SmoothTime(nn.Module):
    """``sin`` and ``cos`` of ``pi 2^k t``, k = -1..2, then one dense layer for each user."""

    frequencies: Tensor

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        frequencies = math.pi * 2.0 ** torch.arange(-1, 3)
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.layer = nn.Linear(2 * len(frequencies), sum(widths))
        self.widths = list(widths)

    def forward(self, t: Tensor) -> tuple[Tensor, ...]:
        waves = t.unsqueeze(1) * self.frequencies
        return self.layer(torch.cat([waves.sin(), waves.cos()], dim=1)).split(self.widths, dim=1)

    def slopes(self, t: Tensor) -> tuple[Tensor, ...]:
        """Derivatives of the results in t."""
        waves, f = t.unsqueeze(1) * self.frequencies, self.frequencies
        features = torch.cat([f * waves.cos(), -f * waves.sin()], dim=1)
        return F.linear(features, self.layer.weight).split(self.widths, dim=1)


class MLPEncoder(nn.Module):
    """Three dense layers, the time entering at the last two.

    Parameters
    ----------
    shape : tuple (n_features,)
        Shape of a sample.
    width : int, default=64
        Width of the hidden layers.
    reach : float, default=1.0
        Largest value of the result.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 64, reach: float = 1.0) -> None:
        super().__init__()
        self.reach = reach
        self.time = SmoothTime((width, width))
        self.trunk = nn.Linear(shape[0], width)
        self.middle = nn.Linear(width, width)
        self.last = zero(nn.Linear(width, shape[0]))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        early, late = self.time(t)
        h = F.silu(self.trunk(x) + early)
        return bounded(self.last(F.silu(self.middle(h) + late)), self.reach)

    def value_and_slope(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """y(x, t) and dy/dt."""
        (early, late), (d_early, d_late) = self.time(t), self.time.slopes(t)
        first = self.trunk(x) + early
        second = self.middle(F.silu(first)) + late
        y = bounded(self.last(F.silu(second)), self.reach)
        slope = F.linear(_silu_slope(first, d_early), self.middle.weight) + d_late
        slope = F.linear(_silu_slope(second, slope), self.last.weight)
        return y, _bounded_slope(y, slope, self.reach)


class ConvEncoder(nn.Module):
    """Four convolutions and a look at the whole image, the time entering before the last one.

    Parameters
    ----------
    shape : tuple (channels, height, width)
        Shape of a sample.
    width : int, default=16
        Number of channels.
    reach : float, default=1.0
        Largest value of the result.
    """

    def __init__(self, shape: tuple[int, ...], width: int = 16, reach: float = 1.0) -> None:
        super().__init__()
        self.reach = reach
        self.time = SmoothTime((width, width))
        self.trunk = nn.Sequential(
            nn.Conv2d(shape[0], width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            GlobalBranch(width),
        )
        self.middle = nn.Conv2d(width, width, 3, padding=1)
        self.last = zero(nn.Conv2d(width, shape[0], 3, padding=1))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.from_trunk(self.trunk(x), t)

    def from_trunk(self, h: Tensor, t: Tensor) -> Tensor:
        """y(x, t) from the trunk of x, into which no time enters."""
        early, late = (expand(e, h) for e in self.time(t))
        h = F.silu(h + early)
        return bounded(self.last(F.silu(self.middle(h) + late)), self.reach)

    def value_and_slope(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """y(x, t) and dy/dt."""
        return self.slope_from_trunk(self.trunk(x), t)

    def slope_from_trunk(self, h: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """y(x, t) and dy/dt from the trunk of x."""
        early, late, d_early, d_late = (expand(e, h) for e in (*self.time(t), *self.time.slopes(t)))
        first = h + early
        second = self.middle(F.silu(first)) + late
        y = bounded(self.last(F.silu(second)), self.reach)
        slope = F.conv2d(_silu_slope(first, d_early), self.middle.weight, padding=1) + d_late
        slope = F.conv2d(_silu_slope(second, slope), self.last.weight, padding=1)
        return y, _bounded_slope(y, slope, self.reach)
