"""Records of measures, for measures from outside: the kinds of record, and their registration.

A measure that is registered is found by its name wherever a measure is named, has a scorer, and can
be checked word for word by :func:`sksim.utils.estimator_checks.check_measure`.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.metrics._measure import (
    DistributionMeasure,
    GraphMeasure,
    LabelMeasure,
    OccurrenceMeasure,
    PairedMeasure,
    ProbeMeasure,
    QualityMeasure,
    RankingMeasure,
)
from sksim.metrics._registry import register
from sksim.metrics._steps import ArraySteps, Steps

__all__ = [
    "ArraySteps",
    "DistributionMeasure",
    "GraphMeasure",
    "LabelMeasure",
    "OccurrenceMeasure",
    "PairedMeasure",
    "ProbeMeasure",
    "QualityMeasure",
    "RankingMeasure",
    "Steps",
    "register",
]
