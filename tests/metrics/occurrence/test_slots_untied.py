"""Graphs whose rows do not tie for their last slots take a shorter way to the same counts."""

import numpy as np
import pytest
from scipy import sparse

from sksim.metrics import hubness_report, k_occurrence
from sksim.metrics.occurrence import _slots


def graph_of(values, rng, own):
    n = len(values)
    others = np.array([rng.permutation(np.delete(np.arange(n), i)) for i in range(n)])
    columns = others[:, : values.shape[1]]
    if own:
        columns = np.column_stack([np.arange(n), columns])
        values = np.column_stack([np.zeros(n), values])
    indptr = np.arange(n + 1) * columns.shape[1]
    return sparse.csr_matrix((values.ravel(), columns.ravel(), indptr), shape=(n, n))


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("ties", ["fractional", "index"])
@pytest.mark.parametrize("n_values", [4, 10**6])
@pytest.mark.parametrize("n_neighbors", [3, 5, 8])
def test_both_ways_give_the_same_counts(rng, monkeypatch, own, ties, n_values, n_neighbors):
    values = np.sort(1 + rng.randint(n_values, size=(40, 8)), axis=1).astype(float)
    graph = graph_of(values, rng, own)
    options = {"n_neighbors": n_neighbors, "metric": "precomputed", "ties": ties}
    short = k_occurrence(graph, **options)
    y = np.arange(40) % 3
    report = hubness_report(graph, y=y, **options)
    monkeypatch.setattr(_slots, "_untied_slots", lambda *arguments: None)
    np.testing.assert_array_equal(short, k_occurrence(graph, **options))
    assert report.bad_hubness == hubness_report(graph, y=y, **options).bad_hubness


@pytest.mark.parametrize("exclude_self", ["auto", True, False])
@pytest.mark.parametrize("place", ["first", "later", "without one", "empty row", "empty end"])
def test_own_entries_are_those_of_their_column(rng, exclude_self, place):
    """Also where a row without entries begins where the next one does."""
    values = np.sort(1 + rng.rand(12, 5), axis=1)
    graph = graph_of(values, rng, own=place != "without one")
    if place == "later":  # a duplicate before the sample itself
        graph.data[1] = 0.0
        graph.indices[:2] = graph.indices[1::-1].copy()
    elif place.startswith("empty"):
        row = 11 if place == "empty end" else 4
        kept = np.repeat(np.arange(12), np.diff(graph.indptr)) != row
        indptr = np.concatenate([[0], np.cumsum(6 * (np.arange(12) != row))])
        graph = sparse.csr_matrix((graph.data[kept], graph.indices[kept], indptr), (12, 12))
    own = _slots._own_entries(graph, exclude_self)
    rows = np.repeat(np.arange(12), np.diff(graph.indptr))
    expected = (graph.indices == rows) & (exclude_self is not False)
    np.testing.assert_array_equal(own, expected)
