"""Noise schedules: the negative log signal-to-noise ratio as a function of time.

``gamma(t) = -log SNR(t)`` increases from ``gamma_min`` at t = 0 (almost no noise) to
``gamma_max`` at t = 1. The process preserves variance: ``alpha^2 = sigmoid(-gamma)``,
``sigma^2 = sigmoid(gamma)``, ``alpha^2 + sigma^2 = 1``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import torch
from torch import Tensor, nn

from sksim._torch.diffusion._protocols import Schedule

__all__ = [
    "LearnedLinearSchedule",
    "LinearSchedule",
    "alpha_sigma",
    "make_schedule",
    "stratified_times",
]


def alpha_sigma(gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Scale of the signal and of the noise; neither is computed as one minus the other."""
    return torch.sigmoid(-gamma).sqrt(), torch.sigmoid(gamma).sqrt()


def stratified_times(n: int, start: Tensor) -> Tensor:
    """Times ``(start + i/n) mod 1``, i = 0..n-1: a grid with one common random offset."""
    return (start + torch.arange(n, device=start.device, dtype=start.dtype) / n) % 1


class LinearSchedule(nn.Module):
    """``gamma(t) = gamma_min + (gamma_max - gamma_min) t``, fixed."""

    learned = False

    def __init__(self, gamma_min: float, gamma_max: float) -> None:
        super().__init__()
        self.gamma_min = gamma_min
        self.gamma_max = gamma_max
        self.span = gamma_max - gamma_min

    def forward(self, t: Tensor) -> Tensor:
        return self.gamma_min + self.span * t

    def ends(self) -> tuple[float, float]:
        """gamma(0) and gamma(1)."""
        return self.gamma_min, self.gamma_max

    def slope(self, t: Tensor) -> Tensor:
        """``d gamma / dt`` at each time."""
        return torch.full_like(t, self.span)

    def extra_repr(self) -> str:
        return f"gamma_min={self.gamma_min:g}, gamma_max={self.gamma_max:g}"


class LearnedLinearSchedule(nn.Module):
    """``gamma(t) = b + |w| t`` with both end points learned from the bound itself."""

    learned = True

    def __init__(self, gamma_min: float, gamma_max: float) -> None:
        super().__init__()
        self.gamma_offset = nn.Parameter(torch.tensor(float(gamma_min)))
        self.gamma_slope = nn.Parameter(torch.tensor(float(gamma_max - gamma_min)))

    def forward(self, t: Tensor) -> Tensor:
        return self.gamma_offset + self.gamma_slope.abs() * t

    def ends(self) -> tuple[float, float]:
        """gamma(0) and gamma(1)."""
        start = float(self.gamma_offset)
        return start, start + abs(float(self.gamma_slope))

    def slope(self, t: Tensor) -> Tensor:
        """``d gamma / dt`` at each time."""
        return self.gamma_slope.abs().expand_as(t)


def make_schedule(name: str, gamma_min: float, gamma_max: float) -> Schedule:
    """Schedule called ``"linear"`` or ``"learned_linear"``."""
    kind = LinearSchedule if name == "linear" else LearnedLinearSchedule
    return kind(gamma_min, gamma_max)
