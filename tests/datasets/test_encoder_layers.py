"""The packaged layers: what they hold, and the figures that were measured on them."""

import numpy as np
import pytest

from sksim.datasets import load_encoder_layers, load_sentence_embeddings
from sksim.metrics import cka_score, mutual_knn_score, pairwise_similarity


@pytest.fixture(scope="module")
def data():
    return load_encoder_layers()


def test_shapes(data):
    assert list(data.layers) == [f"layer{depth}" for depth in range(7)]
    for name, layer in data.layers.items():
        assert layer.shape == (600, 384)
        assert layer is data[name]
    assert data.lsa.shape == (600, 128)
    for view in [*data.layers.values(), data.lsa]:
        assert view.dtype == np.float32
        assert np.isfinite(view).all()
    np.testing.assert_array_equal(np.bincount(data.target), 4)
    assert data.target_names.shape == (150,)


def test_description_names_source_licence_and_encoder(data):
    for words in ("CC BY 3.0", "Larson", "oos-eval", "all-MiniLM-L6-v2", "Apache", "Changes made"):
        assert words in data.DESCR


def test_the_last_layer_is_that_of_the_sentence_embeddings(data):
    """Each row is a row of the larger set, up to half precision, with the same intent."""
    X, y = load_sentence_embeddings(subset="all", return_X_y=True)
    names = load_sentence_embeddings().target_names
    closest = [np.linalg.norm(X - row, axis=1) for row in data.layer6[::60]]
    for row, distances in zip(range(0, 600, 60), closest, strict=True):
        assert distances.min() < 0.05
        assert names[y[distances.argmin()]] == data.target_names[data.target[row]]


def test_similarities_measured_before(data):
    expected = [0.5506, 0.5323, 0.5471, 0.5964, 0.6451, 0.7052]
    for layer, value in zip(data.layers.values(), expected, strict=False):
        assert cka_score(layer, data.layer6, unbiased=False) == pytest.approx(value, abs=1e-4)
    assert cka_score(data.lsa, data.layer6, unbiased=False) == pytest.approx(0.4506, abs=1e-4)


def test_adjacent_layers_are_most_alike(data):
    for metric in ("cka", "procrustes", "mutual_knn"):
        values = pairwise_similarity(data.layers, metric).values - 2 * np.eye(7)
        assert all(abs(int(row.argmax()) - i) == 1 for i, row in enumerate(values)), metric


def test_the_unrelated_view_is_far_above_chance_and_far_below_the_layers(data):
    assert 10 / 599 * 5 < mutual_knn_score(data.lsa, data.layer6) < 0.5
