import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim._search import _selection
from sksim._search._selection import (
    group_size,
    smallest_and_next,
    smallest_entries,
    smallest_values,
)


@given(st.integers(1, 400), st.data(), st.sampled_from([2, 1000]), st.integers(0, 99))
def test_smallest_are_the_first_of_the_stably_sorted_rows(width, data, n_values, seed):
    n_smallest = data.draw(st.integers(1, width))
    D = np.random.RandomState(seed).randint(n_values, size=(7, width)) / 7
    D[0, width // 2 :] = np.inf
    order = np.argsort(D, axis=1, kind="stable")[:, :n_smallest]
    expected = np.take_along_axis(D, order, axis=1)
    np.testing.assert_array_equal(smallest_values(D, n_smallest), expected)
    values, columns = smallest_entries(D, n_smallest)
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(columns, order)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_of_rows_and_layouts(dtype, order, rng, monkeypatch):
    monkeypatch.setattr(_selection, "_BLOCK_MIB", 0.01)
    D = np.asarray(rng.uniform(size=(60, 333)), dtype=dtype, order=order)
    before = D.copy()
    values = smallest_values(D, 5)
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, np.sort(D, axis=1)[:, :5])
    np.testing.assert_array_equal(D, before)


@pytest.mark.parametrize("width", [1, 9, 100, 10**6])
@pytest.mark.parametrize("n_groups", [1, 5, 9])
def test_enough_groups_fit_into_a_row(width, n_groups):
    if n_groups <= width:
        assert width // group_size(width, n_groups) >= n_groups


@given(st.integers(2, 300), st.data(), st.sampled_from([2, 1000]), st.integers(0, 99))
def test_smallest_in_any_order_and_the_next(n_groups, data, n_values, seed):
    n_smallest = data.draw(st.integers(1, n_groups - 1))
    size = data.draw(st.integers(1, 5))
    D = np.random.RandomState(seed).randint(n_values, size=(7, n_groups * size)) / 7
    columns, others = smallest_and_next(D, n_smallest, size)
    ordered = np.sort(D, axis=1)
    found = np.sort(np.take_along_axis(D, columns, axis=1), axis=1)
    np.testing.assert_array_equal(found, ordered[:, :n_smallest])
    np.testing.assert_array_equal(others, ordered[:, n_smallest])
    assert all(np.unique(row).size == n_smallest for row in columns)
