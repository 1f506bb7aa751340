"""Neighbour search, classification and regression with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
