"""Files of weights that run no code when they are read: tensors and plain values only."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["load_state", "read_weights", "write_weights"]

_FORMAT = "sksim diffusion 3"
_FORMAT_2 = "sksim diffusion 2"


def write_weights(module: nn.Module, facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the weights of a module, and plain facts about it."""
    torch.save({"format": _FORMAT, **facts, "weights": module.state_dict()}, path)


def read_weights(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read such a file to the CPU; ValueError if it is another one."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or state.get("format") not in (_FORMAT, _FORMAT_2):
        raise ValueError(f"{path} is not a file that save_weights wrote.")
    if state["format"] == _FORMAT_2:  # the average without torch's wrapper, which counts from one
        old = state["weights"]
        n_averaged = old.pop("n_updates") + 1
        new = {re.sub(r"^average\.", "ema.module.", name): w for name, w in old.items()}
        state["weights"] = new | {"ema.n_averaged": n_averaged}
    return state


def load_state(module: nn.Module, weights: dict[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Load the weights into a module; ValueError if they do not fit."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the parameters: {error}") from error
