"""Graphs and distances to coordinates."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.manifold._fast_rp import FastRP
from sksim.manifold._heat_geodesic import HeatGeodesicEmbedding
from sksim.manifold._hyperbolic_mds import HyperbolicMDS
from sksim.manifold._tree_embedding import TreeEmbedding

__all__ = ["FastRP", "HeatGeodesicEmbedding", "HyperbolicMDS", "TreeEmbedding"]
