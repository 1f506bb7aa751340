import numpy as np
import pytest

from sksim.hubness._proximity._symmetric import combine_with_transpose, is_symmetric


@pytest.mark.parametrize("n", [1, 255, 256, 600])
def test_tiles_equal_the_whole(n):
    F = np.random.RandomState(0).uniform(size=(n, n))
    expected = F + F.T - F * F.T
    assert is_symmetric(expected)
    assert is_symmetric(F) == (n == 1)
    combine_with_transpose(F, lambda p, q: p + q - p * q)
    np.testing.assert_array_equal(F, expected)


def test_one_entry_breaks_the_symmetry():
    D = np.ones((600, 600))
    D[590, 10] = np.nextafter(1.0, 2.0)
    assert not is_symmetric(D)
