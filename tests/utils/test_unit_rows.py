import numpy as np
import pytest
from scipy import sparse

from sksim.utils._unit_rows import unit_rows


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csr_array])
@pytest.mark.parametrize("scale", [1.0, 1e-18, 1e-170, 1e-300, 1e170, 1e300])
def test_unit_length_in_any_unit(rng, container, scale):
    X = rng.standard_normal((7, 5))
    X[3] = 0
    X[0, 1:] = 0
    given = container(X * scale)
    got = unit_rows(given)
    assert type(got) is type(given)
    assert abs(given - container(X * scale)).max() == 0
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    expected = np.divide(X, lengths, out=np.zeros_like(X), where=lengths > 0)
    got = got.toarray() if sparse.issparse(got) else got
    np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_one_row_in_another_unit(rng):
    X = rng.standard_normal((6, 4))
    scaled = X * np.array([1, 1e-200, 1e200, 1, 1e-308, 1e300])[:, None]
    np.testing.assert_allclose(unit_rows(scaled), unit_rows(X), rtol=1e-10)


def test_float32_is_computed_in_float64(rng):
    X = rng.standard_normal((6, 4)).astype(np.float32) * np.float32(1e-30)
    got = unit_rows(X)
    assert got.dtype == np.float64
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rows_do_not_depend_on_the_batch(rng, container):
    X = rng.standard_normal((6, 4))
    X[3] *= 1e200
    got, alone = unit_rows(container(X)), unit_rows(container(X[:3]))
    assert abs(got[:3] - alone).max() == 0
