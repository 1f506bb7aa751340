"""Reductions that are fitted on blocks of rows."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from sksim.hubness import NICDM, DisSimLocal, MutualProximity
from tests.hubness.conftest import ragged, truncated
from tests.hubness.family import ALL, BARE

BY_ROWS = [reduction for reduction in BARE if reduction.fits_by_rows]
AT_ONCE = [reduction for reduction in ALL if not reduction.fits_by_rows]
by_rows = pytest.mark.parametrize("reduction", BY_ROWS, ids=str)


def in_blocks(reduction, graph, sizes=(11, 1, 18)):
    reduction = clone(reduction)
    for rows in np.split(np.arange(graph.shape[0]), np.cumsum(sizes)[:-1]):
        reduction.partial_fit(graph[rows[0] : rows[-1] + 1])
    return reduction


def graphs(D):
    lengths = np.random.RandomState(0).randint(1, 13, size=30)
    yield D
    yield truncated(D, 12)
    yield ragged(D, lengths, container=sparse.csr_array)


@by_rows
def test_blocks_of_rows_equal_the_whole_graph(reduction, index_and_queries):
    D, to_queries = index_and_queries
    for graph in graphs(D):
        whole, stream = clone(reduction).fit(graph), in_blocks(reduction, graph)
        statistics = {k: v for k, v in vars(whole).items() if isinstance(v, np.ndarray)}
        assert statistics
        for name, value in statistics.items():
            assert_allclose(getattr(stream, name), value, rtol=1e-13)
        assert_allclose(stream.transform(to_queries), whole.transform(to_queries), rtol=1e-12)
        assert stream.n_samples_fit_ == stream.n_features_in_ == 30
        assert stream.get_feature_names_out().size == 30


@by_rows
def test_a_pass_can_be_broken_off_and_begun_anew(reduction, index_and_queries):
    D, _ = index_and_queries
    graph = truncated(D, 12)
    expected = clone(reduction).fit(graph).transform(graph)
    started = clone(reduction).partial_fit(graph[:11])
    resumed = pickle.loads(pickle.dumps(started)).partial_fit(graph[11:])
    for fitted in (resumed, started.fit(graph), resumed.partial_fit(graph[:5])):
        assert_array_equal(fitted.transform(graph).data, expected.data)
    assert_array_equal(resumed.partial_fit(graph[5:]).transform(graph).data, expected.data)


def test_rows_missing_or_too_many(index_and_queries):
    D, _ = index_and_queries
    started = NICDM(4).partial_fit(D[:11])
    with pytest.raises(ValueError, match="NICDM: partial_fit has seen 11 of 30 rows"):
        started.transform(D)
    with pytest.raises(ValueError, match="has 30 rows, one for each column; got 20 more after 11"):
        started.partial_fit(D[:20])
    with pytest.raises(ValueError, match="29 features"):
        started.partial_fit(D[:5, :29])
    started.partial_fit(D[11:]).transform(D)  # what was refused left nothing behind
    with pytest.raises(ValueError, match="too shallow for n_neighbors=12: .* holds 11 neighbours"):
        in_blocks(NICDM(12), truncated(D, 12))
    with pytest.raises(ValueError, match="n_neighbors"):
        NICDM(0).partial_fit(D[:3])


@pytest.mark.parametrize("reduction", AT_ONCE, ids=str)
def test_no_blocks_where_the_method_needs_all_rows(reduction):
    assert not reduction.fits_by_rows
    assert not hasattr(reduction, "partial_fit")
    assert not hasattr(reduction, "fit_blocks")


def test_blocks_without_vectors_where_they_are_needed(index_and_queries):
    D, _ = index_and_queries
    for reduction in (DisSimLocal(4), MutualProximity(moments="exact")):
        with pytest.raises(ValueError, match="needs the vectors behind the graph"):
            reduction.partial_fit(truncated(D, 12)[:10])
    with pytest.raises(ValueError, match="needs the vectors behind the graph"):
        DisSimLocal(4).partial_fit(D[:10])
