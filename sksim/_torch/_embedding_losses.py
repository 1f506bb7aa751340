"""Losses of networks p(y|x) ~ exp(f(x).g(y)): on labels, or on a teacher's log-probabilities."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import torch
from torch import Tensor, nn

__all__ = ["DISTILLATION_LOSSES", "DivergenceLoss", "LogitL1Loss", "LogitL2Loss"]


def _centered(logits: Tensor) -> Tensor:
    """Subtract each row's mean, which the distribution cannot see."""
    return logits - logits.mean(dim=1, keepdim=True)


class DivergenceLoss(nn.Module):
    """KL(teacher || student), mean over inputs, nats."""

    def forward(self, logits: Tensor, log_p: Tensor) -> Tensor:
        """Loss of logits (n, k) for the teacher's log-probabilities (n, k)."""
        return nn.functional.kl_div(
            torch.log_softmax(logits, dim=1), log_p, reduction="batchmean", log_target=True
        )


class LogitL1Loss(nn.Module):
    """Mean absolute difference of the centred logits, over inputs and labels."""

    def forward(self, logits: Tensor, log_p: Tensor) -> Tensor:
        """Loss of logits (n, k) for the teacher's log-probabilities (n, k)."""
        return (_centered(logits) - _centered(log_p)).abs().mean()


class LogitL2Loss(nn.Module):
    """Squared difference of the centred logits, summed over labels, mean over inputs."""

    def forward(self, logits: Tensor, log_p: Tensor) -> Tensor:
        """Loss of logits (n, k) for the teacher's log-probabilities (n, k)."""
        return (_centered(logits) - _centered(log_p)).square().sum(dim=1).mean()


DISTILLATION_LOSSES = {"kl": DivergenceLoss, "logit_l1": LogitL1Loss, "logit_l2": LogitL2Loss}
