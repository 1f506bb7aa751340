import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sksim.preprocessing import ZipfianWhitening

SEEDS = st.integers(0, 10**6)


def draw(seed, n=40, d=4):
    rng = np.random.RandomState(seed)
    X = rng.randn(n, d) @ rng.randn(d, d) + 5 * rng.randn(d)
    return X, rng.permutation(1 / np.arange(1.0, n + 1))


@given(seed=SEEDS)
def test_white_under_the_frequencies(seed):
    X, p = draw(seed)
    Z = ZipfianWhitening().fit(X, sample_weight=p).transform(X)
    mean = sum(w * z for w, z in zip(p, Z, strict=True)) / sum(p)
    second = sum(w * np.outer(z - mean, z - mean) for w, z in zip(p, Z, strict=True)) / sum(p)
    np.testing.assert_allclose(mean, 0, atol=1e-8)
    np.testing.assert_allclose(second, np.eye(Z.shape[1]), atol=1e-8)


@given(seed=SEEDS)
def test_equal_frequencies_are_ordinary_whitening(seed):
    X, _ = draw(seed)
    Z = ZipfianWhitening().fit_transform(X)
    expected = PCA(whiten=True).fit_transform(X) * np.sqrt(len(X) / (len(X) - 1))
    np.testing.assert_allclose(np.abs(Z), np.abs(expected), atol=1e-7)
    weighted = ZipfianWhitening().fit(X, sample_weight=np.full(len(X), 3.0)).transform(X)
    np.testing.assert_allclose(weighted, Z, atol=1e-9)


@given(seed=SEEDS)
def test_weights_are_repetitions(seed):
    X, _ = draw(seed)
    times = np.random.RandomState(seed).randint(0, 4, len(X))
    weighted = ZipfianWhitening().fit(X, sample_weight=times)
    repeated = ZipfianWhitening().fit(np.repeat(X, times, axis=0))
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-7)


@given(seed=SEEDS)
def test_inverse(seed):
    X, p = draw(seed)
    whitening = ZipfianWhitening().fit(X, sample_weight=p)
    np.testing.assert_allclose(whitening.inverse_transform(whitening.transform(X)), X, atol=1e-8)


@given(seed=SEEDS)
def test_invertible_maps_leave_the_geometry(seed):
    """Whitened inner products do not depend on the basis, nor on the origin."""
    X, p = draw(seed)
    A = np.random.RandomState(seed).randn(4, 4) + 3 * np.eye(4)
    Z = ZipfianWhitening().fit(X, sample_weight=p).transform(X)
    other = ZipfianWhitening().fit(X @ A + 7, sample_weight=p).transform(X @ A + 7)
    np.testing.assert_allclose(other @ other.T, Z @ Z.T, atol=1e-5)


def test_float32_far_from_the_origin_is_whitened_in_float64():
    X = (1000 + draw(0)[0] * [1, 1, 1e-2, 1]).astype(np.float32)
    whitening = ZipfianWhitening()
    got = whitening.fit_transform(X)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, whitening.fit_transform(X.astype(np.float64)), atol=1e-5)
    assert whitening.inverse_transform(got).dtype == np.float32
    np.testing.assert_allclose(whitening.inverse_transform(got), X, rtol=1e-6)


def test_axes_without_variance_are_left_out():
    X, p = draw(0)
    wide = np.hstack([X, X[:, :1] - X[:, 1:2], np.full((len(X), 1), 0.1)])
    whitening = ZipfianWhitening().fit(wide, sample_weight=p)
    assert whitening.transform(wide).shape == X.shape
    assert len(whitening.get_feature_names_out()) == 4
    np.testing.assert_allclose(
        whitening.inverse_transform(whitening.transform(wide)), wide, atol=1e-8
    )


def test_frequent_words_decide():
    """Two clusters along one axis; the rare one hardly moves the mean."""
    X = np.vstack([np.zeros((50, 1)), np.ones((50, 1))])
    p = np.r_[np.full(50, 99.0), np.full(50, 1.0)]
    assert ZipfianWhitening().fit(X, sample_weight=p).mean_[0] == pytest.approx(0.01)
    assert ZipfianWhitening().fit(X).mean_[0] == pytest.approx(0.5)


def test_weights_through_a_pipeline():
    X, p = draw(1)
    y = np.arange(len(X)) % 2
    pipeline = make_pipeline(ZipfianWhitening(), LogisticRegression())
    pipeline.fit(X, y, zipfianwhitening__sample_weight=p)
    expected = ZipfianWhitening().fit(X, sample_weight=p).mean_
    np.testing.assert_allclose(pipeline[0].mean_, expected)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            ZipfianWhitening().set_fit_request(sample_weight=True),
            LogisticRegression().set_fit_request(sample_weight=False),
        ).fit(X, y, sample_weight=p)
    np.testing.assert_allclose(routed[0].mean_, expected)


def test_bad_input():
    X, p = draw(2)
    with pytest.raises(ValueError, match="one weight a row"):
        ZipfianWhitening().fit(X, sample_weight=p[1:])
    with pytest.raises(ValueError, match="not be? ?negative|non-negative"):
        ZipfianWhitening().fit(X, sample_weight=-p)
    with pytest.raises(ValueError, match="not zero in all rows"):
        ZipfianWhitening().fit(X, sample_weight=np.zeros(len(X)))
    with pytest.raises(ValueError, match="got equal rows"):
        ZipfianWhitening().fit(np.full((5, 2), 0.1))
    with pytest.raises(ValueError, match="must have 4 features"):
        ZipfianWhitening().fit(X).inverse_transform(X[:, :2])
