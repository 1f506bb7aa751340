"""Losses of networks p(y|x) ~ exp(f(x).g(y)): on labels, or on a teacher's log-probabilities.

Each is a mean over inputs of a loss of each input, ``rows``, so that stacked networks can share
one call.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc

import torch
from torch import Tensor, nn

__all__ = ["LOSSES", "DivergenceLoss", "LabelLoss", "LogitL1Loss", "LogitL2Loss", "RowLoss"]


def _centered(logits: Tensor) -> Tensor:
    """Subtract each row's mean, which the distribution cannot see."""
    return logits - logits.mean(dim=1, keepdim=True)


class RowLoss(nn.Module, abc.ABC):
    """Mean over inputs of ``rows(logits, target)``, summed over nested components."""

    @abc.abstractmethod
    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,)."""

    def nested_rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,) for logits (n, k), or (n, k, m) of m nested sizes: their sum."""
        if logits.ndim == 2:
            return self.rows(logits, target)
        return torch.stack([self.rows(one, target) for one in logits.unbind(-1)]).sum(dim=0)

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of logits for labels (n,) or a teacher's log-probabilities (n, k)."""
        return self.nested_rows(logits, target).mean()


class LabelLoss(RowLoss):
    """Negative log-likelihood of the label, nats."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,)."""
        return nn.functional.cross_entropy(logits, target, reduction="none")


class DivergenceLoss(RowLoss):
    """KL(teacher || student), nats."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,)."""
        return (target.exp() * (target - torch.log_softmax(logits, dim=1))).sum(dim=1)


class LogitL1Loss(RowLoss):
    """Mean absolute difference of the centred logits."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,)."""
        return (_centered(logits) - _centered(target)).abs().mean(dim=1)


class LogitL2Loss(RowLoss):
    """Squared difference of the centred logits, summed over labels."""

    def rows(self, logits: Tensor, target: Tensor) -> Tensor:
        """Loss of each input (n,)."""
        return (_centered(logits) - _centered(target)).square().sum(dim=1)


#: By the name of ``distillation``; None is training on labels.
LOSSES = {
    None: LabelLoss,
    "kl": DivergenceLoss,
    "logit_l1": LogitL1Loss,
    "logit_l2": LogitL2Loss,
}
