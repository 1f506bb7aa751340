"""Transformers from vectors to vectors."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.preprocessing._relative_representation import (
    RelativeRepresentation,
)
from sksim.preprocessing._zipfian_whitening import (
    ZipfianWhitening,
)

__all__ = [
    "RelativeRepresentation",
    "ZipfianWhitening",
]
