"""A small convolutional network for images that come as rows."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math

from torch import Tensor, nn

from sksim.utils._images import channels_come_first

__all__ = ["ImageEmbedding"]


class ImageEmbedding(nn.Module):
    """Convolutions of 3 x 3 pixels, each but the first at half the resolution; a linear layer.

    Leaky rectifiers between them, as in the dense networks, and no norm: an embedding depends on
    its image alone.

    Parameters
    ----------
    image_shape : tuple
        (height, width), (height, width, channels) or (channels, height, width).
    widths : tuple of int
        Channels of each convolution.
    n_components : int
        Size of an embedding.
    """

    def __init__(
        self, image_shape: tuple[int, ...], widths: tuple[int, ...], n_components: int
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.moves_channels = len(image_shape) == 3 and not channels_come_first(image_shape)
        n_channels, *size = (1, *image_shape) if len(image_shape) == 2 else image_shape
        if self.moves_channels:
            *size, n_channels = image_shape
        layers: list[nn.Module] = []
        for i, width in enumerate(widths):
            layers += [nn.Conv2d(n_channels, width, 3, stride=2 if i else 1, padding=1)]
            layers += [nn.LeakyReLU(0.01)]
            size = [-(-length // 2) for length in size] if i else size
            n_channels = width
        self.convolutions = nn.Sequential(*layers)
        self.last = nn.Linear(n_channels * math.prod(size), n_components, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        images = x.reshape(len(x), *self.image_shape)
        if self.moves_channels:
            images = images.movedim(3, 1)
        images = images if images.ndim == 4 else images.unsqueeze(1)
        return self.last(self.convolutions(images).flatten(1))
