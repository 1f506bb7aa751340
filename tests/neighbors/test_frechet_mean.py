import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_blobs
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sksim.neighbors import FrechetMeanClassifier, predictable_labels

PATH = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))


class Stated(ClassifierMixin, BaseEstimator):
    """Says the probabilities that it is asked about."""

    def __init__(self, classes=(0, 4)):
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X):
        return np.asarray(X)


def _stated(distances, labels, trained, p, **options):
    estimator = Stated(tuple(trained))
    model = FrechetMeanClassifier(estimator, label_distances=distances, labels=labels, **options)
    return model.fit(p, np.resize(trained, len(p)))


def test_golden_values_on_a_path():
    p = np.array([[0.5, 0.5], [0.7, 0.3], [0.9, 0.1]])
    model = _stated(PATH, np.arange(5), [0, 4], p)
    variances = [[8, 5, 4, 5, 8], [4.8, 3.4, 4, 6.6, 11.2], [1.6, 1.8, 4, 8.2, 14.4]]
    np.testing.assert_allclose(-model.decision_function(p), variances)
    assert model.predict(p).tolist() == [2, 1, 0]


class TestPredictable:
    def test_golden_values(self):
        assert predictable_labels(PATH, [0, 4]).all()
        complete = predictable_labels(1 - np.eye(5), [1, 3])
        assert complete.tolist() == [False, True, False, True, False]
        star = np.full((4, 4), 2.0)
        star[3], star[:, 3] = 1, 1
        np.fill_diagonal(star, 0)
        assert predictable_labels(star, [0, 1]).tolist() == [True, True, False, True]

    @settings(max_examples=40, deadline=None)
    @given(st.integers(3, 8), st.integers(0, 10**6))
    def test_two_trained_labels_by_intervals(self, n_labels, seed):
        """Each rival leaves an interval of p; predictable is what has a common interior."""
        rng = np.random.RandomState(seed)
        D = pairwise_distances(rng.standard_normal((n_labels, 2)))
        expected = []
        for y in range(n_labels):
            low, high = 0.0, 1.0
            for rival in set(range(n_labels)) - {y}:
                first, second = D[:2, y] ** 2 - D[:2, rival] ** 2  # p first + (1 - p) second < 0
                if first > second:
                    high = min(high, -second / (first - second))
                else:
                    low = max(low, second / (second - first))
            expected.append(low < high)
        assert predictable_labels(D, [0, 1]).tolist() == expected

    def test_what_is_predicted_is_predictable(self, rng):
        D = pairwise_distances(rng.standard_normal((12, 2)))
        trained = [0, 3, 5, 8]
        model = _stated(D, np.arange(12), trained, rng.dirichlet(np.ones(4) / 2, size=4000))
        predicted = np.unique(model.predict(rng.dirichlet(np.ones(4) / 2, size=4000)))
        assert predictable_labels(D, trained)[predicted].all()
        assert len(predicted) > 4

    def test_one_label_and_equal_labels(self):
        assert predictable_labels([[0.0]], [0]).tolist() == [True]
        assert predictable_labels(np.zeros((2, 2)), [0]).tolist() == [False, False]

    @pytest.mark.parametrize(
        ("trained", "message"),
        [([0, 5], "0 to 4"), ([-1], "0 to 4"), ([0.0, 4.0], "integers"), ([[0, 4]], "vector")],
    )
    def test_bad_positions(self, trained, message):
        with pytest.raises(ValueError, match=f"trained must .*{message}"):
            predictable_labels(PATH, trained)


class TestProperties:
    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 10**6), st.floats(0.1, 50), st.sampled_from([1, 2, 3.5]))
    def test_scale_relabelling_and_affinity(self, seed, scale, power):
        rng = np.random.RandomState(seed)
        D, p = pairwise_distances(rng.standard_normal((7, 3))), rng.dirichlet(np.ones(3), 20)
        trained, order = [1, 4, 6], rng.permutation(7)
        model = _stated(D, np.arange(7), trained, p, power=power)
        scaled = _stated(scale * D, np.arange(7), trained, p, power=power)
        moved = _stated(D[np.ix_(order, order)], order, trained, p, power=power)
        np.testing.assert_array_equal(model.predict(p), scaled.predict(p))
        np.testing.assert_array_equal(model.predict(p), moved.predict(p))
        mixed = model.decision_function((p[:10] + p[10:]) / 2)
        halves = model.decision_function(p)
        np.testing.assert_allclose(mixed, (halves[:10] + halves[10:]) / 2)

    def test_equal_distances_are_the_most_probable_label(self):
        X, y = make_blobs(200, centers=4, cluster_std=4, random_state=0)
        names = np.array(["d", "b", "a", "c"])
        plain = LogisticRegression().fit(X, names[y])
        for options in ({}, {"label_distances": 3 - 3 * np.eye(4), "labels": names}):
            model = FrechetMeanClassifier(**options).fit(X, names[y])
            np.testing.assert_array_equal(model.predict(X), plain.predict(X))

    def test_two_labels_have_one_score(self):
        X, y = make_blobs(60, centers=2, cluster_std=4, random_state=0)
        model = FrechetMeanClassifier().fit(X, y)
        scores = model.decision_function(X)
        assert scores.shape == (60,)
        np.testing.assert_array_equal(model.predict(X), (scores > 0).astype(int))


def _accuracies(X, y, distances, labels, trained):
    rows = np.isin(y, trained)
    estimator = LogisticRegression(max_iter=1000).fit(X[rows], y[rows])
    frozen = FrozenEstimator(estimator)
    model = FrechetMeanClassifier(frozen, label_distances=distances, labels=labels)
    model.fit(X[rows], y[rows])
    unseen = ~np.isin(y, trained)
    return estimator.score(X, y), model.score(X, y), model.score(X[unseen], y[unseen])


class TestGeometries:
    """Path, hierarchy and embeddings of the classes, each with labels never trained on."""

    def test_labels_on_a_path(self, rng):
        """The end labels overlap, so that the classifier between them hesitates."""
        y = np.repeat(np.arange(5), 60)
        X = y[:, None] + 2 * rng.standard_normal((300, 3))
        plain, mean, unseen = _accuracies(X, y, PATH, np.arange(5), [0, 4])
        assert mean > plain
        assert unseen > 0.1

    def test_inner_nodes_of_a_hierarchy(self, rng):
        """A classifier of leaves that hesitates among siblings names their parent."""
        parents = {"cat": "mammal", "dog": "mammal", "frog": "animal", "mammal": "animal"}
        names = np.array(["animal", "cat", "dog", "frog", "mammal"])
        edges = np.zeros((5, 5))
        for child, parent in parents.items():
            edges[names == child, names == parent] = 1
        tree = shortest_path(edges, directed=False)
        leaves = ["cat", "dog", "frog"]
        p = np.array([[0.5, 0.5, 0], [1, 0, 0], [0.2, 0.2, 0.6], [0, 0.1, 0.9]])
        model = _stated(tree, names, leaves, p)
        assert model.predict(p).tolist() == ["mammal", "cat", "animal", "frog"]
        assert predictable_labels(tree, [1, 2, 3]).all()

    def test_embeddings_of_the_classes(self, rng):
        angles = 2 * np.pi * np.arange(12) / 12
        centers = np.column_stack([np.cos(angles), np.sin(angles)])
        y = np.repeat(np.arange(12), 40)
        X = centers[y] + 0.15 * rng.standard_normal((480, 2))
        D = pairwise_distances(centers)
        plain, mean, unseen = _accuracies(X, y, D, np.arange(12), [0, 3, 6, 9])
        assert mean > plain
        assert unseen > 0


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"labels": [0, 4]}, "labels must come with label_distances"),
            ({"label_distances": PATH[:3]}, "square"),
            ({"label_distances": -PATH}, "negative"),
            ({"label_distances": PATH + np.eye(5)}, "zero on the diagonal"),
            ({"label_distances": PATH + np.triu(np.ones((5, 5)), 1)}, "symmetric"),
            ({"label_distances": PATH}, "name the 5 rows .* got 2 trained labels"),
            ({"label_distances": PATH, "labels": [0, 1, 2, 3]}, "name the 5 rows"),
            ({"label_distances": PATH, "labels": [0, 1, 2, 3, 3]}, "differ"),
            ({"label_distances": PATH, "labels": [0, 1, 2, 3, 5]}, r"\[4\] are not"),
            ({"power": 0}, "power"),
        ],
    )
    def test_parameters(self, options, message):
        X, y = np.arange(8.0)[:, None], np.repeat([0, 4], 4)
        with pytest.raises(ValueError, match=message):
            FrechetMeanClassifier(**options).fit(X, y)

    def test_no_probabilities_of_labels_never_seen(self):
        assert not hasattr(FrechetMeanClassifier(), "predict_proba")


def test_composes_with_calibration_and_search():
    X, y = make_blobs(150, centers=PATH[[0, 4]][:, :2], cluster_std=2, random_state=0)
    y = 4 * y
    calibrated = CalibratedClassifierCV(LogisticRegression(), cv=3)
    model = FrechetMeanClassifier(calibrated, label_distances=PATH, labels=np.arange(5))
    search = GridSearchCV(model, {"estimator__estimator__C": [0.1, 1.0], "power": [1, 2]}, cv=3)
    assert search.fit(X, y).best_score_ > 0.4


def test_a_pipeline_of_texts():
    """A given classifier decides what its rows are."""
    texts, y = ["bad bad", "bad", "good", "good good"], np.array([0, 0, 2, 2])
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression())
    model = FrechetMeanClassifier(pipeline, label_distances=PATH[:3, :3], labels=np.arange(3))
    assert model.fit(texts, y).predict(["bad bad bad", "good bad", "good good"]).tolist() == [
        0,
        1,
        2,
    ]
