"""Fashion-MNIST and CIFAR-10: three models at equal steps and at equal time, on a GPU.

The folder of the data is named by the environment variable SKSIM_DATA; ``fashion_mnist.npz`` and
``cifar10_jpeg.npz`` hold ``X_train`` and ``X_test``, unsigned bytes. Writes
``generative_<data>.csv``, ``generative_<data>_depth.csv`` and a figure of samples.

    python doc/benchmarks/bench_generative_images.py fashion_mnist --steps 20000 --seeds 3
    python doc/benchmarks/bench_generative_images.py fashion_mnist --seconds 240 --seeds 3
"""

import argparse
import os
import pathlib
import time

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import matplotlib.pyplot as plt
import numpy as np
import torch
from bench_generative_digits import MODELS
from bench_generative_swirl import score
from skorch.callbacks import Callback

from sksim._torch._training import EarlyStop
from sksim.inspection import SampleGridDisplay


class Limit(Callback):
    """End training after so many steps, or so many seconds; note what was done."""

    def __init__(self, n_steps=None, seconds=None):
        self.n_steps = n_steps
        self.seconds = seconds

    def on_train_begin(self, net, **kwargs):
        self.start_ = time.perf_counter()

    def on_batch_end(self, net, training=None, **kwargs):
        if not training:
            return
        net.seconds_ = time.perf_counter() - self.start_
        done = int(net.module_.n_updates)
        if self.n_steps is not None and done >= self.n_steps:
            raise EarlyStop
        if self.seconds is not None and net.seconds_ >= self.seconds:
            raise EarlyStop


def make_model(name: str, seed: int, image_shape, options):
    """Model whose training the steps or the seconds end."""
    Model, changes = MODELS[name]
    width = {"width": options.width} if options.width else None
    return Model(
        denoiser=options.denoiser,
        denoiser_params=width,
        image_shape=image_shape,
        max_epochs=10**6,
        batch_size=options.batch_size,
        lr=options.lr,
        ema_decay=0.999,
        n_score_steps=options.n_score_steps,
        precision=options.precision,
        compile=options.compile,
        callbacks=[Limit(options.steps, options.seconds)],
        random_state=seed,
        **changes,
    )


def peak_flops(device: str, precision: str, size: int) -> float:
    """Operations in a second of a square matrix product, the best of five."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    a, best = torch.randn(size, size, device=device).to(kind), np.inf
    for _ in range(5):
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        start = time.perf_counter()
        product = a @ a
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    assert product.shape == a.shape
    return 2 * size**3 / best


def step_flops(model, x) -> float:
    """Operations of forward and backward pass of the denoiser for one image, by counting."""
    from torch.utils.flop_counter import FlopCounterMode

    network = model.net_.module_.model.denoiser.network
    z = torch.from_numpy(x).to(next(network.parameters()))
    with FlopCounterMode(display=False) as counter:
        network(z, torch.full((len(z),), 0.5).to(z)).sum().backward()
    network.zero_grad()
    return counter.get_total_flops() / len(z)


def run(name: str, seed: int, X, X_test, options) -> tuple[dict, object]:
    """Train and score one model."""
    model = make_model(name, seed, X.shape[1:], options).fit(X)
    n_steps, seconds = int(model.net_.module_.n_updates), model.net_.seconds_
    rate = n_steps * options.batch_size / seconds
    rows = model._data.to_network(X_test[:4].reshape(4, -1))
    share = rate * step_flops(model, rows) / options.peak
    row = {"model": name, "seed": seed, "steps": n_steps} | score(model, X_test)
    row |= {"images / s": f"{rate:.0f}", "% of the matrix product": f"{100 * share:.1f}"}
    print(row, flush=True)
    return row, model


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=["fashion_mnist", "cifar10_jpeg"])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-train", type=int)
    parser.add_argument("--n-test", type=int, default=2000)
    parser.add_argument("--n-score-steps", type=int, default=32)
    parser.add_argument("--n-depths", type=int, default=32)
    parser.add_argument("--denoiser", default="auto")
    parser.add_argument("--width", type=int)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--precision", default="32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--matrix-size", type=int, default=4096)
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    if options.steps is None and options.seconds is None:
        parser.error("give --steps or --seconds")
    with np.load(pathlib.Path(os.environ["SKSIM_DATA"]) / f"{options.data}.npz") as file:
        X, X_test = file["X_train"][: options.n_train], file["X_test"][: options.n_test]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.peak = peak_flops(device, options.precision, options.matrix_size)
    rows, depths = [], []
    figure, axes = plt.subplots(1, len(MODELS), figsize=(5 * len(MODELS), 5))
    for seed in range(options.seeds):
        for ax, name in zip(axes, MODELS):
            row, model = run(name, seed, X, X_test, options)
            rows.append(row)
            found = model.depth_losses(X_test, options.n_depths)
            for t, loss, error in zip(found.times, found.losses, found.errors):
                depths.append({"model": name, "seed": seed, "t": f"{t:.4f}",
                               "bits": f"{loss:.5f}", "s.e.": f"{error:.5f}"})  # fmt: skip
            if seed == 0:
                SampleGridDisplay.from_estimator(model, n_samples=16, n_columns=4, random_state=0,
                                                 name=name, ax=ax)  # fmt: skip
    kind = "steps" if options.seconds is None else "time"
    write_csv(f"generative_{options.data}_{kind}.csv", rows, options.folder)
    write_csv(f"generative_{options.data}_{kind}_depth.csv", depths, options.folder)
    figure.savefig(pathlib.Path(options.folder) / f"generative_{options.data}.png", dpi=80)


if __name__ == "__main__":
    main()
