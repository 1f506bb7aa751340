"""Similarities of two representations whose rows arrive in batches."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any, Literal, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_count, array_square_sum
from sksim.metrics._linalg import power_of_two, svd
from sksim.metrics._validation import check_paired, check_same_rows, check_value
from sksim.metrics.quality._spectral import (
    effective_rank,
    isoscore,
    participation_ratio,
    stable_rank,
)
from sksim.metrics.similarity._pair_sums import PairSums, pair_sums
from sksim.metrics.similarity.alignment._procrustes import (
    procrustes_distance,
    shape_distance,
)
from sksim.metrics.similarity.canonical._basis import (
    n_leading,
    rounding_length,
    warn_if_degenerate,
)
from sksim.metrics.similarity.canonical._cca import (
    cca_score,
    pwcca_score,
    svcca_score,
)
from sksim.metrics.similarity.canonical._pls import pls_svd_score
from sksim.metrics.similarity.matrices._gulp import gulp_distance
from sksim.metrics.similarity.matrices._pair_matrix import check_own_product
from sksim.utils._array_api import (
    check_same_library,
    constant,
    move,
    namespace_of,
    to_numpy,
    widest_float,
)
from sksim.utils._dask import compute, delayed, in_row_blocks, is_dask_array, merged
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike

__all__ = ["SimilarityAccumulator"]


T = TypeVar("T")
_Pair: TypeAlias = tuple[T, T]
#: The rounding unit of all sums.
EPS = float(np.finfo(np.float64).eps)
#: The sums of the pairs (x, x), (y, y) and (x, y).
_Sums: TypeAlias = tuple[PairSums, PairSums, PairSums]


class Axes(NamedTuple):
    """Principal axes of one side: ``vectors`` (d, r), singular values ``lengths`` (r,)."""

    vectors: Any
    lengths: Any


def _array_axes_of(scatter: Any, eps: float) -> Axes:
    xp, d = namespace_of(scatter), scatter.shape[0]
    eigenvalues, vectors = xp.linalg.eigh(scatter)
    products = d * float(xp.finfo(scatter.dtype).eps) * float(eigenvalues[-1])
    least = max(products, rounding_length(float(xp.linalg.trace(scatter)) ** 0.5, d, eps) ** 2)
    rank = array_count(eigenvalues > least)  # the last ones: they ascend
    return Axes(vectors[:, d - rank :], xp.sqrt(eigenvalues[d - rank :]))


def axes_of(scatter: np.ndarray, eps: float = EPS) -> Axes:
    """Eigenvectors and roots of the eigenvalues of X^T X, those that are rounding left out.

    The products are in double precision; ``eps`` is the unit of X, which may be coarser.
    """
    if namespace_of(scatter) is not None:
        return _array_axes_of(scatter, eps)
    eigenvalues, vectors = linalg.eigh(scatter)
    d = scatter.shape[0]
    least = rounding_length(math.sqrt(np.trace(scatter)), d, eps) ** 2
    kept = eigenvalues > max(d * EPS * eigenvalues[-1], least)
    return Axes(vectors[:, kept], np.sqrt(eigenvalues[kept]))


def _mirrored(values: Any) -> Any:
    """Twice as many rows, each with its negative: centred, and with the same products."""
    if (xp := namespace_of(values)) is not None:
        return xp.concat([values, -values]) / math.sqrt(2.0)
    return np.vstack([values, -values]) / math.sqrt(2.0)


def _array_stand_in(x: Axes, y: Axes, xy: Any) -> tuple[Any, Any]:
    """``_stand_in`` for arrays of other libraries."""
    xp, r_x, r_y = namespace_of(xy), x.lengths.shape[0], y.lengths.shape[0]
    place = {"dtype": xy.dtype, "device": xy.device}
    M = (x.vectors / x.lengths).T @ xy @ (y.vectors / y.lengths)
    P, rho, Qt = xp.linalg.svd(M, full_matrices=True)
    rho = xp.clip(rho, max=1.0)
    r = rho.shape[0]
    sines = xp.concat([xp.sqrt(1.0 - rho**2), xp.ones(r_y - r, **place)])
    bases = (
        xp.concat([xp.eye(r_x, **place), xp.zeros((r_y, r_x), **place)]),
        xp.concat([P[:, :r] * rho @ Qt[:r, :], (Qt.T * sines) @ Qt]),
    )
    X, Y = (U * side.lengths @ side.vectors.T for U, side in zip(bases, (x, y), strict=True))
    return _mirrored(X), _mirrored(Y)


def _stand_in(x: Axes, y: Axes, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two small centred arrays with the given principal axes and X^T Y.

    In the principal axes of either side the products are identities and the matrix M of cosines
    between the axes; [I; 0] and [M; (I - M^T M)^(1/2)] have these products.
    """
    M = (x.vectors / x.lengths).T @ xy @ (y.vectors / y.lengths)
    P, rho, Qt = svd(M, full_matrices=True)
    rho = np.minimum(rho, 1.0)
    sines = np.ones(y.lengths.size)
    sines[: rho.size] = np.sqrt(1.0 - rho**2)
    bases = (
        np.vstack([np.eye(x.lengths.size), np.zeros((y.lengths.size, x.lengths.size))]),
        np.vstack([P[:, : rho.size] * rho @ Qt[: rho.size], (Qt.T * sines) @ Qt]),
    )
    X, Y = (U * side.lengths @ side.vectors.T for U, side in zip(bases, (x, y), strict=True))
    return _mirrored(X), _mirrored(Y)


def _unit(values: Any) -> float:
    """Power of two near the largest of extreme values, 1 for ordinary ones, 0 for zeros."""
    xp = namespace_of(values)
    peak = np.abs(values).max() if xp is None else float(xp.max(xp.abs(values)))
    return power_of_two(peak, np.float64) if peak > 0 else 0.0


def _precision(values: Any) -> float:
    return float((namespace_of(values) or np).finfo(values.dtype).eps)


def _column_means(values: Any) -> Any:
    xp = namespace_of(values)
    return values.mean(axis=0, dtype=np.float64) if xp is None else xp.mean(values, axis=0)


def _in_units(sums: _Sums, old: _Pair[float], new: _Pair[float]) -> _Sums:
    """The sums of (x, x), (y, y) and (x, y) in other units; nothing changes for the unit 0."""
    p, q = (
        mine / theirs if mine and theirs else 1.0 for mine, theirs in zip(old, new, strict=True)
    )
    xx, yy, xy = sums
    return sums if p == q == 1.0 else (xx.scaled(p, p), yy.scaled(q, q), xy.scaled(p, q))


def _of_pair(X: Any, Y: Any) -> "SimilarityAccumulator":
    return SimilarityAccumulator().partial_fit(X, Y)


def _of_all(parts: list["SimilarityAccumulator"]) -> "SimilarityAccumulator":
    whole = SimilarityAccumulator()
    for part in parts:
        whole.merge(part)
    return whole


def _of_dask_arrays(X: Any, Y: Any) -> "SimilarityAccumulator":
    """What is seen of each pair of blocks, where they are, merged as a tree."""
    x = in_row_blocks(X, "X")
    check_same_rows(X, Y)
    y = in_row_blocks(Y, "Y", chunks=x.lengths)
    parts = [delayed(_of_pair)(*pair) for pair in zip(x.blocks, y.blocks, strict=True)]
    return compute([merged(parts, _of_all)])[0]


class SimilarityAccumulator:
    r"""Similarities of two representations from batches of their rows, exact for any split.

    Keeps sums of products of the pairs (x, y), less the means of the first batch [1]_, in a unit
    that follows the largest deviation from them if that is extreme: with
    :math:`a = |x|^2, b = |y|^2` the sums of :math:`x, y, x x^\top, y y^\top, x y^\top, a, b, a b,
    a^2, b^2, a x, a y, b x, b y`. They determine every measure below; the unbiased CKA [2]_ through

    .. math:: \langle \tilde K, \tilde L \rangle = \lVert X_c^\top Y_c \rVert^2
        - \frac{n}{n - 2} \sum_i a_i b_i + \frac{\sum_i a_i \sum_i b_i}{(n - 1)(n - 2)}

    with the squared norms :math:`a_i, b_i` of the centred rows.

    .. versionadded:: 0.1

    Attributes
    ----------
    n_samples : int
        Number of pairs seen.

    See Also
    --------
    cka_score : The same number from whole arrays.
    DistributionAccumulator : For distances between distributions.

    Notes
    -----
    O(d^2) memory and O(b d^2) time for a batch of b pairs, in float64. Of arrays of Dask each pair
    of blocks of rows is a batch, seen where it is, and the accumulators are merged as a tree. With
    scikit-learn's array API dispatch the sums stay with the first batch, in its library and on its
    device. The measures cost O(d^3) and no pass over the data. Directions whose share of the
    variance is below ``d`` times the rounding unit cannot be told from zero in the products, and
    are left out, as are those that are rounding of float32, the coarsest batch deciding (see
    :func:`cca_score`); measures that whiten keep about as many digits less as the smallest share
    has zeros.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub and R. J. LeVeque (1982). Updating formulae and a pairwise
           algorithm for computing sample variances. COMPSTAT Symposium on Computational Statistics.
    .. [2] L. Song, A. Smola, A. Gretton, J. Bedo and K. Borgwardt (2012). Feature selection via
           dependence maximization. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import SimilarityAccumulator, cka_score
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 4))
    >>> Y = np.tanh(X @ rng.standard_normal((4, 3)))
    >>> accumulator = SimilarityAccumulator()
    >>> for rows in (slice(0, 33), slice(33, 66), slice(66, 100)):
    ...     accumulator = accumulator.partial_fit(X[rows], Y[rows])
    >>> bool(abs(accumulator.cka_score() - cka_score(X, Y)) < 1e-12)
    True
    """

    def __init__(self) -> None:
        self._shift: _Pair[np.ndarray] | None = None
        self._units: _Pair[float] = (0.0, 0.0)
        self._eps: _Pair[float] = (EPS, EPS)
        self._sums: _Sums | None = None

    def __repr__(self) -> str:
        return f"SimilarityAccumulator(n_samples={self.n_samples})"

    @property
    def n_samples(self) -> int:
        """Number of pairs seen."""
        return 0 if self._sums is None else self._sums[2].n

    def partial_fit(self, X: ArrayLike, Y: ArrayLike) -> Self:
        """Add a batch of pairs.

        Parameters
        ----------
        X : array-like of shape (n_batch, n_features_x)
            Rows of the first representation, one or more; a batch of none changes nothing.
        Y : array-like of shape (n_batch, n_features_y)
            The same samples in the second representation.

        Returns
        -------
        self : SimilarityAccumulator
            The accumulator.
        """
        if is_dask_array(X) or is_dask_array(Y):
            return self.merge(_of_dask_arrays(X, Y))
        if self._shift is not None:
            X, Y = (move(batch, like=self._shift[0]) for batch in (X, Y))
        x, y = check_paired(
            constant(X), constant(Y), min_samples=0, constant_ok=True, keep="precision"
        )
        if self._shift is not None:
            check_same_library(x, self._shift[0], "SimilarityAccumulator.partial_fit")
            self._check_widths(self._shift, x.shape[1], y.shape[1])
        if x.shape[0] == 0:
            return self
        self._note_precision(_precision(x), _precision(y))
        if namespace_of(x) is not None:
            x, y = widest_float(x), widest_float(y)
        if self._shift is None:
            self._shift = _column_means(x), _column_means(y)
        x, y = x - self._shift[0], y - self._shift[1]
        self._raise_units(_unit(x), _unit(y))
        x, y = self._in_own_units(x, y)
        return self._add((pair_sums(x, x), pair_sums(y, y), pair_sums(x, y)))

    def merge(self, other: "SimilarityAccumulator") -> Self:
        """Add the pairs that another accumulator has seen; the other one stays as it is.

        Parameters
        ----------
        other : SimilarityAccumulator
            An accumulator of the same two representations.

        Returns
        -------
        self : SimilarityAccumulator
            This accumulator.
        """
        if not isinstance(other, SimilarityAccumulator):
            raise TypeError(f"other must be a SimilarityAccumulator, got {type(other).__name__}.")
        if other._sums is None or other._shift is None:
            return self
        self._note_precision(*other._eps)
        if self._shift is None:
            self._shift, self._units, self._sums = other._shift, other._units, other._sums
            return self
        self._check_widths(self._shift, *(shift.shape[0] for shift in other._shift))
        place = self._shift[0]
        u, v = (
            move(theirs, like=place) - mine
            for theirs, mine in zip(other._shift, self._shift, strict=True)
        )
        self._raise_units(*other._units)
        self._raise_units(_unit(u), _unit(v))
        xx, yy, xy = (
            sums.moved(place) for sums in _in_units(other._sums, other._units, self._units)
        )
        u, v = self._in_own_units(u, v)
        return self._add((xx.shifted(u, u), yy.shifted(v, v), xy.shifted(u, v)))

    def _note_precision(self, eps_x: float, eps_y: float) -> None:
        self._eps = max(self._eps[0], eps_x), max(self._eps[1], eps_y)

    def _raise_units(self, unit_x: float, unit_y: float) -> None:
        """Take larger units where they are needed, which are powers of two: nothing is rounded."""
        raised = max(self._units[0], unit_x), max(self._units[1], unit_y)
        if self._sums is not None:
            self._sums = _in_units(self._sums, self._units, raised)
        self._units = raised

    def _in_own_units(self, x: np.ndarray, y: np.ndarray) -> _Pair[np.ndarray]:
        return x / (self._units[0] or 1.0), y / (self._units[1] or 1.0)

    @staticmethod
    def _check_widths(shift: _Pair[np.ndarray], width_x: int, width_y: int) -> None:
        expected = shift[0].shape[0], shift[1].shape[0]
        if (width_x, width_y) != expected:
            raise ValueError(
                f"X and Y must have {expected[0]} and {expected[1]} features as in the first "
                f"batch, got {width_x} and {width_y}."
            )

    def _add(self, sums: _Sums) -> Self:
        if self._sums is not None:
            xx, yy, xy = self._sums
            sums = xx.plus(sums[0]), yy.plus(sums[1]), xy.plus(sums[2])
        self._sums = sums
        return self

    def _centered(self, min_samples: int = 2) -> _Sums:
        """Sums of the centred pairs, for (x, x), (y, y) and (x, y)."""
        if self._sums is None or self.n_samples < min_samples:
            raise ValueError(
                f"At least {min_samples} samples are needed, got {self.n_samples}: call "
                "partial_fit first."
            )
        xx, yy, xy = (sums.centered() for sums in self._sums)
        for sums, uncentered, name in ((xx, self._sums[0], "X"), (yy, self._sums[1], "Y")):
            if sums.a <= sums.n * EPS * uncentered.a:
                raise ValueError(f"{name} is constant: all its {sums.n} rows are equal.")
        check_value(xx.ab + yy.ab)
        return xx, yy, xy

    def _axes(self, side: str) -> Axes:
        """Principal axes of one side."""
        index = "xy".index(side)
        return axes_of(self._centered()[index].xy, self._eps[index])

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Small representations that stand in for the two, with the same products."""
        xy = self._centered()[2].xy
        stand_in = _stand_in if namespace_of(xy) is None else _array_stand_in
        X, Y = stand_in(self._axes("x"), self._axes("y"), xy)
        return X * self._units[0], Y * self._units[1]

    def _warn_if_degenerate(self, variance: float | None = None) -> None:
        """As the measures that whiten do: all directions, or those with a share of the variance."""
        for sums, side in zip(self._centered()[:2], "xy", strict=True):
            if sums.x.shape[0] >= sums.n - 1:
                lengths = to_numpy(self._axes(side).lengths)[::-1]
                if variance is None:
                    warn_if_degenerate(sums.n, sums.x.shape[0], lengths.size)
                else:
                    warn_if_degenerate(sums.n, 0, n_leading(lengths, variance))

    def cka_score(self, *, unbiased: bool = True) -> float:
        """Linear CKA, see :func:`sksim.metrics.cka_score`.

        Parameters
        ----------
        unbiased : bool, default=True
            Whether to use the unbiased estimator.

        Returns
        -------
        score : float
            Linear CKA, as of all samples at once.
        """
        sums = self._centered(4 if unbiased else 2)
        own_x, own_y, cross = (part.hsic(unbiased=unbiased) for part in sums)
        for own, part in ((own_x, sums[0]), (own_y, sums[1])):
            check_own_product(own, part.hsic(unbiased=False), self.n_samples)
        return max(-1.0, min(1.0, cross / math.sqrt(own_x * own_y)))

    def cca_score(self, **params: Any) -> float:
        """Canonical correlations, see :func:`sksim.metrics.cca_score`.

        Parameters
        ----------
        **params : dict
            Parameters of :func:`sksim.metrics.cca_score`.

        Returns
        -------
        score : float
            Mean canonical correlation, or another summary, as of all samples at once.
        """
        arrays = self._arrays()
        if not params.get("shrinkage"):
            self._warn_if_degenerate()
        return cca_score(*arrays, **params)

    def svcca_score(self, **params: Any) -> float:
        """SVCCA, see :func:`sksim.metrics.svcca_score`.

        Parameters
        ----------
        **params : dict
            Parameters of :func:`sksim.metrics.svcca_score`.

        Returns
        -------
        score : float
            Mean canonical correlation of the leading directions, as of all samples at once.
        """
        arrays = self._arrays()
        self._warn_if_degenerate(params.get("variance", 0.99))
        return svcca_score(*arrays, **params)

    def pwcca_score(self, **params: Any) -> float:
        """Projection-weighted CCA, see :func:`sksim.metrics.pwcca_score`.

        Parameters
        ----------
        **params : dict
            Parameters of :func:`sksim.metrics.pwcca_score`.

        Returns
        -------
        score : float
            Weighted mean of the canonical correlations, as of all samples at once.
        """
        arrays = self._arrays()
        self._warn_if_degenerate()
        return pwcca_score(*arrays, **params)

    def pls_svd_score(self) -> float:
        """PLS-SVD similarity, see :func:`sksim.metrics.pls_svd_score`.

        Returns
        -------
        score : float
            PLS-SVD similarity, as of all samples at once.
        """
        return pls_svd_score(*self._arrays())

    def procrustes_score(self) -> float:
        """Procrustes similarity, see :func:`sksim.metrics.procrustes_score`.

        Returns
        -------
        score : float
            Procrustes similarity, as of all samples at once.
        """
        xx, yy, xy = self._centered()
        xp = namespace_of(xy.xy)
        total = linalg.svdvals(xy.xy).sum() if xp is None else xp.sum(xp.linalg.svdvals(xy.xy))
        return min(1.0, float(total / math.sqrt(xx.a * yy.a)))

    def procrustes_distance(self, **params: Any) -> float:
        """Procrustes distance, see :func:`sksim.metrics.procrustes_distance`.

        Parameters
        ----------
        **params : dict
            Parameters of :func:`sksim.metrics.procrustes_distance`.

        Returns
        -------
        distance : float
            Procrustes distance, as of all samples at once.
        """
        return procrustes_distance(*self._arrays(), **params)

    def shape_distance(
        self, *, alpha: float = 1.0, whitening: Literal["power", "convex"] = "power"
    ) -> float:
        """Shape distance of centred representations, see :func:`sksim.metrics.shape_distance`.

        Parameters
        ----------
        alpha : float, default=1.0
            Share of the spectrum that is kept.
        whitening : {"power", "convex"}, default="power"
            How it is kept.

        Returns
        -------
        distance : float
            Shape distance, as of all samples at once.
        """
        arrays = self._arrays()
        if alpha == 0:
            self._warn_if_degenerate()
        return shape_distance(*arrays, alpha=alpha, whitening=whitening)

    def gulp_distance(self, *, reg: float) -> float:
        """GULP distance, see :func:`sksim.metrics.gulp_distance`.

        Parameters
        ----------
        reg : float
            Ridge that is added to both covariances.

        Returns
        -------
        distance : float
            GULP distance, as of all samples at once.
        """
        arrays = self._arrays()
        if reg == 0:
            self._warn_if_degenerate()
        return gulp_distance(*arrays, reg=reg)

    def linear_r2(self, *, target: Literal["x", "y"] = "y") -> float:
        r"""Share of the variance of one side that least squares on the other explains.

        In sample: :math:`\lVert U_X^\top Y_c \rVert^2 / \lVert Y_c \rVert^2` with an orthonormal
        basis :math:`U_X` of the centred X, in [0, 1].

        Parameters
        ----------
        target : {"y", "x"}, default="y"
            The side that is predicted.

        Returns
        -------
        r2 : float
            The share.
        """
        xx, yy, xy = self._centered()
        if target not in ("x", "y"):
            raise unknown_name_error("target", target, ("x", "y"))
        source, goal, products = (xx, yy, xy.xy) if target == "y" else (yy, xx, xy.xy.T)
        axes = self._axes("x" if target == "y" else "y")
        warn_if_degenerate(self.n_samples, source.x.shape[0], axes.lengths.shape[0])
        cosines = (axes.vectors / axes.lengths).T @ products
        xp = namespace_of(cosines)
        explained = np.sum(cosines**2) if xp is None else array_square_sum(cosines)
        return min(1.0, float(explained / goal.a))

    def _one_side(self, side: str) -> np.ndarray:
        if side not in ("x", "y"):
            raise unknown_name_error("side", side, ("x", "y"))
        axes = self._axes(side)
        return _mirrored(axes.lengths[:, None] * axes.vectors.T)

    def participation_ratio(self, *, side: Literal["x", "y"] = "x") -> float:
        """Participation ratio of one side, see :func:`sksim.metrics.participation_ratio`.

        Parameters
        ----------
        side : {"x", "y"}, default="x"
            The representation.

        Returns
        -------
        ratio : float
            Participation ratio, as of all samples at once.
        """
        return participation_ratio(self._one_side(side))

    def isoscore(self, *, side: Literal["x", "y"] = "x") -> float:
        """IsoScore of one side, see :func:`sksim.metrics.isoscore`.

        Parameters
        ----------
        side : {"x", "y"}, default="x"
            The representation.

        Returns
        -------
        score : float
            IsoScore, as of all samples at once.
        """
        return isoscore(self._one_side(side))

    def effective_rank(self, *, side: Literal["x", "y"] = "x") -> float:
        """Effective rank of one side, see :func:`sksim.metrics.effective_rank`.

        Parameters
        ----------
        side : {"x", "y"}, default="x"
            The representation.

        Returns
        -------
        rank : float
            Effective rank, as of all samples at once.
        """
        return effective_rank(self._one_side(side))

    def stable_rank(self, *, side: Literal["x", "y"] = "x") -> float:
        """Stable rank of one side, see :func:`sksim.metrics.stable_rank`.

        Parameters
        ----------
        side : {"x", "y"}, default="x"
            The representation.

        Returns
        -------
        rank : float
            Stable rank, as of all samples at once.
        """
        return stable_rank(self._one_side(side))
