"""Exact search and what stands on it, beside the bare product, FAISS and scikit-learn.

faiss-cpu brings an OpenBLAS of its own: the environment names the kernel that it chose. It is a
slow one on new processors unless ``OPENBLAS_CORETYPE=SKYLAKEX`` (with 512-bit vectors) is set.
"""

from _speed import Comparison

# isort: split
from functools import partial

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from sksim._search._exact import exact_neighbors
from sksim.neighbors import HubnessReducedKNeighborsClassifier

try:
    import faiss
except ImportError:
    faiss = None
else:
    faiss.omp_set_num_threads(1)


def embeddings(n, d=384):
    """Points of 200 clusters in 40 latent dimensions, seen in d dimensions, off the origin."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((200, 40))[rng.integers(200, size=n)]
    latent = latent + 0.7 * rng.standard_normal((n, 40))
    X = 0.2 * latent @ rng.standard_normal((40, d)) + 0.3 * rng.standard_normal((n, d)) + 0.1
    return X.astype(np.float32)


def itself(n):
    X = embeddings(n)
    return X, X


def queries(n):
    """As many queries as a fifth of the index."""
    X = embeddings(n + n // 5)
    return X[n:], X[:n]


def product(Q, X, n_rows=1024):
    """The floor: every inner product once, in blocks, nothing kept."""
    out = np.empty((n_rows, X.shape[0]), dtype=X.dtype)
    for start in range(0, Q.shape[0], n_rows):
        block = Q[start : start + n_rows]
        np.matmul(block, X.T, out=out[: block.shape[0]])


def search(Q, X, k):
    return exact_neighbors(Q, X, n_neighbors=min(k, len(X) - 1), exclude_self=Q is X)


def search_faiss(Q, X, k):
    index = faiss.IndexFlatL2(X.shape[1])
    index.add(X)
    return index.search(Q, min(k + (Q is X), len(X)))


def search_sklearn(Q, X, k):
    found = NearestNeighbors(n_neighbors=min(k, len(X) - 1), algorithm="brute").fit(X)
    return found.kneighbors(None if Q is X else Q)


def classes(n, n_queries):
    """Training samples, their labels and queries."""
    X = embeddings(n + n_queries(n))
    y = (X[:, :3] > X[:, :3].mean(axis=0)) @ [1, 2, 4]
    return X[:n], y[:n], X[n:]


def predict(Model, X, y, Q):
    return Model(n_neighbors=5).fit(X, y).predict(Q)


PEERS = [("faiss flat", search_faiss if faiss else None), ("scikit-learn brute", search_sklearn)]


def of_search(name, make, n, k, before, asked, peers=(), **growth):
    return Comparison(
        f"{name}, 384 features, k = {k}",
        make=make,
        ours=partial(search, k=k),
        others={"bare product": product}
        | {name: peer and partial(peer, k=k) for name, peer in peers},
        n=n,
        before={"bare product": before},
        asked={"bare product": asked},
        **growth,
    )


def of_reduction(name, n_queries, before, asked):
    return Comparison(
        f"fit and predict with mutual proximity, 10000 x 384, {name}",
        make=partial(classes, n_queries=n_queries),
        ours=partial(predict, HubnessReducedKNeighborsClassifier),
        others={"scikit-learn's plain classifier": partial(predict, KNeighborsClassifier)},
        n=10_000,
        before={"scikit-learn's plain classifier": before},
        asked={"scikit-learn's plain classifier": asked},
    )


COMPARISONS = [
    of_search("a set in itself", itself, 20_000, 100, 2.17, 1.25, growth=(2000, 4000, 8000, 16000)),
    of_search("a set in itself", itself, 20_000, 10, 1.08, 1.25),
    of_search("a set in itself", itself, 8000, 100, 3.34, 1.5, peers=PEERS),
    of_search("queries against an index", queries, 20_000, 100, 2.2, 1.25),
    of_search("queries against an index", queries, 20_000, 10, 1.27, 1.25),
    of_reduction("2000 queries", lambda n: max(n // 5, 20), 6.5, 2.5),
    of_reduction("10000 queries", lambda n: n, 2.2, 1.3),
]
