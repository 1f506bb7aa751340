"""Probing: what a representation holds about a target."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics.probing._explained_variance import explained_variance_by_label
from sksim.metrics.probing._infomec import infomec

__all__ = ["explained_variance_by_label", "infomec"]
