"""Dictionaries whose codes have few positive entries: the largest products, or pursued ones."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sksim._torch.autoencoder._network import Autoencoder

__all__ = ["PursuitNetwork", "TopKNetwork", "largest", "pursue", "repulsion"]

_WIDER = 4  # so many times as many units, in the second reconstruction
_WIDER_WEIGHT = 1 / 8
_ACTIVE = 1e-5
_SILENT_STEPS = 30  # a unit that was silent for more is dead


def largest(a: Tensor, k: int) -> Tensor:
    """The k largest entries of each row where they are positive, zeros elsewhere."""
    values, places = a.topk(min(k, a.shape[1]), dim=1)
    return torch.zeros_like(a).scatter(1, places, F.relu(values))


def pursue(x: Tensor, atoms: Tensor, n_steps: int) -> tuple[Tensor, Tensor]:
    """Codes (n, h) by matching pursuit over unit atoms (h, d), and what is left of the rows.

    Gradients go through the recursion of the residuals; the choice of the atoms is constant.
    """
    residual, codes = x, x.new_zeros(len(x), len(atoms))
    for _ in range(n_steps):
        with torch.no_grad():
            places = (residual @ atoms.T).argmax(dim=1)
        chosen = atoms[places]
        a = F.relu((chosen * residual).sum(dim=1, keepdim=True))
        codes = codes.scatter_add(1, places[:, None], a)
        residual = residual - a * chosen
    return codes, residual


def repulsion(codes: Tensor, y: Tensor, temperature: float) -> Tensor:
    r"""Contrast of the codes of a batch; y (n,) names the rows that attract each other.

    Mean of -log(e^{s_ip / T} / (e^{s_ip / T} + 2 sum_{j: y_j != y_i} e^{s_ij / T})) over the rows
    p with the label of i, i itself among them, then over i; s is the cosine.
    """
    s = F.normalize(codes, dim=1)
    s = s @ s.T / temperature
    same = y[:, None] == y[None]
    negatives = s.masked_fill(same, -torch.inf).logsumexp(dim=1, keepdim=True)
    terms = torch.logaddexp(s, negatives + torch.log(s.new_tensor(2.0))) - s
    return (torch.where(same, terms, 0).sum(dim=1) / same.sum(dim=1)).mean()


class Sparse(NamedTuple):
    """What a batch leaves for the loss."""

    codes: Tensor
    reconstruction: Tensor
    others: tuple[Tensor, ...]


class SparseNetwork(Autoencoder):
    """A dictionary of unit rows, and a count of how long each unit has been silent.

    Parameters
    ----------
    n_features, n_components : int
        Columns of the rows, and units.
    n_nonzero : int
        Active units of a row.
    contrastive_weight, temperature : float
        Weight and temperature of the contrast.
    """

    silent_steps: Tensor

    def __init__(
        self,
        *,
        n_features: int,
        n_components: int,
        n_nonzero: int,
        contrastive_weight: float,
        temperature: float,
    ) -> None:
        super().__init__(n_features, n_components)
        self.dictionary = nn.Parameter(torch.empty(n_components, n_features))
        nn.init.normal_(self.dictionary, std=n_features**-0.5)
        self.register_buffer("silent_steps", torch.zeros(n_components, dtype=torch.int64))
        self.n_nonzero = n_nonzero
        self.contrastive_weight, self.temperature = contrastive_weight, temperature

    def components(self) -> Tensor:
        """The dictionary (n_components, n_features), its rows of unit length."""
        return F.normalize(self.dictionary, dim=1)

    @torch.no_grad()
    def count_silence(self, codes: Tensor) -> None:
        """Take notice of the units that were active in a step of training."""
        self.silent_steps += 1
        self.silent_steps[(codes > _ACTIVE).any(dim=0)] = 0

    def contrast(self, codes: Tensor, y: Tensor) -> Tensor:
        """The contrast of a batch, zero if it has no weight."""
        if self.contrastive_weight == 0:
            return codes.new_zeros(())
        return repulsion(codes, y, self.temperature)

    def monitors(self, x: Tensor) -> dict[str, Any]:
        dead = int((self.silent_steps > _SILENT_STEPS).sum())
        unused = int((~(self.encode(x) > _ACTIVE).any(dim=0)).sum())
        return {"dead_units": dead, "unused_units": unused, "fvu": self.unexplained(x)}


class TopKNetwork(SparseNetwork):
    """The largest of ``W (x - b) + c`` are kept; the decoder is the transpose.

    Parameters
    ----------
    aux_weight : float
        Weight of the reconstruction of the residual by dead units.
    n_aux : int
        Number of dead units that take part.
    **others
        As in :class:`SparseNetwork`.
    """

    parts = ("reconstruction", "wider", "auxiliary", "contrast")

    def __init__(self, *, aux_weight: float, n_aux: int, **others: Any) -> None:
        super().__init__(**others)
        self.aux_weight, self.n_aux = aux_weight, n_aux
        self.offset = nn.Parameter(torch.zeros(len(self.mean)))
        self.bias = nn.Parameter(torch.zeros(self.n_components))

    def weights(self) -> list[float]:
        return [1.0, _WIDER_WEIGHT, self.aux_weight, self.contrastive_weight]

    def activations(self, x: Tensor) -> Tensor:
        """Products of the rows with all units."""
        return (x - self.offset) @ self.components().T + self.bias

    def forward(self, x: Tensor) -> Sparse:
        """Codes, their reconstruction, and the activations of all units."""
        a = self.activations(x)
        codes = largest(a, self.n_nonzero)
        if self.training:
            self.count_silence(codes)
        return Sparse(codes, self.decode(codes), (a,))

    def losses(self, outputs: Sparse, x: Tensor, y: Tensor) -> list[Tensor]:
        codes, decoded, (a,) = outputs
        wider = self.decode(largest(a, _WIDER * self.n_nonzero))
        return [
            ((x - decoded) ** 2).sum(dim=1).mean(),
            ((x - wider) ** 2).sum(dim=1).mean(),
            self.auxiliary(a, x - decoded),
            self.contrast(codes, y),
        ]

    def auxiliary(self, a: Tensor, residual: Tensor) -> Tensor:
        """Share of the residual that the most active dead units leave; 0 without dead units."""
        dead = self.silent_steps > _SILENT_STEPS
        n_dead = int(dead.sum())
        if n_dead == 0 or self.aux_weight == 0:
            return residual.new_zeros(())
        codes = largest(a[:, dead], min(self.n_aux, n_dead))
        target = residual.detach()
        left = ((target - codes @ self.components()[dead]) ** 2).sum()
        total = ((target - target.mean(dim=0)) ** 2).sum()
        return torch.nan_to_num(left / total, nan=0.0, posinf=0.0)

    def encode(self, x: Tensor) -> Tensor:
        return largest(self.activations(x), self.n_nonzero)

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.components() + self.offset


class PursuitNetwork(SparseNetwork):
    """Codes by matching pursuit, trained by what they leave of the rows."""

    parts = ("reconstruction", "contrast")

    def weights(self) -> list[float]:
        return [1.0, self.contrastive_weight]

    def forward(self, x: Tensor) -> Sparse:
        """Codes, and the residual in place of a reconstruction."""
        codes, residual = pursue(x, self.components(), self.n_nonzero)
        if self.training:
            self.count_silence(codes)
        return Sparse(codes, residual, ())

    def losses(self, outputs: Sparse, x: Tensor, y: Tensor) -> list[Tensor]:
        codes, residual, _ = outputs
        return [(residual**2).sum(dim=1).mean(), self.contrast(codes, y)]

    def encode(self, x: Tensor) -> Tensor:
        return pursue(x, self.components(), self.n_nonzero)[0]

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.components()
