"""Any index of faiss: by its factory string, in a file, at hand; its distances exact."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsTransformer

from sksim.neighbors import (
    FaissTransformer,
    HubnessReducedKNeighborsClassifier,
    HubnessReducedNearestNeighbors,
    candidate_report,
)

faiss = pytest.importorskip("faiss")

ALL_CELLS = {"factory": "IVF8,Flat", "index_params": {"nprobe": 8}}
COMPRESSED = {"factory": "IVF8,PQ4x4", "index_params": {"nprobe": 8}}


@pytest.fixture(scope="module")
def samples():
    rng = np.random.RandomState(0)
    centers = 3 * rng.standard_normal((10, 16))
    X = centers[rng.randint(10, size=760)] + rng.standard_normal((760, 16))
    return X[:700], X[700:]


def index_of(X, kind=faiss.IndexFlatL2):
    index = kind(X.shape[1])
    index.add(X.astype(np.float32))
    return index


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine"])
@pytest.mark.parametrize("params", [{}, ALL_CELLS], ids=["auto", "all cells"])
def test_equals_the_transformer_of_scikit_learn(samples, params, metric, mode):
    X, Q = samples
    expected = KNeighborsTransformer(n_neighbors=7, metric=metric, mode=mode).fit(X)
    given = FaissTransformer(7, metric=metric, mode=mode, **params).fit(X)
    for queries in (X, Q):
        graph, wanted = given.transform(queries), expected.transform(queries)
        listed, expected_lists = (
            np.sort(g.indices.reshape(len(queries), -1)) for g in (graph, wanted)
        )
        assert_array_equal(listed, expected_lists)
        assert_allclose(graph.toarray(), wanted.toarray(), atol=1e-6)
    assert given.transform(Q).data.dtype == np.float64


def test_compressed_vectors_have_exact_distances(samples):
    X, Q = samples
    graph = FaissTransformer(10, **COMPRESSED).fit(X).transform(Q)
    rows = np.repeat(np.arange(len(Q)), np.diff(graph.indptr))
    assert_allclose(graph.data, cdist(Q, X)[rows, graph.indices], rtol=1e-12)
    assert (np.diff(graph.data)[np.diff(rows) == 0] >= 0).all()


def test_more_cells_find_more(rng):
    X, recalls = rng.standard_normal((700, 16)), []
    for nprobe in (1, 3, 16):
        cells = FaissTransformer(factory="IVF16,Flat", index_params={"nprobe": nprobe})
        search = HubnessReducedNearestNeighbors(10, backend=cells).fit(X)
        recalls.append(candidate_report(search, random_state=0).recall)
    assert recalls[0] < recalls[1] < recalls[2] == 1


def test_rows_of_few_cells_are_short(samples):
    X, Q = samples
    few = FaissTransformer(200, factory="IVF8,Flat").fit(X)
    lengths = np.diff(few.transform(Q).indptr)
    assert lengths.min() < 201
    assert (lengths > 0).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_as_backend(samples, metric):
    """The metric and the depth are those of the estimator, whatever the back end's own."""
    X, Q = samples
    options = {"reduction": "nicdm", "n_candidates": 40, "metric": metric}
    exact = HubnessReducedNearestNeighbors(10, **options).fit(X)
    backend = FaissTransformer(1, metric="sqeuclidean", **ALL_CELLS)
    found = HubnessReducedNearestNeighbors(10, backend=backend, **options).fit(X)
    for a, b in zip(found.kneighbors(Q), exact.kneighbors(Q)):
        assert_allclose(a, b)
    assert repr(found.backend_) == f"FaissBackend(700 x 16, metric='{metric}', built=IndexIVFFlat)"
    assert not hasattr(backend, "n_samples_fit_")


def test_parameters_can_be_searched(samples):
    X, _ = samples
    y = X[:, 0] > 0
    model = HubnessReducedKNeighborsClassifier(3, backend=FaissTransformer(factory="IVF8,Flat"))
    grid = {"backend__index_params": [{"nprobe": 1}, {"nprobe": 8}]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.7


@pytest.mark.parametrize("where", ["at hand", "file", "path"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_an_index_that_exists(samples, tmp_path, where, metric):
    X, Q = samples
    unit = X / np.linalg.norm(X, axis=1, keepdims=True) if metric == "cosine" else X
    index = index_of(unit)
    if where != "at hand":
        faiss.write_index(index, str(tmp_path / "index"))
        index = tmp_path / "index" if where == "path" else str(tmp_path / "index")
    exact = HubnessReducedNearestNeighbors(5, metric=metric).fit(X)
    search = HubnessReducedNearestNeighbors(
        5, metric=metric, backend=FaissTransformer(index=index)
    ).fit(X)
    if where == "at hand":
        assert search.backend_.built is index
    for a, b in zip(search.kneighbors(Q), exact.kneighbors(Q)):
        assert_allclose(a, b)
    copy = clone(search).fit(X)
    assert_array_equal(copy.kneighbors(Q)[1], search.kneighbors(Q)[1])


def test_inner_products_of_unit_vectors(samples):
    X, Q = samples
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    given = FaissTransformer(metric="cosine", index=index_of(unit, faiss.IndexFlatIP)).fit(X)
    expected = FaissTransformer(metric="cosine").fit(X)
    assert_array_equal(given.transform(Q).indices, expected.transform(Q).indices)


def test_parameters_of_a_file(samples, tmp_path):
    X, Q = samples
    index = faiss.index_factory(16, "IVF8,Flat")
    index.train(X.astype(np.float32))
    index.add(X.astype(np.float32))
    faiss.write_index(index, str(tmp_path / "index"))
    given = FaissTransformer(index=tmp_path / "index", index_params={"nprobe": 8}).fit(X)
    assert given.index_.nprobe == 8
    assert_array_equal(given.transform(Q).indices, FaissTransformer().fit(X).transform(Q).indices)


def test_a_fitted_one_in_a_frozen_estimator(samples):
    X, Q = samples
    fitted = FaissTransformer(101, **ALL_CELLS).fit(X)
    search = clone(HubnessReducedNearestNeighbors(5, backend=FrozenEstimator(fitted))).fit(X)
    assert search.backend_.fitted.estimator is fitted
    expected = HubnessReducedNearestNeighbors(5).fit(X)
    for a, b in zip(search.kneighbors(Q), expected.kneighbors(Q)):
        assert_allclose(a, b)


def test_pickle(samples):
    X, Q = samples
    given = FaissTransformer(**COMPRESSED).fit(X)
    copy = pickle.loads(pickle.dumps(given))
    assert_array_equal(copy.transform(Q).toarray(), given.transform(Q).toarray())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"factory": "Flatt"}, "factory='Flatt' makes no index of faiss .*could not parse"),
        ({"factory": "PQ5"}, "factory='PQ5' makes no index of faiss for 700 samples with 16 feat"),
        ({"factory": "IVF800,Flat"}, "at least as large as number of clusters"),
        ({"index_params": {"nprobe": 3}}, "index_params must be parameters of IndexFlat.* 'nprobe"),
        ({"index": "nowhere"}, "index='nowhere' could not be read"),
        ({"index": np.eye(3)}, "index must be an index of faiss or a file of one, got .*ndarray"),
        ({"n_neighbors": 700}, "Expected n_neighbors < n_samples_fit"),
    ],
)
def test_what_cannot_be_built(samples, params, message):
    with pytest.raises(ValueError, match=message):
        FaissTransformer(**params).fit(samples[0])


def test_an_index_of_something_else(samples):
    X, _ = samples
    fewer, shorter = index_of(X[:600]), index_of(X[:, :15])
    for index in (fewer, shorter):
        with pytest.raises(ValueError, match="must hold the 700 samples of X with their 16 feat"):
            FaissTransformer(index=index).fit(X)
    with pytest.raises(ValueError, match="must compare by Euclidean distance for metric='euclid"):
        FaissTransformer(index=index_of(X, faiss.IndexFlatIP)).fit(X)
    with pytest.raises(ValueError, match="would change the index given"):
        FaissTransformer(index=index_of(X), index_params={"nprobe": 8}).fit(X)
