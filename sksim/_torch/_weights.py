"""Files of weights that run no code when they are read: tensors and plain values only."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["load_state", "read_weights", "write_weights"]

_FORMAT = "sksim diffusion 3"
_FORMAT_2 = "sksim diffusion 2"


def _renamed(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a file of format 2, with the names of today."""
    new = {f"ema.module.{k.removeprefix('average.')}" if k.startswith("average.") else k: w
           for k, w in weights.items()}  # fmt: skip
    return new | {"ema.n_averaged": new.pop("n_updates") + 1}


def write_weights(module: nn.Module, facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the weights of a module, and plain facts about it."""
    torch.save({"format": _FORMAT, **facts, "weights": module.state_dict()}, path)


def read_weights(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read such a file to the CPU; ValueError if it is another one."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or state.get("format") not in (_FORMAT, _FORMAT_2):
        raise ValueError(f"{path} is not a file that save_weights wrote.")
    if state["format"] == _FORMAT_2:
        state["weights"] = _renamed(state["weights"])
    return state


def load_state(module: nn.Module, weights: dict[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Load the weights into a module; ValueError if they do not fit."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the parameters: {error}") from error
