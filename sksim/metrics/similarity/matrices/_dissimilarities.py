"""Dissimilarities of conditions, by kind: pairs formed on demand, and whole matrices."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable

import numpy as np

from sksim.metrics._linalg import directions, row_squares
from sksim.metrics._steps import identity
from sksim.metrics.similarity.matrices._noise_precision import precision_root
from sksim.metrics.similarity.matrices._pair_matrix import (
    BLOCK_ROWS,
    CANCELLED,
    StreamedPairs,
    UnitPairs,
    pair_blocks,
    unit_pairs,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits

__all__ = [
    "PLAIN_KINDS",
    "crossnobis_rdm",
    "mahalanobis_rdm",
    "plain_pairs",
    "plain_rdm",
    "poisson_rdm",
]

#: Kinds that need neither noise nor counts.
PLAIN_KINDS = ("correlation", "euclidean", "sqeuclidean", "cosine")
#: Prior of the Poisson rates: its mean, and how many observations it counts for.
PRIOR_RATE, PRIOR_WEIGHT = 1.0, 0.1


def _from_blocks(n: int, block: Callable[[slice], np.ndarray]) -> np.ndarray:
    """The symmetric (n, n) matrix whose rows, from column ``rows.start`` on, a function gives."""
    check_fits(
        8.0 * n**2,
        f"The dissimilarities of all pairs of {n} conditions",
        "Take a sample of the conditions, or rsa_score, which compares two RDMs in blocks.",
    )
    D = np.empty((n, n))
    for rows in pair_blocks(n):
        values, size = block(rows), rows.stop - rows.start
        upper = np.triu(values[:, :size], k=1)
        D[rows, rows] = upper + upper.T
        D[rows, rows.stop :] = values[:, size:]
        D[rows.stop :, rows] = values[:, size:].T
    return D


def _squared_distances(X: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of the rows."""
    rows = X - X.mean(axis=0)
    return _from_blocks(len(X), StreamedPairs(rows, row_squares(rows), np.asarray).block)


def _form_of_differences(U: np.ndarray, V: np.ndarray) -> np.ndarray:
    """(u_i - u_j).(v_i - v_j) for all i, j, of rows with u_i.v_j = u_j.v_i.

    Where the expanded products cancel, the value is formed from the differences.
    """
    U, V = U - U.mean(axis=0), V - V.mean(axis=0)
    own = np.einsum("ij,ij->i", U, V)
    size = np.sqrt(row_squares(U) * row_squares(V))

    def block(rows: slice) -> np.ndarray:
        values = U[rows] @ V[rows.start :].T
        values *= -2.0
        values += own[rows, None]
        values += own[rows.start :]
        close = np.abs(values) <= CANCELLED * (size[rows, None] + size[rows.start :])
        i, j = np.nonzero(close)
        for part in row_blocks(i.size, 32.0 * U.shape[1], max_rows=BLOCK_ROWS):
            a, b = i[part] + rows.start, j[part] + rows.start
            values[i[part], j[part]] = np.einsum("ij,ij->i", U[a] - U[b], V[a] - V[b])
        return values

    return _from_blocks(len(U), block)


def _one_minus(products: np.ndarray) -> np.ndarray:
    values = 1.0 - products
    values[values < 8 * np.finfo(values.dtype).eps] = 0.0
    return values


def _centered_rows(X: np.ndarray) -> np.ndarray:
    rows = X - X.mean(axis=1, dtype=np.float64, keepdims=True)
    noise = np.abs(rows).max(axis=1) <= 4 * np.finfo(X.dtype).eps * np.abs(X).max(axis=1)
    rows[noise] = 0.0
    return rows


def plain_pairs(X: np.ndarray, kind: str) -> UnitPairs:
    """Dissimilarities of a kind that knows nothing of noise, formed on demand in blocks."""
    if kind == "correlation":
        rows = directions(_centered_rows(X), what="equal features")
        return UnitPairs(StreamedPairs(rows.astype(X.dtype, copy=False), None, _one_minus), 1.0)
    if kind == "cosine":
        rows = directions(X).astype(X.dtype, copy=False)
        return UnitPairs(StreamedPairs(rows, None, _one_minus), 1.0)
    if kind == "euclidean":
        return unit_pairs(X, np.sqrt)
    pairs, unit = unit_pairs(X, identity)
    return UnitPairs(pairs, unit * unit)


def plain_rdm(X: np.ndarray, kind: str) -> np.ndarray:
    """The kinds that know nothing of noise, as ``rsa_score`` compares them."""
    pairs, unit = plain_pairs(X, kind)
    D = _from_blocks(len(X), pairs.block)
    D *= unit
    return D


def mahalanobis_rdm(X: np.ndarray, N: np.ndarray | None) -> np.ndarray:
    D = _squared_distances(X if N is None else X @ precision_root(N))
    D /= X.shape[1]
    return D


def crossnobis_rdm(runs: np.ndarray, N: np.ndarray | None) -> np.ndarray:
    """Mean over all pairs of different runs a, b of delta^a N_ab delta^b / P.

    That is the mean over the runs left out of the train mean's product with the run. As a form in
    all runs side by side it takes one product, with u^a the sum over b of N_ab x^b.
    """
    n_runs, n, n_features = runs.shape
    if N is None or N.ndim == 2:
        white = runs if N is None else runs @ precision_root(N)
        others = white.sum(axis=0) - white
    else:
        white, others = runs, np.zeros_like(runs)
        covariances = np.stack([_inverse(one) for one in N])
        for a in range(n_runs):
            for b in range(a):
                N_ab = np.linalg.inv((covariances[a] + covariances[b]) / 2.0)
                others[a] += runs[b] @ N_ab
                others[b] += runs[a] @ N_ab
    side_by_side = [Z.transpose(1, 0, 2).reshape(n, -1) for Z in (others, white)]
    D = _form_of_differences(*side_by_side)
    D /= n_runs * (n_runs - 1) * n_features
    return D


def _inverse(N: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.inv(N)
    except np.linalg.LinAlgError as error:
        raise ValueError("noise: a precision of one run is singular.") from error


def poisson_rdm(X: np.ndarray, *, name: str = "X") -> np.ndarray:
    """Symmetric divergences of Poisson rates, (l_i - l_j)(log l_i - log l_j) over features."""
    if X.min() < 0:
        row, column = np.argwhere(X < 0)[0]
        raise ValueError(
            f"{name} must hold counts or rates, which are not negative, for 'poisson', got "
            f"{X[row, column]:.6g} in row {row}, column {column}."
        )
    rates = (X + PRIOR_RATE * PRIOR_WEIGHT) / (1.0 + PRIOR_WEIGHT)
    logs = np.log(rates)
    D = _form_of_differences(np.hstack([rates, logs]), np.hstack([logs, rates]))
    D /= 2.0 * X.shape[1]
    return np.maximum(D, 0.0, out=D)
