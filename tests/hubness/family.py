"""The family of reductions, as the property tests walk through it."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from sksim.hubness import GraphReduction
from sksim.hubness._registry import REDUCTIONS
from tests.hubness.conftest import euclidean, truncated
from tests.reference.hubness import ORACLES, Oracle

FAMILY = sorted(REDUCTIONS.values(), key=lambda cls: cls.__name__)
#: Each reduction with its oracle; without one it is tested by its properties all the same.
WITH_ORACLE = [
    (cls(**oracle.parameters), oracle)
    for cls in FAMILY
    for oracle in ORACLES.get(cls.__name__, [Oracle({}, None)])
]
ALL = [reducer for reducer, _ in WITH_ORACLE]


class Case(NamedTuple):
    """A reduction on truncated graphs, with or without the vectors behind them."""

    reducer: GraphReduction
    with_vectors: bool

    def fit(self, graph, X):
        """Fit a clone by the door that takes what is given."""
        if self.with_vectors:
            return clone(self.reducer).fit_graph(graph, vectors=X)
        return clone(self.reducer).fit(graph)

    def transform(self, fitted, graph, Q):
        """Reduce by the same door."""
        if self.with_vectors:
            return fitted.reduce_graph(graph, queries=Q)
        return fitted.transform(graph)

    def __str__(self):
        return f"{self.reducer}{' with vectors' * self.with_vectors}"


def works_on_a_bare_graph(reducer):
    graph = truncated(euclidean(np.random.RandomState(0).standard_normal((30, 2))), 12)
    try:
        return bool(clone(reducer).fit(graph))
    except ValueError as error:
        return "needs the vectors behind the graph" not in str(error)


BARE = [reducer for reducer in ALL if works_on_a_bare_graph(reducer)]
CASES = [Case(reducer, False) for reducer in BARE]
CASES += [Case(reducer, True) for reducer in ALL if reducer.needs_vectors]
