"""Similarity of two representations of the same samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.similarity import (
    alignment,
    canonical,
    geometry,
    matrices,
    neighborhoods,
)
from sksim.metrics.similarity._chance import (
    null_calibrated_score,
    permutation_test_similarity,
    similarity_interval,
)
from sksim.metrics.similarity._pairwise import cross_similarity, pairwise_similarity
from sksim.metrics.similarity.alignment import *  # noqa: F403
from sksim.metrics.similarity.canonical import *  # noqa: F403
from sksim.metrics.similarity.geometry import *  # noqa: F403
from sksim.metrics.similarity.matrices import *  # noqa: F403
from sksim.metrics.similarity.neighborhoods import *  # noqa: F403

__all__ = [
    "cross_similarity",
    "null_calibrated_score",
    "pairwise_similarity",
    "permutation_test_similarity",
    "similarity_interval",
]
__all__ += alignment.__all__
__all__ += canonical.__all__
__all__ += geometry.__all__
__all__ += matrices.__all__
__all__ += neighborhoods.__all__
