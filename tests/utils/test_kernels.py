import subprocess
import sys

import numpy as np
import pytest

from sksim._search._points import _adds_like_einsum
from sksim.utils import _kernels
from sksim.utils._kernels import (
    compiled,
    count_jointly_above,
    push_products,
    squared_distances,
)


@pytest.mark.parametrize("n_columns", [1, 3, 4, 6])
def test_compiled_kernel_gives_the_numbers_of_its_source(rng, n_columns):
    pytest.importorskip("numba")
    ranks, others = rng.randint(9, size=(4, 24)), rng.randint(9, size=(n_columns, 24))
    own, other = rng.randint(9, size=(2, 4, n_columns))
    counts = np.zeros((2, 4, n_columns), dtype=np.uint16)
    count_jointly_above(ranks, own, others, other, counts[0])
    compiled(count_jointly_above)(ranks, own, others, other, counts[1])
    above = (ranks[:, None] > own[:, :, None]) & (others > other[:, :, None])
    expected = above.sum(axis=2)
    np.testing.assert_array_equal(counts, [expected, expected])


def smallest(bounds, n_smallest):
    order = np.argsort(bounds, axis=1)[:, :n_smallest]
    return order, np.take_along_axis(bounds, order, axis=1)


def empty_lists(n_lists, capacity):
    values, columns = np.full((n_lists, capacity), np.inf), np.full((n_lists, capacity), -1)
    return np.full(n_lists, np.inf), np.zeros(n_lists, dtype=int), values, columns


def check_lists(lists, expected, n_kept):
    order = np.argsort(lists[2], axis=1)[:, :n_kept]
    np.testing.assert_array_equal(np.take_along_axis(lists[3], order, axis=1), expected[0])
    np.testing.assert_allclose(np.take_along_axis(lists[2], order, axis=1), expected[1])
    assert (lists[1] >= n_kept).all()
    assert (lists[1] < lists[2].shape[1]).all()


def test_pairs_are_pushed_to_both_sides(rng):
    pytest.importorskip("numba")
    products, halves = rng.standard_normal((96, 96)), rng.uniform(size=96)
    products += products.T
    bounds = products + halves
    np.fill_diagonal(bounds, np.inf)
    expected = smallest(bounds, 4)
    own = np.full(96, -1)
    for push in (push_products, compiled(push_products)):
        lists = empty_lists(96, 9)
        for row, column in [(0, 0), (0, 32), (32, 32)]:
            block = products[row : row + 32 if row == 0 else None]
            block = np.ascontiguousarray(block[:, column : 32 if column == 0 else None])
            push(block, halves, row, column, own, True, 4, *lists)
        check_lists(lists, expected, 4)


def test_products_are_pushed_to_their_rows(rng):
    pytest.importorskip("numba")
    products, halves = rng.standard_normal((40, 96)), rng.uniform(size=96)
    own = rng.permutation(96)[:40]
    bounds = products + halves
    bounds[np.arange(40), own] = np.inf
    expected = smallest(bounds, 6)
    for push in (push_products, compiled(push_products)):
        lists = empty_lists(40, 7)  # full with each new entry
        for column in (32, 64, 0):
            block = np.ascontiguousarray(products[:, column : column + 32])
            push(block, halves, 0, column, own, False, 6, *lists)
        check_lists(lists, expected, 6)


def test_lists_of_many_ties_are_cut(rng):
    pytest.importorskip("numba")
    n_kept, halves = 4000, np.zeros(32 * 512)
    own = np.full(3, -1)
    for n_values in (1, 2, 5):
        products = rng.randint(n_values, size=(3, halves.size)).astype(float)
        limits, counts, values, columns = lists = empty_lists(3, n_kept + n_kept // 2 + 16)
        compiled(push_products)(products, halves, 0, 0, own, False, n_kept, *lists)
        np.testing.assert_array_equal(
            np.sort(values, axis=1)[:, :n_kept], np.sort(products, axis=1)[:, :n_kept]
        )
        assert (counts >= n_kept).all()
        kept = columns[:, :n_kept]
        np.testing.assert_array_equal(
            np.take_along_axis(products, kept, axis=1), values[:, :n_kept]
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [1, 2, 7, 8, 25, 130])
def test_squared_distances_have_the_bits_of_einsum(n_features, dtype, rng):
    pytest.importorskip("numba")
    x, Y = rng.standard_normal((5, n_features)), rng.standard_normal((40, n_features)).astype(dtype)
    columns, factors = rng.randint(40, size=(5, 19)), rng.uniform(size=40)
    for factor in (np.empty(0), factors):
        y = Y.astype(float) * (factor[:, None] if factor.size else 1)
        difference = y[columns] - x[:, None]
        expected = np.einsum("ijk,ijk->ij", difference, difference)
        for kernel in (squared_distances, compiled(squared_distances)):
            squared = np.empty((5, 19))
            kernel(x, Y, factor, columns, squared)
            np.testing.assert_allclose(squared, expected, rtol=1e-14)
            if _adds_like_einsum(compiled(squared_distances)):
                np.testing.assert_array_equal(squared, expected)


def test_kernels_are_compiled_where_nothing_can_be_cached():
    pytest.importorskip("numba")
    namespace = {}
    exec("def twice(x):\n    return 2 * x", namespace)
    assert compiled(namespace["twice"])(21) == 42


def test_without_numba_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(_kernels, "find_spec", lambda name: None)
    assert compiled.__wrapped__(count_jointly_above) is None


def test_numba_is_imported_on_use_only():
    code = (
        "import sys, sksim.utils._kernels, sksim._search._exact;"
        "import sksim.hubness._proximity._empirical_complete;"
        "print('numba' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert output.stdout.split() == [b"False"]
