"""Labels from a few labelled words: published values, the literal formula, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import ortho_group

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import CSLS
from sksim.topics import Lbl2Vec
from tests.reference.topics import lbl2vec

DOCUMENTS = np.array([[1, 0], [0.96, 0.28], [0.8, 0.6], [0.6, 0.8], [0, 1], [-0.6, 0.8]])
WORDS = np.array([[1.0, 0.0], [0.0, 1.0]])
X = np.vstack([DOCUMENTS, WORDS])
Y = np.array([-1] * 6 + [0, 1])


def test_published_values():
    model = Lbl2Vec(clean_outliers=False).fit(X, Y)
    np.testing.assert_allclose(model.label_vectors_, [[0.98, 0.14], [0, 1]])
    assert model.n_docs_.tolist() == [2, 1]
    assert model.predict(DOCUMENTS).tolist() == [0, 0, 0, 1, 1, 1]


def test_equal_cosines_are_taken_in_their_order():
    model = Lbl2Vec(similarity_threshold=2, min_docs=2, clean_outliers=False).fit(X, Y)
    np.testing.assert_allclose(model.label_vectors_, [[0.98, 0.14], [0.3, 0.9]])
    assert [rows.tolist() for rows in model.document_indices_] == [[0, 1], [4, 3]]


def _sample(seed, n_documents=40, n_labels=3):
    rng = np.random.RandomState(seed)
    documents = rng.randn(n_documents, 5)
    keywords = [rng.randn(rng.randint(1, 4), 5) for _ in range(n_labels)]
    labels = np.repeat(np.arange(n_labels), [len(words) for words in keywords])
    rows = np.vstack([documents, *keywords])
    return documents, keywords, rows, np.append(np.full(n_documents, -1), labels)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"threshold_offset": 0.6},
        {"threshold_offset": 2.0, "max_docs": 25},
        {"threshold_offset": 0.0, "min_docs": 7, "clean_outliers": False},
    ],
)
def test_literal_formula(params, container):
    documents, keywords, rows, y = _sample(0)
    model = Lbl2Vec(**params).fit(container(rows), y)
    params = {"offset": params.pop("threshold_offset", 0.1), **params}
    vectors, chosen = lbl2vec(documents, keywords, **params)
    np.testing.assert_allclose(model.label_vectors_, vectors)
    assert [rows.tolist() for rows in model.document_indices_] == chosen
    cosines = [
        [x @ v / np.linalg.norm(x) / np.linalg.norm(v) for v in vectors] for x in documents[:5]
    ]
    np.testing.assert_allclose(model.decision_function(container(documents[:5])), cosines)


@given(st.integers(0, 1000))
def test_rotation_units_of_words_and_order_of_labels(seed):
    documents, _, rows, y = _sample(seed)
    model = Lbl2Vec(threshold_offset=0.5).fit(rows, y)
    scores = model.decision_function(documents)
    rotation = ortho_group.rvs(5, random_state=seed)
    turned = Lbl2Vec(threshold_offset=0.5).fit(rows @ rotation, y)
    np.testing.assert_allclose(turned.decision_function(documents @ rotation), scores, atol=1e-9)
    longer = rows * np.where(y < 0, 1.0, 7.0)[:, None]
    longer = Lbl2Vec(threshold_offset=0.5).fit(longer, y)
    np.testing.assert_allclose(longer.decision_function(documents), scores, atol=1e-9)
    other = Lbl2Vec(threshold_offset=0.5).fit(rows, np.where(y < 0, -1, 9 - y))
    np.testing.assert_allclose(other.decision_function(documents)[:, ::-1], scores, atol=1e-9)


def test_one_document_is_the_label_vector():
    model = Lbl2Vec(threshold_offset=0).fit(X, Y)
    np.testing.assert_array_equal(model.label_vectors_, DOCUMENTS[[0, 4]])


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array([-1] * 6 + ["east", "north"], dtype=object), ["east", "north"]),
        ([0, 0, 0, 1, 1, 1, 0, 1], [0, 1]),
        # One value beside -1 tells nothing apart: both are labels.
        ([-1, -1, -1, 1, 1, 1, -1, 1], [-1, 1]),
    ],
)
def test_labels_of_any_kind(y, classes):
    model = Lbl2Vec().fit(X, y)
    assert model.classes_.tolist() == classes
    expected = [classes[i] for i in (0, 0, 0, 1, 1, 1)]
    assert model.predict(DOCUMENTS).tolist() == expected
    scores = model.decision_function(DOCUMENTS)
    assert scores.shape == (6,)
    assert (scores > 0).tolist() == [label == classes[1] for label in expected]


def test_zero_rows_have_cosine_zero():
    model = Lbl2Vec().fit(np.vstack([X, np.zeros((1, 2))]), np.append(Y, -1))
    assert model.decision_function([[0.0, 0.0]]) == [0.0]


def _one_seed_of_each_intent(seed):
    data, target = load_sentence_embeddings(return_X_y=True)
    rng = np.random.RandomState(seed)
    seeds = [rng.choice(np.flatnonzero(target == c)) for c in range(150)]
    y = np.full(len(target), -1)
    y[seeds] = target[seeds]
    return data, y


@pytest.mark.parametrize("seed", [0, 1])
def test_reductions_repair_the_labels_of_sentences(seed):
    data, y = _one_seed_of_each_intent(seed)
    test, target = load_sentence_embeddings(subset="test", return_X_y=True)
    plain = Lbl2Vec().fit(data, y)
    for reduction in ("csls", "mutual_proximity"):
        reduced = Lbl2Vec(reduction=reduction).fit(data, y)
        np.testing.assert_array_equal(reduced.label_vectors_, plain.label_vectors_)
        assert reduced.score(test, target) > plain.score(test, target) + 0.01


def test_csls_by_its_formula():
    documents, _, rows, y = _sample(3)
    # Several documents a label: a label vector that is a document is that sample itself.
    model = Lbl2Vec(min_docs=3, reduction=CSLS(2)).fit(rows, y)
    cosines = Lbl2Vec(min_docs=3).fit(rows, y).decision_function(documents)
    nearest_documents = np.sort(cosines, axis=0)[-2:].mean(axis=0)
    nearest_labels = np.sort(cosines, axis=1)[:, -2:].mean(axis=1)
    scores = 2 * cosines - nearest_documents - nearest_labels[:, None]
    shifts = scores - model.decision_function(documents)
    np.testing.assert_allclose(shifts, np.repeat(shifts[:, :1], 3, axis=1))


@pytest.mark.parametrize(
    ("params", "y", "message"),
    [
        ({"min_docs": 7}, Y, "min_docs must be at most the number of documents, 6, got 7"),
        ({"min_docs": 3, "max_docs": 2}, Y, "max_docs must be at least min_docs=3, got 2"),
        ({"reduction": "cls"}, Y, "reduction must be"),
        ({"reduction": "simhub"}, Y, "one set"),
        ({"reduction": "csls"}, Y, "n_neighbors"),
        ({}, np.append(Y[:-1], 0.5), "Unknown label type"),
        ({}, Y[:-1], "inconsistent numbers of samples"),
    ],
)
def test_bad_input(params, y, message):
    with pytest.raises(ValueError, match=message):
        Lbl2Vec(**params).fit(X, y)
