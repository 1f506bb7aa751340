"""Very sparse random projection: published values, expectation, new nodes, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph

from sksim.manifold import FastRP
from sksim.manifold._fast_rp import _projection
from tests.reference import graphs

EDGES = np.diag(np.ones(5), 1)
EDGES[0, 2] = 1
EDGES += EDGES.T
R = np.random.RandomState(0).randn(6, 3)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((0, 0.5, 1), [4.95183811663, 2.015314561489, 0.58243021565]),
        ((1,), [3.694610870584, 2.135924862165, -1.300134923097]),
    ],
)
def test_known_values(monkeypatch, weights, expected):
    monkeypatch.setattr("sksim.manifold._fast_rp._projection", lambda *_: sparse.csr_array(R))
    projection = FastRP(
        3, weights=weights, normalization_strength=-0.5, normalize_powers=False
    ).fit(EDGES)
    assert projection.embedding_[0] == pytest.approx(expected, rel=1e-9)


@given(
    seed=st.integers(0, 10**6),
    weights=st.sampled_from([(1,), (0, 1), (0.5, 0, -2), (0, 0, 1, 6)]),
    beta=st.sampled_from([-0.9, 0.0, 0.5]),
    normalize_powers=st.booleans(),
)
def test_literal_formula(seed, weights, beta, normalize_powers):
    rng = np.random.RandomState(seed)
    S = rng.rand(20, 20) * (rng.rand(20, 20) < 0.3) + np.eye(20, k=1) + 0.5 * np.eye(20)
    S = np.maximum(S, S.T)
    model = FastRP(
        60,
        weights=weights,
        normalization_strength=beta,
        normalize_powers=normalize_powers,
        random_state=seed,
    ).fit(S)
    expected = graphs.fast_random_projection(
        S, model.projection_.toarray(), weights, beta, normalize_powers
    )
    assert model.embedding_ == pytest.approx(expected, rel=1e-9, abs=1e-9)
    # Rows of the graph, one by one, and in another unit.
    assert model.transform(S[3:5]) == pytest.approx(expected[3:5], rel=1e-9, abs=1e-9)
    assert model.fit_transform(sparse.csr_array(7 * S)) == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )


def test_expectation_of_the_inner_products():
    step = EDGES / EDGES.sum(axis=1, keepdims=True)
    ends = np.diag((EDGES.sum(axis=1) / EDGES.sum()) ** -0.9)
    M = (0.5 * step @ step + step @ step @ step) @ ends
    products = []
    for seed in range(500):
        N = FastRP(4, weights=(0, 0.5, 1), normalize_powers=False, random_state=seed)
        N = N.fit_transform(EDGES)
        products.append(N @ N.T)
    products = np.array(products)
    error = products.std(axis=0) / np.sqrt(500)
    assert (np.abs(products.mean(axis=0) - 4 * M @ M.T) < 5 * error).all()


def test_entries_of_the_projection():
    R = _projection(10_000, 50, 0)
    assert np.unique(R.data) == pytest.approx([-10, 10])
    assert R.nnz / 500_000 == pytest.approx(0.01, rel=0.05)
    assert abs(R.data.mean()) < 1


def test_neighbors_of_samples():
    X, y = load_digits(return_X_y=True)
    Z = FastRP(64, metric="euclidean", random_state=0).fit_transform(X)
    classifier = KNeighborsClassifier()
    pixels = cross_val_score(classifier, X, y, cv=5).mean()
    assert cross_val_score(classifier, Z, y, cv=5).mean() > pixels
    model = FastRP(64, metric="euclidean", random_state=0).fit(X[:1200])
    new = model.transform(X[1200:])
    assert np.array_equal(model.transform(X[1200:1201]), new[:1])
    assert classifier.fit(model.embedding_, y[:1200]).score(new, y[1200:]) > 0.93


def test_neighbors_are_those_of_scikit_learn():
    X = np.random.RandomState(0).randn(80, 5)
    graph = kneighbors_graph(X, 10, metric="cosine")
    got = FastRP(32, metric="cosine", random_state=0).fit_transform(X)
    assert got == pytest.approx(FastRP(32, random_state=0).fit_transform(graph), abs=1e-12)


def test_one_direction_is_enough():
    both = FastRP(8, random_state=0).fit_transform(EDGES)
    assert np.array_equal(FastRP(8, random_state=0).fit_transform(np.triu(EDGES)), both)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FastRP(weights=(0, 0)).fit(EDGES), "weights must be finite numbers"),
        (lambda: FastRP(weights=[[1, 2]]).fit(EDGES), "weights must be finite numbers"),
        (lambda: FastRP(weights=(np.nan,)).fit(EDGES), "weights must be finite numbers"),
        (lambda: FastRP().fit(-EDGES), "Negative values in data passed to X"),
        (lambda: FastRP().fit(EDGES[:4]), "X must be square"),
        (lambda: FastRP().fit(np.diag([0.0, 1, 1, 0]) + np.eye(4, k=2) * 0), "2 isolated nodes"),
        (lambda: FastRP().fit(EDGES).transform(np.zeros((1, 6))), "1 isolated nodes"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
