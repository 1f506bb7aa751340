"""Representational similarity analysis: matrices of dissimilarities, compared."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from sksim.metrics._linalg import power_of_two
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.matrices._array_rsa import norm_array_steps, rsa_array_steps
from sksim.metrics.similarity.matrices._dissimilarities import (
    PLAIN_KINDS,
    plain_pairs,
    poisson_rdm,
)
from sksim.metrics.similarity.matrices._pair_matrix import (
    CodedPairs,
    KeptBlocks,
    KeptPairs,
    PairMatrix,
    StreamedPairs,
    UnitPairs,
    difference_norm,
    entries_of,
    form_products,
    keep_small,
    kept_rows,
    pair_blocks,
    pair_product,
    permute_pairs,
    shifted,
    upper_values,
)
from sksim.metrics.similarity.matrices._rdm_comparisons import (
    COMPARISONS,
    ComparisonName,
    average_ranks,
    check_rdm,
    check_sigma_k,
    kendall_tau,
    without_last_bits,
)
from sksim.metrics.similarity.matrices._whitening import (
    WHITENED,
    Whitened,
    contrast_root,
    identity_products,
    less_mean,
    whiten,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["rsa_score", "rsm_norm_distance"]

#: Codes of the distances of many samples: 0 is the diagonal, the others are equal steps.
N_CODES = 2**16
#: Share of the variance of the ranks that rounding to codes may cost.
MAX_RANK_LOSS = 1e-8
#: Up to this many samples, the codes of all pairs are kept (64 MiB).
MAX_CODED = 5792
#: Up to this many samples the ranks are exact, which costs no more than the codes.
MAX_EXACT = 512
#: Codes that are counted at once, as integers of 64 bits.
COUNTED = 2**18
#: In the place of "precomputed" for what ``check_rdm`` has returned; no name that callers can give.
CHECKED = object()


def _dissimilarities(X: np.ndarray, rdm: str | Callable[[np.ndarray], ArrayLike]) -> UnitPairs:
    """The dissimilarity matrix of the rows of X, or X itself where it is one."""
    if isinstance(rdm, str) and rdm in PLAIN_KINDS:
        return plain_pairs(X, rdm)
    if callable(rdm):
        D = check_rdm(rdm(X), "The result of rdm")
        if len(D) != len(X):
            raise ValueError(
                f"rdm must return the matrix of the {len(X)} samples, got shape {D.shape}."
            )
    elif rdm == "poisson":
        D = poisson_rdm(X.astype(np.float64), name="The representation")
    else:
        D = X if rdm is CHECKED else check_rdm(X, "A precomputed RDM")
    peak = max(D.max(), -D.min())
    unit = power_of_two(float(peak), D.dtype) if peak > 0.0 else 1.0
    return UnitPairs(KeptPairs(D if unit == 1.0 else D / unit), unit)


def _symmetric_matrix(condensed: np.ndarray, n_samples: int) -> np.ndarray:
    values = np.zeros((n_samples, n_samples))
    values[np.triu_indices(n_samples, k=1)] = condensed
    return values + values.T


def _exact_ranks(pairs: PairMatrix) -> KeptPairs:
    """Average ranks of the pairs i < j, less their mean."""
    n = pairs.n_samples
    check_fits(
        48.0 * n**2,
        f"The exact ranks of all pairs of {n} samples",
        "Take compare='pearson', which is formed in blocks, or a sample of the rows.",
    )
    condensed = average_ranks(without_last_bits(upper_values(pairs)))
    return KeptPairs(_symmetric_matrix(condensed - condensed.mean(), pairs.n_samples))


def _encode(values: np.ndarray, low: float, step: float) -> np.ndarray:
    """Codes 1 to N_CODES - 1 of distances; overwrites the argument."""
    values -= low
    values *= 1.0 / step
    np.clip(values, 0.0, N_CODES - 2, out=values)
    codes = values.astype(np.uint16)
    codes += np.uint16(1)
    return codes


def _code_range(pairs: StreamedPairs) -> tuple[float, float]:
    """First value and width of the codes, from the distances of every (n / 64)-th sample."""
    stride = max(1, pairs.n_samples // 64)
    squares = None if pairs.squares is None else pairs.squares[::stride]
    few = StreamedPairs(pairs.rows[::stride], squares, pairs.transform)
    low, high = np.quantile(upper_values(few), [0.001, 0.999])
    low, high = low - (high - low) / 4, high + (high - low) / 4
    return low, max((high - low) / (N_CODES - 2), np.finfo(np.float32).tiny)


class _Encoder:
    """Transform of distances to the ranks of their codes: distances, encode, look up."""

    def __init__(self, transform, low: float, step: float, table: np.ndarray):
        self.transform = transform
        self.low = low
        self.step = step
        self.table = table

    def __call__(self, products: np.ndarray) -> np.ndarray:
        return self.table.take(_encode(self.transform(products), self.low, self.step))


def _rank_table(counts: np.ndarray) -> np.ndarray:
    """Average rank, less the mean rank, of the pairs of each code; pairs are counted twice."""
    ends = np.cumsum(counts)
    table = ends - (counts - 1.0) / 2.0 - (ends[-1] + 1.0) / 2.0
    table[0] = 0.0
    return table / 2.0


def _rank_loss(counts: np.ndarray) -> float:
    """Share of the variance of the ranks within codes."""
    return float(np.sum((counts / counts.sum()) ** 3))


class CodedBlocks(KeptBlocks):
    """Ranks of codes of many samples: codes are kept in the place of distances."""

    def __init__(self, pairs: StreamedPairs, encoder: _Encoder, kept: dict[int, np.ndarray]):
        n_kept = sum(codes.shape[0] for codes in kept.values())
        super().__init__(pairs, n_kept, kept)
        self.transform = encoder
        self.table = encoder.table

    def entries(self, formed: np.ndarray) -> np.ndarray:
        return self.table.take(formed) if formed.dtype == np.uint16 else super().entries(formed)


def _encoded(pairs: StreamedPairs, rows: slice, low: float, step: float) -> np.ndarray:
    """Codes of the distances of a block of rows."""
    size = rows.stop - rows.start
    codes = np.empty((size, pairs.n_samples - rows.start), dtype=np.uint16)
    for few, (distances,) in entries_of([pairs], [rows]):
        first, last = few.start - rows.start, few.stop - rows.start
        codes[first:last, first:] = _encode(distances, low, step)
        codes[last:, first:last] = codes[first:last, last:size].T
    np.fill_diagonal(codes, 0)
    return codes


def _counts(codes: np.ndarray) -> np.ndarray:
    """How often each code occurs."""
    counts = np.zeros(N_CODES, dtype=np.int64)
    for part in row_blocks(
        codes.shape[0], 8.0 * codes.shape[1], max_rows=COUNTED // codes.shape[1]
    ):
        counts += np.bincount(codes[part].ravel(), minlength=N_CODES)
    return counts


def _coded_ranks(pairs: StreamedPairs) -> PairMatrix:
    """Ranks of the distances rounded to codes; exact ranks where rounding costs too much."""
    n = pairs.n_samples
    low, step = _code_range(pairs)
    counts = np.zeros(N_CODES, dtype=np.int64)
    whole = np.empty((n, n), dtype=np.uint16) if n <= MAX_CODED else None
    kept: dict[int, np.ndarray] = {}
    n_kept = kept_rows(n, 2)
    for rows in pair_blocks(n):
        codes, size = _encoded(pairs, rows, low, step), rows.stop - rows.start
        counts += 2 * _counts(codes) - _counts(codes[:, :size])
        if whole is not None:
            whole[rows, rows.start :] = codes
            whole[rows.stop :, rows] = codes[:, size:].T
        elif rows.stop <= n_kept:
            kept[rows.start] = codes
    counts[0] = 0
    if _rank_loss(counts) > MAX_RANK_LOSS:
        return _exact_ranks(pairs)
    table = _rank_table(counts)
    if whole is not None:
        return CodedPairs(whole, table)
    return CodedBlocks(pairs, _Encoder(pairs.transform, low, step, table), kept)


def _ranks(pairs: PairMatrix) -> PairMatrix:
    kept = keep_small(pairs) if pairs.n_samples <= MAX_EXACT else pairs
    return _coded_ranks(kept) if isinstance(kept, StreamedPairs) else _exact_ranks(kept)


def _prepare(X: np.ndarray, *, rdm: str | Callable, compare: str) -> PairMatrix:
    pairs = _dissimilarities(X, rdm).pairs
    if compare in ("spearman", "rho-a"):
        return _ranks(pairs)
    return keep_small(shifted(pairs) if compare in ("pearson", *WHITENED) else pairs)


def _checked_ratio(cross: float, own_x: float, own_y: float) -> float:
    if min(own_x, own_y) <= 0.0:
        raise ValueError(
            "The similarity is undefined: all dissimilarities of a representation are equal."
        )
    return max(-1.0, min(1.0, cross / math.sqrt(own_x) / math.sqrt(own_y)))


def _variation(pairs: PairMatrix) -> float:
    """Sum of the squared deviations from the mean, zero if it is nothing but rounding."""
    n_pairs = pairs.n_samples * (pairs.n_samples - 1)
    own = pairs.square - pairs.row_sums.sum() ** 2 / n_pairs
    return own if own > 1e-24 * (pairs.square + n_pairs * pairs.diagonal**2) else 0.0


def _pearson(x: PairMatrix, y: PairMatrix) -> float:
    product = pair_product(x, y)
    n_pairs = x.n_samples * (x.n_samples - 1)
    cross = product - x.row_sums.sum() * y.row_sums.sum() / n_pairs
    return _checked_ratio(cross, _variation(x), _variation(y))


def _cosine(x: PairMatrix, y: PairMatrix) -> float:
    return _checked_ratio(pair_product(x, y), x.square, y.square)


def _kendall(x: PairMatrix, y: PairMatrix, *, correct_ties: bool) -> float:
    tau = kendall_tau(upper_values(x), upper_values(y), correct_ties=correct_ties)
    return _checked_ratio(0.0, 0.0, 0.0) if math.isnan(tau) else tau


def _rho_a(x: PairMatrix, y: PairMatrix) -> float:
    """Spearman's rho with random order of ties: the variance is that of ranks without ties."""
    n_pairs = x.n_samples * (x.n_samples - 1) / 2
    untied = (n_pairs**2 - 1) / 12 * 2 * n_pairs
    product = pair_product(x, y)
    _checked_ratio(product, x.square, y.square)
    return product / untied


def _whitened_cosine(x: PairMatrix, y: PairMatrix) -> float:
    return _checked_ratio(*identity_products(x, y, less_means=False))


def _whitened_correlation(x: PairMatrix, y: PairMatrix) -> float:
    cross, own_x, own_y = identity_products(x, y, less_means=True)
    varies = min(_variation(x), _variation(y)) > 0.0
    return _checked_ratio(cross, own_x if varies else 0.0, own_y)


_COMPARISONS: dict[str, Callable[[PairMatrix, PairMatrix], float]] = {
    "spearman": _pearson,
    "pearson": _pearson,
    "cosine": _cosine,
    "kendall": functools.partial(_kendall, correct_ties=False),
    "kendall_a": functools.partial(_kendall, correct_ties=False),
    "kendall_b": functools.partial(_kendall, correct_ties=True),
    "rho-a": _rho_a,
    "whitened_cosine": _whitened_cosine,
    "whitened_correlation": _whitened_correlation,
}


def _prepare_whitened(
    X: np.ndarray, *, rdm: str | Callable, compare: str, sigma_k: ArrayLike
) -> Whitened:
    n = X.shape[0]
    check_fits(
        48.0 * n**2,
        f"The whitened dissimilarities of {n} samples",
        "Take sigma_k=None, which is compared in blocks, or a sample of the rows.",
    )
    D = _symmetric_matrix(upper_values(_dissimilarities(X, rdm).pairs), n)
    root = contrast_root(sigma_k, n)
    return whiten(less_mean(D) if compare == "whitened_correlation" else D, root)


def _compare_whitened(x: Whitened, y: Whitened) -> float:
    cross, own_x, own_y = (float(np.vdot(a.Z, b.Z)) for a, b in ((x, y), (x, x), (y, y)))
    return _checked_ratio(cross, own_x, own_y)


def _permute_whitened(y: Whitened, order: np.ndarray) -> Whitened:
    """The covariance belongs to the rows and stays where it is."""
    return whiten(y.D[np.ix_(order, order)], y.root)


def _rsa_steps(*, rdm="correlation", compare="spearman", sigma_k=None) -> Steps:
    """The steps, and those of CHECKED matrices."""
    check_sigma_k(compare, sigma_k)
    if isinstance(rdm, str) and rdm in ("mahalanobis", "crossnobis"):
        raise ValueError(
            f"rdm={rdm!r} needs repeats or noise: make the matrices first, by "
            f"sksim.metrics.rdm(X, kind={rdm!r}, ...), and compare them with rdm='precomputed'."
        )
    kinds = (*PLAIN_KINDS, "poisson", "precomputed")
    if isinstance(rdm, str) and rdm not in kinds:
        raise unknown_name_error("rdm", rdm, kinds, or_else="a callable")
    if sigma_k is not None:
        prepare = functools.partial(_prepare_whitened, rdm=rdm, compare=compare, sigma_k=sigma_k)
        return Steps(prepare, _compare_whitened, _permute_whitened)
    products = compare in ("spearman", "pearson", "cosine", "rho-a")
    return Steps(
        functools.partial(_prepare, rdm=rdm, compare=compare),
        _COMPARISONS[compare],
        permute_pairs,
        rsa_array_steps("precomputed" if rdm is CHECKED else rdm, compare),
        form_products if products else None,
    )


def _norm_prepare(X: np.ndarray, *, rdm: str) -> UnitPairs:
    pairs, unit = _dissimilarities(X, rdm)
    return UnitPairs(keep_small(pairs), unit)


def _norm_permute(y: UnitPairs, order: np.ndarray) -> UnitPairs:
    return y._replace(pairs=permute_pairs(y.pairs, order))


def _norm_steps(*, rdm="euclidean") -> Steps:
    prepare = functools.partial(_norm_prepare, rdm=rdm)
    return Steps(prepare, difference_norm, _norm_permute, norm_array_steps(rdm))


_RDM = [StrOptions({"correlation", "euclidean", "sqeuclidean", "cosine"})]


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "rdm": [str, callable],
        "compare": [StrOptions(set(COMPARISONS))],
        "sigma_k": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def rsa_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    rdm: Literal["correlation", "euclidean", "sqeuclidean", "cosine", "poisson", "precomputed"]
    | Callable[[np.ndarray], ArrayLike] = "correlation",
    compare: ComparisonName = "spearman",
    sigma_k: ArrayLike | None = None,
) -> float:
    r"""Representational similarity: correlation of the dissimilarities of all pairs of samples.

    Each representation becomes its representational dissimilarity matrix (RDM) :math:`D` (n, n);
    the entries :math:`D_{ij}`, i < j, of the two are compared [1]_. With a and b these entries and
    C concordant and D discordant of the T pairs of pairs, :math:`T_a` of them tied in a, the
    comparison is

    ====================== =====================================================================
    compare                value
    ====================== =====================================================================
    "spearman"             the correlation of the average ranks
    "pearson"              the correlation
    "cosine"               :math:`a^\top b / (\lVert a \rVert \lVert b \rVert)`
    "kendall_a", "kendall" tau-a, :math:`(C - D) / T`
    "kendall_b"            tau-b, :math:`(C - D) / \sqrt{(T - T_a)(T - T_b)}`
    "rho-a"                the expected "spearman" with ties in random order
    "whitened_cosine"      :math:`a^\top V^{-1} b /
                           \sqrt{a^\top V^{-1} a \; b^\top V^{-1} b}`
    "whitened_correlation" the same of a and b less their means
    ====================== =====================================================================

    V is the covariance of squared distances without signal: of the pairs (i, j) and (k, l) the
    square of :math:`\Sigma_{ik} - \Sigma_{il} - \Sigma_{jk} + \Sigma_{jl}`, with
    :math:`\Sigma` (n, n) ``sigma_k``.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation, or its RDM (n_samples, n_samples) with ``rdm="precomputed"``.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row, or its RDM.
    rdm : str or callable, default="correlation"
        The dissimilarity of two samples: "correlation", one minus the correlation of their
        features, "euclidean", "sqeuclidean", "cosine" or "poisson", as in :func:`rdm`.
        "precomputed" takes RDMs as they are, negative entries too; a callable maps a
        representation to its RDM.
    compare : str, default="spearman"
        The comparison, one of those above. "kendall_a" and "rho-a" are right for models that
        predict ties [2]_, which "spearman" and "kendall_b" favour.
    sigma_k : array-like of shape (n_samples, n_samples) or None, default=None
        Covariance of the estimates of the samples, for the whitened comparisons; None is the
        identity.

    Returns
    -------
    score : float
        In [-1, 1] ([0, 1] for "cosine" without negative dissimilarities), 1 for the same
        dissimilarities (up to their order for the rank correlations).

    Raises
    ------
    MemoryError
        If the exact ranks of all pairs do not fit into the memory available.
    ValueError
        For a sample without direction ("cosine": zero, "correlation": all features equal),
        dissimilarities that are all equal (zero for the cosines), an RDM that is not symmetric
        with zero diagonal, kinds that need repeats or noise (make the RDM by :func:`rdm` first),
        or ``sigma_k`` that is not positive definite on differences of samples or is given to a
        comparison that does not use it.

    See Also
    --------
    rdm : Dissimilarity matrices of more kinds, from repeated measurements too.
    noise_ceiling : The score that the best model could reach.
    rsm_norm_distance : The distance of the two matrices.
    cka_score : The same idea with kernels.

    Notes
    -----
    Euclidean RDMs are invariant to rotation, scale and shift, cosine RDMs to rotation and scale,
    correlation RDMs to scale and the order of the features only.

    The dissimilarities of one sample share its noise; the whitened comparisons weight them as if
    they did not [3]_. They are right for squared distances ("sqeuclidean", or "crossnobis" by
    :func:`rdm`) and a heuristic for others. With the identity the "whitened_cosine" of
    "sqeuclidean" is ``cka_score(X, Y, unbiased=False)``.

    O(n^2 d) time; no (n, n) array of floats for more than 512 samples, for which the rank
    correlations round the dissimilarities to 2**16 steps before they are ranked, if that costs
    less than 1e-8 of the variance of the ranks (they are ranked exactly, with O(n^2) memory,
    otherwise). "kendall_a" and "kendall_b" need O(n^2) memory and O(n^2 log n) time. The whitened
    comparisons do not form V, which has n^4 / 4 entries: they take O(n^2 d) time, with
    ``sigma_k`` O(n^3) time and O(n^2) memory. "poisson", "precomputed" and callables need O(n^2)
    memory.

    References
    ----------
    .. [1] N. Kriegeskorte, M. Mur and P. Bandettini (2008). Representational similarity analysis:
           connecting the branches of systems neuroscience. Frontiers in Systems Neuroscience 2.
    .. [2] H. Nili, C. Wingfield, A. Walther, L. Su, W. Marslen-Wilson and N. Kriegeskorte (2014). A
           toolbox for representational similarity analysis. PLOS Computational Biology 10.
    .. [3] J. Diedrichsen, E. Berlot, M. Mur, H. H. Schütt, M. Shahbazi and N. Kriegeskorte (2021).
           Comparing representational geometries using whitened unbiased-distance-matrix similarity.
           Neurons, Behavior, Data analysis, and Theory 5.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import rdm, rsa_score
    >>> X = np.random.default_rng(0).standard_normal((50, 5))
    >>> round(rsa_score(X, np.exp(X)), 2)
    0.91
    >>> round(rsa_score(X, 2 * X + 1, rdm="euclidean", compare="pearson"), 6)
    1.0
    >>> D = rdm(X, kind="mahalanobis")
    >>> round(rsa_score(D, D + D**2, rdm="precomputed", compare="kendall_a"), 6)
    1.0
    """
    precomputed = isinstance(rdm, str) and rdm == "precomputed"
    kind = CHECKED if precomputed else rdm
    steps = _rsa_steps(rdm=kind, compare=compare, sigma_k=sigma_k)
    if precomputed:
        X, Y = check_rdm(X, "X"), check_rdm(Y, "Y")
    return evaluate(steps, X, Y, min_samples=3, constant_ok=precomputed)


@validate_params({**PAIR_CONSTRAINTS, "rdm": _RDM}, prefer_skip_nested_validation=True)
def rsm_norm_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    rdm: Literal["correlation", "euclidean", "sqeuclidean", "cosine"] = "euclidean",
) -> float:
    r"""Distance of the dissimilarity matrices of two representations.

    .. math:: d = \Big( \sum_{i < j} (D^x_{ij} - D^y_{ij})^2 \Big)^{1/2}

    in the unit of the dissimilarities.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    rdm : {"correlation", "euclidean", "sqeuclidean", "cosine"}, default="euclidean"
        The dissimilarity of two samples, see :func:`rsa_score`.

    Returns
    -------
    distance : float
        In [0, inf), 0 for the same dissimilarities.

    See Also
    --------
    rsa_score : Without regard to the unit.

    Notes
    -----
    A metric. The Frobenius norm of the full difference is :math:`\sqrt 2` times as large. With
    the Euclidean dissimilarity invariant to rotation and shift, not to scale. O(n^2 d) time and
    O(n d) memory, in blocks within scikit-learn's ``working_memory``.

    References
    ----------
    .. [1] Z. Yin and Y. Shen (2018). On the dimensionality of word embedding. Advances in Neural
           Information Processing Systems.

    Examples
    --------
    >>> from sksim.metrics import rsm_norm_distance
    >>> round(rsm_norm_distance([[0.0], [1.0], [2.0]], [[0.0], [1.0], [4.0]]), 2)
    2.83
    """
    return evaluate(_norm_steps(rdm=rdm), X, Y, min_samples=2)


_SCALED = frozenset({"scale", "permutation"})
_EUCLIDEAN = _SCALED | {"orthogonal", "translation"}

for _name, _params, _invariances in (
    ("rsa", {}, _SCALED),
    ("rsa_pearson", {"compare": "pearson"}, _SCALED),
    ("rsa_euclidean", {"rdm": "euclidean"}, _EUCLIDEAN),
    ("rsa_euclidean_pearson", {"rdm": "euclidean", "compare": "pearson"}, _EUCLIDEAN),
    ("rsa_cosine", {"rdm": "cosine"}, _SCALED | {"orthogonal"}),
    ("rsa_kendall", {"compare": "kendall"}, _SCALED),
    (
        "rsa_whitened_cosine",
        {"rdm": "sqeuclidean", "compare": "whitened_cosine"},
        _EUCLIDEAN,
    ),
    (
        "rsa_whitened_correlation",
        {"rdm": "sqeuclidean", "compare": "whitened_correlation"},
        _EUCLIDEAN,
    ),
):
    register(
        PairedMeasure(
            name=_name,
            function=rsa_score,
            params=_params,
            make_steps=_rsa_steps,
            range=(-1.0, 1.0),
            distance=None if _name == "rsa_kendall" else math.acos,
            invariances=_invariances,
            min_samples=3,
            null=None if _name == "rsa_whitened_cosine" else 0.0,
        )
    )
register(
    PairedMeasure(
        name="rsm_norm_distance",
        aliases=("rsm_norm",),
        function=rsm_norm_distance,
        make_steps=_norm_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=_EUCLIDEAN - {"scale"},
    )
)
