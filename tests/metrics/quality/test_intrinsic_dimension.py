import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import intrinsic_dimension
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)
METHODS = ["two_nn", "mle"]


def draw(seed):
    rng = np.random.RandomState(seed)
    return rng.randn(rng.randint(25, 60), rng.randint(1, 6)) + rng.randn()


def test_reference_values():
    X, _ = literal.make_quality_data()
    assert intrinsic_dimension(X) == pytest.approx(7.70497009, abs=1e-7)
    assert intrinsic_dimension(X, method="mle") == pytest.approx(6.39437043, abs=1e-7)


@given(seed=SEEDS, n_neighbors=st.integers(2, 20))
def test_literal_formulas(seed, n_neighbors):
    X = draw(seed)
    assert intrinsic_dimension(X) == pytest.approx(literal.two_nn(X), rel=1e-7)
    assert intrinsic_dimension(X, method="mle", n_neighbors=n_neighbors) == pytest.approx(
        literal.levina_bickel(X, n_neighbors), rel=1e-7
    )


@pytest.mark.parametrize("method", METHODS)
@given(seed=SEEDS)
def test_rotation_scale_and_translation_change_nothing(method, seed):
    X = draw(seed)
    if X.shape[1] > 1:
        X = X @ ortho_group.rvs(X.shape[1], random_state=seed)
    expected = pytest.approx(intrinsic_dimension(draw(seed), method=method), rel=1e-5)
    assert intrinsic_dimension(100 * X + 1000, method=method) == expected


@pytest.mark.parametrize("method", METHODS)
@given(seed=SEEDS)
def test_repeated_rows_change_nothing(method, seed):
    X = draw(seed)
    repeated = np.vstack([X, X[::2], X[:5]])
    assert intrinsic_dimension(repeated, method=method) == pytest.approx(
        intrinsic_dimension(X, method=method), rel=1e-9
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_dimension_of_a_flat_sheet(method, dimension):
    rng = np.random.RandomState(0)
    X = rng.rand(1500, dimension) @ rng.randn(dimension, 10)
    assert intrinsic_dimension(X, method=method) == pytest.approx(dimension, rel=0.12)


@pytest.mark.parametrize("method", METHODS)
def test_float32_agrees_and_a_large_mean_does_no_harm(method):
    X = draw(3)
    expected = intrinsic_dimension(X, method=method)
    assert intrinsic_dimension(X.astype(np.float32), method=method) == pytest.approx(
        expected, rel=1e-4
    )
    shifted = (X + 100).astype(np.float32)
    assert intrinsic_dimension(shifted, method=method) == pytest.approx(expected, rel=1e-2)


def test_bad_input():
    with pytest.raises(ValueError, match=r"more than 20 different rows.*got 10"):
        intrinsic_dimension(np.repeat(np.arange(10.0), 5)[:, None], method="mle")
    with pytest.raises(ValueError, match="at one distance"):
        intrinsic_dimension(np.eye(5))
    with pytest.raises(ValueError, match="too many rows of X are tied"):
        intrinsic_dimension(np.arange(100.0)[:, None])
    with pytest.raises(ValueError, match="constant"):
        intrinsic_dimension(np.ones((5, 2)))
    with pytest.raises(ValueError, match="'n_neighbors'"):
        intrinsic_dimension(np.eye(5), n_neighbors=1)
