"""Mutual information machine, with a contrast of the latents of a batch."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from sksim._torch._random import generator
from sksim._torch.autoencoder._network import DeepNetwork, effective_rank, reconstruction_error

__all__ = ["MIMNetwork", "contrast", "log_normal", "mim_loss"]

_MAX_LOG_VAR = 2.0


def log_normal(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Log-density (n,) of rows under normal distributions with diagonal covariances, in nats."""
    squares = (x - mean) ** 2 * torch.exp(-log_var)
    return -0.5 * (squares + log_var + math.log(2 * math.pi)).sum(dim=1)


def mim_loss(log_q: Tensor, log_likelihood: Tensor, log_prior: Tensor) -> Tensor:
    """``-(log q(z|x) + log p(x|z) + log p(z)) / 2`` of each row, in nats."""
    return -0.5 * (log_q + log_likelihood + log_prior)


def contrast(z: Tensor, temperature: float, *, normalize_negatives: bool) -> Tensor:
    """``-log p_k`` (n,): how far each latent is told from the others of the batch.

    With the cosines s, ``p_k = e^{s_ii / T} / (e^{s_ii / T} + m)``, m being the mean or the sum of
    ``e^{s_ij / T}`` over the others.
    """
    if len(z) < 2:
        return z.new_zeros(len(z))
    u = F.normalize(z, dim=1)
    s = u @ u.T / temperature
    positives = s.diagonal()
    itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    negatives = s.masked_fill(itself, -torch.inf).logsumexp(dim=1)
    if normalize_negatives:
        negatives = negatives - math.log(len(z) - 1)
    return torch.logaddexp(positives, negatives) - positives


class Encoded(NamedTuple):
    """What a batch leaves for the loss."""

    decoded: Tensor
    z: Tensor
    mean: Tensor
    log_var: Tensor


class MIMNetwork(DeepNetwork):
    """Latents with a normal distribution, whose samples the decoder sees.

    Parameters
    ----------
    contrastive_weight, temperature : float
        Weight and temperature of the contrast.
    normalize_negatives : bool
        Whether its denominator holds the mean over the other rows.
    noise_scale : float
        Standard deviation of the data given the latents, if they are real numbers.
    min_log_var : float
        Least log-variance of the latents.
    **structure
        As in :class:`DeepNetwork`.
    """

    parts = ("mim", "contrast")

    def __init__(
        self,
        *,
        n_components: int,
        contrastive_weight: float,
        temperature: float,
        normalize_negatives: bool,
        noise_scale: float,
        min_log_var: float,
        **structure: Any,
    ) -> None:
        super().__init__(n_components=n_components, n_outputs=2 * n_components, **structure)
        self.contrastive_weight, self.temperature = contrastive_weight, temperature
        self.normalize_negatives = normalize_negatives
        self.noise_scale, self.min_log_var = noise_scale, min_log_var

    def weights(self) -> list[float]:
        return [1.0, 0.5 * self.contrastive_weight]

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log-variances (n, M) of the latents."""
        mean, log_var = self.encoder(x).chunk(2, dim=1)
        return mean, log_var.clamp(self.min_log_var, _MAX_LOG_VAR)

    def forward(self, x: Tensor) -> Encoded:
        """Decoded samples of the latents; in validation the noise is the same each time."""
        mean, log_var = self.posterior(x)
        if self.training:
            source, device = generator(x.device), x.device
        else:
            source, device = torch.Generator().manual_seed(0), torch.device("cpu")
        eps = torch.randn(mean.shape, generator=source, device=device, dtype=mean.dtype)
        z = mean + torch.exp(0.5 * log_var) * eps.to(mean.device)
        return Encoded(self.decoder(z), z, mean, log_var)

    def log_likelihood(self, x: Tensor, decoded: Tensor) -> Tensor:
        """Log p(x|z), in nats: the mean over the rows for Bernoulli, else of each."""
        if self.likelihood == "bernoulli":
            return -reconstruction_error(x, decoded, self.likelihood)
        return log_normal(x, decoded, x.new_tensor(2 * math.log(self.noise_scale)))

    def losses(self, outputs: Encoded, x: Tensor, y: Tensor) -> list[Tensor]:
        decoded, z, mean, log_var = outputs
        log_q, log_prior = log_normal(z, mean, log_var), log_normal(z, z * 0, z.new_zeros(()))
        mim = mim_loss(log_q, self.log_likelihood(x, decoded), log_prior).mean()
        if self.contrastive_weight == 0:
            return [mim, mim.new_zeros(())]
        others = contrast(z, self.temperature, normalize_negatives=self.normalize_negatives)
        return [mim, others.mean()]

    def encode(self, x: Tensor) -> Tensor:
        return self.posterior(x)[0]

    def monitors(self, x: Tensor) -> dict[str, Any]:
        mean, log_var = self.posterior(x)
        kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(dim=1).mean()
        u = F.normalize(mean, dim=1)
        cosine = ((u.sum(dim=0) ** 2).sum() - len(u)) / max(len(u) * (len(u) - 1), 1)
        return {
            "kl": kl.item(),
            "cosine": cosine.item(),
            "at_min_log_var": (log_var <= self.min_log_var).float().mean().item(),
            "effective_rank": effective_rank(mean),
            "fvu": self.unexplained(x),
        }
