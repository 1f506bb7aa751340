import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier

from sksim.datasets import make_gaussian_hubs
from sksim.metrics import k_occurrence
from sksim.neighbors import HubnessWeightedKNeighborsClassifier
from tests.reference.neighbors import literal_hubness_weighted

SCHEMES = ["hw", "hfnn", "nhbnn", "hiknn"]


@pytest.fixture(scope="module")
def hubby():
    return make_gaussian_hubs(120, 40, n_classes=3, random_state=0)


def shares(votes, scheme):
    return softmax(votes, axis=1) if scheme == "nhbnn" else votes / votes.sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("scheme", "weights"),
    [(scheme, "uniform") for scheme in SCHEMES]
    + [(scheme, "distance") for scheme in SCHEMES if scheme != "nhbnn"],
)
@pytest.mark.parametrize(("threshold", "smoothing"), [(0, 1.0), (3, 1e-3)])
def test_literal_votes(hubby, scheme, weights, threshold, smoothing):
    X, y = hubby
    train, test = slice(0, 90), slice(90, None)
    classifier = HubnessWeightedKNeighborsClassifier(
        4, scheme=scheme, weights=weights, smoothing=smoothing, antihub_threshold=threshold
    ).fit(X[train], y[train])
    votes = literal_hubness_weighted(
        cdist(X[train], X[train]),
        y[train],
        cdist(X[test], X[train]),
        4,
        scheme,
        lam=smoothing,
        theta=threshold,
        weights=weights,
    )
    assert (classifier.occurrences_.sum(axis=1) <= threshold).any()
    assert_allclose(classifier.predict_proba(X[test]), shares(votes, scheme))
    assert_array_equal(classifier.predict(X[test]), shares(votes, scheme).argmax(axis=1))


def test_occurrences_are_those_of_the_others(hubby):
    X, y = hubby
    classifier = HubnessWeightedKNeighborsClassifier(7).fit(X, y)
    assert_allclose(classifier.occurrences_.sum(axis=1), k_occurrence(X, n_neighbors=7))
    assert classifier.occurrences_.sum() == 120 * 7
    assert_allclose(classifier.class_prior_, np.bincount(y) / 120)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_labels_of_any_kind_and_reduction(hubby, scheme):
    X, y = hubby
    names = np.array(["c", "a", "b"])[y]
    classifier = HubnessWeightedKNeighborsClassifier(scheme=scheme, reduction="nicdm")
    assert set(classifier.fit(X, names).predict(X)) <= {"a", "b", "c"}
    assert_array_equal(classifier.classes_, ["a", "b", "c"])
    assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)


def test_grid_search_over_the_scheme():
    X, y = make_blobs(150, 10, centers=3, cluster_std=4.0, random_state=0)
    grid = {"scheme": SCHEMES, "reduction": [None, "mutual_proximity"], "n_neighbors": [3, 10]}
    search = GridSearchCV(HubnessWeightedKNeighborsClassifier(), grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.9


def test_leave_one_out_without_queries(hubby):
    X, y = hubby
    classifier = HubnessWeightedKNeighborsClassifier(5, scheme="hiknn").fit(X, y)
    assert (classifier.predict() == y).mean() < classifier.score(X, y)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bad_hubs_lose_their_vote(scheme):
    """One sample in the middle of the other class is in all its lists."""
    rng = np.random.RandomState(0)
    X = np.vstack([np.zeros((1, 30)), rng.standard_normal((40, 30))])
    X[1:] *= 3 / np.linalg.norm(X[1:], axis=1, keepdims=True)
    X[21:] += 10
    y = np.r_[1, np.zeros(20, dtype=int), np.ones(20, dtype=int)]
    query = 0.1 * X[1:2]
    assert KNeighborsClassifier(1).fit(X, y).predict(query)[0] == 1
    plain = KNeighborsClassifier(2, weights="distance").fit(X, y).predict_proba(query)[0]
    aware = HubnessWeightedKNeighborsClassifier(2, scheme=scheme).fit(X, y)
    assert aware.predict_proba(query)[0, 0] > plain[0]
    assert aware.predict(query)[0] == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_duplicates_and_constant_data(scheme):
    X, y = np.ones((20, 3)), np.arange(20) % 2
    classifier = HubnessWeightedKNeighborsClassifier(scheme=scheme).fit(X, y)
    assert np.isfinite(classifier.predict_proba(X)).all()


def test_bad_parameters(hubby):
    for parameters, match in [
        ({"scheme": "garbage"}, "'scheme' parameter"),
        ({"smoothing": 0.0}, "'smoothing' parameter"),
        ({"scheme": "nhbnn", "weights": "distance"}, "weights must be 'uniform'"),
    ]:
        with pytest.raises(ValueError, match=match):
            HubnessWeightedKNeighborsClassifier(**parameters).fit(*hubby)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_distance_weights_do_not_depend_on_the_unit(hubby, scale):
    X, y = hubby
    new = X[:30] + 0.1
    classifier = HubnessWeightedKNeighborsClassifier(scheme="hw", weights="distance")
    expected = classifier.fit(X, y).predict_proba(new)
    got = classifier.fit(X * scale, y).predict_proba(new * scale)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_votes_are_summed_without_a_table_of_all_neighbors(scheme):
    rng = np.random.RandomState(0)
    n_classes, n_neighbors, new = 100, 20, rng.standard_normal((3000, 2))
    X, y = rng.standard_normal((400, 2)), np.arange(400) % n_classes
    classifier = HubnessWeightedKNeighborsClassifier(n_neighbors, scheme=scheme).fit(X, y)
    tracemalloc.start()
    votes = classifier.predict_proba(new)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * n_neighbors * votes.nbytes
