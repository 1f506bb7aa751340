"""Files of weights that run no code when they are read: tensors and plain values only."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import torch
from torch import nn

__all__ = ["load_state", "read_weights", "write_weights"]

_FORMAT = "sksim diffusion 2"


def write_weights(module: nn.Module, facts: dict, path) -> None:
    """Write the weights of a module, and plain facts about it."""
    torch.save({"format": _FORMAT, **facts, "weights": module.state_dict()}, path)


def read_weights(path) -> dict:
    """Read such a file to the CPU; ValueError if it is another one."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise ValueError(f"{path} is not a file that save_weights wrote.")
    return state


def load_state(module: nn.Module, weights: dict, path) -> None:
    """Load the weights into a module; ValueError if they do not fit."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the parameters: {error}") from error
