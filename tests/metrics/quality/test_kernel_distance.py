from functools import partial

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import laplacian_kernel

from sksim.metrics import kernel_distance, pairwise_similarity
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)
KERNELS = {"polynomial": literal.cubic_kernel, "rbf": literal.gaussian_kernel}


def draw(seed, least=3):
    rng = np.random.RandomState(seed)
    d = rng.randint(1, 6)
    return rng.randn(rng.randint(least, 12), d), rng.randn(rng.randint(least, 12), d)


@pytest.mark.parametrize("kernel", KERNELS)
@given(seed=SEEDS)
def test_literal_formula_in_blocks(kernel, seed):
    X, Y = draw(seed)
    expected = literal.kernel_distance(X, Y, KERNELS[kernel])
    assert kernel_distance(X, Y, kernel=kernel) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    with sklearn.config_context(working_memory=1e-4):
        assert kernel_distance(Y, X, kernel=kernel) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_linear_kernel_is_the_distance_of_the_means(rng):
    """Unbiased: less what the spread of the means themselves adds."""
    X, Y = rng.randn(30, 4) + 1, rng.randn(20, 4)
    bias = X.var(axis=0, ddof=1).sum() / 30 + Y.var(axis=0, ddof=1).sum() / 20
    expected = ((X.mean(axis=0) - Y.mean(axis=0)) ** 2).sum() - bias
    assert kernel_distance(X, Y, kernel=lambda X, Y: X @ Y.T) == pytest.approx(expected)


@pytest.mark.parametrize("kernel", ["rbf", "polynomial", laplacian_kernel])
@given(seed=SEEDS)
def test_the_error_is_that_of_all_distances_without_one_row(kernel, seed):
    X, Y = draw(seed, least=4)
    found = kernel_distance(X, Y, kernel=kernel, confidence=0.6827)
    without_one = (
        [kernel_distance(np.delete(X, i, 0), Y, kernel=kernel) for i in range(len(X))],
        [kernel_distance(X, np.delete(Y, i, 0), kernel=kernel) for i in range(len(Y))],
    )
    # The mean over the left-out rows of the squared deviations, times n - 1.
    expected = np.sqrt(sum((len(one) - 1) * np.var(one) for one in without_one))
    assert found.error == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert found.distance == kernel_distance(X, Y, kernel=kernel)
    assert found.high - found.distance == pytest.approx(found.error, rel=1e-4)
    assert found.distance - found.low == pytest.approx(found.error, rel=1e-4)


@pytest.mark.parametrize("kernel", ["polynomial", "rbf"])
def test_unbiased_and_covered(kernel):
    """Equal distributions: mean zero, and an error that is too large by the square root of two."""
    rng = np.random.RandomState(0)
    found = [
        kernel_distance(rng.randn(25, 3), rng.randn(60, 3), kernel=kernel, confidence=0.95)
        for _ in range(400)
    ]
    distances = np.array([one.distance for one in found])
    assert abs(distances.mean()) < 3 * distances.std() / 20
    error = np.sqrt(np.mean([one.error**2 for one in found]))
    assert 1.2 < error / distances.std() < 1.7
    assert np.mean([one.low < 0 < one.high for one in found]) > 0.95


def test_coverage_of_different_distributions():
    rng = np.random.RandomState(0)
    # E k of normal vectors: (1 + 4 / d)^(-d / 2) exp(-|mean|^2 / (d + 4)) at gamma = 1 / d.
    same, d = (1 + 4 / 3) ** -1.5, 3
    truth = 2 * same * (1 - np.exp(-d * 0.5**2 / (d + 4)))
    found = [
        kernel_distance(rng.randn(50, d) + 0.5, rng.randn(40, d), kernel="rbf", confidence=0.9)
        for _ in range(300)
    ]
    assert 0.85 < np.mean([one.low < truth < one.high for one in found]) < 0.96


def test_far_from_the_origin(rng):
    X, Y = rng.randn(40, 3), rng.randn(40, 3) + 0.5
    expected = kernel_distance(X, Y, kernel="rbf")
    assert kernel_distance(X + 1e7, Y + 1e7, kernel="rbf") == pytest.approx(expected, rel=1e-6)


def test_errors(rng):
    X = rng.randn(5, 3)
    with pytest.raises(ValueError, match="X and Y must have the same number of features, got 3"):
        kernel_distance(X, X[:, :2])
    with pytest.raises(ValueError, match="Y must have at least 3 samples, got 2"):
        kernel_distance(X, X[:2])
    with pytest.raises(ValueError, match="kernel must return the matrix"):
        kernel_distance(X, X, kernel=lambda X, Y: X.T @ Y)
    with pytest.raises(ValueError, match="not finite"):
        kernel_distance(1e200 * X, X)


def test_sums_within_a_set_are_formed_once():
    calls = []

    def kernel(X, Y):
        calls.append(len(X))
        return (X @ Y.T) ** 2

    sets = list(np.random.RandomState(0).randn(4, 20, 3))
    values = pairwise_similarity(sets, partial(kernel_distance, kernel=kernel)).values
    assert len(calls) == 4 + 16
    expected = [[kernel_distance(X, Y, kernel=kernel) for Y in sets] for X in sets]
    np.testing.assert_allclose(values, expected, rtol=1e-12)
