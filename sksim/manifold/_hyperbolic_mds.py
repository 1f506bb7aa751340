"""Multidimensional scaling into hyperbolic space."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import warnings
from numbers import Integral, Real
from typing import Literal, Self

import numpy as np
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import VALID_METRICS
from sklearn.utils import Tags

from sksim._base import SksimEstimator
from sksim.manifold._eigenpairs import largest_eigenpairs
from sksim.metrics import hyperbolic_distances
from sksim.metrics.graphs._distances import check_distances
from sksim.utils._arrays import validate_named_data
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, Metric

__all__ = ["HyperbolicMDS"]

#: Largest scaled distance whose cosh is finite, and that whose rounding error stays small.
_LARGEST, _LARGEST_EXACT = 700.0, 30.0


class HyperbolicMDS(SksimEstimator):
    r"""Points of hyperbolic space whose distances are near given ones (h-MDS).

    .. math:: Y_{ij} = \cosh(s \, d_{ij}), \qquad X = V_+ \Lambda_+^{1/2}

    with the r largest eigenvalues of -Y in :math:`\Lambda_+`; X are the spatial coordinates of
    the hyperboloid, and :math:`x / (1 + \sqrt{1 + \lVert x \rVert^2})` the point of the Poincaré
    disc. Distances of points of r-dimensional hyperbolic space have exactly r positive eigenvalues
    and one negative one, and come back exactly. Embedded distances, over s, are near d.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=2
        Dimension r.
    scale : float, default=1.0
        Factor s of the distances, which chooses the curvature: tune it.
    metric : str or callable, default="precomputed"
        "precomputed" where X holds distances, such as hops in a graph; or a metric of
        :func:`sklearn.metrics.pairwise_distances`.
    model : {"poincare", "hyperboloid"}, default="poincare"
        Coordinates of the embedding.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        The points.
    eigenvalues_ : ndarray of shape (n_components,)
        The largest eigenvalues, falling.
    distortion_ : float
        Mean relative error of the distances, of samples that are apart.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    TreeEmbedding : Keeps the neighbours of a tree exactly, in two dimensions.
    sksim.metrics.hyperbolic_distances : Distances of the points.
    sklearn.manifold.MDS : Into flat space.

    Notes
    -----
    There is no ``transform``: points depend on all distances. No centring is needed: any two
    solutions differ by an isometry [1]_. The rounding error of the eigenvalues is about
    :math:`10^{-16} \cosh(s \max d)`.

    Of a balanced binary tree of 31 nodes it brings the distortion of Euclidean scaling in two
    dimensions from 0.25 to 0.11 with a scale of 2, and to between 0.13 and 0.16 with a scale of 1,
    where eigenvalues are equal and the eigenvectors not unique. The mean average precision grows
    from 0.38 to about 0.47 only. The precision near 1 in two dimensions that is published for
    hyperbolic embeddings belongs to the construction of :class:`TreeEmbedding`, not to this method.

    Time O(n^2 r), by Lanczos, from some hundred samples on; memory O(n^2).

    References
    ----------
    .. [1] F. Sala, C. De Sa, A. Gu and C. Ré (2018). Representation tradeoffs for hyperbolic
           embeddings. International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.manifold import HyperbolicMDS
    >>> from sksim.metrics import hyperbolic_distances
    >>> points = np.random.RandomState(0).uniform(-0.6, 0.6, size=(10, 2))
    >>> D = hyperbolic_distances(points)
    >>> mds = HyperbolicMDS()
    >>> bool(np.allclose(hyperbolic_distances(mds.fit_transform(D)), D))
    True
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "metric": [StrOptions({"precomputed"}.union(*VALID_METRICS.values())), callable],
        "model": [StrOptions({"poincare", "hyperboloid"})],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        scale: float = 1.0,
        metric: Metric = "precomputed",
        model: Literal["poincare", "hyperboloid"] = "poincare",
    ) -> None:
        self.n_components = n_components
        self.scale = scale
        self.metric = metric
        self.model = model

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Find the points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_samples) or (n_samples, n_features)
            Distances, or samples where the metric is not "precomputed".
        y : None
            Ignored.

        Returns
        -------
        self : HyperbolicMDS
            The fitted estimator.
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: ArrayLike, y: object = None) -> FloatArray:
        """Find the points and return them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_samples) or (n_samples, n_features)
            Distances, or samples where the metric is not "precomputed".
        y : None
            Ignored.

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
            The points.
        """
        is_distance = self.metric == "precomputed"
        X = validate_named_data(
            self, X, dtype=np.float64, ensure_min_samples=2, ensure_non_negative=is_distance
        )
        check_fits(
            40.0 * len(X) ** 2,
            f"Scaling of {len(X)} samples",
            "Embed a sample of the rows.",
        )
        D = check_distances(X if is_distance else pairwise_distances(X, metric=self.metric), "X")
        largest = self.scale * D.max()
        if largest > _LARGEST:
            raise ValueError(
                f"scale times the largest distance of X must be at most {_LARGEST:g}, beyond which "
                f"cosh overflows, got {largest:g}."
            )
        if largest > _LARGEST_EXACT:
            warnings.warn(
                f"scale times the largest distance is {largest:.3g}: cosh of it leaves the small "
                "eigenvalues to rounding error. Take a smaller scale.",
                stacklevel=2,
            )
        n_asked = min(self.n_components, len(D))
        values, vectors = largest_eigenpairs(-np.cosh(self.scale * (D + D.T) / 2), n_asked)
        n_positive = np.count_nonzero(values > 1e-12 * np.abs(values).max())
        if n_positive < self.n_components:
            raise ValueError(
                f"n_components={self.n_components} must be at most the number of positive "
                f"eigenvalues, of which these distances of X have {n_positive}."
            )
        spatial = vectors * np.sqrt(values)
        embedded = hyperbolic_distances(spatial, model="hyperboloid") / self.scale
        apart = D > 0
        errors = np.abs(embedded[apart] / D[apart] - 1.0)
        self.eigenvalues_ = values
        self.distortion_ = float(errors.mean()) if errors.size else 0.0
        t = np.sqrt(1.0 + np.square(spatial).sum(axis=1, keepdims=True))
        self.embedding_ = spatial if self.model == "hyperboloid" else spatial / (1.0 + t)
        return self.embedding_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = tags.input_tags.positive_only = self.metric == "precomputed"
        return tags
