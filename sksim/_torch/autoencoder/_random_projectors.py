"""Targets of random networks, that are kept if they differ, and an encoder that predicts them."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch._perceptron import perceptron
from sksim._torch.autoencoder._network import EncoderNetwork, effective_rank

__all__ = ["ProjectorNetwork", "choose_projectors", "row_twins", "similarity_kernel"]


def row_twins(p: Tensor, z: Tensor, off_diagonal_weight: float) -> Tensor:
    """Barlow Twins over the rows of a batch: their cosines should be the identity.

    ``sum_i (C_ii - 1)^2 + w sum_{i != j} C_ij^2`` with C (n, n) the cosines of rows of p and z.
    """
    C = F.normalize(p, dim=1) @ F.normalize(z, dim=1).T
    diagonal = C.diagonal()
    off = (C**2).sum() - (diagonal**2).sum()
    return ((diagonal - 1) ** 2).sum() + off_diagonal_weight * off


def similarity_kernel(targets: list[Tensor]) -> Tensor:
    """Cosines (m, m) of the matrices of cosines of the rows, for m networks.

    ``<U_a U_a^T, U_b U_b^T> = |U_a^T U_b|^2`` with U of unit rows: no matrix has the size of the
    rows squared.
    """
    units = [F.normalize(one.double(), dim=1) for one in targets]
    K = torch.stack([torch.stack([((a.T @ b) ** 2).sum() for b in units]) for a in units])
    lengths = K.diagonal().sqrt().clamp_min(torch.finfo(K.dtype).tiny)
    return K / lengths / lengths[:, None]


class ProjectorNetwork(EncoderNetwork):
    """An encoder, and a small predictor for each of some frozen random networks.

    Parameters
    ----------
    n_features, n_components : int
        Columns of the rows and of the representation.
    hidden : tuple of int
        Widths of the hidden layers of the encoder and of the random networks.
    n_projectors : int
        Number of random networks.
    predictor : {"linear", "mlp"}
        Kind of the predictors.
    off_diagonal_weight : float
        Weight of the cosines of different rows.
    """

    parts = ("twins",)
    chosen: Tensor

    def __init__(
        self,
        *,
        n_features: int,
        n_components: int,
        hidden: tuple[int, ...],
        n_projectors: int,
        predictor: str,
        off_diagonal_weight: float,
    ) -> None:
        super().__init__(n_features, n_components)
        self.hidden = hidden
        self.off_diagonal_weight = off_diagonal_weight
        self.encoder = perceptron(n_features, hidden, n_components, bias=True)
        between = (n_components,) if predictor == "mlp" else ()
        self.predictors = nn.ModuleList(
            perceptron(n_components, between, n_components, bias=True) for _ in range(n_projectors)
        )
        self.projectors = nn.ModuleList(self.random_network() for _ in range(n_projectors))
        self.projectors.requires_grad_(False)
        self.register_buffer("chosen", torch.arange(n_projectors))

    def random_network(self) -> nn.Module:
        """A candidate for a target."""
        return perceptron(len(self.mean), self.hidden, self.n_components, bias=True)

    def forward(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Prediction and target of each random network."""
        h = self.encoder(x)
        return [(f(h), g(x)) for f, g in zip(self.predictors, self.projectors)]

    def losses(self, outputs: list[tuple[Tensor, Tensor]], x: Tensor, y: Tensor) -> list[Tensor]:
        terms = [row_twins(p, z, self.off_diagonal_weight) for p, z in outputs]
        return [torch.stack(terms).mean() / len(x)]

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def monitors(self, x: Tensor) -> dict[str, Any]:
        agreement = [F.cosine_similarity(p, z).mean() for p, z in self(x)]
        return {
            "effective_rank": effective_rank(self.encode(x)),
            "agreement": torch.stack(agreement).mean().item(),
        }


@torch.no_grad()
def choose_projectors(
    network: ProjectorNetwork,
    rows: np.ndarray,
    n_candidates: int,
    choose: Callable[[np.ndarray, int], np.ndarray],
) -> None:
    """Draw candidates, and put those that ``choose(kernel, n)`` takes into the network.

    Where fewer differ than are needed, the first of the others follow.
    """
    x = torch.as_tensor(rows, device=network.mean.device)
    candidates = [network.random_network().to(x.device) for _ in range(n_candidates)]
    kernel = similarity_kernel([g(x) for g in candidates]).cpu().numpy()
    first = [int(i) for i in choose(kernel, len(network.projectors))]
    others = [i for i in range(n_candidates) if i not in first]
    chosen = (first + others)[: len(network.projectors)]
    network.chosen.copy_(torch.tensor(chosen))
    for place, i in zip(network.projectors, chosen):
        place.load_state_dict(candidates[i].state_dict())
