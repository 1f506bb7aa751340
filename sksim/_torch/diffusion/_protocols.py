"""What the parts of a diffusion model have to offer, those of sksim and those of a user.

Shapes: n samples of ``shape``, which is (n_features,) or (channels, height, width). Row i of a
result depends on row i of the arguments only, so no batch normalisation.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, runtime_checkable

from torch import Tensor, nn

__all__ = [
    "CodeNetwork",
    "CodedDenoiser",
    "DenoiserNetwork",
    "Encoder",
    "EncoderNetwork",
    "Encoding",
    "FeatureDenoiser",
    "LayeredDenoiser",
    "Likelihood",
    "Schedule",
    "missing_parts",
]


class DenoiserNetwork(Protocol):
    """Removes noise: ``denoiser``, a torch.nn.Module made as ``denoiser(shape, **params)``."""

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        """Prediction of v, eps or x, (n, *shape).

        ``z`` (n, *shape) are noisy data, ``t`` (n,) their times: 0 is almost no noise, 1 almost
        nothing else. With a learned schedule t can leave [0, 1] a little.
        """
        ...


@runtime_checkable
class FeatureDenoiser(DenoiserNetwork, Protocol):
    """A denoiser that ``transform`` can use."""

    n_features: int

    def features(self, z: Tensor, t: Tensor) -> Tensor:
        """Activations inside the network, (n, n_features)."""
        ...


@runtime_checkable
class LayeredDenoiser(FeatureDenoiser, Protocol):
    """A denoiser of which ``DiffusionFeatures`` can read any block."""

    middle: int

    def activations(self, z: Tensor, t: Tensor) -> Iterator[Tensor]:
        """Activations inside each block in turn, (n, channels) or (n, channels, height, width).

        A generator, which is left once the last block that is wanted has come. ``middle`` is the
        number of the block that ``features`` reads.
        """
        ...


class CodedDenoiser(Protocol):
    """A denoiser of ``InfoDiffusion``, which is told a code of the data."""

    def forward(self, z: Tensor, t: Tensor, code: Tensor) -> Tensor:
        """Prediction of v, eps or x, (n, *shape), from ``code`` (n, n_components) too."""
        ...


class CodeNetwork(Protocol):
    """Encodes for ``InfoDiffusion``: made as ``network(shape, n_outputs, **params)``."""

    def forward(self, x: Tensor) -> Tensor:
        """Means and, before they are bounded, log-variances of the code, (n, n_outputs)."""
        ...


class EncoderNetwork(Protocol):
    """Encodes: ``encoder``, a torch.nn.Module made as ``encoder(shape, **params)``."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """The target y(x, t) of the encoded data, (n, *shape).

        ``x`` (n, *shape) are data, ``t`` (n,) times as above. y has a derivative in t, which is
        taken by automatic differentiation, in forward mode for images in evaluation.
        """
        ...


class Encoding(NamedTuple):
    """Encoded data ``x`` = x_t and its ``drift`` u_t = (d x_t / d lambda) / sigma_t^2."""

    x: Tensor
    drift: Tensor


class Encoder(Protocol):
    """x_t as a function of the data (n, *shape) and gamma (n,)."""

    training: bool

    def __call__(self, x: Tensor, gamma: Tensor) -> Encoding:
        """x_t and its drift."""
        ...

    def encode(self, x: Tensor, gamma: Tensor) -> Tensor:
        """x_t alone."""
        ...

    def second_moment(self, gamma: Tensor) -> Tensor:
        """E[x_t^2] / E[x^2] at the start of training, (n,)."""
        ...


class Schedule(Protocol):
    """gamma as an increasing function of the time in [0, 1]."""

    learned: bool

    def __call__(self, t: Tensor) -> Tensor:
        """gamma(t), the shape of t."""
        ...

    def slope(self, t: Tensor) -> Tensor:
        """``d gamma / dt``, the shape of t."""
        ...

    def ends(self) -> tuple[float, float]:
        """gamma(0) and gamma(1)."""
        ...


class Likelihood(Protocol):
    """p(x | z), ``z`` (n, *shape) being z_0 / alpha_0 and ``gamma`` the scalar gamma_0."""

    def nll(self, x: Tensor, z: Tensor, gamma: Tensor) -> Tensor:
        """``-log p(x | z)``, (n,) nats."""
        ...

    def mode(self, z: Tensor, gamma: Tensor) -> Tensor:
        """Most likely x, the shape of z."""
        ...


def _offers(network: nn.Module, method: str, n_arguments: int) -> bool:
    """Whether a network has a method of its own that takes so many positional arguments.

    The ``forward`` that torch.nn.Module itself brings, which only raises, does not count.
    """
    if getattr(type(network), method, None) is getattr(nn.Module, method, nn.Module):
        return False
    found: Any = getattr(network, method, None)
    try:
        inspect.signature(found).bind(*[None] * n_arguments)
    except TypeError:  # not there, or with other arguments
        return False
    return True


def missing_parts(network: nn.Module, protocol: type) -> list[str]:
    """What a protocol asks for and a network lacks, such as ``["features(z, t)"]``."""
    missing = []
    for base in reversed(protocol.__mro__):
        for name, method in vars(base).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                arguments = list(inspect.signature(method).parameters)[1:]
                if not _offers(network, name, len(arguments)):
                    missing.append(f"{name}({', '.join(arguments)})")
        missing += [name for name in inspect.get_annotations(base) if not hasattr(network, name)]
    return missing
