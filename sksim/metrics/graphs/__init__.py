"""Measures of graphs, and of vectors and distances of their nodes."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.graphs._curvature import ollivier_ricci_curvature
from sksim.metrics.graphs._distortion import distance_distortion
from sksim.metrics.graphs._heat import heat_geodesic_distances
from sksim.metrics.graphs._hyperbolic import hyperbolic_distances
from sksim.metrics.graphs._reconstruction import graph_reconstruction_score
from sksim.metrics.graphs._ricci_alignment import ricci_alignment_score

__all__ = [
    "distance_distortion",
    "graph_reconstruction_score",
    "heat_geodesic_distances",
    "hyperbolic_distances",
    "ollivier_ricci_curvature",
    "ricci_alignment_score",
]
