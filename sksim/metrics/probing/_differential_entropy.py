"""Differential entropy of a representation by nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral

import numpy as np
from scipy.special import digamma, gammaln

from sksim._search._exact import exact_neighbors
from sksim.metrics._measure import QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["differential_entropy", "nearest_neighbor_entropy"]


def nearest_neighbor_entropy(X: np.ndarray, n_neighbors: int, name: str = "X") -> float:
    """The estimate of Kozachenko and Leonenko in nats, from exact Euclidean distances."""
    n_samples, n_features = X.shape
    distances, _ = exact_neighbors(X, n_neighbors=n_neighbors, exclude_self=True)
    radii = distances[:, -1]
    if not radii.all():
        raise ValueError(
            f"{name} repeats {int((radii == 0).sum())} rows more than {n_neighbors} times, where "
            "the density is infinite: add a little noise, or drop repeated rows."
        )
    log_unit_ball = n_features / 2 * math.log(math.pi) - gammaln(n_features / 2 + 1)
    log_volume = log_unit_ball + n_features * np.log(radii).mean()
    return float(digamma(n_samples) - digamma(n_neighbors) + log_volume)


@validate_params(
    {"X": ["array-like"], "n_neighbors": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def differential_entropy(X: ArrayLike, *, n_neighbors: int = 3) -> float:
    r"""Differential entropy of the distribution of the samples, by nearest neighbours.

    .. math:: h = \psi(n) - \psi(k) + \log c_d + \frac{d}{n} \sum_i \log \epsilon_i,

    with :math:`\epsilon_i` the Euclidean distance of sample i of n to its k-th neighbour,
    :math:`c_d = \pi^{d/2} / \Gamma(d/2 + 1)` the volume of the unit ball in d dimensions and
    :math:`\psi` the digamma function [1]_. In nats; any sign, as it depends on the unit of X.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation: samples of a distribution with a density.
    n_neighbors : int, default=3
        Neighbours k. More of them vary less and are biased more.

    Returns
    -------
    entropy : float
        The estimate in nats.

    Raises
    ------
    ValueError
        If there are no more samples than neighbours, a feature is constant, or a row is repeated
        more than ``n_neighbors`` times: there is no density then.

    See Also
    --------
    mutual_information : Information of two representations.
    noisy_layer_information : Information of a layer to which noise is added.
    von_neumann_entropy : Entropy of the spectrum of one representation.

    Notes
    -----
    Unchanged by rotation, translation and the order of the samples; a scale c adds
    :math:`d \log c`. Features that depend on each other linearly have no density either, which
    is not detected: reduce them first, such as by PCA.

    Neighbours must be near for the density to be constant between them: in more than about ten
    dimensions the estimate is off by nats. Of n = 300 Gaussian samples in two dimensions it
    was 2.76 where the truth is 2.84.

    Time O(n^2 d) for the search, O(n log n) in up to six dimensions; memory within scikit-learn's
    working memory.

    References
    ----------
    .. [1] L. F. Kozachenko and N. N. Leonenko (1987). Sample estimate of the entropy of a random
           vector. Problems of Information Transmission 23.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import differential_entropy
    >>> X = np.random.RandomState(0).uniform(size=(2000, 2))
    >>> round(differential_entropy(X), 1), round(differential_entropy(3 * X), 1)
    (0.0, 2.2)
    """
    X = check_representation(X, min_samples=n_neighbors + 1).astype(np.float64, copy=False)
    constant = np.flatnonzero((X[0] == X).all(axis=0))
    if constant.size:
        raise ValueError(
            f"X must vary in each feature to have a density, got a constant column {constant[0]}."
        )
    return nearest_neighbor_entropy(X, n_neighbors)


register(
    QualityMeasure(
        name="differential_entropy",
        function=differential_entropy,
        greater_is_better=None,
        range=(-math.inf, math.inf),
        invariances=frozenset({"orthogonal", "translation", "permutation", "row_order"}),
        min_samples=4,
    )
)
