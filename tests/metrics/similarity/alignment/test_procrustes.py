import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import procrustes as scipy_procrustes

from sksim.metrics import (
    DegenerateSimilarityWarning,
    canonical_correlations,
    cca_score,
    permutation_distance,
    procrustes_distance,
    procrustes_score,
    shape_distance,
)
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
shapes = st.tuples(st.integers(5, 30), st.integers(1, 12), st.integers(1, 12))


def random_pair(shape):
    rng = np.random.RandomState(sum(shape))
    n, d1, d2 = shape
    return rng.standard_normal((n, d1)), rng.standard_normal((n, d2))


def rotation(width):
    return np.linalg.qr(np.random.RandomState(1).standard_normal((width, width)))[0]


def test_equal_representations_score_one_exactly():
    for A in (X, 1e-3 * X[:, :3], np.vander(np.linspace(0, 1, 20), 12)):
        assert procrustes_score(A, A) == 1.0
        assert procrustes_score(A, A.copy()) == 1.0


def test_reference_values():
    assert procrustes_score(X, Y) == pytest.approx(0.78765512, abs=1e-7)
    for kind, expected in (
        ("angular", 0.66380255),
        ("unit", 0.65168225),
        ("size_and_shape", 28.61777426),
    ):
        assert procrustes_distance(X, Y, kind=kind) == pytest.approx(expected, abs=1e-7)
    assert scipy_procrustes(X, Y)[2] == pytest.approx(1 - procrustes_score(X, Y) ** 2, abs=1e-10)


@given(shape=shapes)
def test_equals_the_definition_for_any_shape(shape):
    A, B = random_pair(shape)
    assert procrustes_score(A, B) == pytest.approx(
        reference.procrustes_correlation(A, B), abs=1e-10
    )


@given(shape=shapes)
def test_size_and_shape_is_the_bures_distance_of_the_grams(shape):
    A, B = random_pair(shape)
    distance = procrustes_distance(A, B, kind="size_and_shape")
    assert distance == pytest.approx(reference.bures_distance(A, B), abs=1e-5)


@pytest.mark.parametrize("kind", ["angular", "unit", "size_and_shape"])
def test_rotated_shapes_are_at_distance_zero(kind):
    for A in (X, np.random.RandomState(0).standard_normal((10, 40))):
        moved = A @ rotation(A.shape[1]) + 3.0
        assert procrustes_distance(A, moved, kind=kind) < 1e-12 * np.linalg.norm(A)


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9])
def test_small_distances_keep_their_digits(size):
    """A known small perturbation, of which the arc cosine would lose half of the digits."""
    noise = np.random.RandomState(0).standard_normal(X.shape)
    small, large = X + size * noise, X + 2 * size * noise
    ratio = procrustes_distance(X, large @ rotation(8)) / procrustes_distance(X, small)
    assert ratio == pytest.approx(2.0, rel=max(10 * size, 1e-5))


def test_narrow_and_wide_sides_near_each_other():
    """The residual route, with the wider side on the left and on the right."""
    A = X[:, :5]
    centered_A, extra = reference.centered(A), reference.centered(1e-6 * Y[:, :2])
    extra = extra - centered_A @ np.linalg.lstsq(centered_A, extra, rcond=None)[0]
    B = np.hstack([A, extra]) @ rotation(7)
    expected = np.linalg.norm(extra)
    for pair in ((A, B), (B, A)):
        distance = procrustes_distance(*pair, kind="size_and_shape")
        assert distance == pytest.approx(expected, rel=1e-5)


@given(shape=shapes)
def test_rotations_come_closer_than_permutations(shape):
    A, B = random_pair(shape)
    assert procrustes_distance(A, B) <= permutation_distance(A, B) + 1e-12


def test_shape_distance_between_its_ends():
    assert shape_distance(X, Y) == pytest.approx(0.66380255, abs=1e-7)
    rho = canonical_correlations(X, Y)
    assert shape_distance(X, Y, alpha=0) == pytest.approx(math.acos(rho.mean()), abs=1e-10)
    narrow = canonical_correlations(X[:, :5], Y)
    angle = math.acos(narrow.sum() / math.sqrt(5 * 8))
    assert shape_distance(X[:, :5], Y, alpha=0) == pytest.approx(angle, abs=1e-10)


@given(alpha=st.floats(0.05, 1.0), factor=st.floats(0.1, 10))
def test_power_shape_distance_equals_the_definition(alpha, factor):
    expected = reference.shape_distance(X, Y, alpha)
    assert shape_distance(factor * X, Y, alpha=alpha) == pytest.approx(expected, abs=1e-8)


def test_published_shape_distances():
    assert shape_distance(X, Y, alpha=0.5) == pytest.approx(0.68841, abs=1e-5)
    assert shape_distance(10 * X, Y, alpha=0.5) == pytest.approx(0.68841, abs=1e-5)
    convex = [shape_distance(Z, Y, alpha=0.5, whitening="convex") for Z in (X, 10 * X)]
    np.testing.assert_allclose(convex, [0.66283, 0.66532], atol=1e-5)


@pytest.mark.parametrize("unit", [1e-12, 1e-7, 1.0, 1e3, 1e8])
def test_convex_shape_distance_equals_the_definition_in_every_unit(unit):
    """It depends on the unit of the data, however large or small that is."""
    expected = reference.shape_distance(unit * X, Y, 0.5, "convex")
    measured = shape_distance(unit * X, Y, alpha=0.5, whitening="convex")
    assert measured == pytest.approx(expected, abs=1e-8)


def test_full_whitening_of_too_few_samples_warns():
    A = np.random.RandomState(0).standard_normal((10, 12))
    with pytest.warns(DegenerateSimilarityWarning):
        assert shape_distance(A, A[:, ::-1], alpha=0) == pytest.approx(0, abs=1e-7)


def test_score_grows_with_width_by_chance():
    rng = np.random.RandomState(0)
    scores = [procrustes_score(*rng.standard_normal((2, 50, d))) for d in (10, 100, 1000)]
    np.testing.assert_allclose(scores, [0.370, 0.876, 0.988], atol=0.06)


def test_one_dimension_gives_the_correlation():
    assert procrustes_score(X[:, :1], Y[:, :1]) == pytest.approx(
        cca_score(X[:, :1], Y[:, :1]), abs=1e-12
    )


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="kind"):
        procrustes_distance(X, Y, kind="euclidean")
    with pytest.raises(ValueError, match="alpha"):
        shape_distance(X, Y, alpha=2)


# --- uncentred, and held out --------------------------------------------------------------------


@pytest.mark.parametrize("whitening", ["power", "convex"])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_uncentred_shape_distance(alpha, whitening):
    rng = np.random.RandomState(0)
    X, Y = rng.randn(30, 4) + 1, rng.randn(30, 3) - 2
    value = shape_distance(X, Y, alpha=alpha, whitening=whitening, center=False)
    expected = reference.shape_distance(X, Y, alpha, whitening, center=False)
    assert value == pytest.approx(expected, rel=1e-9)
    assert value != pytest.approx(shape_distance(X, Y, alpha=alpha, whitening=whitening))
    centered = X - X.mean(axis=0), Y - Y.mean(axis=0)
    assert shape_distance(*centered, alpha=alpha, center=False) == pytest.approx(
        shape_distance(X, Y, alpha=alpha)
    )


def test_held_out_angle_of_one_pair_of_sets():
    rng = np.random.RandomState(0)
    X = rng.randn(40, 4)
    Y = X[:, :3] + 0.5 * rng.randn(40, 3)
    train, test = np.arange(30), np.arange(30, 40)
    value = shape_distance(X, Y, cv=[(train, test)])
    assert value == pytest.approx(reference.held_out_shape_distance(X, Y, train, test))
    everything = np.arange(40)
    for alpha in (0.0, 0.5, 1.0):
        again = shape_distance(X, Y, alpha=alpha, cv=[(everything, everything)])
        assert again == pytest.approx(shape_distance(X, Y, alpha=alpha))


def test_held_out_noise_is_at_right_angles():
    """Forty features can be rotated onto any others on the samples that choose the rotation."""
    rng = np.random.RandomState(0)
    X, Y = rng.randn(2, 60, 40)
    assert shape_distance(X, Y) < 0.9
    assert shape_distance(X, Y, cv=5) == pytest.approx(math.pi / 2, abs=0.15)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("center", [True, False])
def test_held_out_copies_are_at_zero(alpha, center):
    rng = np.random.RandomState(0)
    X = rng.randn(40, 4)
    Y = 3 * X @ np.linalg.qr(rng.randn(4, 4))[0]
    assert shape_distance(X, Y, alpha=alpha, center=center, cv=4) < 1e-7


def test_a_test_sample_at_the_mean_has_no_angle():
    X = np.vstack([np.eye(3), -np.eye(3), np.zeros((1, 3))])
    with pytest.raises(ValueError, match="A test set of cv has no direction"):
        shape_distance(X, X[:, ::-1], cv=[(np.arange(6), [6])])
