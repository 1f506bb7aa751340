"""Intrinsic dimension of one representation from the distances of near neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral
from typing import Literal

import numpy as np

from sksim.metrics._local_dimension import local_dimension, neighbors_of_distinct
from sksim.metrics._measure import SHAPE_MAPS, QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["intrinsic_dimension"]

#: Share of the largest ratios that TwoNN leaves out: they are the least local ones.
_TWO_NN_DISCARDED = 0.1


def _distances_of_distinct_rows(X: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Sorted positive distances, (n_distinct, n_neighbors); a repeated row counts once."""
    distances = neighbors_of_distinct(X, n_neighbors)[0].distances
    if (distances[:, 0] == distances[:, -1]).all():
        raise ValueError(
            "The intrinsic dimension is not defined: each row of X has all its "
            f"{n_neighbors} neighbours at one distance."
        )
    return distances


def _two_nn(distances: np.ndarray) -> float:
    """Slope through the origin of -log(1 - F) over log(r_2 / r_1)."""
    log_ratio = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    n_samples = log_ratio.size
    kept = int(n_samples * (1 - _TWO_NN_DISCARDED))
    x, y = log_ratio[:kept], -np.log1p(-np.arange(1, kept + 1) / n_samples)
    if not x.any():
        raise ValueError("The intrinsic dimension is not defined: too many rows of X are tied.")
    return float(x @ y / (x @ x))


def _levina_bickel(distances: np.ndarray) -> float:
    """Inverse of the mean over samples and neighbours of log(r_k / r_j)."""
    return float(1.0 / np.mean(1.0 / local_dimension(distances, "mle")))


def _geometric_mean(distances: np.ndarray, estimator: str) -> float:
    """The centre of the local dimensions in Fisher-Rao geometry."""
    dimension = local_dimension(distances, estimator)
    n_infinite = int(np.isinf(dimension).sum())
    if n_infinite:
        raise ValueError(
            f"The geometric mean of the local dimensions is infinite: {n_infinite} rows of X have "
            "all their neighbours at one distance."
        )
    return float(np.exp(np.log(dimension).mean()))


@validate_params(
    {
        "method": [StrOptions({"two_nn", "mle", "local_mle", "local_mom"})],
        "n_neighbors": [Interval(Integral, 2, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def intrinsic_dimension(
    X: ArrayLike,
    *,
    method: Literal["two_nn", "mle", "local_mle", "local_mom"] = "two_nn",
    n_neighbors: int = 20,
) -> float:
    r"""Estimate the dimension of the manifold that the samples lie on.

    With :math:`r_{ij}` the distance of sample i to its j-th nearest neighbour:

    * "two_nn": the slope d of the line through the origin
      :math:`-\log(1 - F(\mu)) = d \log \mu`, where :math:`\mu_i = r_{i2} / r_{i1}`, F is their
      empirical distribution (rank / n), and the largest tenth of them is left out [1]_;
    * "mle": :math:`\Big(\frac{1}{n (k - 1)} \sum_i \sum_{j < k} \log
      \frac{r_{ik}}{r_{ij}}\Big)^{-1}`, the maximum likelihood estimate [2]_, with the inverses
      averaged over the samples [3]_;
    * "local_mle", "local_mom": the geometric mean over the samples of
      :func:`local_intrinsic_dimension` by either estimator, their
      centre in Fisher-Rao geometry [4]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    method : {"two_nn", "mle", "local_mle", "local_mom"}, default="two_nn"
        Estimator.
    n_neighbors : int, default=20
        Neighbours k of each sample, itself not counted; "two_nn" takes two.

    Returns
    -------
    dimension : float
        Estimated dimension, positive.

    Raises
    ------
    ValueError
        If X has too few different rows, or all neighbours are at one distance.

    See Also
    --------
    local_intrinsic_dimension : The dimension around each sample.
    participation_ratio : Number of linear dimensions in use.

    Notes
    -----
    A row that is repeated counts once, so that repetitions change nothing. Distances are
    Euclidean. Time O(n^2 d) for the neighbour search, memory within scikit-learn's working
    memory. Unchanged by rotation, scale and translation. All estimates are too low in more
    than about ten dimensions, where n samples cannot be dense.

    References
    ----------
    .. [1] E. Facco, M. d'Errico, A. Rodriguez and A. Laio (2017). Estimating the intrinsic
           dimension of datasets by a minimal neighborhood information. Scientific Reports 7.
    .. [2] E. Levina and P. J. Bickel (2004). Maximum likelihood estimation of intrinsic dimension.
           Advances in Neural Information Processing Systems.
    .. [3] D. J. C. MacKay and Z. Ghahramani (2005). Comments on "Maximum likelihood estimation of
           intrinsic dimension" by E. Levina and P. Bickel. Technical note, University of Cambridge.
    .. [4] H. Huang, R. J. G. B. Campello, S. M. Erfani, X. Ma, M. E. Houle and J. Bailey (2024).
           LDReg: local dimensionality regularized self-supervised learning. International
           Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import intrinsic_dimension
    >>> plane = np.random.RandomState(0).rand(500, 2) @ [[1, 0, 2, 1], [0, 1, 1, 3]]
    >>> round(intrinsic_dimension(plane), 1), round(intrinsic_dimension(plane, method="mle"), 1)
    (2.1, 1.9)
    """
    X = check_representation(X, min_samples=3)
    if method == "two_nn":
        return _two_nn(_distances_of_distinct_rows(X, 2))
    distances = _distances_of_distinct_rows(X, n_neighbors)
    if method == "mle":
        return _levina_bickel(distances)
    return _geometric_mean(distances, method.removeprefix("local_"))


for _name, _params, _min_samples in (
    ("intrinsic_dimension", {}, 3),
    ("intrinsic_dimension_mle", {"method": "mle"}, 21),
    ("intrinsic_dimension_local_mle", {"method": "local_mle"}, 21),
    ("intrinsic_dimension_local_mom", {"method": "local_mom"}, 21),
):
    register(
        QualityMeasure(
            name=_name,
            function=intrinsic_dimension,
            params=_params,
            greater_is_better=None,
            range=(0.0, math.inf),
            invariances=SHAPE_MAPS | {"row_order", "duplication"},
            min_samples=_min_samples,
        )
    )
