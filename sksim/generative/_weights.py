"""Files of weights that run no code when they are read."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import asdict

from sksim.utils._optional import import_optional

__all__ = ["load_state", "read_weights", "write_weights"]

_FORMAT = "sksim diffusion 1"


def write_weights(estimator, path) -> None:
    """Write tensors and plain values of a fitted estimator."""
    import torch

    steps = estimator._steps()
    state = {
        "format": _FORMAT,
        "data": asdict(estimator._data),
        "second_moment": estimator._second_moment,
        "feature_names_in": list(getattr(estimator, "feature_names_in_", [])),
        "history": estimator.history_,
        "steps": None if steps is None else [part.tolist() for part in steps],
        "weights": estimator.net_.module_.state_dict(),
    }
    torch.save(state, path)


def read_weights(path, name: str) -> dict:
    """Read such a file to the CPU; ValueError if it is another one."""
    torch = import_optional("torch", extra="torch", purpose=name)
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise ValueError(f"{path} is no file of save_weights.")
    return state


def load_state(module, weights: dict, path) -> None:
    """Load the weights into a module; ValueError if they do not fit."""
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"The weights in {path} do not fit the parameters: {error}") from error
