"""Time-dependent encoders of the data and their exact derivatives.

An encoder replaces x by ``x_t = alpha_t^2 x + sigma_t^2 y(x, t)`` before noise is added. With
``lambda = log SNR = -gamma``, ``d sigma^2/d lambda = -alpha^2 sigma^2``, and therefore

    d x_t / d lambda = sigma_t^2 u_t,    u_t = x_t - y + dy/d lambda.

``u_t`` is what the loss needs; the factor sigma^2 is kept apart, so nothing is divided by it.
The encoders: y = x (identity), y = 0 (not trainable), y a network, y = x + a network.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sksim._torch._random import same_draws
from sksim._torch.diffusion._layers import expand
from sksim._torch.diffusion._protocols import Encoder, Encoding

__all__ = [
    "IdentityEncoder",
    "ScalingEncoder",
    "TrainableEncoder",
    "derivative_double_vjp",
    "derivative_jvp",
    "encode_pair",
    "same_shape",
]


def same_shape(result: Tensor, z: Tensor, name: str) -> Tensor:
    """The result of a network, if it has the shape of its input; else ValueError."""
    if result.shape != z.shape:
        shapes = f"{tuple(z.shape)}, got {tuple(result.shape)}"
        raise ValueError(f"The {name} must return the shape of its input {shapes}.")
    return result


@functools.cache
def _load_forward_rules() -> None:
    """First use of the forward mode, without torch's warning about its own internals."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.ones(1),))


def derivative_jvp(f: Callable[[Tensor], Tensor], t: Tensor) -> tuple[Tensor, Tensor]:
    """``f(t)`` and ``df/dt``, one value of t a sample, by forward-mode differentiation."""
    _load_forward_rules()
    with torch.autocast(t.device.type, enabled=False):
        value_and_slope = torch.func.jvp(f, (t,), (torch.ones_like(t),))
    return value_and_slope[0], value_and_slope[1]


def derivative_double_vjp(f: Callable[[Tensor], Tensor], t: Tensor) -> tuple[Tensor, Tensor]:
    """``f(t)`` and ``df/dt`` by differentiating the vector-Jacobian product, linear in w, in w."""
    with torch.enable_grad():
        t = t.detach().requires_grad_() if not t.requires_grad else t
        y = f(t)
        w = torch.zeros_like(y, requires_grad=True)
        product = None
        if y.requires_grad:
            (product,) = torch.autograd.grad(y, t, w, create_graph=True, allow_unused=True)
        if product is None or not product.requires_grad:  # y does not depend on t
            return y, torch.zeros_like(y)
        (slope,) = torch.autograd.grad(product.sum(), w, create_graph=True)
    return y, slope


def encode_pair(
    encoder: Encoder, x: Tensor, gamma_s: Tensor, gamma_t: Tensor
) -> tuple[Tensor, Tensor]:
    """x_s and x_t of one encoder: in training both see the same random numbers (dropout)."""
    if not encoder.training:
        return encoder.encode(x, gamma_s), encoder.encode(x, gamma_t)
    with same_draws(x.device):
        x_s = encoder.encode(x, gamma_s)
    return x_s, encoder.encode(x, gamma_t)


class IdentityEncoder(nn.Module):
    """x_t = x: plain variational diffusion."""

    def encode(self, x: Tensor, gamma: Tensor) -> Tensor:
        """x_t."""
        return x

    def forward(self, x: Tensor, gamma: Tensor) -> Encoding:
        return Encoding(x, torch.zeros_like(x))

    def second_moment(self, gamma: Tensor) -> Tensor:
        """E[x_t^2] / E[x^2] at the start of training."""
        return torch.ones_like(gamma)


class ScalingEncoder(nn.Module):
    """x_t = alpha_t^2 x, the encoder without parameters; u_t = x_t."""

    def encode(self, x: Tensor, gamma: Tensor) -> Tensor:
        """x_t."""
        return torch.sigmoid(-expand(gamma, x)) * x

    def forward(self, x: Tensor, gamma: Tensor) -> Encoding:
        x_t = self.encode(x, gamma)
        return Encoding(x_t, x_t)

    def second_moment(self, gamma: Tensor) -> Tensor:
        """E[x_t^2] / E[x^2] at the start of training."""
        return torch.sigmoid(-gamma) ** 2


class TrainableEncoder(nn.Module):
    """x_t = alpha_t^2 x + sigma_t^2 y(x, t), y a network (plus x itself if ``residual``).

    The derivative is exact. A network may bring it as ``value_and_slope(x, t)``, which is the
    cheapest route. By measurement the double vector-Jacobian product is the cheaper of the two
    others for tables, and as cheap for images in training; for images in evaluation the forward
    mode, which records no graph, is the cheaper one.

    Parameters
    ----------
    network : torch.nn.Module
        Called as ``network(x, t)`` with t (n,); row i of its result may depend on row i only.
    gamma_min, gamma_max : float
        The time given to the network is ``(gamma - gamma_min) / (gamma_max - gamma_min)``.
    residual : bool, default=False
        ``y = x + network(x, t)``, the identity at the start of training.
    """

    def __init__(
        self, network: nn.Module, gamma_min: float, gamma_max: float, residual: bool = False
    ) -> None:
        super().__init__()
        self.network = network
        self.gamma_min = gamma_min
        self.span = gamma_max - gamma_min
        self.residual = residual

    def target(self, x: Tensor, gamma: Tensor) -> Tensor:
        """y(x, t)."""
        y = same_shape(self.network(x, (gamma - self.gamma_min) / self.span), x, "encoder")
        return x + y if self.residual else y

    def encode(self, x: Tensor, gamma: Tensor) -> Tensor:
        """x_t."""
        return self._blend(x, self.target(x, gamma), gamma)

    def _blend(self, x: Tensor, y: Tensor, gamma: Tensor) -> Tensor:
        gamma = expand(gamma, x)
        return torch.sigmoid(-gamma) * x + torch.sigmoid(gamma) * y

    def shares_trunk(self) -> bool:
        """Whether :meth:`with_end` saves something; of the network's own class, as below."""
        return "slope_from_trunk" in vars(type(self.network))

    def with_end(self, x: Tensor, gamma: Tensor, end: Tensor) -> tuple[Encoding, Tensor]:
        """x_t and its drift, and x_t at another gamma: one trunk serves both."""
        network: Any = self.network
        h = network.trunk(x)
        y, slope = network.slope_from_trunk(h, (gamma - self.gamma_min) / self.span)
        y_end = network.from_trunk(h, (end - self.gamma_min) / self.span)
        if self.residual:
            y, y_end = x + y, x + y_end
        return self._encoding(x, y, slope / self.span, gamma), self._blend(x, y_end, end)

    def _target_and_slope(self, x: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
        """y(x, t) and dy/dgamma."""
        # Of the class itself: a subclass with another forward has another derivative.
        brought = vars(type(self.network)).get("value_and_slope")
        if brought is not None:
            y, slope = brought(self.network, x, (gamma - self.gamma_min) / self.span)
            return (x + y if self.residual else y), slope / self.span
        forward_mode = x.ndim == 4 and not torch.is_grad_enabled()
        if forward_mode:  # some of its rules need plain strides, even along a single channel
            x = x.clone(memory_format=torch.contiguous_format)
        derivative = derivative_jvp if forward_mode else derivative_double_vjp
        return derivative(lambda g: self.target(x, g), gamma)

    def forward(self, x: Tensor, gamma: Tensor) -> Encoding:
        return self._encoding(x, *self._target_and_slope(x, gamma), gamma)

    def _encoding(self, x: Tensor, y: Tensor, slope: Tensor, gamma: Tensor) -> Encoding:
        x_t = self._blend(x, y, gamma)
        return Encoding(x_t, x_t - y - slope)  # dy/dlambda = -dy/dgamma

    def second_moment(self, gamma: Tensor) -> Tensor:
        """E[x_t^2] / E[x^2] at the start of training."""
        return torch.ones_like(gamma) if self.residual else torch.sigmoid(-gamma) ** 2
