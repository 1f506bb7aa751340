"""Displays of generative models: data, artists, labels; never pixels."""

import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import (
    DepthLossDisplay,
    SampleGridDisplay,
    TrainingCurveDisplay,
)

HISTORY = [
    {"epoch": 1, "train_loss": 3.0, "valid_loss": 3.5},
    {"epoch": 2, "train_loss": 2.0, "valid_loss": 2.5},
    {"epoch": 3, "train_loss": 1.0, "valid_loss": 2.8},
]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


class Model:
    """What the displays ask of an estimator."""

    history_ = HISTORY
    image_shape = None

    def sample(self, n_samples, random_state=None):
        return np.random.RandomState(random_state).rand(n_samples, 12)


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_training_curve():
    display = TrainingCurveDisplay.from_estimator(Model())
    assert labels(display) == ["Model training", "Model validation"]
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), [3, 2, 1])
    np.testing.assert_array_equal(display.lines_[1].get_xdata(), [1, 2, 3])
    assert display.best_epoch_ == 2
    np.testing.assert_array_equal(display.best_.get_offsets(), [[2, 2.5]])
    assert display.ax_.get_yscale() == "linear"


def test_training_curve_without_validation_and_on_given_axes():
    history = [{"train_loss": row["train_loss"]} for row in HISTORY]
    ax = plt.subplots()[1]
    display = TrainingCurveDisplay(history, name="a").plot(ax, name="b", log=True, color="k")
    assert display.ax_ is ax
    assert labels(display) == ["b training"]
    assert display.best_epoch_ == 3
    assert ax.get_yscale() == "log"
    with pytest.raises(ValueError, match="none of the entries"):
        TrainingCurveDisplay([{"other": 1.0}]).plot()


def test_a_curve_that_starts_later():
    display = TrainingCurveDisplay([{"train_loss": 3.0}, *HISTORY[1:]]).plot()
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), [np.nan, 2.5, 2.8])
    assert display.best_epoch_ == 2


def test_mosaic_of_images():
    images = np.arange(5 * 2 * 3).reshape(5, 2, 3)
    mosaic = SampleGridDisplay(images, n_columns=2).plot().artist_.get_array()
    assert mosaic.shape == (8, 7)  # a line of nothing between the images
    np.testing.assert_array_equal(mosaic[:2, 4:], images[1])
    np.testing.assert_array_equal(mosaic[6:, :3], images[4])
    empty = np.ma.getmaskarray(np.ma.masked_invalid(mosaic))
    assert empty[6:, 3:].all()
    assert empty[[2, 5]].all()
    assert empty[:, 3].all()


def test_nearest_rows_follow_each_image(rng):
    X = rng.randint(0, 256, size=(30, 3, 4)).astype(np.uint8)
    samples = X[[7, 2]].astype(float) + 0.25
    display = SampleGridDisplay.from_samples(samples, X=X, n_neighbors=2, n_columns=3)
    distances = np.sqrt(((samples[:, None] - X) ** 2).sum(axis=(2, 3)))
    np.testing.assert_array_equal(display.indices_, np.argsort(distances, axis=1)[:, :2])
    np.testing.assert_allclose(display.distances_, np.sort(distances, axis=1)[:, :2])
    mosaic = display.artist_.get_array()
    assert mosaic.shape == (3 + 1 + 3, 3 * 4 + 2 + 1)
    for row, sample in enumerate(samples):
        line = mosaic[4 * row :][:3]
        np.testing.assert_array_equal(line[:, :4], sample)
        for i, index in enumerate(display.indices_[row], 1):
            np.testing.assert_array_equal(line[:, 5 * i : 5 * i + 4], X[index])
    assert np.ma.getmaskarray(np.ma.masked_invalid(mosaic))[:, -1].all()
    flat = SampleGridDisplay.from_samples(
        samples.reshape(2, 12), X=X.reshape(30, 12), n_neighbors=1, image_shape=(3, 4)
    )
    np.testing.assert_array_equal(flat.indices_, display.indices_[:, :1])
    with pytest.raises(ValueError, match="n_neighbors=1 needs X"):
        SampleGridDisplay(samples, n_neighbors=1).plot()
    with pytest.raises(ValueError, match="X must hold images of the shape"):
        SampleGridDisplay(samples, X=X[:, :2], n_neighbors=1).plot()


@pytest.mark.parametrize("channels", [1, 3])
def test_mosaic_with_channels(channels):
    images = np.full((3, 2, 2, channels), 255, dtype=np.uint8)
    mosaic = np.asarray(SampleGridDisplay(images, n_columns=3).plot().artist_.get_array())
    assert mosaic.shape == ((2, 8) if channels == 1 else (2, 8, 3))
    assert np.nanmax(mosaic) == 1


def test_channels_first():
    images = np.random.RandomState(0).rand(2, 3, 5, 6)
    mosaic = SampleGridDisplay(images, n_columns=2).plot().artist_.get_array()
    np.testing.assert_allclose(np.asarray(mosaic)[:, -6:], images[1].transpose(1, 2, 0))


@pytest.mark.parametrize("dtype", [np.uint8, float])
def test_colours_run_over_the_levels(dtype):
    class Levels(Model):
        n_levels_, loc_ = 17, 8.0

        def sample(self, n_samples, random_state=None):
            return np.full((n_samples, 12), 8, dtype=dtype)

    display = SampleGridDisplay.from_estimator(Levels(), n_samples=2, image_shape=(2, 2, 3))
    assert np.asarray(display.artist_.get_array())[0, 0, 0] == 0.5
    gray = SampleGridDisplay.from_estimator(Levels(), n_samples=2, image_shape=(4, 3))
    assert gray.artist_.get_clim() == (0, 16)
    own = SampleGridDisplay(np.full((1, 2, 2, 3), 0.5)).plot(vmin=-1, vmax=2)
    assert np.asarray(own.artist_.get_array())[0, 0, 0] == 0.5


def test_samples_of_an_estimator():
    display = SampleGridDisplay.from_estimator(
        Model(), n_samples=6, image_shape=(4, 3), n_columns=3, random_state=0
    )
    assert display.artist_.get_array().shape == (9, 11)
    assert display.ax_.get_title() == "Model"
    with pytest.raises(ValueError, match="Give image_shape for images that are rows"):
        SampleGridDisplay.from_estimator(Model(), n_samples=6)


def test_points_against_data(rng):
    samples, X = rng.rand(10, 2), rng.rand(20, 2)
    display = SampleGridDisplay(samples, X=X).plot()
    np.testing.assert_array_equal(display.artist_.get_offsets(), samples)
    np.testing.assert_array_equal(display.data_.get_offsets(), X)
    assert labels(display) == ["data", "samples"]


def test_depth_losses(rng):
    times, losses = np.linspace(0, 1, 4), np.arange(4.0)
    display = DepthLossDisplay(times, losses, errors=np.full(4, 0.1), name="m").plot()
    np.testing.assert_array_equal(display.line_.get_ydata(), losses)
    assert display.band_ is not None
    assert labels(display) == ["m"]
    assert DepthLossDisplay(times, losses).plot().band_ is None
    assert DepthLossDisplay([0, 1], [2.0, 1.0], errors=[0.1, 0.2]).plot().band_ is not None


def test_depth_losses_of_a_model(rng):
    pytest.importorskip("torch")
    pytest.importorskip("skorch")
    from sksim.generative import VariationalDiffusion

    X = rng.standard_normal((300, 2))
    options = {"max_epochs": 1, "lr": 1e-12, "random_state": 0, "n_score_steps": 64}
    model = VariationalDiffusion(**options).fit(X)
    display = DepthLossDisplay.from_estimator(model, X, n_depths=16)
    assert display.line_.get_label() == "VariationalDiffusion"
    diffusion = model.elbo_terms(X)[:, 2].mean() / (2 * np.log(2))
    assert display.losses.mean() == pytest.approx(diffusion, rel=0.05)
    gamma = -10 + 15 * display.times  # N(0, 1): gamma' sigmoid(-gamma) / 2 nats
    expected = 7.5 / (1 + np.exp(gamma)) / np.log(2)
    np.testing.assert_allclose(display.losses, expected, atol=4 * display.errors.max())


def test_given_samples(rng):
    rows = rng.rand(6, 12)
    display = SampleGridDisplay.from_samples(rows, image_shape=(4, 3), n_columns=3, name="drawn")
    assert display.artist_.get_array().shape == (9, 11)
    assert display.ax_.get_title() == "drawn"
    images = rows.reshape(6, 4, 3)
    again = SampleGridDisplay.from_samples(images, n_columns=3, ax=plt.subplots()[1])
    np.testing.assert_array_equal(again.artist_.get_array(), display.artist_.get_array())
    points = SampleGridDisplay.from_samples(rows[:, :2], X=rows[:, 2:4], s=7)
    assert points.artist_.get_sizes() == 7
    assert labels(points) == ["data", "samples"]


def test_given_samples_that_are_no_images(rng):
    with pytest.raises(ValueError, match=r"the 20 values of image_shape=\(4, 5\) each"):
        SampleGridDisplay.from_samples(rng.rand(6, 12), image_shape=(4, 5))


def test_values_that_cannot_be_drawn_raise_before_there_is_a_figure(rng):
    with pytest.raises(ValueError, match="losses contains NaN"):
        DepthLossDisplay([0.0, 1.0], [1.0, np.nan]).plot()
    with pytest.raises(ValueError, match="must be of equal lengths, got .*'losses': 3"):
        DepthLossDisplay([0.0, 1.0], [1.0, 2.0, 3.0]).plot()
    with pytest.raises(ValueError, match="times: Found array with 0 sample"):
        DepthLossDisplay([], []).plot()
    with pytest.raises(ValueError, match="samples: Found array with 0 sample"):
        SampleGridDisplay.from_samples(rng.rand(0, 4, 3))
    with pytest.raises(ValueError, match="samples contains NaN"):
        SampleGridDisplay.from_samples(np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="finite train_loss"):
        TrainingCurveDisplay([{"train_loss": np.nan}]).plot()
    assert not plt.get_fignums()
