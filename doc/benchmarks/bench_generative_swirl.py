"""Swirl of known entropy: plain diffusion against encoders, and the ratio of variances.

Writes ``generative_swirl.csv`` (one row for each model and seed), ``generative_swirl_summary.csv``
and ``generative_variance.csv``.

    python doc/benchmarks/bench_generative_swirl.py --seeds 3 --epochs 16
"""

import argparse
import time

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import numpy as np
from skorch.callbacks import LRScheduler

from sksim.datasets import make_swirl
from sksim.generative import DiffEnc, VariationalDiffusion

MODELS = {
    "VDM": (VariationalDiffusion, {}),
    "nt": (DiffEnc, {"encoder": "nt"}),
    "DiffEnc": (DiffEnc, {}),
}
STEPS = (5, 10, 20, 50, 100, 200)


def make_model(name: str, seed: int, epochs: int, n_samples: int):
    """Untrained model with a learning rate that falls to zero along a cosine."""
    Model, changes = MODELS[name]
    n_updates = epochs * -(-n_samples // 256)
    schedule = LRScheduler("CosineAnnealingLR", T_max=n_updates, step_every="batch")
    return Model(
        max_epochs=epochs,
        batch_size=256,
        lr=1e-3,
        ema_decay=0.999,
        callbacks=[schedule],
        device="cpu",
        random_state=seed,
        **changes,
    )


def score(model, X) -> dict:
    """Terms in bits per feature, their sum, and its standard error."""
    terms = model.elbo_terms(X) / (X.shape[1] * np.log(2))
    names = ("prior", "reconstruction", "diffusion")
    found = {name: f"{value:.5f}" for name, value in zip(names, terms.mean(axis=0))}
    error = terms.sum(axis=1).std() / np.sqrt(len(X))
    return found | {"total": f"{terms.sum(axis=1).mean():.4f}", "s.e.": f"{error:.4f}"}


def variance_ratio(model, X_train, X_test, best_times=True) -> list[dict]:
    """Diffusion term in bits per feature at finite depth, for three choices of the steps."""
    choices = {
        "equal": {"variance": "equal"},
        "optimal": {"variance": "optimal"},
        "optimal, best times": {"variance": "optimal", "times": "optimal"},
    }
    if not best_times:
        del choices["optimal, best times"]
    rows = []
    for n_steps in (*STEPS, None):
        row = {"T": "inf" if n_steps is None else n_steps}
        for name, options in choices.items():
            if n_steps is not None and n_steps > 50 and "times" in options:
                row[name] = "-"
                continue
            options = options if n_steps is not None else {"variance": "equal"}
            model.calibrate(X_train, n_steps, **options)
            bits = model.elbo_terms(X_test)[:, 2].mean() / (X_test.shape[1] * np.log(2))
            row[name] = f"{bits:.3f}"
            if name == "optimal":
                ratio = model.variance_ratio_
                row["smallest w"] = "1" if ratio is None else f"{ratio.min():.3f}"
        rows.append(row)
        print(row, flush=True)
    model.calibrate(X_train, None)
    return rows


def summarize(rows: list[dict], entropy: float) -> list[dict]:
    """Mean and spread over the seeds."""
    found = []
    for name in MODELS:
        mine = [row for row in rows if row["model"] == name]
        totals = np.array([float(row["total"]) for row in mine])
        found.append(
            {
                "model": name,
                "seeds": len(mine),
                "total": f"{totals.mean():.4f}",
                "spread (s.d.)": f"{totals.std(ddof=1) if len(totals) > 1 else 0:.4f}",
                "above the entropy": f"{totals.mean() - entropy:.4f}",
                "prior": f"{np.mean([float(row['prior']) for row in mine]):.6f}",
                "CPU s": f"{np.mean([float(row['CPU s']) for row in mine]):.0f}",
            }
        )
    return found


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--n-train", type=int, default=100_000)
    parser.add_argument("--n-test", type=int, default=4000)
    parser.add_argument("--n-score-steps", type=int, default=128)
    parser.add_argument("--no-variance", action="store_true")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    X, entropy = make_swirl(options.n_train, return_entropy=True, random_state=1)
    X_test = make_swirl(options.n_test, random_state=2)
    rows = []
    for seed in range(options.seeds):
        for name in MODELS:
            model = make_model(name, seed, options.epochs, options.n_train)
            start = time.process_time()
            model.fit(X)
            seconds = time.process_time() - start
            model.set_params(n_score_steps=options.n_score_steps)
            steps = int(model.net_.module_.n_updates)
            row = {"model": name, "seed": seed, "steps": steps} | score(model, X_test)
            rows.append(row | {"CPU s": f"{seconds:.0f}"})
            print(rows[-1], flush=True)
            if (name, seed) == ("VDM", 0) and not options.no_variance:
                found = variance_ratio(model, X, X_test[: options.n_test // 2])
                write_csv("generative_variance.csv", found, options.folder)
        write_csv("generative_swirl.csv", rows, options.folder)
        write_csv("generative_swirl_summary.csv", summarize(rows, entropy), options.folder)


if __name__ == "__main__":
    main()
