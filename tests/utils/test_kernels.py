import subprocess
import sys

import numpy as np
import pytest

from sksim.utils import _kernels
from sksim.utils._kernels import compiled, count_jointly_above, push_pairs


def test_compiled_kernel_gives_the_numbers_of_its_source(rng):
    pytest.importorskip("numba")
    ranks, others = rng.randint(9, size=(4, 24)), rng.randint(9, size=(6, 24))
    own, other = rng.randint(9, size=(4, 6)), rng.randint(9, size=(4, 6))
    counts = np.zeros((2, 4, 6), dtype=np.uint16)
    count_jointly_above(ranks, own, others, other, counts[0])
    compiled(count_jointly_above)(ranks, own, others, other, counts[1])
    above = (ranks[:, None] > own[:, :, None]) & (others > other[:, :, None])
    expected = above.sum(axis=2)
    np.testing.assert_array_equal(counts, [expected, expected])


def test_pairs_are_pushed_to_both_sides(rng):
    pytest.importorskip("numba")
    products, halves = rng.standard_normal((90, 90)), rng.uniform(size=90)
    products += products.T
    bounds = products + halves
    np.fill_diagonal(bounds, np.inf)
    order = np.argsort(bounds, axis=1)[:, :4]
    for push in (push_pairs, compiled(push_pairs)):
        values, columns = np.full((90, 4), np.inf), np.full((90, 4), -1)
        for row, column in [(0, 0), (0, 40), (40, 40)]:
            block = products[row : row + 40 if row == 0 else None, column : column + 50]
            block = block[:, :40] if column == 0 else block
            push(np.ascontiguousarray(block), halves, row, column, values, columns)
        np.testing.assert_array_equal(columns, order)
        np.testing.assert_allclose(values, np.take_along_axis(bounds, order, axis=1))


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
