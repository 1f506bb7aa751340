"""From the parameters of an estimator to its network."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import math

import torch
from torch import Tensor, nn

from sksim._torch.diffusion._denoisers import ConvDenoiser, MLPDenoiser
from sksim._torch.diffusion._diffusion import Denoiser, Diffusion
from sksim._torch.diffusion._encoder_networks import ConvEncoder, MLPEncoder
from sksim._torch.diffusion._encoders import IdentityEncoder, ScalingEncoder, TrainableEncoder
from sksim._torch.diffusion._likelihoods import CategoricalLikelihood, GaussianLikelihood
from sksim._torch.diffusion._schedules import make_schedule
from sksim._torch.diffusion._unet import UNetDenoiser, UNetEncoder

__all__ = ["Averaged", "build_diffusion", "fourier_exponents"]

_DENOISERS = {"mlp": MLPDenoiser, "conv": ConvDenoiser, "unet": UNetDenoiser}
_REACH = 5.0
_ENCODERS = {"mlp": MLPEncoder, "conv": ConvEncoder, "unet": UNetEncoder}


def fourier_exponents(shape: tuple[int, ...], n_levels: int | None) -> tuple[float, ...]:
    """Exponents of the Fourier features that fit the data.

    Levels on a lattice: the two waves that tell neighbouring levels apart for images, all waves
    up to those for tables. Real numbers: a few slow waves for tables, none for images.
    """
    is_image = len(shape) == 3
    if n_levels is None:
        return () if is_image else (-2, -1, 0, 1)
    finest = max(math.log2(n_levels / 2), 0)
    lattice = (max(finest - 1, 0), finest)
    return lattice if is_image else (*range(math.ceil(finest)), finest)


def _network_class(kind: str | type, known: dict[str, type], shape: tuple[int, ...], name: str):
    """Class of a network by its name; ValueError if it does not fit the shape of a sample."""
    if isinstance(kind, type):
        return kind
    is_image = len(shape) == 3
    kind = ("conv" if is_image else "mlp") if kind == "auto" else kind
    if kind not in known:
        raise ValueError(f"{name} must be one of 'auto', {sorted(known)} or a class, got {kind!r}.")
    if (kind == "mlp") == is_image:
        needed = "no image_shape" if is_image else "image_shape"
        raise ValueError(f"{name}={kind!r} needs {needed}; samples have the shape {shape}.")
    return known[kind]


def _make_denoiser(spec: dict) -> Denoiser:
    shape, params = spec["shape"], dict(spec["denoiser_params"] or {})
    network = _network_class(spec["denoiser"], _DENOISERS, shape, "denoiser")
    is_ours = network in _DENOISERS.values()
    skip = params.pop("skip", "gaussian" if is_ours else "none")
    if skip not in ("gaussian", "identity", "none"):
        raise ValueError(f"skip must be 'gaussian', 'identity' or 'none', got {skip!r}.")
    if is_ours:
        params.setdefault("fourier", fourier_exponents(shape, spec["n_levels"]))
    network = network(shape, **params)
    if spec["compile"]:
        network.compile()
    ends = spec["gamma_min"], spec["gamma_max"]
    return Denoiser(network, *ends, spec["prediction"], skip, spec["precision"])


def _make_encoder(spec: dict) -> nn.Module:
    kind, params = spec["encoder"], dict(spec["encoder_params"] or {})
    if kind == "identity":
        return IdentityEncoder()
    if kind == "nt":
        return ScalingEncoder()
    kind = params.pop("network", "auto") if kind == "trainable" else kind
    network = _network_class(kind, _ENCODERS, spec["shape"], "encoder_params['network']")
    if network in _ENCODERS.values():  # levels lie in [-1, 1], standardised data do not
        params.setdefault("reach", _REACH if spec["n_levels"] is None else 1.0)
    residual = spec["encoder_init"] == "identity"
    network = network(spec["shape"], **params)
    return TrainableEncoder(network, spec["gamma_min"], spec["gamma_max"], residual)


def _make_likelihood(spec: dict) -> nn.Module:
    if spec["n_levels"] is None:
        return GaussianLikelihood(spec["log_scale"])
    return CategoricalLikelihood(spec["n_levels"])


class Averaged(nn.Module):
    """A model and the moving average of its weights: trains the one, evaluates the other.

    The average forgets at the rate ``min(decay, (1 + n) / (10 + n))`` in step n, so that a short
    training is not held back by the initial weights.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.model = model
        self.average = copy.deepcopy(model).requires_grad_(False)
        self.register_buffer("n_updates", torch.zeros((), dtype=torch.long, device="cpu"))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.training else self.average(x)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the model; buffers, such as running means, are copied."""
        n = int(self.n_updates)
        self.n_updates += 1
        decay = min(self.decay, (1 + n) / (10 + n))
        averages, weights = list(self.average.parameters()), list(self.model.parameters())
        torch._foreach_lerp_(averages, weights, 1 - decay)
        for copied, buffer in zip(self.average.buffers(), self.model.buffers()):
            copied.copy_(buffer)


def build_diffusion(**spec) -> Averaged:
    """The network of a diffusion estimator.

    Parameters
    ----------
    **spec : dict
        shape, n_levels (None: Gaussian likelihood), log_scale, second_moment, denoiser,
        denoiser_params, encoder, encoder_params, encoder_init, counterterm, prediction,
        schedule, gamma_min, gamma_max, n_steps, ratio, precision, compile, ema_decay.
    """
    model = Diffusion(
        _make_denoiser(spec),
        _make_encoder(spec),
        make_schedule(spec["schedule"], spec["gamma_min"], spec["gamma_max"]),
        _make_likelihood(spec),
        second_moment=spec["second_moment"],
        counterterm=spec["counterterm"],
        n_steps=spec["n_steps"],
        ratio=spec["ratio"],
    )
    return Averaged(model, spec["ema_decay"])
