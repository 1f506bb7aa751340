"""Distance correlation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from typing import Any

import numpy as np

from sksim.metrics._array_formulas import array_center, array_root
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.matrices._array_pairs import (
    CenteredArray,
    array_centered_matrix,
    array_cosine,
    array_squared_distances,
    permute_centered_array,
)
from sksim.metrics.similarity.matrices._pair_matrix import (
    PairMatrix,
    centered_product,
    check_varies,
    form_products,
    keep_small,
    permute_pairs,
    shifted,
    unit_pairs,
)
from sksim.utils._array_api import namespace_of
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["distance_correlation_score"]


def _prepare(X: np.ndarray) -> PairMatrix:
    return keep_small(shifted(unit_pairs(X, np.sqrt).pairs))


def _compare(x: PairMatrix, y: PairMatrix, *, unbiased: bool) -> float:
    cross, own_x, own_y = centered_product(x, y, unbiased=unbiased)
    check_varies(x, own_x)
    check_varies(y, own_y)
    squared = max(-1.0, min(1.0, cross / math.sqrt(own_x * own_y)))
    return squared if unbiased else math.sqrt(max(0.0, squared))


def _array_prepare(X: Any, *, unbiased: bool) -> CenteredArray:
    distances = array_root(array_squared_distances(array_center(X).values))
    return array_centered_matrix(distances, unbiased=unbiased)


def _array_compare(x: CenteredArray, y: CenteredArray, *, unbiased: bool) -> Any:
    cross = namespace_of(x.values).sum(x.values * y.values)
    squared = array_cosine(cross, x.product, y.product)
    return squared if unbiased else array_root(squared)


def _steps(*, unbiased=True) -> Steps:
    partial, unbiased = functools.partial, bool(unbiased)
    arrays = ArraySteps(
        partial(_array_prepare, unbiased=unbiased),
        partial(_array_compare, unbiased=unbiased),
        permute_centered_array,
        "gradient",
    )
    compare = partial(_compare, unbiased=unbiased)
    return Steps(_prepare, compare, permute_pairs, arrays, form_products)


@validate_params(
    {**PAIR_CONSTRAINTS, "unbiased": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def distance_correlation_score(X: ArrayLike, Y: ArrayLike, *, unbiased: bool = True) -> float:
    r"""Distance correlation of two representations of the same samples.

    With the matrices :math:`A, B` (n, n) of Euclidean distances between the samples, centred,
    the squared distance correlation is :math:`\langle \tilde A, \tilde B \rangle /
    (\lVert \tilde A \rVert \lVert \tilde B \rVert)`. ``unbiased=True`` centres as U-statistics
    do [1]_ and returns this ratio, which is signed, in [-1, 1] and close to 0 for independent
    representations. ``unbiased=False`` centres rows and columns and returns its root [2]_, in
    [0, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    unbiased : bool, default=True
        Whether to use the bias-corrected squared distance correlation.

    Returns
    -------
    score : float
        1 for representations that are equal up to rotation, scale and shift.

    Raises
    ------
    ValueError
        For fewer than four samples (two if not unbiased), or samples that are all equally far
        apart with ``unbiased=True``.

    See Also
    --------
    cka_score : The same with a kernel in place of the distances.

    Notes
    -----
    The population value is zero only for independent representations. The biased form grows with
    the ratio of features to samples, up to 0.99 for pure noise of width 1000 in 50 samples.

    O(n^2 d) time and O(n d) memory: the distances are formed in blocks within scikit-learn's
    ``working_memory``, those of more than 512 samples in the dtype of the input.

    References
    ----------
    .. [1] G. J. Székely and M. L. Rizzo (2014). Partial distance correlation with methods for
           dissimilarities. Annals of Statistics 42.
    .. [2] G. J. Székely, M. L. Rizzo and N. K. Bakirov (2007). Measuring and testing dependence by
           correlation of distances. Annals of Statistics 35.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import distance_correlation_score
    >>> x = np.linspace(-1, 1, 101)[:, None]
    >>> bool(abs(np.corrcoef(x.T, x.T**2)[0, 1]) < 1e-12)
    True
    >>> round(distance_correlation_score(x, x**2), 2)
    0.22
    """
    return evaluate(_steps(unbiased=unbiased), X, Y, min_samples=4 if unbiased else 2)


def angle_of_square(score: float) -> float:
    return math.acos(score**2)


register(
    PairedMeasure(
        name="distance_correlation",
        function=distance_correlation_score,
        make_steps=_steps,
        range=(-1.0, 1.0),
        distance=math.acos,
        invariances=SHAPE_MAPS,
        min_samples=4,
        null=0.0,
    )
)
register(
    PairedMeasure(
        name="distance_correlation_biased",
        function=distance_correlation_score,
        params={"unbiased": False},
        make_steps=_steps,
        distance=angle_of_square,
        invariances=SHAPE_MAPS,
    )
)
