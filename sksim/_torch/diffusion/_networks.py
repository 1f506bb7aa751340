"""The networks by name: one registry for checks, building and documentation.

A new network is a module beside this one and a line here. What it has to offer is in
``_protocols``; the documentation lists the names, and a test compares.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from torch import nn

from sksim._torch.diffusion._code_networks import ConvCode, MLPCode
from sksim._torch.diffusion._denoisers import ConvDenoiser, MLPDenoiser
from sksim._torch.diffusion._encoder_networks import ConvEncoder, MLPEncoder
from sksim._torch.diffusion._encoders import IdentityEncoder, ScalingEncoder, TrainableEncoder
from sksim._torch.diffusion._protocols import missing_parts
from sksim._torch.diffusion._unet import UNetDenoiser, UNetEncoder
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import InvalidParameterError

__all__ = [
    "CODE_NETWORKS",
    "DENOISERS",
    "ENCODERS",
    "ENCODER_NETWORKS",
    "SKIPS",
    "BuiltIn",
    "check_name",
    "find_network",
    "make_network",
]


class BuiltIn(NamedTuple):
    """A network of sksim, and the samples that it is made for."""

    network: type[nn.Module]
    samples: Literal["rows", "images"]


#: ``denoiser``. What "auto" means is the first of each kind of samples.
DENOISERS = {
    "mlp": BuiltIn(MLPDenoiser, "rows"),
    "conv": BuiltIn(ConvDenoiser, "images"),
    "unet": BuiltIn(UNetDenoiser, "images"),
}
#: ``encoder``: the ways to make x_t. The trainable one holds a network.
ENCODERS = {
    "trainable": TrainableEncoder,
    "nt": ScalingEncoder,
    "identity": IdentityEncoder,
}
#: ``encoder_params["network"]`` of the trainable encoder, "auto" as above.
ENCODER_NETWORKS = {
    "mlp": BuiltIn(MLPEncoder, "rows"),
    "conv": BuiltIn(ConvEncoder, "images"),
    "unet": BuiltIn(UNetEncoder, "images"),
}
#: ``encoder_params["network"]`` of the codes of InfoDiffusion, "auto" as above.
CODE_NETWORKS = {
    "mlp": BuiltIn(MLPCode, "rows"),
    "conv": BuiltIn(ConvCode, "images"),
}
#: ``denoiser_params["skip"]``.
SKIPS = ("gaussian", "identity", "none")


def check_name(parameter: str, name: object, known: Collection[str], *, or_else: str = "") -> None:
    """Raise as scikit-learn's own checks do, if a name is not known."""
    if name not in known:
        error = unknown_name_error(parameter, name, known, or_else=or_else)
        raise InvalidParameterError(str(error))


def find_network(
    parameter: str, kind: str | type, known: Mapping[str, BuiltIn], shape: tuple[int, ...]
) -> type[nn.Module]:
    """Class of a network, by name or as it is; ValueError if it does not fit the samples."""
    if isinstance(kind, type) and issubclass(kind, nn.Module):
        return kind
    if not isinstance(kind, str):
        raise InvalidParameterError(
            f"{parameter} must be a name or a class of torch.nn.Module, got {kind!r}."
        )
    check_name(parameter, kind, ("auto", *known), or_else="a class of torch.nn.Module")
    samples = "images" if len(shape) == 3 else "rows"
    if kind == "auto":
        return next(one.network for one in known.values() if one.samples == samples)
    if known[kind].samples != samples:
        needed = "no image_shape" if samples == "images" else "image_shape"
        raise ValueError(f"{parameter}={kind!r} needs {needed}; samples have the shape {shape}.")
    return known[kind].network


def make_network(
    parameter: str,
    network: type[nn.Module],
    shape: tuple[int, ...],
    params: Mapping[str, Any],
    *,
    protocol: type,
    other_keys: Sequence[str],
) -> nn.Module:
    """``network(shape, **params)``, its arguments checked before and its methods after.

    Parameters
    ----------
    parameter : str
        "denoiser" or "encoder", for the errors.
    network : class
        A class of torch.nn.Module.
    shape : tuple
        Shape of a sample.
    params : dict
        The other arguments.
    protocol : type
        What the network has to offer.
    other_keys : sequence of str
        What ``denoiser_params`` or ``encoder_params`` may hold besides, named if a key is
        unknown.
    """
    name, signature = network.__name__, inspect.signature(network)
    accepted = list(signature.parameters.values())[1:]
    if all(one.kind != one.VAR_KEYWORD for one in accepted):
        known = [*(one.name for one in accepted), *other_keys]
        for key in params:
            check_name(f"A key of {parameter}_params for {name}", key, known)
    try:
        signature.bind(shape, **params)
    except TypeError as error:
        raise InvalidParameterError(
            f"{parameter}={name} is made as {name}(shape, **{parameter}_params): {error}."
        ) from error
    made = network(shape, **params)
    missing = missing_parts(made, protocol)
    if missing:
        raise InvalidParameterError(f"{parameter}={name} lacks {' and '.join(missing)}.")
    return made
