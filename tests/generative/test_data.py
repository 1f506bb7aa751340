import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from hypothesis import given
from hypothesis import strategies as st

from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.generative._data import make_data_map
from sksim.utils._images import channels_come_first
from tests.reference import diffusion as oracle

AUTO = {"likelihood": "auto", "n_levels": None, "image_shape": None, "as_images": False}


@pytest.mark.parametrize(
    ("X", "levels"),
    [
        (np.array([[0.0], [16.0]]), (0, 17)),
        (np.array([[3], [5]]), (0, 6)),
        (np.array([[-2], [5]], dtype=np.int8), (-2, 8)),
        (np.array([[-128], [127]], dtype=np.int8), (-128, 256)),
        (np.array([[3], [200]], dtype=np.uint8), (0, 256)),
        (np.array([[0], [0]]), (0, 2)),
        (np.array([[False], [True]]), (0, 2)),
        (np.array([[200], [300]]), (200, 101)),
        (np.array([[1e9], [1e9 + 255]]), (10**9, 256)),
        (np.array([[0], [256]]), None),
        (np.array([[0.5], [1.0]]), None),
    ],
)
def test_rules_of_auto(X, levels):
    data = make_data_map(X, **AUTO)
    assert (None if levels is None else (data.first_level, data.n_levels)) == levels


@given(n_levels=st.integers(2, 300), first=st.sampled_from([0, -3]), seed=st.integers(0, 99))
def test_levels_there_and_back(n_levels, first, seed):
    X = np.random.RandomState(seed).randint(first, first + n_levels, size=(5, 6))
    X[0, :2] = first, first + n_levels - 1
    data = make_data_map(X, **AUTO | {"likelihood": "categorical"})
    x = data.to_network(X)
    np.testing.assert_allclose(x, oracle.levels(n_levels)[X - first], atol=1e-6)
    np.testing.assert_array_equal(data.to_user(x), X)


@given(seed=st.integers(0, 99), images=st.booleans(), size=st.sampled_from([1e-3, 1.0, 1e4]))
def test_real_numbers_there_and_back(seed, images, size):
    X = size * np.random.RandomState(seed).standard_normal((7, 12)) + 3
    X[:, 0] = 2.5  # constant
    shape = (3, 2, 2) if images else None
    data = make_data_map(X, **AUTO | {"image_shape": shape})
    x = data.to_network(X)
    assert x.shape == ((7, 2, 3, 2) if images else (7, 12))
    np.testing.assert_allclose(data.to_user(x), X, rtol=1e-4, atol=1e-5 * size)
    if images:
        assert x.std() == pytest.approx(1, rel=1e-4)
        np.testing.assert_allclose(x[:, 1, 2, 0] * data.scale + data.loc, X[:, 9], rtol=1e-4)
    else:
        np.testing.assert_allclose(x[:, 1:].std(axis=0), 1, rtol=1e-4)
        assert data.log_scale == pytest.approx(np.log(X[:, 1:].std(axis=0)).sum())


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_extreme_units(rng, size):
    X = rng.standard_normal((9, 2))
    data, extreme = make_data_map(X, **AUTO), make_data_map(X * size, **AUTO)
    np.testing.assert_allclose(extreme.to_network(X * size), data.to_network(X), rtol=1e-5)
    expected = data.log_scale + 2 * np.log(size)
    assert extreme.log_scale == pytest.approx(expected)


def test_truth_values_are_two_levels(tiny, rng):
    X = rng.random_sample((50, 4)) < 0.5
    model = VariationalDiffusion(**tiny).fit(X)
    assert model.n_levels_ == 2
    assert model.sample(3, random_state=0).dtype == bool
    np.testing.assert_array_equal(model.score_samples(X), model.score_samples(X.astype(int)))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_layouts_are_equal(tiny, rng, channels):
    X = rng.randint(0, 256, size=(20, 4, 6, *channels)).astype(np.uint8)
    model = VariationalDiffusion(**tiny, image_shape=X.shape[1:])
    rows, images = X.reshape(20, -1), X
    a = model.fit(rows)
    scores, sample, features = a.score_samples(images), a.sample(2, 0), a.transform(images)
    assert sample.shape == (2, rows.shape[1])
    b = VariationalDiffusion(**model.get_params()).fit(images)
    np.testing.assert_array_equal(b.score_samples(rows), scores)
    np.testing.assert_array_equal(b.transform(rows), features)
    assert b.sample(2, 0).shape == (2, *X.shape[1:])
    assert sample.dtype == np.uint8
    np.testing.assert_array_equal(b.sample(2, 0).reshape(2, -1), sample)
    assert b.n_features_in_ == rows.shape[1]


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_may_come_first(tiny, rng, channels):
    last = rng.randint(0, 256, size=(20, 6, 8, channels)).astype(np.uint8)
    first = np.ascontiguousarray(last.transpose(0, 3, 1, 2))
    a, b = (DiffEnc(**tiny, image_shape=X.shape[1:]).fit(X) for X in (last, first))
    np.testing.assert_allclose(a.transform(last), b.transform(first), rtol=1e-5, atol=1e-6)
    assert b.sample(2, 0).shape == (2, channels, 6, 8)
    np.testing.assert_array_equal(a.sample(2, 0).transpose(0, 3, 1, 2), b.sample(2, 0))
    encoded = a.encode(last, 0.5).reshape(last.shape), b.encode(first, 0.5).reshape(first.shape)
    np.testing.assert_allclose(encoded[0].transpose(0, 3, 1, 2), encoded[1], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("image_shape", "first"),
    [((3, 8, 8), True), ((1, 8, 8), True), ((8, 8, 3), False), ((3, 2, 2), False), ((3, 8), False)],
)
def test_where_the_channels_are(image_shape, first):
    assert channels_come_first(image_shape) == first


def test_channels_are_kept_apart(tiny, rng):
    X = rng.randint(0, 256, size=(20, 4, 6, 3)).astype(np.uint8)
    model = VariationalDiffusion(**tiny, image_shape=(4, 6, 3)).fit(X)
    x = model._data.to_network(X.reshape(20, -1))
    np.testing.assert_allclose(x[:, 2], 2 * (X[..., 2] + 0.5) / 256 - 1, atol=1e-6)


def test_lists_and_frames(tiny, table):
    pd = pytest.importorskip("pandas")
    model = VariationalDiffusion(**tiny)
    scores = model.fit(table).score_samples(table.tolist())
    frame = pd.DataFrame(table, columns=["a", "b", "c"])
    named = VariationalDiffusion(**tiny).fit(frame)
    np.testing.assert_array_equal(named.score_samples(frame), scores)
    assert list(named.feature_names_in_) == ["a", "b", "c"]
    out = named.set_output(transform="pandas").transform(frame)
    assert list(out.columns[:2]) == ["variationaldiffusion0", "variationaldiffusion1"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept(tiny, table, dtype):
    X = table.astype(dtype)
    model = DiffEnc(**tiny).fit(X)
    assert model.transform(X).dtype == dtype
    assert model.sample(1, random_state=0).dtype == dtype
    assert model.score_samples(X).dtype == np.float64


def test_input_is_not_changed(tiny, table):
    X = table.copy()
    X.flags.writeable = False
    VariationalDiffusion(**tiny).fit(X).score(X)
    np.testing.assert_array_equal(X, table)


ERRORS = [
    ({"image_shape": (8, 8)}, r"image_shape=\(8, 8\) needs X of shape \(n_samples, 64\)"),
    ({"image_shape": (3,)}, "image_shape must be"),
    ({"image_shape": (0, 3)}, "image_shape must be"),
    ({"likelihood": "categorical"}, "needs integer values, got fractions"),
    ({"n_levels": 4}, "needs integer values, got fractions"),
    (
        {"variance": "optimal"},
        "variance='optimal' needs a finite number of steps, got n_steps=None",
    ),
    ({"variance": 0.5}, "variance=0.5 needs a finite number of steps"),
    ({"gamma_min": 6.0}, "gamma_min must be smaller than gamma_max=5"),
    ({"gamma_min": -40.0}, r"'gamma_min' parameter .* in the range \[-30.0, 60.0\]"),
    ({"gamma_max": 100.0}, r"'gamma_max' parameter .* in the range \[-30.0, 60.0\]"),
    ({"denoiser": "conv"}, "denoiser='conv' needs image_shape"),
    ({"denoiser": "ump"}, "denoiser must be .* got 'ump'. Did you mean 'mlp'"),
    (
        {"denoiser": dict},
        "denoiser must be a name or a class .*, got <class 'dict'>",
    ),
    ({"denoiser_params": {"widht": 4}}, "denoiser_params .* got 'widht'. Did you mean 'width'"),
    ({"denoiser": "mlp", "image_shape": (3, 1)}, "denoiser='mlp' needs no image_shape"),
    ({"denoiser_params": {"skip": "no"}}, r"skip'\] must be .*, got 'no'. Did you mean 'none'"),
    ({"device": "nowhere"}, "device='nowhere' cannot be used"),
    ({"representation": "encoder"}, "representation"),
    ({"prediction": "noise"}, "prediction"),
    ({"lr": 0.0}, "lr"),
]


@pytest.mark.parametrize(("changes", "message"), ERRORS, ids=[str(e[0]) for e in ERRORS])
def test_errors_of_fit(tiny, table, changes, message):
    with pytest.raises(ValueError, match=message):
        VariationalDiffusion(**tiny | changes).fit(table)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": "trainabel"}, "encoder must be .* got 'trainabel'. Did you mean 'trainable'"),
        (
            {"encoder": dict},
            "encoder must be a name or a class .*, got <class 'dict'>",
        ),
        ({"encoder_params": {"reech": 4}}, "encoder_params .* got 'reech'. Did you mean 'reach'"),
        ({"encoder_params": {"network": "mpl"}}, r"\['network'\] must be .* Did you mean 'mlp'"),
        ({"encoder_params": {"network": 5}}, r"\['network'\] must be a name or a class .* got 5"),
        ({"encoder_params": {"network": "unet"}}, r"\['network'\]='unet' needs image_shape"),
    ],
)
def test_errors_of_the_encoder(tiny, table, changes, message):
    with pytest.raises(ValueError, match=message):
        DiffEnc(**tiny | changes).fit(table)


def test_errors_of_the_data(tiny, table):
    model = VariationalDiffusion(**tiny)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.where(table > 5, np.nan, table))
    with pytest.raises(ValueError, match="minimum of 2"):
        model.fit(table[:1])
    model.fit(table)
    with pytest.raises(ValueError, match="infinity"):
        model.score(np.full((1, 3), np.inf))
    with pytest.raises(ValueError, match="3 features"):
        model.score(table[:, :2])
    with pytest.raises(ValueError, match=r"X holds a value .* standard deviations"):
        model.score(table * 1e30)
    assert np.isfinite(model.score_samples(table * 1e14)).all()
    with pytest.raises(ValueError, match=r"dim 3, .* Images need image_shape"):
        model.fit(np.zeros((4, 2, 2)))
    with pytest.raises(ValueError, match="n_samples must be a positive integer, got 0"):
        model.sample(0)
    with pytest.raises(ValueError, match=r"t must be a number in \[0, 1\], got 2"):
        DiffEnc(**tiny).fit(table).encode(table, 2)


@pytest.mark.parametrize("n_depths", [0, 2.5])
def test_errors_of_depth_losses(tiny, table, n_depths):
    with pytest.raises(ValueError, match="n_depths must be a positive integer"):
        VariationalDiffusion(**tiny).fit(table).depth_losses(table, n_depths)


def test_levels_outside_of_the_training_data(tiny, images):
    model = VariationalDiffusion(**tiny, image_shape=(6, 4)).fit(images)
    with pytest.raises(ValueError, match="has levels 0 to 5, got values from 6 to 6. Set n_levels"):
        model.score(np.full((1, 24), 6))
    with pytest.raises(ValueError, match="fractions"):
        model.score(np.full((1, 24), 1.5))
    wider = VariationalDiffusion(**tiny, image_shape=(6, 4), n_levels=8).fit(images)
    assert np.isfinite(wider.score(np.full((1, 24), 7)))
    with pytest.raises(ValueError, match="needs X of shape"):
        model.score(np.zeros((2, 6, 5)))


def test_too_many_levels(tiny, table):
    X = np.round(1e6 * table)
    with pytest.raises(ValueError, match="can have 65536 levels, got"):
        VariationalDiffusion(**tiny, likelihood="categorical").fit(X)
    with pytest.raises(ValueError, match="can have 65536 levels, got 100000"):
        VariationalDiffusion(**tiny, n_levels=100000).fit(np.abs(np.round(table)))


def test_levels_far_from_zero(tiny, rng):
    X = rng.randint(2000, 2020, size=(100, 2))
    model = VariationalDiffusion(**tiny).fit(X)
    samples = model.sample(50, random_state=0)
    assert 2000 <= samples.min() < samples.max() < 2020
    with pytest.raises(ValueError, match="levels 2000 to 2019, got values from 1999"):
        model.score(X - 1)


def test_integers_with_a_density_warn(tiny, images):
    model = VariationalDiffusion(**tiny, image_shape=(6, 4), likelihood="gaussian")
    with pytest.warns(UserWarning, match="likelihood='gaussian' got integer values") as seen:
        model.fit(images)
    assert [warning.filename for warning in seen] == [__file__]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "n_steps must be a positive integer"),
        ((2.5,), "n_steps must be a positive integer"),
        ((4, "most"), "variance must be"),
        ((4, -1.0), "variance must be"),
        ((4, "equal", "odd"), "times must be"),
        ((4, "equal", "optimal", 3), "n_grid must be an integer, at least n_steps=4, got 3"),
        ((4, "equal", "optimal", 5.5), "n_grid must be an integer, at least n_steps=4, got 5.5"),
        ((4, float("inf")), "variance must be"),
        ((None, 0.5), "variance=0.5 needs a finite number of steps"),
    ],
)
def test_errors_of_calibrate(tiny, table, arguments, message):
    model = VariationalDiffusion(**tiny).fit(table)
    names = ("n_steps", "variance", "times", "n_grid")
    with pytest.raises(ValueError, match=message):
        model.calibrate(table, **dict(zip(names, arguments)))


class Featureless(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.layer = torch.nn.Linear(shape[0], shape[0])

    def forward(self, z, t):
        return self.layer(z)


def test_a_denoiser_without_features_cannot_transform(tiny, table):
    model = VariationalDiffusion(**tiny | {"denoiser": Featureless, "denoiser_params": None})
    model.fit(table)
    assert np.isfinite(model.score(table))
    with pytest.raises(ValueError, match="features\\(z, t\\) and n_features; Featureless has none"):
        model.transform(table)
