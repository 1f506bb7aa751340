"""Dense layers, which the models of tables share."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import itertools

from torch import nn

__all__ = ["perceptron"]


def perceptron(
    n_in: int, hidden: tuple[int, ...], n_out: int, *, bias: bool = False
) -> nn.Sequential:
    """Linear layers with leaky rectifiers between them; the last layer has a bias if asked to."""
    sizes = (n_in, *hidden)
    layers: list[nn.Module] = []
    for size, next_size in itertools.pairwise(sizes):
        layers += [nn.Linear(size, next_size), nn.LeakyReLU(0.01)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out, bias=bias))
