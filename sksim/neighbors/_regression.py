"""k-nearest-neighbour regression with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

from sklearn.base import RegressorMixin
from sklearn.neighbors import KNeighborsRegressor

from sksim.neighbors._vote import NeighborVote
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, MatrixLike

__all__ = ["HubnessReducedKNeighborsRegressor"]


class HubnessReducedKNeighborsRegressor(RegressorMixin, NeighborVote):
    r"""Predict by the mean of the nearest neighbours after hubness reduction.

    The prediction for a query :math:`q` is
    :math:`\sum_{x \in NN_k(q)} w(q, x) y_x / \sum_{x \in NN_k(q)} w(q, x)`,
    where :math:`NN_k(q)` are its neighbours by the secondary distance :math:`d'` of the
    reduction and :math:`w` is 1, :math:`1 / d'` or a function of :math:`d'`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours in the mean; smaller than the number of training samples.
    reduction : str, estimator or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, an instance, or another transformer from
        graph to graph; its parameters can be searched as ``reduction__<parameter>``, those of a
        name too. None means plain neighbours.
    weights : {"uniform", "distance"} or callable, default="uniform"
        Weights of the neighbours. "distance" weights by the inverse of the secondary
        distance: a training sample that is asked for is at distance 0 and decides alone.
    n_candidates : int or "auto", default="auto"
        Number of candidates by primary distance, at least ``n_neighbors`` and cut to the
        number of other samples. "auto" is the larger of ``10 * n_neighbors`` and 100, or what
        the reduction needs.
    metric : str or callable, default="euclidean"
        Primary distance: any metric of :func:`~sklearn.metrics.pairwise_distances`. With
        "precomputed", X holds the distances: a square dense matrix or a neighbour graph.
    metric_params : dict, default=None
        Parameters of the metric.
    backend : str or estimator, default="auto"
        Search of the candidates, exact by default; see
        :class:`HubnessReducedKNeighborsTransformer`.
    device : str, default="auto"
        Where ``backend="torch"`` searches, such as "cpu" or "cuda:1"; "auto" is a GPU where there
        is one. On a GPU most reductions are computed too (:ref:`arrays`).
    n_jobs : int, default=None
        Number of threads of the exact search.
    memory : str or object with the joblib.Memory interface, default=None
        Where the lists of candidates are kept for other reductions of the same samples, by default
        nowhere; see :class:`HubnessReducedKNeighborsTransformer`.
    verbose : int, default=0
        Whether a search that takes more than ten seconds shows its progress: a bar where tqdm is
        installed, one line otherwise.

    Attributes
    ----------
    reduction_ : reduction or None
        The fitted reduction.
    effective_n_candidates_ : int
        Number of candidates in use.
    backend_ : object
        The fitted candidate search, which shows what it is.
    n_samples_fit_ : int
        Number of training samples.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, where all of them are strings.

    See Also
    --------
    HubnessReducedKNeighborsTransformer : The graph alone, for pipelines.
    HubnessReducedKNeighborsClassifier : Classification by the same neighbours.

    Notes
    -----
    Cost: the search of the candidates, :math:`O(n_q n d)` time in blocks for the exact one, then
    :math:`O(n_q K)` time and memory for most reductions. The means are formed by
    :class:`~sklearn.neighbors.KNeighborsRegressor` on the reduced graph.

    References
    ----------
    .. [1] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sksim.neighbors import HubnessReducedKNeighborsRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = HubnessReducedKNeighborsRegressor(20, reduction="nicdm").fit(X[:300], y[:300])
    >>> regressor.score(X[300:], y[300:]) > 0.4
    True
    """

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Index the training samples, fit the reduction and store the targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples; distances (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.

        Returns
        -------
        self : object
            The fitted regressor.
        """
        self._fit_vote(KNeighborsRegressor, X, y, y_numeric=True)
        return self
