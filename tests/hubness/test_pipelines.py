"""Reductions inside scikit-learn: pipelines, searches, cross-validation on graphs."""

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import Pipeline, make_pipeline

from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.preprocessing import NormalScoreTransformer


@pytest.fixture
def data():
    X, y = make_classification(240, 60, n_informative=20, n_classes=3, random_state=0)
    return X[:200], y[:200], X[200:], y[200:]


def graph_pipeline(reducer, *first, n_neighbors=50):
    search = KNeighborsTransformer(n_neighbors=n_neighbors, mode="distance")
    return make_pipeline(*first, search, reducer, KNeighborsClassifier(metric="precomputed"))


@pytest.mark.parametrize("reducer", [MutualProximity(), LocalScaling(), NICDM(), CSLS()], ids=str)
@pytest.mark.parametrize("first", [(), (NormalScoreTransformer(),)], ids=["plain", "f-norm"])
def test_classifier_on_a_reduced_graph(data, reducer, first):
    X, y, X_test, y_test = data
    pipeline = graph_pipeline(reducer, *first).fit(X, y)
    proba = pipeline.predict_proba(X_test)
    assert pipeline.score(X_test, y_test) > 0.5
    one_by_one = np.vstack([pipeline.predict_proba(row[None]) for row in X_test])
    np.testing.assert_array_equal(proba, one_by_one)


def test_grid_search_over_method_and_neighbours_changes_results(data):
    X, y, *_ = data
    pipeline = Pipeline(
        [
            ("search", KNeighborsTransformer(n_neighbors=60, mode="distance")),
            ("reduce", MutualProximity()),
            ("classify", KNeighborsClassifier(metric="precomputed")),
        ]
    )
    grid = [
        {"reduce__method": ["normal", "gamma", "empirical"], "classify__n_neighbors": [3, 11]},
        {"reduce": [LocalScaling()], "reduce__n_neighbors": [1, 7, 40]},
    ]
    found = GridSearchCV(pipeline, grid, cv=3, refit=False).fit(X, y).cv_results_
    scores = np.array([found[f"split{i}_test_score"] for i in range(3)]).T
    assert len(np.unique(scores, axis=0)) >= 7
    with pytest.raises(ValueError, match="The 'method' parameter of MutualProximity"):
        pipeline.set_params(reduce__method="garbage").fit(X, y)


@pytest.mark.parametrize("dense", [True, False])
def test_cross_validation_on_a_precomputed_graph(data, dense):
    X, y, *_ = data
    D = KNeighborsTransformer(n_neighbors=199, mode="distance").fit_transform(X)
    graph = D if not dense else D.toarray()
    pipeline = make_pipeline(MutualProximity(), KNeighborsClassifier(5, metric="precomputed"))
    scores = cross_val_score(pipeline, graph, y, cv=3)
    assert scores.min() > 0.5
    from_vectors = graph_pipeline(MutualProximity(), n_neighbors=120)
    assert scores.mean() == pytest.approx(cross_val_score(from_vectors, X, y, cv=3).mean(), abs=0.1)


def test_leave_one_out_of_the_training_rows(data):
    """predict(None) drops the first entry of each row: the sample itself."""
    X, y, *_ = data
    graph = KNeighborsTransformer(n_neighbors=50, mode="distance").fit_transform(X)
    reduced = MutualProximity().fit_transform(graph)
    classifier = KNeighborsClassifier(1, metric="precomputed").fit(reduced, y)
    nearest = reduced.indices.reshape(200, -1)[:, 1]
    np.testing.assert_array_equal(classifier.predict(None), y[nearest])


def test_clustering_on_a_reduced_graph(data):
    X, *_ = data
    graph = KNeighborsTransformer(n_neighbors=30, mode="distance").fit_transform(X)
    reduced = LocalScaling().fit_transform(graph)
    labels = DBSCAN(eps=0.5, metric="precomputed").fit_predict(reduced)
    assert labels.shape == (200,)
