"""PyTorch modules, losses and training: the only place that imports torch."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
