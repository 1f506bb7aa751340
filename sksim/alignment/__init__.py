"""Maps from one representation onto another."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.alignment._cca import (
    CCAAligner,
)
from sksim.alignment._linear import (
    LinearAligner,
)
from sksim.alignment._mean_shape import mean_shape
from sksim.alignment._permutation import (
    PermutationAligner,
)
from sksim.alignment._procrustes import (
    ProcrustesAligner,
)

__all__ = [
    "CCAAligner",
    "LinearAligner",
    "PermutationAligner",
    "ProcrustesAligner",
    "mean_shape",
]
