"""The moving average of a model's weights, with which everything but training is done."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from sksim._torch.diffusion._model import Diffusion

__all__ = ["Averaged"]


class Averaged(nn.Module):
    """A model and the moving average of its weights: trains the one, evaluates the other.

    The average begins at the initial weights, and forgets at the rate
    ``min(decay, (1 + n) / (10 + n))`` after n updates, so that a short training is not held back
    by them. Buffers, such as running means, are copied.
    """

    def __init__(self, model: Diffusion, decay: float) -> None:
        super().__init__()
        self.model = model
        self.decay = decay
        self.ema = AveragedModel(model).requires_grad_(False)
        self.ema.n_averaged.fill_(1)  # the initial weights; torch would overwrite them

    @property
    def average(self) -> Diffusion:
        """The averaged model."""
        return cast(Diffusion, self.ema.module)

    @property
    def n_updates(self) -> int:
        """Number of training steps."""
        return int(self.ema.n_averaged) - 1

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.training else self.average(x)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """The number of updates stays on the processor: no step waits for a GPU to say it."""
        super()._apply(fn, recurse)
        self.ema.n_averaged = self.ema.n_averaged.to("cpu")
        return self

    def train(self, mode: bool = True) -> Self:
        """Set the mode; skorch does so in each step, though it is set but for the first one."""
        if self.training == self.model.training == self.average.training == mode:
            return self
        return super().train(mode)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the model; torch's own update, without its general cases."""
        n = self.n_updates + 1
        decay = min(self.decay, n / (9 + n))
        averages: list[Tensor] = list(self.average.parameters())
        weights: list[Tensor] = list(self.model.parameters())
        torch._foreach_lerp_(averages, weights, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.model.buffers(), strict=True):
            average.copy_(buffer)
        self.ema.n_averaged += 1
