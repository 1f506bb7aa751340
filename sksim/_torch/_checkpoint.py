"""The whole state of a training in a file, so that a killed one goes on as if nothing had been.

The file is written at the end of an epoch, whole or not at all, and holds tensors and plain values
only: reading it runs no code. It belongs to one fit, from its beginning, of certain parameters to
certain data, and says so when it is met by another one.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import hashlib
import numbers
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from skorch import NeuralNet
from torch import Tensor

from sksim._torch._archive import read_archive, write_archive
from sksim._torch._random import RandomStream

__all__ = ["TrainingCheckpoint", "make_checkpoint", "digest_of"]

_FORMAT = "sksim checkpoint 1"
_FILE = "checkpoint.pt"
#: Parameters that may change before training goes on: they do not change its steps, or not the
#: past ones. What a teacher says is part of the data.
_OPEN = frozenset(
    {"checkpoint", "checkpoint_minutes", "max_epochs", "warm_start", "verbose", "device", "compile"}
    | {"n_score_steps", "n_sample_steps", "representation", "depth", "teacher", "embedding"}
)


def _describe(value: Any) -> str:
    """A value as text that is the same in another process."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_describe(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_describe, value)) + "]"
    if value is None or isinstance(value, bool | str | numbers.Number):
        return repr(value)
    if isinstance(value, np.ndarray):
        return f"array {digest_of([value])}"
    name = type(value).__qualname__
    if not hasattr(value, "get_params"):
        return name
    public = {k: v for k, v in vars(value).items() if not k.startswith("_") and k[-1] != "_"}
    return f"{name}({_describe(public)})"


def digest_of(arrays: Sequence[np.ndarray | None]) -> str:
    """Checksum of the types, shapes and values of arrays."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        if array is not None:
            digest.update(f"{array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """The value as tensors and plain values; ``...`` for what is neither."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str | Tensor):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items() if _plain(one) is not ...}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value if _plain(one) is not ...]
    return ...


def _callback_state(callback: Any) -> dict[str, Any]:
    """What a callback gathered: its ``state_dict()``, or its attributes with a last underscore.

    The scheduler inside skorch's ``LRScheduler`` is one of those with a ``state_dict``.
    """
    if hasattr(callback, "state_dict"):
        return {"state_dict": _plain(callback.state_dict())}
    state = {}
    for name, value in vars(callback).items():
        if name.endswith("_") and not name.startswith("_") and not isinstance(value, type):
            state[name] = _callback_state(value) if hasattr(value, "state_dict") else _plain(value)
    return {name: value for name, value in state.items() if value is not ...}


def _restore_callback(callback: Any, state: Mapping[str, Any]) -> None:
    if hasattr(callback, "load_state_dict"):
        callback.load_state_dict(state["state_dict"])
        return
    for name, value in state.items():
        inner = getattr(callback, name, None)
        if hasattr(inner, "load_state_dict"):
            _restore_callback(inner, value)
        else:
            setattr(callback, name, value)


class TrainingCheckpoint:
    """File of the state of one training.

    Parameters
    ----------
    folder : str or path-like
        Made if it is not there.
    minutes : float
        Time between two writings; 0 writes after each epoch. The last epoch is always written.
    stream : RandomStream
        The random stream of the training.
    parameters : dict of str
        What the training depends on, as text.
    data : str
        Checksum of the data.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        minutes: float,
        stream: RandomStream,
        parameters: dict[str, str],
        data: str,
    ) -> None:
        self.path = Path(folder) / _FILE
        self.minutes = minutes
        self.stream = stream
        self.parameters = parameters
        self.data = data

    def resume(self, net: NeuralNet, n_epochs: int) -> int:
        """Put the state, if there is one, into a net whose training has begun; the epochs left."""
        self.n_epochs = n_epochs
        self.written_at = time.monotonic()
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return n_epochs
        state = self._read()
        self._check(state, n_epochs)
        net.module_.load_state_dict(state["weights"])
        net.optimizer_.load_state_dict(state["optimizer"])
        net.history = type(net.history)(state["history"])
        for name, callback in net.callbacks_:
            _restore_callback(callback, state["callbacks"][name])
        self.stream.load_state_dict(state["stream"])
        return 0 if state["stopped"] else n_epochs - len(net.history)

    def epoch_ended(self, net: NeuralNet, *, stopped: bool = False) -> None:
        """Write the state, if it is time to."""
        is_last = stopped or len(net.history) >= self.n_epochs
        if is_last or time.monotonic() - self.written_at >= 60 * self.minutes:
            self._write(net, stopped)
            self.written_at = time.monotonic()

    def _write(self, net: NeuralNet, stopped: bool) -> None:
        # Of the batches only the first is needed, by the warning of divergence.
        history = [row | {"batches": row["batches"][:1]} for row in net.history]
        state = {
            "format": _FORMAT,
            "parameters": self.parameters,
            "data": self.data,
            "stopped": stopped,
            "weights": net.module_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "history": _plain(history),
            "callbacks": {name: _callback_state(callback) for name, callback in net.callbacks_},
            "stream": self.stream.state_dict(),
        }
        write_archive(state, self.path)

    def _read(self) -> dict[str, Any]:
        state, is_sealed = read_archive(self.path)
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            raise ValueError(f"{self.path} is not a checkpoint of this version of sksim.")
        if not is_sealed:
            raise ValueError(f"{self.path} is damaged: the checksum at its end is missing.")
        return state

    def _check(self, state: Mapping[str, Any], n_epochs: int) -> None:
        """ValueError for the checkpoint of another training."""
        ours, theirs = self.parameters, state["parameters"]
        names = sorted({*ours, *theirs})
        other_data = state["data"] != self.data
        if other_data:  # of which a network may take statistics before it is trained
            names.remove("initial weights")
        if ours["estimator"] != theirs["estimator"]:
            names = ["estimator"]
        changed = [
            f"{name} ({theirs.get(name)} there, {ours.get(name)} here)"
            for name in names
            if ours.get(name) != theirs.get(name)
        ]
        if other_data:
            changed.append("the data")
        if len(state["history"]) > n_epochs:
            changed.append(f"max_epochs ({len(state['history'])} epochs there, {n_epochs} here)")
        if changed:
            raise ValueError(
                f"The checkpoint {self.path} belongs to another training, which differs in "
                f"{', '.join(changed)}. Use one folder for each fit, or remove the file to begin "
                "anew."
            )


def make_checkpoint(
    estimator: Any, net: NeuralNet, stream: RandomStream, arrays: Sequence[np.ndarray | None]
) -> TrainingCheckpoint | None:
    """The checkpoint that an estimator asks for, of a fresh net and the data; None if it does not.

    Raises
    ------
    ValueError
        Unless ``random_state`` is an integer: nothing else is the same in the next process.
    """
    if estimator.checkpoint is None:
        return None
    if not isinstance(estimator.random_state, numbers.Integral):
        raise ValueError(
            "checkpoint needs an integer as random_state, so that training can go on in another "
            f"process, got random_state={estimator.random_state!r}."
        )
    parameters = estimator.get_params(deep=False)
    described = {k: _describe(v) for k, v in parameters.items() if k not in _OPEN}
    # What the text does not tell, such as the weights of a user's module.
    weights = [w.detach().cpu().float().numpy() for w in net.module_.state_dict().values()]
    described |= {"estimator": type(estimator).__name__, "initial weights": digest_of(weights)}
    return TrainingCheckpoint(
        estimator.checkpoint, estimator.checkpoint_minutes, stream, described, digest_of(arrays)
    )
