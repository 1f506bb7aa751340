import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import config_context

from sksim.metrics import cka_score
from sksim.metrics._steps import identity
from sksim.metrics.similarity.matrices import _pair_matrix
from tests.reference import similarity as reference

X, Y = reference.golden_pair(40, 6, 5, 3)
RNG = np.random.RandomState(0)


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


@pytest.fixture
def formed(monkeypatch):
    """Rows that are formed of the samples, in order; blocks have 16 of them."""
    rows_formed = []
    form = _pair_matrix.StreamedPairs.formed
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 16)
    monkeypatch.setattr(
        _pair_matrix.StreamedPairs,
        "formed",
        lambda self, rows: rows_formed.append((rows.start, rows.stop)) or form(self, rows),
    )
    return rows_formed


ROWS = [slice(0, 5), slice(16, 20), slice(0, 16), slice(16, 32), slice(32, 40), slice(33, 35)]


def test_blocks_that_are_kept_are_formed_once(formed):
    """Also where a block is asked for in part, before and after a transform."""
    plain = _pair_matrix.euclidean_pairs(RNG.standard_normal((40, 3)), identity)
    kept = _pair_matrix.keep_blocks(plain)
    roots, expected = (pairs.transformed(np.sqrt, 1.0) for pairs in (kept, plain))
    values = [[pairs.block(rows) for rows in ROWS] for pairs in (kept, roots, kept)]
    assert formed == [(0, 16), (16, 32), (32, 40)]
    for k, rows in enumerate(ROWS):
        np.testing.assert_allclose(values[0][k], plain.block(rows), atol=1e-14)
        np.testing.assert_allclose(values[1][k], expected.block(rows), atol=1e-7)
        np.testing.assert_array_equal(values[2][k], values[0][k])
    order = np.arange(40)[::-1]
    np.testing.assert_allclose(
        roots.permuted(order).block(slice(0, 40)),
        np.sqrt(plain.reordered(order).block(slice(0, 40))),
    )


def test_as_many_blocks_are_kept_as_half_of_the_working_memory_holds(formed):
    """None where the working memory is too small for the blocks that two matrices form at once."""
    plain = _pair_matrix.euclidean_pairs(RNG.standard_normal((100, 3)), identity)
    all_rows = [slice(first, min(first + 8, 100)) for first in range(0, 100, 8)]
    for n_bytes, rows_kept in [(51_000, 0), (52_000, 32), (80_000, 64), (100_000, 100)]:
        with config_context(working_memory=n_bytes / 2**20):
            assert _pair_matrix.kept_rows(100, 8) == rows_kept
            kept = _pair_matrix.keep_blocks(plain)
        assert (kept is plain) == (rows_kept == 0)
        for rows in [*all_rows, slice(10, 20)]:
            np.testing.assert_allclose(kept.block(rows), plain.block(rows), atol=1e-14)
        if rows_kept:
            assert sum(block.nbytes for block in kept.kept.values()) <= n_bytes / 2
        del formed[:]
        for rows in all_rows:
            kept.formed(rows)
        assert formed == [(rows.start, rows.stop) for rows in all_rows if rows.stop > rows_kept]


@pytest.mark.parametrize("kind", ["streamed", "kept", "transformed"])
def test_entries_of_few_rows_are_those_of_the_block(kind, monkeypatch):
    monkeypatch.setattr(_pair_matrix, "CACHED_ENTRIES", 100)
    pairs = _pair_matrix.euclidean_pairs(RNG.standard_normal((40, 3)), np.sqrt, 2.0)
    if kind == "kept":
        pairs = _pair_matrix.keep_small(pairs)
    elif kind == "transformed":
        pairs = _pair_matrix.shifted(_pair_matrix.keep_blocks(pairs))
    full = pairs.block(slice(0, 40))
    np.testing.assert_allclose(full, full.T, atol=1e-14)
    seen = []
    for rows, (few,) in _pair_matrix.entries_of([pairs], [slice(0, 24), slice(24, 40)]):
        np.testing.assert_allclose(few, full[rows, rows.start :], atol=1e-14)
        seen += range(rows.start, rows.stop)
    assert seen == list(range(40))
    total = _pair_matrix.pair_product(pairs, pairs)
    assert total == pytest.approx(np.sum(full**2), rel=1e-13)
    assert pairs.square == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(pairs.row_sums, full.sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(np.diag(full), 0.0)
