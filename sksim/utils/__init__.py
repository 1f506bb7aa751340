"""Helpers: discovery, estimator checks, and the internals that all sub-packages share."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.utils.discovery import all_displays, all_estimators, all_functions

__all__ = ["all_displays", "all_estimators", "all_functions"]
