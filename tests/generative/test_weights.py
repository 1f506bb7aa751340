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


def test_wrong_files(tiny, table, tmp_path):
    path = tmp_path / "weights.pt"
    VariationalDiffusion(**tiny).fit(table).save_weights(path)
    wide = VariationalDiffusion(**tiny | {"denoiser_params": {"width": 16}})
    with pytest.raises(ValueError, match="do not fit the parameters"):
        wide.load_weights(path)
    assert not hasattr(wide, "net_")
    torch.save({"weights": 1}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="is not a file that save_weights wrote"):
        VariationalDiffusion(**tiny).load_weights(tmp_path / "other.pt")
    (tmp_path / "code.pt").write_bytes(pickle.dumps(print, protocol=2))
    with pytest.raises(pickle.UnpicklingError):
        VariationalDiffusion(**tiny).load_weights(tmp_path / "code.pt")
