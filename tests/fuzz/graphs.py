"""Neighbour graphs, sound and spoilt, at every door that takes one."""

import re
import warnings

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from scipy import sparse
from sklearn.base import clone

from sksim.metrics import k_occurrence
from sksim.utils._faults import ENTRY_FAULTS, GRAPH_FAULTS, refusal, spoil
from tests.fuzz.tally import TALLY
from tests.hubness.family import BARE

__all__ = ["GraphMachine"]


def _assert_sound(output, graph):
    assert output.shape == graph.shape
    assert np.isfinite(output.data).all()
    assert (output.data >= 0).all()
    np.testing.assert_array_equal(output.indptr, graph.indptr)
    for start, stop in zip(graph.indptr[:-1], graph.indptr[1:]):
        assert (np.diff(output.data[start:stop]) >= 0).all()
        assert set(output.indices[start:stop]) == set(graph.indices[start:stop])


REDUCERS = {str(reducer): reducer for reducer in BARE}
NAMES = sorted(REDUCERS)
ENTRIES = st.integers(0, 2**16)


class GraphMachine(RuleBasedStateMachine):
    """A sound graph takes other forms; each form is answered, and each spoilt copy refused."""

    @initialize(
        seed=st.integers(0, 2**32 - 1), n_samples=st.integers(13, 24), depth=st.integers(11, 24)
    )
    def draw(self, seed, n_samples, depth):
        points = np.random.RandomState(seed).standard_normal((n_samples, 3))
        distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :depth]
        ends = np.arange(n_samples + 1) * order.shape[1]
        values = np.take_along_axis(distances, order, axis=1)
        self.graph = sparse.csr_matrix((values.ravel(), order.ravel(), ends), shape=distances.shape)
        self.ready = {}

    @rule(container=st.sampled_from([sparse.csr_matrix, sparse.csr_array]))
    def change_container(self, container):
        parts = self.graph.data, self.graph.indices, self.graph.indptr
        self.graph = container(parts, shape=self.graph.shape)

    @rule(dtype=st.sampled_from([np.float32, np.float64]))
    def change_precision(self, dtype):
        self.graph.data = self.graph.data.astype(dtype)

    @rule(dtype=st.sampled_from([np.int32, np.int64]))
    def change_index_type(self, dtype):
        self.graph.indices = self.graph.indices.astype(dtype)
        self.graph.indptr = self.graph.indptr.astype(dtype)

    @rule(exponent=st.integers(-6, 6))
    def change_unit(self, exponent):
        if 1e-3 < self.graph.data.max() * 10.0**exponent < 1e3:
            self.graph.data *= self.graph.data.dtype.type(10.0**exponent)

    @rule(row=st.integers(1, 12), n_kept=st.integers(0, 5))
    def shorten_row(self, row, n_kept):
        rows = np.repeat(np.arange(self.graph.shape[0]), np.diff(self.graph.indptr))
        place = np.arange(rows.size) - self.graph.indptr[rows]
        kept = (rows != row) | (place < n_kept)
        counts = np.bincount(rows[kept], minlength=self.graph.shape[0])
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(self.graph.indptr.dtype)
        parts = self.graph.data[kept], self.graph.indices[kept], ends
        self.graph = type(self.graph)(parts, shape=self.graph.shape)

    @rule(row=st.integers(0, 12))
    def tie(self, row):
        start, stop = self.graph.indptr[row : row + 2]
        self.graph.data[start + 1 : stop] = self.graph.data[start + 1 : stop].max(initial=0)

    @rule(name=st.sampled_from(NAMES))
    def reduce(self, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.ready[name] = clone(REDUCERS[name]).fit(self.graph)
            _assert_sound(self.ready[name].transform(self.graph), self.graph)
        TALLY.add("graph", "none", "answered")

    @rule()
    def count(self):
        depth = int(np.diff(self.graph.indptr).min()) - 1
        if depth > 0:
            occurrence = k_occurrence(self.graph, n_neighbors=depth, metric="precomputed")
            np.testing.assert_allclose(occurrence.sum(), depth * self.graph.shape[0])
            TALLY.add("graph", "none", "answered")

    @rule(
        fault=st.sampled_from(GRAPH_FAULTS),
        name=st.sampled_from(NAMES),
        draws=st.tuples(ENTRIES, ENTRIES, ENTRIES),
    )
    def refuse(self, fault, name, draws):
        lengths = np.diff(self.graph.indptr)
        row = np.flatnonzero(lengths > 3)[draws[0] % np.count_nonzero(lengths > 3)]
        start, length = self.graph.indptr[row], lengths[row]
        entry = 1 + draws[1] % (length - 1)
        other = 1 + (entry - 1 + 1 + draws[2] % (length - 2)) % (length - 1)
        spoilt = spoil(self.graph, fault, start + entry, start + other)
        doors = [clone(REDUCERS[name]).fit]
        if name in self.ready:
            doors.append(self.ready[name].transform)
        for door in (*doors, _count_one):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                refused = refusal(door, spoilt)
            TALLY.add("graph", fault, "refused" if refused else "answered")
            assert refused, f"{door} answers a graph with a fault: {fault}"
            if fault in ENTRY_FAULTS:
                assert re.search(rf"row {row}\b", str(refused)), str(refused)


def _count_one(graph):
    return k_occurrence(graph, n_neighbors=1, metric="precomputed")
