"""Reconstruction: log p(x | z_0) for integer levels and for real numbers.

Both see ``z_0 / alpha_0 = x_0 + exp(gamma_0 / 2) eps``, the data with a little noise.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math

import torch
from torch import Tensor, nn

__all__ = ["CategoricalLikelihood", "GaussianLikelihood"]


class CategoricalLikelihood(nn.Module):
    """K levels at ``2 (k + 1/2) / K - 1``; ``p(k | z) ~ exp(-(z - x_k)^2 / (2 exp(gamma_0)))``.

    Parameters
    ----------
    n_levels : int
        K.
    """

    def __init__(self, n_levels: int) -> None:
        super().__init__()
        self.n_levels = n_levels

    def _level(self, index: Tensor) -> Tensor:
        return 2 * (index + 0.5) / self.n_levels - 1

    def _nearest(self, x: Tensor) -> Tensor:
        return ((x + 1) * self.n_levels / 2 - 0.5).round().clamp(0, self.n_levels - 1)

    def nll(self, x: Tensor, z: Tensor, gamma: Tensor) -> Tensor:
        """``-log p(x | z)``, (n,) nats; ``z`` (n, ...) is z_0 / alpha_0, ``gamma`` a scalar.

        The normalizer sums over the levels around the nearest one only, 8 sigma to each side: all
        others together weigh less than ``K exp(-32)`` times that one, which single precision does
        not resolve.
        """
        sigma = math.exp(float(gamma.detach()) / 2) * self.n_levels / 2  # in levels
        width = min(math.ceil(0.5 + 8 * sigma), self.n_levels - 1)
        offsets = torch.arange(-width, width + 1, device=z.device, dtype=z.dtype)
        index = self._nearest(z).unsqueeze(-1) + offsets
        logits = -0.5 * (z.unsqueeze(-1) - self._level(index)) ** 2 * torch.exp(-gamma)
        outside = (index < 0) | (index >= self.n_levels)
        log_normalizer = torch.logsumexp(logits.masked_fill(outside, -torch.inf), dim=-1)
        logit = -0.5 * (z - x) ** 2 * torch.exp(-gamma)
        return (log_normalizer - logit).flatten(1).sum(1)

    def mode(self, z: Tensor, gamma: Tensor) -> Tensor:
        """Most likely x: the nearest level."""
        return self._level(self._nearest(z))

    def extra_repr(self) -> str:
        return f"n_levels={self.n_levels}"


class GaussianLikelihood(nn.Module):
    """``p(x | z) = N(z, exp(gamma_0))``, in the units that the data had before scaling.

    Parameters
    ----------
    log_scale : float, default=0.0
        Sum of log scale over the features, by which the data were divided.
    """

    def __init__(self, log_scale: float = 0.0) -> None:
        super().__init__()
        self.log_scale = log_scale

    def nll(self, x: Tensor, z: Tensor, gamma: Tensor) -> Tensor:
        """``-log p(x | z)``, (n,) nats; ``z`` (n, ...) is z_0 / alpha_0, ``gamma`` a scalar."""
        squares = ((z - x) ** 2).flatten(1).sum(1) * torch.exp(-gamma)
        n_features = x[0].numel()
        constant = n_features * (math.log(2 * math.pi) + gamma)
        return 0.5 * (constant + squares) + self.log_scale

    def mode(self, z: Tensor, gamma: Tensor) -> Tensor:
        """Most likely x: the mean."""
        return z
