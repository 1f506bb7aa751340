"""From the specification of a network to the network."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any, cast

from torch import nn

from sksim._torch.diffusion._averaged import Averaged
from sksim._torch.diffusion._coded import CodedDiffusion
from sksim._torch.diffusion._encoders import TrainableEncoder
from sksim._torch.diffusion._layers import ModulatedBlock, Modulation
from sksim._torch.diffusion._likelihoods import CategoricalLikelihood, GaussianLikelihood
from sksim._torch.diffusion._model import Denoiser, Diffusion
from sksim._torch.diffusion._networks import (
    CODE_NETWORKS,
    DENOISERS,
    ENCODER_NETWORKS,
    ENCODERS,
    SKIPS,
    check_name,
    find_network,
    make_network,
)
from sksim._torch.diffusion._protocols import (
    CodedDenoiser,
    CodeNetwork,
    DenoiserNetwork,
    Encoder,
    EncoderNetwork,
    Likelihood,
)
from sksim._torch.diffusion._schedules import make_schedule
from sksim._torch.diffusion._spec import NetworkSpec

__all__ = ["build_diffusion", "fourier_exponents"]

_REACH = 5.0


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


def _make_denoiser(spec: NetworkSpec) -> Denoiser:
    params = dict(spec.denoiser_params or {})
    kind = find_network("denoiser", spec.denoiser, DENOISERS, spec.shape)
    is_ours = kind in [known.network for known in DENOISERS.values()]
    skip = params.pop("skip", "gaussian" if is_ours else "none")
    check_name("denoiser_params['skip']", skip, SKIPS)
    if is_ours:
        params.setdefault("fourier", fourier_exponents(spec.shape, spec.n_levels))
    protocol = DenoiserNetwork if spec.n_components is None else CodedDenoiser
    network = make_network(
        "denoiser", kind, spec.shape, params, protocol=protocol, other_keys=["skip"]
    )
    if spec.n_components is not None:  # after all else, which then starts as without a code
        for block in network.modules():
            if isinstance(block, ModulatedBlock):
                block.modulation = Modulation(spec.n_components, block.width, spec.conditioning)
    if spec.compile:
        network.compile()
    ends = spec.gamma_min, spec.gamma_max
    return Denoiser(network, *ends, spec.prediction, skip, spec.precision)


def _make_encoder(spec: NetworkSpec) -> Encoder:
    kind, params = spec.encoder, dict(spec.encoder_params or {})
    parameter, other_keys = "encoder", []
    if isinstance(kind, str):
        check_name("encoder", kind, ENCODERS, or_else="a class of torch.nn.Module")
        if kind != "trainable":
            return ENCODERS[kind]()
        parameter, other_keys = "encoder_params['network']", ["network"]
        kind = params.pop("network", "auto")
    network = find_network(parameter, kind, ENCODER_NETWORKS, spec.shape)
    if network in [known.network for known in ENCODER_NETWORKS.values()]:
        # Levels lie in [-1, 1], standardised data do not.
        params.setdefault("reach", _REACH if spec.n_levels is None else 1.0)
    made = make_network(
        "encoder", network, spec.shape, params, protocol=EncoderNetwork, other_keys=other_keys
    )
    residual = spec.encoder_init == "identity"
    return TrainableEncoder(made, spec.gamma_min, spec.gamma_max, residual)


def _make_code_network(spec: NetworkSpec) -> nn.Module:
    params, name = dict(spec.encoder_params or {}), "encoder_params['network']"
    kind = find_network(name, params.pop("network", "auto"), CODE_NETWORKS, spec.shape)
    params["n_outputs"] = 2 * cast(int, spec.n_components)
    return make_network(
        "encoder", kind, spec.shape, params, protocol=CodeNetwork, other_keys=["network"]
    )


def build_diffusion(spec: NetworkSpec) -> Averaged:
    """The network of a diffusion estimator; ValueError for names and arguments that it has not."""
    likelihood: Likelihood = (
        GaussianLikelihood(spec.log_scale)
        if spec.n_levels is None
        else CategoricalLikelihood(spec.n_levels)
    )
    parts = (
        _make_denoiser(spec),
        _make_encoder(spec),
        make_schedule(spec.schedule, spec.gamma_min, spec.gamma_max),
        likelihood,
    )
    options: dict[str, Any] = {
        "second_moment": spec.second_moment,
        "counterterm": spec.counterterm,
        "n_steps": spec.n_steps,
        "ratio": spec.ratio,
    }
    if spec.n_components is None:
        model = Diffusion(*parts, **options)
    else:
        model = CodedDiffusion(
            *parts,
            **options,
            code_network=_make_code_network(spec),
            n_code=spec.n_components,
            zeta=spec.zeta,
            lambda_=spec.lambda_,
            time_nested=spec.time_nested,
            views=spec.views,
        )
    return Averaged(model, spec.ema_decay)
