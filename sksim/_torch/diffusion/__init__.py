"""Variational diffusion: processes, networks, likelihoods, inference."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause
