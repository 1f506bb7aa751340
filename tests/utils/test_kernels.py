import subprocess
import sys

import numpy as np
import pytest

from sksim.utils import _kernels
from sksim.utils._kernels import compiled, count_jointly_above


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


def test_without_numba_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(_kernels, "find_spec", lambda name: None)
    assert compiled.__wrapped__(count_jointly_above) is None


def test_numba_is_imported_on_use_only():
    code = (
        "import sys, sksim.utils._kernels, sksim.utils._search, sksim.utils._empirical;"
        "print('numba' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert output.stdout.split() == [b"False"]
