"""Classifiers of the family p(y|x) ~ exp(f(x).g(y)) and their stability over seeds."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.identifiability._class_targets import (
    equiangular_basis_vectors,
    simplex_class_targets,
)
from sksim.identifiability._embedding_classifier import (
    EmbeddingClassifier,
)
from sksim.identifiability._seed_ensemble import (
    SeedEnsemble,
)

__all__ = [
    "EmbeddingClassifier",
    "SeedEnsemble",
    "equiangular_basis_vectors",
    "simplex_class_targets",
]
