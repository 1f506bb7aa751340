"""Generators of artificial data and small real data sets."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
