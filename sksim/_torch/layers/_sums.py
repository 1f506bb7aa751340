"""Sums of products over the samples for many layers at once: what they share is done once."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sksim.utils._memory import check_fits

__all__ = ["LayerSums"]

#: Rows that are gathered for one product, which reads and writes all of its sums.
_ROWS = 512


class LayerSums:
    """Sums over the samples of the products of each layer with itself and of the asked pairs.

    With the layers side by side in one matrix Z (n, D), less the means of the first rows, and the
    squared norms N (n, m) of their rows: the column sums of Z and N, ``N^T N``, ``N^T Z`` and, in
    one product for each layer, its rows of ``Z^T Z``. All in float64.

    Parameters
    ----------
    layers : sequence of Tensor
        Activations of a batch, whose widths and precision count; they are not added.
    partners : sequence of range
        For each layer the layers whose products with it are wanted, a run of neighbours.
    device : torch.device
        Where the sums are.

    Attributes
    ----------
    rounding : list of float
        Rounding unit of the activations of each layer.
    """

    def __init__(
        self, layers: Sequence[Tensor], partners: Sequence[range], device: torch.device
    ) -> None:
        widths = [layer.shape[1] for layer in layers]
        self.rounding = [torch.finfo(layer.dtype).eps for layer in layers]
        self.ends = [0, *np.cumsum(widths).tolist()]
        self.partners = partners
        # A device without double precision hands its activations to the CPU.
        self.device = torch.device("cpu") if device.type == "mps" else device
        blocks = [self._columns(i) for i in range(len(widths))]
        n_entries = sum(w * (b.stop - b.start + w) for w, b in zip(widths, blocks, strict=True))
        check_fits(
            8.0 * n_entries,
            f"The products of the features of {len(widths)} layers with {self.ends[-1]} features",
            "Choose fewer layers or another pool; or, for few samples, compare the arrays of "
            "collect_activations by cross_similarity.",
        )
        self.n = 0
        self.shift: Tensor | None = None
        self._waiting: list[Tensor] = []
        D, m = self.ends[-1], len(widths)
        self.z, self.norms = self._zeros(D), self._zeros(m)
        self.nn, self.nz = self._zeros(m, m), self._zeros(m, D)
        self.own = [self._zeros(w, w) for w in widths]
        self.cross = [self._zeros(w, b.stop - b.start) for w, b in zip(widths, blocks, strict=True)]

    def _zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=torch.float64, device=self.device)

    def _columns(self, layer: int) -> slice:
        """Columns of the partners of a layer."""
        run = self.partners[layer]
        return slice(self.ends[run.start], self.ends[run.stop]) if run else slice(0, 0)

    def add(self, layers: Sequence[Tensor]) -> None:
        """Add the samples of a batch, one tensor (n_batch, d) a layer."""
        widths, expected = [one.shape[1] for one in layers], np.diff(self.ends).tolist()
        if widths != expected:
            raise ValueError(
                f"The layers must have {expected} features as in the first batch, got {widths}."
            )
        Z = torch.cat([one.to(self.device).to(torch.float64) for one in layers], dim=1)
        self._waiting.append(Z)
        if sum(map(len, self._waiting)) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Add what waits for more rows."""
        if not self._waiting:
            return
        Z = torch.cat(self._waiting)
        self._waiting = []
        if self.shift is None:
            self.shift = Z.mean(dim=0)
        Z -= self.shift
        sides = [Z[:, a:b] for a, b in zip(self.ends, self.ends[1:], strict=False)]
        N = torch.stack([side.square().sum(dim=1) for side in sides], dim=1)
        self.n += len(Z)
        self.z += Z.sum(dim=0)
        self.norms += N.sum(dim=0)
        self.nn.addmm_(N.T, N)
        self.nz.addmm_(N.T, Z)
        for i, side in enumerate(sides):
            self.own[i].addmm_(side.T, side)
            columns = self._columns(i)
            if columns.stop > columns.start:
                self.cross[i].addmm_(side.T, Z[:, columns])

    def pair(self, i: int, j: int) -> tuple[int, list[Any]]:
        """Number of samples n and the sums x, y, x y^T, a, b, a b, a y, b x of two layers.

        a and b are the squared norms |x|^2 and |y|^2 of the samples; all less the shift.
        """
        self.flush()
        x, y = (slice(self.ends[k], self.ends[k + 1]) for k in (i, j))
        if i == j:
            products = self.own[i]
        else:
            start = self._columns(i).start
            products = self.cross[i][:, y.start - start : y.stop - start]
        tensors = [self.z[x], self.z[y], products, self.nz[i, y], self.nz[j, x]]
        sum_x, sum_y, xy, ay, bx = (one.cpu().numpy() for one in tensors)
        a, b, ab = (float(one) for one in (self.norms[i], self.norms[j], self.nn[i, j]))
        return self.n, [sum_x, sum_y, xy, a, b, ab, ay, bx]
