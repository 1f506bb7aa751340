"""In front of scikit-learn's own estimators, searched and cross-validated."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import DBSCAN
from sklearn.datasets import make_blobs
from sklearn.manifold import TSNE, Isomap
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
from sklearn.pipeline import make_pipeline

from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)

REDUCTIONS = [None, "mutual_proximity", "nicdm", "csls", "local_scaling"]


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(150, 20, centers=3, cluster_std=3.0, random_state=0)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_k_neighbors_classifier(blobs, reduction):
    X, y = blobs
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(7, reduction=reduction),
        KNeighborsClassifier(7, metric="precomputed"),
    )
    assert pipeline.fit(X[:100], y[:100]).score(X[100:], y[100:]) > 0.95
    assert cross_val_score(pipeline, X, y, cv=3).min() > 0.9


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_dbscan_finds_the_blobs(blobs, reduction):
    X, y = blobs
    transformer = HubnessReducedKNeighborsTransformer(20, reduction=reduction)
    graph = transformer.fit_transform(X)
    eps = np.quantile(graph.data, 0.8)
    labels = make_pipeline(transformer, DBSCAN(eps=eps, metric="precomputed")).fit_predict(X)
    clustered = labels >= 0
    assert clustered.mean() > 0.7
    for label in np.unique(labels[clustered]):
        assert np.unique(y[labels == label]).size == 1


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_isomap_unrolls_the_line(reduction):
    t = np.linspace(0, 3, 80)
    X = np.column_stack([np.cos(t), np.sin(t)])
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(6, reduction=reduction),
        Isomap(n_neighbors=6, n_components=1, metric="precomputed"),
    )
    embedding = pipeline.fit_transform(X).ravel()
    assert abs(np.corrcoef(embedding, t)[0, 1]) > 0.95
    assert_allclose(pipeline.transform(X).ravel(), embedding, atol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_tsne_keeps_the_blobs_apart(blobs, reduction):
    X, y = blobs
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(31, reduction=reduction),
        TSNE(metric="precomputed", init="random", perplexity=10, max_iter=300, random_state=0),
    )
    embedding = pipeline.fit_transform(X)
    assert KNeighborsClassifier(3).fit(embedding, y).score(embedding, y) > 0.95


def test_grid_search_over_everything(blobs):
    X, y = blobs
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(10),
        KNeighborsClassifier(metric="precomputed"),
    )
    step, classifier = "hubnessreducedkneighborstransformer__", "kneighborsclassifier__"
    grid = [
        {
            step + "reduction": [None, "csls", NICDM(3), MutualProximity(method="gamma")],
            classifier + "n_neighbors": [1, 5],
        },
        {
            step + "reduction": [LocalScaling(), NICDM()],
            step + "reduction__n_neighbors": [2, 20],
            step + "n_neighbors": [5, 10],
            classifier + "weights": ["uniform", "distance"],
        },
    ]
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 24
    assert search.best_score_ > 0.95
    assert search.best_estimator_.score(X, y) > 0.95


def test_grid_search_changes_what_it_should():
    X, y = make_blobs(150, 30, centers=5, cluster_std=9.0, random_state=0)
    grid = {"reduction": [CSLS(2), NICDM(2)], "reduction__n_neighbors": [1, 5, 40]}
    search = GridSearchCV(HubnessReducedKNeighborsClassifier(3), grid, cv=3).fit(X, y)
    assert np.unique(search.cv_results_["mean_test_score"]).size > 3


def test_precomputed_graph_is_cross_validated(blobs):
    X, y = blobs
    graph = KNeighborsTransformer(n_neighbors=90).fit_transform(X)
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(5, metric="precomputed", n_candidates=50),
        KNeighborsClassifier(5, metric="precomputed"),
    )
    scores = cross_val_score(pipeline, graph, y, cv=3, error_score="raise")
    assert scores.min() > 0.9
    grid = {"hubnessreducedkneighborstransformer__reduction": ["nicdm", "csls"]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(graph, y)
    assert_array_equal(np.isfinite(search.cv_results_["mean_test_score"]), True)
