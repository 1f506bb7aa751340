import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import DegenerateSimilarityWarning, canonical_correlations, gulp_distance
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


@pytest.mark.parametrize(
    ("reg", "squared"), [(0, 8.04725029), (0.01, 2.85594784), (1.0, 0.10544968)]
)
def test_reference_values(reg, squared):
    assert gulp_distance(X, Y, reg=reg) ** 2 == pytest.approx(squared, abs=1e-7)


@given(
    n=st.integers(10, 30),
    width=st.integers(1, 40),
    reg=st.floats(0.001, 10),
    seed=st.integers(0, 9),
)
def test_equals_the_definition_for_any_shape(n, width, reg, seed):
    rng = np.random.RandomState(seed)
    A, B = rng.standard_normal((n, width)), rng.standard_normal((n, 5))
    expected = reference.gulp(A, B, reg)
    assert gulp_distance(A, B, reg=reg) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("reg", [0.0, 0.01])
def test_small_distances_keep_their_digits(reg):
    noise = np.random.RandomState(0).standard_normal(X.shape)
    near, far = (gulp_distance(X, X + size * noise, reg=reg) for size in (1e-7, 2e-7))
    assert far / near == pytest.approx(2.0, rel=1e-4)
    assert gulp_distance(X, 3 * X[:, ::-1] + 1, reg=reg) < 1e-12


def test_without_ridge_it_depends_on_canonical_correlations():
    rho = canonical_correlations(X[:, :5], Y)
    expected = np.sqrt(5 + 8 - 2 * np.sum(rho**2))
    assert gulp_distance(X[:, :5], Y, reg=0) == pytest.approx(expected, abs=1e-9)


def test_it_is_the_distance_of_the_maps_to_ridge_predictions():
    maps = []
    for Z in (X, Y):
        Z = reference.centered(Z) / np.linalg.norm(reference.centered(Z))
        maps.append(Z @ np.linalg.solve(Z.T @ Z + 0.1 * np.eye(8), Z.T))
    assert gulp_distance(X, Y, reg=0.1) == pytest.approx(np.linalg.norm(maps[0] - maps[1]))


def test_no_ridge_and_no_more_samples_than_features_warns():
    with pytest.warns(DegenerateSimilarityWarning):
        assert gulp_distance(X[:8], Y[:8], reg=0) == pytest.approx(0, abs=1e-7)


def test_the_ridge_is_required_and_not_negative():
    with pytest.raises(TypeError, match="reg"):
        gulp_distance(X, Y)
    with pytest.raises(ValueError, match="reg"):
        gulp_distance(X, Y, reg=-1)
