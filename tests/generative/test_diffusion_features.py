"""Features of several depths and blocks from one model."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.generative import DiffEnc, DiffusionFeatures, VariationalDiffusion
from tests.generative.test_life import Network

UNET = {"denoiser": "unet", "denoiser_params": {"width": 8, "n_layers": 2}}
N_BLOCKS = {"mlp": 2, "conv": 3, "unet": 7}


@pytest.fixture(params=N_BLOCKS)
def fitted(request, tiny, table, images):
    if request.param == "mlp":
        return DiffEnc(**tiny).fit(table), table
    options = tiny | {"image_shape": (6, 4)} | (UNET if request.param == "unet" else {})
    return VariationalDiffusion(**options).fit(images), images


def features(model, X, **options):
    return DiffusionFeatures(FrozenEstimator(model), **options).fit_transform(X)


def test_the_middle_block_is_that_of_transform(fitted):
    model, X = fitted
    np.testing.assert_array_equal(features(model, X), model.transform(X))


def test_side_by_side(fitted):
    model, X = fitted
    together = DiffusionFeatures(FrozenEstimator(model), [0.2, 0.7], "all").fit(X)
    found = together.transform(X)
    assert found.shape == (len(X), len(together.get_feature_names_out()))
    n_blocks = len(together.blocks_)
    assert n_blocks in N_BLOCKS.values()
    apart = found.reshape(len(X), 2, n_blocks, -1)
    for i, depth in enumerate((0.2, 0.7)):
        for block in range(n_blocks):
            alone = features(model, X, depth=depth, layer=block)
            np.testing.assert_allclose(apart[:, i, block], alone, rtol=1e-5, atol=1e-6)
    last = features(model, X, layer=[-1, 0])
    np.testing.assert_array_equal(last, features(model, X, layer=[n_blocks - 1, 0]))


def test_pooling(tiny, images):
    model = VariationalDiffusion(**tiny, image_shape=(6, 4)).fit(images)
    whole = features(model, images, pooling=6)  # the shape of the images is 6 x 4
    assert whole.shape == (16, 8 * 36)
    average, largest = (features(model, images, pooling=p) for p in ("avg", "max"))
    assert average.shape == largest.shape == (16, 8)
    np.testing.assert_array_equal(average, features(model, images, pooling=1))
    quarters = features(model, images, pooling=2).reshape(16, 8, 4)
    np.testing.assert_allclose(quarters.mean(axis=2), average, rtol=1e-4, atol=1e-6)
    assert (largest >= quarters.max(axis=2)).all()


def test_blocks_are_those_of_the_network(fitted):
    """By hooks, on what the last layer of each block is given."""
    model, X = fitted
    inside, seen = model._model, []
    blocks = [m for m in inside.denoiser.network.modules() if hasattr(m, "join")]
    hooks = [
        getattr(block, "second", getattr(block, "conv2", None)).register_forward_pre_hook(
            lambda module, args: seen.append(args[0])
        )
        for block in blocks
    ]
    x = torch.as_tensor(model._network_rows(X)[0])
    gamma = inside.schedule(torch.full((len(x),), 0.4))
    with torch.no_grad():
        alpha = torch.sigmoid(-gamma).sqrt().reshape(-1, *[1] * (x.ndim - 1))
        z = alpha * inside.encoder.encode(x, gamma)
        inside.denoiser.network(z, inside.denoiser.position(gamma))
    for hook in hooks:
        hook.remove()
    found = features(model, X, depth=0.4, layer="all", pooling="max").reshape(len(X), len(seen), -1)
    for i, one in enumerate(seen):
        expected = one if one.ndim == 2 else one.amax(dim=(2, 3))
        np.testing.assert_allclose(found[:, i], expected, rtol=1e-4, atol=1e-5)


def test_rows_are_their_own_and_seeds_their_own(fitted):
    model, X = fitted
    options = {"n_draws": 2, "layer": "all"}
    found = features(model, X, **options)
    np.testing.assert_array_equal(features(model, X, **options), found)
    np.testing.assert_allclose(features(model, X[5:7], **options), found[5:7], rtol=1e-4, atol=1e-5)
    assert np.abs(features(model, X, **options, random_state=1) - found).max() > 1e-3


def test_bad_arguments(fitted, tiny, table):
    model, X = fitted
    for depth in ([], [0.5, 1.5], "deep", -0.1):
        with pytest.raises(ValueError, match="depth"):
            features(model, X, depth=depth)
    for layer in ([], 7, -8, [0, 0.5], "last"):
        with pytest.raises(ValueError, match="layer"):
            features(model, X, layer=layer)
    own = VariationalDiffusion(Network, **tiny | {"denoiser_params": None}).fit(table)
    with pytest.raises(ValueError, match=r"need a denoiser with activations\(z, t\)"):
        features(own, table)


def test_a_grid_over_depth_and_block_trains_nothing(tiny, table, monkeypatch):
    y = table[:, 0] > table[:, 0].mean()
    model = VariationalDiffusion(**tiny).fit(table)
    monkeypatch.setattr(VariationalDiffusion, "fit", None)
    pipeline = make_pipeline(
        DiffusionFeatures(FrozenEstimator(model)), StandardScaler(), LogisticRegression()
    )
    grid = {
        "diffusionfeatures__depth": [0.1, 0.3, 0.6],
        "diffusionfeatures__layer": [0, 1, [0, 1], "middle", "all"],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(table, y)
    assert len(search.cv_results_["mean_test_score"]) == 15
    assert search.best_score_ > 0.5


@pytest.mark.slow
def test_digits_better_than_pixels_and_chance_in_noise():
    X, y = load_digits(return_X_y=True)
    X = X.astype(int)
    options = {"max_epochs": 14, "lr": 2e-3, "ema_decay": 0.95, "random_state": 0}
    model = VariationalDiffusion(image_shape=(8, 8), **options).fit(X[:1437])
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))

    def accuracy(F):
        return probe.fit(F[:1437], y[:1437]).score(F[1437:], y[1437:])

    def of(**options):
        return accuracy(features(model, X, **options))

    assert of(depth=0.35) > accuracy(X) + 0.03
    assert of(depth=1.0, n_draws=1, layer="all") < 0.25
    assert of(depth=1.0) > 0.7  # without noise
