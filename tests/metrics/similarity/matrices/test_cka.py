import math
import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from sklearn import config_context
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from sksim.metrics import _centered_rows, cka_distance, cka_score, distance_correlation_score
from sksim.metrics.similarity.matrices import _cka, _pair_matrix
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
RNG = np.random.RandomState(0)
shapes = st.tuples(st.integers(5, 12), st.integers(1, 15), st.integers(1, 15))


def random_pair(shape, seed=0):
    rng = np.random.RandomState(seed)
    n, d1, d2 = shape
    return rng.standard_normal((n, d1)) + 3, rng.standard_normal((n, d2)) - 2


def test_the_input_of_the_reference_values():
    sums = [X[0, 0], Y[-1, -1], X.sum(), Y.sum()]
    np.testing.assert_allclose(sums, [0.0568583, -0.97701186, -189.7136216, 65.17220856], atol=1e-7)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"unbiased": False}, 0.68790865),
        ({}, 0.67178763),
        ({"kernel": "rbf", "unbiased": False}, 0.69668043),
        ({"kernel": "rbf"}, 0.65953689),
        ({"kernel": "rbf", "unbiased": False, "gamma": 0.5}, 0.98724826),
    ],
)
def test_reference_values(params, expected):
    assert cka_score(X, Y, **params) == pytest.approx(expected, abs=1e-7)


def test_angle_of_the_reference_value():
    assert cka_distance(X, Y, unbiased=False) == pytest.approx(0.81219267, abs=1e-7)
    chord = cka_distance(X, Y, unbiased=False, kind="chordal")
    assert chord == pytest.approx(math.sqrt(2 - 2 * 0.68790865), abs=1e-7)


@given(shape=shapes, unbiased=st.booleans())
def test_linear_equals_the_definition_on_every_route(shape, unbiased):
    A, B = random_pair(shape)
    expected = reference.cka(reference.linear_kernel(A), reference.linear_kernel(B), unbiased)
    assert cka_score(A, B, unbiased=unbiased) == pytest.approx(expected, abs=1e-10)


@given(shape=shapes, unbiased=st.booleans())
def test_rbf_equals_the_definition(shape, unbiased):
    A, B = random_pair(shape)
    kernels = [reference.rbf_kernel(Z, reference.median_gamma(Z)) for Z in (A, B)]
    expected = reference.cka(*kernels, unbiased)
    assert cka_score(A, B, kernel="rbf", unbiased=unbiased) == pytest.approx(expected, abs=1e-9)
    expected = reference.cka(*(reference.rbf_kernel(Z, 0.3) for Z in (A, B)), unbiased)
    value = cka_score(A, B, kernel="rbf", gamma=0.3, unbiased=unbiased)
    assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("unbiased", [True, False])
def test_precomputed_and_callable_kernels(unbiased):
    expected = cka_score(X, Y, unbiased=unbiased)
    grams = X @ X.T, Y @ Y.T
    value = cka_score(*grams, kernel="precomputed", unbiased=unbiased)
    assert value == pytest.approx(expected, abs=1e-10)
    rbf = cka_score(X, Y, kernel="rbf", gamma=0.1, unbiased=unbiased)
    by_callable = cka_score(X, Y, kernel=partial(rbf_kernel, gamma=0.1), unbiased=unbiased)
    assert by_callable == pytest.approx(rbf, abs=1e-10)
    polynomial = reference.cka(polynomial_kernel(X), polynomial_kernel(Y), unbiased)
    value = cka_score(X, Y, kernel=polynomial_kernel, unbiased=unbiased)
    assert value == pytest.approx(polynomial, abs=1e-9)


@pytest.mark.parametrize(("unbiased", "exact"), [(False, 0.68790865), (True, 0.67178763)])
@pytest.mark.parametrize("offset", [10, 100, 1000])
def test_offsets_in_float32(unbiased, exact, offset):
    pair = [(Z + offset).astype(np.float32) for Z in (X, Y)]
    rounded = [Z.astype(np.float64) for Z in pair]
    of_rounded = reference.cka(*map(reference.linear_kernel, rounded), unbiased)
    assert cka_score(*pair, unbiased=unbiased) == pytest.approx(of_rounded, abs=1e-6)
    assert cka_score(*pair, unbiased=unbiased) == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("offset", [1e3, 1e4, 1e6])
def test_offsets_in_float64(offset):
    pair = X + offset, Y - offset
    assert cka_score(*pair, unbiased=False) == pytest.approx(0.68790865, abs=1e-7)
    assert cka_score(*pair) == pytest.approx(0.67178763, abs=1e-7)
    assert cka_score(*pair, kernel="rbf") == pytest.approx(0.65953689, abs=1e-7)


@given(seed=st.integers(0, 100), n=st.integers(20, 60))
def test_blocks_and_streamed_median_change_nothing(seed, n):
    A, B = random_pair((n, 3, 5), seed)
    expected = cka_score(A, B, kernel="rbf"), cka_score(A, B, kernel="rbf", unbiased=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pair_matrix, "MAX_KEPT", 10)
        patch.setattr(_pair_matrix, "BLOCK_ROWS", 7)
        streamed = cka_score(A, B, kernel="rbf"), cka_score(A, B, kernel="rbf", unbiased=False)
        single = cka_score(A.astype(np.float32), B.astype(np.float32), kernel="rbf")
    assert streamed == pytest.approx(expected, abs=1e-10)
    assert single == pytest.approx(expected[0], abs=1e-5)


def test_streamed_median_of_clusters_is_exact(monkeypatch):
    """Two clusters: the sample's bracket misses the median, the next width finds it."""
    A = np.concatenate([RNG.standard_normal((40, 2)), 1000 + RNG.standard_normal((17, 2))])
    B = RNG.standard_normal((57, 2))
    expected = cka_score(A, B, kernel="rbf")
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    assert cka_score(A, B, kernel="rbf") == pytest.approx(expected, abs=1e-10)


def test_streaming_respects_the_working_memory(monkeypatch):
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    expected = cka_score(X, Y, kernel="rbf")
    with config_context(working_memory=0.005):
        assert len(list(_pair_matrix.pair_blocks(60))) > 10
        assert cka_score(X, Y, kernel="rbf") == pytest.approx(expected, abs=1e-12)


def test_float32_products_of_many_rows_are_accurate():
    A = RNG.standard_normal((9000, 20)) * np.linspace(0.1, 3, 20) + 100
    B = A[:, :12] + RNG.standard_normal((9000, 12))
    pair = A.astype(np.float32), B.astype(np.float32)
    for unbiased in (True, False):
        exact = cka_score(*(Z.astype(np.float64) for Z in pair), unbiased=unbiased)
        assert cka_score(*pair, unbiased=unbiased) == pytest.approx(exact, abs=5e-7)


def test_near_duplicates_in_float32_do_not_cancel(monkeypatch):
    """Pairs much closer than their distance from the centre, streamed in float32."""
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    base = np.repeat(RNG.standard_normal((20, 4)), 3, axis=0)
    A = (base + 1e-4 * RNG.standard_normal((60, 4))).astype(np.float32)
    single = cka_score(A, Y.astype(np.float32), kernel="rbf")
    double = cka_score(A.astype(np.float64), Y, kernel="rbf")
    assert single == pytest.approx(double, abs=1e-6)


def test_wide_rbf_kernel_becomes_the_linear_one():
    gammas = [1.0 / (2.0 * (1e4 * 7.0) ** 2)]
    for unbiased in (True, False):
        wide = cka_score(X, Y, kernel="rbf", gamma=gammas[0], unbiased=unbiased)
        assert wide == pytest.approx(cka_score(X, Y, unbiased=unbiased), abs=1e-6)


def test_width_raises_the_biased_score_only():
    noise = [RNG.standard_normal((50, 1000)) for _ in range(2)]
    assert cka_score(*noise, unbiased=False) > 0.9
    assert abs(cka_score(*noise)) < 0.15


def test_equidistant_samples_raise():
    with pytest.raises(ValueError, match="equally similar"):
        cka_score(np.eye(10), X[:10])
    with pytest.raises(ValueError, match="equally similar"):
        cka_score(X[:10], np.eye(10), kernel="rbf")
    assert 0 < cka_score(np.eye(10), X[:10], unbiased=False) < 1


def test_coinciding_samples_need_a_gamma():
    A = np.zeros((20, 2))
    A[:3] = 1
    with pytest.raises(ValueError, match="gamma"):
        cka_score(A, X[:20], kernel="rbf")
    assert math.isfinite(cka_score(A, X[:20], kernel="rbf", gamma=1.0))


def test_a_kernel_must_be_square_and_symmetric():
    with pytest.raises(ValueError, match="square"):
        cka_score(X, Y, kernel="precomputed")
    skew = np.triu(X @ X.T)
    with pytest.raises(ValueError, match="symmetric"):
        cka_score(skew, Y @ Y.T, kernel="precomputed")


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="kernel"):
        cka_score(X, Y, kernel="poly")
    with pytest.raises(ValueError, match="gamma"):
        cka_score(X, Y, kernel="rbf", gamma=0)
    with pytest.raises(ValueError, match="kind"):
        cka_distance(X, Y, kind="euclidean")


def test_kernel_of_the_features_is_refused():
    X = np.random.RandomState(0).standard_normal((12, 5))
    with pytest.raises(ValueError, match=r"matrix of the 12 samples, got shape \(5, 5\)"):
        cka_score(X, X[::-1], kernel=lambda A, B: A.T @ B)


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_rows_are_centered_in_blocks(unbiased, dtype, monkeypatch):
    """Rest of the last block, sums in float32 that are added in float64, products one by one."""
    A, B = (Z.astype(dtype) for Z in random_pair((61, 5, 3)))
    expected = reference.cka(
        *(reference.linear_kernel(Z.astype(np.float64)) for Z in (A, B)), unbiased
    )
    for name, value in [("BLOCK_ENTRIES", 20), ("MIN_ROWS", 7), ("FLOAT32_BLOCKS", 2)]:
        monkeypatch.setattr(_centered_rows, name, value)
    close = pytest.approx(expected, abs=1e-6 if dtype == np.float32 else 1e-12)
    assert cka_score(A, B, unbiased=unbiased) == close
    assert cka_score(np.asfortranarray(A), B[:, ::-1], unbiased=unbiased) == close
    assert cka_score(A.astype(np.float64), B, unbiased=unbiased) == close
    monkeypatch.setattr(_cka, "MAX_TOGETHER", 2)
    assert cka_score(A, B, unbiased=unbiased) == close


@pytest.mark.parametrize(("dtype", "power"), [(np.float32, 30), (np.float64, 200)])
@pytest.mark.parametrize("unbiased", [True, False])
def test_extreme_units_of_the_linear_kernel(dtype, power, unbiased):
    """The squares of one side overflow, those of the other vanish."""
    A, B = (Z.astype(dtype) for Z in random_pair((40, 4, 6)))
    expected = cka_score(A, B, unbiased=unbiased)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled = cka_score(A * dtype(10.0**power), B * dtype(10.0**-power), unbiased=unbiased)
    assert scaled == pytest.approx(expected, abs=1e-6 if dtype == np.float32 else 1e-12)


def test_what_is_constant_up_to_rounding_raises():
    rounding = 1e8 + np.spacing(1e8) * RNG.randint(2, size=(50, 3))
    assert (rounding != rounding[0]).any()
    with pytest.raises(ValueError, match="constant up to rounding"):
        cka_score(rounding, X[:50, :4])


def test_a_permuted_side_forms_what_is_not_known():
    """Sides are prepared, permuted and compared in any order, also with themselves."""
    A, B = random_pair((50, 4, 6))
    order = RNG.permutation(50)
    for unbiased in (True, False):
        steps = _cka._cka_steps(unbiased=unbiased)
        x, y = steps.prepare(A), steps.prepare(B)
        again = steps.permute(steps.permute(y, order), order)
        expected = cka_score(A, B[order][order], unbiased=unbiased)
        assert steps.compare(x, again) == pytest.approx(expected, abs=1e-12)
        assert steps.compare(x, x) == 1.0
        known = steps.permute(x, order)
        assert known.product == x.product
        expected = cka_score(A[order], B, unbiased=unbiased)
        assert steps.compare(known, y) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_are_worked_on_together_change_nothing(monkeypatch, dtype):
    """Transforms that overwrite, blocks that are kept, and sums of rows and of columns."""
    A, B = (Z.astype(dtype) for Z in reference.golden_pair(90, 4, 3, 0))
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    scores = []
    for n_entries in (1, 200, 2**16):
        monkeypatch.setattr(_pair_matrix, "CACHED_ENTRIES", n_entries)
        scores.append([cka_score(A, B, kernel="rbf"), distance_correlation_score(A, B)])
    np.testing.assert_allclose(scores, scores[:1] * 3, rtol=10 * np.finfo(dtype).eps)


def test_sampled_pairs_bracket_the_median():
    """Every sample has as many partners: clusters in the order of the rows do no harm."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 3)) + 20.0 * np.repeat(np.arange(4) ** 2, 500)[:, None]
    pairs = _pair_matrix.euclidean_pairs(X, np.asarray)
    sample = _cka._sample_of_pairs(pairs)
    below = np.mean(pdist(X, "sqeuclidean") < np.median(sample))
    assert abs(below - 0.5) < 0.01
