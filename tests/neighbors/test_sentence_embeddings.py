"""Measured figures on the packaged sentence embeddings."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import MutualProximity
from sksim.metrics import k_occurrence_from_indices, k_skewness
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedNearestNeighbors,
    HubnessWeightedKNeighborsClassifier,
)


@pytest.fixture(scope="module")
def sentences():
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)
    return X, y, X_test, y_test


@pytest.fixture(scope="module")
def distances(sentences):
    X, y, X_test, y_test = (part.astype(np.float64) for part in sentences)
    return cdist(X, X), cdist(X_test, X)


def figures(X, y, X_test, y_test, **parameters):
    """Error of the five nearest in per cent, skewness and maximum of the 10-occurrence."""
    classifier = HubnessReducedKNeighborsClassifier(5, **parameters).fit(X, y)
    search = HubnessReducedNearestNeighbors(10, **parameters).fit(X)
    occurrence = k_occurrence_from_indices(search.kneighbors(return_distance=False), X.shape[0])
    error = 100 * (1 - classifier.score(X_test, y_test))
    return round(error, 2), round(k_skewness(occurrence), 2), occurrence.max()


def test_without_reduction(sentences):
    assert figures(*sentences, reduction=None) == (12.67, 13.96, 406)


@pytest.mark.parametrize(
    ("reduction", "error", "skewness"),
    [
        ("nicdm", 7.13, 1.47),
        pytest.param("mutual_proximity", 9.00, 0.34, marks=pytest.mark.slow),
        pytest.param("csls", 7.47, 1.40, marks=pytest.mark.slow),
    ],
)
def test_every_sample_a_candidate(sentences, distances, reduction, error, skewness):
    _, y, _, y_test = sentences
    found = figures(
        distances[0],
        y,
        distances[1],
        y_test,
        reduction=reduction,
        metric="precomputed",
        n_candidates=2999,
    )
    assert found[:2] == (error, skewness)


@pytest.mark.parametrize(
    ("reduction", "error", "skewness"),
    [
        ("mutual_proximity", 9.00, 0.34),
        (MutualProximity(moments="exact"), 9.00, 0.34),
        ("nicdm", 7.13, 1.47),
        ("csls", 7.47, 1.40),
    ],
)
def test_default_candidates_come_close(sentences, reduction, error, skewness):
    found = figures(*sentences, reduction=reduction)
    assert abs(found[0] - error) < 0.5
    assert abs(found[1] - skewness) < 0.25
    assert found[2] < 60


@pytest.mark.parametrize("scheme", ["hw", "hfnn", "nhbnn", "hiknn"])
def test_hubness_weighted_votes_repair_the_plain_space(sentences, scheme):
    X, y, X_test, y_test = sentences
    classifier = HubnessWeightedKNeighborsClassifier(5, scheme=scheme).fit(X, y)
    assert 1 - classifier.score(X_test, y_test) < 0.11  # plain votes: 12.67 %
