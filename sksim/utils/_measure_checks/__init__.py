"""Checks that the record of a measure is true: what it claims holds, what it denies does not.

They need nothing but the record, and so serve measures of others too; each check draws its
example from a seed. A kind of record is a module here: its examples, what changes them, and the
checks of its own.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

from sksim.utils._measure_checks._common import (
    change_effect,
    claims,
    example,
    exchanged,
    fixed_checks,
    has_witness,
    random_checks,
    value,
)
from sksim.utils._measure_checks._kind import relative_difference, triangle_excess
from sksim.utils._measure_checks._occurrence import SearchSizes
from sksim.utils._measure_checks._paired import triple
from sksim.utils._measure_checks._representations import paired_data

__all__ = [
    "SearchSizes",
    "change_effect",
    "check_measure",
    "claims",
    "example",
    "exchanged",
    "fixed_checks",
    "has_witness",
    "paired_data",
    "random_checks",
    "relative_difference",
    "triangle_excess",
    "triple",
    "value",
]


def check_measure(measure: Any, *, n_seeds: int = 5) -> None:
    """Check that every entry of the record of a measure is true.

    Parameters
    ----------
    measure : Measure
        The record, registered or not.
    n_seeds : int, default=5
        Number of examples for each claim.

    Raises
    ------
    AssertionError
        With the name of the measure and the entry that does not hold.
    """
    for check in random_checks(measure):
        for seed in range(n_seeds):
            check(measure, seed)
    for check in fixed_checks(measure):
        check(measure, 0)
