"""EmbeddingClassifier with fixed class vectors, cosines and nested components."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksim.datasets import make_radial_classification
from sksim.identifiability import (
    EmbeddingClassifier,
    SeedEnsemble,
    equiangular_basis_vectors,
    simplex_class_targets,
)

torch = pytest.importorskip("torch")


def _small(n_components=None, **options):
    options = {
        "hidden_layer_sizes": (16, 16),
        "lr": 0.01,
        "max_epochs": 8,
        "batch_size": 32,
        "random_state": 0,
    } | options
    return EmbeddingClassifier(n_components, **options)


@pytest.fixture(scope="module")
def data():
    return make_radial_classification(300, random_state=0)


VECTORS = {
    "simplex": ("simplex", None, simplex_class_targets(4)),
    "equiangular": ("equiangular", 2, equiangular_basis_vectors(4, 2, random_state=0)),
    "array": (2 * np.eye(4), None, 2 * np.eye(4)),
}


@pytest.mark.slow
@parametrize_with_checks(
    [EmbeddingClassifier(unembedding="equiangular", lr=0.01, max_epochs=100, random_state=0)]
)
def test_scikit_learn_checks(estimator, check):
    """With a number of components that the checks may change."""
    check(estimator)


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
@pytest.mark.parametrize("name", VECTORS)
def test_vectors_stay_and_the_distribution_is_theirs(name, similarity, data):
    X, y = data
    unembedding, n_components, g = VECTORS[name]
    model = _small(n_components, unembedding=unembedding, similarity=similarity).fit(X, y)
    if similarity == "cosine":
        g = g / np.linalg.norm(g, axis=1, keepdims=True) / 0.07
        np.testing.assert_allclose(np.linalg.norm(model.transform(X), axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(model.unembeddings_, g, rtol=1e-6, atol=1e-6)
    log_p = log_softmax(model.transform(X) @ model.unembeddings_.T, axis=1)
    np.testing.assert_allclose(model.predict_log_proba(X), log_p, atol=1e-12)
    assert model.score(X, y) > 0.6


@pytest.mark.parametrize("unembedding", ["mlp", "linear"])
def test_learned_vectors_by_cosine(unembedding, data):
    X, y = data
    model = _small(
        2, unembedding=unembedding, similarity="cosine", temperature=0.1, max_epochs=20
    ).fit(X, y)
    np.testing.assert_allclose(np.linalg.norm(model.unembeddings_, axis=1), 10, rtol=1e-12)
    assert model.score(X, y) > 0.5


@pytest.mark.parametrize(
    "options",
    [
        {"unembedding": "simplex"},
        {"unembedding": np.eye(6), "reserve": True, "similarity": "cosine"},
        {"n_components": 4, "nested_components": (1, 2, 4)},
        {"n_components": 4, "nested_components": [2, 4], "similarity": "cosine"},
    ],
    ids=["simplex", "reserve", "nested", "nested cosine"],
)
def test_stacked_training_is_training_one_by_one(options, data):
    """Ensembles stack their networks; copies are the same as if they were trained alone."""
    X, y = data
    model = _small(**options, max_epochs=2, lr=1e-3)
    together, alone = (
        SeedEnsemble(clone(model), 2, batched=batched, random_state=1).fit(X, y)
        for batched in (True, False)
    )
    for one, other in zip(together.estimators_, alone.estimators_):
        np.testing.assert_allclose(one.transform(X), other.transform(X), rtol=1e-3, atol=1e-3)


def test_vectors_in_reserve_are_kept_away_from():
    """Without them in the loss features may point anywhere that tells the labels apart."""
    X, y = make_radial_classification(300, random_state=0)
    X, y = X[y < 2], y[y < 2]
    targets = simplex_class_targets(4)
    kept, free = (
        _small(unembedding=targets, reserve=reserve, similarity="cosine", max_epochs=60).fit(X, y)
        for reserve in (True, False)
    )
    for model in (kept, free):
        np.testing.assert_allclose(model.unembeddings_, targets[:2] / 0.07, rtol=1e-6, atol=1e-6)
        assert model.predict_proba(X).shape == (len(X), 2)
    np.testing.assert_allclose(kept.predict_proba(X).sum(axis=1), 1)
    aligned = [np.mean(np.sum(model.transform(X) * targets[y], axis=1)) for model in (kept, free)]
    assert aligned[0] > aligned[1]


def test_one_nested_size_is_the_plain_loss(data):
    X, y = data
    plain, nested = (_small(3, nested_components=m, max_epochs=2).fit(X, y) for m in (None, [3]))
    np.testing.assert_array_equal(plain.transform(X), nested.transform(X))
    assert plain.history_[-1]["train_loss"] == nested.history_[-1]["train_loss"]


def test_nested_components_are_embeddings_of_their_own(data):
    X, y = data

    def error_of_the_prefix(model):
        logits = model.transform(X)[:, :2] @ model.unembeddings_[:, :2].T
        return np.mean(logits.argmax(axis=1) != y)

    plain, nested = (
        _small(16, nested_components=m, max_epochs=20).fit(X, y) for m in (None, (2, 4, 8, 16))
    )
    assert error_of_the_prefix(nested) < 0.1 < error_of_the_prefix(plain)


def test_equiangular_vectors_do_not_depend_on_the_seed(data):
    first, second = (
        _small(2, unembedding="equiangular", max_epochs=0, random_state=seed).fit(*data)
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(first.unembeddings_, second.unembeddings_)


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"unembedding": "linear"}, "n_components must be an integer .*'linear'"),
            ({"unembedding": "equiangular"}, "n_components must be an integer .*equiangular"),
            ({"n_components": 2, "unembedding": "simplex"}, "n_components must be 3 or None"),
            ({"unembedding": np.eye(3)}, "unembedding must have a row for each of the 4"),
            ({"unembedding": [[1.0, np.nan]] * 4}, "unembedding contains NaN"),
            ({"n_components": 5, "nested_components": (2, 4)}, "must be n_components=5"),
            ({"n_components": 4, "nested_components": (2, 2, 4)}, "integers that increase"),
            ({"n_components": 4, "nested_components": ()}, "integers that increase"),
            ({"n_components": 4, "nested_components": (0.5, 4)}, "integers that increase"),
            ({"unembedding": np.eye(4), "module": torch.nn.Linear}, "learned with a module"),
            ({"n_components": 2, "temperature": 0.0}, "temperature"),
        ],
    )
    def test_parameters(self, options, message, data):
        with pytest.raises(ValueError, match=message):
            _small(**options).fit(*data)

    def test_a_teacher_has_no_classes_in_reserve(self, data):
        X, y = data
        teacher = FrozenEstimator(LogisticRegression().fit(X, y))
        model = _small(unembedding=np.eye(6), teacher=teacher)
        assert model.fit(X).unembeddings_.shape == (4, 6)
        with pytest.raises(ValueError, match="reserve must be False with a teacher"):
            model.set_params(reserve=True).fit(X)


def test_golden_values_of_the_nested_loss():
    from sksim._torch.embedding._losses import LabelLoss
    from sksim._torch.embedding._model import build_embedding_model

    f = torch.tensor([[1.0, 2.0, -1.0, 0.5]], dtype=torch.float64)
    g = torch.tensor([[1, 0, 1, 0], [0, 1, 0, 1], [-1, -1, 0, 0]], dtype=torch.float64)
    sizes = (1, 2, 4)
    model = build_embedding_model(None, 2, 4, 3, nested_components=sizes)
    target, loss = torch.tensor([1]), LabelLoss()
    logits = model.compare(f, g)
    assert logits.shape == (1, 3, 3)
    parts = [float(loss(logits[..., i], target)) for i in range(3)]
    assert parts == pytest.approx([1.40760596444438, 0.318175429247454, 0.0826593766494618])
    assert float(loss(logits, target)) == pytest.approx(1.8084407703413, rel=1e-12)
