import numpy as np
import pytest

from sksim.preprocessing import Centering


def weighted_mean(X, gamma):
    """Suzuki et al. 2013, with loops."""
    unit = [x / np.linalg.norm(x) for x in X]
    weights = [sum(a @ b for b in unit) ** gamma for a in unit]
    return sum(w * x for w, x in zip(weights, X)) / sum(weights)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 3.0])
def test_weighted_mean(rng, gamma):
    X = rng.uniform(size=(20, 4))
    centering = Centering(weighting=gamma).fit(X)
    np.testing.assert_allclose(centering.center_, weighted_mean(X, gamma))


def test_plain_centring_has_mean_zero_before_scaling(rng):
    X = rng.standard_normal((30, 4)) + 5
    np.testing.assert_allclose(
        Centering(normalize=False).fit_transform(X).mean(axis=0), 0, atol=1e-9
    )
    rows = Centering().fit_transform(X)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
    np.testing.assert_array_equal(Centering(weighting=0).fit_transform(X), rows)


def test_new_rows_use_the_training_mean(rng):
    X, new = rng.standard_normal((30, 4)), rng.standard_normal((5, 4)) + 9
    got = Centering(normalize=False).fit(X).transform(new)
    np.testing.assert_allclose(got, new - X.mean(axis=0))


def test_mean_itself_becomes_zero():
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(Centering().fit_transform(X)[2], 0)


@pytest.mark.parametrize("n_samples", [3, 11, 1000])
def test_equal_rows_become_zeros_not_noise_of_unit_length(n_samples):
    X = np.tile([0.1, 0.7, 1e-3], (n_samples, 1))
    np.testing.assert_array_equal(Centering().fit_transform(X), 0)
    np.testing.assert_array_equal(Centering(weighting=1.0).fit_transform(X), 0)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-20, 1e160, 1e300])
@pytest.mark.parametrize("weighting", [None, 2.0])
def test_the_unit_of_the_numbers_does_not_matter(rng, scale, weighting):
    X = rng.standard_normal((20, 4)) + 0.5
    centering = Centering(weighting=weighting)
    expected = centering.fit_transform(X)
    np.testing.assert_allclose(centering.fit_transform(X * scale), expected, rtol=1e-7)


def test_power_of_a_negative_similarity_is_refused(rng):
    X = np.vstack([rng.uniform(size=(20, 3)), [[-1.0, -1.0, -1.0]]])
    with pytest.raises(ValueError, match="weighting must be a whole number"):
        Centering(weighting=0.5).fit(X)
    assert np.isfinite(Centering(weighting=2).fit(X).center_).all()


def test_weights_that_cancel_are_refused():
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    with pytest.raises(ValueError, match="cancel"):
        Centering(weighting=1.0).fit(X)
