import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.generative._steps import best_path, optimal_ratio, step_cost
from tests.reference import diffusion as oracle


@given(n=st.integers(3, 7), seed=st.integers(0, 999), data=st.data())
def test_best_path_equals_the_search_of_all_paths(n, seed, data):
    n_steps = data.draw(st.integers(1, n - 1))
    cost = np.triu(np.random.RandomState(seed).exponential(size=(n, n)), 1)
    cost[np.tril_indices(n)] = np.inf

    def total(nodes):
        return sum(cost[i, j] for i, j in itertools.pairwise(nodes))

    ways = itertools.combinations(range(1, n - 1), n_steps - 1)
    expected = min(total((0, *middle, n - 1)) for middle in ways)
    nodes = best_path(cost, n_steps)
    assert len(nodes) == n_steps + 1
    assert nodes[0] == 0
    assert nodes[-1] == n - 1
    assert total(nodes) == pytest.approx(expected)


@given(loss=st.floats(0, 1e3), n_features=st.integers(1, 100))
def test_cost_of_a_step(loss, n_features):
    ratio = optimal_ratio(loss, n_features)
    assert ratio == pytest.approx(oracle.optimal_ratio(loss, n_features))
    optimal = oracle.ratio_penalty(ratio, n_features) + ratio * loss
    got = step_cost(loss, n_features, optimal=True)
    assert got == pytest.approx(optimal, abs=1e-9)
    assert step_cost(loss, n_features, optimal=False) == loss >= got
