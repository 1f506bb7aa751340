"""Hubness reductions: one published method a module, each from neighbour graph to neighbour graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
