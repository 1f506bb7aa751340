"""How often, how deep and in which blocks candidates are searched."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context

from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    _candidates,
)
from sksim.neighbors._candidates import BruteBackend, Candidates

EUCLIDEAN = {"metric": "euclidean", "metric_params": None, "n_jobs": None}


@pytest.fixture
def X(rng):
    return rng.standard_normal((50, 4))


@pytest.fixture
def searched(monkeypatch):
    """Pairs (number of queries, number of indexed samples) of all searches so far."""
    pairs = []
    exact_neighbors = _candidates.exact_neighbors

    def spy(X, Y=None, **options):
        pairs.append((X.shape[0], (X if Y is None else Y).shape[0]))
        return exact_neighbors(X, Y, **options)

    monkeypatch.setattr(_candidates, "exact_neighbors", spy)
    return pairs


@pytest.mark.parametrize("reduction", [None, "nicdm", "simhub"])
def test_fit_transform_searches_once(X, searched, reduction):
    HubnessReducedKNeighborsTransformer(3, reduction=reduction).fit_transform(X)
    assert searched == [(50, 50)]


def test_fit_transform_searches_twice_beyond_the_working_memory(X, searched):
    with config_context(working_memory=0.02):
        HubnessReducedKNeighborsTransformer(3, reduction="nicdm").fit_transform(X)
    assert len(searched) > 2
    assert sum(n_queries for n_queries, _ in searched) == 100


def test_a_fit_without_reduction_searches_nothing(X, searched):
    HubnessReducedKNeighborsClassifier(3, reduction=None).fit(X, np.arange(50) % 2)
    assert searched == []


def test_growth_searches_the_new_pairs_alone(X, searched):
    search = HubnessReducedNearestNeighbors(3, reduction="nicdm").partial_fit(X[:40])
    searched.clear()
    search.partial_fit(X[40:])
    assert sorted(searched) == [(10, 10), (10, 40), (40, 10)]


@pytest.mark.parametrize("n_candidates", [5, 48, 49, 80])
def test_rows_of_the_index_begin_with_the_sample(X, n_candidates):
    candidates = Candidates(BruteBackend(X, **EUCLIDEAN), n_candidates, 3)
    with config_context(working_memory=0.02):
        graphs = [graph for _, graph in candidates.graphs()]
    assert len(graphs) > 1
    graph = sparse.vstack(graphs, format="csr")
    depth = min(n_candidates, 49)
    assert_array_equal(np.diff(graph.indptr), depth + 1)
    assert_array_equal(graph.indices.reshape(50, -1)[:, 0], np.arange(50))
    assert_array_equal(graph.data.reshape(50, -1)[:, 0], 0)


@pytest.mark.parametrize(("n_candidates", "expected"), [(5, 5), (3, 4), (48, 48), (49, 50)])
def test_queries_are_given_as_many_as_the_samples_beside_themselves(X, rng, n_candidates, expected):
    candidates = Candidates(BruteBackend(X, **EUCLIDEAN), n_candidates, 3)
    ((_, graph),) = candidates.graphs(rng.standard_normal((9, 4)))
    assert_array_equal(np.diff(graph.indptr), expected)
    ((_, graph),) = candidates.graphs(X[:9])
    # A zero stands for the query itself and is not one of them.
    assert_array_equal(np.diff(graph.indptr), min(max(n_candidates, 3), 49) + 1)
    assert_array_equal(graph.data.reshape(9, -1)[:, 0], 0)


def test_known_lists_are_searched_no_more(X, searched):
    candidates = Candidates(BruteBackend(X, **EUCLIDEAN), 6, 3)
    lists = candidates.whole_lists()
    searched.clear()
    for found, expected in zip(candidates.graphs(lists=lists), candidates.graphs(X, lists)):
        assert_array_equal(found[1].toarray(), expected[1].toarray())
    assert searched == []
