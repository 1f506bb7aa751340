"""Reductions of neighbour lists that are arrays of any library equal those of sparse graphs."""

import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone

from sksim.hubness._base import Space
from sksim.hubness._distances import NeighborLists, as_distances
from sksim.utils._graph import neighbor_rows
from tests.hubness.conftest import ragged, truncated
from tests.hubness.family import ALL

torch = pytest.importorskip("torch")
strict = pytest.importorskip("array_api_strict")

MAKE = {"numpy": np.asarray, "torch": torch.tensor, "array_api_strict": strict.asarray}
ON_DEVICE = [reduction for reduction in ALL if reduction.lists_on_device]
over_libraries = pytest.mark.parametrize("library", MAKE)


@pytest.fixture(autouse=True)
def _dispatch():
    """For array_api_strict, which comes home by it; nothing of sksim.neighbors needs it."""
    with sklearn.config_context(array_api_dispatch=True):
        yield


def as_lists(graph, library):
    """All entries of each row, those that are missing padded with (inf, -1)."""
    lengths = np.diff(graph.indptr)
    shape = (graph.shape[0], lengths.max())
    distances, indices = np.full(shape, np.inf), np.full(shape, -1)
    is_listed = np.arange(shape[1]) < lengths[:, None]
    distances[is_listed], indices[is_listed] = graph.data, graph.indices
    make = MAKE[library]
    return NeighborLists(make(distances), make(indices), graph.shape[1], type(graph))


def pairs(space):
    """Graphs of the samples, full and ragged, and those of queries."""
    lengths = np.random.RandomState(0).randint(1, 13, size=30)
    query_lengths = np.random.RandomState(1).randint(0, 13, size=12)
    yield truncated(space.T, 12), truncated(space.D, 12)
    yield ragged(space.T, lengths), ragged(space.D, query_lengths, container=sparse.csr_array)


@pytest.mark.parametrize("reduction", ON_DEVICE, ids=str)
@over_libraries
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine"])
def test_lists_equal_graphs(reduction, library, metric, space):
    for own, to_queries in pairs(space):
        known = {"metric": metric, "vectors": space.X if reduction.needs_vectors else None}
        queries = space.Q if reduction.needs_vectors else None
        of_graph = clone(reduction).fit_graph(own, **known)
        of_lists = clone(reduction)._fit_found([as_lists(own, library)], Space(**known))
        for name, value in vars(of_graph).items():
            if name.endswith("_") and isinstance(value, np.ndarray | float):
                assert_allclose(getattr(of_lists, name), value, rtol=1e-12, err_msg=name)
        for graph, vectors in ((own, known["vectors"]), (to_queries, queries)):
            expected = of_graph.reduce_graph(graph, queries=vectors)
            lists = of_lists._reduced(as_lists(graph, library), vectors)
            assert type(lists.distances) is type(as_lists(graph, library).distances)
            got = lists.graph(slice(None))
            assert type(got) is type(expected)
            assert_allclose(got.data, expected.data, rtol=1e-10, atol=1e-14)
            assert_allclose(got.toarray(), expected.toarray(), rtol=1e-10, atol=1e-14)
        assert b"torch" not in pickle.dumps(of_lists)


@over_libraries
def test_view_of_lists(library, space):
    for graph in (graph for pair in pairs(space) for graph in pair):
        lists, entries = as_distances(as_lists(graph, library)), as_distances(graph)
        rows = neighbor_rows(graph)
        assert not lists.is_complete
        assert lists.shape == entries.shape
        is_listed = np.asarray(lists.lists.indices) >= 0
        for name in ("counts", "has_self", "self_index"):
            np.testing.assert_array_equal(np.asarray(getattr(lists, name)), getattr(entries, name))
        for k in (1, 5, 40):
            for got, expected in zip(lists.nearest(k), entries.nearest(k)):
                np.testing.assert_array_equal(np.asarray(got), expected)
            np.testing.assert_array_equal(np.asarray(lists.nearest(k)[1]), rows.indices[:, :k])
        statistic = np.random.RandomState(0).rand(graph.shape[1])
        beside = np.asarray(lists.by_column(statistic))[is_listed]
        np.testing.assert_array_equal(beside, entries.by_column(statistic))
        assert_allclose(
            np.asarray(lists.row_sum(lists.values)), entries.row_sum(entries.values), rtol=1e-14
        )
        np.testing.assert_array_equal(
            np.asarray(lists.row_minimum(lists.values)), entries.row_minimum(entries.values)
        )
