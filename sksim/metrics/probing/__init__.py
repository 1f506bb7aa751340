"""Probing: what a representation holds about a target."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.probing._differential_entropy import differential_entropy
from sksim.metrics.probing._explained_variance import explained_variance_by_label
from sksim.metrics.probing._infomec import infomec
from sksim.metrics.probing._label_sharpness import label_sharpness
from sksim.metrics.probing._layer_information import binned_information, noisy_layer_information
from sksim.metrics.probing._local_rank import local_rank
from sksim.metrics.probing._mean_difference import mean_difference
from sksim.metrics.probing._mutual_information import mutual_information
from sksim.metrics.probing._planar_features import mixture_index, separability_index
from sksim.metrics.probing._position_context import position_context_decomposition
from sksim.metrics.probing._v_information import feature_complexity, v_information

__all__ = [
    "binned_information",
    "differential_entropy",
    "explained_variance_by_label",
    "feature_complexity",
    "infomec",
    "label_sharpness",
    "local_rank",
    "mean_difference",
    "mixture_index",
    "mutual_information",
    "noisy_layer_information",
    "position_context_decomposition",
    "separability_index",
    "v_information",
]
