"""Displays: figures from computed quantities; activations of the layers of networks."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.inspection._activations import (
    collect_activations,
)
from sksim.inspection._depth_loss import (
    DepthLossDisplay,
)
from sksim.inspection._hub_rank import (
    HubRankDisplay,
)
from sksim.inspection._hubness_accuracy import (
    HubnessAccuracyDisplay,
)
from sksim.inspection._k_occurrence import (
    KOccurrenceDisplay,
)
from sksim.inspection._local_value import (
    LocalValueDisplay,
)
from sksim.inspection._permutation_test import (
    PermutationTestDisplay,
)
from sksim.inspection._representation_map import (
    RepresentationMapDisplay,
)
from sksim.inspection._sample_grid import (
    SampleGridDisplay,
)
from sksim.inspection._score_curve import (
    ScoreCurveDisplay,
)
from sksim.inspection._seed_distance import (
    SeedDistanceDisplay,
)
from sksim.inspection._similarity_matrix import (
    SimilarityMatrixDisplay,
)
from sksim.inspection._sparse_probe import (
    SparseProbeDisplay,
)
from sksim.inspection._spectrum import (
    SpectrumDisplay,
)
from sksim.inspection._training_curve import (
    TrainingCurveDisplay,
)

__all__ = [
    "DepthLossDisplay",
    "HubRankDisplay",
    "HubnessAccuracyDisplay",
    "KOccurrenceDisplay",
    "LocalValueDisplay",
    "PermutationTestDisplay",
    "RepresentationMapDisplay",
    "SampleGridDisplay",
    "ScoreCurveDisplay",
    "SeedDistanceDisplay",
    "SimilarityMatrixDisplay",
    "SparseProbeDisplay",
    "SpectrumDisplay",
    "TrainingCurveDisplay",
    "collect_activations",
]
