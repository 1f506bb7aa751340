"""From the output of a layer to one vector a sample."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from sksim.utils._names import unknown_name_error

__all__ = ["CHANNELS_SECOND", "POOLS", "Pool", "check_pool", "pooled"]

POOLS = ("auto", "flatten", "mean", "token")
#: One of ``POOLS``, or a function of the output of a layer, samples first.
Pool: TypeAlias = str | Callable[[Tensor], Any]

#: Layers of sequences whose output is (n, channels, length), where others have (n, tokens, d).
CHANNELS_SECOND = (
    nn.Conv1d,
    nn.ConvTranspose1d,
    nn.BatchNorm1d,
    nn.InstanceNorm1d,
    nn.MaxPool1d,
    nn.AvgPool1d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveAvgPool1d,
)


def check_pool(pool: Pool) -> Pool:
    """The way of pooling, if it is one."""
    if not callable(pool) and pool not in POOLS:
        raise unknown_name_error("pool", pool, POOLS, or_else="a function")
    return pool


def _floats(values: Tensor) -> Tensor:
    """Floats of at least single precision, so that sums keep their digits."""
    if values.is_complex():
        raise ValueError("its output is complex; give a function for pool that makes it real.")
    small = not values.is_floating_point() or values.element_size() < 4
    return values.float() if small else values


def _pool_tokens(values: Tensor, pool: str, mask: Tensor | None) -> Tensor:
    """Mean or first of the tokens that are no padding, (n, tokens, d) to (n, d)."""
    if mask is not None and mask.shape != values.shape[:2]:
        raise ValueError(
            f"its output has {values.shape[1]} tokens where the mask of padding has "
            f"{mask.shape[1]}; give a function for pool."
        )
    if pool == "flatten":
        if mask is not None:
            raise ValueError(
                "its tokens cannot be flattened, as some are padding; "
                "use pool='mean' or pool='token'."
            )
        return _floats(values.flatten(1))
    if pool == "token":
        if mask is None:
            return _floats(values[:, 0])
        rows = torch.arange(len(values), device=values.device)
        return _floats(values[rows, mask.int().argmax(dim=1)])
    values = _floats(values)
    if mask is None:
        return values.mean(dim=1)
    kept = values.masked_fill(~mask[:, :, None], 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def pooled(
    values: Tensor, pool: Pool, mask: Tensor | None = None, *, channels_second: bool = False
) -> Tensor:
    """One vector a sample, (n, d), of single precision or better, in memory of its own.

    Parameters
    ----------
    values : Tensor of shape (n, ...)
        The output of a layer.
    pool : {"auto", "mean", "flatten", "token"} or callable
        What to do with further axes; "auto" is "mean".
    mask : Tensor of bool of shape (n, n_tokens) or None
        Which tokens are no padding, one at least a sample; None if all are.
    channels_second : bool, default=False
        Whether an output of three axes is (n, channels, length), not (n, tokens, d).
    """
    if callable(pool):
        vectors = torch.as_tensor(pool(values))
        if vectors.ndim != 2 or len(vectors) != len(values):
            raise ValueError(
                f"the function pool must return one vector a sample, ({len(values)}, d), got "
                f"shape {tuple(vectors.shape)} for an output of shape {tuple(values.shape)}."
            )
        vectors = _floats(vectors)
    elif values.ndim < 3:
        vectors = _floats(values.reshape(len(values), -1))
    elif values.ndim == 3 and not channels_second:
        vectors = _pool_tokens(values, pool, mask)
    elif pool == "token":
        raise ValueError(
            f"its output of shape {tuple(values.shape)} has no tokens; use pool='mean' over all "
            "positions, pool='flatten', or a function."
        )
    elif pool == "flatten":
        vectors = _floats(values.flatten(1))
    else:
        vectors = _floats(values).flatten(2).mean(dim=2)
    # A view would see what a later layer writes in place.
    shared = vectors.untyped_storage().data_ptr() == values.untyped_storage().data_ptr()
    return vectors.detach().clone() if shared else vectors.detach()
