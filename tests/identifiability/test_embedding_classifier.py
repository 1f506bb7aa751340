import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksim.datasets import make_radial_classification
from sksim.identifiability import EmbeddingClassifier
from sksim.metrics import kl_divergence, logit_distance
from sksim.utils import _memory

torch = pytest.importorskip("torch")
nn = torch.nn


def _small(**options):
    options = {
        "hidden_layer_sizes": (16, 16),
        "lr": 0.01,
        "max_epochs": 8,
        "random_state": 0,
    } | options
    return EmbeddingClassifier(**options)


@pytest.fixture(scope="module")
def data():
    return make_radial_classification(300, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    return _small().fit(*data)


@pytest.mark.slow
@parametrize_with_checks(
    [
        EmbeddingClassifier(unembedding="linear", lr=0.01, max_epochs=60, random_state=0),
        EmbeddingClassifier(early_stopping=True, lr=0.01, max_epochs=100, random_state=0),
    ]
)
def test_scikit_learn_checks(estimator, check):
    """Other than by default; the defaults are checked with all other estimators."""
    check(estimator)


class TestModel:
    def test_distribution_is_that_of_the_representations(self, data, fitted):
        X, _ = data
        f, g = fitted.transform(X), fitted.unembeddings_
        assert f.shape == (300, 2)
        assert g.shape == (4, 2)
        np.testing.assert_allclose(
            fitted.predict_log_proba(X), log_softmax(f @ g.T, axis=1), atol=1e-13
        )

    def test_learns(self, data):
        X, y = data
        assert _small(max_epochs=60).fit(X, y).score(X, y) > 0.9

    def test_last_label_of_an_mlp_is_the_network_at_zero(self, fitted):
        """g sees one-hot labels without their last column."""
        module = fitted.net_.module_
        with torch.no_grad():
            expected = module.head(torch.zeros(1, 3)).double().numpy()[0]
        np.testing.assert_allclose(fitted.unembeddings_[3], expected, atol=1e-6)

    def test_architecture(self, data):
        model = _small(n_components=3, hidden_layer_sizes=(5, 4), max_epochs=0).fit(*data)
        shapes = [tuple(p.shape) for p in model.net_.module_.parameters()]
        f = [(5, 2), (5,), (4, 5), (4,), (3, 4)]
        g = [(5, 3), (5,), (4, 5), (4,), (3, 4)]
        assert shapes == f + g
        assert not any(
            "bias" in name for name, _ in model.net_.module_.embedding[-1].named_parameters()
        )

    def test_linear_unembedding(self, data):
        model = _small(unembedding="linear").fit(*data)
        weight = model.net_.module_.head.weight.detach().numpy()
        np.testing.assert_array_equal(model.unembeddings_, weight)

    def test_tails_are_exact(self, data, fitted):
        """log p(y|x) is finite where p(y|x) underflows."""
        X = 1e4 * data[0]
        log_p = fitted.predict_log_proba(X)
        assert log_p.min() < -800
        assert np.isfinite(log_p).all()
        assert (fitted.predict_proba(X) == 0).any()

    def test_inference_does_not_depend_on_the_batch(self, data, fitted):
        X, _ = data
        np.testing.assert_allclose(
            np.concatenate([fitted.predict_log_proba(x[None]) for x in X[:20]]),
            fitted.predict_log_proba(X)[:20],
            atol=1e-13,
        )

    @pytest.mark.parametrize("method", ["fit", "predict_log_proba", "transform"])
    def test_values_beyond_float32(self, data, fitted, method):
        arguments = (data[0] * 1e39, data[1])[: 2 if method == "fit" else 1]
        with pytest.raises(ValueError, match="X must lie within the range of float32"):
            getattr(_small() if method == "fit" else fitted, method)(*arguments)

    def test_read_only_rows(self, data, fitted):
        X = data[0].copy()
        X.flags.writeable = False
        torch.set_warn_always(True)  # torch warns of such arrays once in a process otherwise
        try:
            fitted.predict(X)
        finally:
            torch.set_warn_always(False)

    def test_dtypes(self, data, fitted):
        X, _ = data
        assert fitted.transform(X.astype(np.float32)).dtype == np.float32
        assert fitted.predict_log_proba(X.astype(np.float32)).dtype == np.float64
        assert fitted.get_feature_names_out().tolist() == [
            "embeddingclassifier0", "embeddingclassifier1",
        ]  # fmt: skip

    def test_string_labels(self, data, fitted):
        X, y = data
        names = np.array(["delta", "alpha", "omega", "beta"])
        model = _small().fit(X, names[y])
        assert model.classes_.tolist() == ["alpha", "beta", "delta", "omega"]
        assert set(model.predict(X)) <= set(names)
        assert model.score(X, names[y]) > 0.4


class TestTraining:
    def test_loss_falls_and_is_recorded(self, fitted):
        losses = [epoch["train_loss"] for epoch in fitted.history_]
        assert len(losses) == fitted.n_iter_ == 8
        assert losses[-1] < losses[0]

    def test_first_loss_is_the_mean_negative_log_likelihood(self, data):
        X, y = data
        start = _small(max_epochs=0).fit(X, y)
        expected = -start.predict_log_proba(X)[np.arange(300), y].mean()
        model = _small(max_epochs=1, batch_size=300).fit(X, y)
        assert model.history_[0]["train_loss"] == pytest.approx(expected, rel=1e-5)

    def test_repeatable_and_global_generators_untouched(self, data, fitted):
        X, y = data
        torch.manual_seed(5)
        np.random.seed(5)
        torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
        threads = torch.get_num_threads()
        again = _small().fit(X, y)
        np.testing.assert_array_equal(again.predict_log_proba(X), fitted.predict_log_proba(X))
        assert torch.equal(torch.get_rng_state(), torch_state)
        np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
        assert torch.get_num_threads() == threads
        other = _small(random_state=1).fit(X, y)
        assert not np.allclose(other.unembeddings_, fitted.unembeddings_)

    def test_partial_fit_is_one_epoch(self, data, fitted):
        X, y = data
        model = _small()
        for _ in range(8):
            model.partial_fit(X, y)
        assert model.n_iter_ == 8
        np.testing.assert_array_equal(model.unembeddings_, fitted.unembeddings_)

    def test_partial_fit_knows_all_classes_first(self, data):
        X, y = data
        model = _small().partial_fit(X[y < 2], y[y < 2], classes=[3, 1, 2, 0])
        assert model.classes_.tolist() == [0, 1, 2, 3]
        model.partial_fit(X, y)
        with pytest.raises(ValueError, match=r"classes=\[0, 1\] must be those of the first call"):
            model.partial_fit(X, y, classes=[0, 1])
        with pytest.raises(ValueError, match=r"labels that are not in classes.*: \[7\]"):
            model.partial_fit(X[:2], [0, 7])

    def test_warm_start_goes_on(self, data):
        X, y = data
        warm = _small(warm_start=True, max_epochs=3).fit(X, y)
        warm.set_params(max_epochs=5).fit(X, y)
        assert warm.n_iter_ == 8
        np.testing.assert_array_equal(warm.unembeddings_, _small().fit(X, y).unembeddings_)
        assert _small(max_epochs=3).fit(X, y).fit(X, y).n_iter_ == 3

    def test_warm_start_at_another_rate(self, data):
        X, y = data
        model = _small(warm_start=True, batch_size=300).fit(X, y)
        before = model.unembeddings_
        model.set_params(lr=1e-9, batch_size=100, max_epochs=1).fit(X, y)
        np.testing.assert_allclose(model.unembeddings_, before, atol=1e-6)
        assert model.history_[-1]["train_batch_count"] == 3

    def test_warm_start_needs_the_same_features(self, data):
        X, y = data
        model = _small(warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match="X has 4 features, but .* expecting 2"):
            model.fit(np.hstack([X, X]), y)

    def test_bad_labels_leave_the_model(self, data):
        X, y = data
        model = _small(max_epochs=1).fit(X, y)
        with pytest.raises(ValueError, match="at least 2"):
            model.fit(X, np.zeros_like(y))
        assert set(model.predict(X)) <= set(y)
        assert len(model.classes_) == 4

    def test_early_stopping_returns_to_the_best_epoch(self, data):
        X, y = data
        model = _small(
            early_stopping=True, validation_fraction=0.2, n_iter_no_change=3, lr=0.1, max_epochs=200
        ).fit(X, y)
        losses = [epoch["valid_loss"] for epoch in model.history_]
        assert len(losses) < 200
        assert np.argmin(losses) == len(losses) - 4
        again = clone(model).set_params(max_epochs=len(losses) - 3).fit(X, y)
        np.testing.assert_array_equal(again.unembeddings_, model.unembeddings_)

    def test_verbose_prints_epochs(self, data, capsys):
        _small(max_epochs=2, verbose=1).fit(*data)
        assert "train_loss" in capsys.readouterr().out
        _small(max_epochs=2).fit(*data)
        assert capsys.readouterr().out == ""

    def test_callbacks_are_copied(self, data):
        from skorch.callbacks import LRScheduler

        schedule = LRScheduler(policy="ExponentialLR", gamma=0.5)
        model = _small(callbacks=[schedule], max_epochs=3).fit(*data)
        assert not hasattr(schedule, "policy_")
        assert model.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(0.01 / 8)

    def test_divergence_is_an_error(self, data):
        X, y = data
        with pytest.raises(FloatingPointError, match="Training diverged"):
            _small(lr=1e30).fit(X, y)

    def test_divergence_leaves_the_best_weights(self, data):
        X, y = data
        model = _small(max_epochs=3, warm_start=True).fit(X, y)
        before = model.predict_log_proba(X)
        with pytest.raises(FloatingPointError, match=r"smaller lr, or input of unit scale\.$"):
            model.set_params(lr=1e30).fit(X, y)
        np.testing.assert_array_equal(model.predict_log_proba(X), before)
        logits = model.transform(X) @ model.unembeddings_.T
        np.testing.assert_allclose(log_softmax(logits, axis=1), before, atol=1e-12)

    @pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
    def test_unknown_device(self, data, device):
        with pytest.raises(ValueError, match=f"device='{device}' cannot be used here"):
            _small(device=device).fit(*data)


class TestPersistence:
    def test_pickle(self, data, fitted):
        X, _ = data
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict_log_proba(X), fitted.predict_log_proba(X))
        np.testing.assert_array_equal(
            again.partial_fit(*data).unembeddings_,
            pickle.loads(pickle.dumps(fitted)).partial_fit(*data).unembeddings_,
        )

    def test_no_rows_are_kept(self, data):
        """Neither of the training data nor of those set aside."""
        model = _small(early_stopping=True, max_epochs=1, batch_size=10_000)
        few, many = (
            len(pickle.dumps(model.fit(*(np.repeat(part, times, axis=0) for part in data))))
            for times in (1, 30)
        )
        assert many < few + 1000

    def test_pickle_names_the_cpu(self, fitted):
        assert pickle.loads(pickle.dumps(fitted)).net_.device == "cpu"

    @pytest.mark.parametrize("package", ["torch", "skorch"])
    def test_a_missing_package_is_named_with_its_extra(self, data, package, monkeypatch):
        monkeypatch.setitem(sys.modules, package, None)
        expected = rf"EmbeddingClassifier needs {package}.*pip install 'sksim\[torch\]'"
        with pytest.raises(ImportError, match=expected):
            _small().fit(*data)

    def test_an_error_within_the_networks_is_no_missing_package(self, data, monkeypatch):
        monkeypatch.setitem(sys.modules, "sksim._torch.embedding._net", None)
        with pytest.raises(ImportError, match="sksim._torch.embedding._net") as caught:
            _small().fit(*data)
        assert "needs" not in str(caught.value)

    def test_torch_is_imported_when_something_is_fitted(self):
        code = (
            "import sys, sksim.identifiability as s; s.EmbeddingClassifier(); s.SeedEnsemble();"
            "assert 'torch' not in sys.modules and 'skorch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    @pytest.mark.slow
    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
    def test_gpu_training_loads_on_the_cpu(self, data):
        model = _small(device="cuda").fit(*data)
        again = pickle.loads(pickle.dumps(model))
        assert next(again.net_.module_.parameters()).device.type == "cpu"
        np.testing.assert_allclose(
            again.predict_log_proba(data[0]), model.predict_log_proba(data[0]), atol=1e-10
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-1], np.s_[::2], np.s_[::-3, ::-1]])
def test_views_of_any_strides(data, dtype, view):
    """torch takes no negative strides: rows are converted once, at the door."""
    X = (10 * data[0]).astype(dtype)[view]
    y = data[1][: len(X)]
    from_view, from_copy = (_small(max_epochs=2).fit(rows, y) for rows in (X, X.copy()))
    for method in ("transform", "predict", "predict_proba", "predict_log_proba"):
        expected = getattr(from_copy, method)(X.copy())
        np.testing.assert_array_equal(getattr(from_view, method)(X), expected)
    assert from_view.score(X, y) == from_copy.score(X.copy(), y)
    again = _small(max_epochs=1).partial_fit(X, y).transform(X)
    np.testing.assert_array_equal(again, _small(max_epochs=1).partial_fit(X.copy(), y).transform(X))


class TestComposition:
    def test_pipeline_and_grid_search(self, data):
        X, y = data
        pipeline = make_pipeline(StandardScaler(), _small(max_epochs=3))
        search = GridSearchCV(pipeline, {"embeddingclassifier__n_components": [1, 2]}, cv=2)
        assert search.fit(X, y).best_estimator_[-1].unembeddings_.shape[0] == 4

    def test_embedding_feeds_a_classifier(self, data):
        X, y = data
        pipeline = make_pipeline(_small(max_epochs=60), LogisticRegression())
        assert pipeline.fit(X, y).score(X, y) > 0.8

    def test_not_fitted(self, data):
        with pytest.raises(NotFittedError):
            _small().transform(data[0])


class _Parts(nn.Module):
    def __init__(self, n_features, n_components, n_classes, bias=False):
        super().__init__()
        self.embedding = nn.Sequential(
            nn.Linear(n_features, 9), nn.Tanh(), nn.Linear(9, n_components)
        )
        self.head = nn.Linear(n_components, n_classes, bias=bias)


class _Methods(nn.Module):
    def __init__(self, n_features, n_components, n_classes):
        super().__init__()
        self.body = nn.Linear(n_features, n_components)
        self.table = nn.Parameter(torch.randn(n_classes, n_components))

    def embed(self, x):
        return self.body(x)

    def unembeddings(self):
        return self.table


class TestModule:
    @pytest.mark.parametrize("module", [_Parts, _Methods])
    def test_factory(self, data, module):
        X, y = data
        model = _small(module=module, n_components=3).fit(X, y)
        f, g = model.transform(X), model.unembeddings_
        np.testing.assert_allclose(
            model.predict_log_proba(X), log_softmax(f @ g.T, axis=1), atol=1e-12
        )
        assert model.history_[-1]["train_loss"] < model.history_[0]["train_loss"]
        again = clone(model).fit(X, y)
        np.testing.assert_array_equal(again.unembeddings_, model.unembeddings_)
        pickle.loads(pickle.dumps(model)).predict(X)

    def test_trained_network_is_wrapped_and_not_touched(self, data):
        X, y = data
        module = _Parts(2, 3, 4)
        weights = [p.detach().clone() for p in module.parameters()]
        wrapped = _small(module=module, n_components=3, max_epochs=0).fit(X, y)
        with torch.no_grad():
            expected = module.embedding(torch.as_tensor(X, dtype=torch.float32)).numpy()
        np.testing.assert_allclose(wrapped.transform(X), expected, atol=1e-5)
        trained = _small(module=module, n_components=3).fit(X, y)
        assert not np.allclose(trained.unembeddings_, wrapped.unembeddings_)
        assert all(torch.equal(p, w) for p, w in zip(module.parameters(), weights))

    @pytest.mark.parametrize(
        ("module", "error", "message"),
        [
            (lambda **sizes: _Parts(**sizes, bias=True), TypeError, "bias=False"),
            (lambda **sizes: nn.Linear(2, 4), TypeError, "Linear has neither"),
            (lambda **sizes: _Parts(2, 3, 5), ValueError, r"\(4, 2\), got \(5, 3\)"),
        ],
    )
    def test_what_does_not_fit(self, data, module, error, message):
        with pytest.raises(error, match=message):
            _small(module=module).fit(*data)


@pytest.fixture(scope="module")
def teacher(data):
    X, y = data
    return FrozenEstimator(_small(max_epochs=60, random_state=7).fit(X, y))


class TestDistillation:
    def test_losses_are_distances_to_the_teacher(self, data, teacher):
        X, y = data
        start = _small(max_epochs=0).fit(X, y).predict_log_proba(X)
        log_t = teacher.predict_log_proba(X)
        difference = (start - log_t) - (start - log_t).mean(axis=1, keepdims=True)
        expected = {
            "kl": kl_divergence(log_t, start),
            "logit_l1": np.abs(difference).mean(),
            "logit_l2": logit_distance(log_t, start, squared=True),
        }
        for name, value in expected.items():
            student = _small(teacher=teacher, distillation=name, max_epochs=1, batch_size=300)
            loss = student.fit(X, y).history_[0]["train_loss"]
            assert loss == pytest.approx(value, rel=1e-4), name

    @pytest.mark.parametrize("distillation", ["kl", "logit_l1", "logit_l2"])
    def test_student_approaches_the_teacher(self, data, teacher, distillation):
        X, _ = data
        log_t = teacher.predict_log_proba(X)
        start, student = (
            _small(teacher=teacher, distillation=distillation, max_epochs=epochs).fit(X)
            for epochs in (0, 60)
        )
        distance = kl_divergence if distillation == "kl" else logit_distance
        before, after = (distance(log_t, model.predict_log_proba(X)) for model in (start, student))
        assert after < 0.8 * before

    def test_labels_are_not_learned_from(self, data, teacher):
        X, y = data
        with_labels = _small(teacher=teacher).fit(X, y)
        without = _small(teacher=teacher).fit(X)
        np.testing.assert_array_equal(with_labels.unembeddings_, without.unembeddings_)

    def test_clone_keeps_the_teacher(self, data, teacher):
        X, _ = data
        student = clone(_small(teacher=teacher, max_epochs=2)).fit(X)
        assert student.score(X, teacher.predict(X)) >= 0

    def test_any_classifier_teaches(self, data):
        X, y = data
        names = np.array(["d", "a", "c", "b"])[y]
        teacher = LogisticRegression().fit(X, names)
        student = _small(teacher=FrozenEstimator(teacher)).fit(X)
        assert student.classes_.tolist() == ["a", "b", "c", "d"]

    def test_early_stopping(self, data, teacher):
        model = _small(teacher=teacher, early_stopping=True).fit(data[0])
        assert "valid_loss" in model.history_[0]

    def test_teacher_sees_the_names_of_the_columns(self, data):
        X, y = pd.DataFrame(data[0], columns=["a", "b"]), data[1]
        teacher = FrozenEstimator(LogisticRegression().fit(X, y))
        model = _small(teacher=teacher, max_epochs=1).fit(X)
        named = _small(teacher=FrozenEstimator(teacher.estimator), max_epochs=1).fit(X, y)
        np.testing.assert_array_equal(model.unembeddings_, named.unembeddings_)

    def test_unfitted_teacher(self, data):
        with pytest.raises(NotFittedError, match=r"LogisticRegression.*FrozenEstimator"):
            _small(teacher=LogisticRegression()).fit(*data)

    def test_a_teacher_of_another_shape_is_named(self, data):
        X, y = data

        class Narrow(LogisticRegression):
            def predict_log_proba(self, X):
                return super().predict_log_proba(X)[:, 1:]

        narrow = FrozenEstimator(Narrow().fit(X, y))
        with pytest.raises(ValueError, match="teacher must give one log-probability .* of shape"):
            _small(teacher=narrow).fit(X, y)
        other = FrozenEstimator(LogisticRegression().fit(np.hstack([X, X]), y))
        with pytest.raises(ValueError, match="^teacher: X has"):
            _small(teacher=other).fit(X, y)

    def test_labels_must_be_the_teachers(self, data, teacher):
        X, y = data
        with pytest.raises(ValueError, match=r"^teacher: y holds labels .*: \[4\]"):
            _small(teacher=teacher).fit(X, y + 1)

    def test_labels_are_required_without_a_teacher(self, data):
        with pytest.raises(ValueError, match="requires y to be passed"):
            _small().fit(data[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_components": 0}, "n_components"),
        ({"unembedding": "table"}, "unembedding"),
        ({"distillation": "l2"}, "distillation"),
        ({"lr": 0}, "lr"),
        ({"hidden_layer_sizes": (8, 0)}, r"hidden_layer_sizes must be positive.*\(8, 0\)"),
        ({"hidden_layer_sizes": (-2,)}, "hidden_layer_sizes must be positive"),
        ({"hidden_layer_sizes": (2.5,)}, "hidden_layer_sizes must be positive"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
    ],
)
def test_bad_parameters(data, options, message):
    with pytest.raises(ValueError, match=message):
        _small(**options).fit(*data)


def test_one_class(data):
    with pytest.raises(ValueError, match="classes must be at least 2, got 1 class"):
        _small().fit(data[0], np.zeros(300))


@pytest.mark.parametrize(
    ("params", "n_classes"),
    [
        ({"hidden_layer_sizes": (10**6, 10**6)}, 3),
        ({"n_components": 10**11}, 3),
        ({"unembedding": "linear", "n_components": 10**11, "hidden_layer_sizes": ()}, 3),
    ],
)
def test_a_network_beyond_the_memory_is_refused_before_it_is_made(params, n_classes):
    X, y = np.arange(24.0).reshape(12, 2), np.arange(12) % n_classes
    with pytest.raises(MemoryError, match=r"takes [\d.]+ GiB, of which .* hidden_layer_sizes"):
        EmbeddingClassifier(**params).fit(X, y)


def test_one_hot_labels_count(monkeypatch):
    """Very many labels: the square of their number is what does not fit."""
    monkeypatch.setattr(_memory, "_SMALL", 0)
    monkeypatch.setattr(_memory, "available_memory", lambda: 30_000.0)
    X, y = np.arange(600.0).reshape(300, 2), np.arange(300) % 100
    small = {"hidden_layer_sizes": (2,), "max_epochs": 0, "random_state": 0}
    with pytest.raises(MemoryError, match=r"for 100 classes .* unembedding='linear'"):
        EmbeddingClassifier(**small).fit(X, y)
    EmbeddingClassifier(**small, unembedding="linear").fit(X, y)
