"""Representational similarity analysis: matrices of dissimilarities, compared."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from typing import Literal

import numpy as np
from scipy.stats import kendalltau, rankdata

from sksim.metrics._linalg import directions
from sksim.metrics._measure import PairedMeasure, Steps, evaluate, identity, register
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.matrices._pair_matrix import (
    CodedPairs,
    KeptPairs,
    PairMatrix,
    StreamedPairs,
    UnitPairs,
    difference_norm,
    keep_small,
    pair_blocks,
    pair_product,
    permute_pairs,
    shifted,
    unit_pairs,
    upper_values,
)
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["rsa_score", "rsm_norm_distance"]

#: Codes of the distances of many samples: 0 is the diagonal, the others are equal steps.
N_CODES = 2**16
#: Share of the variance of the ranks that rounding to codes may cost.
MAX_RANK_LOSS = 1e-8
#: Up to this many samples, the codes of all pairs are kept (64 MiB).
MAX_CODED = 5792


def _one_minus(products: np.ndarray) -> np.ndarray:
    np.subtract(1.0, products, out=products)
    products[products < 8 * np.finfo(products.dtype).eps] = 0.0
    return products


def _centered_rows(X: np.ndarray) -> np.ndarray:
    rows = X - X.mean(axis=1, dtype=np.float64, keepdims=True)
    noise = np.abs(rows).max(axis=1) <= 4 * np.finfo(X.dtype).eps * np.abs(X).max(axis=1)
    rows[noise] = 0.0
    return rows


def _dissimilarities(X: np.ndarray, rdm: str) -> UnitPairs:
    """The dissimilarity matrix of the rows of X, on demand."""
    if rdm == "correlation":
        rows = directions(_centered_rows(X), what="equal features")
        return UnitPairs(StreamedPairs(rows.astype(X.dtype, copy=False), None, _one_minus), 1.0)
    if rdm == "cosine":
        rows = directions(X).astype(X.dtype, copy=False)
        return UnitPairs(StreamedPairs(rows, None, _one_minus), 1.0)
    if rdm == "euclidean":
        return unit_pairs(X, np.sqrt)
    pairs, unit = unit_pairs(X, identity)
    return UnitPairs(pairs, unit * unit)


def _symmetric_matrix(condensed: np.ndarray, n_samples: int) -> np.ndarray:
    values = np.zeros((n_samples, n_samples))
    values[np.triu_indices(n_samples, k=1)] = condensed
    return values + values.T


def _without_last_bits(values: np.ndarray) -> np.ndarray:
    """Values rounded to 40 bits, so that equal ones tie whatever the order of their sums."""
    fractions, exponents = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(fractions * 2.0**40), exponents - 40)


def _exact_ranks(pairs: PairMatrix) -> KeptPairs:
    """Average ranks of the pairs i < j, less their mean."""
    n = pairs.n_samples
    check_fits(
        48.0 * n**2,
        f"The exact ranks of all pairs of {n} samples",
        "Take compare='pearson', which is formed in blocks, or a sample of the rows.",
    )
    condensed = rankdata(_without_last_bits(upper_values(pairs)))
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


def _coded_ranks(pairs: StreamedPairs) -> PairMatrix:
    """Ranks of the distances rounded to codes; exact ranks where rounding costs too much."""
    n = pairs.n_samples
    low, step = _code_range(pairs)
    counts = np.zeros(N_CODES)
    codes = np.zeros((n, n), dtype=np.uint16) if n <= MAX_CODED else None
    for rows in pair_blocks(n):
        block = _encode(pairs.block(rows), low, step)
        np.fill_diagonal(block, 0)
        size = rows.stop - rows.start
        counts += 2 * np.bincount(block.ravel(), minlength=N_CODES)
        counts -= np.bincount(block[:, :size].ravel(), minlength=N_CODES)
        if codes is not None:
            codes[rows, rows.start :] = block
            codes[rows.stop :, rows] = block[:, size:].T
    counts[0] = 0
    if _rank_loss(counts) > MAX_RANK_LOSS:
        return _exact_ranks(pairs)
    table = _rank_table(counts)
    if codes is not None:
        return CodedPairs(codes, table)
    encoder = _Encoder(pairs.transform, low, step, table)
    return StreamedPairs(pairs.rows, pairs.squares, encoder)


def _ranks(pairs: PairMatrix) -> PairMatrix:
    kept = keep_small(pairs)
    return _coded_ranks(kept) if isinstance(kept, StreamedPairs) else _exact_ranks(kept)


def _prepare(X: np.ndarray, *, rdm: str, compare: str) -> PairMatrix:
    pairs = _dissimilarities(X, rdm).pairs
    if compare in ("spearman", "rho-a"):
        return _ranks(pairs)
    return keep_small(shifted(pairs) if compare == "pearson" else pairs)


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


def _tied_pairs(values: np.ndarray) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1) / 2).sum())


def _kendall(x: PairMatrix, y: PairMatrix) -> float:
    """Tau-a: scipy's tau-b without its correction for ties."""
    a, b = (_without_last_bits(upper_values(pairs)) for pairs in (x, y))
    total = a.size * (a.size - 1) / 2
    untied = (total - _tied_pairs(a)) * (total - _tied_pairs(b))
    if untied == 0:
        return _checked_ratio(0.0, 0.0, 0.0)
    return float(kendalltau(a, b).statistic * math.sqrt(untied) / total)


def _rho_a(x: PairMatrix, y: PairMatrix) -> float:
    """Spearman's rho with random order of ties: the variance is that of ranks without ties."""
    n_pairs = x.n_samples * (x.n_samples - 1) / 2
    untied = (n_pairs**2 - 1) / 12 * 2 * n_pairs
    return pair_product(x, y) / untied


_COMPARISONS = {
    "spearman": _pearson,
    "pearson": _pearson,
    "cosine": _cosine,
    "kendall": _kendall,
    "rho-a": _rho_a,
}


def _rsa_steps(*, rdm="correlation", compare="spearman") -> Steps:
    prepare = functools.partial(_prepare, rdm=rdm, compare=compare)
    return Steps(prepare, _COMPARISONS[compare], permute_pairs)


def _norm_prepare(X: np.ndarray, *, rdm: str) -> UnitPairs:
    pairs, unit = _dissimilarities(X, rdm)
    return UnitPairs(keep_small(pairs), unit)


def _norm_permute(y: UnitPairs, order: np.ndarray) -> UnitPairs:
    return y._replace(pairs=permute_pairs(y.pairs, order))


def _norm_steps(*, rdm="euclidean") -> Steps:
    return Steps(functools.partial(_norm_prepare, rdm=rdm), difference_norm, _norm_permute)


_RDM = [StrOptions({"correlation", "euclidean", "sqeuclidean", "cosine"})]


@validate_params(
    {**PAIR_CONSTRAINTS, "rdm": _RDM, "compare": [StrOptions(set(_COMPARISONS))]},
    prefer_skip_nested_validation=True,
)
def rsa_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    rdm: Literal["correlation", "euclidean", "sqeuclidean", "cosine"] = "correlation",
    compare: Literal["spearman", "pearson", "cosine", "kendall", "rho-a"] = "spearman",
) -> float:
    r"""Representational similarity: correlation of the dissimilarities of all pairs of samples.

    Each representation becomes its representational dissimilarity matrix (RDM) :math:`D` (n, n);
    the entries :math:`D_{ij}`, i < j, of the two are compared [1]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    rdm : {"correlation", "euclidean", "sqeuclidean", "cosine"}, default="correlation"
        The dissimilarity of two samples; "correlation" is one minus the correlation of their
        features.
    compare : {"spearman", "pearson", "cosine", "kendall", "rho-a"}, default="spearman"
        The comparison. "kendall" is tau-a and "rho-a" the expected Spearman correlation with
        ties in random order; these two are right for models that predict ties [2]_.

    Returns
    -------
    score : float
        In [-1, 1] ([0, 1] for "cosine"), 1 for the same dissimilarities (up to their order for
        the rank correlations).

    Raises
    ------
    MemoryError
        If the exact ranks of all pairs do not fit into the memory available.
    ValueError
        For a sample without direction ("cosine": zero, "correlation": all features equal), or
        dissimilarities that are all equal.

    See Also
    --------
    rsm_norm_distance : The distance of the two matrices.
    cka_score : The same idea with kernels.

    Notes
    -----
    Euclidean RDMs are invariant to rotation, scale and shift, cosine RDMs to rotation and scale,
    correlation RDMs to scale and the order of the features only.

    O(n^2 d) time; no (n, n) array of floats for more than 2048 samples. Beyond, the rank
    correlations round the dissimilarities to 2**16 steps before they are ranked, if that costs
    less than 1e-8 of the variance of the ranks (they are ranked exactly, with O(n^2) memory,
    otherwise). "kendall" needs O(n^2) memory and O(n^2 log n) time.

    References
    ----------
    .. [1] N. Kriegeskorte, M. Mur and P. Bandettini (2008). Representational similarity analysis:
           connecting the branches of systems neuroscience. Frontiers in Systems Neuroscience 2.
    .. [2] H. Nili, C. Wingfield, A. Walther, L. Su, W. Marslen-Wilson and N. Kriegeskorte (2014). A
           toolbox for representational similarity analysis. PLOS Computational Biology 10.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import rsa_score
    >>> X = np.random.default_rng(0).standard_normal((50, 5))
    >>> round(rsa_score(X, np.exp(X)), 2)
    0.91
    >>> round(rsa_score(X, 2 * X + 1, rdm="euclidean", compare="pearson"), 6)
    1.0
    """
    return evaluate(_rsa_steps(rdm=rdm, compare=compare), X, Y, min_samples=3)


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
            null=0.0,
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
