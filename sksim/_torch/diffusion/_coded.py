"""A diffusion model that is told a code of the data.

``q(z | x) = N(mu(x), diag s^2(x))`` is a further latent variable with the prior N(0, I), and the
denoiser sees a draw of it. In nats, for a row,

    E_q[prior + reconstruction + diffusion given z] + KL(q(z | x) || N(0, I))

is a bound. Training may give the last part another weight, and adds the squared maximum mean
discrepancy between the codes of the batch and N(0, I), for which no prior draws are needed.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sksim._torch._random import generator
from sksim._torch.diffusion._encoder_networks import bounded
from sksim._torch.diffusion._model import _VALIDATION_DRAWS, Diffusion

__all__ = ["CODED_TERMS", "CodedDiffusion", "code_divergence", "discrepancy_from_normal"]

CODED_TERMS = (*Diffusion.terms, "kl", "mmd", "active")

_WIDEST = 6.0  # of a log-variance in size
# Codes that start as wide as the prior say nothing, and the denoiser learns first to ignore them.
_NARROW = -5.0
_ACTIVE = 0.01  # variance of a mean over the data, above which a unit says something


def code_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)) of each row, nats."""
    return 0.5 * (mean**2 + torch.expm1(log_variance) - log_variance).sum(1)


def discrepancy_from_normal(code: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of codes (n, d) and N(0, I).

    The kernel is ``exp(-|u - v|^2 / h)``, h = d^2. Its means over the normal distribution are
    known, ``E k(z, v) = (h / (h + 2))^(d/2) exp(-|z|^2 / (h + 2))`` and
    ``E k(u, v) = (h / (h + 4))^(d/2)``.
    """
    d = code.shape[1]
    h = float(d**2)
    among = torch.exp(-torch.cdist(code, code).square() / h).mean()
    across = (h / (h + 2)) ** (d / 2) * torch.exp(-code.square().sum(1) / (h + 2)).mean()
    return among - 2 * across + (h / (h + 4)) ** (d / 2)


class CodedDiffusion(Diffusion):
    """``forward(x)`` gives (n, 6): the three terms, KL, discrepancy, number of active units.

    Parameters
    ----------
    code_network : torch.nn.Module
        Means and log-variances of the code, (n, 2 n_code), from x.
    n_code : int
        Number of units d.
    zeta, lambda_ : float
        The KL has the weight ``1 - zeta``, the discrepancy ``lambda_ + zeta - 1``.
    time_nested : bool
        At time t only the first ``ceil(t d)`` units are told.
    views : callable or None
        Makes another view of x, which the code network sees in training.
    **options
        As in :class:`Diffusion`.
    """

    terms = CODED_TERMS

    def __init__(
        self,
        *parts: Any,
        code_network: nn.Module,
        n_code: int,
        zeta: float,
        lambda_: float,
        time_nested: bool,
        views: Callable[[Tensor], Tensor] | None,
        **options: Any,
    ) -> None:
        super().__init__(*parts, **options)
        self.code_network = code_network
        self.n_code = n_code
        self.weights = (1 - zeta, lambda_ + zeta - 1, 0.0)
        self.time_nested = time_nested
        self.views = views

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log-variances of q(z | x)."""
        output = self.code_network(x)
        if output.shape != (len(x), 2 * self.n_code):
            raise ValueError(
                f"The encoder must return {2 * self.n_code} values for each of {len(x)} rows, got "
                f"the shape {tuple(output.shape)}."
            )
        mean, width = output.chunk(2, dim=1)
        return mean, bounded(width + _NARROW, _WIDEST)

    def code(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """The mean of q(z | x), or a draw from it."""
        mean, log_variance = self.posterior(x)
        return mean if noise is None else mean + torch.exp(log_variance / 2) * noise

    def code_cost(self, x: Tensor) -> Tensor:
        """KL(q(z | x) || N(0, I)), (n, 1)."""
        return code_divergence(*self.posterior(x)).unsqueeze(1)

    def visible(self, code: Tensor | None, gamma: Tensor) -> Tensor | None:
        """The units that are told at the time."""
        if code is None or not self.time_nested:
            return code
        unit = torch.arange(self.n_code, device=code.device)
        return code * (unit < self.denoiser.position(gamma).unsqueeze(1) * self.n_code)

    def _code_terms(self, mean: Tensor, log_variance: Tensor, code: Tensor) -> Tensor:
        active = (mean.var(0, correction=0) > _ACTIVE).sum().to(mean)
        ones = mean.new_ones(len(mean))
        terms = [code_divergence(mean, log_variance), discrepancy_from_normal(code) * ones]
        return torch.stack([*terms, active * ones], dim=1)

    def training_terms(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """The terms with fresh noise."""
        mean, log_variance = self.posterior(x if self.views is None else self.views(x))
        noise = torch.empty_like(mean).normal_(generator=generator(x.device))
        code = mean + torch.exp(log_variance / 2) * noise
        terms = super().training_terms(x, code)
        return torch.cat([terms, self._code_terms(mean, log_variance, code)], dim=1)

    def validation_terms(self, x: Tensor, n_draws: int = _VALIDATION_DRAWS) -> Tensor:
        """The same noise in every call."""
        mean, log_variance = self.posterior(x)
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(1)).to(x)
        code = mean + torch.exp(log_variance / 2) * noise
        terms = super().validation_terms(x, n_draws)
        return torch.cat([terms, self._code_terms(mean, log_variance, code)], dim=1)
