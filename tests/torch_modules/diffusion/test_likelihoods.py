import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from hypothesis import given
from hypothesis import strategies as st

from sksim._torch.diffusion._likelihoods import CategoricalLikelihood, GaussianLikelihood
from tests.reference import diffusion as oracle


def expected_nll(likelihood, x, gamma):
    """E over eps of the reconstruction term, by Gauss-Hermite quadrature, bits."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    z = x + math.exp(gamma / 2) * torch.from_numpy(nodes).reshape(-1, 1)
    nll = likelihood.nll(torch.full_like(z, x), z, torch.tensor(gamma, dtype=torch.float64))
    return (nll.numpy() @ weights) / weights.sum() / math.log(2)


@given(
    n_levels=st.sampled_from([2, 3, 17, 256]),
    gamma=st.floats(-14, 3),
    seed=st.integers(0, 1000),
)
def test_categorical_equals_the_full_softmax(n_levels, gamma, seed):
    rng = np.random.RandomState(seed)
    index = rng.randint(n_levels, size=(2, 3))
    x = oracle.levels(n_levels)[index]
    z = x + rng.choice([0.1, 1.0, 5.0]) * math.exp(gamma / 2) * rng.standard_normal((2, 3))
    likelihood = CategoricalLikelihood(n_levels)
    got = likelihood.nll(*map(torch.from_numpy, (x, z)), torch.tensor(gamma, dtype=torch.float64))
    expected = [oracle.categorical_nll(index[i], z[i], gamma, n_levels) for i in range(2)]
    np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8)


def test_constants_of_the_reconstruction_term():
    likelihood = CategoricalLikelihood(256)
    levels = oracle.levels(256)
    assert expected_nll(likelihood, levels[100], -13.3) == pytest.approx(0.0104532, abs=2e-5)
    for edge in (levels[0], levels[-1]):
        assert expected_nll(likelihood, edge, -13.3) == pytest.approx(0.0052266, abs=2e-5)


@pytest.mark.parametrize(("n_levels", "gamma"), [(17, -7.876), (2, -3.596)])
def test_same_ratio_of_bin_to_noise(n_levels, gamma):
    edge = expected_nll(CategoricalLikelihood(n_levels), oracle.levels(n_levels)[0], gamma)
    assert edge == pytest.approx(0.0052266, abs=3e-5)
    assert -13.3 + 2 * math.log(256 / n_levels) == pytest.approx(gamma, abs=1e-3)


def test_gaussian_with_scale(rng):
    x, z = rng.standard_normal((2, 4, 3))
    gamma = torch.tensor(-3.0, dtype=torch.float64)
    got = GaussianLikelihood(0.7).nll(torch.from_numpy(x), torch.from_numpy(z), gamma)
    expected = [oracle.gaussian_nll(x[i], z[i], -3.0) + 0.7 for i in range(4)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_modes():
    likelihood = CategoricalLikelihood(4)
    z = torch.tensor([-9.0, -0.74, 0.1, 0.6, 3.0])
    gamma = torch.tensor(-3.0)
    np.testing.assert_allclose(likelihood.mode(z, gamma), [-0.75, -0.75, 0.25, 0.75, 0.75])
    np.testing.assert_array_equal(GaussianLikelihood().mode(z, gamma), z)
