"""Measures: hubness, similarity, distributions, quality, graphs, retrieval, and scorers."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics import (
    distributions,
    graphs,
    occurrence,
    probing,
    quality,
    retrieval,
    similarity,
)
from sksim.metrics._distribution_accumulator import DistributionAccumulator
from sksim.metrics._distribution_scorer import make_distribution_scorer
from sksim.metrics._hubness_scorer import make_hubness_scorer
from sksim.metrics._layer_similarity import layer_similarity
from sksim.metrics._representation_scorer import make_representation_scorer
from sksim.metrics._scorer import get_scorer, get_scorer_names, get_scorers
from sksim.metrics._similarity_accumulator import SimilarityAccumulator
from sksim.metrics._validation import DegenerateSimilarityWarning
from sksim.metrics.distributions import *  # noqa: F403
from sksim.metrics.graphs import *  # noqa: F403
from sksim.metrics.occurrence import *  # noqa: F403
from sksim.metrics.probing import *  # noqa: F403
from sksim.metrics.quality import *  # noqa: F403
from sksim.metrics.retrieval import *  # noqa: F403
from sksim.metrics.similarity import *  # noqa: F403

# Type checkers follow a name through one star, not through two.
from sksim.metrics.similarity.alignment import *  # noqa: F403
from sksim.metrics.similarity.canonical import *  # noqa: F403
from sksim.metrics.similarity.geometry import *  # noqa: F403
from sksim.metrics.similarity.matrices import *  # noqa: F403
from sksim.metrics.similarity.neighborhoods import *  # noqa: F403

__all__ = [
    "DegenerateSimilarityWarning",
    "DistributionAccumulator",
    "SimilarityAccumulator",
    "get_scorer",
    "get_scorer_names",
    "get_scorers",
    "layer_similarity",
    "make_distribution_scorer",
    "make_hubness_scorer",
    "make_representation_scorer",
]
__all__ += distributions.__all__
__all__ += graphs.__all__
__all__ += occurrence.__all__
__all__ += probing.__all__
__all__ += quality.__all__
__all__ += retrieval.__all__
__all__ += similarity.__all__
