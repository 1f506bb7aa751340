"""Chamfer similarity against its formula, in every form of a set, in blocks."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import chamfer_similarity

QUERY = [[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0]]
DOCUMENT = [[0.8, 0.6, 0], [0, 0, 1]]


def random_sets(seed, n_sets=6, width=5):
    rng = np.random.RandomState(seed)
    return [rng.randn(rng.randint(1, 7), width) for _ in range(n_sets)]


def literal(queries, documents):
    return np.array([[sum(max(q @ p for p in P) for q in Q) for P in documents] for Q in queries])


def test_known_values():
    assert chamfer_similarity([QUERY], [DOCUMENT])[0, 0] == pytest.approx(2.36)
    assert chamfer_similarity([DOCUMENT], [QUERY])[0, 0] == pytest.approx(0.96)


@given(st.integers(0, 10_000))
def test_formula(seed):
    queries, documents = random_sets(seed), random_sets(seed + 1, n_sets=4)
    expected = literal(queries, documents)
    assert chamfer_similarity(queries, documents) == pytest.approx(expected, rel=1e-12)
    with sklearn.config_context(working_memory=1e-4):  # one query after the other
        assert chamfer_similarity(queries, documents) == pytest.approx(expected, rel=1e-12)


@given(st.integers(0, 10_000))
def test_order_and_number_of_the_vectors_of_a_document(seed):
    queries, documents = random_sets(seed), random_sets(seed + 1)
    rng = np.random.RandomState(seed)
    before = chamfer_similarity(queries, documents)
    shuffled = [np.vstack([P, P])[rng.permutation(2 * len(P))] for P in documents]
    assert chamfer_similarity(queries, shuffled) == pytest.approx(before, rel=1e-12)
    doubled = [np.vstack([Q, Q]) for Q in queries]
    assert chamfer_similarity(doubled, documents) == pytest.approx(2 * before, rel=1e-12)
    rotation = np.linalg.qr(rng.randn(5, 5))[0]
    rotated = ([S @ rotation for S in sets] for sets in (queries, documents))
    assert chamfer_similarity(*rotated) == pytest.approx(before, rel=1e-9, abs=1e-9)


def test_forms_of_sets():
    rng = np.random.RandomState(0)
    Q, P = rng.randn(4, 3, 5), rng.randn(6, 2, 5)
    expected = chamfer_similarity(list(Q), list(P))
    assert np.array_equal(chamfer_similarity(Q, P), expected)
    single = chamfer_similarity(Q[:, 0], P[:, 0])
    assert single == pytest.approx(Q[:, 0] @ P[:, 0].T)
    half = chamfer_similarity(Q.astype(np.float32), P.astype(np.float32))
    assert half.dtype == np.float64
    assert half == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("queries", "documents", "message"),
    [
        ([QUERY], [DOCUMENT, np.empty((0, 3))], "documents must hold sets of at least one"),
        ([QUERY, [[1.0, 2.0]]], [DOCUMENT], "got 3 in set 0 and 2 in set 1"),
        ([QUERY], [[[1.0, 2.0]]], "queries and documents must have the same number"),
        ([QUERY], [[[1.0, 2.0, np.nan]]], r"documents\[0\] contains NaN"),
        (np.ones((2, 0, 3)), [DOCUMENT], "queries"),
        ([], [DOCUMENT], "queries"),
    ],
)
def test_what_is_refused(queries, documents, message):
    with pytest.raises(ValueError, match=message):
        chamfer_similarity(queries, documents)
