"""Similarity of representations, beside short NumPy, scikit-learn and the products needed."""

import functools
import itertools
import warnings

from _speed import Comparison

# isort: split
import numpy as np
from scipy import stats
from scipy.spatial.distance import pdist
from sklearn.cross_decomposition import CCA
from sklearn.exceptions import ConvergenceWarning

from sksim import metrics

GROWTH = (2000, 4000, 8000, 16000)
N_LAYERS, N_LABELS = 24, 50_000


def _pair(n, d=768, dtype=np.float32, n_views=2):
    """Noisy views of 50 common directions."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal((n, 50))
    return tuple(
        (common @ rng.standard_normal((50, d)) + 3 * rng.standard_normal((n, d)) + 1).astype(dtype)
        for _ in range(n_views)
    )


def _narrow(n):
    return _pair(n, 64, np.float64)


def _half_grams(*arrays, n_rows=512):
    """Every product of two rows once, in blocks, nothing kept."""
    for A in arrays:
        for start in range(0, len(A), n_rows):
            A[start : start + n_rows] @ A[start:].T


# --- linear CKA ----------------------------------------------------------------------------------


def _cka_one_line(X, Y):
    X, Y = X - X.mean(0), Y - Y.mean(0)
    norm = np.linalg.norm
    return norm(X.T @ Y) ** 2 / (norm(X.T @ X) * norm(Y.T @ Y))


def _three_products(X, Y):
    return X.T @ X, Y.T @ Y, X.T @ Y


def _linear(unbiased, dtype, before):
    return Comparison(
        f"linear CKA, {'unbiased' if unbiased else 'biased'}, {np.dtype(dtype).name}",
        make=functools.partial(_pair, dtype=dtype),
        ours=functools.partial(metrics.cka_score, unbiased=unbiased),
        others={"one line of NumPy, biased": _cka_one_line, "three products": _three_products},
        n=10_000,
        before={"one line of NumPy, biased": before},
        asked={"one line of NumPy, biased": 1.0},
        growth=GROWTH if unbiased and dtype == np.float32 else (),
    )


# --- matrices over pairs of samples --------------------------------------------------------------


def _rsa_scipy(X, Y):
    return stats.spearmanr(pdist(X, "correlation"), pdist(Y, "correlation")).statistic


MATRICES = [
    Comparison(
        "RBF CKA, median rule",
        make=_pair,
        ours=functools.partial(metrics.cka_score, kernel="rbf"),
        others={"two half Gram matrices": _half_grams},
        n=10_000,
        before={"two half Gram matrices": 3.2},
        asked={"two half Gram matrices": 1.5},
        growth=GROWTH,
    ),
    Comparison(
        "distance correlation",
        make=_pair,
        ours=metrics.distance_correlation_score,
        others={"two half Gram matrices": _half_grams},
        n=10_000,
        growth=GROWTH,
    ),
    Comparison(
        "RSA, Spearman",
        make=_pair,
        ours=metrics.rsa_score,
        others={"two half Gram matrices": _half_grams},
        n=10_000,
        growth=GROWTH,
    ),
    Comparison(
        "RSA, Spearman, beside its size of 2100",
        make=lambda n: (*_pair(n, 384), *_pair(max(2100, n), 384)),
        ours=lambda X, Y, *larger: metrics.rsa_score(X, Y),
        others={
            "n = 2100": lambda X, Y, A, B: metrics.rsa_score(A, B),
            "scipy, condensed": lambda X, Y, A, B: _rsa_scipy(X, Y),
        },
        n=2048,
        before={"n = 2100": 13.0},
        asked={"n = 2100": 1.0},
    ),
]

# --- many layers ---------------------------------------------------------------------------------


def _layers(metric, name):
    def one_by_one(*layers):
        for X, Y in itertools.islice(itertools.combinations_with_replacement(layers, 2), 1, 26, 5):
            metric(X, Y)

    n_pairs = N_LAYERS * (N_LAYERS + 1) // 2
    return Comparison(
        f"{name}, {N_LAYERS} layers, beside 5 of their {n_pairs} pairs",
        make=functools.partial(_pair, n_views=N_LAYERS),
        ours=lambda *layers: metrics.pairwise_similarity(layers, metric),
        others={"5 pairs, one by one": one_by_one},
        n=2000,
        asked={"5 pairs, one by one": n_pairs / 5 / 5},
        n_small=100,
    )


# --- canonical correlations ----------------------------------------------------------------------


def _cca_sklearn(X, Y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        CCA(n_components=X.shape[1], max_iter=1000).fit(X, Y).transform(X, Y)


CANONICAL = Comparison(
    "canonical correlations, 64 features, float64",
    make=_narrow,
    ours=metrics.canonical_correlations,
    others={"scikit-learn CCA": _cca_sklearn, "three products": _three_products},
    n=10_000,
    before={"scikit-learn CCA": 1 / 840},
    asked={"scikit-learn CCA": 1 / 1000},
)

# --- log-likelihood variance distance ------------------------------------------------------------


def _language_models(n_labels, n=2000, d=768):
    rng = np.random.default_rng(0)
    f, g = rng.standard_normal((n, d)), 0.3 * rng.standard_normal((n_labels, d))
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    twin = [Z @ rotation + s * rng.standard_normal(Z.shape) for Z, s in ((f, 0.1), (g, 0.03))]
    return tuple(Z.astype(np.float32) for Z in (f, g, *twin))


def _logits(f1, g1, f2, g2):
    for f, g in ((f1, g1), (f2, g2)):
        for start in range(0, len(g), 4096):
            f @ g[start : start + 4096].T


def _llv(f1, g1, f2, g2):
    return metrics.log_likelihood_variance_distance_from_embeddings(
        f1, g1, f2, g2, pivot=0, left_out=1, random_state=0
    )


DISTRIBUTIONS = Comparison(
    "d_LLV from embeddings, 2000 inputs, 768 dimensions",
    make=_language_models,
    ours=_llv,
    others={"logits in float32": _logits},
    n=N_LABELS,
    before={"logits in float32": 16.0},
    asked={"logits in float32": 16.0 * 10 / 38},
    n_small=1600,
    max_seconds=60.0,
)

COMPARISONS = [
    _linear(True, np.float32, 1 / 0.68),
    _linear(False, np.float32, 1 / 0.68),
    _linear(True, np.float64, 1 / 0.91),
    _linear(False, np.float64, 1 / 0.91),
    *MATRICES,
    _layers(metrics.cka_score, "linear CKA"),
    _layers(functools.partial(metrics.cka_score, kernel="rbf"), "RBF CKA"),
    _layers(metrics.distance_correlation_score, "distance correlation"),
    _layers(metrics.rsa_score, "RSA"),
    _layers(metrics.mutual_knn_score, "mutual kNN"),
    _layers(metrics.procrustes_score, "Procrustes"),
    _layers(metrics.cca_score, "CCA"),
    CANONICAL,
    DISTRIBUTIONS,
]
