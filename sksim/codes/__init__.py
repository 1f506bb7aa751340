"""Vectors, or what stands for them, as codes for the indexes that serve them; no training."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.codes._activation_codes import ActivationCodes
from sksim.codes._fixed_dimensional_encoder import FixedDimensionalEncoder
from sksim.codes._gaussian_inner_product import GaussianInnerProduct
from sksim.codes._matching_pursuit import matching_pursuit
from sksim.codes._prefix_truncation import PrefixTruncation
from sksim.codes._residual_binarizer import ResidualBinarizer

__all__ = [
    "ActivationCodes",
    "FixedDimensionalEncoder",
    "GaussianInnerProduct",
    "PrefixTruncation",
    "ResidualBinarizer",
    "matching_pursuit",
]
