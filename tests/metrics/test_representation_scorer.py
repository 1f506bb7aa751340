import functools
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sksim.metrics import (
    cka_distance,
    cka_score,
    disagreement_rate,
    error_consistency_score,
    get_scorer,
    get_scorer_names,
    isoscore,
    make_representation_scorer,
    minmax_normalized_disagreement,
    mutual_knn_score,
    neural_collapse,
    participation_ratio,
    procrustes_distance,
    uniformity,
    vendi_score,
)
from sksim.metrics._measure import PairedMeasure, QualityMeasure
from sksim.metrics._registry import all_measures


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(X))
    return X[order], y[order]


def test_reference_representation_as_y(iris):
    X, _ = iris
    scorer = make_representation_scorer(cka_score, unbiased=False)
    pca = PCA(2).fit(X)
    assert scorer(pca, X, X) == cka_score(pca.transform(X), X, unbiased=False)
    scores = cross_val_score(PCA(1), X, X, scoring=scorer, cv=KFold(3))
    train, test = next(iter(KFold(3).split(X)))
    expected = cka_score(PCA(1).fit(X[train]).transform(X[test]), X[test], unbiased=False)
    assert scores[0] == pytest.approx(expected)


def test_no_reference(iris):
    X, _ = iris
    scorer = make_representation_scorer(vendi_score, q=2)
    pca = PCA(2).fit(X)
    assert scorer(pca, X) == vendi_score(pca.transform(X), q=2)
    assert scorer(pca, X, "ignored") == scorer(pca, X)


def test_fitted_reference_leaves_y_to_the_task(iris):
    X, y = iris
    teacher = StandardScaler().fit(X)
    scoring = {
        "accuracy": "accuracy",
        "like_teacher": make_representation_scorer(mutual_knn_score, reference=teacher),
    }
    pipeline = make_pipeline(PCA(2), LogisticRegression())
    with pytest.raises(ValueError, match="n_neighbors"):
        mutual_knn_score(np.eye(3), np.eye(3))
    results = cross_validate(pipeline[:1], X, y, scoring=scoring["like_teacher"], cv=3)
    assert results["test_score"].min() > 0.2
    full = PCA(4, whiten=False).fit(X - 1)
    reference = FunctionTransformer().fit(X)
    same = make_representation_scorer(
        mutual_knn_score, reference=reference, metric="euclidean", n_neighbors=5
    )
    assert same(full, X, y) == pytest.approx(1, abs=0.02)


def test_functional_measures(iris):
    X, y = iris
    reference = LogisticRegression(max_iter=500).fit(X, y)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    labels = tree.predict(X), reference.predict(X)
    scorer = make_representation_scorer(disagreement_rate, reference=reference)
    assert scorer(tree, X, y) == -disagreement_rate(*labels)
    for function, sign in [(error_consistency_score, 1), (minmax_normalized_disagreement, -1)]:
        scorer = make_representation_scorer(function, reference=reference)
        assert scorer(tree, X, y) == sign * function(y, *labels)
    scores = cross_validate(
        DecisionTreeClassifier(max_depth=2),
        X,
        y,
        cv=3,
        scoring={"accuracy": "accuracy", "agreement": get_scorer("accuracy"), "own": scorer},
    )
    assert (scores["test_own"] <= 0).all()


def test_response_method(iris):
    X, y = iris
    model = LogisticRegression(max_iter=500).fit(X, y)
    reference = LogisticRegression(C=0.1, max_iter=500).fit(X, y)
    scorer = make_representation_scorer(
        cka_score, reference=reference, response_method="predict_proba"
    )
    expected = cka_score(model.predict_proba(X), reference.predict_proba(X))
    assert scorer(model, X, y) == expected
    with pytest.raises(TypeError, match=r"one of the methods \['predict_proba'\]"):
        scorer(PCA().fit(X), X)


@pytest.mark.parametrize(
    ("function", "sign"),
    [
        (cka_score, 1),
        (cka_distance, -1),
        (procrustes_distance, -1),
        (participation_ratio, 1),
        (isoscore, 1),
        (uniformity, -1),
        (functools.partial(cka_distance, kernel="rbf"), -1),
        (r2_score, 1),
    ],
)
def test_sign(iris, function, sign):
    X, _ = iris
    pca = PCA(2).fit(X)
    two = function not in (participation_ratio, isoscore, uniformity)
    arrays = (pca.transform(X), X[:, :2]) if two else (pca.transform(X),)
    assert make_representation_scorer(function)(pca, X, X[:, :2]) == sign * function(*arrays)


def test_names_without_a_direction_are_refused():
    with pytest.raises(ValueError, match="must tell what is better"):
        make_representation_scorer(lambda X, Y: 0.0)


def some_similarity(X, Y, sample_weight=None):
    return 0.0 if sample_weight is None else float(np.sum(sample_weight))


def test_grid_search_in_parallel_picks_the_most_similar(iris):
    X, _ = iris
    search = GridSearchCV(
        make_pipeline(StandardScaler(), PCA()),
        {"pca__n_components": [1, 2, 3]},
        scoring=make_representation_scorer(procrustes_distance),
        n_jobs=2,
        cv=3,
    )
    assert search.fit(X, StandardScaler().fit_transform(X)).best_params_ == {"pca__n_components": 3}
    assert (search.cv_results_["mean_test_score"] <= 0).all()


def test_pickle_clone_and_repr(iris):
    X, y = iris
    reference = StandardScaler().fit(X)
    scorer = make_representation_scorer(cka_score, reference=reference, kernel="rbf")
    pca = PCA(2).fit(X)
    assert pickle.loads(pickle.dumps(scorer))(pca, X) == pytest.approx(scorer(pca, X))
    search = clone(GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=scorer, cv=3))
    assert search.fit(X, y).best_params_ == {"n_components": 2}
    assert repr(scorer) == (
        "make_representation_scorer(cka_score, reference=StandardScaler(), kernel='rbf')"
    )


def test_metadata_routing(iris):
    X, _ = iris
    weights = np.ones(len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        plain = make_representation_scorer(cka_score)
        assert cross_validate(PCA(2), X, X, scoring=plain, cv=3)["test_score"].min() > 0.5
        scorer = make_representation_scorer(some_similarity).set_score_request(sample_weight=True)
        results = cross_validate(
            PCA(2),
            X,
            X,
            scoring={"own": scorer, "cka": plain},
            cv=3,
            params={"sample_weight": weights},
        )
        np.testing.assert_allclose(results["test_own"], 50)
        search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=scorer, cv=3)
        search.fit(X, X, sample_weight=weights)
        np.testing.assert_allclose(search.cv_results_["mean_test_score"], 50)
        with pytest.raises(Exception, match="sample_weight"):
            cross_validate(PCA(2), X, X, scoring=plain, params={"sample_weight": weights})
        alias = make_representation_scorer(some_similarity).set_score_request(sample_weight="w")
        results = cross_validate(PCA(2), X, X, scoring=alias, cv=3, params={"w": weights})
        np.testing.assert_allclose(results["test_score"], 50)


def test_frames_keep_their_index(iris):
    X, _ = iris
    X = pd.DataFrame(X)
    pca = PCA(2).set_output(transform="pandas").fit(X)
    scorer = get_scorer("cka")
    assert scorer(pca, X, X) > 0.9
    with pytest.raises(ValueError, match="different indices"):
        scorer(pca, X, X.iloc[::-1])


def test_every_named_scorer_works(iris):
    X, _ = iris
    pca = PCA(4).fit(X)
    X = X[:40]
    for measure in [*all_measures(PairedMeasure), *all_measures(QualityMeasure)]:
        if measure.greater_is_better is None:
            continue
        name = measure.name if measure.greater_is_better else f"neg_{measure.name}"
        assert name in get_scorer_names()
        arrays = (pca.transform(X), X)
        if measure.kind == "quality":
            arrays = arrays[:1] * measure.n_arrays
        expected = measure(*arrays) if measure.greater_is_better else -measure(*arrays)
        y = X if measure.kind == "paired" else arrays[-1]
        assert get_scorer(name)(pca, X, y) == pytest.approx(expected, abs=1e-12), name
    assert get_scorer("cka")(pca, X, X) == cka_score(pca.transform(X), X)
    assert {"cka", "procrustes", "mutual_knn", "neg_procrustes_distance"} <= set(get_scorer_names())


def test_uses_that_make_no_sense(iris):
    X, y = iris
    scaler = StandardScaler()
    with pytest.raises(sklearn.exceptions.NotFittedError):
        make_representation_scorer(cka_score, reference=scaler)
    with pytest.raises(ValueError, match="takes no reference"):
        make_representation_scorer(isoscore, reference=scaler.fit(X))
    with pytest.raises(ValueError, match="a reference is needed"):
        make_representation_scorer(error_consistency_score)
    with pytest.raises(TypeError, match="kernels"):
        make_representation_scorer(cka_score, kernels="rbf")
    with pytest.raises(ValueError, match="y must be the reference representation"):
        make_representation_scorer(cka_score)(scaler, X)
    with pytest.raises(ValueError, match="1, 2 or 3 arrays"):
        make_representation_scorer(lambda: 0.0)

    def collapse_score(X, y):
        return neural_collapse(X, y)

    with pytest.raises(TypeError, match="must return one number"):
        make_representation_scorer(collapse_score)(scaler, X, y)
