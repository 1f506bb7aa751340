"""Reductions that add a number of each indexed sample to the distance.

``d'(q, x) = base(d(q, x)) + a(q) + b(x) + c``. In terms of the similarity ``s = -d`` the score is
``s - b``: a sample that is similar to many carries a large bias ``b``. The term ``a`` changes no
order, the constant ``c`` makes the values non-negative.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable

import numpy as np

from sksim.hubness._distances import DenseDistances, Distances
from sksim.hubness._statistics import fill_missing
from sksim.utils._array_api import any_namespace
from sksim.utils._typing import FloatArray

__all__ = ["add_bias", "add_own_bias", "fit_bias"]


def fit_bias(bias: FloatArray, *, reach: float = 1.0) -> tuple[FloatArray, float]:
    """Bias of every sample, the median where it is missing, and the constant c.

    ``reach`` times the most negative bias is what the terms of a usual query take away.
    """
    known = bias[~np.isnan(bias)]
    bias = fill_missing(bias, np.median(known) if known.size else 0.0)
    return bias, -reach * float(bias.min())


def add_bias(
    values: FloatArray, distances: Distances, bias: FloatArray, term: FloatArray | None = None
) -> FloatArray:
    """Add the bias of each column (the constant included) and the term of each row.

    A term that would make a value of its row negative is raised to the least constant that does
    not: nothing is clipped, and no order changes. NaN is no term.
    """
    values = values + distances.by_column(bias)
    if term is None:
        return values
    term = fill_missing(term, 0.0)
    with_term = values + distances.by_row(term)
    xp = any_namespace(with_term)
    if bool(xp.all(with_term >= 0)):
        return with_term
    least = -distances.row_minimum(values)
    return values + distances.by_row(xp.maximum(term, least))


def add_own_bias(
    distances: DenseDistances,
    base: Callable[[FloatArray], FloatArray],
    bias: FloatArray,
    offset: float,
) -> FloatArray:
    """The reduced matrix of the indexed samples, whose terms as queries are their biases."""

    def parts():
        for rows, entries, block in distances.blocks():
            values = add_bias(base(block.values), block, bias + offset, bias[rows])
            yield entries, block.with_values(values)

    return distances.joined(parts())
