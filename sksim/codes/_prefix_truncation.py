"""The first coordinates of vectors, of unit length again."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.utils._arrays import validate_named_data
from sksim.utils._sklearn import Interval, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray
from sksim.utils._unit_rows import unit_rows

__all__ = ["PrefixTruncation"]


class PrefixTruncation(OneToOneFeatureMixin, TransformerMixin, SksimEstimator):
    r"""Keep the first coordinates of each vector, and bring it to unit length again.

    .. math:: x \mapsto x_{1:m} / \lVert x_{1:m} \rVert .

    Encoders trained with a loss on nested prefixes (Matryoshka representations [1]_) serve every
    length so: one embedding is stored, and its length chosen where it is searched.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int or None, default=None
        Number m of coordinates, at most those of X. None keeps all.
    normalize : bool, default=True
        Whether rows are brought to unit length. Rows of zeros stay zeros.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X has any.

    Raises
    ------
    ValueError
        If ``n_components`` is larger than the number of features.

    See Also
    --------
    sksim.neighbors.ShortlistTransformer : Search by prefixes, ranked again by whole vectors.
    sksim.identifiability.EmbeddingClassifier : Learns representations.

    Notes
    -----
    Stateless: nothing but the shape is learnt. Time and memory O(n m). On rows of unit length all
    coordinates change nothing.

    An embedding that was not trained for it should not be cut: its coordinates are in no order.
    Principal components come in one, and :class:`~sklearn.decomposition.PCA` before this is the
    baseline that any training of prefixes has to beat. On sentences a raw prefix loses most of the
    neighbours at lengths where principal components keep half of them.

    References
    ----------
    .. [1] A. Kusupati, G. Bhatt, A. Rege, M. Wallingford, A. Sinha, V. Ramanujan, W. Howard-Snyder,
           K. Chen, S. Kakade, P. Jain and A. Farhadi (2022). Matryoshka representation learning.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.codes import PrefixTruncation
    >>> X = np.array([[3.0, 4.0, 12.0], [0.0, 2.0, 1.0]])
    >>> PrefixTruncation(2).fit_transform(X)
    array([[0.6, 0.8],
           [0. , 1. ]])
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(self, n_components: int | None = None, *, normalize: bool = True) -> None:
        self.n_components = n_components
        self.normalize = normalize

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the number of features; nothing else is learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.
        y : None
            Ignored.

        Returns
        -------
        self : PrefixTruncation
            The transformer.
        """
        n_features = validate_named_data(self, X, dtype=[np.float64, np.float32]).shape[1]
        if self.n_components is not None and self.n_components > n_features:
            raise ValueError(
                f"n_components={self.n_components} must be at most the number of features of X, "
                f"got {n_features}."
            )
        self._n_features_out = self.n_components or n_features
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Cut the vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.

        Returns
        -------
        prefixes : ndarray of shape (n_samples, n_components)
            Prefixes, in float32 where X is.
        """
        check_is_fitted(self)
        X = validate_named_data(self, X, dtype=[np.float64, np.float32], reset=False)
        prefixes = X[:, : self._n_features_out]
        return unit_rows(prefixes).astype(X.dtype) if self.normalize else prefixes.copy()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the coordinates that are kept.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features, by default those seen in ``fit``, or x0, x1 and so on.

        Returns
        -------
        names : ndarray of str
            The first of them.
        """
        return super().get_feature_names_out(input_features)[: self._n_features_out]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
