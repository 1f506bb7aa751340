"""Products, selection and distances of an exact search, on the device of a torch build."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import threading
from collections.abc import Iterator

import numpy as np
import torch

from sksim.utils._blocks import row_blocks

__all__ = ["DeviceSearch", "sent"]

# What a block of bounds, or of differences, may take: on a CPU it should stay in the cache, on
# other devices it should be large.
_CPU_MIB, _DEVICE_MIB = 40, 2048


class _WholeFloat32(contextlib.ContextDecorator):
    """Products in all the digits of float32, which the bounds count on, whatever the user set.

    The setting is one of the process: the first search that begins changes it, the last one that
    ends puts it back.
    """

    def __init__(self) -> None:
        self._lock, self._n_searches, self._before = threading.Lock(), 0, "highest"

    def __enter__(self) -> None:
        with self._lock:
            if self._n_searches == 0:
                self._before = torch.get_float32_matmul_precision()
                torch.set_float32_matmul_precision("highest")
            self._n_searches += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_searches -= 1
            if self._n_searches == 0:
                torch.set_float32_matmul_precision(self._before)


_whole_float32 = _WholeFloat32()


def sent(values: np.ndarray, device: str | torch.device) -> torch.Tensor:
    """A copy on the device: on a CPU too, as arrays may be read-only, which torch does not know."""
    return torch.tensor(values, device=device)


class DeviceSearch:
    """What an exact search asks of a device, for one index that stays there.

    Parameters
    ----------
    index : ndarray of shape (width, n_factors), float32
        Right factors of the bounds.
    points : ndarray of shape (n_indexed, n_features)
        Indexed samples, in float32 or float64.
    factors : ndarray of shape (n_indexed,) or None
        Factor of each sample, where lengths do not matter.
    device : str
        The device.
    """

    def __init__(
        self, index: np.ndarray, points: np.ndarray, factors: np.ndarray | None, device: str
    ):
        self.device = torch.device(device)
        self.index, self.points = (self._sent(part) for part in (index, points))
        self.factors = None if factors is None else self._sent(factors)

    def _sent(self, values: np.ndarray) -> torch.Tensor:
        return sent(values, self.device)

    def _rows(self, n_rows: int, row_bytes: int) -> Iterator[slice]:
        limit = _CPU_MIB if self.device.type == "cpu" else _DEVICE_MIB
        return row_blocks(n_rows, row_bytes, working_memory=limit)

    def smallest(
        self, factors: np.ndarray, own: np.ndarray | None, n_smallest: int, size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Columns of the smallest bounds of each query, and the smallest of all other bounds.

        As ``smallest_and_next``, by the minima of groups of ``size`` columns.

        Parameters
        ----------
        factors : ndarray of shape (n_queries, n_factors), float32
            Left factors.
        own : ndarray of shape (n_queries,) or None
            Column of each query that is left out.
        n_smallest, size : int
            Number of columns; columns of a group, by which the width of the index can be divided.
        """
        width = self.index.shape[0]
        columns = np.empty((len(factors), n_smallest), dtype=np.intp)
        others = np.empty(len(factors), dtype=np.float32)
        within = width // size * torch.arange(size, device=self.device)[:, None]
        with torch.inference_mode(), _whole_float32:
            for rows in self._rows(len(factors), 4 * width):
                bounds = self._sent(factors[rows]) @ self.index.T
                if own is not None:
                    every = torch.arange(len(bounds), device=self.device)
                    bounds[every, self._sent(own[rows])] = torch.inf
                minima = bounds.view(len(bounds), size, -1).amin(dim=1)
                groups = torch.topk(minima, n_smallest + 1, largest=False, sorted=False).indices
                candidates = (groups[:, None, :] + within).flatten(1)
                values, order = torch.topk(
                    bounds.gather(1, candidates), n_smallest + 1, largest=False
                )
                found = candidates.gather(1, order[:, :-1])
                columns[rows], others[rows] = found.cpu().numpy(), values[:, -1].cpu().numpy()
        return columns, others

    def squared_distances(self, queries: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Squared distances (n_queries, n_columns) of each query to its samples, in float64.

        Formed from the differences, so that each depends on its pair only.
        """
        squared = np.empty(columns.shape)
        pair_bytes = 24 * columns.shape[1] * self.points.shape[1]
        with torch.inference_mode():
            for rows in self._rows(len(queries), pair_bytes):
                listed = self._sent(columns[rows])
                differences = self.points[listed].double()
                if self.factors is not None:
                    differences *= self.factors[listed][..., None]
                differences -= self._sent(queries[rows])[:, None, :]
                squared[rows] = differences.square_().sum(dim=-1).cpu().numpy()
        return squared
