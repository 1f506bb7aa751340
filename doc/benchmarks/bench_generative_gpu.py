"""Fifteen minutes of one GPU: throughput, what the encoder buys on Fashion-MNIST, pictures.

Three stages, each of which can be left out: ``timing`` (images in a second and the share of the
matrix product, for each precision, compiled and not), ``study`` ({VDM, DiffEnc} x ``gamma_max``
{5, 1} x two seeds, every finished run a line of a file of records) and ``pictures`` (samples with
the nearest training images, and what the encoder does). A fourth, ``classifier``, is that of
``bench_identifiability_images.py`` on CIFAR-10. The data are in the folder that SKSIM_DATA names.

    python doc/benchmarks/bench_generative_gpu.py --seconds 75

Writes ``gpu_timing.csv``, ``gpu_study.csv``, ``gpu_depth.csv``, ``gpu_samples.png``,
``gpu_samples.csv`` and ``gpu_encoder.png``. A run ends after its steps, or its seconds.
"""

import argparse
import json
import os
import pathlib
import time

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import bench_identifiability_images
import matplotlib.pyplot as plt
import numpy as np
import torch
from bench_gamma_max import BITS, paired, read_records, signed
from bench_generative_digits import draw_encoder
from bench_generative_images import Limit, peak_flops, step_flops
from skorch.callbacks import Callback, LRScheduler

from sksim._torch._training import EarlyStop
from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.inspection import SampleGridDisplay
from sksim.metrics import kernel_distance, vendi_score

MODELS = {"VDM": VariationalDiffusion, "DiffEnc": DiffEnc}
GAMMAS = (5.0, 1.0)
STAGES = ("timing", "study", "pictures", "classifier")
RECORDS = "gpu_records.jsonl"


class Pace(Callback):
    """Time the second half of so many steps, and end; the first half compiles and warms up."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps

    def on_batch_end(self, net, training=None, **kwargs):
        done = int(net.module_.n_updates)
        if done not in (self.n_steps // 2, self.n_steps):
            return
        if net.device.startswith("cuda"):
            torch.cuda.synchronize()
        if done < self.n_steps:
            self.start_ = time.perf_counter()
            return
        seconds = time.perf_counter() - self.start_
        net.steps_per_second_ = (self.n_steps - self.n_steps // 2) / seconds
        raise EarlyStop


def make_model(name: str, gamma_max: float, seed: int, options, **changes):
    """Model of the plan: a peak of the rate that falls along a cosine to zero at the last step."""
    cosine = LRScheduler("CosineAnnealingLR", T_max=options.steps, step_every="batch")
    settings = {
        "denoiser": "unet",
        "denoiser_params": {"width": options.width, "n_layers": options.n_layers, "dropout": 0.0},
        "image_shape": options.image_shape,
        "gamma_max": gamma_max,
        "max_epochs": 10**6,
        "batch_size": options.batch_size,
        "lr": 1e-3,
        "warmup_steps": min(500, options.steps // 4),
        "clip_norm": 1.0,
        "ema_decay": 0.999,
        "n_score_steps": options.n_score_steps,
        "n_sample_steps": options.n_sample_steps,
        "precision": options.precision,
        "compile": options.compile,
        "callbacks": [cosine, Limit(options.steps, options.seconds)],
        "device": options.device,
        "random_state": seed,
    }
    return MODELS[name](**settings | changes)


def timing(X, options) -> list[dict]:
    """Images in a second, and the share of the fastest matrix product of that precision."""
    rows = []
    for precision in ("32", "bf16"):
        peak = peak_flops(options.device, precision, options.matrix_size)
        for compiles in (False, True) if options.compile else (False,):
            for name in MODELS:
                pace = [Pace(options.timing_steps)]
                changes = {"precision": precision, "compile": compiles, "callbacks": pace}
                model = make_model(name, 5.0, 0, options, **changes).fit(X)
                rate = model.net_.steps_per_second_ * options.batch_size
                few = model._data.to_network(X[:4].reshape(4, -1))
                share = rate * step_flops(model, few) / peak
                rows.append(
                    {
                        "model": name,
                        "precision": precision,
                        "compiled": "yes" if compiles else "no",
                        "images / s": f"{rate:.0f}",
                        "% of the matrix product": f"{100 * share:.1f}",
                        "TFLOP / s of the product": f"{peak / 1e12:.1f}",
                    }
                )
                print(rows[-1], flush=True)
    return rows


def study(X, X_test, options, path: pathlib.Path) -> dict:
    """Train and score what is not in the records; the models that were trained now."""
    models, depths = {}, []
    for seed in range(options.seeds):
        for gamma_max in GAMMAS:
            for name in MODELS:
                run = ("fashion", gamma_max, name, seed)
                if run in read_records(path):
                    continue
                model = make_model(name, gamma_max, seed, options).fit(X)
                terms = model.elbo_terms(X_test) * BITS / X_test[0].size
                record = {
                    "run": run,
                    "steps": int(model.net_.module_.n_updates),
                    "seconds": round(model.net_.seconds_, 1),
                    "terms": terms.mean(axis=0).tolist(),
                    "totals": [round(total, 5) for total in terms.sum(axis=1).tolist()],
                }
                with open(path, "a", encoding="utf-8") as file:
                    file.write("\n" + json.dumps(record))
                print(run, record["steps"], f"{np.mean(record['totals']):.4f}", flush=True)
                models.setdefault((name, gamma_max), model)
                found = model.depth_losses(X_test, options.n_depths)
                depths += [
                    {"model": name, "gamma_max": gamma_max, "seed": seed, "t": f"{t:.4f}",
                     "bits": f"{loss:.5f}", "s.e.": f"{error:.5f}"}
                    for t, loss, error in zip(found.times, found.losses, found.errors)
                ]  # fmt: skip
    if depths:
        write_csv("gpu_depth.csv", depths, options.folder)
    return models


def summarize(records: dict, folder) -> None:
    """Means over the seeds, and differences over the same images with the same noise."""
    rows = []
    for name, gamma_max, arm in dict.fromkeys(key[:3] for key in sorted(records)):
        mine = [r for key, r in records.items() if key[:3] == (name, gamma_max, arm)]
        prior, reconstruction, diffusion = np.mean([r["terms"] for r in mine], axis=0)
        totals = [np.mean(record["totals"]) for record in mine]
        rows.append(
            {
                "gamma_max": f"{gamma_max:g}",
                "model": arm,
                "seeds": len(mine),
                "steps": int(np.mean([record["steps"] for record in mine])),
                "prior": f"{prior:.4f}",
                "reconstruction": f"{reconstruction:.4f}",
                "diffusion": f"{diffusion:.4f}",
                "total": f"{np.mean(totals):.4f}",
                "of single seeds": f"{min(totals):.4f} to {max(totals):.4f}",
                "against VDM": signed(
                    paired(records, (name, gamma_max, arm), (name, gamma_max, "VDM"))
                ),
            }
        )
    write_csv("gpu_study.csv", rows, folder)


def pictures(models: dict, X, X_test, options) -> None:
    """Samples beside the nearest training images, measured; encoded test images."""
    chosen = {name: model for (name, gamma_max), model in models.items() if gamma_max == 1.0}
    figure, axes = plt.subplots(
        1, len(chosen), figsize=(9 * len(chosen), 6), layout="constrained", squeeze=False
    )
    rows, flat = [], X_test.reshape(len(X_test), -1) / 255
    for ax, (name, model) in zip(axes[0], chosen.items()):
        samples = model.sample(options.n_samples, random_state=0)
        found = kernel_distance(samples.reshape(len(samples), -1) / 255, flat, confidence=0.95)
        rows.append(
            {
                "samples of": name,
                "kernel distance": f"{found.distance:.5f}",
                "95 % from": f"{found.low:.5f}",
                "to": f"{found.high:.5f}",
                "Vendi score": f"{vendi_score(samples.reshape(len(samples), -1)):.2f}",
            }
        )
        SampleGridDisplay.from_samples(
            samples[:16], X=X, n_neighbors=3, n_columns=16, name=name, vmin=0, vmax=255, ax=ax
        )
    part = X[: options.n_samples].reshape(-1, X_test[0].size)
    found = kernel_distance(part / 255, flat, confidence=0.95)
    rows.append(
        {
            "samples of": "the training data",
            "kernel distance": f"{found.distance:.5f}",
            "95 % from": f"{found.low:.5f}",
            "to": f"{found.high:.5f}",
            "Vendi score": f"{vendi_score(part):.2f}",
        }
    )
    write_csv("gpu_samples.csv", rows, options.folder)
    figure.savefig(pathlib.Path(options.folder) / "gpu_samples.png", dpi=80)
    if "DiffEnc" in chosen:
        draw_encoder(chosen["DiffEnc"], X_test[:9], options.folder, name="gpu_encoder.png")


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES[:3])
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seconds", type=float, help="of a run, at most")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=30, help="of the classifier")
    parser.add_argument("--n-train", type=int)
    parser.add_argument("--n-test", type=int, default=2000)
    parser.add_argument("--n-score-steps", type=int, default=32)
    parser.add_argument("--n-sample-steps", type=int, default=250)
    parser.add_argument("--n-depths", type=int, default=32)
    parser.add_argument("--n-samples", type=int, default=512)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--n-layers", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--timing-steps", type=int, default=60)
    parser.add_argument("--matrix-size", type=int, default=8192)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    with np.load(pathlib.Path(os.environ["SKSIM_DATA"]) / "fashion_mnist.npz") as file:
        X, X_test = file["X_train"][: options.n_train], file["X_test"][: options.n_test]
    options.image_shape = X.shape[1:]
    if "timing" in options.stages:
        write_csv("gpu_timing.csv", timing(X, options), options.folder)
    path, models = pathlib.Path(options.folder) / RECORDS, {}
    if "study" in options.stages:
        models = study(X, X_test, options, path)
        summarize(read_records(path), options.folder)
    if "pictures" in options.stages and models:
        pictures(models, X, X_test, options)
    if "classifier" in options.stages:
        sizes = ["--epochs", str(options.epochs), "--n-test", str(options.n_test)]
        places = ["--device", options.device, "--folder", str(options.folder)]
        bench_identifiability_images.main(["cifar10_jpeg", *sizes, *places])


if __name__ == "__main__":
    main()
