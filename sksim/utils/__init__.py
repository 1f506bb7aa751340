"""Helpers: discovery, estimator checks, and the internals that all sub-packages share."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
