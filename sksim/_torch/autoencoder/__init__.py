"""Networks, losses and training of encoders that are no density models."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []
