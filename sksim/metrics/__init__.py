"""Measures: hubness, similarity, distances between distributions, quality, and scorers."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
