"""How far apart the means of the classes are in each feature."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics._linalg import center
from sksim.metrics._validation import check_representation, label_codes
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["mean_difference"]


@validate_params({"X": ["array-like"], "y": ["array-like"]}, prefer_skip_nested_validation=True)
def mean_difference(X: ArrayLike, y: ArrayLike) -> FloatArray:
    r"""How far apart the means of the classes are in each feature.

    .. math:: \max_c \mu_{cj} - \min_c \mu_{cj},

    with :math:`\mu_{cj}` the mean of feature j in class c: of two classes the absolute difference
    [1]_. In the unit of each feature, not negative.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    y : array-like of shape (n_samples,)
        Classes.

    Returns
    -------
    differences : ndarray of shape (n_features,)
        One value a feature.

    Raises
    ------
    ValueError
        If there is one class only, or X is constant.

    See Also
    --------
    sksim.inspection.SparseProbeDisplay : How many features a probe needs.
    sklearn.feature_selection.SelectKBest : Takes it as ``score_func``.
    sklearn.feature_selection.f_classif : The same question in units of the spread.

    Notes
    -----
    The first filter of sparse probing: rank the units, keep the best, fit a probe. It follows the
    unit of each feature, as published; put a ``StandardScaler`` in front if units differ.
    One of the helpers of the authors' code ranks by another index than that of the difference, by
    a slip; the other one is this.

    Unchanged by translation; the order of features is followed; a common scale scales all. A
    rotation mixes units, and with them the answer. Time O(n d), memory O(n d).

    References
    ----------
    .. [1] W. Gurnee, N. Nanda, M. Pauly, K. Harvey, D. Troitskii and D. Bertsimas (2023). Finding
           neurons in a haystack: case studies with sparse probing. Transactions on Machine Learning
           Research.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sksim.metrics import mean_difference
    >>> X = np.array([[0.0, 5.0, 1.0], [1.0, 5.0, 1.0], [0.0, 9.0, 1.5], [1.0, 8.0, 1.5]])
    >>> mean_difference(X, [0, 0, 1, 1])
    array([0. , 3.5, 0.5])
    >>> SelectKBest(mean_difference, k=1).fit(X, [0, 0, 1, 1]).get_support()
    array([False,  True, False])
    """
    X = check_representation(X)
    codes = label_codes(X, y)
    centered = center(X.astype(np.float64), name="X")
    sums = np.zeros((codes.max() + 1, X.shape[1]))
    np.add.at(sums, codes, centered.values)
    means = sums / np.bincount(codes)[:, None]
    return np.ptp(means, axis=0) * centered.scale
