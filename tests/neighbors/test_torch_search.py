"""Search on a device of torch, here the CPU: the neighbours of the exact search, certified."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn import config_context

from sksim.hubness import (
    CSLS,
    NICDM,
    DisSimGlobal,
    DisSimLocal,
    InvertedSoftmax,
    LocalScaling,
    MutualProximity,
    NearestNeighborNormalization,
)
from sksim.hubness._distances import NeighborLists
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)
from sksim.neighbors._torch_search import TorchBackend

torch = pytest.importorskip("torch")


def searches(X, Q, n_neighbors=5, **params):
    params.setdefault("reduction", None)
    fits = [
        HubnessReducedNearestNeighbors(n_neighbors, backend=backend, **params).fit(X)
        for backend in ("torch", "brute")
    ]
    return [(nn.kneighbors(), nn.kneighbors(Q)) for nn in fits]


def assert_same(found, expected):
    for (distances, indices), (exact, exact_indices) in zip(found, expected):
        np.testing.assert_allclose(distances, exact, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(indices, exact_indices)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [3, 40])
def test_neighbors_are_those_of_the_exact_search(metric, dtype, d):
    rng = np.random.RandomState(0)
    X, Q = rng.randn(700, d).astype(dtype), rng.randn(90, d).astype(dtype)
    assert_same(*searches(X, Q, metric=metric))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(60, 300), st.integers(1, 12))
def test_neighbors_among_duplicates_and_offsets(seed, n, n_neighbors):
    """Far from the origin float32 tells little: rows in doubt are searched again."""
    rng = np.random.RandomState(seed)
    X = 1e4 + rng.randint(3, size=(n, 4)) + 1e-3 * rng.randn(n, 1)
    Q = X[rng.randint(n, size=20)] + rng.randint(2, size=(20, 1))
    found, expected = searches(X, Q, n_neighbors)
    for (distances, _), (exact, _) in zip(found, expected):
        np.testing.assert_allclose(distances, exact, rtol=1e-12, atol=1e-12)


REDUCTIONS = [
    MutualProximity(),
    MutualProximity(method="gamma"),
    MutualProximity(moments="exact"),
    MutualProximity(method="gamma", moments="landmarks", n_landmarks=50, random_state=0),
    MutualProximity(method="empirical"),
    LocalScaling(),
    NICDM(),
    CSLS(),
    DisSimLocal(),
    DisSimGlobal(),
    NearestNeighborNormalization(),
    InvertedSoftmax(),
]
over_reductions = pytest.mark.parametrize("reduction", REDUCTIONS, ids=str)


@pytest.fixture
def _tensors(monkeypatch):
    """Lists of candidates become tensors, as on a GPU, on this processor."""
    monkeypatch.setattr(TorchBackend, "send", lambda self, values: torch.tensor(values))


@over_reductions
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(("dtype", "d"), [(np.float64, 20), (np.float32, 3)])
@pytest.mark.usefixtures("_tensors")
def test_reductions_of_tensors(reduction, metric, dtype, d):
    """In float64 for float32 vectors too. In 3-d gamma distributions are out of their formula."""
    rng = np.random.RandomState(0)
    X, Q = rng.randn(400, d).astype(dtype), rng.randn(50, d).astype(dtype)
    X[7], Q[2] = X[3], X[3]
    X[11] = 0
    found, expected = searches(X, Q, reduction=reduction, metric=metric, n_candidates=100)
    for (distances, _), (exact, _) in zip(found, expected):
        np.testing.assert_allclose(distances, exact, rtol=1e-10)


@over_reductions
@pytest.mark.usefixtures("_tensors")
def test_lists_are_tensors_where_the_reduction_takes_them(reduction, tmp_path):
    X = np.random.RandomState(0).randn(300, 5)
    for memory in (None, str(tmp_path)):
        nn = HubnessReducedNearestNeighbors(
            5, reduction=reduction, n_candidates=100, backend="torch", memory=memory
        )
        _, graph = next(nn.fit(X)._candidates.graphs())
        assert isinstance(graph, NeighborLists) == nn.reduction_.lists_on_device
        assert b"torch" not in pickle.dumps(nn.reduction_)
        # Where all others are candidates, the distances are a matrix.
        _, graph = next(nn.fit(X[:50])._candidates.graphs())
        assert not isinstance(graph, NeighborLists)


def test_lists_stay_with_numpy_on_a_processor():
    X = np.random.RandomState(0).randn(300, 5)
    nn = HubnessReducedNearestNeighbors(5, backend="torch", device="cpu").fit(X)
    assert sparse.issparse(next(nn._candidates.graphs())[1])


@pytest.mark.usefixtures("_tensors")
def test_blocks_of_queries_and_a_bank():
    rng = np.random.RandomState(0)
    X, Q = rng.randn(400, 6), rng.randn(130, 6)
    with config_context(working_memory=1):
        assert_same(*searches(X, Q, reduction="nicdm", n_candidates=200))
    fits = [
        HubnessReducedNearestNeighbors(5, reduction="csls", backend=backend).fit(X, bank=Q)
        for backend in ("torch", "brute")
    ]
    np.testing.assert_allclose(fits[0].kneighbors(Q)[0], fits[1].kneighbors(Q)[0], rtol=1e-10)


def test_extreme_units():
    rng = np.random.RandomState(0)
    X, Q = rng.randn(300, 8), rng.randn(30, 8)
    for unit in (1e-200, 1e200):
        (_, found), (_, expected) = searches(unit * X, unit * Q)
        assert_same([found], [expected])


def test_classifier_predicts_the_same():
    rng = np.random.RandomState(0)
    X = rng.randn(300, 10)
    y = (X[:, 0] > 0).astype(int)
    torch_backed, brute = (
        HubnessReducedKNeighborsClassifier(backend=backend).fit(X, y)
        for backend in ("torch", "brute")
    )
    np.testing.assert_array_equal(torch_backed.predict(X[:50] + 0.1), brute.predict(X[:50] + 0.1))


def test_read_only_arrays_threads_and_pickles():
    rng = np.random.RandomState(0)
    X, queries = rng.randn(500, 12), [rng.randn(40, 12) for _ in range(6)]
    X.setflags(write=False)
    nn = HubnessReducedNearestNeighbors(backend="torch", reduction=None).fit(X)
    alone = [nn.kneighbors(Q) for Q in queries]
    with ThreadPoolExecutor(3) as pool:
        assert_same(pool.map(nn.kneighbors, queries), alone)
    assert_same(map(pickle.loads(pickle.dumps(nn)).kneighbors, queries), alone)


def test_the_precision_that_the_user_set_comes_back():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        rng = np.random.RandomState(0)
        X, Q = rng.randn(400, 30), rng.randn(50, 30)
        assert_same(*searches(X, Q))
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        (np.ones((60, 3)), {"metric": "manhattan"}, "backend='torch' searches metric in"),
        (sparse.csr_array(np.eye(60)), {}, "searches dense X, got a sparse matrix"),
        (np.ones((60, 3)), {"device": "no such"}, "device='no such' cannot be used here"),
        (np.ones((60, 60)), {"metric": "precomputed"}, "backend must be 'auto' with metric="),
    ],
)
def test_what_is_refused(X, params, message):
    with pytest.raises(ValueError, match=message):
        HubnessReducedKNeighborsTransformer(backend="torch", **params).fit(X)
