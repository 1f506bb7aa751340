"""Arrays of Dask: the same numbers as from whole arrays, however they are cut."""

import multiprocessing
import os
import pathlib
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.neighbors import KNeighborsTransformer

from sksim._search._selection import merged_lists
from sksim.metrics import SimilarityAccumulator, cka_score, k_occurrence, procrustes_score
from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors
from sksim.utils._dask import compute, in_row_blocks
from sksim.utils._measure_checks import example
from tests.reference.arrays import IN_BLOCKS, IN_PLACE

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")


@pytest.fixture(autouse=True)
def in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


@st.composite
def cuts(draw, n_rows):
    """Lengths of blocks of rows, some of them empty."""
    places = sorted(draw(st.lists(st.integers(0, n_rows), max_size=5)))
    return tuple(np.diff([0, *places, n_rows]).tolist())


def _blocks(X, lengths, width=-1):
    return da.from_array(X, chunks=(lengths, width))


# --- the table of the guide ---------------------------------------------------------------


@pytest.mark.parametrize("name", IN_BLOCKS)
def test_what_the_guide_says_to_work_in_blocks(pair, name):
    X, Y = pair[0][:, :4], pair[1]
    blocks = _blocks(X, 25), _blocks(Y, 13)
    assert_allclose(IN_BLOCKS[name](*blocks), IN_BLOCKS[name](X, Y), atol=1e-12)


@pytest.mark.parametrize("record", IN_PLACE, ids=lambda record: record.name)
def test_all_else_gathers_the_blocks(record):
    arrays = example(record, 0)
    assert record(*(da.from_array(array, chunks=7) for array in arrays)) == record(*arrays)


# --- similarity ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5)) + 3
    return X, np.tanh(X @ rng.standard_normal((5, 4)))


@given(lengths=cuts(60), lengths_y=cuts(60))
@settings(max_examples=15, deadline=None)
def test_accumulator_equals_whole_arrays_for_any_blocks(pair, lengths, lengths_y):
    X, Y = pair
    accumulator = SimilarityAccumulator().partial_fit(_blocks(X, lengths, 2), _blocks(Y, lengths_y))
    assert accumulator.n_samples == 60
    assert_allclose(accumulator.cka_score(), cka_score(X, Y), atol=1e-12)
    assert_allclose(accumulator.procrustes_score(), procrustes_score(X, Y), atol=1e-12)


def test_accumulator_goes_on_and_takes_a_plain_partner(pair):
    X, Y = pair
    accumulator = SimilarityAccumulator().partial_fit(X[:20], Y[:20])
    accumulator.partial_fit(_blocks(X[20:], 13), Y[20:]).partial_fit(X[:0], Y[:0])
    assert_allclose(accumulator.cka_score(), cka_score(X, Y), atol=1e-12)


def test_accumulators_of_workers_are_not_changed(pair):
    """What a worker loses is made again from parts that others may still hold."""
    from sksim.metrics._similarity_accumulator import _of_all

    parts = [SimilarityAccumulator().partial_fit(part, part) for part in np.split(pair[0], 3)]
    first, second = _of_all(parts), _of_all(parts)
    assert [part.n_samples for part in parts] == [20, 20, 20]
    assert first.isoscore() == second.isoscore()


def test_accumulator_names_what_does_not_fit(pair):
    X, Y = pair
    with pytest.raises(ValueError, match="same"):
        SimilarityAccumulator().partial_fit(_blocks(X, 20), _blocks(Y[1:], 20))
    unknown = _blocks(X, 20)[_blocks(X, 20)[:, 0] > 0]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        SimilarityAccumulator().partial_fit(unknown, unknown)
    with pytest.raises(ValueError, match="X must have two axes"):
        SimilarityAccumulator().partial_fit(_blocks(X, 20)[:, 0], Y)


# --- occurrence ---------------------------------------------------------------------------


@given(
    lengths=cuts(40),
    levels=st.sampled_from([1, 2, 6, None]),
    ties=st.sampled_from(["fractional", "index"]),
    n_neighbors=st.sampled_from([1, 3, 38, 39]),
    metric=st.sampled_from(["euclidean", "cosine", "manhattan"]),
    seed=st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_occurrence_of_a_set_in_itself(lengths, levels, ties, n_neighbors, metric, seed):
    """Few levels make duplicates and ties, within blocks and across them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((40, 3)) if levels is None else rng.integers(0, levels, (40, 3)) + 1.0
    options = {"n_neighbors": n_neighbors, "ties": ties, "metric": metric}
    found, expected = k_occurrence(_blocks(X, lengths), **options), k_occurrence(X, **options)
    assert found.dtype == expected.dtype
    assert_allclose(found, expected, atol=1e-10)


@given(lengths=cuts(23), lengths_y=cuts(31), levels=st.sampled_from([2, None]))
@settings(max_examples=20, deadline=None)
def test_occurrence_of_queries(lengths, lengths_y, levels):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((23, 3)), rng.standard_normal((31, 3))
    if levels:
        X, Y = np.sign(X), np.sign(Y)
    expected = k_occurrence(X, Y, n_neighbors=4)
    assert_allclose(
        k_occurrence(_blocks(X, lengths), _blocks(Y, lengths_y), n_neighbors=4), expected
    )
    assert_allclose(k_occurrence(X, _blocks(Y, lengths_y), n_neighbors=4), expected)


def test_occurrence_where_ties_are_deep():
    """More ties in a block than the first lists and the next deeper ones hold."""
    X = np.zeros((200, 2))
    X[150:, 0] = np.arange(50) + 1
    assert_allclose(k_occurrence(_blocks(X, 90), n_neighbors=2), k_occurrence(X, n_neighbors=2))


def test_occurrence_says_what_dask_arrays_are_not_taken_for(rng):
    X = _blocks(rng.standard_normal((12, 3)), 5)
    with pytest.raises(ValueError, match="ties"):
        k_occurrence(X, n_neighbors=2, ties="random")
    with pytest.raises(ValueError, match="must hold vectors"):
        k_occurrence(X, n_neighbors=2, metric="precomputed")
    with pytest.raises(ValueError, match="n_neighbors must be at most 11"):
        k_occurrence(X, n_neighbors=12)
    with pytest.raises(ValueError, match="same number of features"):
        k_occurrence(X, X[:, :2], n_neighbors=2)


# --- neighbours ---------------------------------------------------------------------------


@given(
    lengths=cuts(50),
    lengths_queries=cuts(9),
    reduction=st.sampled_from([None, "nicdm", "csls", "local_scaling", "mutual_proximity"]),
    metric=st.sampled_from(["euclidean", "cosine"]),
    limit=st.sampled_from([0.05, 64]),
)
@settings(max_examples=20, deadline=None)
def test_reduced_neighbours_are_those_of_whole_arrays(
    lengths, lengths_queries, reduction, metric, limit
):
    """Bit for bit, in one block of rows within the working memory or in several."""
    rng = np.random.default_rng(0)
    X, Q = rng.standard_normal((50, 4)), rng.standard_normal((9, 4)).astype(np.float32)
    X[10] = X[40]
    search = HubnessReducedNearestNeighbors(3, reduction=reduction, n_candidates=20, metric=metric)
    expected = [clone(search).fit(X).kneighbors(queries) for queries in (None, Q)]
    with config_context(working_memory=limit):
        search.fit(_blocks(X, lengths, 3))
        found = [search.kneighbors(), search.kneighbors(_blocks(Q, lengths_queries))]
        from_memory = search.kneighbors(Q)
    for lists, lists_expected in zip([*found, from_memory], [*expected, expected[1]]):
        assert_array_equal(lists[0], lists_expected[0])
        assert_array_equal(lists[1], lists_expected[1])


@given(lengths=cuts(30), n_rows=st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_blocks_are_cut_within_themselves(lengths, n_rows):
    X = np.arange(60.0).reshape(30, 2)
    whole = in_row_blocks(_blocks(X, lengths), "X")
    parts = whole.cut(n_rows)
    assert_array_equal(np.vstack(compute(parts.blocks)), X)
    assert max(parts.lengths) <= n_rows
    assert set(whole.starts) <= set(parts.starts)
    assert len(parts.blocks) == sum(-(-length // n_rows) for length in whole.lengths)


def test_lists_that_are_merged_fit_into_the_working_memory(rng, monkeypatch):
    """However long the blocks of the user are."""
    seen = []

    def watched(lists, n_neighbors):
        seen.append(sum(part.nbytes for both in lists for part in both))
        return merged_lists(lists, n_neighbors)

    monkeypatch.setattr("sksim._search._all_pairs.merged_lists", watched)
    X = _blocks(rng.standard_normal((900, 4)), 100)
    with config_context(working_memory=0.25):
        HubnessReducedNearestNeighbors(3, reduction="csls", n_candidates=20).fit(X)
    assert len(seen) > 9
    assert max(seen) < 2**18


def test_reduced_graph_of_blocks(rng):
    X = rng.standard_normal((40, 4))
    transformer = HubnessReducedKNeighborsTransformer(5, reduction="csls", n_candidates=20)
    found = clone(transformer).fit_transform(_blocks(X, 17))
    assert_array_equal(found.toarray(), transformer.fit_transform(X).toarray())


@pytest.mark.parametrize("backend", ["faiss", "usearch", "estimator"])
def test_an_approximate_backend_for_each_block(rng, backend):
    """Whole lists of small blocks: what is merged is exact. Blocks smaller than a list, too."""
    X = rng.standard_normal((60, 4)).astype(np.float32)
    made = []
    blocks = _blocks(X, (3, 30, 27)).map_blocks(
        lambda block: (made.append(1), block)[1], dtype=X.dtype, meta=X[:0]
    )
    if backend == "estimator":
        backend = KNeighborsTransformer()
    else:
        pytest.importorskip({"faiss": "faiss", "usearch": "usearch"}[backend])
    search = HubnessReducedNearestNeighbors(3, reduction="nicdm", n_candidates=10, backend=backend)
    search.fit(blocks)
    exact = clone(search).set_params(backend="brute").fit(X)
    assert_array_equal(search.kneighbors(X[:5])[1], exact.kneighbors(X[:5])[1])
    n_made = len(made)
    search.kneighbors(X[:5])
    assert len(made) == n_made  # the indexes are kept


def test_searches_say_what_dask_arrays_are_not_taken_for(rng):
    X = _blocks(rng.standard_normal((30, 3)), 10)
    search = HubnessReducedNearestNeighbors(3, reduction="nicdm", n_candidates=10)
    with pytest.raises(ValueError, match="partial_fit needs arrays in memory"):
        search.partial_fit(X)
    with pytest.raises(ValueError, match="bank must be None"):
        clone(search).fit(X, bank=np.ones((4, 3)))
    with pytest.raises(ValueError, match="needs vectors in memory"):
        search.fit(X).to_inner_product_index()
    with pytest.raises(ValueError, match="partial_fit needs arrays in memory"):
        search.partial_fit(np.ones((4, 3)))
    with pytest.raises(ValueError, match="DisSimLocal with these parameters needs the vectors"):
        clone(search).set_params(reduction="dis_sim_local").fit(X)
    with pytest.raises(ValueError, match="must hold vectors"):
        clone(search).set_params(metric="precomputed").fit(X)
    with pytest.raises(ValueError, match="n_neighbors < n_samples_fit"):
        clone(search).set_params(n_neighbors=30).fit(X)
    with pytest.raises(ValueError, match="4 features"):
        search.kneighbors(_blocks(np.ones((4, 4)), 2))
    with pytest.raises(ValueError, match="NaN"):
        search.kneighbors(_blocks(np.full((4, 3), np.nan), 2))


# --- two processes ------------------------------------------------------------------------


@pytest.fixture
def client():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def _killing(first, marker):
    """What kills the process that makes the block which begins with ``first``, once."""

    def dies_once(block):  # within a function: workers need not import the tests
        if multiprocessing.parent_process() and block[0, 0] == first and not os.path.exists(marker):
            pathlib.Path(marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    return dies_once


SLOW = ["similarity", "occurrence"]
COMPUTATIONS = {
    "similarity": lambda X: SimilarityAccumulator().partial_fit(X, X[:, :3]).cka_score(),
    "occurrence": lambda X: k_occurrence(X, n_neighbors=5),
    "neighbours": lambda X: np.hstack(
        HubnessReducedNearestNeighbors(5, reduction="csls", n_candidates=20).fit(X).kneighbors()
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.slow) for each in SLOW] + ["neighbours"]
)
def test_a_killed_worker_changes_nothing(client, tmp_path, name):
    X = np.random.default_rng(0).standard_normal((800, 6))
    marker = str(tmp_path / "killed")
    kill = _killing(X[400, 0], marker)
    blocks = _blocks(X, 100).map_blocks(kill, dtype=X.dtype, meta=np.empty((0, 0)))
    with dask.config.set(scheduler=client):
        found = COMPUTATIONS[name](blocks)
    assert os.path.exists(marker)
    assert_allclose(found, COMPUTATIONS[name](X), atol=1e-12)


def _peak_mib():
    """Largest memory that this process has held."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_data_larger_than_the_memory_of_a_worker():
    """Blocks are made where they are needed and dropped; who kept them would be killed.

    Few queries, in five blocks, meet the index in two passes: all pairs of it would take minutes.
    """
    distributed = pytest.importorskip("distributed")
    random, limit = da.random.default_rng(0), 480
    # By Dask's own setting temporary arrays are mapped anew each time, several times as slow.
    environment = "distributed.nanny.pre-spawn-environ.MALLOC_{}_THRESHOLD_".format
    allocation = {environment("MMAP"): 2**25, environment("TRIM"): 2**25}
    long = random.standard_normal((2_100_000, 32), chunks=(50_000, -1))  # 513 MiB
    wide = random.random((4_200, 32_000), chunks=(160, -1), dtype=np.float32)  # 513 MiB
    queries = random.random((20, 32_000), chunks=(4, -1), dtype=np.float32)
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": f"{limit}MiB"}
    with (
        dask.config.set(allocation),
        distributed.LocalCluster(**options, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        score = SimilarityAccumulator().partial_fit(long, da.tanh(long)).cka_score()
        found = k_occurrence(queries, wide, n_neighbors=10)
        peaks = client.run(_peak_mib).values()
    assert score < 1
    assert max(peaks) < limit
    assert_array_equal(found, k_occurrence(queries.compute(), wide.compute(), n_neighbors=10))
