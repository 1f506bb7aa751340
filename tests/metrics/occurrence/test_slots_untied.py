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
