import functools
import pickle

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from sksim.metrics import (
    get_scorer,
    kl_divergence,
    log_likelihood_variance_distance,
    logit_distance,
    make_distribution_scorer,
    max_pls_svd_distance,
)
from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import all_measures


@pytest.fixture
def models(rng):
    X = rng.standard_normal((90, 3))
    y = np.array(["b", "c", "a"])[np.argmax(X + 0.5 * rng.standard_normal(X.shape), axis=1)]
    return X, y, LogisticRegression().fit(X, y), LogisticRegression(C=0.1).fit(X, y)


@pytest.mark.parametrize("distance", [kl_divergence, logit_distance])
def test_minus_the_distance_from_the_reference(models, distance):
    X, y, reference, model = models
    expected = -distance(reference.predict_log_proba(X), model.predict_log_proba(X))
    for name in (distance, distance.__name__):
        scorer = make_distribution_scorer(name, reference=reference)
        assert scorer(model, X, y) == scorer(model, X) == pytest.approx(expected, rel=1e-12)
        assert scorer(reference, X) == 0


@pytest.mark.parametrize("distance", [log_likelihood_variance_distance, max_pls_svd_distance])
def test_further_arguments(models, distance):
    X, _, reference, model = models
    scorer = make_distribution_scorer(distance, reference=reference, random_state=3)
    log_p, log_q = reference.predict_log_proba(X), model.predict_log_proba(X)
    assert scorer(model, X) == pytest.approx(-distance(log_p, log_q, random_state=3), rel=1e-9)


@pytest.mark.parametrize(
    ("distance", "options"),
    [
        (log_likelihood_variance_distance, {"combine": "sum"}),
        (max_pls_svd_distance, {"n_components": 1}),
    ],
)
def test_repeatable_without_a_seed(models, distance, options):
    X, _, reference, model = models
    log_p, log_q = reference.predict_log_proba(X), model.predict_log_proba(X)
    expected = -distance(log_p, log_q, random_state=0, **options)
    for name in (distance, distance.__name__):
        scorer = make_distribution_scorer(name, reference=reference, **options)
        assert scorer(model, X) == pytest.approx(expected, rel=1e-9)


def test_function_without_a_name(models):
    X, _, reference, model = models
    scorer = make_distribution_scorer(functools.partial(logit_distance), reference=reference)
    assert scorer(model, X) < 0
    assert "partial" in repr(scorer)


def test_pickle_and_parallel_search(models):
    X, y, reference, _ = models
    scorer = make_distribution_scorer("logit_distance", reference=reference)
    again = pickle.loads(pickle.dumps(scorer))
    assert again(reference, X) == 0
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, scoring=scorer, cv=3)
    assert search.fit(X, y).best_params_ == {"C": 1.0}
    assert "logit_distance" in repr(scorer)


def test_fold_that_lacks_a_class_says_so(models):
    X, y, reference, _ = models
    scorer = make_distribution_scorer("kl_divergence", reference=reference)
    with pytest.raises(ValueError, match="same labels"):
        cross_val_score(
            LogisticRegression(), X[y != "a"], y[y != "a"], scoring=scorer, error_score="raise"
        )


def test_seed_scorers_need_an_ensemble(models):
    X, _, _, model = models
    with pytest.raises(TypeError, match="needs a SeedEnsemble, got LogisticRegression"):
        get_scorer("neg_seed_logit_distance")(model, X)


def test_unknown_distance(models):
    with pytest.raises(ValueError, match="distance must be one of.*Did you mean 'logit_distance'"):
        make_distribution_scorer("logits_distance", reference=models[2])


def test_every_distance_has_a_scorer_of_seeds():
    for distance in all_measures(DistributionMeasure):
        assert repr(get_scorer(f"neg_seed_{distance.name}")) == (
            f"get_scorer('neg_seed_{distance.name}')"
        )


class Embedded(ClassifierMixin, BaseEstimator):
    """The model of given embeddings and unembeddings, its labels in any order."""

    def __init__(self, unembeddings=None, classes=None):
        self.unembeddings_, self.classes_ = unembeddings, np.asarray(classes)

    def transform(self, X):
        return X

    def predict_log_proba(self, X):
        return log_softmax(X @ self.unembeddings_.T, axis=1)


class TestDistancesOfEmbeddings:
    @pytest.mark.parametrize("name", ["logit_distance", "log_likelihood_variance_distance"])
    def test_labels_are_aligned(self, rng, name):
        X = rng.standard_normal((30, 2))
        first, second = rng.standard_normal((2, 4, 2))
        reference = Embedded(first, ["a", "b", "c", "d"])
        model = Embedded(second[[2, 0, 3, 1]], ["c", "a", "d", "b"])
        scores = [
            make_distribution_scorer(distance, reference=reference)(model, X)
            for distance in (name, f"{name}_from_embeddings")
        ]
        assert scores[1] == pytest.approx(scores[0], rel=1e-9)

    def test_need_models_that_have_them(self, models):
        X, _, reference, model = models
        scorer = make_distribution_scorer("linear_identifiability_distance", reference=reference)
        with pytest.raises(TypeError, match="needs models with transform.*LogisticRegression"):
            scorer(model, X)
