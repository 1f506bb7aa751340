import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.neighbors import KNeighborsTransformer, NearestNeighbors

from sksim.hubness import NICDM, MutualProximity
from sksim.hubness._registry import REDUCTIONS as NAMES
from sksim.neighbors import (
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    _base,
    _candidates,
)

REDUCTIONS = [None, "mutual_proximity", "nicdm", "csls", "local_scaling"]


@pytest.fixture
def X(rng):
    return rng.standard_normal((60, 5))


@pytest.fixture
def Q():
    return np.random.RandomState(1).standard_normal((20, 5))


def test_plain_search_is_scikit_learns(X, Q):
    ours = HubnessReducedNearestNeighbors(4, reduction=None, radius=1.5).fit(X)
    theirs = NearestNeighbors(n_neighbors=4, radius=1.5).fit(X)
    for queries in (None, Q):
        for n_neighbors in (None, 1, 9):
            found, expected = (
                search.kneighbors(queries, n_neighbors=n_neighbors) for search in (ours, theirs)
            )
            assert_array_equal(found[1], expected[1])
            assert_allclose(found[0], expected[0])


def test_radius_is_among_the_candidates(X, Q):
    search = HubnessReducedNearestNeighbors(4, reduction="nicdm", n_candidates=59).fit(X)
    everything, indices = search.kneighbors(Q, n_neighbors=60)
    for radius in (0.0, 0.8, 1.1, 100):
        distances, found = search.radius_neighbors(Q, radius)
        for i in range(Q.shape[0]):
            within = everything[i] <= radius
            assert_array_equal(found[i], indices[i, within])
            assert_array_equal(distances[i], everything[i, within])
        alone = search.radius_neighbors(Q, radius, return_distance=False)
        assert_array_equal(alone[3], found[3])
    few = HubnessReducedNearestNeighbors(4, reduction="nicdm", n_candidates=20, radius=np.inf).fit(
        X
    )
    assert {len(row) for row in few.radius_neighbors(Q)[1]} == {20}
    assert {len(row) for row in few.radius_neighbors()[1]} == {20}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@given(seed=st.integers(0, 1000), n_values=st.sampled_from([1, 2, 5, 50]))
def test_a_sample_is_never_its_own_neighbour(reduction, seed, n_values):
    X = np.random.RandomState(seed).randint(n_values, size=(30, 2)).astype(float)
    search = HubnessReducedNearestNeighbors(5, reduction=reduction, n_candidates=12).fit(X)
    distances, indices = search.kneighbors()
    assert distances.shape == indices.shape == (30, 5)
    assert (indices != np.arange(30)[:, None]).all()
    assert (np.diff(np.sort(indices, axis=1)) > 0).all()
    assert (np.diff(distances) >= 0).all()
    assert np.isfinite(distances).all()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_agrees_with_the_transformer(X, Q, reduction):
    search = HubnessReducedNearestNeighbors(5, reduction=reduction, n_candidates=20).fit(X)
    graph = HubnessReducedKNeighborsTransformer(5, reduction=reduction, n_candidates=20).fit(X)
    of_index, of_queries = graph.transform(X), graph.transform(Q)
    distances, indices = search.kneighbors()
    assert_array_equal(indices, of_index.indices.reshape(60, 6)[:, 1:])
    assert_array_equal(distances, of_index.data.reshape(60, 6)[:, 1:])
    assert_array_equal(search.kneighbors(Q)[1], of_queries.indices.reshape(20, 6)[:, :5])
    assert_array_equal(search.kneighbors(X)[1], of_index.indices.reshape(60, 6)[:, :5])


def test_graph_modes_and_self(X, Q):
    search = HubnessReducedNearestNeighbors(5, reduction="nicdm").fit(X)
    distances, indices = search.kneighbors()
    graph = search.kneighbors_graph(mode="distance")
    assert_array_equal(graph.indices.reshape(60, 5), indices)
    assert_array_equal(graph.data.reshape(60, 5), distances)
    with_self = search.kneighbors_graph(mode="distance", include_self=True)
    assert_array_equal(with_self.indices.reshape(60, 6)[:, 0], np.arange(60))
    assert_array_equal(with_self.data.reshape(60, 6)[:, 0], 0)
    assert_array_equal(with_self.indices.reshape(60, 6)[:, 1:], indices)
    ones = search.kneighbors_graph(Q, 3)
    assert_array_equal(ones.data, 1)
    assert_array_equal(ones.indices.reshape(20, 3), search.kneighbors(Q, 3)[1])
    with pytest.raises(ValueError, match="mode must be"):
        search.kneighbors_graph(mode="garbage")
    with pytest.raises(ValueError, match="include_self=True needs X=None"):
        search.kneighbors_graph(Q, include_self=True)


def test_graph_too_shallow_names_the_rows(X):
    graph = KNeighborsTransformer(n_neighbors=8).fit_transform(X)
    kept = np.ones(graph.nnz, dtype=bool)
    kept[graph.indptr[7] + 3 : graph.indptr[8]] = False
    lengths = np.diff(graph.indptr) - 6 * (np.arange(60) == 7)
    shallow = sparse.csr_matrix(
        (graph.data[kept], graph.indices[kept], np.concatenate([[0], np.cumsum(lengths)])),
        shape=graph.shape,
    )
    search = HubnessReducedNearestNeighbors(4, reduction=NICDM(4), metric="precomputed")
    search.fit(shallow)
    with pytest.raises(ValueError, match=r"n_neighbors=4 .* in 1 of 60 rows, for example in row 7"):
        search.kneighbors()
    assert search.radius_neighbors(radius=np.inf)[1][7].size == 2


def test_bad_requests(X, Q):
    search = HubnessReducedNearestNeighbors(4, n_candidates=20).fit(X)
    with pytest.raises(ValueError, match="n_neighbors=21 neighbours are needed"):
        search.kneighbors(n_neighbors=21)
    with pytest.raises(ValueError, match="n_neighbors == 0"):
        search.kneighbors(n_neighbors=0)
    with pytest.raises(TypeError, match="n_neighbors"):
        search.kneighbors(n_neighbors=2.5)
    with pytest.raises(ValueError, match="radius == -1"):
        search.radius_neighbors(radius=-1)


def test_distances_of_float32_are_float64_as_in_scikit_learn(X, Q):
    X, Q = X.astype(np.float32), Q.astype(np.float32)
    theirs = NearestNeighbors(n_neighbors=4).fit(X)
    ours = HubnessReducedNearestNeighbors(4).fit(X)
    assert ours.kneighbors(Q)[0].dtype == theirs.kneighbors(Q)[0].dtype == np.float64
    assert ours.kneighbors()[0].dtype == np.float64
    assert ours.kneighbors_graph(mode="distance", include_self=True).dtype == np.float64


@pytest.mark.parametrize("reduction", [*REDUCTIONS, MutualProximity(moments="exact")])
@pytest.mark.parametrize("sizes", [(11, 49), (20, 20, 20), (59, 1), (11, 11, 11, 27)])
def test_blocks_equal_everything_at_once(X, Q, reduction, sizes):
    parameters = {"reduction": reduction, "n_candidates": 15}
    whole = HubnessReducedNearestNeighbors(4, **parameters).fit(X)
    stream = HubnessReducedNearestNeighbors(4, **parameters)
    for block in np.split(X, np.cumsum(sizes)[:-1]):
        stream.partial_fit(block)
    assert stream.n_samples_fit_ == 60
    for queries in (None, Q):
        for found, expected in zip(stream.kneighbors(queries), whole.kneighbors(queries)):
            assert_allclose(found, expected, rtol=1e-12)
    # Blocks may follow on a whole fit, and a whole fit begins anew.
    grown = HubnessReducedNearestNeighbors(4, **parameters).fit(X[:40]).partial_fit(X[40:])
    assert_array_equal(grown.kneighbors()[1], whole.kneighbors()[1])
    assert stream.fit(X[:30]).n_samples_fit_ == 30


def test_blocks_of_duplicates_and_sparse_blocks():
    X = np.random.RandomState(0).randint(2, size=(60, 3)).astype(float)
    for make in (np.asarray, sparse.csr_matrix):
        whole = HubnessReducedNearestNeighbors(4, reduction="nicdm", n_candidates=12).fit(make(X))
        stream = HubnessReducedNearestNeighbors(4, reduction="nicdm", n_candidates=12)
        for block in np.split(X, 3):
            stream.partial_fit(make(block))
        assert_array_equal(stream.kneighbors(X)[1], whole.kneighbors(X)[1])


def test_blocks_need_vectors_and_exact_search(X):
    for parameters in ({"metric": "precomputed"}, {"backend": KNeighborsTransformer()}):
        with pytest.raises(ValueError, match="partial_fit needs vectors and backend='auto'"):
            HubnessReducedNearestNeighbors(**parameters).partial_fit(np.abs(X))
    with pytest.raises(ValueError, match="4 features"):
        HubnessReducedNearestNeighbors().partial_fit(X).partial_fit(X[:, :4])
    with pytest.raises(ValueError, match="Expected n_neighbors < n_samples_fit"):
        HubnessReducedNearestNeighbors().partial_fit(X[:5])


@pytest.mark.parametrize("reduction", [*REDUCTIONS, MutualProximity(moments="exact")])
def test_memory_mapped_index_is_searched_in_blocks(tmp_path, reduction, monkeypatch):
    X = np.random.RandomState(0).standard_normal((3000, 50)).astype(np.float32)
    np.save(tmp_path / "index.npy", X)
    mapped = np.load(tmp_path / "index.npy", mmap_mode="r")
    search = HubnessReducedNearestNeighbors(4, reduction=reduction, n_candidates=20)
    expected = search.fit(X).kneighbors(X[:40])
    sizes = set()
    exact_neighbors = _candidates.exact_neighbors
    monkeypatch.setattr(
        _candidates,
        "exact_neighbors",
        lambda X, Y, **options: sizes.add(len(Y)) or exact_neighbors(X, Y, **options),
    )
    with config_context(working_memory=0.4):
        search.fit(mapped)
        assert np.shares_memory(search.backend_.index, mapped)
        found = search.kneighbors(X[:40])
    assert max(sizes) <= 0.4 * 2**20 / (8 * 50)
    assert_array_equal(found[1], expected[1])
    assert_allclose(found[0], expected[0], rtol=1e-6)


@pytest.mark.parametrize(
    "reduction",
    [
        None,
        *(name for name in NAMES if name != "simhub"),
        MutualProximity(moments="exact"),
        MutualProximity(moments="landmarks", n_landmarks=20, random_state=0),
    ],
)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_lists_beyond_the_working_memory_change_nothing(tmp_path, X, Q, reduction, metric):
    if reduction == "localized_centering" and metric != "cosine":
        pytest.skip("needs cosine distances")
    on_disk = np.memmap(tmp_path / "X", dtype=np.float64, mode="w+", shape=X.shape)
    on_disk[:] = X
    parameters = {"reduction": reduction, "n_candidates": 15, "metric": metric}
    whole = HubnessReducedNearestNeighbors(4, **parameters).fit(X)
    expected = [whole.kneighbors(queries) for queries in (Q, None)]
    graph = HubnessReducedKNeighborsTransformer(4, **parameters).fit_transform(X)
    with config_context(working_memory=0.01):
        stream = HubnessReducedNearestNeighbors(4, **parameters)
        candidates = stream.fit(on_disk)._candidates
        assert candidates.whole_lists() is None
        assert len(list(candidates.graphs())) > 2
        found = [stream.kneighbors(queries) for queries in (Q, None)]
        streamed = HubnessReducedKNeighborsTransformer(4, **parameters).fit_transform(on_disk)
    for (distances, indices), (expected_distances, expected_indices) in zip(found, expected):
        assert_array_equal(indices, expected_indices)
        assert_allclose(distances, expected_distances, rtol=1e-12)
    assert_array_equal(streamed.indices, graph.indices)
    assert_allclose(streamed.data, graph.data, rtol=1e-12)


def test_bank_beyond_the_working_memory(X, Q):
    for reduction in ("csls", "inverted_softmax", "dis_sim_local"):
        search = HubnessReducedNearestNeighbors(4, reduction=reduction, n_candidates=15)
        expected = search.fit(X, bank=Q).kneighbors(Q)[0]
        with config_context(working_memory=0.01):
            assert_allclose(search.fit(X, bank=Q).kneighbors(Q)[0], expected, rtol=1e-12)


def test_auto_candidates_suffice_for_the_reduction(rng):
    X = rng.standard_normal((400, 3))
    search = HubnessReducedNearestNeighbors(3, reduction=NICDM(200)).fit(X)
    assert search.effective_n_candidates_ == 200
    assert search.kneighbors(X)[1].shape == (400, 3)


def test_graph_of_whole_numbers(X):
    graph = KNeighborsTransformer(n_neighbors=20).fit_transform(X)
    graph.data = np.round(100 * graph.data)
    search = HubnessReducedNearestNeighbors(4, reduction="nicdm", metric="precomputed")
    expected = search.fit(graph).kneighbors()
    whole = type(graph)((graph.data.astype(int), graph.indices, graph.indptr), shape=graph.shape)
    assert_array_equal(search.fit(whole).kneighbors()[1], expected[1])


def test_bank_of_another_width(X):
    with pytest.raises(ValueError, match="bank must have the 5 features of X, got 3"):
        HubnessReducedNearestNeighbors().fit(X, bank=X[:, :3])
    with pytest.raises(ValueError, match="Input bank contains NaN"):
        HubnessReducedNearestNeighbors().fit(X, bank=np.full((9, 5), np.nan))


def test_blocks_are_cut_before_the_next_is_made(rng, monkeypatch):
    X = rng.standard_normal((400, 6))
    search = HubnessReducedNearestNeighbors(3, n_candidates=60).fit(X)
    expected = [search.kneighbors(X), search.kneighbors(), (search.kneighbors_graph().data,)]
    stacked = []
    vstack = sparse.vstack
    monkeypatch.setattr(
        _base.sparse,
        "vstack",
        lambda parts, format: stacked.extend(part.nnz for part in parts) or vstack(parts, format),
    )
    with config_context(working_memory=0.2):
        found = [search.kneighbors(X), search.kneighbors(), (search.kneighbors_graph().data,)]
    assert sum(stacked) == 3 * 3 * 400
    for lists, other in zip(found, expected):
        for values, of_other in zip(lists, other):
            np.testing.assert_array_equal(values, of_other)
