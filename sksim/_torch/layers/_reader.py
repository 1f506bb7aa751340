"""Reading what layers of a network put out, by forward hooks that never stay behind."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from sksim._torch.layers._inputs import Inputs, n_rows, padding_mask, rows_of, to_network
from sksim._torch.layers._pooling import CHANNELS_SECOND, Pool, check_pool, pooled
from sksim.utils._names import unknown_name_error
from sksim.utils._warnings import warn_caller

__all__ = ["LayerReader", "bare_network", "evaluating", "hooked", "layer_names"]

_CONTAINERS = (nn.Sequential, nn.ModuleList)


class _Place(NamedTuple):
    """Where the activations are in the output of a layer: which tensor, and its axis of samples."""

    tensor: int
    axis: int


def bare_network(module: Any, name: str = "module") -> nn.Module:
    """The network, without the wrapper of ``torch.compile``, which would not call its hooks."""
    module = getattr(module, "_orig_mod", module)
    if not isinstance(module, nn.Module):
        raise TypeError(f"{name} must be a torch.nn.Module, got {type(module).__name__}.")
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        raise TypeError(
            f"{name} must be a bare network, got {type(module).__name__}: pass .module."
        )
    return module


def _blocks(module: nn.Module, prefix: str = "") -> Iterator[str]:
    """Names of the children, with the members of Sequential and ModuleList in place of these.

    A child that holds such a container anywhere gives its own blocks, but a member of one is a
    block whatever it holds.
    """
    for name, child in module.named_children():
        full = prefix + name
        holds_container = any(isinstance(one, _CONTAINERS) for one in child.modules())
        inside = isinstance(module, _CONTAINERS)
        if isinstance(child, _CONTAINERS) or (holds_container and not inside):
            yield from _blocks(child, f"{full}.")
        else:
            yield full


def layer_names(
    module: nn.Module, layers: Iterable[str] | None, name: str = "layers"
) -> dict[str, bool]:
    """Names of the layers to read, and whether each was asked for by its name.

    None means the blocks; a name with ``*`` or ``?`` all that it matches.
    """
    if layers is None:
        return dict.fromkeys(list(_blocks(module)) or [""], False)
    if isinstance(layers, str) or not isinstance(layers, Iterable):
        raise TypeError(f"{name} must be a list of names or None, got {layers!r}.")
    known = [one for one, _ in module.named_modules(remove_duplicate=False)]
    chosen: dict[str, bool] = {}
    for layer in layers:
        if layer in known:
            chosen[layer] = True
            continue
        matches = fnmatch.filter(known, layer) if isinstance(layer, str) else []
        if not matches:
            raise unknown_name_error(name, layer, known, or_else="a pattern that matches some")
        for match in matches:
            chosen.setdefault(match, False)
    if not chosen:
        raise ValueError(f"{name} must hold at least one name, got none.")
    return chosen


def _tensors(output: Any) -> Iterator[Tensor]:
    """Tensors in an output, those of tuples, lists and mappings in their order."""
    if isinstance(output, Tensor):
        if not output.is_nested:
            yield output
    elif isinstance(output, Mapping):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, list | tuple) and not isinstance(output, PackedSequence):
        for value in output:
            yield from _tensors(value)


@contextmanager
def hooked(
    module: nn.Module, names: Iterable[str], hook: Callable[[str, nn.Module, Any], None]
) -> Iterator[None]:
    """Call ``hook(name, layer, output)`` after each call of a layer."""
    with ExitStack() as stack:
        for name in names:
            layer = module.get_submodule(name)

            def call(layer: nn.Module, inputs: Any, output: Any, name: str = name) -> None:
                hook(name, layer, output)

            stack.callback(layer.register_forward_hook(call).remove)
        yield


@contextmanager
def evaluating(module: nn.Module, device: str | None) -> Iterator[torch.device]:
    """The network in evaluation mode, on a device; as it was afterwards, layer by layer."""
    modes = {layer: layer.training for layer in module.modules()}
    tensors = [*module.parameters(), *module.buffers()]
    homes = {tensor.device for tensor in tensors}
    home = tensors[0].device if tensors else torch.device("cpu")
    target = home if device is None else torch.device(device)
    moves = bool(tensors) and homes != {target} and device is not None
    if moves and len(homes) > 1:
        raise ValueError(
            f"device must be None for a network on several devices, got {device!r} and a network "
            f"on {sorted(map(str, homes))}."
        )
    fast_path = torch.backends.mha.get_fastpath_enabled()
    try:
        # torch's fast path for transformers does not call the layers inside a layer, and packs
        # padded sequences into nested tensors.
        torch.backends.mha.set_fastpath_enabled(False)
        module.eval()
        if moves:
            module.to(target)
        yield target
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
        for layer, training in modes.items():
            layer.training = training
        if moves:
            module.to(home)


class LayerReader:
    """The pooled activations of some layers of a network, batch by batch.

    A context manager: inside, the network is in evaluation mode and on the device; hooks exist
    during a forward pass only, and no gradients are recorded.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    layers : mapping from str to bool
        Names of the layers, and whether to raise (True) or to leave the layer out (False) if it
        has no activations, as of ``layer_names``.
    pool : {"auto", "mean", "flatten", "token"} or callable
        From an output to vectors.
    device : str or None
        Where the network computes; None: where it is.
    """

    def __init__(
        self, module: nn.Module, layers: Mapping[str, bool], pool: Pool, device: str | None
    ) -> None:
        self.module = module
        self.layers = dict(layers)
        self.pool = check_pool(pool)
        self.device = device
        self._places: dict[str, list[_Place]] | None = None

    def __enter__(self) -> "LayerReader":
        self._stack = ExitStack()
        self.target = self._stack.enter_context(evaluating(self.module, self.device))
        floats = (w.dtype for w in self.module.parameters() if w.is_floating_point())
        self._dtype = next(floats, None)
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def labels(self, layers: Mapping[str, bool]) -> list[str]:
        """Labels of some of the layers, once a batch is read: as asked for, else as called."""
        places = self._places or {}
        in_order = layers if all(layers.values()) else [name for name in places if name in layers]
        return [_label(name, call) for name in in_order for call in range(len(places[name]))]

    def read(self, inputs: Inputs) -> dict[str, Tensor]:
        """Vectors (n, d) of each layer for a batch, by their labels."""
        if self._places is None:
            self._places = self._find_places(inputs)
        n, mask = n_rows(inputs), padding_mask(inputs)
        mask = None if mask is None else mask.to(self.target)
        vectors: dict[str, Tensor] = {}
        known, n_calls = self._places, dict.fromkeys(self._places, 0)

        def take(name: str, layer: nn.Module, output: Any) -> None:
            call = n_calls[name]
            n_calls[name] += 1
            if call >= len(known[name]):
                return  # counted below
            tensors, place = list(_tensors(output)), known[name][call]
            fits = place.tensor < len(tensors) and tensors[place.tensor].ndim > place.axis
            if not fits or tensors[place.tensor].shape[place.axis] != n:
                raise ValueError(
                    f"Layer {name!r} must put out {n} samples on axis {place.axis} as in the "
                    f"first batch, got shapes {[tuple(one.shape) for one in tensors]}."
                )
            values = tensors[place.tensor].movedim(place.axis, 0)
            second = isinstance(layer, CHANNELS_SECOND)
            try:
                result = pooled(values, self.pool, mask, channels_second=second)
            except (TypeError, ValueError) as error:
                raise type(error)(f"Layer {name!r}: {error}") from error
            vectors[_label(name, call)] = result

        self._forward(inputs, known, take)
        for name, places in known.items():
            if n_calls[name] != len(places):
                raise ValueError(
                    f"Layer {name!r} was called {n_calls[name]} times in a forward pass, and "
                    f"{len(places)} times in the first one."
                )
        return vectors

    def _forward(
        self, inputs: Inputs, names: Iterable[str], hook: Callable[[str, nn.Module, Any], None]
    ) -> None:
        given = to_network(inputs, self.target, self._dtype)
        with torch.no_grad(), hooked(self.module, names, hook):
            if isinstance(given, Tensor):
                self.module(given)
            else:
                self.module(**given)

    def _find_places(self, inputs: Inputs) -> dict[str, list[_Place]]:
        """Where each layer has its samples: along the axis that grows from two rows to three."""
        sizes = (2, 3) if n_rows(inputs) >= 3 else (n_rows(inputs),)
        calls = [self._outputs(rows_of(inputs, slice(0, size))) for size in sizes]
        places: dict[str, list[_Place]] = {}
        for name, asked in self.layers.items():
            runs = [call.get(name, []) for call in calls]
            found = [_place(outputs, sizes) for outputs in zip(*runs, strict=False)]
            if found and all(found):
                places[name] = [place for place in found if place is not None]
            elif asked:
                raise ValueError(_no_activations(name, runs[0], sizes[0]))
        if not places:
            raise ValueError("layers: no layer puts out a tensor with one row a sample.")
        if len(sizes) == 2:
            _warn_if_rows_mix(calls[0], calls[1], places)
        # In the order of the first calls.
        return {name: places[name] for name in calls[0] if name in places}

    def _outputs(self, inputs: Inputs) -> dict[str, list[list[Tensor]]]:
        """All tensors of each call of each layer, in the order of the first calls."""
        outputs: dict[str, list[list[Tensor]]] = {}

        def keep(name: str, layer: nn.Module, output: Any) -> None:
            # Copies, as a later layer may write into them.
            tensors = [one.detach().clone() for one in _tensors(output)]
            outputs.setdefault(name, []).append(tensors)

        self._forward(inputs, self.layers, keep)
        return outputs


def _label(name: str, call: int) -> str:
    """Name of a layer; of its further calls in a forward pass with their number, "name#2"."""
    return f"{name}#{call + 1}" if call else name


def _place(outputs: tuple[list[Tensor], ...], sizes: tuple[int, ...]) -> _Place | None:
    """The first tensor that has an axis, its first or second, with one entry a sample."""
    for i, tensors in enumerate(zip(*outputs, strict=False)):
        for axis in range(min(2, tensors[0].ndim)):
            if all(
                one.ndim > axis and one.shape[axis] == size
                for one, size in zip(tensors, sizes, strict=True)
            ):
                return _Place(i, axis)
    return None


def _no_activations(name: str, calls: list[list[Tensor]], size: int) -> str:
    if not calls:
        return f"Layer {name!r} is not called in the forward pass of the network."
    shapes = [tuple(one.shape) for one in calls[0]]
    got = f"shapes {shapes} for {size} samples" if shapes else "no tensor"
    return f"Layer {name!r} must put out a tensor with one row a sample, got {got}."


def _warn_if_rows_mix(
    two: Mapping[str, list[list[Tensor]]],
    three: Mapping[str, list[list[Tensor]]],
    places: Mapping[str, list[_Place]],
) -> None:
    """Warn if the activations of two samples are others when a third one is beside them."""
    for name, found in places.items():
        for before, after, place in zip(two[name], three[name], found, strict=True):
            a = before[place.tensor].movedim(place.axis, 0).double()
            b = after[place.tensor].movedim(place.axis, 0)[:2].double()
            if a.shape == b.shape and (a - b).abs().max() > 0.1 * a.abs().max():
                warn_caller(
                    f"The activations of layer {name!r} depend on the other samples of a batch, or "
                    "are random. Do the layers of sequences have batch_first=True, and the "
                    "normalisations running statistics?"
                )
                return
