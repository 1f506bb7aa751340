"""Exact search with the products on a device of torch, such as a GPU."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from sksim._search._exact import OnDevice
from sksim.neighbors._candidates import BruteBackend
from sksim.utils._optional import import_optional
from sksim.utils._typing import Metric, MetricParams

__all__ = ["TorchBackend"]

_METRICS = ("cosine", "euclidean", "l2", "sqeuclidean")


def _device_search(
    right_factors: np.ndarray, points: np.ndarray, factors: np.ndarray | None, *, device: str
) -> Any:
    from sksim._torch._search import DeviceSearch

    return DeviceSearch(right_factors, points, factors, device)


class TorchBackend(BruteBackend):
    """Exact search as by "brute": a device forms products and distances, and keeps the index.

    Rows that float32 leaves in doubt, as among duplicates, are searched without the device.
    """

    def __init__(
        self,
        index: Any,
        depth: int = 0,
        *,
        metric: Metric,
        metric_params: MetricParams,
        n_jobs: int | None,
        device: str = "auto",
    ):
        super().__init__(index, depth, metric=metric, metric_params=metric_params, n_jobs=n_jobs)
        if metric not in _METRICS or metric_params:
            raise ValueError(
                f"backend='torch' searches metric in {list(_METRICS)} without metric_params, got "
                f"metric={metric!r}, metric_params={metric_params!r}. Use backend='brute'."
            )
        if sparse.issparse(index):
            raise ValueError(
                "backend='torch' searches dense X, got a sparse matrix. Use backend='brute'."
            )
        import_optional("torch", extra="torch", purpose="backend='torch' of sksim.neighbors")
        from sksim._torch._training import resolve_device

        #: The device in use.
        self.device = resolve_device(device)
        self.options["on_device"] = OnDevice(partial(_device_search, device=self.device))

    @property
    def send(self) -> Callable[[np.ndarray], Any] | None:
        """Make a tensor on the device of an array.

        None on a processor, where the graphs of NumPy are reduced in blocks that stay in its cache,
        two to eight times as fast as tensors.
        """
        if self.device.partition(":")[0] == "cpu":
            return None
        from sksim._torch._search import sent

        return partial(sent, device=self.device)
