"""Information and probing by neighbours, beside the search that none of them can do without.

The estimates of information are compared with those of scikit-learn, which take one variable on
either side, and with all pairs of distances.
"""

from _speed import Comparison

# isort: split
import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.neighbors import NearestNeighbors

from sksim._search._exact import exact_neighbors
from sksim.metrics import (
    binned_information,
    differential_entropy,
    infomec,
    label_sharpness,
    mutual_information,
    noisy_layer_information,
)

GROWTH = (2000, 4000, 8000, 16000)
WIDTH = 384


def _layer(n):
    return (np.random.default_rng(0).standard_normal((n, WIDTH)),)


def _labeled(n):
    (X,) = _layer(n)
    return X, (X[:, 0] > 0).astype(int)


def _with_values(n):
    (X,) = _layer(n)
    return X, X[:, 0] + 0.1 * X[:, 1]


def _pair(n, width):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, width))
    return X, 0.8 * X + 0.6 * rng.standard_normal((n, width))


def _sources(n):
    rng = np.random.default_rng(0)
    S = rng.integers(4, size=(n, 4))
    return S, np.repeat(S, 3, axis=1) + 0.3 * rng.standard_normal((n, 12))


def _search(X, *_):
    return exact_neighbors(X, n_neighbors=3, exclude_self=True)


def _scikit_learn_search(X, *_):
    return NearestNeighbors(n_neighbors=3).fit(X).kneighbors()


def _all_pairs(X, Y, n_neighbors=3):
    """The formula of the mutual information with matrices of n x n distances."""
    x, y = cdist(X, X, "chebyshev"), cdist(Y, Y, "chebyshev")
    radii = np.partition(np.maximum(x, y), n_neighbors, axis=1)[:, n_neighbors, None]
    counts = digamma((x < radii).sum(axis=1)) + digamma((y < radii).sum(axis=1))
    return digamma(n_neighbors) + digamma(len(X)) - counts.mean()


def _all_slopes(X, y):
    runs = cdist(X, X)
    np.fill_diagonal(runs, np.inf)
    return (np.abs(y[:, None] - y) / runs).max()


def _smallest_of_all(X, y):
    return 1 / cdist(X[y == 0], X[y == 1]).min()


def _informations(S, Z):
    return [mutual_info_classif(Z, s, n_neighbors=10) for s in S.T]


COMPARISONS = [
    Comparison(
        f"differential_entropy, {WIDTH} dimensions",
        make=_layer,
        ours=differential_entropy,
        others={"the search alone": _search, "the search of scikit-learn": _scikit_learn_search},
        n=4000,
        asked={"the search alone": 1.1},
        growth=GROWTH,
    ),
    Comparison(
        f"noisy_layer_information, {WIDTH} dimensions",
        make=_layer,
        ours=lambda H: noisy_layer_information(H, noise=0.3, random_state=0),
        others={"the search alone": _search},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "mutual_information, 1 and 1 dimensions",
        make=lambda n: _pair(n, 1),
        ours=mutual_information,
        others={
            "mutual_info_regression": lambda X, Y: mutual_info_regression(X, Y.ravel()),
            "all pairs": _all_pairs,
        },
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "mutual_information, 5 and 5 dimensions",
        make=lambda n: _pair(n, 5),
        ours=mutual_information,
        others={"all pairs": _all_pairs},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "mutual_information, 32 and 32 dimensions",
        make=lambda n: _pair(n, 32),
        ours=mutual_information,
        others={"all pairs": _all_pairs},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        f"label_sharpness of two classes, {WIDTH} dimensions",
        make=_labeled,
        ours=label_sharpness,
        others={"the search alone": _search, "all pairs": _smallest_of_all},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        f"label_sharpness of values, {WIDTH} dimensions",
        make=_with_values,
        ours=label_sharpness,
        others={"the search alone": _search, "all pairs": _all_slopes},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "infomec, 4 sources, 12 continuous latents",
        make=_sources,
        ours=lambda S, Z: infomec(S, Z, random_state=0),
        others={"mutual_info_classif, the information alone": _informations},
        n=4000,
        growth=GROWTH,
    ),
    Comparison(
        "binned_information, 30 bins, 32 units",
        make=lambda n: (_pair(n, 32)[0],),
        ours=binned_information,
        others={"one sort of all activations": lambda H: np.sort(H, axis=None)},
        n=4000,
        growth=GROWTH,
    ),
]
