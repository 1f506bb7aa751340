"""Handwritten digits, 8 x 8 with 17 levels: bits, samples, depth of the features, variances.

Writes ``generative_digits.csv``, ``generative_digits_baselines.csv``,
``generative_digits_variance.csv``, ``generative_probe.csv`` and the figures
``generative_digits.png`` and ``generative_encoder.png``.

    python doc/benchmarks/bench_generative_digits.py --epochs 125

The models can be trained side by side, in folders of their own: ``--models DiffEnc --folder ...``.
"""

import argparse
import pathlib
import time

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from bench_generative_swirl import score, variance_ratio
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.inspection import DepthLossDisplay, SampleGridDisplay, TrainingCurveDisplay

MODELS = {
    "VDM": (VariationalDiffusion, {}),
    "nt": (DiffEnc, {"encoder": "nt"}),
    "DiffEnc": (DiffEnc, {}),
}
DEPTHS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
N_TRAIN = 1437


def make_model(name: str, seed: int, epochs: int):
    """Convolutional model; 12 steps of 128 images are an epoch of the digits."""
    Model, changes = MODELS[name]
    return Model(
        image_shape=(8, 8),
        max_epochs=epochs,
        lr=2e-3,
        ema_decay=0.99,
        n_score_steps=64,
        device="cpu",
        random_state=seed,
        **changes,
    )


def baselines(X, X_test) -> list[dict]:
    """Bits per feature of 17 equal levels, and of each pixel's histogram (counts plus a half)."""
    levels = np.arange(17)
    counts = (X[:, :, None] == levels).sum(axis=0) + 0.5
    bits = -np.log2(counts / counts.sum(axis=1, keepdims=True))
    found = bits[np.arange(X.shape[1]), X_test.astype(int)].mean()
    values = {"uniform": np.log2(len(levels)), "histogram of each pixel": found}
    return [{"model": name, "total": f"{value:.4f}"} for name, value in values.items()]


def train_all(X, X_test, options) -> dict:
    """Train and score each model with each seed; the models of the first seed."""
    rows, models = [], {}
    for seed in range(options.seeds):
        for name in options.models:
            start = time.process_time()
            model = make_model(name, seed, options.epochs).fit(X)
            seconds = time.process_time() - start
            steps = int(model.net_.module_.n_updates)
            row = {"model": name, "seed": seed, "steps": steps} | score(model, X_test)
            rows.append(row | {"CPU s": f"{seconds:.0f}"})
            print(rows[-1], flush=True)
            models.setdefault(name, model)
            write_csv("generative_digits.csv", rows, options.folder)
    return models


def probe_accuracy(Z, y, Z_test, y_test, n_labels: int) -> float:
    """Test accuracy of a linear probe, mean over three choices of the labelled rows."""
    found = []
    for seed in range(3 if n_labels < len(y) else 1):
        rows = np.random.RandomState(seed).permutation(len(y))[:n_labels]
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        found.append(probe.fit(Z[rows], y[rows]).score(Z_test, y_test))
    return float(np.mean(found))


def probe(models: dict, X, y, X_test, y_test) -> list[dict]:
    """Accuracy with 100 labels and with all, for raw pixels and each depth."""
    rows = []

    def add(name, depth, Z, Z_test):
        row = {"features": name, "depth": depth}
        for n_labels in (100, len(y)):
            row[f"{n_labels} labels"] = f"{probe_accuracy(Z, y, Z_test, y_test, n_labels):.3f}"
        rows.append(row)

    add("pixels", "-", X, X_test)
    for name, model in models.items():
        for depth in DEPTHS:
            model.set_params(depth=depth)
            add(name, depth, model.transform(X), model.transform(X_test))
    return rows


def draw_models(models: dict, X_test, folder) -> None:
    """Samples, loss by depth and training curve."""
    figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
    for ax, (name, model) in zip(axes, (pair for pair in models.items() if pair[0] != "nt")):
        SampleGridDisplay.from_estimator(model, n_samples=64, random_state=0, name=name, ax=ax)
    for name, model in models.items():
        DepthLossDisplay.from_estimator(model, X_test, n_depths=24, name=name, ax=axes[2])
        TrainingCurveDisplay(model.history_, entries=("train_loss",), name=name).plot(axes[3])
    axes[3].set(ylabel="training loss (bits per feature)", ylim=(1.5, 3))
    figure.savefig(pathlib.Path(folder) / "generative_digits.png", dpi=80)


def draw_encoder(
    model,
    X,
    folder,
    times=(0.0, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0),
    name="generative_encoder.png",
) -> None:
    """Encoded images, and how fast the encoder moves them: one scale of colours a row."""
    encoded = np.array([model.encode(X, t) for t in times])
    speeds = np.abs(np.diff(encoded, axis=0)) / np.diff(times)[:, None, None]
    columns = len(times) - 1
    figure, axes = plt.subplots(2, columns, figsize=(2 * columns, 5), layout="constrained")
    rows = [
        (encoded[1:], "$x_t$, t = {1:g}", {"vmin": 0, "vmax": model.n_levels_ - 1}),
        (speeds, "speed, {0:g} to {1:g}", {"vmin": 0, "vmax": speeds.max(), "cmap": "magma"}),
    ]
    for row, (values, title, style) in zip(axes, rows):
        for i, ax in enumerate(row):
            images = values[i].reshape(-1, *model.image_shape)
            display = SampleGridDisplay(images, n_columns=3).plot(ax, **style)
            ax.set_title(title.format(times[i], times[i + 1]), fontsize=10)
        figure.colorbar(display.artist_, ax=row, shrink=0.8)
    figure.savefig(pathlib.Path(folder) / name, dpi=80)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=125)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--n-test", type=int, default=360)
    parser.add_argument("--n-calibrate", type=int, default=N_TRAIN)
    parser.add_argument("--no-features", action="store_true", help="no probe and no figures")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    X, y = load_digits(return_X_y=True)
    X, y, X_test, y_test = X[:N_TRAIN], y[:N_TRAIN], X[N_TRAIN:], y[N_TRAIN:]
    X_test, y_test = X_test[: options.n_test], y_test[: options.n_test]
    write_csv("generative_digits_baselines.csv", baselines(X, X_test), options.folder)
    models = train_all(X, X_test, options)
    if "VDM" in models:
        rows = variance_ratio(models["VDM"], X[: options.n_calibrate], X_test, best_times=False)
        write_csv("generative_digits_variance.csv", rows, options.folder)
    if options.no_features:
        return
    untrained = make_model("VDM", 0, 1).set_params(lr=1e-12).fit(X)
    probed = {"untrained": untrained} | {n: m for n, m in models.items() if n != "nt"}
    write_csv("generative_probe.csv", probe(probed, X, y, X_test, y_test), options.folder)
    draw_models(models, X_test, options.folder)
    if "DiffEnc" in models:
        draw_encoder(models["DiffEnc"], X_test[:9], options.folder)


if __name__ == "__main__":
    main()
