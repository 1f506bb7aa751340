"""Files of weights of a module, with plain facts about it."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
import re
from typing import Any

import torch
from torch import Tensor, nn

from sksim._torch._archive import InvalidFileError, read_archive, write_archive

__all__ = ["InvalidFileError", "load_state", "read_weights", "write_weights"]

#: The formats of each kind of file that can be read; the last one is written.
_FORMATS = {
    "diffusion": ("sksim diffusion 2", "sksim diffusion 3", "sksim diffusion 4"),
    "encoder": ("sksim encoder 1",),
}
#: Without a seal.
_UNSEALED = ("sksim diffusion 2", "sksim diffusion 3")
#: The average without torch's wrapper, which counts from one.
_UNWRAPPED = "sksim diffusion 2"


def write_weights(
    module: nn.Module, facts: dict[str, Any], path: str | os.PathLike[str], *, kind: str
) -> None:
    """Write the weights of a module, and plain facts about it; ValueError if they are unsound."""
    unsound = _unsound_tensor(module)
    if unsound:
        raise ValueError(f"{unsound}. Nothing was written to {path}.")
    write_archive({"format": _FORMATS[kind][-1], **facts, "weights": module.state_dict()}, path)


def read_weights(path: str | os.PathLike[str], *, kind: str) -> dict[str, Any]:
    """Read such a file to the CPU; InvalidFileError if it is another one or not whole."""
    state, is_sealed = read_archive(path)
    found = state.get("format") if isinstance(state, dict) else None
    if not isinstance(found, str) or not found.startswith("sksim "):
        raise InvalidFileError(f"{path} is not a file that save_weights wrote.")
    known = _FORMATS[kind]
    if found not in known:
        span = " to ".join(map(repr, dict.fromkeys([known[0], known[-1]])))
        raise InvalidFileError(
            f"The field 'format' of {path} is {found!r}; this release reads {span}."
        )
    if found not in _UNSEALED and not is_sealed:
        raise InvalidFileError(
            f"{path} was changed or cut after it was written: the checksum at its end is missing."
        )
    weights = state.get("weights")
    if not isinstance(weights, dict) or not all(isinstance(name, str) for name in weights):
        raise InvalidFileError(f"The field 'weights' of {path} must hold tensors by their names.")
    if found == _UNWRAPPED:
        n_updates = weights.pop("n_updates", None)
        if not isinstance(n_updates, Tensor):
            raise InvalidFileError(f"The field 'weights.n_updates' of {path} must be a tensor.")
        new = {re.sub(r"^average\.", "ema.module.", name): w for name, w in weights.items()}
        state["weights"] = new | {"ema.n_averaged": n_updates + 1}
    return state


def load_state(module: nn.Module, weights: dict[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Load the weights into a new module; ValueError if they do not fit or are unsound."""
    own = module.state_dict()
    for name in own.keys() & weights.keys():
        # load_state_dict would convert another type in silence.
        ours, theirs = getattr(own[name], "dtype", None), getattr(weights[name], "dtype", None)
        if ours != theirs:
            raise InvalidFileError(
                f"The field 'weights.{name}' of {path} must have the type {ours}, got {theirs}."
            )
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the parameters: {error}") from error
    unsound = _unsound_tensor(module)
    if unsound:
        raise InvalidFileError(f"{path} cannot be used: {unsound}.")


def _unsound_tensor(module: nn.Module) -> str:
    """The first tensor with NaN, or with infinity unless it is a buffer, such as a mask."""
    for name, parameter in module.named_parameters():
        if not torch.isfinite(parameter).all():
            return f"The field 'weights.{name}' holds NaN or infinity"
    for name, buffer in module.named_buffers():
        if torch.isnan(buffer).any():
            return f"The field 'weights.{name}' holds NaN"
    return ""
