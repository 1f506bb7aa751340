"""Damaged, edited, forged and half-written files of weights: each is refused, none does harm."""

import os
import pickle
import re
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from skorch.callbacks import Callback

from sksim._torch._archive import read_archive, write_archive
from sksim.generative import DiffEnc, VariationalDiffusion

from .conftest import TINY

OPTIONS = TINY | {"n_steps": 3, "variance": "optimal"}


@pytest.fixture(scope="module")
def model():
    return VariationalDiffusion(**OPTIONS).fit(np.random.RandomState(0).randn(40, 3))


@pytest.fixture
def path(model, tmp_path):
    model.save_weights(tmp_path / "weights.pt")
    return tmp_path / "weights.pt"


def load(path):
    return VariationalDiffusion(**OPTIONS).load_weights(path)


def assert_refused(path, field=""):
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        load(path)
    assert field in str(error.value)


def flipped(content, n_flips, seed):
    """The content with one bit flipped, at random places."""
    rng = np.random.RandomState(seed)
    for place, bit in zip(rng.randint(len(content), size=n_flips), rng.randint(8, size=n_flips)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << bit
        yield bytes(damaged)


def resave(state, path, is_sealed):
    """Write an edited state, with a seal, or as an earlier release did."""
    if is_sealed:
        write_archive(state, path)
    else:
        torch.save(state | {"format": "sksim diffusion 3"}, path)


# Damage.


def test_every_flipped_bit_is_refused(path):
    content = path.read_bytes()
    for damaged in flipped(content, 1000, seed=0):
        path.write_bytes(damaged)
        assert_refused(path)
    for place in range(len(content) - 100, len(content)):  # the seal and the end of the archive
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            assert_refused(path)
    path.write_bytes(content)
    assert load(path).n_iter_ == 2


def test_every_cut_is_refused(path):
    content = path.read_bytes()
    for part in range(50):
        path.write_bytes(content[: len(content) * part // 50])
        assert_refused(path)
    for n_missing in (1, 64, 77, 78, 100):
        path.write_bytes(content[:-n_missing])
        assert_refused(path)
    path.write_bytes(content + b"\n")
    assert_refused(path)
    path.write_bytes(content[1:])
    assert_refused(path)


def test_flipped_bits_of_earlier_formats_change_nothing_in_silence(model, path):
    state, _ = read_archive(path)
    resave(state, path, is_sealed=False)
    n_refused = 0
    for damaged in flipped(path.read_bytes(), 200, seed=1):
        path.write_bytes(damaged)
        try:
            loaded = load(path)
        except ValueError:
            n_refused += 1
        else:  # padding, or what nobody reads
            ours, theirs = model.net_.module_.state_dict(), loaded.net_.module_.state_dict()
            assert all(torch.equal(ours[name], theirs[name]) for name in ours)
            assert loaded.history_ == model.history_
    assert n_refused > 100


def test_every_overwritten_stretch_is_refused(path):
    content = path.read_bytes()
    rng = np.random.RandomState(2)
    for _ in range(200):
        start = rng.randint(len(content))
        stretch = rng.bytes(rng.randint(1, 200))
        path.write_bytes(content[:start] + stretch + content[start + len(stretch) :])
        if path.read_bytes() != content:
            assert_refused(path)


# Edits.


def test_every_edited_file_without_a_new_seal_is_refused(path):
    state, is_sealed = read_archive(path)
    assert is_sealed
    torch.save(state | {"second_moment": state["second_moment"] * 1.1}, path)
    assert_refused(path, "checksum")


WRONG = [None, True, -1, 0, 0.5, np.nan, np.inf, 10**400, "x", [], [[]], {}, (), torch.ones(2)]


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize("field", ["data", "second_moment", "structure", "steps", "weights"])
def test_impossible_values_are_refused_by_name(path, field, is_sealed):
    state, _ = read_archive(path)
    for wrong in WRONG:
        if field == "steps" and wrong is None:
            continue  # continuous time
        resave(state | {field: wrong}, path, is_sealed)
        assert_refused(path, "" if field in ("weights", "structure") else field)
    del state[field]
    resave(state, path, is_sealed)
    assert_refused(path, field)


POSSIBLE = {
    "image_shape": [None],
    "as_images": [False],
    "n_levels": [None],
    "first_level": [-1, 0],
    "loc": [-1, 0, 0.5],
    "scale": [0.5],
    "shape": [],
    "dtype": [],
}


@pytest.mark.parametrize("field", POSSIBLE)
def test_impossible_facts_about_the_data_are_refused_by_name(path, field):
    state, _ = read_archive(path)
    for wrong in WRONG:
        if any(type(wrong) is type(value) and wrong == value for value in POSSIBLE[field]):
            continue
        write_archive(state | {"data": state["data"] | {field: wrong}}, path)
        assert_refused(path, f"data.{field}")
    del state["data"][field]
    write_archive(state, path)
    assert_refused(path, f"data.{field}")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("history", [{"epoch": [[[[[[[[[1]]]]]]]]]}]),
        ("history", [1]),
        ("history", [{1j: 0}]),
        ("feature_names_in", ["a", "b"]),
        ("feature_names_in", [1, 2, 3]),
        ("steps", [[0, 0.5, 1], [1.0]]),
        ("steps", [[0, 0.5, 0.5, 1], [1.0, 1.0, 1.0]]),
        ("steps", [[0, 1], [0.0]]),
        ("steps", [[0, 1], [np.nan]]),
        ("steps", [[0, 0.5], [1.0]]),
        ("structure", {"denoiser": 1}),
        ("format", "sksim diffusion 5"),
        ("data", {"shape": (3,)}),
    ],
)
def test_values_that_do_not_fit_together_are_refused_by_name(path, field, wrong):
    state, _ = read_archive(path)
    write_archive(state | {field: wrong}, path)
    assert_refused(path, field)


def test_facts_that_contradict_each_other_are_refused_by_name(path):
    state, _ = read_archive(path)
    for field, wrong in {
        "loc": [0.0, 0.0],
        "scale": [1.0] * 4,
        "image_shape": (3, 1),
        "extra": 1,
    }.items():
        write_archive(state | {"data": state["data"] | {field: wrong}}, path)
        assert_refused(path, f"data.{field}")
    write_archive(state | {"data": state["data"] | {"shape": (10**6,)}}, path)
    assert_refused(path, "data.loc")


def test_a_list_in_itself_is_refused(path):
    state, _ = read_archive(path)
    endless = []
    endless.append(endless)
    write_archive(state | {"history": [{"epoch": endless}]}, path)
    assert_refused(path, "history")


@pytest.mark.parametrize("is_sealed", [True, False])
def test_impossible_weights_are_refused_by_name(path, is_sealed):
    state, _ = read_archive(path)
    name = next(n for n, w in state["weights"].items() if w.is_floating_point() and w.numel() > 2)
    for change in (
        lambda w: w * torch.nan,
        lambda w: torch.where(torch.arange(len(w.flatten())).reshape(w.shape) == 1, torch.inf, w),
        lambda w: w.double(),
        lambda w: w.to(torch.complex64),
        lambda w: w.flatten()[:-1],
        lambda w: w.to_sparse(),
        lambda w: w.to("meta"),
        lambda w: None,
        lambda w: 1.0,
    ):
        edited = state["weights"] | {name: change(state["weights"][name])}
        resave(state | {"weights": edited}, path, is_sealed)
        assert_refused(path, name)
    resave(state | {"weights": state["weights"] | {"more": torch.ones(1)}}, path, is_sealed)
    assert_refused(path, "more")
    del state["weights"][name]
    resave(state, path, is_sealed)
    assert_refused(path, name)
    resave(state | {"weights": {"101": torch.ones(1)}}, path, is_sealed)
    assert_refused(path, "101")


def test_former_format_without_its_counter(path):
    state, _ = read_archive(path)
    torch.save(state | {"format": "sksim diffusion 2"}, path)
    assert_refused(path, "weights.n_updates")


def test_a_refused_file_leaves_the_estimator(model, path):
    loaded = load(path)
    net, history = loaded.net_, loaded.history_
    state, _ = read_archive(path)
    weights = {n: w * torch.nan if "ema" in n else w for n, w in state["weights"].items()}
    write_archive(state | {"weights": weights}, path)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        loaded.load_weights(path)
    assert loaded.net_ is net
    assert loaded.history_ is history


# Code.


class Payload:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (self.mark,))


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize("place", ["history", "weights", "data"])
def test_code_is_refused_and_does_not_run(path, tmp_path, place, is_sealed):
    state, _ = read_archive(path)
    mark = tmp_path / "it_ran"
    resave(state | {place: Payload(str(mark))}, path, is_sealed)
    assert_refused(path)
    with pytest.raises(pickle.UnpicklingError):  # as before there was a seal
        load(path)
    assert not mark.exists()


def test_other_files_are_refused(path, tmp_path):
    for content in (b"", b"PK", b"hello", pickle.dumps({"format": "sksim diffusion 4"})):
        path.write_bytes(content)
        assert_refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(1, protocol=2))
    assert_refused(path)
    for other in (1, [], {"format": torch.ones(2)}, {"weights": 1}):
        write_archive(other, path)
        assert_refused(path, "is not a file that save_weights wrote")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


# Writing.


def test_a_model_that_could_not_be_read_is_not_written(path):
    content = path.read_bytes()
    broken = load(path)
    with torch.no_grad():
        next(broken.net_.module_.parameters()).fill_(torch.nan)
    with pytest.raises(ValueError, match=r"field 'weights\..*holds NaN"):
        broken.save_weights(path)
    broken = load(path)
    broken.history_[0]["object"] = object()
    with pytest.raises(ValueError, match="field 'history' must be"):
        broken.save_weights(path)
    assert path.read_bytes() == content


class Recorder(Callback):
    """Leaves values of NumPy in the history, which are no plain values."""

    def on_epoch_end(self, net, **kwargs):
        net.history.record("array", np.arange(2))
        net.history.record("pair", (np.float32(0.5), {"a": np.int64(1)}))


def test_values_of_numpy_are_written_as_plain_ones(images, tmp_path):
    options = TINY | {"callbacks": [Recorder()], "n_levels": np.int64(8), "image_shape": (6, 4)}
    DiffEnc(**options).fit(images).save_weights(tmp_path / "a.pt")
    loaded = DiffEnc(**options).load_weights(tmp_path / "a.pt")
    assert loaded.history_[0]["array"] == [0, 1]
    assert loaded.history_[0]["pair"] == (0.5, {"a": 1})


class Masked(torch.nn.Linear):
    """A network with a buffer that is infinite on purpose."""

    def __init__(self, shape):
        super().__init__(shape[0], shape[0])
        self.register_buffer("mask", torch.full((2,), -torch.inf))

    def forward(self, z, t):
        return super().forward(z)


def test_infinite_buffers_are_kept(table, tmp_path):
    options = TINY | {"denoiser_params": None}
    VariationalDiffusion(Masked, **options).fit(table).save_weights(tmp_path / "a.pt")
    loaded = VariationalDiffusion(Masked, **options).load_weights(tmp_path / "a.pt")
    assert loaded._model.denoiser.network.mask.tolist() == [-np.inf] * 2


def test_savers_in_threads_do_not_mix(model, path):
    first = path.read_bytes()
    other = load(path)
    other.history_.append({"epoch": 3})
    other.save_weights(path)
    second = path.read_bytes()

    def save_often(one):
        for _ in range(10):
            one.save_weights(path)

    threads = [threading.Thread(target=save_often, args=(one,)) for one in (model, other) * 2]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(load(path).history_) in (2, 3)
    assert path.read_bytes() in (first, second)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_full_disk_leaves_the_earlier_file(model, path, tmp_path):
    content = path.read_bytes()
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    script = """
import pickle, resource, sys
model = pickle.load(open(sys.argv[1], "rb"))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    model.save_weights(sys.argv[2])
except OSError as error:
    assert error.filename == sys.argv[2], error
    print("refused")
"""
    command = [sys.executable, "-c", script, tmp_path / "model.pkl", path, str(len(content) // 2)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n", done.stderr
    assert path.read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == ["model.pkl", path.name]
