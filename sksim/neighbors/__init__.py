"""Neighbour search, classification and regression with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.neighbors._candidate_report import candidate_report
from sksim.neighbors._classification import HubnessReducedKNeighborsClassifier
from sksim.neighbors._faiss import FaissTransformer
from sksim.neighbors._frechet_mean import FrechetMeanClassifier, predictable_labels
from sksim.neighbors._hubness_weighted import HubnessWeightedKNeighborsClassifier
from sksim.neighbors._nadaraya_watson import NadarayaWatsonClassifier
from sksim.neighbors._nearest import HubnessReducedNearestNeighbors
from sksim.neighbors._regression import HubnessReducedKNeighborsRegressor
from sksim.neighbors._shortlist import ShortlistTransformer
from sksim.neighbors._transformer import HubnessReducedKNeighborsTransformer

__all__ = [
    "FaissTransformer",
    "FrechetMeanClassifier",
    "HubnessReducedKNeighborsClassifier",
    "HubnessReducedKNeighborsRegressor",
    "HubnessReducedKNeighborsTransformer",
    "HubnessReducedNearestNeighbors",
    "HubnessWeightedKNeighborsClassifier",
    "NadarayaWatsonClassifier",
    "ShortlistTransformer",
    "candidate_report",
    "predictable_labels",
]
