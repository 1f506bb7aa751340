"""Kernel distance of samples from data: the squared maximum mean discrepancy, unbiased."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from sksim.metrics._linalg import row_squares
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation, check_value
from sksim.utils._blocks import row_blocks
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["kernel_distance"]

Kernel = Callable[..., ArrayLike]


def _named_kernel(kernel: str, gamma: float) -> Kernel:
    """The cubic kernel ``(gamma x.y + 1)^3`` or the Gaussian one ``exp(-gamma |x - y|^2)``."""

    def cubic(X: FloatArray, Y: FloatArray) -> FloatArray:
        K = X @ Y.T
        K *= gamma
        K += 1.0
        return K**3

    def gaussian(X: FloatArray, Y: FloatArray) -> FloatArray:
        K = X @ Y.T
        K *= 2.0
        K -= row_squares(X)[:, None]
        K -= row_squares(Y)
        np.minimum(K, 0.0, out=K)
        K *= gamma
        return np.exp(K, out=K)

    return cubic if kernel == "polynomial" else gaussian


def _blocks(kernel: Kernel, X: FloatArray, Y: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """The kernel matrix in blocks of rows, each with two temporaries of its size."""
    for rows in row_blocks(len(X), 24.0 * len(Y), max_rows=2048):
        K = np.asarray(kernel(X[rows], Y), dtype=np.float64)
        shape = rows.stop - rows.start, len(Y)
        if K.shape != shape:
            raise ValueError(f"kernel must return the matrix {shape} of X and Y, got {K.shape}.")
        yield rows, K


def _own_sums(kernel: Kernel, X: FloatArray) -> FloatArray:
    """Sum of the kernel of each row with all the others, (n,)."""
    sums = np.empty(len(X))
    for rows, K in _blocks(kernel, X, X):
        diagonal = K[np.arange(len(K)), np.arange(rows.start, rows.stop)]
        sums[rows] = K.sum(axis=1) - diagonal
    return sums


def _cross_sums(kernel: Kernel, X: FloatArray, Y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sums of the kernel of X and Y over the rows of either, (m,) and (n,)."""
    of_x, of_y = np.empty(len(X)), np.zeros(len(Y))
    for rows, K in _blocks(kernel, X, Y):
        of_x[rows] = K.sum(axis=1)
        of_y += K.sum(axis=0)
    return of_x, of_y


class _Side(NamedTuple):
    """Sums of the kernel of each row with the others of its set, and with all of the other set."""

    own: FloatArray
    cross: FloatArray

    @property
    def mean(self) -> float:
        """Mean of the kernel over the pairs of different rows."""
        n = len(self.own)
        return float(self.own.sum() / (n * (n - 1)))

    def jackknife_variance(self, n_other: int) -> float:
        """Variance of the distance that comes from this set: all distances without one row."""
        n = len(self.own)
        own = (self.own.sum() - 2 * self.own) / ((n - 1) * (n - 2))
        cross = (self.cross.sum() - self.cross) / ((n - 1) * n_other)
        without_one = own - 2 * cross
        return float((n - 1) * without_one.var())


@validate_params(
    {
        "kernel": [StrOptions({"polynomial", "rbf"}), callable],
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "confidence": [Interval(Real, 0, 1, closed="neither"), None],
    },
    prefer_skip_nested_validation=True,
)
def kernel_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    kernel: Literal["polynomial", "rbf"] | Callable[..., ArrayLike] = "polynomial",
    gamma: float | None = None,
    confidence: float | None = None,
) -> float | Result:
    r"""How far samples are from data: the squared distance of their kernel means, unbiased.

    .. math:: D = \frac{1}{m (m - 1)} \sum_{i \ne i'} k(x_i, x_{i'})
              + \frac{1}{n (n - 1)} \sum_{j \ne j'} k(y_j, y_{j'})
              - \frac{2}{m n} \sum_{i, j} k(x_i, y_j)

    of the rows :math:`x_1, \dots, x_m` and :math:`y_1, \dots, y_n` of two samples, of any sizes
    [1]_. Its expectation is zero if both have the same distribution, whatever the sizes, so that
    values can be negative; with a Gaussian kernel it is positive for any two others. Unlike the
    Fréchet distance, which has a bias that depends on the sample size, it compares models that
    were sampled differently often [2]_: on features of an image classifier, and with the
    polynomial kernel, it is known as kernel inception distance.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples_x, n_features)
        Samples of a model, or features of them.
    Y : array-like of shape (n_samples_y, n_features)
        Data, or features of them.
    kernel : {"polynomial", "rbf"} or callable, default="polynomial"
        :math:`(\gamma\, x \cdot y + 1)^3`, which compares the moments up to the third;
        :math:`\exp(-\gamma |x - y|^2)`; or ``kernel(X, Y)``, which returns the matrix.
    gamma : float, default=None
        Scale of a named kernel; None is ``1 / n_features``.
    confidence : float, default=None
        Probability of an interval to return; None returns the distance alone.

    Returns
    -------
    distance : float or Bunch
        Squared distance of the kernel means, in units of the kernel; smaller is more alike. With
        ``confidence`` a :class:`~sklearn.utils.Bunch` of ``distance``, its standard error
        ``error``, and the ends ``low`` and ``high`` of the interval.

    Raises
    ------
    ValueError
        If the numbers of features differ, there are fewer than three rows, all rows are equal, or
        a callable returns another shape.

    See Also
    --------
    vendi_score : How diverse samples are, without data.
    imd_distance : Distance of the shapes of two clouds, which need no common features.

    Notes
    -----
    Time O((m + n)^2 d), in blocks of rows within the working memory. Unchanged by the order of
    the rows, and by exchanging X and Y. Only what the features see counts: on raw pixels a shift
    by a pixel is far.

    The standard error is the jackknife's over the rows of both sets. It is consistent where the
    distributions differ. Where they agree the distance has no normal distribution, and the error
    is too large by a factor of about :math:`\sqrt 2`: the interval is too wide rather than too
    narrow.

    References
    ----------
    .. [1] A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schölkopf and A. Smola (2012). A kernel
           two-sample test. Journal of Machine Learning Research 13.
    .. [2] M. Bińkowski, D. J. Sutherland, M. Arbel and A. Gretton (2018). Demystifying MMD GANs.
           International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import kernel_distance
    >>> rng = np.random.RandomState(0)
    >>> data, good, narrow = rng.randn(500, 4), rng.randn(300, 4), 0.5 * rng.randn(300, 4)
    >>> found = kernel_distance(good, data, confidence=0.95)
    >>> bool(found.low < 0 < found.high)
    True
    >>> round(kernel_distance(narrow, data), 2)
    0.36
    """
    x = check_representation(X, min_samples=3).astype(np.float64, copy=False)
    y = check_representation(Y, name="Y", min_samples=3).astype(np.float64, copy=False)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"X and Y must have the same number of features, got {x.shape[1]} and {y.shape[1]}."
        )
    if kernel == "rbf":  # squares of distances lose fewer digits around the mean
        mean = y.mean(axis=0)
        x, y = x - mean, y - mean
    if isinstance(kernel, str):
        kernel = _named_kernel(kernel, 1.0 / x.shape[1] if gamma is None else float(gamma))
    with np.errstate(over="ignore", invalid="ignore"):  # a check follows
        of_x, of_y = _cross_sums(kernel, x, y)
        sides = _Side(_own_sums(kernel, x), of_x), _Side(_own_sums(kernel, y), of_y)
        cross = of_x.sum() / (len(x) * len(y))
        distance = check_value(sides[0].mean + sides[1].mean - 2 * cross, "kernel distance")
    if confidence is None:
        return distance
    variances = [side.jackknife_variance(n) for side, n in zip(sides, (len(y), len(x)))]
    error = math.sqrt(sum(variances))
    reach = float(ndtri((1 + confidence) / 2)) * error
    return Result(distance=distance, error=error, low=distance - reach, high=distance + reach)


for _name, _params in (("kernel_distance", {}), ("kernel_distance_rbf", {"kernel": "rbf"})):
    register(
        PairedMeasure(
            name=_name,
            function=kernel_distance,
            params=_params,
            greater_is_better=False,
            range=(-math.inf, math.inf),
            identity=False,
            min_samples=3,
            ignores_pairing=True,
            needs_equal_samples=False,
            needs_equal_features=True,
        )
    )
