"""Scores, samples, features and step statistics of a trained diffusion model, as arrays.

Every row is scored on its own, with noise that its values determine and in network batches of
one fixed shape: the score does not depend on the other rows or on their order.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import hashlib
import itertools
import math
import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sksim._torch._archive import read_archive, write_archive
from sksim._torch._checkpoint import digest_of
from sksim._torch._training import progress
from sksim._torch.diffusion._model import Diffusion, ratio_penalty

__all__ = [
    "CHUNK",
    "Steps",
    "depth_losses",
    "draw_samples",
    "like",
    "mean_step_losses",
    "row_noise",
    "score_rows",
    "step_loss_matrix",
    "transform_rows",
]

CHUNK = 64  # rows in a network batch of fixed shape


class Steps(NamedTuple):
    """A discrete process: ``times`` (T + 1,) from 0 to 1, ``ratio`` (T,), w of each step."""

    times: np.ndarray
    ratio: np.ndarray

    @classmethod
    def even(cls, n_steps: int) -> "Steps":
        """Equal steps with equal variances."""
        return cls(np.linspace(0, 1, n_steps + 1), np.ones(n_steps))


def row_noise(row: np.ndarray, seed: int | None = None) -> np.random.Generator:
    """Random generator that the values of a row determine, not its type or its place.

    A seed makes it another one.
    """
    key = b"" if seed is None else seed.to_bytes(8, "little")
    values = (row.astype(np.float64) + 0.0).tobytes()
    digest = hashlib.blake2b(values, digest_size=16, key=key).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def like(model: Diffusion, values: np.ndarray | float) -> Tensor:
    """Values in the type and on the device of the model."""
    parameter = next(model.parameters())
    return torch.as_tensor(values, dtype=parameter.dtype, device=parameter.device)


def _in_chunks(function: Callable[..., Tensor], *arrays: Tensor) -> Tensor:
    """``function`` over pieces of the arrays, so that memory is bounded."""
    pieces = zip(*(array.split(4 * CHUNK) for array in arrays))
    return torch.cat([function(*piece) for piece in pieces])


def _evaluate(function: Callable[..., Tensor], x: Tensor, *drawn: Tensor) -> Tensor:
    """``function`` of each row of x (g, *shape) with each of its draws (g, n, ...); (g, n)."""
    many = x.repeat_interleave(drawn[0].shape[1], dim=0)
    return _in_chunks(function, many, *(one.flatten(0, 1) for one in drawn)).reshape(len(x), -1)


def _codes(
    model: Diffusion, x: Tensor, noise: Callable[[tuple[int, int]], np.ndarray]
) -> list[Tensor]:
    """Codes of the rows as a further argument, for models that have some."""
    if not model.n_code:
        return []
    code = model.code(x, like(model, noise((len(x), model.n_code))))
    return [] if code is None else [code]


def _diffusion_draws(
    model: Diffusion,
    x: Tensor,
    eps: Tensor,
    starts: np.ndarray,
    steps: Steps | None,
    *code: Tensor,
) -> Tensor:
    """Draws of the diffusion term of each row, ordered in time; their mean is unbiased."""
    n_draws = eps.shape[1]
    if steps is None:
        t = like(model, (starts[:, None] + np.arange(n_draws)) / n_draws)
        return _evaluate(model.rate, x, t, eps, *code)
    n_steps = len(steps.ratio)
    if n_steps <= n_draws:  # each step equally often
        n_used = n_steps * (n_draws // n_steps)
        index = np.tile(np.repeat(np.arange(n_steps), n_draws // n_steps), (len(x), 1))
    else:  # a stratified choice of steps
        n_used, places = n_draws, (starts[:, None] + np.arange(n_draws)) / n_draws
        index = np.floor(places * n_steps).astype(int)
    s, t = like(model, steps.times[index]), like(model, steps.times[index + 1])
    ratio, penalty = steps.ratio[index], ratio_penalty(steps.ratio[index], x[0].numel())
    used = [one[:, :n_used] for one in (eps, *code)]
    loss = _evaluate(model.step_loss, x, s, t, *used).double()
    return n_steps * (like(model, ratio) * loss + like(model, penalty))


def _stratified_variance(draws: Tensor) -> Tensor:
    """Variance of the mean of draws in a row, from the differences of neighbours, of each row.

    Neighbouring strata have nearly the same mean, so half their squared difference estimates the
    variance within a stratum; that between strata is none of the error.
    """
    n = draws.shape[1]
    if n < 2:
        return torch.full((len(draws),), math.inf, dtype=torch.float64, device=draws.device)
    return draws.double().diff(dim=1).square().mean(dim=1) / (2 * n)


def _score_group(
    model: Diffusion,
    x: Tensor,
    noises: Sequence[np.random.Generator],
    n_draws: int,
    steps: Steps | None,
) -> np.ndarray:
    """The variance of the sum, then three terms or more of some rows (g, *shape) in nats."""
    starts = np.empty(len(x))
    drawn = np.empty((2, len(x), n_draws, *x.shape[1:]), dtype=np.float32)
    for i, noise in enumerate(noises):
        starts[i] = noise.random()
        drawn[:, i] = noise.standard_normal((2, n_draws, *x.shape[1:]), dtype=np.float32)
    eps, eps0 = like(model, drawn[0]), like(model, drawn[1])
    many = x.repeat_interleave(n_draws if model.n_code else 1, dim=0)
    draws = [noise.standard_normal((n_draws, model.n_code)) for noise in noises]
    code = [
        one.reshape(len(x), n_draws, -1)
        for one in _codes(model, many, np.concatenate(draws).reshape)
    ]
    diffusion = _diffusion_draws(model, x, eps, starts, steps, *code)
    reconstruction = _evaluate(model.reconstruction, x, eps0)
    found = [
        _stratified_variance(diffusion) + _stratified_variance(reconstruction),
        model.prior(x).double(),
        reconstruction.double().mean(dim=1),
        diffusion.double().mean(dim=1),
        *model.code_cost(x).double().unbind(1),
    ]
    return torch.stack(found, dim=1).cpu().numpy()


def _rows_at_once(device: torch.device, n_draws: int) -> int:
    """One row on a processor; on a GPU, as many as a network batch holds the draws of."""
    return 1 if device.type == "cpu" else max(4 * CHUNK // n_draws, 1)


@torch.no_grad()
def score_rows(
    model: Diffusion,
    x: np.ndarray,
    rows: np.ndarray,
    *,
    n_draws: int,
    steps: Steps | None,
    verbose: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Terms (n, 3) in nats and Monte-Carlo standard errors (n,) of their sums.

    Parameters
    ----------
    model : Diffusion
        In evaluation mode.
    x : ndarray of shape (n, *shape)
        The rows in the units of the network.
    rows : ndarray of shape (n, n_features)
        The rows as the user gave them; they determine the noise.
    n_draws : int
        Network evaluations for each row.
    steps : Steps or None
        The discrete process; None is continuous time.
    verbose : int, default=0
        Show a progress bar.
    """
    size = _rows_at_once(next(model.parameters()).device, n_draws)
    found = []
    for start in progress(range(0, len(x), size), verbose=verbose, name="score"):
        # The last group is filled up with its last row: network batches of one size.
        index = np.minimum(np.arange(start, start + size), len(x) - 1)
        noises = [row_noise(rows[i]) for i in index]
        scored = _score_group(model, like(model, x[index]), noises, n_draws, steps)
        found.append(scored[: len(x) - start])
    scores = np.concatenate(found)
    return scores[:, 1:], np.sqrt(scores[:, 0])


@torch.no_grad()
def draw_samples(
    model: Diffusion,
    n_samples: int,
    shape: tuple[int, ...],
    steps: Steps,
    *,
    seed: int,
    batch_size: int,
    codes: np.ndarray | None = None,
    verbose: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
) -> np.ndarray:
    """Ancestral samples (n_samples, *shape) in the units of the network, of codes if given.

    After each batch the samples so far are in the file, and a further call goes on from there, to
    the bits of an uninterrupted one; ValueError for a file of other samples.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    times, ratio = like(model, steps.times), like(model, steps.ratio)

    def watch(indices: Iterable[int]) -> Iterable[int]:
        return progress(indices, verbose=verbose, name="sample")

    found, identity = [], ""
    if checkpoint is not None:
        weights = [value.cpu().numpy() for value in model.state_dict().values()]
        identity = f"{seed} {n_samples} {batch_size} {digest_of([*steps, *weights, codes])}"
        if os.path.exists(checkpoint):
            state = read_archive(checkpoint)[0]
            if state["identity"] != identity:
                raise ValueError(
                    f"checkpoint={os.fspath(checkpoint)!r} holds samples of another model, number, "
                    "seed or process. Name another file."
                )
            found = [state["samples"].numpy()]
            generator.set_state(state["generator"])
    for start in range(sum(map(len, found)), n_samples, batch_size):

        def noise(n: int = min(batch_size, n_samples - start)) -> Tensor:
            return torch.randn(n, *shape, generator=generator, device=device)

        code = None if codes is None else like(model, codes[start : start + batch_size])
        found.append(model.sample(noise, times, ratio, watch, code).cpu().numpy())
        if checkpoint is not None:
            samples = torch.from_numpy(np.concatenate(found))
            state = {"identity": identity, "samples": samples, "generator": generator.get_state()}
            write_archive(state, checkpoint)
    return np.concatenate(found)


@torch.no_grad()
def transform_rows(
    function: Callable[[Tensor], Tensor], model: Diffusion, x: np.ndarray
) -> np.ndarray:
    """``function`` of the rows (n, ...), always in batches of one size, the last one filled up."""
    found = []
    for start in range(0, len(x), CHUNK):
        rows = x[start : start + CHUNK]
        filled = np.zeros((CHUNK, *x.shape[1:]), dtype=x.dtype)
        filled[: len(rows)] = rows
        found.append(function(like(model, filled))[: len(rows)].cpu().numpy())
    return np.concatenate(found)


def _mean_step_loss(
    model: Diffusion, x: Tensor, eps: Tensor, s: float, t: float, *code: Tensor
) -> float:
    def loss(x: Tensor, eps: Tensor, *code: Tensor) -> Tensor:
        start, end = x.new_full((len(x),), s), x.new_full((len(x),), t)
        return model.step_loss(x, start, end, eps, *code).double()

    return float(_in_chunks(loss, x, eps, *code).mean())


@torch.no_grad()
def depth_losses(model: Diffusion, x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """One draw of the diffusion term in continuous time for each time and row, (T, n) nats."""
    rng, losses = np.random.default_rng(0), np.empty((len(times), len(x)))
    for start in range(0, len(x), 4 * CHUNK):
        chunk = slice(start, start + 4 * CHUNK)
        rows = like(model, x[chunk])
        for i, t in enumerate(times):
            eps = like(model, rng.standard_normal(rows.shape, dtype=np.float32))
            code = _codes(model, rows, rng.standard_normal)
            losses[i, chunk] = model.rate(rows, rows.new_full((len(rows),), t), eps, *code).cpu()
    return losses


@torch.no_grad()
def mean_step_losses(model: Diffusion, x: np.ndarray, times: np.ndarray, seed: int) -> np.ndarray:
    """Mean equal-variance loss of each step over the rows, nats per sample, (T,)."""
    rng = np.random.RandomState(seed)
    rows = like(model, x)
    code = _codes(model, rows, np.random.RandomState(seed).standard_normal)
    return np.array(
        [
            _mean_step_loss(model, rows, like(model, rng.standard_normal(x.shape)), s, t, *code)
            for s, t in itertools.pairwise(times)
        ]
    )


@torch.no_grad()
def step_loss_matrix(model: Diffusion, x: np.ndarray, times: np.ndarray, seed: int) -> np.ndarray:
    """Mean equal-variance loss of a step from ``times[j]`` to ``times[i]``, i < j; else inf."""
    rows, losses = like(model, x), np.full((len(times), len(times)), np.inf)
    # The same noise for all pairs: their differences are more exact than their losses.
    eps = like(model, np.random.RandomState(seed).standard_normal(x.shape))
    code = _codes(model, rows, np.random.RandomState(seed).standard_normal)
    for j in range(1, len(times)):
        at = times[j]
        losses[:j, j] = [_mean_step_loss(model, rows, eps, s, at, *code) for s in times[:j]]
    return losses
