"""Small networks that read a code from the data."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from torch import Tensor, nn

__all__ = ["ConvCode", "MLPCode"]


class MLPCode(nn.Module):
    """Three dense layers.

    Parameters
    ----------
    shape : tuple (n_features,)
        Shape of a sample.
    n_outputs : int
        Number of outputs.
    width : int, default=128
        Width of the hidden layers.
    """

    def __init__(self, shape: tuple[int, ...], n_outputs: int, width: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(shape[0], width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class ConvCode(nn.Module):
    """Three convolutions, the later two at lower resolutions, then a dense layer of all fields.

    Parameters
    ----------
    shape : tuple (channels, height, width)
        Shape of a sample.
    n_outputs : int
        Number of outputs.
    width : int, default=32
        Number of channels, twice as many at lower resolutions.
    """

    def __init__(self, shape: tuple[int, ...], n_outputs: int, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(32 * width, n_outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
