"""Made data whose hubness is known beforehand."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

from sklearn.utils import check_random_state

from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import FloatArray, IntArray, RandomState

__all__ = ["make_gaussian_hubs"]


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "class_sep": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_gaussian_hubs(
    n_samples: int = 1000,
    n_features: int = 100,
    *,
    n_classes: int = 10,
    class_sep: float = 0.4,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray]:
    r"""Gaussian classes with overlap: the textbook case of hubness.

    .. math:: x = s \, m_{y} + e, \qquad m_c, e \sim \mathcal N(0, I)

    with y a class drawn at random, :math:`m_c` the centre of class c and s = ``class_sep``.
    In many dimensions all samples lie near a sphere, and the few that lie a little nearer to
    the mean become the neighbours of all others: with 2000 samples of one class the
    10-occurrence has a skewness of about -0.2, 0.7, 9 and 16 in 3, 10, 100 and 500 dimensions.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples.
    n_features : int, default=100
        Number of dimensions; hubness grows with it.
    n_classes : int, default=10
        Number of classes; with 1 the data are standard normal.
    class_sep : float, default=0.4
        Standard deviation of the class centres, in units of the noise; 0 leaves nothing to
        classify.
    random_state : int, RandomState instance or None, default=None
        Generator of the centres, classes and noise.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Samples.
    y : ndarray of int of shape (n_samples,)
        Class of each sample.

    See Also
    --------
    load_sentence_embeddings : Real data with severe hubness.

    Notes
    -----
    Time and memory O(n_samples n_features).

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.datasets import make_gaussian_hubs
    >>> X, y = make_gaussian_hubs(200, 50, n_classes=3, random_state=0)
    >>> X.shape, y.shape
    ((200, 50), (200,))
    """
    rng = check_random_state(random_state)
    centers = class_sep * rng.standard_normal((n_classes, n_features))
    y = rng.randint(n_classes, size=n_samples)
    X = rng.standard_normal((n_samples, n_features))
    if n_classes > 1:
        X += centers[y]
    return X, y
