import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs, make_regression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from sksim.hubness import SimhubSimilarity
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsRegressor,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)

PAIRS = [
    (HubnessReducedKNeighborsClassifier, KNeighborsClassifier),
    (HubnessReducedKNeighborsRegressor, KNeighborsRegressor),
]


def inverse_square(distances):
    return 1 / (0.1 + distances) ** 2


def data_for(Ours, seed=0):
    if Ours is HubnessReducedKNeighborsClassifier:
        return make_blobs(120, 6, centers=4, cluster_std=4.0, random_state=seed)
    return make_regression(120, 6, noise=5.0, random_state=seed)


@pytest.mark.parametrize("weights", ["uniform", "distance", inverse_square])
@pytest.mark.parametrize(("Ours", "Theirs"), PAIRS)
def test_without_reduction_it_is_scikit_learns(Ours, Theirs, weights):
    X, y = data_for(Ours)
    ours = Ours(4, reduction=None, weights=weights).fit(X[:80], y[:80])
    theirs = Theirs(4, weights=weights).fit(X[:80], y[:80])
    # The last ones are indexed, at distance zero.
    for queries in (X[80:], X[:10], None):
        assert_allclose(ours.predict(queries), theirs.predict(queries))
    if hasattr(ours, "predict_proba"):
        assert_allclose(ours.predict_proba(X[80:]), theirs.predict_proba(X[80:]))
        assert_array_equal(ours.classes_, theirs.classes_)


@pytest.mark.parametrize("reduction", ["mutual_proximity", "nicdm", "csls"])
@pytest.mark.parametrize("weights", ["uniform", "distance", inverse_square])
@pytest.mark.parametrize(("Ours", "Theirs"), PAIRS)
def test_is_the_pipeline_in_one(Ours, Theirs, weights, reduction):
    X, y = data_for(Ours)
    ours = Ours(4, reduction=reduction, weights=weights, n_candidates=30).fit(X[:80], y[:80])
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(4, reduction=reduction, n_candidates=30),
        Theirs(4, weights=weights, metric="precomputed"),
    ).fit(X[:80], y[:80])
    assert_allclose(ours.predict(X[80:]), pipeline.predict(X[80:]))


@pytest.mark.parametrize(("Ours", "Theirs"), PAIRS)
def test_votes_of_the_literal_neighbours(Ours, Theirs):
    X, y = data_for(Ours)
    ours = Ours(5, n_candidates=30).fit(X[:80], y[:80])
    search = HubnessReducedNearestNeighbors(5, n_candidates=30).fit(X[:80])
    for queries in (X[80:], None):
        neighbors = search.kneighbors(queries, return_distance=False)
        for row, predicted in zip(neighbors, ours.predict(queries)):
            if Ours is HubnessReducedKNeighborsRegressor:
                assert predicted == pytest.approx(np.mean(y[row]))
            else:
                assert predicted == np.bincount(y[row]).argmax()


def test_string_labels():
    X, y = data_for(HubnessReducedKNeighborsClassifier)
    names = np.array(["ant", "bee", "cat", "dog"])
    numbers = HubnessReducedKNeighborsClassifier().fit(X, y)
    labels = HubnessReducedKNeighborsClassifier().fit(X, names[y])
    assert_array_equal(labels.classes_, names)
    assert_array_equal(labels.predict(X), names[numbers.predict(X)])
    assert labels.score(X, names[y]) > 0.5


def test_several_outputs():
    X, y = data_for(HubnessReducedKNeighborsClassifier)
    Y = np.column_stack([y, y % 2])
    classifier = HubnessReducedKNeighborsClassifier().fit(X, Y)
    first = HubnessReducedKNeighborsClassifier().fit(X, y)
    assert_array_equal(classifier.predict(X)[:, 0], first.predict(X))
    assert len(classifier.classes_) == len(classifier.predict_proba(X)) == 2
    assert_allclose(classifier.predict_proba(X)[0], first.predict_proba(X))
    X, y = data_for(HubnessReducedKNeighborsRegressor)
    regressor = HubnessReducedKNeighborsRegressor().fit(X, np.column_stack([y, -y]))
    predicted = regressor.predict(X)
    assert_allclose(predicted[:, 0], -predicted[:, 1])


@pytest.mark.parametrize("Ours", [pair[0] for pair in PAIRS])
def test_bad_parameters(Ours):
    X, y = data_for(Ours)
    for parameters, match in [
        ({"weights": "garbage"}, "'weights' parameter"),
        ({"reduction": "garbage"}, "reduction must be one of"),
        ({"n_neighbors": 120}, "Expected n_neighbors < n_samples_fit"),
    ]:
        with pytest.raises(ValueError, match=match):
            Ours(**parameters).fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        Ours().fit(X, y[:-1])


@pytest.mark.parametrize("Ours", [pair[0] for pair in PAIRS])
def test_precomputed_distances_are_cross_validated(Ours):
    X, y = data_for(Ours)
    from scipy.spatial.distance import cdist

    from_vectors = cross_val_score(Ours(n_candidates=40), X, y, cv=3)
    given = cross_val_score(Ours(n_candidates=40, metric="precomputed"), cdist(X, X), y, cv=3)
    assert_allclose(given, from_vectors)


@pytest.mark.parametrize("Estimator", [Ours for Ours, _ in PAIRS])
def test_kneighbors_are_those_of_the_search(Estimator):
    X, y = data_for(Estimator)
    search = HubnessReducedNearestNeighbors(4, reduction="nicdm").fit(X)
    estimator = Estimator(4, reduction="nicdm").fit(X, y)
    for queries in (None, X[:7]):
        for got, expected in zip(estimator.kneighbors(queries), search.kneighbors(queries)):
            assert_array_equal(got, expected)


def test_labels_reach_a_supervised_reduction():
    X, y = data_for(HubnessReducedKNeighborsClassifier)
    reduction = SimhubSimilarity(10, supervised=True)
    classifier = HubnessReducedKNeighborsClassifier(reduction=reduction).fit(X[:80], y[:80])
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(reduction=reduction),
        KNeighborsClassifier(metric="precomputed"),
    ).fit(X[:80], y[:80])
    assert_array_equal(classifier.predict(X[80:]), pipeline.predict(X[80:]))
    other = HubnessReducedKNeighborsClassifier(reduction=reduction).fit(X[:80], y[:80] == 0)
    assert (classifier.reduction_.weights_ != other.reduction_.weights_).any()
    with pytest.raises(ValueError, match="needs the classes y"):
        HubnessReducedKNeighborsTransformer(reduction=reduction).fit(X)
    with pytest.raises(ValueError, match="[Uu]nknown label type|continuous"):
        HubnessReducedKNeighborsRegressor(reduction=reduction).fit(X, y + 0.5)
