"""Hubness reductions: one published method a module, each from graph to graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.hubness._base import GraphReduction
from sksim.hubness._csls import CSLS
from sksim.hubness._dis_sim_global import DisSimGlobal
from sksim.hubness._dis_sim_local import DisSimLocal
from sksim.hubness._inverted_softmax import InvertedSoftmax
from sksim.hubness._local_scaling import LocalScaling
from sksim.hubness._localized_centering import LocalizedCentering
from sksim.hubness._mutual_proximity import MutualProximity
from sksim.hubness._nearest_neighbor_normalization import NearestNeighborNormalization
from sksim.hubness._nicdm import NICDM
from sksim.hubness._shared_nearest_neighbors import SharedNearestNeighbors
from sksim.hubness._simhub import SimhubSimilarity
from sksim.hubness._sinkhorn import SinkhornNormalization

__all__ = [
    "CSLS",
    "DisSimGlobal",
    "DisSimLocal",
    "GraphReduction",
    "InvertedSoftmax",
    "LocalScaling",
    "LocalizedCentering",
    "MutualProximity",
    "NICDM",
    "NearestNeighborNormalization",
    "SharedNearestNeighbors",
    "SimhubSimilarity",
    "SinkhornNormalization",
]
