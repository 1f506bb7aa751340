"""Gaussians as vectors whose inner products rank as the Kullback-Leibler divergence does."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.metrics.retrieval._gaussian import check_gaussians
from sksim.utils._arrays import validate_named_data
from sksim.utils._sklearn import StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["GaussianInnerProduct"]


class GaussianInnerProduct(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Serve Gaussian embeddings by any inner-product index, ranked by divergence.

    A row of X is a Gaussian, its mean and the logarithms of its variances, as encoders give them.
    With a query :math:`\mathcal{N}(m, \operatorname{diag} v)` and a document
    :math:`\mathcal{N}(n, \operatorname{diag} w)`

    .. math:: -D(\text{query} \,\Vert\, \text{document}) =
              \big\langle [1,\; v + m^2,\; m],\;
              [-\tfrac{1}{2} \textstyle\sum (\log w + n^2 / w),\; -\tfrac{1}{2} / w,\; n / w]
              \big\rangle + \tfrac{1}{2} \sum (\log v + 1) .

    :meth:`transform` gives the vectors of documents, :meth:`transform_query` those of queries, of
    2 d + 1 entries; the last sum, :meth:`query_offset`, depends on the query alone, so that inner
    products rank documents exactly as the divergence does.

    .. versionadded:: 0.1

    Parameters
    ----------
    covariance : {"auto", "diagonal", "spherical"}, default="auto"
        What stands behind the d means in a row: as many log-variances ("diagonal"), or one
        for all ("spherical"). "auto" is "diagonal" where the number of columns is even, and
        "spherical" where it is odd.

    Attributes
    ----------
    n_means_ : int
        Number d of means in a row.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has any.

    See Also
    --------
    sksim.metrics.pairwise_gaussian_kl : The divergence itself, of the same rows.
    sksim.metrics.gaussian_kl_divergence : From means and variances.

    Notes
    -----
    Stateless: nothing but the shape is learnt. Time and memory O(n d). Unchanged is the ranking if
    all means and standard deviations are scaled alike, feature by feature, or all means translated.
    With equal variances the ranking is that of Euclidean distance. A document of large variance is
    near many queries, so that a hubness reduction is the natural next step.

    Products of entries of the size :math:`n^2 / w` cancel: float64 here, but an index in float32
    confuses documents where w is much smaller than :math:`n^2`; subtract a common mean first.

    Good for encoders that learn variances [1]_; on rows with planted variances the divergence
    finds the right document where means alone do not. The gain of learned variances on large
    collections was not tried here.

    References
    ----------
    .. [1] H. Zamani and M. Bendersky (2023). Multivariate representation learning for information
           retrieval. ACM SIGIR Conference on Research and Development in Information Retrieval.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.codes import GaussianInnerProduct
    >>> from sksim.metrics import pairwise_gaussian_kl
    >>> rng = np.random.RandomState(0)
    >>> documents, queries = rng.randn(5, 8), rng.randn(3, 8)
    >>> index = GaussianInnerProduct().fit(documents)
    >>> products = index.transform_query(queries) @ index.transform(documents).T
    >>> minus_divergence = products + index.query_offset(queries)[:, None]
    >>> bool(np.allclose(minus_divergence, -pairwise_gaussian_kl(queries, documents)))
    True
    """

    _parameter_constraints: dict = {
        "covariance": [StrOptions({"auto", "diagonal", "spherical"})],
    }

    def __init__(self, covariance: Literal["auto", "diagonal", "spherical"] = "auto") -> None:
        self.covariance = covariance

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the rows; nothing else is learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Documents, each the means and behind them the log-variances.
        y : None
            Ignored.

        Returns
        -------
        self : GaussianInnerProduct
            The transformer.
        """
        X = validate_named_data(self, X, dtype=[np.float64, np.float32], ensure_min_features=2)
        width = X.shape[1]
        if self.covariance == "diagonal" and width % 2:
            raise ValueError(
                "X must hold means and as many logarithms of variances with "
                f"covariance='diagonal', got {width} columns."
            )
        is_diagonal = self.covariance != "spherical" and width % 2 == 0
        self.n_means_ = width // 2 if is_diagonal else width - 1
        self._n_features_out = 2 * self.n_means_ + 1
        self._gaussians(X)
        return self

    def _gaussians(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and variances of validated rows, both of shape (n, d), in float64."""
        mean, log_variance = np.split(X.astype(np.float64), [self.n_means_], axis=1)
        with np.errstate(over="ignore", under="ignore"):
            variance = np.broadcast_to(np.exp(log_variance), mean.shape)
        return check_gaussians(mean, variance, ("means of X", "variances of X"))

    def _check_rows(self, X: ArrayLike) -> FloatArray:
        check_is_fitted(self)
        return validate_named_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Vectors of documents, for the index.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Documents.

        Returns
        -------
        vectors : ndarray of shape (n_samples, 2 * n_means + 1)
            Vectors, in float32 where X is.
        """
        X = self._check_rows(X)
        mean, variance = self._gaussians(X)
        scaled = mean / variance
        first = -(np.log(variance) + mean * scaled).sum(axis=1) / 2
        return np.hstack([first[:, None], -0.5 / variance, scaled]).astype(X.dtype, copy=False)

    def transform_query(self, X: ArrayLike) -> FloatArray:
        """Vectors of queries, whose inner products with those of documents rank these.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Queries.

        Returns
        -------
        vectors : ndarray of shape (n_samples, 2 * n_means + 1)
            Vectors, in float32 where X is.
        """
        X = self._check_rows(X)
        mean, variance = self._gaussians(X)
        ones = np.ones((len(mean), 1))
        return np.hstack([ones, variance + mean**2, mean]).astype(X.dtype, copy=False)

    def query_offset(self, X: ArrayLike) -> FloatArray:
        """What an inner product lacks to be minus the divergence, a number for each query.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Queries.

        Returns
        -------
        offset : ndarray of shape (n_samples,)
            Half of the sum of log-variances and ones.
        """
        _, variance = self._gaussians(self._check_rows(X))
        return (np.log(variance) + 1.0).sum(axis=1) / 2

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
