"""Exact, certified neighbour search: blocked products, selection, re-ranking, trees."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause
