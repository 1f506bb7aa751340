"""Normal scores of each feature: the f-norm of hubness reduction, made inductive."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.base import OneToOneFeatureMixin
from sklearn.preprocessing import normalize
from sklearn.utils import check_random_state

from sksim.metrics._array_formulas import array_unit_rows
from sksim.preprocessing._base import VectorTransformer
from sksim.utils._array_api import move, namespace_of, to_numpy, widest_float
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["NormalScoreTransformer"]


def _quantiles(levels: np.ndarray, distribution: str) -> np.ndarray:
    """Quantiles of N(0, 1) or U(-1, 1)."""
    return ndtri(levels) if distribution == "normal" else 2 * levels - 1


def _knots(column: np.ndarray, n_quantiles: int) -> tuple[np.ndarray, np.ndarray]:
    """Different values of a column and the mean rank (from 0) of each, evenly thinned out."""
    values, counts = np.unique(column, return_counts=True)
    ranks = np.cumsum(counts) - (counts + 1) / 2
    if values.size > n_quantiles:
        kept = np.linspace(0, values.size - 1, n_quantiles).round().astype(np.intp)
        values, ranks = values[kept], ranks[kept]
    return values, ranks


def _array_knots(column: Any, n_quantiles: int) -> tuple[Any, np.ndarray]:
    """``_knots`` of a column of another library, and their ranks as an array of NumPy."""
    xp = namespace_of(column)
    ordered, values = xp.sort(column), xp.sort(xp.unique_values(column))
    first, last = (xp.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    ranks = to_numpy(first + last - 1) / 2
    if ranks.size > n_quantiles:
        kept = np.linspace(0, ranks.size - 1, n_quantiles).round().astype(np.int64)
        values, ranks = xp.take(values, move(kept, like=values)), ranks[kept]
    return values, ranks


def _array_interpolated(column: Any, values: Any, scores: Any) -> Any:
    """``np.interp`` for arrays of other libraries."""
    xp, last = namespace_of(column), values.shape[0] - 1
    if last == 0:
        return xp.zeros_like(column) + scores[0]
    inside = xp.clip(column, float(values[0]), float(values[last]))
    above = xp.clip(xp.searchsorted(values, inside), 1, last)
    left, right = (xp.take(values, index) for index in (above - 1, above))
    low, high = (xp.take(scores, index) for index in (above - 1, above))
    return low + (high - low) * (inside - left) / (right - left)


def _array_columns(X: Any) -> list[Any]:
    """The columns, each in one piece of the memory, in float64 where the device has it."""
    xp, X = namespace_of(X), widest_float(X)
    return [xp.concat([X[:, j]]) for j in range(X.shape[1])]


class NormalScoreTransformer(OneToOneFeatureMixin, VectorTransformer):
    r"""Replace each feature by the normal scores of its ranks, then scale rows to unit length.

    A value whose rank among the n training values of its feature is r becomes

    .. math:: \Phi^{-1}\left(\frac{r - 1/2}{n}\right),

    the quantile of the standard normal distribution. With ``normalize=True`` the rows lie almost
    uniformly on the sphere, where there are no hubs. Between two training values the score is
    interpolated linearly, outside their range it is that of the nearest. The original pools
    training and test rows and draws the scores at random; here everything is fitted on the
    training rows.

    .. versionadded:: 0.1

    Parameters
    ----------
    distribution : {"normal", "uniform"}, default="normal"
        Distribution of the scores: N(0, 1), or uniform on (-1, 1).
    ties : {"average", "ordinal"}, default="average"
        "average": equal values get the score of their mean rank, so that duplicates stay
        duplicates and a constant feature becomes 0. "ordinal": ``fit_transform`` ranks equal
        training values in the order of the rows, as the original does; ``transform`` cannot tell
        them apart and gives each their mean rank.
    scores : {"quantile", "random"}, default="quantile"
        Where the scores come from: quantiles of the distribution, or n sorted draws from it for
        each feature, as in the original.
    n_quantiles : int, default=1000
        Largest number of training values that are kept for each feature.
    normalize : bool, default=True
        Whether to scale each row to unit Euclidean length. Rows of zeros stay as they are.
    random_state : int, RandomState instance or None, default=None
        Draws the scores with ``scores="random"``.

    Attributes
    ----------
    quantiles_ : list of ndarray
        Different training values of each feature, at most ``n_quantiles``.
    quantile_scores_ : list of ndarray
        Their scores.
    scores_ : ndarray of shape (n_samples, n_features) or None
        Sorted draws, with ``scores="random"``.
    n_samples_fit_ : int
        Number of training rows n.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the input was a data frame.

    See Also
    --------
    Centering : Removes only the mean before scaling rows to unit length.
    sksim.hubness.MutualProximity : Combines well with this.
    sklearn.preprocessing.QuantileTransformer : Normal scores too, without a rule for ties.

    Notes
    -----
    With more than ``n_quantiles`` different values the scores between the kept ones are
    interpolated too. ``ties="ordinal", scores="random"`` with ``fit_transform`` on all rows
    together is the transductive method of the paper.

    A feature whose spread is rounding noise gets the same weight as any other.

    Costs O(n D log n) time and O(n_quantiles D) memory, O(n D) with random scores.

    References
    ----------
    .. [1] B. M. G. Nielsen and L. K. Hansen (2024). Hubness reduction improves Sentence-BERT
           semantic spaces. Northern Lights Deep Learning Conference.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import NormalScoreTransformer
    >>> X = np.array([[1.0, 10.0], [2.0, 1000.0], [3.0, 20.0]])
    >>> NormalScoreTransformer(normalize=False).fit_transform(X).round(3)
    array([[-0.967, -0.967],
           [ 0.   ,  0.967],
           [ 0.967,  0.   ]])
    """

    _fitted_array = "quantiles_"

    _parameter_constraints: dict = {
        "distribution": [StrOptions({"normal", "uniform"})],
        "ties": [StrOptions({"average", "ordinal"})],
        "scores": [StrOptions({"quantile", "random"})],
        "n_quantiles": [Interval(Integral, 2, None, closed="left")],
        "normalize": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        distribution: Literal["normal", "uniform"] = "normal",
        ties: Literal["average", "ordinal"] = "average",
        scores: Literal["quantile", "random"] = "quantile",
        n_quantiles: int = 1000,
        normalize: bool = True,
        random_state: RandomState = None,
    ) -> None:
        self.distribution = distribution
        self.ties = ties
        self.scores = scores
        self.n_quantiles = n_quantiles
        self.normalize = normalize
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the ranks of each feature.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        X = self._check_training_rows(X)
        self.n_samples_fit_ = X.shape[0]
        self.scores_: FloatArray | None = None
        if self.scores == "random":
            rng = check_random_state(self.random_state)
            is_normal = self.distribution == "normal"
            draws = rng.standard_normal(X.shape) if is_normal else rng.uniform(-1, 1, X.shape)
            self.scores_ = np.sort(draws, axis=0)
        if namespace_of(X) is None:
            knots = [_knots(column, self.n_quantiles) for column in X.T]
        else:
            knots = [_array_knots(column, self.n_quantiles) for column in _array_columns(X)]
        self.quantiles_ = [values for values, _ in knots]
        self.quantile_scores_ = [self._scores_of(ranks, j) for j, (_, ranks) in enumerate(knots)]
        if self.ties == "average":
            for scores in self.quantile_scores_:
                if scores.size == 1:  # a constant feature
                    scores[:] = 0.0
        if namespace_of(X) is not None:
            self.quantile_scores_ = [self._beside(X, scores) for scores in self.quantile_scores_]
            self.scores_ = None if self.scores_ is None else self._beside(X, self.scores_)
        return self

    @staticmethod
    def _beside(X: Any, scores: np.ndarray) -> Any:
        """Scores of NumPy where X is."""
        return widest_float(move(scores, like=X))

    def _scores_of(self, ranks: np.ndarray, j: int) -> np.ndarray:
        """Scores of ranks counted from 0, halves among them, in feature j."""
        if self.scores_ is None:
            return _quantiles((ranks + 0.5) / self.n_samples_fit_, self.distribution)
        draws = to_numpy(self.scores_[:, j])
        return np.interp(ranks, np.arange(self.n_samples_fit_), draws)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Replace the values by the scores of their ranks among the training values.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            Scores, each row of unit length if ``normalize=True``.
        """
        X = self._check_rows(X)
        if (xp := namespace_of(X)) is not None:
            columns = zip(_array_columns(X), self.quantiles_, self.quantile_scores_, strict=True)
            return self._finish_array(xp.stack([_array_interpolated(*one) for one in columns]).T, X)
        scores = np.empty(X.shape)
        for j, (values, value_scores) in enumerate(zip(self.quantiles_, self.quantile_scores_)):
            scores[:, j] = np.interp(X[:, j], values, value_scores)
        return self._finish(scores, X.dtype)

    def fit_transform(self, X: ArrayLike, y: object = None) -> FloatArray:
        """Fit the ranks and replace the training values by their scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : None
            Ignored.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            Scores, each row of unit length if ``normalize=True``.
        """
        self.fit(X)
        if self.ties == "average":
            return self.transform(X)
        X = self._check_rows(X)
        if (xp := namespace_of(X)) is not None:
            order = xp.argsort(xp.argsort(X, axis=0, stable=True), axis=0, stable=True)
            all_ranks = np.arange(self.n_samples_fit_)
            columns = [
                xp.take(self._beside(X, self._scores_of(all_ranks, j)), order[:, j])
                for j in range(X.shape[1])
            ]
            return self._finish_array(xp.stack(columns, axis=1), X)
        ranks = rankdata(X, method="ordinal", axis=0) - 1
        scores = [self._scores_of(column, j) for j, column in enumerate(ranks.T)]
        return self._finish(np.column_stack(scores), X.dtype)

    def _finish_array(self, scores: Any, X: Any) -> Any:
        scores = array_unit_rows(scores) if self.normalize else scores
        return namespace_of(X).astype(scores, X.dtype, copy=False)

    def _finish(self, scores: np.ndarray, dtype: np.dtype) -> FloatArray:
        scores = normalize(scores, copy=False) if self.normalize else scores
        return scores.astype(dtype, copy=False)
