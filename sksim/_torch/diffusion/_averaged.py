"""The moving average of a model's weights, with which everything but training is done."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sksim._torch.diffusion._model import Diffusion

__all__ = ["Averaged"]


def _warmed_up(
    averages: Sequence[Tensor], weights: Sequence[Tensor], n_averaged: Tensor, *, decay: float
) -> None:
    """Moving average of torch at the rate ``min(decay, n / (9 + n))``, n models being averaged."""
    n = int(n_averaged)
    get_ema_multi_avg_fn(min(decay, n / (9 + n)))(averages, weights, n_averaged)


class Averaged(nn.Module):
    """A model and the moving average of its weights: trains the one, evaluates the other.

    The average begins at the initial weights, and forgets at the rate
    ``min(decay, (1 + n) / (10 + n))`` after n updates, so that a short training is not held back
    by them. Buffers, such as running means, are copied.
    """

    def __init__(self, model: Diffusion, decay: float) -> None:
        super().__init__()
        self.model = model
        # A partial of a function, which can be pickled: torch's own averages are closures.
        update = functools.partial(_warmed_up, decay=decay)
        self.ema = AveragedModel(model, multi_avg_fn=update).requires_grad_(False)
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

    def update(self) -> None:
        """Move the average towards the model."""
        self.ema.update_parameters(self.model)
