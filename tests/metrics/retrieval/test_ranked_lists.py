"""Measures of ranked lists: published example, kinds of input, chance, what is refused."""

import math

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from sksim.metrics import (
    hit_rate_score,
    mean_average_precision_score,
    mean_reciprocal_rank_score,
    recall_at_k_score,
)

S = np.array([[0.9, 0.1, 0.5, 0.7], [0.2, 0.3, 0.1, 0.05], [0.6, 0.6, 0.6, 0.2]])
INDICES = np.argsort(-S, axis=1, kind="stable")
RELEVANT = [[0], [2], [1, 3]]
MASK = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]], dtype=bool)
SCORES = [
    hit_rate_score,
    recall_at_k_score,
    mean_reciprocal_rank_score,
    mean_average_precision_score,
]


def score(function, indices=INDICES, relevant=RELEVANT, **params):
    if function is recall_at_k_score:
        params.setdefault("n_neighbors", 2)
    return function(indices, relevant, **params)


def test_known_values():
    assert score(hit_rate_score) == pytest.approx(1 / 3)
    assert score(hit_rate_score, n_neighbors=2) == pytest.approx(2 / 3)
    assert score(recall_at_k_score) == pytest.approx(1 / 2)
    assert score(mean_reciprocal_rank_score) == pytest.approx(11 / 18)
    assert score(mean_average_precision_score) == pytest.approx(11 / 18)


@pytest.mark.parametrize("function", SCORES)
@pytest.mark.parametrize(
    "relevant",
    [
        MASK,
        sparse.csr_array(MASK),
        sparse.coo_matrix(MASK.astype(float)),
        [np.array([0]), np.array([2]), np.array([3, 1, 1])],
        ((0,), (2,), (1, 3)),
    ],
    ids=["mask", "csr", "coo", "arrays", "tuples"],
)
def test_relevant_in_any_form(function, relevant):
    assert score(function, relevant=relevant) == score(function)


@pytest.mark.parametrize("function", SCORES)
def test_a_neighbor_graph_is_a_list_in_the_order_of_its_distances(function):
    rng = np.random.RandomState(0)
    X, Q = rng.randn(30, 4), rng.randn(12, 4)
    search = NearestNeighbors(n_neighbors=8).fit(X)
    mask = rng.uniform(size=(12, 30)) < 0.2
    mask[:, 0] = True
    graph = search.kneighbors_graph(Q, mode="distance")
    assert score(function, graph, mask) == score(
        function, search.kneighbors(Q, return_distance=False), mask
    )


@pytest.mark.parametrize("function", SCORES)
def test_short_lists_end_in_minus_one(function):
    cut = np.where(np.arange(4) < [[4], [3], [2]], INDICES, -1)
    kept = [[0], [2], [1]]  # item 3 is behind the end of the last list
    assert score(function, cut, kept) == score(function, relevant=kept)


def test_average_precision_is_that_of_scikit_learn():
    rng = np.random.RandomState(1)
    closeness = rng.randn(15, 40)
    mask = rng.uniform(size=(15, 40)) < 0.2
    mask[:, 3] = True
    expected = np.mean([average_precision_score(m, s) for m, s in zip(mask, closeness)])
    got = mean_average_precision_score(np.argsort(-closeness, axis=1), mask)
    assert got == pytest.approx(expected, rel=1e-12)


def test_chance_levels_that_the_documentation_states():
    rng = np.random.RandomState(2)
    m, k, r, n = 12, 3, 2, 20_000
    indices = rng.uniform(size=(n, m)).argsort(axis=1)
    two = np.zeros((n, m), dtype=bool)
    two[:, :r] = True
    one = two.copy()
    one[:, 1] = False
    error = 4 / math.sqrt(n)
    chance = 1 - math.comb(m - r, k) / math.comb(m, k)
    assert hit_rate_score(indices, two, n_neighbors=k) == pytest.approx(chance, abs=error)
    assert hit_rate_score(indices, one, n_neighbors=k) == pytest.approx(k / m, abs=error)
    assert recall_at_k_score(indices, two, n_neighbors=k) == pytest.approx(k / m, abs=error)
    harmonic = sum(1 / i for i in range(1, m + 1)) / m
    assert mean_reciprocal_rank_score(indices, one) == pytest.approx(harmonic, abs=error)


@pytest.mark.parametrize("function", SCORES)
@pytest.mark.parametrize(
    ("indices", "relevant", "error", "message"),
    [
        (INDICES, [[0], [], [1]], ValueError, "none in row 1"),
        (INDICES, RELEVANT[:2], ValueError, "same number of queries, got 3 and 2"),
        (INDICES.astype(float), RELEVANT, TypeError, "indices must hold integers"),
        ([[0, 0], [1, 2], [0, 1]], RELEVANT, ValueError, "name an item twice, as in row 0"),
        ([[0, -2], [1, 2], [0, 1]], RELEVANT, ValueError, "got -2 in row 0"),
        ([[0, 1], [-1, -1], [0, 1]], RELEVANT, ValueError, "got none in row 1"),
        (INDICES, [[0.5], [2], [1]], TypeError, "row 0 is an array of type float64"),
        (INDICES, [[0], [-1], [1]], ValueError, "got -1 in row 1"),
        (INDICES, sparse.csr_array(2 * MASK), ValueError, "relevant must hold ones"),
        (INDICES, "012", ValueError, "'relevant' parameter"),
    ],
)
def test_what_is_refused(function, indices, relevant, error, message):
    with pytest.raises(error, match=message):
        score(function, indices, relevant)


@pytest.mark.parametrize("function", SCORES)
def test_queries_without_anything_relevant_are_left_out_on_request(function):
    some = score(function, relevant=[[0], [], [1, 3]], skip_empty=True)
    assert some == score(function, INDICES[[0, 2]], [[0], [1, 3]])
    with pytest.raises(ValueError, match="one at least must remain"):
        score(function, relevant=[[], [], []], skip_empty=True)


def test_no_more_neighbors_than_ranks():
    with pytest.raises(ValueError, match="at most the 4 ranks"):
        hit_rate_score(INDICES, RELEVANT, n_neighbors=5)
