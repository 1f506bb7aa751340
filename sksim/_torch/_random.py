"""Random numbers of networks: streams of their own, beside torch's process-wide generator.

Inside ``stream.active()`` the code of sksim asks :func:`generator` where to draw from. Code that
knows the process-wide generator only (the initialisation of a layer, dropout, networks and
callbacks of the user) runs in ``stream.active(foreign=True)``: a mode of torch, which belongs to
the calling thread alone, gives the stream's generator to every random function that is called.
The mode makes each call of torch dearer by some microseconds, so that the training of sksim's own
networks without dropout does without it.

A few functions draw inside C++ and take no generator (dropout in attention and in recurrent
layers, ...). For such a call the process-wide generator is lent under a lock, and given back: two
fits never disturb each other; only draws of other code, in another thread, from the process-wide
generator at that very moment can be.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.utils import check_random_state
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from sksim.utils._typing import RandomState

__all__ = ["RandomStream", "draws_on_its_own", "generator", "same_draws"]

_running = threading.local()
_process_wide = threading.RLock()


def _named(module: Any, *names: str) -> set[Callable[..., Any]]:
    """Those of the functions that this release of torch has."""
    return {getattr(module, name) for name in names if hasattr(module, name)}


_TAKE_GENERATOR = frozenset(
    _named(torch, "rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial")
    | _named(torch, "poisson", "binomial")
    | _named(Tensor, "bernoulli", "multinomial", "bernoulli_", "cauchy_", "exponential_")
    | _named(Tensor, "geometric_", "log_normal_", "normal_", "random_", "uniform_")
    | _named(nn.init, "uniform_", "normal_", "kaiming_uniform_")  # the others call those above
)
_KNOW_THE_PROCESS_WIDE = frozenset(
    _named(torch, "rand_like", "randn_like", "randint_like", "dropout", "dropout_", "alpha_dropout")
    | _named(torch, "alpha_dropout_", "feature_dropout", "feature_dropout_", "native_dropout")
    | _named(torch, "feature_alpha_dropout", "feature_alpha_dropout_", "rrelu", "rrelu_")
    | _named(torch, "lstm", "gru", "rnn_tanh", "rnn_relu")
    | _named(F, "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
    | _named(F, "rrelu", "gumbel_softmax", "fractional_max_pool2d", "fractional_max_pool3d")
    | _named(F, "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices")
    | _named(F, "scaled_dot_product_attention", "multi_head_attention_forward")
    | _named(torch, "_standard_gamma", "_sample_dirichlet")
)
_LAYERS_THAT_DRAW = (nn.RNNBase, nn.MultiheadAttention, nn.RReLU, nn.FractionalMaxPool2d)
_DETERMINISTIC = ("sksim.", "torch.", "skorch.")


class RandomStream:
    """Generators of torch with a seed from ``random_state``, which go on over fits.

    The stream goes on where it stopped, so that two fits of one epoch each equal one fit of two
    epochs. The global generators of torch and NumPy are not touched.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        Source of the seed, as in scikit-learn.
    device : str
        The device, resolved; there is a generator for it and one for the CPU.
    """

    _is_lent = False

    def __init__(self, random_state: RandomState, device: str = "cpu") -> None:
        self.seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        own = [device] if device.startswith(("cuda", "mps")) else []
        self._generators = {
            torch.device(name).type: torch.Generator(name).manual_seed(self.seed)
            for name in ["cpu", *own]
        }

    def generator(self, device: str | torch.device = "cpu") -> torch.Generator | None:
        """The generator for tensors of a device; None where there is none."""
        return self._generators.get(torch.device(device).type)

    def state_dict(self) -> dict[str, Tensor]:
        """State of each generator, by the type of its device."""
        if self._is_lent:
            self._take_back()
        return {name: one.get_state() for name, one in self._generators.items()}

    def load_state_dict(self, states: Mapping[str, Tensor]) -> None:
        """Go on where another stream was; states for devices that are not here are left out."""
        for name, state in states.items():
            if name in self._generators:
                self._generators[name].set_state(state)
        if self._is_lent:
            self._give()

    @contextmanager
    def active(self, *, foreign: bool = False, compiled: bool = False) -> Iterator[None]:
        """Draw from the stream in the enclosed code, in this thread.

        Parameters
        ----------
        foreign : bool, default=False
            Whether some of the code knows the process-wide generator only.
        compiled : bool, default=False
            Whether some of it is compiled: lends the process-wide generator all the time, so
            that fits in threads wait for each other.
        """
        with ExitStack() as stack:
            # Ctrl-C may come where torch itself would have turned the gradients on again.
            stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
            if compiled:
                stack.enter_context(self._lent())
            elif foreign:
                stack.enter_context(_ForeignDraws(self))
            before = getattr(_running, "stream", None)
            _running.stream = None if compiled else self
            try:
                yield
            finally:
                _running.stream = before

    @contextmanager
    def _lent(self) -> Iterator[None]:
        """Run the process-wide generators on this stream, and give them back."""
        devices = [self._generators["cuda"].device] if "cuda" in self._generators else []
        with _process_wide, torch.random.fork_rng(devices=devices):
            self._give()
            self._is_lent = True
            try:
                yield
            finally:
                self._is_lent = False
                self._take_back()

    def _give(self) -> None:
        torch.set_rng_state(self._generators["cpu"].get_state())
        if "cuda" in self._generators:
            own = self._generators["cuda"]
            torch.cuda.set_rng_state(own.get_state(), own.device)

    def _take_back(self) -> None:
        self._generators["cpu"].set_state(torch.get_rng_state())
        if "cuda" in self._generators:
            own = self._generators["cuda"]
            own.set_state(torch.cuda.get_rng_state(own.device))

    def __getstate__(self) -> dict[str, Any]:
        devices = [str(one.device) for one in self._generators.values()]
        states = [one.get_state().numpy() for one in self._generators.values()]
        return {"seed": self.seed, "devices": devices, "states": states}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.seed, self._generators = state["seed"], {}
        for device, values in zip(state["devices"], state["states"]):
            if not device.startswith("cuda") or torch.cuda.is_available():
                made = torch.Generator(device)
                made.set_state(torch.from_numpy(values.copy()))
                self._generators[torch.device(device).type] = made


class _ForeignDraws(TorchFunctionMode):
    """Random functions that this thread calls without a generator draw from the stream."""

    def __init__(self, stream: RandomStream) -> None:
        super().__init__()
        self.stream = stream

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in _TAKE_GENERATOR and kwargs.get("generator") is None:
            kwargs = kwargs | {"generator": self.stream.generator(_device_of(args, kwargs))}
        elif func is F.dropout:
            return self._dropout(*args, **kwargs)
        elif func in _KNOW_THE_PROCESS_WIDE:
            with self.stream._lent():
                return func(*args, **kwargs)
        return func(*args, **kwargs)

    def _dropout(
        self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or p in (0, 1):
            return F.dropout(input, p, training, inplace)
        kept = torch.empty_like(input).bernoulli_(
            1 - p, generator=self.stream.generator(input.device)
        )
        kept.div_(1 - p)
        return input.mul_(kept) if inplace else input * kept


def _device_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | torch.device:
    """Where the result of a random function will be."""
    if kwargs.get("device") is not None:
        return kwargs["device"]
    tensors = [one for one in [*args, *kwargs.values()] if isinstance(one, Tensor)]
    return tensors[0].device if tensors else torch.get_default_device()


def generator(device: str | torch.device = "cpu") -> torch.Generator | None:
    """Generator of the stream on which this thread runs; None, the process-wide one, outside."""
    stream = getattr(_running, "stream", None)
    return None if stream is None else stream.generator(device)


@contextmanager
def same_draws(device: torch.device) -> Iterator[None]:
    """What is drawn inside will be drawn again after it."""
    stream = getattr(_running, "stream", None)
    if stream is None:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
        return
    states = stream.state_dict()
    yield
    stream.load_state_dict(states)


def draws_on_its_own(thing: object) -> bool:
    """Whether a network or callback may draw, in training, from the process-wide generator.

    That is so for everything that is not of sksim, torch or skorch, and for some layers.
    """
    if not isinstance(thing, nn.Module):
        return not type(thing).__module__.startswith(_DETERMINISTIC)
    return any(
        not type(one).__module__.startswith(_DETERMINISTIC)
        or isinstance(one, _LAYERS_THAT_DRAW)
        or (isinstance(one, nn.modules.dropout._DropoutNd) and one.p > 0)
        for one in thing.modules()
    )
