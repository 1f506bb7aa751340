"""EmbeddingClassifier on images."""

import pickle

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.datasets import load_digits

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.embedding._convolutions import ImageEmbedding
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble

SHAPES = [(7, 6), (7, 6, 1), (7, 6, 3), (3, 7, 6)]


def small(**options):
    options = {"hidden_layer_sizes": (4, 6), "max_epochs": 2, "lr": 0.01} | options
    return EmbeddingClassifier(3, random_state=0, **options)


@pytest.fixture
def y():
    return np.arange(40) % 4


@pytest.mark.parametrize("shape", SHAPES)
def test_images_and_their_rows_are_the_same(shape, rng, y):
    images = rng.standard_normal((40, *shape)).astype(np.float32)
    rows = images.reshape(40, -1)
    model = small(image_shape=shape).fit(images, y)
    np.testing.assert_array_equal(model.transform(images), model.transform(rows))
    other = small(image_shape=shape).fit(rows, y)
    np.testing.assert_array_equal(other.transform(rows), model.transform(rows))
    f = model.transform(rows.astype(np.float64))
    expected = log_softmax(f @ model.unembeddings_.T, axis=1)
    np.testing.assert_allclose(model.predict_log_proba(images), expected, rtol=1e-12)
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.transform(images), model.transform(images))


def test_convolutions_are_those_of_torch():
    f = ImageEmbedding((7, 6, 3), (4, 5), 2)
    x = torch.randn(3, 7, 6, 3)
    first, second = f.convolutions[0], f.convolutions[2]
    h = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), first.weight, first.bias, padding=1)
    h = torch.nn.functional.leaky_relu(h, 0.01)
    h = torch.nn.functional.conv2d(h, second.weight, second.bias, stride=2, padding=1)
    h = torch.nn.functional.leaky_relu(h, 0.01)
    assert h.shape == (3, 5, 4, 3)
    torch.testing.assert_close(f(x.flatten(1)), h.flatten(1) @ f.last.weight.T)


def test_where_the_channels_are_makes_no_difference():
    last, first = ImageEmbedding((7, 6, 3), (4, 5), 2), ImageEmbedding((3, 7, 6), (4, 5), 2)
    first.load_state_dict(last.state_dict())
    x = torch.randn(3, 7, 6, 3)
    torch.testing.assert_close(first(x.permute(0, 3, 1, 2).flatten(1)), last(x.flatten(1)))


def test_rows_do_not_see_each_other(rng, y):
    images = rng.standard_normal((300, 7, 6))
    model = small(image_shape=(7, 6)).fit(images[:40], y)
    together, alone = model.transform(images)[150:153], model.transform(images[150:153])
    np.testing.assert_allclose(together, alone, rtol=1e-10)


def test_digits_over_seeds():
    X, digits = load_digits(return_X_y=True)
    model = EmbeddingClassifier(
        5, image_shape=(8, 8), hidden_layer_sizes=(8, 16), lr=0.01, batch_size=32, max_epochs=8
    )
    ensemble = SeedEnsemble(model, n_seeds=2, random_state=0).fit(X[:1200] / 16, digits[:1200])
    assert min(one.score(X[1200:] / 16, digits[1200:]) for one in ensemble.estimators_) > 0.85


def test_errors(rng, y):
    images = rng.standard_normal((40, 7, 6))
    with pytest.raises(ValueError, match=r"image_shape=\(7, 5\) needs X of shape"):
        small(image_shape=(7, 5)).fit(images, y)
    with pytest.raises(ValueError, match="image_shape must be"):
        small(image_shape=(7, 0)).fit(images, y)
    with pytest.raises(ValueError, match="image_shape must be None with a module"):
        small(image_shape=(7, 6), module=torch.nn.Linear).fit(images, y)
    with pytest.raises(ValueError, match="Images need image_shape"):
        small().fit(images, y)
