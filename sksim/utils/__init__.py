"""Helpers: validation, discovery, estimator checks, and what all sub-packages share inside."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._graph import check_graph
from sksim.utils._results import Result
from sksim.utils.discovery import all_displays, all_estimators, all_functions

__all__ = [
    "Result",
    "all_displays",
    "all_estimators",
    "all_functions",
    "check_graph",
    "check_named_array",
    "validate_named_data",
]
