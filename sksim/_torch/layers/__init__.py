"""Activations of the layers of any network: reading, pooling, and sums of products."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
