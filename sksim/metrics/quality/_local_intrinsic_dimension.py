"""Local intrinsic dimension: how many directions a representation has around each sample."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sksim.metrics._local_dimension import (
    LOCAL_DIMENSION_CONSTRAINTS,
    local_dimension,
    neighbors_among_distinct,
    neighbors_of_distinct,
)
from sksim.metrics._validation import check_in_place, check_like, check_representation
from sksim.utils._array_api import constant, move, namespace_of, to_numpy
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray
from sksim.utils._warnings import warn_caller

__all__ = ["local_intrinsic_dimension"]


def _array_distances(x: Any, y: Any, indices: np.ndarray) -> Any:
    """Euclidean distances of rows to given rows of y, for arrays of other libraries."""
    xp = namespace_of(x)
    near = xp.reshape(xp.take(y, move(indices.ravel(), y), axis=0), (*indices.shape, y.shape[1]))
    return xp.linalg.vector_norm(near - x[:, None, :], axis=2)


@validate_params(
    {"X": ["array-like"], "Y": ["array-like", None], **LOCAL_DIMENSION_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def local_intrinsic_dimension(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    method: Literal["mle", "mom"] = "mle",
    n_neighbors: int = 20,
    metric: str | Callable = "euclidean",
) -> FloatArray:
    r"""Estimate the dimension around each sample from the distances of its nearest neighbours.

    With :math:`r_1 \le \dots \le r_k` the distances of a sample to its neighbours:

    * "mle": :math:`(k - 1) \Big/ \sum_{j < k} \log \frac{r_k}{r_j}`, the maximum likelihood
      estimate, as :func:`intrinsic_dimension` takes it: that value is the harmonic mean of these;
    * "mom": :math:`\frac{m}{r_k - m}` with m the mean of :math:`r_1, \dots, r_{k - 1}`, the method
      of moments, which is the smoother loss.

    Both are positive; larger where samples spread in more directions, infinite where all neighbours
    are at one distance.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The samples.
    Y : array-like of shape (n_indexed, n_features), default=None
        The samples among which neighbours are looked for; None means X. Rows equal to the
        sample are left out.
    method : {"mle", "mom"}, default="mle"
        Estimator.
    n_neighbors : int, default=20
        Neighbours k of each sample, itself not counted, at least 2.
    metric : str or callable, default="euclidean"
        Distance, any of scikit-learn's.

    Returns
    -------
    dimension : ndarray of shape (n_samples,)
        Local dimension of each sample. With array API dispatch an array of the library that came
        in; in the Euclidean metric gradients of torch flow to X and Y.

    Raises
    ------
    ValueError
        If there are not more than ``n_neighbors`` different rows, widths differ, or the metric does
        not tell different rows apart.

    Warns
    -----
    UndefinedMetricWarning
        If all neighbours of a sample are at one distance: its dimension is infinite.

    See Also
    --------
    intrinsic_dimension : One number for all samples.
    lid_fisher_rao_distance : How far local dimensions are apart.
    participation_ratio : The linear dimension of the whole, which a thin, curved cloud makes large.

    Notes
    -----
    Good to see which samples lie in thin places of a space that looks wide as a whole; local
    dimension is what drives hubness. A row that is repeated counts once, and its copies share the
    value. Time O(n^2 d) of the exact search, memory O(n k), and of the search a block within
    scikit-learn's working memory; with gradients O(n k d). Unchanged by rotation, scale and
    translation, by other invertible maps only where samples are dense.

    In m uniform dimensions the sum over j above is Gamma-distributed with k - 1 degrees and rate
    m [1]_, so that the mean of the "mle" values is :math:`m \frac{k - 1}{k - 2}`, their harmonic
    mean m, and :math:`\operatorname{var} \log = \psi'(k - 1)` whatever m is. In Fisher-Rao geometry
    the centre of many values is their geometric mean [2]_, ``scipy.stats.gmean``. In more than
    about ten dimensions values are too low: 600 normal samples in 20 dimensions have 14. Published
    code takes k for k - 1 above, and adds a small number in the logarithm, which biases near ties.

    The LDReg loss [2]_ for a batch Z of torch is :math:`-\alpha \operatorname{mean}_i \lvert \log
    \mathrm{LID}_i \rvert`: ``-alpha * local_intrinsic_dimension(Z, Z.detach(),
    method="mom").log().abs().mean()``, with :math:`\alpha` of about 0.01. It raises dimension
    where it is low, but can be gamed: 200 unit vectors in 6 dimensions that began on a near-flat
    circle came to a value of 6.1, while the sphere has 5 dimensions, by spreading evenly. Its gain
    for large self-supervised encoders was not tried here.

    References
    ----------
    .. [1] E. Levina and P. J. Bickel (2004). Maximum likelihood estimation of intrinsic dimension.
           Advances in Neural Information Processing Systems.
    .. [2] H. Huang, R. J. G. B. Campello, S. M. Erfani, X. Ma, M. E. Houle and J. Bailey (2024).
           LDReg: local dimensionality regularized self-supervised learning. International
           Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.stats import gmean
    >>> from sksim.metrics import local_intrinsic_dimension
    >>> t = np.linspace(0, 1, 400)[:, None]
    >>> curve = np.cos(t * np.arange(1, 21))  # thin, in 20 dimensions
    >>> round(float(gmean(local_intrinsic_dimension(curve))), 1)
    1.2
    """
    xp = namespace_of(X)
    keeps_library = xp is not None and metric == "euclidean"
    if keeps_library:
        x = check_in_place(X, keep="gradient", min_samples=1 if Y is not None else 3)
    else:
        x = check_representation(X, min_samples=1 if Y is not None else 3)
    values = to_numpy(constant(x))
    if Y is None:
        y, (found, of_row) = x, neighbors_of_distinct(values, n_neighbors, metric)
        distances, indices = found.distances[of_row], found.indices[of_row]
    else:
        y = check_like(x if keeps_library else values, "gradient")(Y, name="Y")
        if y.shape[1] != x.shape[1]:
            raise ValueError(
                f"X and Y must have the same number of features, got {x.shape[1]} and {y.shape[1]}."
            )
        distances, indices = neighbors_among_distinct(
            values, to_numpy(constant(y)), n_neighbors, metric
        )
    if keeps_library:
        dimension = local_dimension(_array_distances(x, y, indices), method, xp)
        n_infinite = int(xp.count_nonzero(xp.isinf(constant(dimension))))
    else:
        dimension = local_dimension(distances, method)
        n_infinite = int(np.isinf(dimension).sum())
    if n_infinite:
        warn_caller(
            f"The local dimension of {n_infinite} samples is infinite: their {n_neighbors} "
            "neighbours are at one distance.",
            UndefinedMetricWarning,
        )
    return dimension
