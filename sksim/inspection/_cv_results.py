"""Columns of the results of a search of scikit-learn."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from typing import Any

from sksim.utils._names import unknown_name_error

__all__ = ["cv_column"]


def cv_column(cv_results: Mapping[str, Any], key: str, prefix: str, parameter: str) -> Any:
    """A column of ``cv_results_``; an error that lists what there is."""
    if prefix + key not in cv_results:
        known = [name.removeprefix(prefix) for name in cv_results if name.startswith(prefix)]
        raise unknown_name_error(parameter, key, known)
    return cv_results[prefix + key]
