"""Hubness: measures of how unevenly neighbour slots are spread over the indexed samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.occurrence._hubness import bad_hubness_score, hubness_report, hubness_score
from sksim.metrics.occurrence._measures import (
    antihub_rate,
    atkinson_index,
    gini_index,
    groupie_ratio,
    hub_entropy,
    hub_occurrence,
    hub_rate,
    k_skewness,
    robin_hood_index,
)
from sksim.metrics.occurrence._null import hubness_null
from sksim.metrics.occurrence._occurrence import k_occurrence, k_occurrence_from_indices

__all__ = [
    "antihub_rate",
    "atkinson_index",
    "bad_hubness_score",
    "gini_index",
    "groupie_ratio",
    "hub_entropy",
    "hub_occurrence",
    "hub_rate",
    "hubness_null",
    "hubness_report",
    "hubness_score",
    "k_occurrence",
    "k_occurrence_from_indices",
    "k_skewness",
    "robin_hood_index",
]
