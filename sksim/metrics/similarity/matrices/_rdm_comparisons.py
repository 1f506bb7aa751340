"""Comparisons of dissimilarity matrices that are at hand: cosines of vectors, and Kendall's tau.

Every comparison but Kendall's tau is the cosine of images of the two vectors: themselves, less
their means, their ranks, or whitened.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Literal, TypeAlias

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import kendalltau

from sksim.metrics._linalg import power_of_two
from sksim.metrics.similarity.matrices._whitening import (
    EQUAL,
    WHITENED,
    contrast_root,
    whitened,
)
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import ArrayLike

__all__ = [
    "COMPARISONS",
    "LINEAR",
    "Comparison",
    "ComparisonName",
    "check_average",
    "check_rdm",
    "check_rdms",
    "check_sigma_k",
    "cosine",
    "kendall_tau",
    "n_conditions",
    "average_ranks",
    "without_last_bits",
]

#: Comparisons that are the cosine of a linear image of the dissimilarities.
LINEAR = ("cosine", "pearson", *WHITENED)
COMPARISONS = (*LINEAR, "spearman", "rho-a", "kendall", "kendall_a", "kendall_b")
ComparisonName: TypeAlias = Literal[
    "spearman",
    "pearson",
    "cosine",
    "kendall",
    "kendall_a",
    "kendall_b",
    "rho-a",
    "whitened_cosine",
    "whitened_correlation",
]
#: What an RDM may differ from its transpose, and its diagonal from zero, relative to the largest.
ASYMMETRY = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-5}

#: Rows and columns of a tile that is compared with its transpose.
TILE = 128


def check_rdm(D: ArrayLike, name: str) -> np.ndarray:
    """Validate one dissimilarity matrix and return it in float64, symmetric to the bit.

    Negative entries are allowed: crossvalidated dissimilarities have them.
    """
    return _symmetric(check_named_array(D, name, dtype=[np.float64, np.float32]), name)


def _symmetric(D: np.ndarray, name: str) -> np.ndarray:
    """The same of an array of finite numbers, float32 or float64."""
    if D.shape[0] != D.shape[1] or len(D) < 3:
        raise ValueError(
            f"{name} must be a square matrix of the dissimilarities of at least 3 conditions, got "
            f"shape {D.shape}."
        )
    if _is_symmetric(D) and not np.diagonal(D).any():
        return D.astype(np.float64, copy=False)
    tolerance = ASYMMETRY[D.dtype] * float(np.abs(D).max())
    D = D.astype(np.float64, copy=False)
    gaps = np.abs(D - D.T)
    if gaps.max() > tolerance:
        i, j = np.unravel_index(gaps.argmax(), gaps.shape)
        raise ValueError(
            f"{name} must be symmetric, got {D[i, j]:.6g} at ({i}, {j}) and {D[j, i]:.6g} at "
            f"({j}, {i})."
        )
    diagonal = np.abs(np.diag(D))
    if diagonal.max() > tolerance:
        i = int(diagonal.argmax())
        raise ValueError(f"{name} must be zero on its diagonal, got {D[i, i]:.6g} at ({i}, {i}).")
    D = D / 2.0 + D.T / 2.0
    np.fill_diagonal(D, 0.0)
    return D


def _is_symmetric(D: np.ndarray) -> bool:
    """Whether a matrix equals its transpose to the bit, by tiles that stay in the cache."""
    tiles = list(row_blocks(len(D), 8.0 * TILE, max_rows=TILE))
    return all(
        np.array_equal(D[rows, columns], D[columns, rows].T)
        for k, rows in enumerate(tiles)
        for columns in tiles[k:]
    )


def check_rdms(rdms: ArrayLike, name: str) -> np.ndarray:
    """Validate a stack (K, n, n) and return the pairs i < j of each, (K, n (n - 1) / 2)."""
    stack = check_named_array(
        rdms, name, dtype=[np.float64, np.float32], ensure_2d=False, allow_nd=True
    )
    if stack.ndim != 3:
        raise ValueError(
            f"{name} must be a stack of RDMs of shape (n_rdms, n_conditions, n_conditions), got "
            f"shape {stack.shape}."
        )
    matrices = (_symmetric(D, f"{name}[{k}]") for k, D in enumerate(stack))
    return np.stack([squareform(D, checks=False) for D in matrices])


def without_last_bits(values: np.ndarray) -> np.ndarray:
    """Values rounded to 40 bits, so that equal ones tie whatever the order of their sums."""
    # Half a unit of the bits to come is added to the bits of the number, then the rest is cut.
    bits = np.array(values, dtype=np.float64).view(np.int64)
    bits += 1 << 12
    bits &= -(1 << 13)
    return bits.view(np.float64)


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on, of equal values their mean: scipy's rankdata with fewer passes."""
    order = np.argsort(values)
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    if starts.size == values.size:
        ranks = np.arange(1.0, values.size + 1.0)
    else:
        ends = np.r_[starts[1:], values.size]
        ranks = np.repeat((starts + ends + 1) / 2.0, ends - starts)
    result = np.empty(values.size)
    result[order] = ranks
    return result


def _tied_pairs(values: np.ndarray) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1) / 2).sum())


def kendall_tau(a: np.ndarray, b: np.ndarray, *, correct_ties: bool) -> float:
    """Kendall's tau-b, or without the correction for ties tau-a; NaN where all values tie."""
    a, b = without_last_bits(a), without_last_bits(b)
    tau_b = float(kendalltau(a, b).statistic)
    if correct_ties:
        return tau_b
    total = a.size * (a.size - 1) / 2
    untied = (total - _tied_pairs(a)) * (total - _tied_pairs(b))
    return tau_b * math.sqrt(untied) / total


# --- vectors of dissimilarities -----------------------------------------------------------------


class Comparison:
    """One comparison of vectors of dissimilarities, the pairs i < j.

    Parameters
    ----------
    compare : str
        One of ``COMPARISONS``.
    sigma_k : array-like or None
        Covariance of the conditions, for the whitened ones.
    n_conditions : int
        n.
    """

    def __init__(self, compare: str, sigma_k: ArrayLike | None, n_conditions: int):
        check_sigma_k(compare, sigma_k)
        self.name = compare
        self.root = contrast_root(sigma_k, n_conditions)

    @property
    def is_linear(self) -> bool:
        """Whether it is the cosine of a linear image of the dissimilarities."""
        return self.name in LINEAR

    def check(self, v: np.ndarray, what: str) -> None:
        """Refuse dissimilarities that are zero, or all equal where only their spread counts."""
        peak = np.abs(v).max()
        if self.name in ("cosine", "whitened_cosine"):
            if peak == 0.0:
                raise ValueError(f"{what} is zero: all its dissimilarities are 0.")
        elif v.max() - v.min() <= EQUAL * peak:
            raise ValueError(f"{what} is constant: all its dissimilarities are equal.")

    def embed(self, v: np.ndarray) -> np.ndarray:
        """The vector whose cosine with another one is the comparison; not for Kendall's tau."""
        if self.name in ("cosine", "whitened_cosine"):
            image = v
        elif self.is_linear:
            image = v - v.mean()
        else:
            ranks = average_ranks(without_last_bits(v))
            return ranks - ranks.mean()
        if self.name not in WHITENED:
            return image
        Z = whitened(squareform(image), self.root)
        i, j = np.triu_indices(len(Z))
        return Z[i, j] * np.where(i < j, math.sqrt(2.0), 1.0)

    def parts(self, vectors: np.ndarray, names: list[str]) -> np.ndarray:
        """What of each RDM enters their best average: images of length one, or ranks.

        Ranks keep their mean, so that their sums are rounded to ties as dissimilarities are.
        """
        parts = []
        for v, name in zip(vectors, names, strict=True):
            self.check(v, name)
            if self.is_linear:
                image = self.embed(v / np.abs(v).max())
                parts.append(image / np.linalg.norm(image))
                continue
            ranks = average_ranks(without_last_bits(v))
            of_one_length = self.name in ("spearman", "kendall_b")
            parts.append(ranks / np.linalg.norm(ranks - ranks.mean()) if of_one_length else ranks)
        return np.stack(parts)

    def score(self, a: np.ndarray, b: np.ndarray) -> float:
        """The comparison of two vectors of dissimilarities."""
        if self.name.startswith("kendall"):
            return kendall_tau(a, b, correct_ties=self.name == "kendall_b")
        x, y = self.embed(a), self.embed(b)
        if self.name == "rho-a":
            return float(12.0 * (x @ y) / (x.size**3 - x.size))
        return cosine(x, y)


def check_sigma_k(compare: str, sigma_k: ArrayLike | None) -> None:
    """Refuse a covariance of conditions that the comparison does not use."""
    if sigma_k is not None and compare not in WHITENED:
        raise ValueError(
            f"sigma_k is for compare='whitened_cosine' and 'whitened_correlation', got it with "
            f"compare={compare!r}."
        )


def check_average(average: np.ndarray, name: str) -> np.ndarray:
    """Refuse images of length one that cancel; return their average."""
    if np.linalg.norm(average) <= EQUAL:
        raise ValueError(f"{name} have no average: normalized, the RDMs cancel.")
    return average


def n_conditions(vectors: np.ndarray) -> int:
    """How many conditions have as many pairs as the vectors have entries."""
    return round((1.0 + math.sqrt(1.0 + 8.0 * vectors.shape[-1])) / 2.0)


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Cosine of two vectors, of any length."""
    x, y = (v / power_of_two(float(np.abs(v).max()), v.dtype) for v in (x, y))
    return float(np.clip(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)), -1.0, 1.0))
