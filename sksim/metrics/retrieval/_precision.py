"""Retrieval of the partner of each sample, the search included."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any

import numpy as np

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation, check_same_rows
from sksim.metrics.retrieval._ranked_lists import hit_rate_score
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, Metric

__all__ = ["retrieval_precision_score"]


def _check_partners(partners, n_queries: int, n_indexed: int) -> np.ndarray:
    partners = check_named_array(partners, "partners", ensure_2d=False, dtype=None)
    if partners.dtype.kind not in "iu" or partners.shape != (n_queries,):
        raise ValueError(
            f"partners must be {n_queries} integers, one for each row of Z, got an array of type "
            f"{partners.dtype} and shape {partners.shape}."
        )
    if partners.min() < 0 or partners.max() >= n_indexed:
        raise ValueError(f"partners must be rows of Y, 0 to {n_indexed - 1}, got {partners}.")
    return partners


@validate_params(
    {
        "Z": ["array-like"],
        "Y": ["array-like"],
        "partners": ["array-like", None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [str, callable],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def retrieval_precision_score(
    Z: ArrayLike,
    Y: ArrayLike,
    *,
    partners: ArrayLike | None = None,
    n_neighbors: int = 1,
    metric: Metric = "cosine",
    reduction: Any = None,
    n_jobs: int | None = None,
) -> float:
    r"""Share of queries whose partner is among their nearest neighbours, hubs reduced or not.

    .. math:: \frac{1}{n} \sum_i \mathbf{1}\left[ p_i \in N_k(z_i) \right]

    with :math:`N_k(z_i)` the k rows of Y that are nearest to the query :math:`z_i`, by the metric
    or by the secondary distance of a hubness reduction, and :math:`p_i` its partner. The value
    lies in [0, 1], k / m for m unrelated rows. In word translation it is called precision at k.

    .. versionadded:: 0.1

    Parameters
    ----------
    Z : array-like of shape (n_queries, n_features)
        Queries, such as the mapped vectors of one language.
    Y : array-like of shape (n_indexed, n_features)
        What is searched.
    partners : array-like of shape (n_queries,), default=None
        Row of Y that is right for each query; None means the row of the same number.
    n_neighbors : int, default=1
        Number k of neighbours.
    metric : str or callable, default="cosine"
        Any metric of scikit-learn's neighbour search.
    reduction : str, estimator or None, default=None
        Hubness reduction, as in :class:`~sksim.neighbors.HubnessReducedNearestNeighbors`.
        It is fitted on Y alone.
    n_jobs : int, default=None
        Number of threads of the search.

    Returns
    -------
    score : float
        Share of queries.

    Raises
    ------
    ValueError
        If the numbers of features differ, partners are no rows of Y, or n_neighbors exceeds
        the rows of Y.

    See Also
    --------
    hit_rate_score : The same, from ranked lists.
    mutual_knn_score : Agreement of neighbourhoods, without a common space.

    Notes
    -----
    Time and memory of an exact search, O(n m d), and of the reduction; nothing is learned from
    the queries, so that a query has the same neighbours in any company. The usual CSLS of word
    translation also counts the neighbours that a word of Y has among all queries.

    References
    ----------
    .. [1] A. Conneau, G. Lample, M. Ranzato, L. Denoyer and H. Jégou (2018). Word translation
           without parallel data. International Conference on Learning Representations.

    Examples
    --------
    Predictions of a regression are shrunk towards the mean, and rows of Y near the mean become
    the neighbours of all:

    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sksim.metrics import retrieval_precision_score
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(600, 30)
    >>> Y = X @ rng.randn(30, 30) / 30**0.5 + rng.randn(600, 30)
    >>> Z = LinearRegression().fit(X[:300], Y[:300]).predict(X[300:])
    >>> round(retrieval_precision_score(Z, Y[300:], metric="euclidean"), 2)
    0.54
    >>> round(retrieval_precision_score(Z, Y[300:], metric="euclidean", reduction="csls"), 2)
    0.69
    """
    # The search with reductions stands above the measures; this is one measure of it.
    from sksim.neighbors import HubnessReducedNearestNeighbors

    queries = check_representation(Z, name="Z", min_samples=1)
    indexed = check_representation(Y, name="Y")
    if partners is None:
        check_same_rows(Z, Y, first="Z")
    if queries.shape[1] != indexed.shape[1]:
        raise ValueError(
            "Z and Y must have the same number of features, got "
            f"{queries.shape[1]} and {indexed.shape[1]}."
        )
    if n_neighbors > len(indexed):
        raise ValueError(f"n_neighbors={n_neighbors} must be at most the {len(indexed)} rows of Y.")
    right = (
        np.arange(len(queries))
        if partners is None
        else _check_partners(partners, len(queries), len(indexed))
    )
    search = HubnessReducedNearestNeighbors(
        min(n_neighbors, len(indexed) - 1), reduction=reduction, metric=metric, n_jobs=n_jobs
    ).fit(indexed)
    indices = search.kneighbors(queries, n_neighbors=n_neighbors, return_distance=False)
    return hit_rate_score(indices, right[:, None], n_neighbors=n_neighbors)


register(
    PairedMeasure(
        name="retrieval_precision",
        function=retrieval_precision_score,
        symmetric=False,
        needs_equal_features=True,
        invariances=frozenset({"scale"}),
        null=lambda n_samples: 1.0 / n_samples,
    )
)
