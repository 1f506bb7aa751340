import pickle
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.generative import DiffEnc, VariationalDiffusion


@pytest.mark.parametrize(
    "changes", [{}, {"n_steps": 4, "variance": "optimal"}, {"schedule": "learned_linear"}]
)
def test_there_and_back(tiny, table, tmp_path, changes):
    options = tiny | changes
    model = DiffEnc(**options).fit(table)
    model.save_weights(tmp_path / "weights.pt")
    loaded = DiffEnc(**options).load_weights(tmp_path / "weights.pt")
    np.testing.assert_array_equal(loaded.score_samples(table), model.score_samples(table))
    np.testing.assert_array_equal(loaded.sample(2, 0), model.sample(2, 0))
    assert loaded.history_ == model.history_
    assert loaded.n_features_in_ == 3
    assert loaded.partial_fit(table).n_iter_ == 1  # of the new net
    with zipfile.ZipFile(tmp_path / "weights.pt") as archive:
        name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
        assert b"sksim.generative" not in archive.read(name)  # plain values, no classes of ours


def test_files_of_the_former_format(tiny, table, tmp_path):
    """Format 2 had the average without torch's wrapper, and counted from zero."""
    model = DiffEnc(**tiny).fit(table)
    model.save_weights(tmp_path / "new.pt")
    state = torch.load(tmp_path / "new.pt", weights_only=True)
    assert state["format"] == "sksim diffusion 4"
    state["format"] = "sksim diffusion 2"
    weights = state["weights"]
    weights["n_updates"] = weights.pop("ema.n_averaged") - 1
    for name in [name for name in weights if name.startswith("ema.module.")]:
        weights[name.replace("ema.module.", "average.")] = weights.pop(name)
    torch.save(state, tmp_path / "old.pt")
    loaded = DiffEnc(**tiny).load_weights(tmp_path / "old.pt")
    np.testing.assert_array_equal(loaded.score_samples(table), model.score_samples(table))
    assert loaded.net_.module_.n_updates == model.net_.module_.n_updates == 2


def test_images_and_names(tiny, images, tmp_path):
    pd = pytest.importorskip("pandas")
    model = VariationalDiffusion(**tiny, image_shape=(6, 4)).fit(images)
    model.save_weights(tmp_path / "a.pt")
    loaded = VariationalDiffusion(**tiny, image_shape=(6, 4)).load_weights(tmp_path / "a.pt")
    np.testing.assert_array_equal(loaded.sample(2, 0), model.sample(2, 0))
    frame = pd.DataFrame(np.arange(24.0).reshape(8, 3) ** 1.1, columns=["a", "b", "c"])
    VariationalDiffusion(**tiny).fit(frame).save_weights(tmp_path / "b.pt")
    named = VariationalDiffusion(**tiny).load_weights(tmp_path / "b.pt")
    assert list(named.feature_names_in_) == ["a", "b", "c"]
    VariationalDiffusion(**tiny).fit(frame.to_numpy()).save_weights(tmp_path / "c.pt")
    assert not hasattr(named.load_weights(tmp_path / "c.pt"), "feature_names_in_")


def test_wrong_files(tiny, table, tmp_path):
    path = tmp_path / "weights.pt"
    VariationalDiffusion(**tiny).fit(table).save_weights(path)
    wide = VariationalDiffusion(**tiny | {"denoiser_params": {"width": 16}})
    with pytest.raises(ValueError, match="do not fit the parameters"):
        wide.load_weights(path)
    assert not hasattr(wide, "net_")
    for change in (
        {"prediction": "eps"},
        {"gamma_max": 4.0},
        {"likelihood": "categorical"},
        {"image_shape": (3, 1)},
        {"denoiser_params": {"width": 8, "skip": "none"}},
    ):
        with pytest.raises(ValueError, match=f"fit the parameters: {next(iter(change))} "):
            VariationalDiffusion(**tiny | change).load_weights(path)
    with pytest.raises(ValueError, match="fit the parameters: encoder "):
        DiffEnc(**tiny).load_weights(path)
    with pytest.raises(ValueError, match="'lr' parameter"):
        VariationalDiffusion(**tiny | {"lr": -1.0}).load_weights(path)
    free = VariationalDiffusion(**tiny, n_steps=4, ema_decay=0.5).load_weights(path)
    assert free.step_times_ is None
    torch.save({"weights": 1}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="is not a file that save_weights wrote"):
        VariationalDiffusion(**tiny).load_weights(tmp_path / "other.pt")
    (tmp_path / "code.pt").write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(pickle.UnpicklingError):
        VariationalDiffusion(**tiny).load_weights(tmp_path / "code.pt")


def network(n_hidden):
    class Network(torch.nn.Sequential):
        """A class of one name, whose code changed after the file was written."""

        def __init__(self, shape):
            super().__init__(
                torch.nn.Linear(shape[0], n_hidden), torch.nn.Linear(n_hidden, shape[0])
            )

        def forward(self, z, t):
            return super().forward(z)

    return Network


def test_weights_of_an_older_class(tiny, table, tmp_path):
    options = tiny | {"denoiser_params": None}
    VariationalDiffusion(network(4), **options).fit(table).save_weights(tmp_path / "a.pt")
    assert VariationalDiffusion(network(4), **options).load_weights(tmp_path / "a.pt").n_iter_ == 2
    with pytest.raises(ValueError, match=r"(?s)do not fit the parameters.*size mismatch"):
        VariationalDiffusion(network(5), **options).load_weights(tmp_path / "a.pt")
