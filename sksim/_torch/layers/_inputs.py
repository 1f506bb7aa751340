"""Batches of inputs of a network, from whatever holds them."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sksim.utils._arrays import check_named_array

__all__ = ["Inputs", "input_batches", "n_rows", "padding_mask", "rows_of", "to_network"]

#: What a network is called with: one tensor, or keywords of which the tensors have a row a sample.
Inputs: TypeAlias = Tensor | dict[str, Any]

#: Entries of a tokenised batch that are no input: with them some networks compute their loss.
_TARGETS = ("label", "labels")
#: Masks of pairs of tokens, the same for all samples.
_TOKEN_PAIRS = ("mask", "src_mask", "attn_mask")


def _check_tensor(values: Any, name: str, *, finite: bool = True) -> Tensor:
    """A tensor of numbers with at least one row."""
    if not isinstance(values, Tensor):
        values = check_named_array(
            values, name, dtype=None, ensure_2d=False, allow_nd=True, ensure_all_finite=False
        )
        if values.dtype.kind not in "fiub":
            raise TypeError(f"{name} must be numeric, got an array of type {values.dtype}.")
        values = torch.as_tensor(np.ascontiguousarray(values))
    if values.ndim == 0 or len(values) == 0:
        raise ValueError(
            f"{name} must have one row a sample, and at least one, got shape {tuple(values.shape)}."
        )
    if finite and values.is_floating_point() and not torch.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    return values


def _check_inputs(X: Any, name: str = "X") -> Inputs:
    """One tensor, or the keywords of a mapping, of which the arrays have equally many rows."""
    if not isinstance(X, Mapping):
        return _check_tensor(X, name)
    keywords = dict(X)
    for key, value in X.items():
        if key in _TARGETS:
            del keywords[key]
        elif not (value is None or isinstance(value, bool | int | float | str)):
            masks = key.endswith("mask")  # which may be infinite: added to scores
            keywords[key] = _check_tensor(value, f"{name}[{key!r}]", finite=not masks)
    rows = {key: len(keywords[key]) for key in _row_keys(keywords)}
    if not rows or len(set(rows.values())) > 1:
        raise ValueError(
            f"The arrays of {name} must hold the same samples, one a row, got {rows or 'no array'}."
        )
    return keywords


def _row_keys(keywords: Mapping[str, Any]) -> list[str]:
    """Keys of what has one row a sample."""
    return [
        key
        for key, value in keywords.items()
        if isinstance(value, Tensor) and key not in _TOKEN_PAIRS
    ]


def n_rows(inputs: Inputs) -> int:
    """Number of samples."""
    return len(inputs if isinstance(inputs, Tensor) else inputs[_row_keys(inputs)[0]])


def rows_of(inputs: Inputs, rows: slice) -> Inputs:
    """Some of the samples."""
    if isinstance(inputs, Tensor):
        return inputs[rows]
    return inputs | {key: inputs[key][rows] for key in _row_keys(inputs)}


def _comes_in_batches(X: Any) -> bool:
    """Whether X is iterated for batches: a DataLoader, a generator, but no kind of array."""
    is_array = isinstance(X, Mapping | list | tuple | str) or hasattr(X, "shape")
    return isinstance(X, Iterable) and not (is_array or hasattr(X, "__array__"))


def input_batches(X: Any, batch_size: int) -> tuple[int | None, Iterator[Inputs]]:
    """Number of samples, None if only the end will tell, and the inputs in batches.

    Those of a DataLoader or another iterable come as they are. A batch that is a list or a tuple
    is of inputs and targets: the first counts.
    """
    if isinstance(X, Dataset):
        X = DataLoader(X, batch_size=batch_size)
    if _comes_in_batches(X):
        return None, _given_batches(X)
    inputs = _check_inputs(X)
    n = n_rows(inputs)
    starts = range(0, n, batch_size)
    return n, (rows_of(inputs, slice(start, start + batch_size)) for start in starts)


def _given_batches(batches: Iterable[Any]) -> Iterator[Inputs]:
    empty = True
    for batch in batches:
        empty = False
        yield _check_inputs(batch[0] if isinstance(batch, list | tuple) else batch, "A batch of X")
    if empty:
        raise ValueError("X must have at least one batch, got none.")


def to_network(inputs: Inputs, device: torch.device, dtype: torch.dtype | None) -> Inputs:
    """Copies on the device of the network, floats in the precision of its weights, if it has any.

    Copies in any case: a first layer that works in place would write into the caller's array.
    """

    def moved(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        kind = dtype if value.is_floating_point() else None
        return value.detach().to(device, kind or value.dtype, copy=True)

    if isinstance(inputs, Tensor):
        return moved(inputs)
    return {key: moved(value) for key, value in inputs.items()}


def padding_mask(inputs: Inputs) -> Tensor | None:
    """Which tokens are no padding, (n, n_tokens), if the inputs have some and say so.

    Under ``attention_mask`` zeros are padding; under ``src_key_padding_mask`` and the like, of
    torch's own layers, True is, or minus infinity.
    """
    if isinstance(inputs, Tensor):
        return None
    for key in ("attention_mask", "src_key_padding_mask", "key_padding_mask"):
        mask = inputs.get(key)
        if isinstance(mask, Tensor) and mask.ndim == 2:
            if key == "attention_mask":
                kept = mask != 0
            else:
                kept = mask >= 0 if mask.is_floating_point() else ~mask.bool()
            if not kept.any(dim=1).all():
                raise ValueError(f"X[{key!r}] leaves a sample without any token.")
            return None if kept.all() else kept
    return None
