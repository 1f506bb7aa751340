"""Topics as dense regions: published values, the literal mergers, properties, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import ortho_group
from sklearn.base import BaseEstimator
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from sksim.datasets import load_sentence_embeddings
from sksim.topics import Top2Vec
from sksim.topics._top2vec import _merge_near, _merge_smallest
from tests.reference.topics import merge_smallest_topics


def _unit(X):
    return X / np.linalg.norm(X, axis=-1, keepdims=True)


CENTERS = 10 * _unit(np.random.RandomState(0).randn(12, 30))
BLOBS, BLOB = make_blobs(600, centers=CENTERS, cluster_std=1, random_state=0)


class Given(BaseEstimator):
    """A reducer that returns what it was given: the dense regions are then known."""

    def __init__(self, coordinates):
        self.coordinates = coordinates

    def fit_transform(self, X):
        return np.asarray(self.coordinates)


def test_published_values():
    model = Top2Vec(random_state=0).fit(BLOBS)
    assert len(model.topic_vectors_) == 12
    assert adjusted_rand_score(BLOB, model.labels_) == 1.0
    assert (model.cluster_labels_ == model.labels_).all()
    components = Top2Vec(reducer=PCA(5, svd_solver="full")).fit(BLOBS)
    assert len(components.topic_vectors_) == 11
    assert abs(adjusted_rand_score(BLOB, components.labels_) - 0.914) < 5e-4


def test_topics_are_unit_means_of_unit_documents():
    X = BLOBS * np.random.RandomState(1).uniform(0.5, 2, size=(600, 1))
    model = Top2Vec(random_state=0).fit(X)
    for topic, vector in enumerate(model.topic_vectors_):
        members = _unit(X)[model.cluster_labels_ == topic]
        np.testing.assert_allclose(vector, _unit(members.mean(axis=0)))
    np.testing.assert_allclose(model.transform(X), _unit(X) @ model.topic_vectors_.T, atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(model.predict(X), model.transform(X).argmax(axis=1))


def test_smallest_topic_is_merged_by_size():
    e1, e2, e3 = np.eye(3)
    topics = np.array([e1, e2, _unit(e2 + 0.2 * e3)])
    documents = np.repeat(topics, [10, 6, 3], axis=0)
    merged, members = _merge_smallest(documents, topics, 2)
    np.testing.assert_allclose(merged, [e1, _unit(6 * topics[1] + 3 * topics[2])])
    assert members == [[0], [1, 2]]


@given(st.integers(0, 1000), st.integers(1, 6))
def test_mergers_by_the_literal_formula(seed, n_topics):
    rng = np.random.RandomState(seed)
    documents, topics = rng.randn(60, 4), _unit(rng.randn(7, 4))
    got, members = _merge_smallest(_unit(documents), topics, n_topics)
    expected, expected_members = merge_smallest_topics(documents, topics, n_topics)
    np.testing.assert_allclose(got, expected)
    assert members == expected_members


def test_near_topics_and_chains_of_them_are_one():
    angles = np.array([0.0, 0.3, 0.6, 2.0])
    topics = np.c_[np.cos(angles), np.sin(angles)]
    assert _merge_near(topics, 0.1).tolist() == [0, 0, 0, 1]
    assert _merge_near(topics, 0).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("n_topics", [None, 12, 5, 1])
def test_hierarchy_partitions_what_was_found(n_topics):
    model = Top2Vec(n_topics, random_state=0).fit(BLOBS)
    assert len(model.found_topic_vectors_) == 12
    assert len(model.topic_vectors_) == len(model.hierarchy_) == (n_topics or 12)
    assert sorted(topic for topics in model.hierarchy_ for topic in topics) == list(range(12))
    np.testing.assert_allclose(np.linalg.norm(model.topic_vectors_, axis=1), 1)
    assert model.topic_sizes_.sum() == 600
    assert (np.diff(model.topic_sizes_) <= 0).all()
    assert (np.bincount(model.labels_) == model.topic_sizes_).all()


def test_rotation_given_the_regions():
    rotation = ortho_group.rvs(30, random_state=0)
    plain, turned = (Top2Vec(5, reducer=Given(BLOBS)).fit(X) for X in (BLOBS, BLOBS @ rotation))
    np.testing.assert_array_equal(turned.labels_, plain.labels_)
    np.testing.assert_allclose(turned.topic_vectors_, plain.topic_vectors_ @ rotation, atol=1e-9)


def test_sparse_documents():
    X = np.where(np.abs(BLOBS) < 1, 0, BLOBS)
    of_sparse, of_dense = (
        Top2Vec(random_state=0).fit(kind(X)) for kind in (sparse.csr_array, np.asarray)
    )
    np.testing.assert_array_equal(of_sparse.labels_, of_dense.labels_)
    np.testing.assert_allclose(of_sparse.transform(sparse.csr_array(X)), of_dense.transform(X))


def test_words_of_topics():
    model = Top2Vec(random_state=0).fit(BLOBS)
    names = np.array([f"direction {c}" for c in range(12)])
    found = model.topic_words(CENTERS, names, n_words=2)
    first = [names[BLOB[model.labels_ == topic][0]] for topic in range(12)]
    assert found.words[:, 0].tolist() == first
    cosines = _unit(CENTERS) @ model.topic_vectors_.T
    np.testing.assert_allclose(found.scores, -np.sort(-cosines, axis=0)[:2].T)
    assert model.topic_words(CENTERS, names, n_words=99).words.shape == (12, 12)


SENTENCES = {"n_components": 50, "min_cluster_size": 8, "random_state": 0}


@pytest.fixture(scope="module")
def plain():
    return Top2Vec(**SENTENCES).fit(load_sentence_embeddings().data)


def test_topics_of_sentences(plain):
    """As measured with independent code: 97 topics for 150 intents."""
    y, model = load_sentence_embeddings().target, plain
    assert abs(len(model.topic_vectors_) - 97) <= 3
    assert abs(normalized_mutual_info_score(y, model.labels_) - 0.865) < 0.01
    assert abs(adjusted_rand_score(y, model.labels_) - 0.489) < 0.03
    assert abs(np.mean(model.cluster_labels_ < 0) - 0.15) < 0.02


@pytest.mark.parametrize("reduction", ["mutual_proximity", "csls", "local_scaling"])
def test_reductions_bring_topics_of_sentences_nearer_to_intents(plain, reduction):
    X, y = load_sentence_embeddings(return_X_y=True)
    reduced = Top2Vec(**SENTENCES, reduction=reduction).fit(X)
    assert len(reduced.topic_vectors_) > len(plain.topic_vectors_)
    gain = [adjusted_rand_score(y, model.labels_) for model in (plain, reduced)]
    assert gain[1] > gain[0] + 0.03
    gain = [normalized_mutual_info_score(y, model.labels_) for model in (plain, reduced)]
    assert gain[1] > gain[0] + 0.01


@pytest.mark.parametrize("n_samples", [20, 40])
def test_no_dense_region(n_samples):
    X = np.random.RandomState(0).randn(n_samples, 6)
    with pytest.warns(UserWarning, match="no region of the .* documents is dense") as caught:
        model = Top2Vec(random_state=0).fit(X)
    assert caught[0].filename == __file__
    assert (model.labels_ == 0).all()
    assert (model.cluster_labels_ == -1).all()
    np.testing.assert_allclose(model.topic_vectors_, _unit(_unit(X).mean(axis=0, keepdims=True)))


def test_more_topics_than_found():
    with pytest.warns(UserWarning, match="n_topics=20 is more than the 12 topics"):
        model = Top2Vec(20, random_state=0).fit(BLOBS)
    assert len(model.topic_vectors_) == 12


def test_bad_input():
    with pytest.raises(ValueError, match="reduction must be None with another reducer"):
        Top2Vec(reducer=None, reduction="csls").fit(BLOBS)
    with pytest.raises(ValueError, match="reduction must be"):
        Top2Vec(reduction="cls").fit(BLOBS)
    model = Top2Vec(random_state=0).fit(BLOBS)
    with pytest.raises(ValueError, match="word_vectors must have one row for each word"):
        model.topic_words(CENTERS[:, :3], np.arange(12))
    with pytest.raises(ValueError, match="word_vectors must have one row for each word"):
        model.topic_words(CENTERS, np.arange(11))
    with pytest.raises(ValueError, match="n_words"):
        model.topic_words(CENTERS, np.arange(12), n_words=0)
