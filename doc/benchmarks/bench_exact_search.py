"""Exact nearest neighbours against the bare matrix product, scikit-learn and faiss."""

import argparse
from unittest.mock import patch

import faiss
import numba
import numpy as np
from _measure import FOLDER, extra_memory, interleaved, write_csv, write_environment
from sklearn.neighbors import NearestNeighbors

from sksim._search import _exact, _points
from sksim._search._exact import exact_neighbors


def clustered_embeddings(n, d, seed=0):
    """Points of 200 clusters in 40 latent dimensions, seen in d dimensions, off the origin."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((200, 40))[rng.integers(200, size=n)]
    latent = latent + 0.7 * rng.standard_normal((n, 40))
    X = 0.2 * latent @ rng.standard_normal((40, d)) + 0.3 * rng.standard_normal((n, d)) + 0.1
    return X.astype(np.float32)


def product(X, n_rows=1024):
    """The floor: every entry of X X^T once, in blocks, nothing kept."""
    out = np.empty((n_rows, X.shape[0]), dtype=X.dtype)
    for start in range(0, X.shape[0], n_rows):
        block = X[start : start + n_rows]
        np.matmul(block, X.T, out=out[: block.shape[0]])


def search_sksim(X, k, metric):
    return exact_neighbors(X, n_neighbors=k, metric=metric, exclude_self=True)[1]


def search_numpy(X, k, metric):
    """The same where numba is not installed."""
    with (
        patch.object(_exact, "compiled", lambda kernel: None),
        patch.object(_points, "compiled_if_loaded", lambda kernel: None),
    ):
        return search_sksim(X, k, metric)


def search_sklearn(X, k, metric):
    search = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(X)
    return search.kneighbors()[1]


def search_faiss(X, k, metric):
    if metric == "cosine":
        X = X / np.linalg.norm(X, axis=1, keepdims=True)
    index = (faiss.IndexFlatIP if metric == "cosine" else faiss.IndexFlatL2)(X.shape[1])
    index.add(X)
    indices = index.search(X, k + 1)[1]
    own = indices == np.arange(len(X))[:, None]
    own[~own.any(axis=1), -1] = True
    return indices[~own].reshape(-1, k)


METHODS = {
    "sksim with numba": search_sksim,
    "sksim with numpy alone": search_numpy,
    "scikit-learn brute": search_sklearn,
    "faiss flat": search_faiss,
}


def true_neighbors(X, rows, k, metric):
    """Neighbours of some rows from differences in float64."""
    X = X.astype(np.float64)
    if metric == "cosine":
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    D = np.array([((X - X[i]) ** 2).sum(axis=1) for i in rows])
    D[np.arange(len(rows)), rows] = np.inf
    return np.argsort(D, axis=1, kind="stable")[:, :k]


def rows_of(n, d, k, n_rounds, with_memory):
    X = clustered_embeddings(n, d)
    sample = np.random.default_rng(1).permutation(n)[:500]
    for metric in ("euclidean", "cosine"):
        calls = {name: lambda f=f, m=metric: f(X, k, m) for name, f in METHODS.items()}
        truth = true_neighbors(X, sample, k, metric)
        wrong = {name: int((call()[sample] != truth).sum()) for name, call in calls.items()}
        seconds = interleaved({"matrix product": lambda: product(X)} | calls, n_rounds)
        floor = seconds["matrix product"]
        for name, value in seconds.items():
            call = calls.get(name, lambda: product(X))
            yield {
                "n": n,
                "d": d,
                "metric": metric,
                "method": name,
                "CPU seconds": value,
                "speed / product": floor / value,
                "extra MiB": extra_memory(call) if with_memory else float("nan"),
                f"wrong of {sample.size * k}": wrong.get(name, "-"),
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=["20000x384", "20000x64", "12000x768"])
    parser.add_argument("--n-neighbors", type=int, default=10)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    shapes = [tuple(map(int, shape.split("x"))) for shape in args.shapes]
    rows = [
        row
        for i, (n, d) in enumerate(shapes)
        for row in rows_of(n, d, args.n_neighbors, args.n_rounds, with_memory=i == 0)
    ]
    write_csv("exact_search.csv", rows, args.output)
    write_environment("exact_search_environment.csv", args.output, faiss=faiss, numba=numba)


if __name__ == "__main__":
    main()
