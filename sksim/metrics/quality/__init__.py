"""Quality of one representation: dimension, spectrum, spread, class structure."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.quality._class_distance_variance import class_distance_normalized_variance
from sksim.metrics.quality._code_redundancy import code_redundancy
from sksim.metrics.quality._coding_rate import (
    coding_rate,
    rate_reduction,
    sparse_rate_reduction,
)
from sksim.metrics.quality._intrinsic_dimension import intrinsic_dimension
from sksim.metrics.quality._kernel_distance import kernel_distance
from sksim.metrics.quality._local_intrinsic_dimension import local_intrinsic_dimension
from sksim.metrics.quality._neural_collapse import neural_collapse
from sksim.metrics.quality._spectral import (
    effective_rank,
    isoscore,
    matrix_nuclear_norm,
    participation_ratio,
    rankme_score,
    stable_rank,
)
from sksim.metrics.quality._spectral_slope import spectral_slope
from sksim.metrics.quality._sphere import alignment, anisotropy, uniformity
from sksim.metrics.quality._vendi import vendi_score, von_neumann_entropy

__all__ = [
    "alignment",
    "anisotropy",
    "class_distance_normalized_variance",
    "code_redundancy",
    "coding_rate",
    "effective_rank",
    "intrinsic_dimension",
    "isoscore",
    "kernel_distance",
    "local_intrinsic_dimension",
    "matrix_nuclear_norm",
    "neural_collapse",
    "participation_ratio",
    "rankme_score",
    "rate_reduction",
    "sparse_rate_reduction",
    "spectral_slope",
    "stable_rank",
    "uniformity",
    "vendi_score",
    "von_neumann_entropy",
]
