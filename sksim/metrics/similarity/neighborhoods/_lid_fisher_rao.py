"""Fisher-Rao distance of local intrinsic dimensions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np

from sksim.metrics._local_dimension import (
    LOCAL_DIMENSION_CONSTRAINTS,
    local_dimension,
    neighbors_of_distinct,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    Steps,
    evaluate,
    identity,
    permute_rows,
)
from sksim.metrics._validation import check_same_rows
from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array, naming
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["lid_fisher_rao_distance"]


def _log_dimensions(X: np.ndarray, *, method: str, n_neighbors: int, metric: Any) -> np.ndarray:
    found, of_row = neighbors_of_distinct(X, n_neighbors, metric)
    dimension = local_dimension(found.distances, method)
    if np.isinf(dimension).any():
        raise ValueError(
            "The local dimension of a sample is infinite: all its "
            f"{n_neighbors} neighbours are at one distance."
        )
    return np.log(dimension)[of_row]


def _root_mean_square(log_x: np.ndarray, log_y: np.ndarray) -> float:
    return math.sqrt(np.mean((log_x - log_y) ** 2))


def _make_steps(
    *, method: str = "mle", n_neighbors: int = 20, metric: str | Callable = "euclidean"
) -> Steps:
    prepare = functools.partial(
        _log_dimensions, method=method, n_neighbors=n_neighbors, metric=metric
    )
    return Steps(prepare, _root_mean_square, permute_rows)


def _check_dimensions(lid: Any, name: str) -> np.ndarray:
    lid = check_named_array(lid, name, dtype=np.float64, ensure_2d=False)
    if lid.min() <= 0:
        raise ValueError(
            f"{name} must hold positive local dimensions, got {lid.min():g} in row {lid.argmin()}."
        )
    return lid


def _is_vector(lid: Any, name: str) -> bool:
    with naming(name):
        return np.ndim(lid) == 1


@validate_params(
    {"X": ["array-like"], "Y": ["array-like"], **LOCAL_DIMENSION_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def lid_fisher_rao_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    method: Literal["mle", "mom"] = "mle",
    n_neighbors: int = 20,
    metric: str | Callable = "euclidean",
) -> float | FloatArray:
    r"""Fisher-Rao distance of the local dimensions of the samples in two representations.

    .. math:: d_i = \Big\lvert \log \frac{\mathrm{LID}_i(X)}{\mathrm{LID}_i(Y)} \Big\rvert, \qquad
              d = \sqrt{\tfrac{1}{n} \textstyle \sum_i d_i^2}

    with :math:`d_i` the geodesic distance of the distributions
    :math:`F(r) = (r / w)^{\mathrm{LID}}` of neighbour distances that the local dimensions stand
    for. At least 0; dimensions 2 and 4 are as far apart as 10 and 20.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x) or (n_samples,)
        First representation, or the local dimensions of the samples, as
        :func:`local_intrinsic_dimension` estimates them.
    Y : array-like of shape (n_samples, n_features_y) or (n_samples,)
        Second representation of the same samples, or their local dimensions in it.
    method : {"mle", "mom"}, default="mle"
        Estimator of the local dimensions of representations.
    n_neighbors : int, default=20
        Neighbours k of each sample for it, itself not counted.
    metric : str or callable, default="euclidean"
        Distance for it, any of scikit-learn's.

    Returns
    -------
    distance : float or ndarray of shape (n_samples,)
        The root mean square d of two representations; the distance :math:`d_i` of each sample of
        two vectors of local dimensions.

    Raises
    ------
    ValueError
        If the rows do not correspond, a local dimension is not positive or not finite, or a
        representation has not more than ``n_neighbors`` different rows.

    See Also
    --------
    local_intrinsic_dimension : The local dimensions.
    intrinsic_dimension : Their means.

    Notes
    -----
    Good to ask whether two models are thin in the same places, whatever their widths. Its chance
    level is not 0: two independent estimates of one dimension, whatever it is, are at the
    root mean square :math:`\sqrt{2 \psi'(k - 1)}`, which is 0.329 for k = 20. Time O(n^2 d) of two
    exact searches, memory O(n k). Unchanged by rotation, scale and translation of either side. The
    root mean square satisfies the triangle inequality.

    References
    ----------
    .. [1] H. Huang, R. J. G. B. Campello, S. M. Erfani, X. Ma, M. E. Houle and J. Bailey (2024).
           LDReg: local dimensionality regularized self-supervised learning. International
           Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import lid_fisher_rao_distance
    >>> lid_fisher_rao_distance([2.0, 10.0], [4.0, 10.0]).round(4)
    array([0.6931, 0.    ])
    >>> X = np.random.RandomState(0).randn(300, 3)
    >>> bent = X / np.linalg.norm(X, axis=1, keepdims=True)  # on a sphere, of dimension 2
    >>> round(lid_fisher_rao_distance(X, bent), 2), round(lid_fisher_rao_distance(X, 2 * X), 2)
    (0.48, 0.0)
    """
    x, y = to_numpy(X), to_numpy(Y)
    if _is_vector(x, "X") and _is_vector(y, "Y"):
        x, y = _check_dimensions(x, "X"), _check_dimensions(y, "Y")
        check_same_rows(X, Y)
        return np.abs(np.log(x) - np.log(y))
    steps = _make_steps(method=method, n_neighbors=n_neighbors, metric=metric)
    return evaluate(steps, X, Y)


register(
    PairedMeasure(
        name="lid_fisher_rao_distance",
        function=cast("Callable[..., float]", lid_fisher_rao_distance),
        make_steps=_make_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=frozenset({"orthogonal", "scale", "translation", "permutation"}),
        min_samples=21,
    )
)
