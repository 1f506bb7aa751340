"""Fisher-Rao distance of local dimensions: of vectors, of representations, its noise floor."""

import numpy as np
import pytest
from scipy.special import polygamma

from sksim.metrics import lid_fisher_rao_distance, local_intrinsic_dimension

X = np.random.RandomState(0).randn(60, 3)
Y = np.random.RandomState(1).randn(60, 5)


def test_of_local_dimensions():
    a, b = local_intrinsic_dimension(X), local_intrinsic_dimension(Y)
    distances = lid_fisher_rao_distance(a, b)
    np.testing.assert_allclose(distances, np.abs(np.log(a / b)))
    np.testing.assert_allclose(lid_fisher_rao_distance(3 * a, 3 * b), distances, atol=1e-12)
    assert lid_fisher_rao_distance(X, Y) == pytest.approx(np.sqrt(np.mean(distances**2)))


@pytest.mark.parametrize("params", [{"method": "mom"}, {"n_neighbors": 5}, {"metric": "manhattan"}])
def test_parameters_are_those_of_the_local_dimension(params):
    a, b = (local_intrinsic_dimension(Z, **params) for Z in (X, Y))
    expected = np.sqrt(np.mean(np.log(a / b) ** 2))
    assert lid_fisher_rao_distance(X, Y, **params) == pytest.approx(expected)


def test_noise_floor():
    """Two estimates of one dimension, whatever it is, are sqrt(2 psi'(k - 1)) apart."""
    rng = np.random.RandomState(0)
    floor = np.sqrt(2 * polygamma(1, 19))
    assert floor == pytest.approx(0.329, abs=5e-4)
    for dimension in (1, 2):
        # inside of a large sample, without its edge
        clouds = [rng.uniform(-1, 1, (6000, dimension)) for _ in range(2)]
        queries = 0.8 * rng.uniform(-1, 1, (500, dimension))
        a, b = (local_intrinsic_dimension(queries, cloud) for cloud in clouds)
        rms = np.sqrt(np.mean(lid_fisher_rao_distance(a, b) ** 2))
        assert rms == pytest.approx(floor, rel=0.1)


def test_bad_input():
    with pytest.raises(ValueError, match="X must hold positive local dimensions, got 0 in row 1"):
        lid_fisher_rao_distance([1.0, 0.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="Y contains infinity|Y.*infinity"):
        lid_fisher_rao_distance([1.0, 2.0], [1.0, np.inf])
    with pytest.raises(ValueError, match="same samples"):
        lid_fisher_rao_distance([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="2D"):
        lid_fisher_rao_distance(X, np.ones(60))
    with pytest.raises(ValueError, match="infinite"):
        lid_fisher_rao_distance(np.eye(30), np.random.RandomState(0).randn(30, 2))
