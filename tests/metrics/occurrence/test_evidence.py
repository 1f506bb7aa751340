"""Hubness of real spaces, measured elsewhere with slow code, and published figures."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import pairwise_distances

from sksim.metrics import hubness_report, hubness_score, k_occurrence
from sksim.utils._graph import dense_to_graph

pytestmark = pytest.mark.slow


def arrays(data_folder, name):
    with np.load(data_folder / name) as stored:
        return {key: stored[key] for key in stored.files}


def check(report, skewness, robin_hood, largest):
    assert round(report.k_skewness.value, 3) == skewness
    assert round(report.robin_hood_index.value, 4) == robin_hood
    assert round(report.occurrence.max()) == largest


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize(
    ("name", "n_samples", "figures"),
    [
        ("agnews", 2000, (1.157, 0.2628, 44)),
        ("newsgroups20", 2000, (1.354, 0.2549, 53)),
        ("agnews", None, (1.470, 0.2760, 64)),
        ("newsgroups20", None, (1.706, 0.2749, 71)),
    ],
)
def test_sentence_embeddings(data_folder, name, n_samples, figures, metric):
    if (name, n_samples, metric) == ("newsgroups20", 2000, "cosine"):
        figures = (1.354, 0.2550, 53)
    stored = arrays(data_folder, f"{name}_minilm.npz")
    X = stored["X_train"][stored["unique_train"]][:n_samples].astype(np.float64)
    check(hubness_report(X, metric=metric, ties="index"), *figures)


@pytest.mark.parametrize(
    ("key", "metric", "figures"),
    [
        ("layer6", "euclidean", (11.381, 0.6104, 688)),
        ("layer6", "cosine", (0.972, 0.2507, 39)),
        ("lsa", "euclidean", (14.084, 0.5716, 861)),
        ("lsa", "cosine", (1.123, 0.1751, 38)),
    ],
)
def test_layers(data_folder, key, metric, figures):
    X = arrays(data_folder, "agnews_layers.npz")[key][:1400].astype(np.float64)
    check(hubness_report(X, metric=metric, ties="index"), *figures)


@pytest.mark.parametrize(
    ("key", "euclidean", "cosine"),
    [
        ("layer0", 3.114, 3.175),
        ("layer1", 2.302, 1.832),
        ("layer2", 2.318, 2.030),
        ("layer3", 2.170, 2.024),
        ("layer4", 2.484, 1.958),
        ("layer5", 2.656, 1.980),
        ("layer6", 11.737, 1.069),
        ("lsa", 13.796, 1.520),
    ],
)
def test_all_layers(data_folder, key, euclidean, cosine):
    X = arrays(data_folder, "agnews_layers.npz")[key].astype(np.float64)
    for metric, expected in [("euclidean", euclidean), ("cosine", cosine)]:
        assert round(hubness_score(X, metric=metric, ties="index"), 3) == expected


@pytest.mark.parametrize(
    ("task", "figures"), [("en", (0.969, 0.2058, 38)), ("de", (2.739, 0.3242, 100))]
)
def test_retrieval(data_folder, task, figures):
    stored = arrays(data_folder, "multi30k_retrieval.npz")
    Q, X = (stored[f"{task}_{part}"].astype(np.float64) for part in ("query", "gallery"))
    check(hubness_report(Q, X, metric="cosine", ties="index"), *figures)
    D = pairwise_distances(Q, X, metric="cosine")
    with pytest.raises(ValueError, match="exclude_self=False"):
        hubness_report(D, metric="precomputed")
    report = hubness_report(D, metric="precomputed", exclude_self=False, ties="index")
    check(report, *figures)


def dexter(data_folder):
    z = arrays(data_folder, "dexter.npz")
    parts = (z["data"].astype(float), z["indices"].astype(int), z["indptr"])
    return sparse.csr_matrix(parts, tuple(z["shape"])), z["y"]


def test_dexter_as_published(data_folder):
    """The tutorial of the Hub Toolbox has 4.22 and 3.98 with 5 and 10 neighbours."""
    X, _ = dexter(data_folder)
    assert round(hubness_score(X, metric="cosine", n_neighbors=5, ties="index"), 3) == 4.222
    report = hubness_report(X, metric="cosine", ties="index")
    assert round(report.k_skewness.value, 3) == 3.977
    assert report.occurrence.max() == 150
    assert round(report.robin_hood_index.value, 3) == 0.557
    assert round(report.gini_index.value, 3) == 0.717
    assert round(report.antihub_rate.value, 3) == 0.177


def test_dexter_by_every_route(data_folder):
    X, _ = dexter(data_folder)
    D = pairwise_distances(X, metric="cosine")
    expected = k_occurrence(X, metric="cosine")
    dense = k_occurrence(X.toarray(), metric="cosine")
    np.testing.assert_allclose(dense, expected)
    for input in (D, dense_to_graph(D)):
        N = k_occurrence(input, metric="precomputed", ties="index")
        np.testing.assert_allclose(N, k_occurrence(X, metric="cosine", ties="index"), atol=1)


def test_fashion_mnist(data_folder):
    """10-occurrence of the training images in the lists of the test images."""
    stored = arrays(data_folder, "fashion_mnist.npz")
    Q, X = (stored[f"X_{part}"].reshape(-1, 784).astype(np.float32) for part in ("test", "train"))
    report = hubness_report(Q, X, ties="index")
    assert round(report.k_skewness.value, 3) == 2.569
    assert round(report.robin_hood_index.value, 3) == 0.481


def test_blank_posts_share_their_slots(data_folder):
    """Duplicates break ties the same way: by index a few of them become the largest hubs."""
    X = arrays(data_folder, "newsgroups20_minilm.npz")["X_train"].astype(np.float64)
    shared, by_index = (k_occurrence(X, ties=ties) for ties in ("fractional", "index"))
    assert by_index.max() > 200
    assert shared.max() < 100
