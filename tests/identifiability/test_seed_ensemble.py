import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksim.datasets import make_radial_classification
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import (
    get_scorer,
    kl_divergence,
    linear_identifiability_distance,
    log_likelihood_variance_distance,
    logit_distance,
)

torch = pytest.importorskip("torch")


def _model(**options):
    options = {"hidden_layer_sizes": (8, 8), "lr": 0.01, "max_epochs": 5} | options
    return EmbeddingClassifier(**options)


@pytest.fixture(scope="module")
def data():
    return make_radial_classification(200, random_state=0)


@pytest.fixture(scope="module")
def ensemble(data):
    return SeedEnsemble(_model(), 3, random_state=0).fit(*data)


@pytest.mark.slow
@parametrize_with_checks([SeedEnsemble(_model(max_epochs=60), 2, batched=False, random_state=0)])
def test_scikit_learn_checks(estimator, check):
    """Other than by default; the defaults are checked with all other estimators."""
    check(estimator)


class TestTraining:
    @pytest.mark.parametrize("unembedding", ["mlp", "linear"])
    @pytest.mark.parametrize("weight_decay", [0.0, 0.1])
    def test_stack_equals_loop(self, data, unembedding, weight_decay):
        X, y = data
        model = _model(unembedding=unembedding, weight_decay=weight_decay, max_epochs=3)
        stacked, looped = (
            SeedEnsemble(model, 3, batched=batched, random_state=0).fit(X, y)
            for batched in (True, False)
        )
        for one, other in zip(stacked.estimators_, looped.estimators_):
            np.testing.assert_allclose(
                one.predict_log_proba(X), other.predict_log_proba(X), atol=1e-5
            )
            np.testing.assert_allclose(
                [epoch["train_loss"] for epoch in one.history_],
                [epoch["train_loss"] for epoch in other.history_],
                rtol=1e-5,
            )
            assert one.n_iter_ == other.n_iter_ == 3

    def test_members_of_a_stack_go_on_as_those_of_a_loop(self, data):
        """Weights, state of the optimizer and random stream are all handed back."""
        X, y = data
        stacked, looped = (
            SeedEnsemble(_model(max_epochs=2), 2, batched=batched, random_state=0).fit(X, y)
            for batched in (True, False)
        )
        for one, other in zip(stacked.estimators_, looped.estimators_):
            one.partial_fit(X, y), other.partial_fit(X, y)
            np.testing.assert_allclose(
                one.predict_log_proba(X), other.predict_log_proba(X), atol=1e-5
            )
            assert one.n_iter_ == 3

    def test_member_equals_its_seed_alone(self, data):
        X, y = data
        member = SeedEnsemble(_model(max_epochs=2), 2, random_state=0).fit(X, y).estimators_[1]
        alone = _model(max_epochs=2, random_state=member.random_state).fit(X, y)
        np.testing.assert_allclose(
            member.predict_log_proba(X), alone.predict_log_proba(X), atol=1e-5
        )

    def test_repeatable_and_global_generator_untouched(self, data, ensemble):
        X, y = data
        torch.manual_seed(3)
        state = torch.get_rng_state()
        again = SeedEnsemble(_model(), 3, random_state=0).fit(X, y)
        assert torch.equal(torch.get_rng_state(), state)
        np.testing.assert_array_equal(again.predict_log_proba(X), ensemble.predict_log_proba(X))

    def test_distillation_is_stacked_too(self, data, ensemble):
        X, y = data
        teacher = FrozenEstimator(ensemble.estimators_[0])
        model = _model(teacher=teacher, distillation="logit_l2", max_epochs=2)
        stacked, looped = (
            SeedEnsemble(model, 2, batched=batched, random_state=0).fit(X)
            for batched in (True, False)
        )
        np.testing.assert_allclose(
            stacked.predict_log_proba(X), looped.predict_log_proba(X), atol=1e-5
        )

    def test_teacher_is_asked_once(self, data):
        calls = []

        class Counting(LogisticRegression):
            def predict_log_proba(self, X):
                calls.append(len(X))
                return super().predict_log_proba(X)

        teacher = FrozenEstimator(Counting().fit(*data))
        SeedEnsemble(_model(teacher=teacher, max_epochs=1), 3, random_state=0).fit(*data)
        assert calls == [200]

    def test_divergence_is_an_error(self, data):
        with pytest.raises(FloatingPointError, match="Training diverged"):
            SeedEnsemble(_model(lr=1e30), 2).fit(*data)

    @pytest.mark.parametrize(
        "estimator",
        [
            _model(early_stopping=True),
            make_pipeline(StandardScaler(), _model()),
            SGDClassifier(loss="log_loss", max_iter=3, tol=None),
        ],
    )
    def test_anything_else_is_looped(self, data, estimator):
        ensemble = SeedEnsemble(estimator, 2, random_state=0).fit(*data)
        assert ensemble.pairwise_distances(data[0])[0, 1] > 0


class TestDistances:
    @pytest.mark.parametrize("distance", [kl_divergence, logit_distance])
    def test_entries(self, data, ensemble, distance):
        X, _ = data
        log_p = [member.predict_log_proba(X) for member in ensemble.estimators_]
        for metric in (distance.__name__, distance):
            matrix = ensemble.pairwise_distances(X, metric)
            expected = [[distance(p, q) if p is not q else 0 for q in log_p] for p in log_p]
            np.testing.assert_allclose(matrix, expected, rtol=1e-9)

    def test_drawing_distances_are_repeatable(self, data, ensemble):
        X, _ = data
        name = "log_likelihood_variance_distance"
        first, again = (ensemble.pairwise_distances(X, name) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(first, first.T)
        log_p = [member.predict_log_proba(X) for member in ensemble.estimators_]
        assert first[0, 2] == log_likelihood_variance_distance(log_p[0], log_p[2], random_state=0)
        few = ensemble.pairwise_distances(X, name, n_candidates=3, random_state=4)
        assert few[0, 2] > first[0, 2]

    @pytest.mark.parametrize(
        "distance", [log_likelihood_variance_distance, linear_identifiability_distance]
    )
    def test_function_is_its_name(self, data, ensemble, distance):
        X, _ = data
        by_name, by_function = (
            ensemble.pairwise_distances(X, metric) for metric in (distance.__name__, distance)
        )
        np.testing.assert_array_equal(by_function, by_name)

    def test_linear_identifiability_takes_the_embeddings(self, data, ensemble):
        X, _ = data
        one, other = ensemble.estimators_[:2]
        expected = linear_identifiability_distance(
            one.transform(X), one.unembeddings_, other.transform(X), other.unembeddings_
        )
        matrix = ensemble.pairwise_distances(X, "linear_identifiability_distance")
        assert matrix[0, 1] == pytest.approx(expected)
        assert matrix[0, 1] != pytest.approx(matrix[1, 0])

    def test_linear_identifiability_needs_representations(self, data):
        pipeline = make_pipeline(StandardScaler(), _model(max_epochs=1))
        ensemble = SeedEnsemble(pipeline, 2, random_state=0).fit(*data)
        with pytest.raises(TypeError, match="which Pipeline has not"):
            ensemble.pairwise_distances(data[0], "linear_identifiability_distance")

    def test_unknown_metric(self, data, ensemble):
        with pytest.raises(ValueError, match=r"metric must be one of \['jensen.*got 'cosine'"):
            ensemble.pairwise_distances(data[0], "cosine")

    def test_not_fitted(self, data):
        with pytest.raises(NotFittedError):
            SeedEnsemble(_model()).pairwise_distances(data[0])


class TestScore:
    def test_minus_the_mean_distance(self, data, ensemble):
        X, _ = data
        matrix = ensemble.pairwise_distances(X)
        pairs = [matrix[0, 1], matrix[0, 2], matrix[1, 2]]
        assert ensemble.score(X) == pytest.approx(-np.mean(pairs))
        median = SeedEnsemble(_model(), 3, reduce="median", random_state=0).fit(*data)
        assert median.score(X) == pytest.approx(-np.median(pairs))

    def test_metric_and_its_parameters(self, data):
        X, y = data
        ensemble = SeedEnsemble(
            _model(), 2, metric="log_likelihood_variance_distance",
            metric_params={"n_candidates": 7, "random_state": 1}, random_state=0,
        ).fit(X, y)  # fmt: skip
        expected = ensemble.pairwise_distances(
            X, "log_likelihood_variance_distance", n_candidates=7, random_state=1
        )[0, 1]
        assert ensemble.score(X) == -expected

    def test_predictions_are_those_of_the_mean_probability(self, data, ensemble):
        X, _ = data
        mean = np.mean([member.predict_proba(X) for member in ensemble.estimators_], axis=0)
        np.testing.assert_allclose(ensemble.predict_proba(X), mean, rtol=1e-12)
        np.testing.assert_array_equal(ensemble.predict(X), mean.argmax(axis=1))

    def test_width_search_with_stability_and_accuracy_side_by_side(self, data):
        X, y = data
        search = GridSearchCV(
            SeedEnsemble(_model(max_epochs=3), 2, random_state=0),
            {"estimator__hidden_layer_sizes": [(4,), (8,)]},
            scoring={
                "accuracy": "accuracy",
                "stability": get_scorer("neg_seed_logit_distance"),
            },
            refit="stability",
            cv=2,
        ).fit(X, y)
        assert np.all(search.cv_results_["mean_test_stability"] < 0)
        assert np.all(search.cv_results_["mean_test_accuracy"] > 0)

    def test_names_of_an_earlier_fit_are_forgotten(self, data):
        X, y = data
        ensemble = SeedEnsemble(_model(max_epochs=1), 2, random_state=0)
        ensemble.fit(pd.DataFrame(X, columns=["a", "b"]), y)
        assert list(ensemble.feature_names_in_) == ["a", "b"]
        assert not hasattr(ensemble.fit(X, y), "feature_names_in_")

    def test_pickle(self, data, ensemble):
        again = pickle.loads(pickle.dumps(ensemble))
        assert again.score(data[0]) == ensemble.score(data[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_seeds": 1}, "n_seeds"),
        ({"metric": "cosine"}, "metric"),
        ({"reduce": "max"}, "reduce"),
        ({"estimator": StandardScaler()}, "estimator"),
    ],
)
def test_bad_parameters(data, options, message):
    with pytest.raises(ValueError, match=message):
        SeedEnsemble(**options).fit(*data)


def test_seeds_must_make_a_difference(data):
    with pytest.raises(ValueError, match="must have a random_state.*GaussianNB has none"):
        SeedEnsemble(GaussianNB()).fit(*data)


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1]])
def test_views_of_negative_strides(data, view, batched):
    X, y = data[0][view], data[1]
    model = SeedEnsemble(_model(max_epochs=1), 2, batched=batched, random_state=0)
    from_copy = model.fit(X.copy(), y).predict_log_proba(X.copy())
    np.testing.assert_array_equal(model.fit(X, y).predict_log_proba(X), from_copy)
    assert model.score(X) == model.score(X.copy())


class TestTransform:
    def test_concatenates_the_copies(self, data, ensemble):
        X, _ = data
        Z = ensemble.transform(X)
        parts = [member.transform(X) for member in ensemble.estimators_]
        np.testing.assert_array_equal(Z, np.hstack(parts))
        names = ensemble.get_feature_names_out()
        assert len(names) == Z.shape[1]
        assert names[2] == "seed1_embeddingclassifier0"
        assert ensemble.transform(X.astype(np.float32)).dtype == np.float32

    def test_in_a_pipeline_and_as_a_frame(self, data):
        X, y = data
        ensemble = SeedEnsemble(_model(max_epochs=1), 2, random_state=0)
        frame = ensemble.set_output(transform="pandas").fit(X, y).transform(X)
        assert list(frame.columns) == list(ensemble.get_feature_names_out())
        pipeline = make_pipeline(SeedEnsemble(_model(max_epochs=1), 2), LogisticRegression())
        assert pipeline.fit(X, y).predict(X).shape == y.shape

    def test_only_where_the_estimator_has_it(self, data):
        assert hasattr(SeedEnsemble(), "transform")
        ensemble = SeedEnsemble(SGDClassifier(loss="log_loss"), 2, random_state=0).fit(*data)
        assert not hasattr(ensemble, "transform")
        with pytest.raises(NotFittedError):
            SeedEnsemble().transform(data[0])


@pytest.mark.parametrize("batched", [True, False])
def test_verbose_shows_the_training_and_changes_nothing(batched, capsys):
    X, y = make_radial_classification(60, random_state=0)
    model = EmbeddingClassifier(max_epochs=2, hidden_layer_sizes=(4,))
    quiet, loud = (
        SeedEnsemble(model, n_seeds=2, batched=batched, verbose=verbose, random_state=0).fit(X, y)
        for verbose in (0, 1)
    )
    err = capsys.readouterr().err
    assert ("epochs" if batched else "seeds") in err
    np.testing.assert_array_equal(loud.pairwise_distances(X), quiet.pairwise_distances(X))
    assert "pairs of seeds" in capsys.readouterr().err
