"""Inference in float64 on blocks of rows, whatever the training was in."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from sklearn.utils import gen_batches
from torch import Tensor, nn

__all__ = ["BLOCK", "exact_copy", "in_blocks"]

BLOCK = 1024  # rows

Network = TypeVar("Network", bound=nn.Module)


def exact_copy(module: Network) -> Network:
    """A copy of a network in float64, on its device where that has float64."""
    model = copy.deepcopy(module).eval()
    device = next(model.parameters()).device
    return model.to(device="cpu" if device.type == "mps" else device).double()


@torch.no_grad()
def in_blocks(
    function: Callable[[Tensor], Tensor], model: nn.Module, X: np.ndarray, *, n_rows: int = BLOCK
) -> np.ndarray:
    """``function`` of the rows in float64, in blocks that bound the memory."""
    device = next(model.parameters()).device
    parts = (X[rows] for rows in gen_batches(len(X), n_rows))
    pieces = [function(torch.tensor(x, dtype=torch.float64, device=device)).cpu() for x in parts]
    return torch.cat(pieces).numpy()
