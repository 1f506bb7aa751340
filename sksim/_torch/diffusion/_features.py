"""Features of rows at several times and blocks of a denoiser, pooled."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.diffusion._inference import CHUNK, like, row_noise
from sksim._torch.diffusion._model import Diffusion
from sksim._torch.diffusion._protocols import LayeredDenoiser, missing_parts

__all__ = ["count_blocks", "layered", "pooled_features"]


def layered(network: nn.Module) -> LayeredDenoiser:
    """The network, if its blocks can be read; ValueError if not."""
    if not isinstance(network, LayeredDenoiser):
        missing = " and ".join(missing_parts(network, LayeredDenoiser))
        raise ValueError(
            f"Features of blocks need a denoiser with {missing}; {type(network).__name__} has none."
        )
    return network


@torch.no_grad()
def count_blocks(model: Diffusion, shape: tuple[int, ...]) -> int:
    """Number of blocks of the denoiser."""
    network = layered(model.denoiser.network)
    z = like(model, np.zeros((1, *shape)))
    return sum(1 for _ in network.activations(z, z.new_zeros(1)))


def _pool(h: Tensor, pooling: str | int) -> Tensor:
    """Activations (n, channels, ...) as (n, n_features)."""
    if h.ndim == 2:
        return h
    if pooling == "max":
        return h.amax(dim=(2, 3))
    return F.adaptive_avg_pool2d(h, 1 if pooling == "avg" else cast(int, pooling)).flatten(1)


@torch.no_grad()
def pooled_features(
    model: Diffusion,
    x: np.ndarray,
    rows: np.ndarray,
    *,
    depths: Sequence[float],
    blocks: Sequence[int],
    pooling: str | int,
    n_draws: int,
    seed: int | None,
) -> np.ndarray:
    """Features (n, n_depths, n_blocks, n_features), in network batches of one fixed shape.

    Parameters
    ----------
    model : Diffusion
        In evaluation mode.
    x : ndarray of shape (n, *shape)
        The rows in the units of the network.
    rows : ndarray of shape (n, n_features)
        The rows as the user gave them; they determine the noise, with the seed.
    depths : sequence of float
        Times.
    blocks : sequence of int
        Blocks, from zero.
    pooling : {"avg", "max"} or int
        Of images: over all pixels, or to so many averages in each direction.
    n_draws : int
        Noisy inputs of which the features are averaged; 0 is the noise-free input.
    seed : int or None
        Another one is other noise.
    """
    found = []
    for start in range(0, len(x), CHUNK):
        few = slice(start, start + CHUNK)
        filled = np.zeros((CHUNK, *x.shape[1:]), dtype=x.dtype)
        filled[: len(x[few])] = x[few]
        noise = np.zeros((CHUNK, max(n_draws, 1), *x.shape[1:]), dtype=np.float32)
        for i, row in enumerate(rows[few] if n_draws else ()):
            noise[i] = row_noise(row, seed).standard_normal(noise.shape[1:], dtype=np.float32)
        inputs, eps = like(model, filled), like(model, noise)
        chunk = []
        for t in depths:
            total: Tensor | None = None
            for draw in range(max(n_draws, 1)):
                draws = eps[:, draw] if n_draws else None
                hidden = model.block_activations(inputs, t, blocks, draws)
                pooled = torch.stack([_pool(h, pooling) for h in hidden], dim=1)
                total = pooled if total is None else total + pooled
            chunk.append(cast(Tensor, total) / max(n_draws, 1))
        found.append(torch.stack(chunk, dim=1)[: len(x[few])].cpu().numpy())
    return np.concatenate(found)
