"""Similarity by neighbours, spaces, rotations and shapes, beside what none of them can do without.

The scores of neighbours are compared with the share of mutual neighbours, that is, with the two
searches; CKNNA also with the masks of n x n entries of the code that it was published with.
"""

from _speed import Comparison

# isort: split
import numpy as np
from scipy import linalg
from scipy.spatial.distance import pdist

from sksim.metrics import (
    aligned_cosine_score,
    cknna_score,
    cycle_knn_score,
    edit_knn_score,
    eigenspace_overlap_score,
    imd_distance,
    lcs_knn_score,
    mutual_knn_score,
    rtd_distance,
    stochastic_shape_distance,
)

GROWTH = (2000, 4000, 8000, 16000)


def _pair(n, width=128):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, width)).astype(np.float32)
    return X, (X + 0.5 * rng.standard_normal(X.shape)).astype(np.float32)


def _narrow_pair(n):
    return _pair(n, 32)


def _responses(n):
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((n, 1, 10)) + rng.standard_normal((n, 20, 10)) for _ in "XY")


def _dense_masks(X, Y, n_neighbors=10):
    """CKNNA with the matrices of n x n entries that its formula is written in, in float32."""
    n = len(X)
    grams, masks = [], []
    for Z in (X, Y):
        Z = Z / np.linalg.norm(Z, axis=1, keepdims=True)
        K = Z @ Z.T
        np.fill_diagonal(K, -np.inf)
        mask = np.zeros_like(K)
        np.put_along_axis(
            mask, np.argpartition(-K, n_neighbors, axis=1)[:, :n_neighbors], 1, axis=1
        )
        np.fill_diagonal(K, 0)
        grams.append(K)
        masks.append(mask)

    def hsic(A, B):
        sums = A.sum() * B.sum() / ((n - 1) * (n - 2))
        through = A.sum(axis=0) @ B.sum(axis=1)
        return np.sum(A * B.T) + sums - 2 / (n - 2) * through

    shared = masks[0] * masks[1]
    cross, *own = (
        hsic(A, B)
        for A, B in (
            (shared * grams[0], shared * grams[1]),
            *((mask * K,) * 2 for mask, K in zip(masks, grams, strict=True)),
        )
    )
    return cross / np.sqrt(own[0] * own[1])


def _singular_vectors(X, Y):
    U, V = (
        linalg.svd(Z - Z.mean(axis=0), full_matrices=False)[0]
        for Z in (X.astype(np.float64), Y.astype(np.float64))
    )
    return np.sum((U.T @ V) ** 2) / U.shape[1]


def _distances(X, Y):
    return pdist(X.astype(np.float64)), pdist(Y.astype(np.float64))


COMPARISONS = [
    Comparison(
        f"{score.__name__}, 10 neighbours, 128 dimensions, float32",
        make=_pair,
        ours=score,
        others={"mutual_knn_score (two searches)": mutual_knn_score, **others},
        n=4000,
        growth=GROWTH,
    )
    for score, others in (
        (lcs_knn_score, {}),
        (edit_knn_score, {}),
        (cycle_knn_score, {}),
        (cknna_score, {"masks of n x n entries": _dense_masks}),
    )
] + [
    Comparison(
        "eigenspace_overlap_score, 128 dimensions, float32",
        make=_pair,
        ours=eigenspace_overlap_score,
        others={"singular vectors of both sides": _singular_vectors},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "aligned_cosine_score, 128 dimensions, float32",
        make=_pair,
        ours=aligned_cosine_score,
        others={"one cross product in float64": lambda X, Y: np.float64(X).T @ np.float64(Y)},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "rtd_distance, trees only, 32 dimensions",
        make=_narrow_pair,
        ours=lambda X, Y: rtd_distance(X, Y, kind="lite"),
        others={"distances of all pairs, once": _distances},
        n=2000,
        growth=GROWTH,
        n_small=100,
    ),
    Comparison(
        "rtd_distance, ten batches of 60, 32 dimensions",
        make=_narrow_pair,
        ours=lambda X, Y: rtd_distance(X, Y, random_state=0),
        others={},
        n=2000,
        growth=GROWTH,
    ),
    Comparison(
        "imd_distance, 100 probes, 32 dimensions",
        make=_narrow_pair,
        ours=lambda X, Y: imd_distance(X, Y, method="lanczos", random_state=0),
        others={
            "mutual_knn_score (two searches)": lambda X, Y: mutual_knn_score(
                X, Y, n_neighbors=5, metric="euclidean"
            )
        },
        n=2000,
        growth=GROWTH,
    ),
    Comparison(
        "stochastic_shape_distance, one start, 20 repeats of 10 units",
        make=_responses,
        ours=lambda X, Y: stochastic_shape_distance(X, Y, n_restarts=0, tol=1e-6),
        others={},
        n=500,
        growth=(500, 1000, 2000, 4000),
        n_small=50,
    ),
]
