"""Generators of artificial data and small real data sets."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.datasets._densities import (
    make_checkerboard,
    make_swirl,
)
from sksim.datasets._encoder_layers import (
    load_encoder_layers,
)
from sksim.datasets._factorial import (
    make_factorial_latents,
)
from sksim.datasets._features import (
    make_collapsed_features,
    make_easy_hard_features,
)
from sksim.datasets._generators import (
    make_gaussian_hubs,
)
from sksim.datasets._identifiability import (
    make_permuted_pair,
    make_perturbed_pair,
    make_radial_classification,
    make_spirals,
)
from sksim.datasets._sentences import (
    load_sentence_embeddings,
)

__all__ = [
    "load_encoder_layers",
    "load_sentence_embeddings",
    "make_checkerboard",
    "make_collapsed_features",
    "make_easy_hard_features",
    "make_factorial_latents",
    "make_gaussian_hubs",
    "make_permuted_pair",
    "make_perturbed_pair",
    "make_radial_classification",
    "make_spirals",
    "make_swirl",
]
