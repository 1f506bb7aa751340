"""What an approximate search loses, and whom."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim.metrics import k_skewness, robin_hood_index
from sksim.neighbors._base import HubnessReducedSearch
from sksim.neighbors._candidates import BruteBackend, own_lists
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import RandomState

__all__ = ["candidate_report"]


def _sampled_neighbors(backend, rows, n_neighbors):
    """Neighbours of some indexed samples, themselves left out; -1 where fewer were found."""
    width = min(n_neighbors + 1, backend.index.shape[0])
    distances, indices = backend.neighbors(backend.index[rows], width)
    return own_lists(distances, indices, n_neighbors, rows=rows)[1][:, 1:]


def _share_found(found, exact) -> np.ndarray:
    """Share of each row's exact neighbours that were found."""
    hits = (found[:, :, None] == exact[:, None, :]) & (exact[:, None, :] >= 0)
    return hits.any(axis=1).mean(axis=1)


def _hubness(indices, n_indexed):
    occurrence = np.bincount(indices[indices >= 0], minlength=n_indexed)
    return Result(k_skewness=k_skewness(occurrence), robin_hood_index=robin_hood_index(occurrence))


@validate_params(
    {
        "search": [HubnessReducedSearch],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_queries": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def candidate_report(
    search: HubnessReducedSearch,
    *,
    n_neighbors: int = 10,
    n_queries: int = 1000,
    random_state: RandomState = None,
) -> Result:
    r"""Compare the candidates of a fitted search with the exact neighbours of a sample.

    For a random sample of the indexed samples as queries, each left out of its own list,
    recall is the share of the exact ``n_neighbors`` that the backend finds. The loss of an
    approximate search is not even: it misses anti-hubs more often than hubs, so that its graph
    can look more hubby than the space is. Both are reported side by side, by primary distance.

    .. versionadded:: 0.1

    Parameters
    ----------
    search : estimator of sksim.neighbors
        Fitted on vectors.
    n_neighbors : int, default=10
        Number of neighbours compared, the sample itself not counted.
    n_queries : int, default=1000
        Number of indexed samples that are asked for, at most all.
    random_state : int, RandomState instance or None, default=None
        Chooses them.

    Returns
    -------
    report : Bunch
        ``recall``, in [0, 1]; ``recalls``, an array with that of each query; ``n_missing``, the
        number of places that stayed empty; ``exact`` and ``found``, each with the ``k_skewness``
        and the ``robin_hood_index`` of the occurrences in the lists of the queries;
        ``n_queries``, the number asked.

    See Also
    --------
    sksim.metrics.hubness_report : All measures with their chance levels.

    Notes
    -----
    Costs an exact search of the sample: :math:`O(n_q n d)` time, memory within scikit-learn's
    working memory. The occurrences of a sample of queries compare with each other and with
    :func:`~sksim.metrics.hubness_null`, not with those of all samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.neighbors import HubnessReducedNearestNeighbors, candidate_report
    >>> X = np.random.RandomState(0).standard_normal((500, 10))
    >>> search = HubnessReducedNearestNeighbors(backend="brute").fit(X)
    >>> candidate_report(search, n_queries=100, random_state=0).recall
    1.0
    """
    check_is_fitted(search)
    if search.metric == "precomputed":
        raise ValueError("search must be fitted on vectors, got metric='precomputed'.")
    n_indexed = search.n_samples_fit_
    if n_neighbors >= n_indexed:
        raise ValueError(
            f"n_neighbors must be less than the {n_indexed} indexed samples, got {n_neighbors}."
        )
    rng = check_random_state(random_state)
    rows = np.sort(rng.choice(n_indexed, min(n_queries, n_indexed), replace=False))
    exact_search = BruteBackend(
        search.backend_.index,
        metric=search.metric,
        metric_params=search.metric_params,
        n_jobs=search.n_jobs,
    )
    exact = _sampled_neighbors(exact_search, rows, n_neighbors)
    found = _sampled_neighbors(search.backend_, rows, n_neighbors)
    recalls = _share_found(found, exact)
    return Result(
        recall=float(recalls.mean()),
        recalls=recalls,
        n_missing=int((found < 0).sum()),
        exact=_hubness(exact, n_indexed),
        found=_hubness(found, n_indexed),
        n_queries=rows.size,
    )
