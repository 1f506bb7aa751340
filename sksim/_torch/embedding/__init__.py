"""Classifiers p(y|x) ~ exp(f(x).g(y)): networks, losses, ensembles."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause
