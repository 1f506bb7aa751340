"""Share of the variance of a representation that a label explains."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics._linalg import center
from sksim.metrics._measure import SHAPE_MAPS, ProbeMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation, clip, label_codes
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["explained_variance_by_label"]


@validate_params(
    {"X": ["array-like"], "y": ["array-like"], "adjusted": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def explained_variance_by_label(X: ArrayLike, y: ArrayLike, *, adjusted: bool = False) -> float:
    r"""Share of the variance of a representation between the means of the classes.

    .. math:: R^2 = \frac{\sum_c n_c \lVert \mu_c - \mu \rVert^2}{\sum_i \lVert x_i - \mu \rVert^2}

    with :math:`\mu_c` the mean of the :math:`n_c` samples of class c, and :math:`\mu` that of all
    n. It is the multivariate :math:`R^2` of a regression of the representation on the label, not
    of the label on the representation. The value lies in [0, 1]; labels that tell nothing have
    :math:`(K - 1) / (n - 1)` in expectation with K classes, and ``adjusted=True`` returns
    :math:`1 - (1 - R^2) (n - 1) / (n - K)`, which is 0 then and at most 1.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    y : array-like of shape (n_samples,)
        Labels.
    adjusted : bool, default=False
        Whether to correct for chance.

    Returns
    -------
    share : float
        Share of the variance.

    Raises
    ------
    ValueError
        If there is one class only, X is constant, or, with ``adjusted=True``, each sample is a
        class of its own.

    See Also
    --------
    neural_collapse : Variation within and between classes in several ways.
    linear_predictivity_score : How well a representation is predicted from another.

    Notes
    -----
    Unchanged by rotation, scale and translation, not by other invertible maps. The shares of
    independent labels in a balanced factorial design, and of their interaction, add up to at most
    1. Time and memory O(n d).

    What a representation shows most of need not be what a network computes from it: easy features
    take more of the variance than hard ones that are predicted as well [1]_.

    References
    ----------
    .. [1] A. K. Lampinen, S. C. Y. Chan and K. Hermann (2024). Learned feature representations are
           biased by complexity, learning order, position, and more. Transactions on Machine
           Learning Research.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import explained_variance_by_label
    >>> y = np.arange(24) // 12
    >>> X = np.random.RandomState(0).randn(24, 5) + 2 * np.eye(2, 5)[y]
    >>> round(explained_variance_by_label(X, y), 4)
    0.1661
    >>> round(explained_variance_by_label(X, y, adjusted=True), 4)
    0.1282
    """
    representation = check_representation(X)
    codes = label_codes(representation, y)
    n_samples, n_classes = len(codes), int(codes.max()) + 1
    if adjusted and n_classes == n_samples:
        raise ValueError("y holds as many classes as samples: adjusted=True is undefined.")
    centered, _ = center(representation.astype(np.float64, copy=False))
    sums = np.zeros((n_classes, centered.shape[1]))
    np.add.at(sums, codes, centered)
    between = (np.square(sums).sum(axis=1) / np.bincount(codes)).sum()
    share = clip(between / np.square(centered).sum(), 0.0, 1.0)
    if adjusted:
        return 1.0 - (1.0 - share) * (n_samples - 1) / (n_samples - n_classes)
    return share


register(
    ProbeMeasure(
        name="explained_variance_by_label",
        function=explained_variance_by_label,
        invariances=SHAPE_MAPS | {"row_order", "duplication", "target"},
        null=lambda n_samples: 2 / (n_samples - 1),
    )
)
