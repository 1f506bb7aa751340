"""Jacobians of the pre-activations of a network by its input."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sksim._torch.layers._inputs import to_network
from sksim._torch.layers._reader import bare_network, evaluating, hooked

__all__ = ["pre_activation_jacobians"]

#: Modules whose outputs are pre-activations.
_LINEAR = (nn.Linear, nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
#: Bytes of the Jacobians of one block of samples, about.
_BLOCK = 2**25


def pre_activation_jacobians(module: Any, X: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Jacobians (rows, n_outputs, n_inputs) of each linear layer, block by block of the samples.

    The network is in evaluation mode meanwhile; layers come in the order in which they are called.
    """
    network = bare_network(module, "model")
    names = [name for name, layer in network.named_modules() if isinstance(layer, _LINEAR)]
    if not names:
        raise ValueError("model must have linear or convolutional layers, got none.")

    def outputs(x: Tensor) -> list[Tensor]:
        found: list[Tensor] = []
        with hooked(network, names, lambda name, layer, output: found.append(output)):
            network(x[None])
        return [output.flatten() for output in found]

    with evaluating(network, None) as device:
        dtype = next(network.parameters()).dtype
        rows: Any = to_network(torch.as_tensor(X), device, dtype)
        with torch.no_grad():
            n_outputs = sum(output.numel() for output in outputs(rows[0]))
        cost = rows.element_size() * n_outputs * rows[0].numel()
        for block in torch.split(rows, max(1, _BLOCK // cost)):
            jacobians = torch.func.vmap(torch.func.jacrev(outputs))(block)
            yield [
                jacobian.detach().flatten(start_dim=2).cpu().numpy().astype(np.float64)
                for jacobian in jacobians
            ]
