import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import config_context

from sksim.metrics import cka_score
from sksim.metrics.similarity.matrices import _pair_matrix
from tests.reference import similarity as reference

X, Y = reference.golden_pair(40, 6, 5, 3)


def squared_distances(X):
    pairs = _pair_matrix.euclidean_pairs(X, np.asarray)
    return pairs.block(slice(0, len(X)))


@pytest.mark.parametrize("gap", [0.0, 1e4, 1e8])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_no_squared_distance_cancels(gap, dtype):
    """Relative accuracy for duplicates, near-duplicates and clusters far apart."""
    A = np.vstack([X, X[:5], X[:5] * (1 + 1e-6)])
    A = (A + gap * (np.arange(50) % 3 == 0)[:, None]).astype(dtype)
    centered = (A - A.mean(axis=0, dtype=np.float64)).astype(dtype).astype(np.float64)
    expected = cdist(centered, centered, "sqeuclidean")
    rounding = 1e-9 if dtype == np.float64 else 1e-3
    np.testing.assert_allclose(squared_distances(A), expected, rtol=rounding, atol=1e-7 * rounding)
    same = cdist(A, A) == 0
    assert (squared_distances(A)[same] == 0).all()


@pytest.mark.parametrize(
    ("dtype", "exponent"),
    [(np.float32, -36), (np.float32, 36), (np.float64, -150), (np.float64, 150)],
)
def test_kernels_of_extreme_units(dtype, exponent):
    unit = 10.0**exponent
    pair = [(unit * Z).astype(dtype) for Z in (X, Y)]
    for unbiased in (True, False):
        expected = cka_score(X, Y, kernel="rbf", unbiased=unbiased)
        value = cka_score(*pair, kernel="rbf", unbiased=unbiased)
        assert value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_squares_out_of_range_raise(unit):
    """Or give the value of any other unit; never that of squares that overflow."""
    try:
        value = cka_score(unit * X, Y, kernel="rbf")
    except ValueError as error:
        assert "rescale" in str(error)  # noqa: PT017
    else:
        assert value == pytest.approx(cka_score(X, Y, kernel="rbf"), abs=1e-9)


def test_blocks_that_are_kept_are_formed_once(monkeypatch):
    """Also where the first block is asked for in part, and where the working memory changes."""
    X = np.random.RandomState(0).standard_normal((40, 3))
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 16)
    plain = _pair_matrix.euclidean_pairs(X, _pair_matrix.identity)
    kept = _pair_matrix.keep_blocks(plain)
    formed = []
    products = _pair_matrix.StreamedPairs._products
    monkeypatch.setattr(
        _pair_matrix.StreamedPairs,
        "_products",
        lambda self, rows: formed.append(rows) or products(self, rows),
    )
    roots = kept.transformed(np.sqrt, 1.0)
    for pairs, expected in [(kept, plain), (roots, plain.transformed(np.sqrt, 1.0))]:
        for rows in (*_pair_matrix.pair_blocks(40), slice(0, 5), slice(16, 20)):
            before = len(formed)
            np.testing.assert_allclose(pairs.block(rows), expected.block(rows), atol=1e-15)
            known = 1 if rows.stop - rows.start in (5, 4) else int(pairs is kept)
            assert len(formed) - before == 1 + known
    order = np.arange(40)[::-1]
    np.testing.assert_allclose(
        roots.permuted(order).block(slice(0, 40)),
        np.sqrt(plain.reordered(order).block(slice(0, 40))),
    )
    with config_context(working_memory=0.001):
        assert _pair_matrix.keep_blocks(plain) is plain
