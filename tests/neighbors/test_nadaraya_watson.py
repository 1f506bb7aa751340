import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs

from sksim.neighbors import HubnessReducedNearestNeighbors, NadarayaWatsonClassifier
from tests.reference.neighbors import literal_nadaraya_watson

KERNELS = {"gaussian": lambda u: math.exp(-(u**2) / 2), "exponential": lambda u: math.exp(-u)}


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(100, 5, centers=3, cluster_std=4.0, random_state=0)


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@pytest.mark.parametrize("bandwidth", ["auto", 0.7, 30.0])
def test_literal_average(blobs, kernel, bandwidth):
    X, y = blobs
    classifier = NadarayaWatsonClassifier(
        20, kernel=kernel, bandwidth=bandwidth, reduction=None
    ).fit(X[:70], y[:70])
    expected = literal_nadaraya_watson(
        cdist(X[70:], X[:70]),
        y[:70],
        20,
        KERNELS[kernel],
        None if bandwidth == "auto" else bandwidth,
    )
    assert_allclose(classifier.predict_proba(X[70:]), expected)
    assert_array_equal(classifier.predict(X[70:]), expected.argmax(axis=1))


def test_average_of_reduced_distances(blobs):
    X, y = blobs
    classifier = NadarayaWatsonClassifier(10, reduction="nicdm", bandwidth=1.0).fit(X, y)
    search = HubnessReducedNearestNeighbors(10, reduction="nicdm").fit(X)
    for queries in (X + 1, None):
        distances, indices = search.kneighbors(queries)
        weights = np.exp(-(distances**2) / 2)
        votes = np.stack([(weights * (y[indices] == c)).sum(axis=1) for c in range(3)], axis=1)
        expected = votes / votes.sum(axis=1, keepdims=True)
        assert_allclose(classifier.predict_proba(queries), expected)


def test_far_queries_take_their_nearest_neighbour(blobs):
    X, y = blobs
    classifier = NadarayaWatsonClassifier(5, reduction=None, bandwidth=1e-3).fit(X, y)
    far = X + 100
    expected = y[cdist(far, X).argmin(axis=1)]
    assert_array_equal(classifier.predict(far), expected)
    assert_allclose(classifier.predict_proba(far).sum(axis=1), 1)


def test_duplicates_and_labels():
    X, y = np.ones((20, 3)), np.array(["b", "a"])[np.arange(20) % 2]
    classifier = NadarayaWatsonClassifier(4).fit(X, y)
    assert_array_equal(classifier.classes_, ["a", "b"])
    assert np.isfinite(classifier.predict_proba(X)).all()


def test_bad_parameters(blobs):
    for parameters, match in [
        ({"kernel": "garbage"}, "'kernel' parameter"),
        ({"bandwidth": 0.0}, "'bandwidth' parameter"),
        ({"n_neighbors": 100}, "Expected n_neighbors < n_samples_fit"),
    ]:
        with pytest.raises(ValueError, match=match):
            NadarayaWatsonClassifier(**parameters).fit(*blobs)
