"""The scripts of the benchmark pages, at a tiny size."""

import csv
import importlib
import pathlib
import sys

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("skorch")
plt = pytest.importorskip("matplotlib.pyplot")

FOLDER = pathlib.Path(__file__).parents[2] / "doc" / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    plt.close("all")
    for name in [n for n in sys.modules if n.startswith("bench_") or n == "_measure"]:
        del sys.modules[name]


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def test_images(script, monkeypatch, tmp_path, rng):
    X = rng.randint(0, 256, size=(12, 8, 8, 3)).astype(np.uint8)
    np.savez(tmp_path / "cifar10_jpeg.npz", X_train=X, X_test=X[:4])
    monkeypatch.setenv("SKSIM_DATA", str(tmp_path))
    size = "--steps 2 --seeds 1 --n-score-steps 2 --n-depths 2 --width 4 --batch-size 8"
    arguments = ["cifar10_jpeg", *size.split(), "--matrix-size", "64", "--folder", str(tmp_path)]
    script("bench_generative_images").main(arguments)
    rows = table(tmp_path / "generative_cifar10_jpeg_steps.csv")
    assert [row["model"] for row in rows] == ["VDM", "nt", "DiffEnc"]
    assert {row["steps"] for row in rows} == {"2"}
    assert all(float(row["images / s"]) > 0 for row in rows)
    assert len(table(tmp_path / "generative_cifar10_jpeg_steps_depth.csv")) == 6
    assert (tmp_path / "generative_cifar10_jpeg.png").exists()


def test_gpu_plan(script, monkeypatch, tmp_path, rng):
    X = rng.randint(0, 256, size=(12, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "fashion_mnist.npz", X_train=X, X_test=X[:4])
    monkeypatch.setenv("SKSIM_DATA", str(tmp_path))
    plan = script("bench_generative_gpu")
    size = (
        "--steps 2 --seeds 1 --width 4 --n-layers 1 --batch-size 4 --no-compile --precision 32 "
        "--timing-steps 2 --matrix-size 64 --n-score-steps 2 --n-sample-steps 2 --n-depths 2 "
        "--n-samples 4"
    )
    arguments = [*size.split(), "--device", "cpu", "--folder", str(tmp_path)]
    plan.main(arguments)
    assert len(table(tmp_path / "gpu_timing.csv")) == 2 * 2
    assert len(plan.read_records(tmp_path / plan.RECORDS)) == 2 * 2
    assert [row["model"] for row in table(tmp_path / "gpu_study.csv")].count("VDM") == 2
    assert len(table(tmp_path / "gpu_depth.csv")) == 2 * 2 * 2
    assert len(table(tmp_path / "gpu_samples.csv")) == 3
    assert (tmp_path / "gpu_samples.png").exists()
    assert (tmp_path / "gpu_encoder.png").exists()
    monkeypatch.setattr(plan, "make_model", None)
    plan.main([*arguments, "--stages", "study"])  # nothing is left to train


def test_gamma_max_goes_on_and_agrees_with_the_closed_form(script, monkeypatch, tmp_path):
    study = script("bench_gamma_max")
    size = "--data two-dimensional --gammas 5 1 --seeds 1 --epochs 1 --n-train 300 --n-test 40"
    arguments = [*size.split(), "--records", str(tmp_path), "--folder", str(tmp_path)]
    study.main([*arguments, "--gammas", "5"])
    with open(tmp_path / study.RECORDS, "a") as file:
        file.write('\n{"run": ["two-dimensional", 1')  # killed while it wrote
    study.main(arguments)
    records = study.read_records(tmp_path / study.RECORDS)
    assert len(records) == 2 * 6
    monkeypatch.setattr(study, "train", None)
    study.main(arguments)  # nothing is left to train
    setting = study.two_dimensional()
    setting = setting._replace(train=setting.train[:300], test=setting.test[:40])
    for gamma_max in (1, 5):
        form = study.closed_form(setting, gamma_max)
        prior = {arm: records["two-dimensional", gamma_max, arm, 0]["prior"]
                 for arm in ("VDM", "mean shift")}  # fmt: skip
        assert prior["VDM"] == pytest.approx(form["prior"], rel=1e-5)
        assert prior["mean shift"] == pytest.approx(form["prior"] - form["gain"], abs=1e-6)
    rows = table(tmp_path / "gamma_max.csv")
    assert [row["gamma_max"] for row in rows[:3]] == ["5", "1", "5"]
    assert len(table(tmp_path / "gamma_max_closed_form.csv")) == 2
    assert "the encoder takes" in (tmp_path / "gamma_max_findings.txt").read_text()
    assert (tmp_path / "gamma_max.png").exists()


def test_classifiers_of_images(script, monkeypatch, tmp_path, rng):
    X, y = rng.randint(0, 256, size=(60, 8, 8)).astype(np.uint8), np.arange(60) % 10
    np.savez(tmp_path / "fashion_mnist.npz", X_train=X, X_test=X, y_train=y, y_test=y)
    monkeypatch.setenv("SKSIM_DATA", str(tmp_path))
    size = "fashion_mnist --n-components 2 --seeds 4 --epochs 1 --widths 2 3"
    script("bench_identifiability_images").main([*size.split(), "--folder", str(tmp_path)])
    rows = table(tmp_path / "identifiability_fashion.csv")
    assert [row["M"] for row in rows] == ["2"]
    assert 0 <= float(rows[0]["mean CCA"]) <= 1


@pytest.mark.slow
def test_the_encoder_saves_the_prior_term_where_the_process_ends_early(script):
    study = script("bench_gamma_max")
    setting = study.two_dimensional()
    plain, learned = (study.train(setting, 1, arm, 0) for arm in ("VDM", "DiffEnc"))
    assert learned["prior"] < 0.5 * plain["prior"]


@pytest.mark.slow
def test_swirl_and_digits_and_speed(script, tmp_path):
    folder = ["--folder", str(tmp_path)]
    size = "--seeds 1 --epochs 1 --n-train 500 --n-test 4 --n-score-steps 4"
    script("bench_generative_swirl").main([*size.split(), *folder])
    assert len(table(tmp_path / "generative_swirl_summary.csv")) == 3
    variances = table(tmp_path / "generative_variance.csv")
    assert [row["T"] for row in variances] == ["5", "10", "20", "50", "100", "200", "inf"]
    size = "--epochs 1 --n-test 9 --n-calibrate 50"
    script("bench_generative_digits").main([*size.split(), *folder])
    assert len(table(tmp_path / "generative_digits.csv")) == 3
    assert len(table(tmp_path / "generative_digits_variance.csv")) == 7
    assert len(table(tmp_path / "generative_probe.csv")) == 22
    script("bench_generative_speed").main(["--rounds", "1", "--shapes", "1", *folder])
    assert len(table(tmp_path / "generative_speed.csv")) == 1
