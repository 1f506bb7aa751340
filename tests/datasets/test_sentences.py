"""The packaged embeddings: what they hold, and the figures that were measured on them."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier

from sksim.datasets import load_sentence_embeddings
from sksim.metrics import hubness_null, hubness_report, k_occurrence
from tests.reference import hubness_measures as reference


@pytest.mark.parametrize(("subset", "per_class"), [("train", 20), ("test", 10), ("all", 30)])
def test_shapes(subset, per_class):
    bunch = load_sentence_embeddings(subset=subset)
    assert bunch.data.shape == (150 * per_class, 384)
    assert bunch.data.dtype == np.float32
    assert np.isfinite(bunch.data).all()
    assert bunch.target.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(bunch.target), per_class)
    assert bunch.target_names.shape == (150,)
    assert len(set(bunch.target_names)) == 150


def test_return_X_y():
    bunch = load_sentence_embeddings(subset="test")
    X, y = load_sentence_embeddings(subset="test", return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_all_is_train_then_test():
    parts = [load_sentence_embeddings(subset=s) for s in ("train", "test")]
    both = load_sentence_embeddings(subset="all")
    np.testing.assert_array_equal(both.data, np.concatenate([p.data for p in parts]))
    np.testing.assert_array_equal(both.target, np.concatenate([p.target for p in parts]))
    ((train, test),) = PredefinedSplit(both.test_fold).split()
    np.testing.assert_array_equal(train, np.arange(3000))
    np.testing.assert_array_equal(test, np.arange(3000, 4500))


def test_description_names_source_licence_and_encoder():
    description = load_sentence_embeddings().DESCR
    for words in ("CC BY 3.0", "Larson", "oos-eval", "all-MiniLM-L6-v2", "Apache", "Changes made"):
        assert words in description


def test_rows_are_not_of_unit_length_and_one_dimension_is_nearly_constant():
    X, _ = load_sentence_embeddings(subset="all", return_X_y=True)
    lengths = np.linalg.norm(X, axis=1)
    assert lengths.min() == pytest.approx(2.6, abs=0.05)
    assert lengths.max() == pytest.approx(8.4, abs=0.05)
    deviation = X.astype(np.float64).std(axis=0)
    assert deviation.min() < 0.02 * np.median(deviation)


def test_measured_error():
    X, y = load_sentence_embeddings(return_X_y=True)
    Q, z = load_sentence_embeddings(subset="test", return_X_y=True)
    error = 1 - KNeighborsClassifier(5).fit(X, y).score(Q, z)
    assert round(100 * error, 2) == 12.67


def test_measured_hubness():
    X, _ = load_sentence_embeddings(return_X_y=True)
    report = hubness_report(X)
    assert report.k_skewness.value == pytest.approx(13.96, abs=0.005)
    assert report.occurrence.max() == pytest.approx(406)
    null = hubness_null("k_skewness", n_queries=3000, n_indexed=3000, n_neighbors=10)
    assert report.k_skewness.null == null
    assert round(null, 2) == 0.31


def test_first_rows_against_the_literal_count():
    X, _ = load_sentence_embeddings(return_X_y=True)
    D = pairwise_distances(X[:200].astype(np.float64))
    expected = reference.k_occurrence(D, 10, own=range(200))
    np.testing.assert_allclose(k_occurrence(X[:200]), expected)


def test_bad_subset():
    with pytest.raises(ValueError, match="subset"):
        load_sentence_embeddings(subset="validation")
