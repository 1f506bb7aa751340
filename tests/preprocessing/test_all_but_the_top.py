import numpy as np
import pytest
from sklearn.decomposition import PCA

from sksim.preprocessing import AllButTheTop


@pytest.mark.parametrize("n_components", [0, 1, 3, 5])
def test_removes_what_pca_keeps(rng, n_components):
    X = rng.standard_normal((60, 5)) * np.array([5, 3, 2, 1, 0.5]) + 7
    new = rng.standard_normal((9, 5))
    fitted = AllButTheTop(n_components=n_components).fit(X)
    expected = new - X.mean(axis=0)
    if n_components:
        pca = PCA(n_components=n_components).fit(X)
        expected = new - pca.inverse_transform(pca.transform(new))
    np.testing.assert_allclose(fitted.transform(new), expected, atol=1e-10)
    left = fitted.transform(X)
    np.testing.assert_allclose(left @ fitted.components_.T, 0, atol=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e160, 1e300])
def test_the_unit_of_the_numbers_does_not_matter(rng, scale):
    X = rng.standard_normal((30, 4)) * [4, 2, 1, 0.5]
    fitted = AllButTheTop(n_components=2).fit(X * scale)
    np.testing.assert_allclose(
        fitted.transform(X * scale) / scale, AllButTheTop(2).fit_transform(X)
    )


def test_removing_again_changes_nothing(rng):
    X = rng.standard_normal((40, 6))
    fitted = AllButTheTop(n_components=2).fit(X)
    once = fitted.transform(X)
    np.testing.assert_allclose(fitted.transform(once + fitted.mean_), once, atol=1e-12)


def test_more_components_than_features_are_refused(rng):
    with pytest.raises(ValueError, match="n_components must be at most n_features = 3, got 4"):
        AllButTheTop(n_components=4).fit(rng.standard_normal((10, 3)))


def test_more_components_than_the_samples_span_are_refused(rng):
    with pytest.raises(ValueError, match="n_components must be less than n_samples = 3, got 3"):
        AllButTheTop(n_components=3).fit(rng.standard_normal((3, 10)))
    assert AllButTheTop(n_components=2).fit(rng.standard_normal((3, 10))).components_.shape[0] == 2
    assert AllButTheTop(n_components=0).fit(np.ones((1, 4))).components_.shape == (0, 4)
