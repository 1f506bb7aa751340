"""Optional search libraries: the exact search is found again, or the missing extra is named."""

import pickle
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist

from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    candidate_report,
)
from sksim.neighbors import _approximate as approximate

# The last one compiles for up to minutes in each new process.
NAMES = ["faiss", "usearch", pytest.param("pynndescent", marks=pytest.mark.slow)]
PACKAGES = {"faiss": "faiss", "usearch": "usearch", "pynndescent": "pynndescent"}


def require(name):
    pytest.importorskip(PACKAGES[name])


@pytest.fixture(scope="module")
def clusters():
    rng = np.random.RandomState(0)
    centers = 3 * rng.standard_normal((10, 16))
    X = centers[rng.randint(10, size=700)] + rng.standard_normal((700, 16))
    return X[:600], X[600:]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "sqeuclidean"])
@pytest.mark.parametrize("reduction", [None, "mutual_proximity", "nicdm"])
def test_nearly_the_exact_search(clusters, name, metric, reduction):
    require(name)
    X, Q = clusters
    options = {"metric": metric, "reduction": reduction, "n_candidates": 60}
    exact = HubnessReducedKNeighborsTransformer(10, **options).fit(X)
    found = HubnessReducedKNeighborsTransformer(10, backend=name, **options).fit(X)
    graph, expected = found.transform(Q), exact.transform(Q)
    assert (graph.toarray() > 0)[expected.toarray() > 0].mean() > 0.97
    if reduction is None:
        rows = np.repeat(np.arange(100), np.diff(graph.indptr))
        assert_allclose(graph.data, cdist(Q, X, metric)[rows, graph.indices], atol=1e-12)
    report = candidate_report(found, random_state=0)
    assert report.recall > 0.97
    assert report.exact.k_skewness == pytest.approx(report.found.k_skewness, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_large_indexes_are_graphs(clusters, name, monkeypatch):
    require(name)
    monkeypatch.setattr(approximate, "_LARGEST_FLAT", 100)
    search = HubnessReducedNearestNeighbors(10, reduction=None, backend=name).fit(clusters[0])
    assert candidate_report(search, random_state=0).recall > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_pickle_and_dtype(clusters, name):
    require(name)
    X, Q = (part.astype(np.float32) for part in clusters)
    search = HubnessReducedNearestNeighbors(10, backend=name).fit(X)
    copy = pickle.loads(pickle.dumps(search))
    for found, expected in zip(copy.kneighbors(Q), search.kneighbors(Q)):
        assert_array_equal(found, expected)
    assert search.kneighbors(Q)[0].dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_duplicates(name):
    require(name)
    X = np.repeat(np.random.RandomState(0).standard_normal((20, 4)), 10, axis=0)
    search = HubnessReducedNearestNeighbors(5, backend=name, n_candidates=30).fit(X)
    distances, indices = search.kneighbors()
    assert np.isfinite(distances).all()
    assert (indices != np.arange(200)[:, None]).all()


@pytest.mark.parametrize("name", NAMES)
def test_small_index(name):
    require(name)
    X = np.random.RandomState(0).standard_normal((12, 3))
    y = np.arange(12) % 2
    classifier = HubnessReducedKNeighborsClassifier(3, backend=name).fit(X, y)
    exact = HubnessReducedKNeighborsClassifier(3).fit(X, y)
    assert_array_equal(classifier.predict(X), exact.predict(X))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("scale", [1e-60, 1e-30, 1e30, 1e60])
def test_the_unit_of_the_vectors_does_not_matter(clusters, name, metric, scale):
    require(name)
    X = clusters[0] * scale
    search = HubnessReducedNearestNeighbors(10, reduction=None, backend=name, metric=metric)
    assert candidate_report(search.fit(X), random_state=0).recall > 0.97


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_missing_package_names_the_extra(clusters, name, monkeypatch):
    monkeypatch.setitem(sys.modules, approximate.APPROXIMATE_BACKENDS[name].package, None)
    search = HubnessReducedNearestNeighbors(backend=name)
    with pytest.raises(ImportError, match=rf"backend='{name}'.*pip install 'sksim\[ann\]'"):
        search.fit(clusters[0])


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_what_they_cannot_search(clusters, name):
    X = clusters[0]
    for parameters in ({"metric": "manhattan"}, {"metric_params": {"p": 2}}):
        search = HubnessReducedNearestNeighbors(backend=name, **parameters)
        with pytest.raises(ValueError, match=f"backend='{name}' searches metric in"):
            search.fit(X)
    with pytest.raises(ValueError, match="searches dense X"):
        HubnessReducedNearestNeighbors(backend=name).fit(sparse.csr_matrix(X))
    with pytest.raises(ValueError, match="backend must be 'auto'"):
        HubnessReducedNearestNeighbors(backend=name, metric="precomputed").fit(cdist(X, X))
