"""Displays: figures from computed quantities."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.inspection._hub_rank import (
    HubRankDisplay,
)
from sksim.inspection._k_occurrence import (
    KOccurrenceDisplay,
)
from sksim.inspection._similarity_matrix import (
    SimilarityMatrixDisplay,
)

__all__ = [
    "HubRankDisplay",
    "KOccurrenceDisplay",
    "SimilarityMatrixDisplay",
]
