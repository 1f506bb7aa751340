"""The Gaussian latents of a diffusion model: the noise with which its sampler would make the data.

The forward chain z_1, ..., z_0 of a row is drawn, and each step is written as the sampler's own,

    eps_i = (z_s - mean_P(z_t)) / sd_P,    eps_0 = (z_0 - alpha_0 x) / sigma_0.

The sampler with these values in place of noise goes through the same chain, and
``x = (z_0 - sigma_0 eps_0) / alpha_0`` inverts the last formula for any x, encoded or not. What is
lost is rounding: that of the network's result, which the steps carry to the end. So the network is
a copy in double precision, unless the rows are in single precision. In single precision the
batches have one fixed shape, because the products of other shapes round otherwise.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import itertools
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from sksim._torch._training import progress
from sksim._torch.diffusion._encoders import encode_pair
from sksim._torch.diffusion._inference import CHUNK, Steps, like, row_noise
from sksim._torch.diffusion._model import Diffusion
from sksim._torch.diffusion._schedules import alpha_sigma

__all__ = ["chain_of_latents", "from_latents", "latents_of_chain", "to_latents"]


def draw_chain(model: Diffusion, x: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The z of the times from 1 down to 0, (n, T + 1, *shape), with the noise of that shape."""
    gammas = model.schedule(times)
    ones = torch.ones_like(x[:, :1].flatten(1)[:, 0])
    alpha, sigma = alpha_sigma(gammas[-1])
    chain = [alpha * model.encoder.encode(x, gammas[-1] * ones) + sigma * noise[:, 0]]
    for i in range(len(times) - 2, -1, -1):
        gamma_s, gamma_t = gammas[i], gammas[i + 1]
        (alpha_s, sigma_s), (alpha, _) = alpha_sigma(gamma_s), alpha_sigma(gamma_t)
        c = -torch.expm1(gamma_s - gamma_t)
        x_s, x_t = encode_pair(model.encoder, x, gamma_s * ones, gamma_t * ones)
        mean = alpha_s / alpha * (1 - c) * chain[-1] + alpha_s * (c * x_t + x_s - x_t)
        chain.append(mean + c.sqrt() * sigma_s * noise[:, len(chain)])
    return torch.stack(chain, dim=1)


def latents_of_chain(
    model: Diffusion,
    x: Tensor,
    chain: Tensor,
    times: Tensor,
    ratio: Tensor,
    code: Tensor | None = None,
) -> Tensor:
    """z_1, eps_T, ..., eps_1, eps_0 of a chain: (n, T + 2, *shape)."""
    latents = [chain[:, 0]]
    steps = reversed(range(len(ratio)))
    for i, (z, z_s) in zip(steps, itertools.pairwise(chain.unbind(1)), strict=True):
        mean, variance = model.reverse_step(z, times[i], times[i + 1], code)
        latents.append((z_s - mean) / (variance / ratio[i]).sqrt())
    alpha, sigma = alpha_sigma(model.schedule(times[0]))
    latents.append((chain[:, -1] - alpha * x) / sigma)
    return torch.stack(latents, dim=1)


def chain_of_latents(
    model: Diffusion, latents: Tensor, times: Tensor, ratio: Tensor, code: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """z_0 at the end of the chain, and x."""
    z, *noise, last = latents.unbind(1)
    for i, eps in zip(reversed(range(len(ratio))), noise, strict=True):
        mean, variance = model.reverse_step(z, times[i], times[i + 1], code)
        z = mean + (variance / ratio[i]).sqrt() * eps
    alpha, sigma = alpha_sigma(model.schedule(times[0]))
    return z, (z - sigma * last) / alpha


def _in_precision(model: Diffusion, dtype: np.dtype) -> Diffusion:
    """The model, or a copy in double precision."""
    return copy.deepcopy(model).double() if dtype == np.float64 else model


def _by_chunks(
    function: Callable[..., Tensor],
    arrays: list[Callable[[int, int], np.ndarray]],
    n_rows: int,
    model: Diffusion,
    out: np.ndarray,
    verbose: int,
) -> np.ndarray:
    """Fill ``out`` by the function of chunks of rows, filled up in single precision."""
    starts: Iterable[int] = range(0, n_rows, CHUNK)
    for start in progress(starts, verbose=verbose, name="latents"):
        stop = min(start + CHUNK, n_rows)
        chunk = [array(start, stop) for array in arrays]
        if out.dtype == np.float32:
            empty = CHUNK - (stop - start)
            chunk = [np.pad(one, [(0, empty)] + [(0, 0)] * (one.ndim - 1)) for one in chunk]
        made = function(*(like(model, one) for one in chunk))
        out[start:stop] = made[: stop - start].flatten(2 if out.ndim == 3 else 1).cpu().numpy()
    return out


@torch.no_grad()
def to_latents(
    model: Diffusion,
    x: np.ndarray,
    rows: np.ndarray,
    steps: Steps,
    *,
    seed: int | None,
    verbose: int = 0,
) -> np.ndarray:
    """Latents (n, T + 2, D) of rows, in the type of x.

    Parameters
    ----------
    model : Diffusion
        In evaluation mode.
    x : ndarray of shape (n, *shape)
        The rows in the units of the network.
    rows : ndarray of shape (n, n_features)
        The rows as the user gave them; they determine the noise, with the seed.
    steps : Steps
        The discrete process.
    seed : int or None
        Another one is another chain.
    verbose : int, default=0
        Show a progress bar.
    """
    model, n_steps = _in_precision(model, x.dtype), len(steps.ratio)
    times, ratio = like(model, steps.times), like(model, steps.ratio)

    def noise(start: int, stop: int) -> np.ndarray:
        shape = (n_steps + 1, *x.shape[1:])
        return np.stack([row_noise(row, seed).standard_normal(shape) for row in rows[start:stop]])

    def latents(x: Tensor, noise: Tensor) -> Tensor:
        chain = draw_chain(model, x, noise, times)
        return latents_of_chain(model, x, chain, times, ratio, model.code(x))

    out = np.empty((len(x), n_steps + 2, rows.shape[1]), dtype=x.dtype)
    return _by_chunks(latents, [lambda a, b: x[a:b], noise], len(x), model, out, verbose)


@torch.no_grad()
def from_latents(
    model: Diffusion,
    latents: np.ndarray,
    shape: tuple[int, ...],
    steps: Steps,
    *,
    codes: np.ndarray | None = None,
    verbose: int = 0,
) -> np.ndarray:
    """Rows (n, *shape) in the units of the network, from latents (n, T + 2, D), in their type."""
    model = _in_precision(model, latents.dtype)
    times, ratio = like(model, steps.times), like(model, steps.ratio)

    def decode(latents: Tensor, *code: Tensor) -> Tensor:
        latents = latents.reshape(*latents.shape[:2], *shape)
        return chain_of_latents(model, latents, times, ratio, *code)[1]

    out = np.empty((len(latents), latents.shape[2]), dtype=latents.dtype)
    chunks = [lambda a, b: latents[a:b]]
    if codes is not None:
        chunks.append(lambda a, b: codes[a:b])
    return _by_chunks(decode, chunks, len(out), model, out, verbose).reshape(-1, *shape)
