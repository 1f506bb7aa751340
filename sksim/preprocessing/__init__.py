"""Transformers from vectors to vectors."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.preprocessing._all_but_the_top import AllButTheTop
from sksim.preprocessing._centering import Centering
from sksim.preprocessing._normal_score import NormalScoreTransformer
from sksim.preprocessing._relative_representation import RelativeRepresentation
from sksim.preprocessing._row_standardizer import RowStandardizer
from sksim.preprocessing._zipfian_whitening import ZipfianWhitening

__all__ = [
    "AllButTheTop",
    "Centering",
    "NormalScoreTransformer",
    "RelativeRepresentation",
    "RowStandardizer",
    "ZipfianWhitening",
]
