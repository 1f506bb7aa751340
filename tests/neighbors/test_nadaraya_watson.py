import math

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, KFold

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


def literal_group_average(D, y, groups, support, k):
    """Of all k nearest rows of the support, weighted by one over the size of group and class."""
    rows = [x for x in range(len(y)) if groups[x] in support]
    P = np.zeros((len(D), max(y) + 1))
    for q in range(len(D)):
        nearest = sorted(rows, key=lambda x: D[q, x])[:k]
        for x in nearest:
            size = sum(groups[r] == groups[x] and y[r] == y[x] for r in rows)
            P[q, y[x]] += math.exp(-((D[q, x] / D[q, nearest[-1]]) ** 2) / 2) / size
    return P / P.sum(axis=1, keepdims=True)


class TestGroups:
    @pytest.mark.parametrize("support_groups", [None, ["a"], ["c", "b"]])
    def test_literal_balanced_average(self, blobs, rng, support_groups):
        X, y = blobs
        groups = rng.choice(list("abc"), size=70)
        model = NadarayaWatsonClassifier(
            15, reduction=None, support="balanced", support_groups=support_groups
        ).fit(X[:70], y[:70], groups)
        D = cdist(X[70:], X[:70])
        expected = literal_group_average(D, y[:70], groups, support_groups or "abc", 15)
        assert_allclose(model.predict_proba(X[70:]), expected)

    def test_restriction_is_a_fit_on_the_rows(self, blobs):
        X, y = blobs
        groups = np.arange(100) % 2
        restricted = NadarayaWatsonClassifier(support_groups=[1]).fit(X, y, groups)
        rows = np.flatnonzero(groups)
        alone = NadarayaWatsonClassifier().fit(X[rows], y[rows])
        assert_array_equal(restricted.support_, rows)
        assert_array_equal(restricted.predict_proba(X), alone.predict_proba(X))
        assert_array_equal(restricted.predict_proba(), alone.predict_proba())

    def test_a_class_that_the_support_lacks_has_probability_zero(self, blobs):
        X, y = blobs
        model = NadarayaWatsonClassifier(support_groups=["seen"]).fit(
            X, y, np.where(y == 2, "left out", "seen")
        )
        assert_array_equal(model.classes_, [0, 1, 2])
        assert not model.predict_proba(X)[:, 2].any()

    def test_groups_without_restriction_or_balance_do_nothing(self, blobs):
        X, y = blobs
        assert_array_equal(
            NadarayaWatsonClassifier().fit(X, y, y % 2).predict_proba(X),
            NadarayaWatsonClassifier().fit(X, y).predict_proba(X),
        )

    def test_balance_without_groups_is_that_of_the_classes(self, blobs):
        X, y = blobs
        y = np.minimum(y, 1)  # one class is twice as large
        model = NadarayaWatsonClassifier(20, reduction=None, support="balanced").fit(X, y)
        expected = literal_group_average(cdist(X + 1, X), y, np.zeros(100), {0}, 20)
        assert_allclose(model.predict_proba(X + 1), expected)

    def test_groups_are_routed_by_searches(self, blobs):
        X, y = blobs
        groups = np.arange(100) % 2
        with sklearn.config_context(enable_metadata_routing=True):
            model = NadarayaWatsonClassifier(support="balanced").set_fit_request(groups=True)
            search = GridSearchCV(model, {"support_groups": [[0], [0, 1]]}, cv=KFold(3))
            search.fit(X, y, groups=groups)
        assert np.isfinite(search.best_score_)

    @pytest.mark.parametrize(
        ("options", "groups", "message"),
        [
            ({"support_groups": ["d"]}, np.repeat(["a", "b"], 50), r"support_groups .* \['d'\]"),
            ({"support_groups": [1]}, None, r"support_groups .* \[1\]"),
            ({"support_groups": [0]}, np.zeros(7), "groups must hold one group"),
            ({"support": "equal"}, None, "support"),
            ({"support_groups": [0], "n_neighbors": 50}, np.arange(100) % 2, "n_neighbors"),
        ],
    )
    def test_errors(self, blobs, options, groups, message):
        X, y = blobs
        with pytest.raises(ValueError, match=message):
            NadarayaWatsonClassifier(**options).fit(X, y, groups)

    def test_distances_are_not_restricted(self, blobs):
        X, y = blobs
        model = NadarayaWatsonClassifier(metric="precomputed", support_groups=[0])
        with pytest.raises(ValueError, match="metric='precomputed'"):
            model.fit(cdist(X, X), y, y)
