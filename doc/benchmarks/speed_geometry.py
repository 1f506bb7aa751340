"""Dimension, volume and classes of a representation, beside scikit-dimension and their floors."""

from _speed import Comparison

# isort: split
import numpy as np

from sksim._search._exact import exact_neighbors
from sksim.metrics import (
    class_distance_normalized_variance,
    coding_rate,
    lid_fisher_rao_distance,
    local_intrinsic_dimension,
    rate_reduction,
)

try:
    import skdim
except ImportError:
    skdim = None

N_FEATURES, N_NEIGHBORS, N_CLASSES = 128, 20, 20
SIZES = (2000, 4000, 8000, 16000)


def _samples(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, N_FEATURES))


def _with_labels(n):
    return _samples(n), np.arange(n) % N_CLASSES


def _search(X):
    return exact_neighbors(X, n_neighbors=N_NEIGHBORS, exclude_self=True)


def _peer(method, **options):
    """The pointwise dimensions of scikit-dimension."""
    if skdim is None:
        return None
    return lambda X: getattr(skdim.id, method)(**options).fit(X, n_neighbors=N_NEIGHBORS)


def _literal_rate(X):
    Z = X / np.linalg.norm(X, axis=1, keepdims=True)
    scale = Z.shape[1] / (len(Z) * 0.25)
    return np.linalg.slogdet(np.eye(Z.shape[1]) + scale * Z.T @ Z)[1] / 2


COMPARISONS = [
    Comparison(
        "local_intrinsic_dimension, maximum likelihood",
        make=lambda n: (_samples(n),),
        ours=local_intrinsic_dimension,
        others={"scikit-dimension": _peer("MLE", K=N_NEIGHBORS), "the exact search": _search},
        n=4000,
        growth=SIZES,
        asked={"the exact search": 1.1},
    ),
    Comparison(
        "local_intrinsic_dimension, moments",
        make=lambda n: (_samples(n),),
        ours=lambda X: local_intrinsic_dimension(X, method="mom"),
        others={"scikit-dimension": _peer("MOM"), "the exact search": _search},
        n=4000,
        growth=SIZES,
        asked={"the exact search": 1.1},
    ),
    Comparison(
        "lid_fisher_rao_distance",
        make=lambda n: (_samples(n), _samples(n, 1)),
        ours=lid_fisher_rao_distance,
        others={"two exact searches": lambda X, Y: (_search(X), _search(Y))},
        n=4000,
        growth=SIZES,
        asked={"two exact searches": 1.1},
    ),
    Comparison(
        "coding_rate",
        make=lambda n: (_samples(n),),
        ours=coding_rate,
        others={"the formula by NumPy": _literal_rate, "the product": lambda X: X.T @ X},
        n=16000,
        growth=SIZES,
    ),
    Comparison(
        f"rate_reduction of {N_CLASSES} classes",
        make=_with_labels,
        ours=rate_reduction,
        others={
            "the formula by NumPy": lambda X, y: (
                _literal_rate(X)
                - sum(np.mean(y == c) * _literal_rate(X[y == c]) for c in range(N_CLASSES))
            )
        },
        n=16000,
        growth=SIZES,
    ),
    Comparison(
        f"class_distance_normalized_variance of {N_CLASSES} classes",
        make=_with_labels,
        ours=class_distance_normalized_variance,
        others={"one pass over the samples": lambda X, y: np.square(X).sum()},
        n=16000,
        growth=SIZES,
    ),
]
