"""One pass of the inputs through one network or two."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from sksim._torch.layers._inputs import input_batches
from sksim._torch.layers._pooling import Pool
from sksim._torch.layers._reader import LayerReader, bare_network, layer_names
from sksim._torch.layers._sums import LayerSums
from sksim.utils._memory import check_fits

__all__ = ["LayerStream", "collect", "stream_layers"]


def _checked_device(device: str | None) -> str | None:
    if device is None:
        return None
    from sksim._torch._training import resolve_device

    return resolve_device(device)


def collect(
    module: Any,
    X: Any,
    *,
    layers: Iterable[str] | None,
    pool: Pool,
    batch_size: int,
    device: str | None,
) -> dict[str, np.ndarray]:
    """Activations (n, d) of each layer, in main memory."""
    module = bare_network(module)
    names = layer_names(module, layers)
    n, batches = input_batches(X, batch_size)
    parts: dict[str, list[np.ndarray]] = {}
    with LayerReader(module, names, pool, _checked_device(device)) as reader:
        for inputs in batches:
            vectors = reader.read(inputs)
            if n is not None and not parts:
                n_bytes = sum(one.shape[1] * one.element_size() for one in vectors.values())
                check_fits(
                    1.0 * n * n_bytes,
                    f"The activations of {len(vectors)} layers for {n} samples",
                    "Choose fewer layers or another pool; sksim.metrics.layer_similarity compares "
                    "layers without keeping their activations.",
                )
            for label, values in vectors.items():
                parts.setdefault(label, []).append(values.cpu().numpy())
        labels = reader.labels(names)
    return {label: _joined(label, parts.pop(label)) for label in labels}


def _joined(label: str, parts: list[np.ndarray]) -> np.ndarray:
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ValueError(
            f"Layer {label!r} must have the same number of features in each batch, got {widths}."
        )
    values = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if not np.isfinite(values).all():
        raise ValueError(f"Layer {label!r} has activations that are NaN or infinite.")
    return values


class LayerStream(NamedTuple):
    """Sums of the layers of both networks, those of the first one first.

    ``mirrored``: one network, the same layers on both sides, and in the sums once.
    """

    sums: LayerSums
    labels_a: list[str]
    labels_b: list[str]
    mirrored: bool


def stream_layers(
    module_a: Any,
    module_b: Any,
    X: Any,
    *,
    layers: tuple[Iterable[str] | None, Iterable[str] | None],
    pool: Pool,
    batch_size: int,
    device: str | None,
) -> LayerStream:
    """Sums of products of each layer of one network with each of another."""
    modules = bare_network(module_a, "module_a"), bare_network(module_b, "module_b")
    names_a = layer_names(modules[0], layers[0], "layers_a")
    names_b = layer_names(modules[1], layers[1], "layers_b")
    one_network = modules[0] is modules[1]
    _, batches = input_batches(X, batch_size)
    device = _checked_device(device)
    sums: LayerSums | None = None
    with ExitStack() as stack:
        if one_network:
            both = {name: names_a.get(name, False) or names_b.get(name, False)
                    for name in {**names_a, **names_b}}  # fmt: skip
            a = b = stack.enter_context(LayerReader(modules[0], both, pool, device))
        else:
            a = stack.enter_context(LayerReader(modules[0], names_a, pool, device))
            b = stack.enter_context(LayerReader(modules[1], names_b, pool, device))
        for inputs in batches:
            vectors_a = a.read(inputs)
            vectors_b = vectors_a if one_network else b.read(inputs)
            if sums is None:
                labels_a, labels_b = a.labels(names_a), b.labels(names_b)
                mirrored = one_network and labels_a == labels_b
                n_a, m = len(labels_a), len(labels_a) + (0 if mirrored else len(labels_b))
                partners = [
                    range(i + 1, m) if mirrored else range(n_a, m) if i < n_a else range(0)
                    for i in range(m)
                ]
            ordered = [vectors_a[label] for label in labels_a]
            if not mirrored:
                ordered += [vectors_b[label] for label in labels_b]
            if sums is None:
                sums = LayerSums(ordered, partners, a.target)
            sums.add(ordered)
    assert sums is not None  # there is one batch at least
    return LayerStream(sums, labels_a, labels_b, mirrored)
