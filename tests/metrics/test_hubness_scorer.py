"""Hubness as a scorer: what it measures on each kind of estimator, and in model selection."""

import pickle

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import DBSCAN
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, NearestNeighbors
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from sksim.datasets import make_gaussian_hubs
from sksim.hubness import NICDM
from sksim.metrics import (
    get_scorer,
    get_scorer_names,
    hubness_score,
    make_hubness_scorer,
)
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import all_measures
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)

HUBNESS_MEASURES = [measure.name for measure in all_measures(OccurrenceMeasure)]


@pytest.fixture(scope="module")
def data():
    X, y = make_gaussian_hubs(240, 60, n_classes=4, random_state=0)
    return X[:160], y[:160], X[160:], y[160:]


@pytest.mark.parametrize("measure", sorted(HUBNESS_MEASURES))
@pytest.mark.parametrize("adjusted", [True, False])
def test_sign(data, measure, adjusted):
    X, _, Q, _ = data
    scorer = make_hubness_scorer(measure, n_neighbors=5, adjusted=adjusted)
    scaler = StandardScaler().fit(X)
    expected = hubness_score(scaler.transform(Q), measure=measure, n_neighbors=5, adjusted=adjusted)
    sign = 1 if measure == "hub_entropy" else -1
    assert scorer(scaler, Q) == pytest.approx(sign * expected)


@pytest.mark.parametrize("measure", ["k_skewness", "robin_hood_index", "hub_entropy"])
@pytest.mark.parametrize("adjusted", [True, False])
def test_less_hubness_scores_higher(data, measure, adjusted):
    X, y, Q, _ = data
    scorer = make_hubness_scorer(measure, adjusted=adjusted)
    hubby = KNeighborsClassifier().fit(X, y)
    repaired = make_pipeline(Normalizer(), KNeighborsClassifier()).fit(X, y)
    assert scorer(repaired, Q) > scorer(hubby, Q)


def out_of_sample(Q, X, **options):
    return -hubness_score(Q, X, adjusted=True, **options)


def test_vector_transformer(data):
    X, y, Q, _ = data
    scorer = make_hubness_scorer()
    expected = -hubness_score(PCA(20, random_state=0).fit(X).transform(Q), adjusted=True)
    assert scorer(PCA(20, random_state=0).fit(X), Q) == pytest.approx(expected)
    for last in (LogisticRegression(), "passthrough"):
        pipeline = make_pipeline(PCA(20, random_state=0), last).fit(X, y)
        assert scorer(pipeline, Q) == pytest.approx(expected)


def test_sparse_vectors_are_no_graph(data):
    X, y, Q, _ = data
    counts = np.maximum(np.rint(2 * X), 0)
    pipeline = make_pipeline(TfidfTransformer(), LogisticRegression()).fit(counts, y)
    Z = pipeline[0].transform(np.maximum(np.rint(2 * Q), 0))
    scorer = make_hubness_scorer()
    expected = -hubness_score(Z, adjusted=True)
    assert scorer(pipeline, np.maximum(np.rint(2 * Q), 0)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "estimator", [NearestNeighbors(n_neighbors=3), KNeighborsTransformer(n_neighbors=3)]
)
def test_neighbour_searches(data, estimator):
    """The depth of the estimator does not limit the scorer."""
    X, _, Q, _ = data
    scorer = make_hubness_scorer()
    assert scorer(clone(estimator).fit(X), Q) == pytest.approx(out_of_sample(Q, X))
    scaled = make_pipeline(StandardScaler(), clone(estimator)).fit(X)
    scale = scaled[0].transform
    assert scorer(scaled, Q) == pytest.approx(out_of_sample(scale(Q), scale(X)))


def test_pipelines_that_end_in_a_predictor(data):
    X, y, Q, _ = data
    expected = out_of_sample(Q, X, metric="manhattan")
    scorer = make_hubness_scorer()
    search = KNeighborsTransformer(n_neighbors=20, metric="manhattan")
    for pipeline in (
        KNeighborsClassifier(metric="manhattan"),
        make_pipeline(search, KNeighborsClassifier(metric="precomputed")),
        make_pipeline("passthrough", KNeighborsClassifier(metric="manhattan")),
        make_pipeline(clone(search), DBSCAN(metric="precomputed")),
    ):
        assert scorer(pipeline.fit(X, y), Q) == pytest.approx(expected)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_training_data_are_scored_among_themselves(data, algorithm):
    X, y, _, _ = data
    scorer = make_hubness_scorer()
    estimator = KNeighborsClassifier(algorithm=algorithm).fit(X, y)
    assert scorer(estimator, X) == pytest.approx(-hubness_score(X, adjusted=True))


def test_as_many_queries_as_indexed_samples(data):
    """Two-fold cross-validation: square, but the queries are new."""
    X, y, Q, _ = data
    pipeline = make_pipeline(
        KNeighborsTransformer(n_neighbors=15), KNeighborsClassifier(metric="precomputed")
    ).fit(X[:80], y[:80])
    assert make_hubness_scorer()(pipeline, Q) == pytest.approx(out_of_sample(Q, X[:80]))


def test_a_fitted_search_is_scored_by_its_best_estimator(data):
    X, y, Q, _ = data
    grid = GridSearchCV(KNeighborsClassifier(), {"p": [1]}, cv=2).fit(X, y)
    expected = out_of_sample(Q, X, metric="manhattan")
    assert make_hubness_scorer()(grid, Q) == pytest.approx(expected)


def test_multi_metric_grid_search(data):
    """Accuracy and hubness side by side, over graph pipelines."""
    X, y, _, _ = data
    pipeline = Pipeline(
        [
            ("normalize", Normalizer()),
            ("graph", KNeighborsTransformer(n_neighbors=30)),
            ("knn", KNeighborsClassifier(metric="precomputed")),
        ]
    )
    grid = {"normalize": ["passthrough", Normalizer()], "knn__n_neighbors": [3, 10]}
    scoring = {
        "accuracy": "accuracy",
        "hubness": make_hubness_scorer("k_skewness"),
        "antihubs": get_scorer("neg_antihub_rate"),
    }
    search = GridSearchCV(pipeline, grid, scoring=scoring, refit="accuracy", cv=2, n_jobs=2)
    results = search.fit(X, y).cv_results_
    assert np.isfinite(results["mean_test_hubness"]).all()
    skewness = results["mean_test_hubness"]
    normalized = [p["normalize"] != "passthrough" for p in results["params"]]
    assert skewness[normalized].min() > skewness[~np.array(normalized)].max()
    depth = [p["knn__n_neighbors"] for p in results["params"]]
    for name in ("hubness", "antihubs"):
        by_depth = results[f"mean_test_{name}"]
        np.testing.assert_array_equal(by_depth[np.equal(depth, 3)], by_depth[np.equal(depth, 10)])


def test_cross_validation(data):
    X, y, _, _ = data
    scores = cross_val_score(StandardScaler(), X, scoring=make_hubness_scorer(), cv=3)
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()
    both = cross_validate(
        KNeighborsClassifier(), X, y, scoring=make_hubness_scorer(), return_train_score=True
    )
    assert np.isfinite(both["train_score"]).all()


def test_metadata_routing(data):
    X, y, _, _ = data
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(KNeighborsClassifier(), X, y, scoring=make_hubness_scorer(), cv=2)
    assert np.isfinite(scores).all()


def test_pickle_and_repr(data):
    X, _, Q, _ = data
    scorer = make_hubness_scorer("gini_index", n_neighbors=4, adjusted=False)
    assert repr(scorer) == "make_hubness_scorer('gini_index', n_neighbors=4, adjusted=False)"
    scaler = StandardScaler().fit(X)
    assert pickle.loads(pickle.dumps(scorer))(scaler, Q) == scorer(scaler, Q)


def test_errors(data):
    X, y, Q, _ = data
    with pytest.raises(ValueError, match="measure must be one of"):
        make_hubness_scorer("skew")
    with pytest.raises(ValueError, match="n_neighbors"):
        make_hubness_scorer(n_neighbors=0)
    with pytest.raises(TypeError, match="transform or kneighbors.*LogisticRegression"):
        make_hubness_scorer()(LogisticRegression().fit(X, y), Q)
    with pytest.raises(ValueError, match="at most the number of indexed samples, got 160"):
        make_hubness_scorer(n_neighbors=161)(KNeighborsClassifier().fit(X, y), Q)


class Unchanged(TransformerMixin, BaseEstimator):
    """A reduction of neighbour graphs that reduces nothing."""

    def fit(self, graph, y=None):
        self.fitted_ = True
        return self

    def transform(self, graph):
        return graph

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = tags.input_tags.sparse = tags.input_tags.positive_only = True
        return tags


def test_reductions_of_graphs(data):
    X, y, Q, _ = data
    pipeline = make_pipeline(
        KNeighborsTransformer(n_neighbors=20),
        Unchanged(),
        KNeighborsClassifier(3, metric="precomputed"),
    ).fit(X, y)
    assert make_hubness_scorer()(pipeline, Q) == pytest.approx(out_of_sample(Q, X))
    with pytest.raises(ValueError, match=r"n_neighbors=21 .*Build a deeper graph"):
        make_hubness_scorer(n_neighbors=21)(pipeline, X)


def test_reductions_of_distance_matrices(data):
    X, y, Q, _ = data
    reduction = Unchanged().fit(cdist(X, X))
    scorer = make_hubness_scorer()
    assert scorer(reduction, cdist(Q, X)) == pytest.approx(out_of_sample(Q, X))
    expected = -hubness_score(X, adjusted=True)
    assert scorer(reduction, cdist(X, X)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "estimator",
    [
        HubnessReducedKNeighborsClassifier(reduction="nicdm", n_candidates=159),
        HubnessReducedNearestNeighbors(reduction="nicdm", n_candidates=159),
        HubnessReducedKNeighborsTransformer(reduction="nicdm", n_candidates=159),
        make_pipeline(
            # Brute force: distances of samples to themselves round to 1e-7 instead of 0.
            KNeighborsTransformer(n_neighbors=159, algorithm="brute"),
            NICDM(),
            KNeighborsClassifier(metric="precomputed"),
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_reduced_spaces(data, estimator):
    """The same reduction by every door has the same hubness, on new and on training rows."""
    X, y, Q, _ = data
    fitted = clone(estimator).fit(X, y)
    scorer = make_hubness_scorer()
    for rows in (Q, X):
        reduced = NICDM().fit(cdist(X, X)).transform(cdist(rows, X))
        expected = -hubness_score(reduced, metric="precomputed", adjusted=True)
        assert scorer(fitted, rows) == pytest.approx(expected)
        assert scorer(fitted, rows) > out_of_sample(rows, None if rows is X else X)


@pytest.mark.parametrize(
    "estimator",
    [
        HubnessReducedKNeighborsClassifier(reduction="nicdm", metric="precomputed"),
        HubnessReducedNearestNeighbors(reduction="nicdm", metric="precomputed"),
        HubnessReducedKNeighborsTransformer(reduction="nicdm", metric="precomputed"),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_reduced_spaces_of_given_distances(data, estimator):
    """On a distance matrix alone, and behind the step that makes the distances."""
    X, y, Q, _ = data
    scorer = make_hubness_scorer()
    estimator = clone(estimator).set_params(n_candidates=159)
    expected = -hubness_score(
        NICDM().fit(cdist(X, X)).transform(cdist(Q, X)), metric="precomputed", adjusted=True
    )
    assert scorer(estimator.fit(cdist(X, X), y), cdist(Q, X)) == pytest.approx(expected)
    search = KNeighborsTransformer(n_neighbors=159, algorithm="kd_tree")
    pipeline = make_pipeline(search, clone(estimator)).fit(X, y)
    assert scorer(pipeline, Q) == pytest.approx(expected)


def test_plain_neighbours_of_given_distances(data):
    X, y, Q, _ = data
    estimator = KNeighborsClassifier(metric="precomputed").fit(cdist(X, X), y)
    expected = out_of_sample(Q, X)
    assert make_hubness_scorer()(estimator, cdist(Q, X)) == pytest.approx(expected)


def test_grid_search_over_reductions(data):
    """The headline: which reduction helps, by accuracy and by hubness."""
    X, y, _, _ = data
    scoring = {"accuracy": "accuracy", "hubness": get_scorer("neg_robin_hood")}
    grid = {"reduction": [None, "mutual_proximity", "nicdm"], "n_neighbors": [3, 10]}
    classifier = HubnessReducedKNeighborsClassifier()
    search = GridSearchCV(classifier, grid, scoring=scoring, refit="accuracy", cv=3).fit(X, y)
    hubness = search.cv_results_["mean_test_hubness"]
    without = np.array([p["reduction"] is None for p in search.cv_results_["params"]])
    assert hubness[without].max() < hubness[~without].min() < 0.1


# --- scorers by name ------------------------------------------------------------------------


def test_names():
    names = get_scorer_names()
    assert names == sorted(names)
    expected = {"neg_k_skewness", "neg_robin_hood", "neg_antihub_rate", "neg_gini", "hub_entropy"}
    assert expected <= set(names)


def test_hubness_scorers_by_name(data):
    X, _, Q, _ = data
    scaler = StandardScaler().fit(X)
    for name in ("neg_k_skewness", "neg_robin_hood", "hub_entropy"):
        measure = name.removeprefix("neg_")
        assert get_scorer(name)(scaler, Q) == make_hubness_scorer(measure)(scaler, Q)


def test_scikit_learn_names_and_scorers_pass():
    assert get_scorer("accuracy") is not None
    mine = make_scorer(accuracy_score)
    assert get_scorer(mine) is mine


def test_unknown_scorer():
    with pytest.raises(ValueError, match=r"'neg_k_skewness'.*got 'k_skewnes'"):
        get_scorer("k_skewnes")
