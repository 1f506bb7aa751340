"""Generators of artificial data and small real data sets."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.datasets._identifiability import (
    make_permuted_pair,
    make_perturbed_pair,
    make_radial_classification,
    make_spirals,
)

__all__ = [
    "make_permuted_pair",
    "make_perturbed_pair",
    "make_radial_classification",
    "make_spirals",
]
