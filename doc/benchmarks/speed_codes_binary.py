"""Residual binary codes beside product quantisation of equal bytes; matching pursuit.

The rows are the packaged sentence embeddings, repeated with noise; 4 bits of each of 384
coordinates are 192 bytes a row, as are 192 subspaces of product quantisation with 256 centroids.
"""

from _speed import Comparison

# isort: split
import numpy as np
from sklearn.linear_model import orthogonal_mp

from sksim._search._exact import exact_neighbors
from sksim.codes import ResidualBinarizer, matching_pursuit
from sksim.datasets import load_sentence_embeddings

try:
    import faiss
except ImportError:
    faiss = None

N_QUERIES, N_NEIGHBORS, N_ATOMS = 500, 10, 1536


def rows(n):
    """Rows (n, 384) of unit length, and queries, in float32."""
    X = load_sentence_embeddings().data.astype(np.float32)
    rng = np.random.default_rng(0)
    picked = X[rng.integers(len(X), size=n + N_QUERIES)]
    spread = 0.5 * np.linalg.norm(picked, axis=1, keepdims=True) / np.sqrt(X.shape[1])
    picked += spread * rng.standard_normal(picked.shape, dtype=np.float32)
    picked /= np.linalg.norm(picked, axis=1, keepdims=True)
    return picked[:n], picked[n:]


def product_quantizer(X):
    """An index of faiss of 192 bytes a row, filled."""
    index = faiss.IndexPQ(X.shape[1], X.shape[1] // 2, 8)
    index.train(X[:10_000])
    index.add(X)
    return index


def scalar_quantizer(X):
    """An index of faiss of 4 bits a coordinate, filled."""
    index = faiss.IndexScalarQuantizer(X.shape[1], faiss.ScalarQuantizer.QT_4bit)
    index.train(X)
    index.add(X)
    return index


def _indexes(n):
    X, queries = rows(n)
    binarizer = ResidualBinarizer(4, packed=True).fit(X)
    others = (product_quantizer(X), scalar_quantizer(X)) if faiss else (None, None)
    return X, queries, binarizer, binarizer.transform(X), *others


def _ours(X, queries, binarizer, codes, product, scalar):
    return binarizer.kneighbors(queries, codes, N_NEIGHBORS)


def _exact(X, queries, binarizer, codes, product, scalar):
    return exact_neighbors(queries, X, n_neighbors=N_NEIGHBORS)


def _product(X, queries, binarizer, codes, product, scalar):
    return product.search(queries, N_NEIGHBORS)


def _scalar(X, queries, binarizer, codes, product, scalar):
    return scalar.search(queries, N_NEIGHBORS)


def _literal_codes(binarizer, X, product):
    left, codes = X - binarizer.mean_, np.zeros(X.shape)
    for scale in binarizer.scales_:
        signs = np.sign(left)
        codes, left = codes + scale * signs, left - scale * signs
    return codes


def _fitted(n):
    X, _ = rows(n)
    return ResidualBinarizer(4, packed=True).fit(X), X, product_quantizer(X) if faiss else None


def _dictionary(n):
    rng = np.random.default_rng(0)
    W = rng.standard_normal((N_ATOMS, 384))
    return rng.standard_normal((n, 384)), W / np.linalg.norm(W, axis=1, keepdims=True)


COMPARISONS = [
    Comparison(
        f"search of {N_QUERIES} queries in residual codes, 4 levels",
        make=_indexes,
        ours=_ours,
        others={
            "faiss, product quantisation of equal bytes": _product if faiss else None,
            "faiss, scalar quantisation of 4 bits": _scalar if faiss else None,
            "the exact search in float32": _exact,
        },
        n=20_000,
        n_small=600,
    ),
    Comparison(
        "coding, 4 levels",
        make=_fitted,
        ours=lambda binarizer, X, product: binarizer.transform(X),
        others={
            "faiss, product quantisation of equal bytes": (
                (lambda binarizer, X, product: product.sa_encode(X)) if faiss else None
            ),
            "the literal signs, unpacked": _literal_codes,
        },
        n=20_000,
        n_small=600,
    ),
    Comparison(
        f"matching_pursuit, 8 of {N_ATOMS} atoms",
        make=_dictionary,
        ours=lambda X, W: matching_pursuit(X, W, n_nonzero=8),
        others={
            "scikit-learn, orthogonal_mp": lambda X, W: orthogonal_mp(W.T, X.T, n_nonzero_coefs=8),
            "the products with the atoms": lambda X, W: (X @ W.T, W @ W.T),
        },
        n=4000,
        growth=(1000, 2000, 4000, 8000),
    ),
]
