"""One life for all encoders: fit, encode, decode, clone, pickle, resume, weight files.

Kills, Ctrl-C, threads and processes: the tests of these go through all estimators with networks.
"""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from tests.small_models import dense

from .small import AUTOENCODERS, DEEP, MODELS, table

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", MODELS)
def test_one_life(name):
    X = table()
    model = MODELS[name]().fit(X)
    Z = dense(model.transform(X))
    assert Z.shape == (len(X), len(model.get_feature_names_out()))
    assert Z.dtype == X.dtype
    assert np.isfinite(Z).all()
    assert model.n_iter_ == len(model.history_) == 3
    assert all(np.isfinite(row["train_loss"]) for row in model.history_)

    np.testing.assert_array_equal(dense(clone(model).fit(X).transform(X)), Z)
    np.testing.assert_array_equal(dense(pickle.loads(pickle.dumps(model)).transform(X)), Z)
    parts = clone(model).partial_fit(X)
    parts = pickle.loads(pickle.dumps(parts)).partial_fit(X).partial_fit(X)
    np.testing.assert_array_equal(dense(parts.transform(X)), Z)


@pytest.mark.parametrize("name", MODELS)
def test_rows_do_not_depend_on_each_other(name):
    X = table()
    model = MODELS[name]().fit(X)
    Z, order = dense(model.transform(X)), np.random.RandomState(0).permutation(len(X))
    np.testing.assert_allclose(dense(model.transform(X[order])), Z[order], atol=1e-12)
    np.testing.assert_allclose(dense(model.transform(X[5:6])), Z[5:6], atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_warm_start_goes_on(name):
    X = table()
    whole = MODELS[name]().fit(X)
    model = MODELS[name](max_epochs=1, warm_start=True).fit(X)
    model.set_params(max_epochs=2).fit(X)
    np.testing.assert_array_equal(dense(model.transform(X)), dense(whole.transform(X)))
    with pytest.raises(ValueError, match=r"another n_components \(3, not "):
        model.set_params(n_components=3).fit(X)


@pytest.mark.parametrize("name", MODELS)
def test_weight_files(tmp_path, name):
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(table(), columns=list("abcd"))
    model, path = MODELS[name]().fit(X), tmp_path / "weights.pt"
    model.save_weights(path)
    loaded = MODELS[name]().load_weights(path)
    np.testing.assert_array_equal(dense(loaded.transform(X)), dense(model.transform(X)))
    assert loaded.history_ == model.history_
    assert list(loaded.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="do not fit the parameters: n_components"):
        MODELS[name](n_components=3).load_weights(path)
    with pytest.raises(NotFittedError):
        MODELS[name]().save_weights(path)


def test_weights_of_another_estimator(tmp_path):
    names = list({type(make()).__name__: name for name, make in MODELS.items()}.values())
    MODELS[names[0]]().fit(table()).save_weights(tmp_path / "weights.pt")
    for name in names[1:]:
        with pytest.raises(ValueError, match="are those of"):
            MODELS[name]().load_weights(tmp_path / "weights.pt")


@pytest.mark.parametrize(
    ("field", "value"),
    [("loc", [0.0]), ("scale", [0.0] * 4), ("likelihood", "poisson"), ("structure", {"a": 1})],
)
def test_forged_facts_are_refused_by_name(tmp_path, field, value):
    from sksim._torch._archive import read_archive, write_archive

    path = tmp_path / "weights.pt"
    MODELS["denoising"]().fit(table()).save_weights(path)
    facts, _ = read_archive(path)
    write_archive(facts | {field: value}, path)
    with pytest.raises(ValueError, match=f"{field}|scale"):
        MODELS["denoising"]().load_weights(path)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
def test_tensors_come_in(name, kind):
    X = torch.from_numpy(table()).to(getattr(torch, kind))
    plain = (X.float() if kind == "bfloat16" else X).numpy()
    expected = dense(MODELS[name]().fit(plain).transform(plain))
    got = dense(MODELS[name]().fit(X.requires_grad_()).transform(X))
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_early_stopping_holds_rows_out(name):
    model = MODELS[name](early_stopping=True, max_epochs=12).fit(table())
    losses = [row["valid_loss"] for row in model.history_]
    assert np.isfinite(losses).all()
    assert "valid_loss" not in MODELS[name]().fit(table()).history_[0]


@pytest.mark.parametrize("name", MODELS)
def test_units_do_not_matter(name):
    """Powers of two change no bit of what the network sees."""
    X = table()
    Z = dense(MODELS[name]().fit(X).transform(X))
    scaled = dense(MODELS[name]().fit(X * 2.0**40).transform(X * 2.0**40))
    unit = 2.0**40 if name in ("topk", "pursuit") else 1.0
    np.testing.assert_allclose(scaled, Z * unit, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_values_out_of_reach(name):
    model = MODELS[name]().fit(table())
    with pytest.raises(ValueError, match="X holds a value"):
        model.transform(table() * 1e30)


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_decoding_and_its_score(name):
    X = table()
    model = MODELS[name]().fit(X)
    decoded = model.inverse_transform(model.transform(X))
    assert decoded.shape == X.shape
    x, decoded = (X - model.loc_) / model.scale_, (decoded - model.loc_) / model.scale_
    mean = model.net_.module_.mean.numpy()
    expected = 1 - ((x - decoded) ** 2).sum() / ((x - mean) ** 2).sum()
    assert model.score(X) == pytest.approx(expected)
    assert model.history_[-1]["fvu"] == pytest.approx(1 - model.score(X), rel=1e-4)
    with pytest.raises(ValueError, match="Z must hold (latents|codes), with"):
        model.inverse_transform(np.ones((2, 11)))


@pytest.mark.parametrize("name", DEEP)
def test_informative_embeddings(name):
    X = table()
    model = MODELS[name]().fit(X)
    Z = model.transform(X)
    informative = model.set_params(embedding="informative").transform(X)
    assert informative.shape == (len(X), 8) == (len(X), len(model.get_feature_names_out()))
    *hidden, last = model.net_.module_.double().decoder
    h = torch.from_numpy(Z)
    for layer in hidden:
        h = layer(h)
    np.testing.assert_allclose(informative, h.detach().numpy(), atol=1e-12)
    decoded = model.inverse_transform(Z)
    np.testing.assert_allclose(
        last(h).detach().numpy() * model.scale_ + model.loc_, decoded, atol=1e-9
    )
    with pytest.raises(ValueError, match="hidden_layer_sizes must be positive"):
        MODELS[name](hidden_layer_sizes=(8, 0)).fit(X)


@pytest.mark.parametrize("name", DEEP)
def test_likelihoods(name):
    X = table()
    unit_values = (X - X.min()) / np.ptp(X)
    model = MODELS[name]().fit(unit_values)
    assert model.likelihood_ == "bernoulli"
    decoded = model.inverse_transform(model.transform(unit_values))
    assert 0 <= decoded.min() <= decoded.max() <= 1
    assert MODELS[name](likelihood="gaussian").fit(unit_values).likelihood_ == "gaussian"
    assert MODELS[name]().fit(X).likelihood_ == "gaussian"
    with pytest.raises(ValueError, match="likelihood='bernoulli' needs values of X in"):
        MODELS[name](likelihood="bernoulli").fit(X)
    with pytest.raises(ValueError, match="likelihood='bernoulli' needs values of X in"):
        model.partial_fit(X)


@pytest.mark.parametrize("name", MODELS)
def test_constant_data_are_encoded(name):
    X = np.ones((20, 4))
    assert np.isfinite(dense(MODELS[name]().fit(X).transform(X))).all()


@pytest.mark.parametrize("name", MODELS)
def test_in_a_pipeline(name):
    from sklearn.linear_model import LogisticRegression

    X = table()
    y = X[:, 0] > X[:, 0].mean()
    assert make_pipeline(MODELS[name](), LogisticRegression()).fit(X, y).score(X, y) > 0
