"""Centred kernel alignment."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.utils.validation import check_symmetric

from sksim.metrics._array_formulas import (
    array_center,
    array_root,
    array_square_sum,
    take_rows,
)
from sksim.metrics._centered_rows import CenteredRows, ProductSum, paired_blocks
from sksim.metrics._linalg import (
    center,
    center_matrix,
    check_pairs_of_features,
    row_squares,
    square_sum,
    u_center_matrix,
)
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import kernel_of_samples
from sksim.metrics.similarity.matrices._array_pairs import (
    CenteredArray,
    array_centered_matrix,
    array_cosine,
    array_median_distance,
    array_squared_distances,
    permute_centered_array,
    permute_matrix,
    unbiased_correction,
)
from sksim.metrics.similarity.matrices._pair_matrix import (
    BLOCK_ROWS,
    PairMatrix,
    StreamedPairs,
    centered_product,
    check_own_product,
    check_varies,
    entries_of,
    euclidean_pairs,
    form_products,
    keep_blocks,
    keep_small,
    pair_blocks,
    permute_pairs,
    shifted,
    upper_values,
)
from sksim.utils._array_api import constant, move, namespace_of, to_numpy
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["cka_distance", "cka_score"]

#: Up to this many features the three products of a pair are formed in one pass (24 MiB).
MAX_TOGETHER = 1024
#: Pairs of each sample, on either side, that bracket the median distance.
SAMPLED_PARTNERS = 32


@dataclass(eq=False)
class _Features:
    """Centred features of a linear kernel.

    ``kernel`` is the centred kernel, kept where n <= d. ``product``, of the kernel with itself,
    is NaN until a pass over the rows has formed it, with the squared norms of the rows where the
    estimators are unbiased.
    """

    rows: CenteredRows
    squares: np.ndarray = field(default_factory=lambda: np.empty(0))
    product: float = math.nan
    kernel: np.ndarray | None = None
    crosses: dict[int, float] = field(default_factory=dict)  # with other sides, by their id


class _Kernel(NamedTuple):
    """A centred kernel and its product with itself."""

    kernel: np.ndarray
    product: float


def _ratio(cross: float, own_x: float, own_y: float) -> float:
    """``cross / sqrt(own_x own_y)``, held in [-1, 1] against rounding."""
    return max(-1.0, min(1.0, cross / math.sqrt(own_x * own_y)))


def _u_correction(a: np.ndarray, b: np.ndarray) -> float:
    """What leaving out the diagonals adds to ``||X^T Y||^2``; a and b are squared row norms."""
    n = a.shape[0]
    return float(a.sum() * b.sum() / ((n - 1) * (n - 2)) - n / (n - 2) * (a @ b))


def _center_kernel(K: np.ndarray, unbiased: bool) -> _Kernel:
    kernel = u_center_matrix(K) if unbiased else center_matrix(K)
    return _Kernel(kernel, check_own_product(square_sum(kernel), square_sum(K), K.shape[0]))


def _prepare_linear(X: np.ndarray, *, unbiased: bool) -> _Features:
    if X.shape[0] > X.shape[1]:
        return _Features(CenteredRows.of(X))
    values = center(X).values
    exact = values.astype(np.float64, copy=False)
    kernel, own = _center_kernel(exact @ exact.T, unbiased)
    return _Features(CenteredRows(values), row_squares(values), own, kernel)


class _OwnSums:
    """The sums over the rows that a side is known by, as far as a pass has come."""

    def __init__(self, side: _Features, dtype, unbiased: bool):
        n, d = side.rows.shape
        self.side = side
        self.products = ProductSum(d, d, dtype, symmetric=True)
        self.squares = np.empty(n if unbiased else 0)

    def add(self, rows: slice, block: np.ndarray) -> None:
        self.products.add(block, block)
        if self.squares.size:
            self.squares[rows] = np.einsum("ij,ij->i", block, block)

    def finish(self) -> bool:
        """Note them at the side; False if the pass must be repeated in another unit."""
        side, squares = self.side, self.squares
        if not side.rows.in_range(self.products.trace()):
            side.rows = side.rows.in_own_unit()
            return False
        full = self.products.square_sum()
        own = full + _u_correction(squares, squares) if squares.size else full
        side.squares = squares
        side.product = check_own_product(own, full, side.rows.shape[0])  # threads look at it
        return True


def _form_products(x: _Features, y: _Features, unbiased: bool) -> float:
    """``||X^T Y||^2``, unless y is x; one pass also forms what is not known of either side."""
    dtype = np.result_type(x.rows.X, y.rows.X)
    unknown = {id(side): side for side in (x, y) if math.isnan(side.product)}.values()
    sums = [_OwnSums(side, dtype, unbiased) for side in unknown]
    cross = ProductSum(x.rows.shape[1], y.rows.shape[1], dtype, symmetric=False)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is formed again
        for rows, A, B in paired_blocks(x.rows, y.rows):
            for own in sums:
                own.add(rows, A if own.side is x else B)
            if y is not x:
                cross.add(A, B)
    finished = [own.finish() for own in sums]
    return cross.square_sum() if all(finished) else _form_products(x, y, unbiased)


def _compare_linear(x: _Features, y: _Features, *, unbiased: bool) -> float:
    if x.kernel is not None and y.kernel is not None:
        return _compare_kernels(x, y)
    shape = x.rows.shape[1], y.rows.shape[1]
    if x.rows.equal(y.rows):
        y = x  # the products of the two sides would differ by rounding
    check_pairs_of_features(x.rows.X, y.rows.X)
    if max(shape) > MAX_TOGETHER:
        for side in (x, y):
            if math.isnan(side.product):
                _form_products(side, side, unbiased)
    cross = x.crosses[id(y)] if id(y) in x.crosses else _form_products(x, y, unbiased)
    if y is x:
        return 1.0
    if unbiased:
        cross += _u_correction(x.squares, y.squares)
    return _ratio(cross, x.product, y.product)


def _form_by_kernels(x: list[_Features], y: list[_Features], *, unbiased: bool) -> None:
    """Form the products of many sides from their kernels, where these take fewer operations.

    A kernel is formed once and compared with all others, the features of a pair once for each
    pair. The kernels stand in no memory, the centred features do.
    """
    sides = list({id(side): side for side in (*x, *y)}.values())
    n, widths = sides[0].rows.shape[0], np.array([side.rows.shape[1] for side in sides], float)
    by_kernels = n * (n * widths.sum() + n * widths.size**2)
    by_features = n * widths.sum() ** 2
    n_bytes = n * sum(side.rows.shape[1] * side.rows.X.itemsize for side in sides)
    fits = n_bytes <= get_config()["working_memory"] * 2**20
    if any(side.kernel is not None for side in sides) or by_kernels > by_features or not fits:
        return
    for side in sides:
        side.rows = side.rows.in_own_unit()
    kernels = [StreamedPairs(side.rows.X, None, identity) for side in sides]
    form_products(kernels, kernels)
    squares = [row_squares(side.rows.X) for side in sides]
    for side, kernel, a in zip(sides, kernels, squares, strict=True):
        full = kernel.square + float(a @ a)
        side.crosses = {
            id(other): kernel.products[id(theirs)] + float(a @ b)
            for other, theirs, b in zip(sides, kernels, squares, strict=True)
        }
        side.squares = a if unbiased else side.squares
        own = full + _u_correction(a, a) if unbiased else full
        side.product = check_own_product(own, full, n)


def _permute_linear(y: _Features, order: np.ndarray) -> _Features:
    return _Features(
        y.rows.reordered(order),
        y.squares[order] if y.squares.size else y.squares,
        y.product,
        None if y.kernel is None else y.kernel[np.ix_(order, order)],
    )


def _compare_kernels(x, y) -> float:
    return _ratio(float(np.vdot(x.kernel, y.kernel)), x.product, y.product)


def _permute_kernel(y: _Kernel, order: np.ndarray) -> _Kernel:
    return _Kernel(y.kernel[np.ix_(order, order)], y.product)


def _prepare_precomputed(K: np.ndarray, *, unbiased: bool) -> _Kernel:
    if K.shape[0] != K.shape[1]:
        raise ValueError(f"A precomputed kernel must be square, got an array of shape {K.shape}.")
    K = check_symmetric(K.astype(np.float64), tol=1e-6 * np.abs(K).max(), raise_exception=True)
    return _center_kernel(K, unbiased)


def _prepare_callable(X: np.ndarray, *, kernel: Callable, unbiased: bool) -> _Kernel:
    return _prepare_precomputed(kernel_of_samples(kernel, X), unbiased=unbiased)


def _collect_between(pairs: StreamedPairs, low: float, high: float) -> tuple[int, np.ndarray]:
    """Number of pairs i < j below ``low`` and the values from ``low`` to ``high``."""
    below, collected = 0, []
    above_diagonal = ~np.tri(min(BLOCK_ROWS, pairs.n_samples), dtype=bool)
    for _, (part,) in entries_of([pairs], pair_blocks(pairs.n_samples, n_matrices=1)):
        size = part.shape[0]
        kept = part >= low
        kept[:, :size] &= above_diagonal[:size, :size]
        below += part.size - size * (size + 1) // 2 - int(np.count_nonzero(kept))
        kept &= part <= high
        collected.append(part[kept])
    return below, np.concatenate(collected)


def _sample_of_pairs(pairs: StreamedPairs) -> np.ndarray:
    """Squared distances of a sample of the pairs, in which each sample has about as many partners.

    What a sample is far from, it is far from in all: with equal shares only the pairs, which are
    many, leave an error in the quantiles.
    """
    n_groups = max(2, pairs.n_samples // SAMPLED_PARTNERS)
    order = np.random.RandomState(0).permutation(pairs.n_samples)
    groups = [order[first::n_groups] for first in range(n_groups)]
    parts = []
    for a, b in zip(groups, groups[1:] + groups[:1], strict=True):
        products = pairs.rows[a] @ pairs.rows[b].T
        parts.append((pairs.squares[a, None] + pairs.squares[b] - 2.0 * products).ravel())
    return np.concatenate(parts)


def _streamed_median(pairs: StreamedPairs) -> float:
    """Exact median root of squared distances: a sample brackets it, one pass finds it."""
    n = pairs.n_samples
    n_pairs = n * (n - 1) // 2
    sample = _sample_of_pairs(pairs)
    middle = np.array([(n_pairs - 1) // 2, n_pairs // 2])
    # The share of the sample below a quantile errs by 0.5 / sqrt(its size): first six times that.
    for width in (min(0.25, 3.0 / math.sqrt(sample.size)), 0.05, 0.25, 0.5):
        low, high = np.quantile(sample, [0.5 - width, 0.5 + width])
        if width == 0.5:
            low, high = -np.inf, np.inf
        below, values = _collect_between(pairs, float(low), float(high))
        if below <= middle[0] and middle[1] < below + values.size:
            break
    middle_values = np.partition(values, middle - below)[middle - below]
    return float(np.sqrt(middle_values, dtype=np.float64).mean())


def _median_distance(pairs: PairMatrix) -> float:
    """Median of the distances of the pairs i < j, from the squared distances."""
    if isinstance(pairs, StreamedPairs):
        median = _streamed_median(pairs)
    else:
        median = float(np.median(np.sqrt(upper_values(pairs))))
    if median == 0:
        raise ValueError(
            "The median distance is zero, because most samples coincide: give gamma, which "
            "replaces the median rule."
        )
    return median


def _gaussian(squared_distances: np.ndarray, *, gamma: float) -> np.ndarray:
    exponents = squared_distances * -gamma
    return np.exp(exponents, out=exponents)


def _prepare_rbf(X: np.ndarray, *, gamma: float | None) -> PairMatrix:
    squared = keep_small(euclidean_pairs(X, identity))
    if gamma is None:
        squared = keep_blocks(squared)
        gamma = 0.5 / _median_distance(squared) ** 2
    return shifted(squared.transformed(functools.partial(_gaussian, gamma=gamma), 1.0))


def _compare_rbf(x: PairMatrix, y: PairMatrix, *, unbiased: bool) -> float:
    cross, own_x, own_y = centered_product(x, y, unbiased=unbiased)
    check_varies(x, own_x)
    check_varies(y, own_y)
    return _ratio(cross, own_x, own_y)


class _ArrayFeatures(NamedTuple):
    """Centred features of a linear kernel, as an array of another library.

    ``gram`` is the centred kernel where n <= d, else None.
    """

    values: Any
    squares: Any
    gram: Any
    product: Any


def _array_prepare_linear(X: Any, *, unbiased: bool) -> _ArrayFeatures:
    x = array_center(X).values
    squares = namespace_of(x).sum(x * x, axis=1)
    gram = x @ x.T if x.shape[0] <= x.shape[1] else None
    full = array_square_sum(x.T @ x if gram is None else gram)
    own = full + unbiased_correction(squares, squares) if unbiased else full
    check_own_product(float(constant(own)), float(constant(full)), x.shape[0])
    return _ArrayFeatures(x, squares, gram, own)


def _array_compare_linear(x: _ArrayFeatures, y: _ArrayFeatures, *, unbiased: bool) -> Any:
    if x.gram is None or y.gram is None:
        cross = array_square_sum(x.values.T @ y.values)
    else:
        cross = namespace_of(x.gram).sum(x.gram * y.gram)
    cross = cross + unbiased_correction(x.squares, y.squares) if unbiased else cross
    return array_cosine(cross, x.product, y.product)


def _array_permute_linear(y: _ArrayFeatures, order: Any) -> _ArrayFeatures:
    gram = None if y.gram is None else permute_matrix(y.gram, order)
    return _ArrayFeatures(take_rows(y.values, order), take_rows(y.squares, order), gram, y.product)


def _array_prepare_kernel(X: Any, *, kernel: Any, gamma: float | None, unbiased: bool) -> Any:
    if kernel == "rbf":
        xp, rows = namespace_of(X), array_center(X)
        squared = array_squared_distances(rows.values)
        unit = rows.scale**2
        width = gamma * unit if gamma else 0.5 / array_median_distance(squared) ** 2
        return array_centered_matrix(xp.exp(-width * squared), unbiased=unbiased)
    K = move(kernel(X, X), like=X) if callable(kernel) else X
    _prepare_precomputed(to_numpy(K), unbiased=unbiased)  # raises if it is none
    return array_centered_matrix((K + K.T) / 2, unbiased=unbiased)


def _array_compare_kernels(x: CenteredArray, y: CenteredArray) -> Any:
    cross = namespace_of(x.values).sum(x.values * y.values)
    return array_cosine(cross, x.product, y.product)


def _array_steps(kernel: Any, gamma: float | None, unbiased: bool) -> ArraySteps:
    partial = functools.partial
    if not callable(kernel) and kernel == "linear":
        prepare = partial(_array_prepare_linear, unbiased=unbiased)
        compare = partial(_array_compare_linear, unbiased=unbiased)
        return ArraySteps(prepare, compare, _array_permute_linear, "gradient")
    prepare = partial(_array_prepare_kernel, kernel=kernel, gamma=gamma, unbiased=unbiased)
    return ArraySteps(prepare, _array_compare_kernels, permute_centered_array, "gradient")


def _cka_steps(*, kernel="linear", gamma=None, unbiased=True) -> Steps:
    partial, unbiased = functools.partial, bool(unbiased)
    arrays = _array_steps(kernel, gamma, unbiased)
    if callable(kernel):
        prepare = partial(_prepare_callable, kernel=kernel, unbiased=unbiased)
        return Steps(prepare, _compare_kernels, _permute_kernel, arrays)
    if kernel == "linear":
        return Steps(
            partial(_prepare_linear, unbiased=unbiased),
            partial(_compare_linear, unbiased=unbiased),
            _permute_linear,
            arrays,
            partial(_form_by_kernels, unbiased=unbiased),
        )
    if kernel == "rbf":
        return Steps(
            partial(_prepare_rbf, gamma=gamma),
            partial(_compare_rbf, unbiased=unbiased),
            permute_pairs,
            arrays,
            form_products,
        )
    prepare = partial(_prepare_precomputed, unbiased=unbiased)
    return Steps(prepare, _compare_kernels, _permute_kernel, arrays)


def _compare_angle(x, y, *, compare: Callable[..., float], kind: str) -> float:
    score = compare(x, y)
    # Of equal representations the products differ by rounding; angles up to 8e-8 are as good as 0.
    if 1.0 - score <= 16 * np.finfo(np.float64).eps:
        return 0.0
    return math.acos(score) if kind == "angular" else math.sqrt(2.0 - 2.0 * score)


def _array_compare_angle(x, y, *, compare: Callable[..., Any], kind: str) -> Any:
    """``_compare_angle`` for arrays of other libraries; its gradient is zero at zero."""
    score = compare(x, y)
    gap, rounding = 1.0 - score, 16 * float(np.finfo(np.float64).eps)
    xp = namespace_of(gap)
    chord = array_root(2.0 * xp.where(gap > rounding, gap, 0.0 * gap))
    return 2.0 * xp.asin(xp.clip(chord / 2.0, max=1.0)) if kind == "angular" else chord


def _distance_steps(*, kernel="linear", gamma=None, unbiased=True, kind="angular") -> Steps:
    steps = _cka_steps(kernel=kernel, gamma=gamma, unbiased=unbiased)
    arrays = _array_steps(kernel, gamma, bool(unbiased))
    angle = functools.partial(_compare_angle, compare=steps.compare, kind=kind)
    array_angle = functools.partial(_array_compare_angle, compare=arrays.compare, kind=kind)
    return steps._replace(compare=angle, arrays=arrays._replace(compare=array_angle))


_CONSTRAINTS = {
    "X": ["array-like"],
    "Y": ["array-like"],
    "kernel": [StrOptions({"linear", "rbf", "precomputed"}), callable],
    "gamma": [Interval(Real, 0, None, closed="neither"), None],
    "unbiased": ["boolean"],
}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def cka_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    kernel: Literal["linear", "rbf", "precomputed"] | Callable[..., ArrayLike] = "linear",
    gamma: float | None = None,
    unbiased: bool = True,
) -> float:
    r"""Centred kernel alignment of two representations of the same samples.

    With the centred kernels :math:`\tilde K, \tilde L` of shape (n, n),

    .. math:: s = \frac{\langle \tilde K, \tilde L \rangle}
                       {\lVert \tilde K \rVert \, \lVert \tilde L \rVert}.

    ``unbiased=True`` leaves out the diagonals and centres as U-statistics do, so that the three
    products are the unbiased estimators of HSIC [1]_, as used for deep networks [2]_: the score
    lies in [-1, 1] and is close to 0 for independent representations, whatever their widths.
    ``unbiased=False`` is the published CKA [3]_, :math:`\lVert X_c^\top Y_c \rVert^2 / (\lVert
    X_c^\top X_c \rVert \lVert Y_c^\top Y_c \rVert)` for the linear kernel, in [0, 1]; it grows with
    the ratio of width to samples, up to 0.95 for pure noise of width 1000 in 50 samples.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation, or its (n_samples, n_samples) kernel with ``kernel="precomputed"``.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row, or its kernel.
    kernel : {"linear", "rbf", "precomputed"} or callable, default="linear"
        The kernel. A callable gets ``kernel(X, X)`` and returns the (n_samples, n_samples)
        matrix, such as those of :mod:`sklearn.metrics.pairwise`.
    gamma : float, default=None
        Width of the RBF kernel :math:`\exp(-\gamma \lVert x - x' \rVert^2)`, for both sides. None
        takes :math:`1 / (2 \sigma^2)` with the median distance of the pairs as :math:`\sigma`,
        for each representation its own.
    unbiased : bool, default=True
        Whether to use the unbiased estimators.

    Returns
    -------
    score : float
        1 for representations that are equal up to rotation, scale and shift.

    Raises
    ------
    MemoryError
        If the kernel of a callable, or the matrix of all pairs of features does not fit into the
        memory available.
    ValueError
        For fewer than four samples (two if not unbiased), or a centred kernel of zero.

    See Also
    --------
    cka_distance : The angle, which is a metric.
    permutation_test_similarity : The chance level of the score.
    SimilarityAccumulator : The same from batches.

    Notes
    -----
    Invariant to rotation, isotropic scale and shift of either representation, not to other
    invertible maps. The ratio of unbiased estimators is not itself unbiased. Rows that occur more
    than once are not independent samples, and raise the score.

    The linear kernel costs O(n d^2) time and O(d^2) memory for n > d, and O(n^2 d) and O(n^2)
    otherwise. The RBF kernel costs O(n^2 d) time; its matrices are formed in blocks. The median
    rule keeps the distances of as many rows as fit into half of scikit-learn's ``working_memory``,
    and forms those of the others twice.
    ``unbiased=False`` and the linear kernel give the RV coefficient. float32 products are summed
    in float64; the score differs by less than 1e-6 from that in float64.

    References
    ----------
    .. [1] L. Song, A. Smola, A. Gretton, J. Bedo and K. Borgwardt (2012). Feature selection via
           dependence maximization. Journal of Machine Learning Research 13.
    .. [2] T. Nguyen, M. Raghu and S. Kornblith (2021). Do wide and deep networks learn the same
           things? Uncovering how neural network representations vary with width and depth.
           International Conference on Learning Representations.
    .. [3] S. Kornblith, M. Norouzi, H. Lee and G. Hinton (2019). Similarity of neural network
           representations revisited. International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cka_score
    >>> rng = np.random.default_rng(0)
    >>> X, noise = rng.standard_normal((50, 1000)), rng.standard_normal((50, 1000))
    >>> round(cka_score(X, X @ np.diag(np.linspace(1, 2, 1000))), 2)
    0.93
    >>> round(abs(cka_score(X, noise)), 1), round(cka_score(X, noise, unbiased=False), 2)
    (0.0, 0.95)
    """
    return evaluate(
        _cka_steps(kernel=kernel, gamma=gamma, unbiased=unbiased),
        X,
        Y,
        min_samples=4 if unbiased else 2,
    )


@validate_params(
    {**_CONSTRAINTS, "kind": [StrOptions({"angular", "chordal"})]},
    prefer_skip_nested_validation=True,
)
def cka_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    kernel: Literal["linear", "rbf", "precomputed"] | Callable[..., ArrayLike] = "linear",
    gamma: float | None = None,
    unbiased: bool = True,
    kind: Literal["angular", "chordal"] = "angular",
) -> float:
    r"""Distance of two representations from their centred kernel alignment.

    ``kind="angular"`` is the angle :math:`\arccos s` between the centred kernels, in radians,
    ``kind="chordal"`` the length :math:`\sqrt{2 - 2 s}` of the chord. Both are metrics over
    representations up to rotation, scale and shift; :math:`1 - s` is not one, it violates the
    triangle inequality.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation, or its kernel.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, or its kernel.
    kernel : {"linear", "rbf", "precomputed"} or callable, default="linear"
        The kernel, see :func:`cka_score`.
    gamma : float, default=None
        Width of the RBF kernel, see :func:`cka_score`.
    unbiased : bool, default=True
        Whether to use the unbiased estimators. The range of the angle is [0, pi] then, and
        [0, pi/2] otherwise.
    kind : {"angular", "chordal"}, default="angular"
        The form of the distance.

    Returns
    -------
    distance : float
        0 for representations that are equal up to rotation, scale and shift.

    See Also
    --------
    cka_score : The similarity, with cost and conditions.

    Notes
    -----
    The angle of nearly equal representations is known to about 1e-8, the root of the rounding
    error of the score. Time and memory are those of :func:`cka_score`.

    References
    ----------
    .. [1] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cka_distance
    >>> X = np.random.default_rng(0).standard_normal((20, 3))
    >>> round(cka_distance(X, 10 * X + 1), 6)
    0.0
    """
    return evaluate(
        _distance_steps(kernel=kernel, gamma=gamma, unbiased=unbiased, kind=kind),
        X,
        Y,
        min_samples=4 if unbiased else 2,
    )


for _suffix, _params, _low, _high, _min_samples, _null in (
    ("", {}, -1.0, math.pi, 4, 0.0),
    ("_biased", {"unbiased": False}, 0.0, math.pi / 2, 2, None),
    ("_rbf", {"kernel": "rbf"}, -1.0, math.pi, 4, 0.0),
    ("_rbf_biased", {"kernel": "rbf", "unbiased": False}, 0.0, math.pi / 2, 2, None),
):
    register(
        PairedMeasure(
            name=f"cka{_suffix}",
            function=cka_score,
            params=_params,
            make_steps=_cka_steps,
            range=(_low, 1.0),
            distance=math.acos,
            invariances=SHAPE_MAPS,
            min_samples=_min_samples,
            null=_null,
        )
    )
for _name, _params, _high in (
    ("cka_distance", {}, math.pi),
    ("cka_distance_chordal", {"kind": "chordal"}, 2.0),
):
    register(
        PairedMeasure(
            name=_name,
            function=cka_distance,
            params=_params,
            make_steps=_distance_steps,
            greater_is_better=False,
            range=(0.0, _high),
            distance=identity,
            invariances=SHAPE_MAPS,
            min_samples=4,
        )
    )
