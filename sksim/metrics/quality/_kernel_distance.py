"""Kernel distance of samples from data: the squared maximum mean discrepancy, unbiased."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import ArraySteps, Steps
from sksim.metrics._validation import check_like, check_value
from sksim.utils._array_api import any_namespace, constant, move, to_numpy
from sksim.utils._blocks import row_blocks
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["kernel_distance"]

Kernel = Callable[..., Any]


def _cubic(X: Any, Y: Any, *, gamma: float) -> Any:
    """``(gamma x.y + 1)^3``."""
    K = X @ Y.T
    K *= gamma
    K += 1.0
    return K**3


def _gaussian(X: Any, Y: Any, *, gamma: float) -> Any:
    """``exp(-gamma |x - y|^2)``; squares of distances lose fewer digits around the mean."""
    xp = any_namespace(X)
    mean = xp.mean(constant(Y), axis=0)
    X, Y = X - mean, Y - mean
    K = X @ Y.T
    K *= 2.0
    K -= xp.sum(X * X, axis=1)[:, None]
    K -= xp.sum(Y * Y, axis=1)
    K = xp.clip(K, None, 0.0)
    K *= gamma
    return xp.exp(K)


def _kernel_function(kernel: str | Kernel, gamma: float | None, n_features: int) -> Kernel:
    if callable(kernel):
        return kernel
    named = _cubic if kernel == "polynomial" else _gaussian
    return functools.partial(named, gamma=1.0 / n_features if gamma is None else float(gamma))


def _blocks(kernel: Kernel, X: Any, Y: Any) -> Iterator[tuple[slice, Any]]:
    """The kernel matrix in blocks of rows, each with two temporaries of its size.

    Those of NumPy are of at most a million entries, as larger temporaries take twice the time.
    """
    n_columns = Y.shape[0]
    max_rows = max(128, 2**20 // n_columns) if isinstance(X, np.ndarray) else None
    for rows in row_blocks(X.shape[0], 24.0 * n_columns, max_rows=max_rows):
        K = kernel(X[rows, :], Y)
        K = np.asarray(K, dtype=np.float64) if isinstance(X, np.ndarray) else move(K, like=X)
        shape = rows.stop - rows.start, n_columns
        if tuple(K.shape) != shape:
            raise ValueError(
                f"kernel must return the matrix {shape} of X and Y, got {tuple(K.shape)}."
            )
        yield rows, K


class _Sample(NamedTuple):
    """Rows, and the sums of the kernel of each with all the others."""

    rows: Any
    sums: Any

    @property
    def mean(self) -> Any:
        """Mean of the kernel over the pairs of different rows."""
        n = self.sums.shape[0]
        return any_namespace(self.sums).sum(self.sums) / (n * (n - 1))


def _prepare(X: Any, *, kernel: str | Kernel, gamma: float | None) -> _Sample:
    xp = any_namespace(X)
    X = X.astype(np.float64, copy=False) if isinstance(X, np.ndarray) else X
    function = _kernel_function(kernel, gamma, X.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # the value is checked
        sums = [
            xp.sum(K, axis=1) - xp.linalg.diagonal(K, offset=rows.start)
            for rows, K in _blocks(function, X, X)
        ]
        return _Sample(X, xp.concat(sums))


def _cross_sums(
    x: _Sample, y: _Sample, *, kernel: str | Kernel, gamma: float | None
) -> tuple[Any, Any]:
    """Sums of the kernel of X and Y over the rows of either, (m,) and (n,)."""
    X, Y = x.rows, y.rows
    if X.shape[1] != Y.shape[1]:
        raise ValueError(
            f"X and Y must have the same number of features, got {X.shape[1]} and {Y.shape[1]}."
        )
    xp, of_x, of_y = any_namespace(X), [], 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _, K in _blocks(_kernel_function(kernel, gamma, X.shape[1]), X, Y):
            of_x.append(xp.sum(K, axis=1))
            of_y = of_y + xp.sum(K, axis=0)
        return xp.concat(of_x), of_y


def _distance(x: _Sample, y: _Sample, of_x: Any) -> Any:
    cross = any_namespace(of_x).sum(of_x) / (x.sums.shape[0] * y.sums.shape[0])
    return x.mean + y.mean - 2 * cross


def _compare(x: _Sample, y: _Sample, **options: Any) -> Any:
    return _distance(x, y, _cross_sums(x, y, **options)[0])


def _jackknife_variance(sums: FloatArray, cross: FloatArray, n_other: int) -> float:
    """Variance of the distance that comes from one set: all distances without one of its rows."""
    n = len(sums)
    own = (sums.sum() - 2 * sums) / ((n - 1) * (n - 2))
    without_one = own - 2 * (cross.sum() - cross) / ((n - 1) * n_other)
    return float((n - 1) * without_one.var())


def _permute(y: _Sample, order: Any) -> _Sample:
    xp = any_namespace(y.rows)
    return _Sample(xp.take(y.rows, order, axis=0), xp.take(y.sums, order))


def _steps(*, kernel="polynomial", gamma=None, confidence=None) -> Steps:
    """The steps of the distance, of which an interval is no part."""
    prepare = functools.partial(_prepare, kernel=kernel, gamma=gamma)
    compare = functools.partial(_compare, kernel=kernel, gamma=gamma)
    arrays = ArraySteps(prepare, compare, _permute, "gradient")
    return Steps(prepare, compare, _permute, arrays)


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
    steps = _steps(kernel=kernel, gamma=gamma).suited_to(X)
    check = check_like(X, steps.keep, min_samples=3)
    x, y = steps.prepare(check(X)), steps.prepare(check(Y, name="Y"))
    of_x, of_y = _cross_sums(x, y, kernel=kernel, gamma=gamma)
    distance = check_value(_distance(x, y, of_x), "kernel distance")
    if confidence is None:
        return distance
    variances = [
        _jackknife_variance(to_numpy(side.sums), to_numpy(cross), n_other)
        for side, cross, n_other in ((x, of_x, y.sums.shape[0]), (y, of_y, x.sums.shape[0]))
    ]
    error = math.sqrt(sum(variances))
    reach = float(ndtri((1 + confidence) / 2)) * error
    return Result(distance=distance, error=error, low=distance - reach, high=distance + reach)


for _name, _params in (("kernel_distance", {}), ("kernel_distance_rbf", {"kernel": "rbf"})):
    register(
        PairedMeasure(
            name=_name,
            function=kernel_distance,
            params=_params,
            make_steps=_steps,
            greater_is_better=False,
            range=(-math.inf, math.inf),
            identity=False,
            min_samples=3,
            ignores_pairing=True,
            needs_equal_samples=False,
            needs_equal_features=True,
        )
    )
