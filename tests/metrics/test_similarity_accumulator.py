import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sksim.metrics
from sksim.metrics import DegenerateSimilarityWarning, SimilarityAccumulator, cka_score
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 5, 1)
PAIRED = {
    "cka_score": [{}, {"unbiased": False}],
    "cca_score": [{}, {"summary": "yanai"}, {"shrinkage": 0.2}, {"n_components": 2}],
    "svcca_score": [{}, {"variance": 0.9}],
    "pwcca_score": [{}, {"weights": "y"}, {"weights": "mean"}],
    "pls_svd_score": [{}],
    "procrustes_score": [{}],
    "procrustes_distance": [{}, {"kind": "unit"}, {"kind": "size_and_shape"}],
    "shape_distance": [{}, {"alpha": 0.5}, {"alpha": 0.0}],
    "gulp_distance": [{"reg": 0.01}],
}
ONE_SIDED = ("participation_ratio", "isoscore", "effective_rank", "stable_rank")


def in_batches(A, B, sizes):
    accumulator = SimilarityAccumulator()
    start = 0
    for size in sizes:
        accumulator.partial_fit(A[start : start + size], B[start : start + size])
        start += size
    if start < len(A):
        accumulator.partial_fit(A[start:], B[start:])
    return accumulator


def assert_exact(accumulator, A, B, tolerance=1e-10):
    for name, variants in PAIRED.items():
        for params in variants:
            expected = getattr(sksim.metrics, name)(A, B, **params)
            value = getattr(accumulator, name)(**params)
            assert value == pytest.approx(expected, rel=tolerance, abs=tolerance), (name, params)
    for name in ONE_SIDED:
        for side, Z in (("x", A), ("y", B)):
            expected = getattr(sksim.metrics, name)(Z)
            value = getattr(accumulator, name)(side=side)
            assert value == pytest.approx(expected, rel=tolerance), (name, side)
    for target, pair in (("y", (A, B)), ("x", (B, A))):
        expected = reference.linear_r2(*pair)
        assert accumulator.linear_r2(target=target) == pytest.approx(expected, abs=tolerance)


@given(sizes=st.lists(st.integers(1, 20), max_size=8))
def test_any_split_equals_one_shot(sizes):
    accumulator = in_batches(X, Y, np.array(sizes)[np.cumsum(sizes) <= 60])
    assert accumulator.n_samples == 60
    assert_exact(accumulator, X, Y)


@given(seed=st.integers(0, 99), cut=st.integers(1, 59))
def test_merge_equals_one_pass_whatever_the_order(seed, cut):
    rng = np.random.RandomState(seed)
    parts = np.split(np.arange(60), np.sort(rng.choice(np.arange(1, 60), 3, replace=False)))
    accumulators = [SimilarityAccumulator().partial_fit(X[part], Y[part]) for part in parts]
    merged = SimilarityAccumulator()
    for i in rng.permutation(4):
        assert merged.merge(accumulators[i]) is merged
    assert [part.n_samples for part in accumulators] == [len(part) for part in parts]
    assert_exact(merged, X, Y)


def test_merge_leaves_the_other_one_alone():
    first = SimilarityAccumulator().partial_fit(X[:30], Y[:30])
    second = SimilarityAccumulator().merge(first)
    second.partial_fit(X[30:], Y[30:])
    assert first.n_samples == 30
    assert first.cka_score() == pytest.approx(cka_score(X[:30], Y[:30]), abs=1e-12)
    assert first.merge(SimilarityAccumulator()).n_samples == 30
    double = copy.deepcopy(first).merge(first)
    assert double.n_samples == 60
    twice = np.vstack([X[:30], X[:30]]), np.vstack([Y[:30], Y[:30]])
    assert double.cka_score() == pytest.approx(cka_score(*twice), abs=1e-12)


@pytest.mark.parametrize("offset", [1e4, 1e6])
def test_large_offsets(offset):
    A, B = reference.golden_pair(60, 8, 8, 0)
    accumulator = in_batches(A + offset, B - offset, [7] * 8)
    assert accumulator.cka_score() == pytest.approx(0.67178763, abs=1e-7)
    assert accumulator.cka_score(unbiased=False) == pytest.approx(0.68790865, abs=1e-7)
    assert accumulator.procrustes_score() == pytest.approx(0.78765512, abs=1e-7)


@pytest.mark.parametrize(
    ("unit_x", "unit_y"), [(1e-150, 1e-150), (1e-60, 1e60), (1e60, 1e60), (1e150, 1e150)]
)
@pytest.mark.parametrize("sizes", [[20, 20], [1] * 60])
def test_extreme_units(unit_x, unit_y, sizes):
    """Products of four values would overflow, or vanish."""
    A, B = unit_x * X, unit_y * Y
    halves = in_batches(A[:30], B[:30], sizes[:30]).merge(in_batches(A[30:], B[30:], sizes[:30]))
    for accumulator in (in_batches(A, B, sizes), halves):
        assert_exact(accumulator, A, B)


def test_units_follow_the_data():
    """Rows that are close together, in a unit of their own, come before ordinary ones."""
    A, B = X.copy(), Y.copy()
    A[:20], B[:20] = 1.0 + 1e-150 * X[:20], 1e-100 * Y[:20]
    for accumulator in (
        in_batches(A, B, [20]),
        in_batches(A[:20], B[:20], [5]).merge(in_batches(A[20:], B[20:], [])),
        in_batches(A[20:], B[20:], []).merge(in_batches(A[:20], B[:20], [5])),
        in_batches(A[:1], B[:1], []).merge(in_batches(A[1:], B[1:], [])),
    ):
        assert_exact(accumulator, A, B)


def test_empty_batches_change_nothing():
    accumulator = SimilarityAccumulator().partial_fit(X[:0], Y[:0])
    assert accumulator.n_samples == 0
    assert_exact(in_batches(X, Y, [20, 0, 0, 20]).merge(accumulator), X, Y)
    accumulator = in_batches(X, Y, []).partial_fit(X[:0], Y[:0])
    assert accumulator.n_samples == 60
    with pytest.raises(ValueError, match="8 and 5 features"):
        accumulator.partial_fit(X[:0], X[:0])


def test_reference_values():
    A, B = reference.golden_pair(60, 8, 8, 0)
    accumulator = in_batches(A, B, [20, 20])
    assert accumulator.linear_r2() == pytest.approx(0.81574995, abs=1e-7)
    assert accumulator.linear_r2(target="x") == pytest.approx(0.87349555, abs=1e-7)
    assert accumulator.cca_score() == pytest.approx(0.60964184, abs=1e-7)


def test_float32_batches_are_summed_in_float64():
    A, B = X.astype(np.float32), Y.astype(np.float32)
    accumulator = in_batches(A, B, [7] * 8)
    assert_exact(accumulator, A.astype(np.float64), B.astype(np.float64))


def test_rounding_of_float32_is_no_direction():
    """Rows whose mean was subtracted in float32; the coarsest batch decides."""
    centered = [(Z - Z.mean(axis=1, keepdims=True)) for Z in (X + 1.0, Y - 1.0)]
    A, B = (Z - Z.mean(axis=1, keepdims=True) for Z in (Z.astype(np.float32) for Z in (X, Y)))
    expected = sksim.metrics.cca_score(*centered)
    accumulator = in_batches(A, B, [7] * 8)
    assert accumulator.cca_score() == pytest.approx(expected, abs=1e-5)
    for single in (slice(0, 30), slice(30, 60)):
        halves = [SimilarityAccumulator(), SimilarityAccumulator()]
        for half, rows in zip(halves, (slice(0, 30), slice(30, 60)), strict=True):
            half.partial_fit(
                *((A[rows], B[rows]) if rows == single else [Z[rows] for Z in centered])
            )
        assert halves[0].merge(halves[1]).cca_score() == pytest.approx(expected, abs=1e-5)


def test_single_rows_and_equal_representations():
    accumulator = in_batches(X, X, [1] * 60)
    assert accumulator.cka_score() == pytest.approx(1.0, abs=1e-12)
    assert accumulator.procrustes_score() == pytest.approx(1.0, abs=1e-12)
    assert accumulator.cca_score() == pytest.approx(1.0, abs=1e-12)
    assert accumulator.linear_r2() == pytest.approx(1.0, abs=1e-12)


def test_rank_deficient_representations():
    A = np.hstack([X, X[:, :3], np.zeros((60, 1))])
    accumulator = in_batches(A, Y, [13] * 4)
    for name in ("cca_score", "procrustes_score", "svcca_score"):
        expected = getattr(sksim.metrics, name)(A, Y)
        assert getattr(accumulator, name)() == pytest.approx(expected, abs=1e-7)


def test_no_more_samples_than_features_warns():
    accumulator = SimilarityAccumulator().partial_fit(X[:8], Y[:8])
    for name in ("cca_score", "pwcca_score", "linear_r2"):
        with pytest.warns(DegenerateSimilarityWarning):
            assert getattr(accumulator, name)() == pytest.approx(1.0, abs=1e-6)


def warns(function, *args, **params):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*args, **params)
    return any(issubclass(warning.category, DegenerateSimilarityWarning) for warning in caught)


@pytest.mark.parametrize("n_samples", [7, 8, 9, 10, 20])
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("cca_score", {}),
        ("cca_score", {"shrinkage": 0.1}),
        ("svcca_score", {"variance": 0.9}),
        ("svcca_score", {"variance": 1.0}),
        ("pwcca_score", {}),
        ("shape_distance", {}),
        ("shape_distance", {"alpha": 0.0}),
        ("gulp_distance", {"reg": 0.1}),
        ("gulp_distance", {"reg": 0.0}),
    ],
)
def test_warns_where_the_function_does(n_samples, name, params):
    for A in (X[:n_samples], np.repeat(X[:n_samples, :2], 4, axis=1)):
        accumulator = SimilarityAccumulator().partial_fit(A, Y[:n_samples])
        expected = warns(getattr(sksim.metrics, name), A, Y[:n_samples], **params)
        assert warns(getattr(accumulator, name), **params) == expected


def test_wrong_use_raises():
    accumulator = SimilarityAccumulator()
    with pytest.raises(ValueError, match="call partial_fit first"):
        accumulator.cka_score()
    accumulator.partial_fit(X[:3], Y[:3])
    with pytest.raises(ValueError, match="At least 4 samples are needed, got 3"):
        accumulator.cka_score()
    with pytest.raises(ValueError, match="8 and 5 features"):
        accumulator.partial_fit(X[:, :7], Y)
    with pytest.raises(ValueError, match="8 and 5 features"):
        accumulator.merge(SimilarityAccumulator().partial_fit(X, X))
    with pytest.raises(ValueError, match="rows"):
        accumulator.partial_fit(X[:5], Y[:4])
    with pytest.raises(TypeError, match="SimilarityAccumulator"):
        accumulator.merge((X, Y))
    with pytest.raises(ValueError, match="NaN"):
        accumulator.partial_fit(X * np.nan, Y)
    assert accumulator.n_samples == 3
    with pytest.raises(ValueError, match="side"):
        accumulator.stable_rank(side="z")
    with pytest.raises(ValueError, match="target"):
        accumulator.linear_r2(target="z")
    constant = SimilarityAccumulator().partial_fit(np.full((9, 2), 0.1), Y[:9])
    with pytest.raises(ValueError, match="X is constant"):
        constant.procrustes_score()


def test_pickle_and_repr():
    accumulator = in_batches(X, Y, [30])
    again = pickle.loads(pickle.dumps(accumulator))
    assert again.cka_score() == accumulator.cka_score()
    assert repr(accumulator) == "SimilarityAccumulator(n_samples=60)"
