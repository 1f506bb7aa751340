"""What the learned encoder is for: four ways to treat the end of the process, by gamma_max.

At the end of the process the code of a sample costs the prior term, which a late end (a large
``gamma_max``) makes small for every model. If the process ends early, somebody has to pay or to
act: plain diffusion pays; a learned schedule moves the end; data of mean zero cost less; a
learned encoder takes the mean away by itself, and more. Every finished run is one line of the
file of records, so that the study can be ended at any time and go on:

    python doc/benchmarks/bench_gamma_max.py --data two-dimensional digits fashion --minutes 90

    python doc/benchmarks/bench_gamma_max.py --summarize

The second command writes ``gamma_max.csv``, ``gamma_max_closed_form.csv``,
``gamma_max_findings.txt`` and ``gamma_max.png`` from the records alone. Fashion-MNIST
(``fashion_mnist.npz``, averaged to 14 x 14) is in the folder that the environment variable
SKSIM_DATA names.
"""

import argparse
import json
import math
import os
import pathlib
import time
from typing import NamedTuple

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from skorch.callbacks import Callback, LRScheduler
from torch import nn

from sksim.generative import DiffEnc, VariationalDiffusion

GAMMAS = (5, 3, 2, 1)
BITS = 1 / math.log(2)
RECORDS = "gamma_max_records.jsonl"


class Setting(NamedTuple):
    """A data set and how long to train on it."""

    train: np.ndarray
    test: np.ndarray
    n_levels: int
    epochs: int
    batch_size: int
    lr: float
    n_draws: int

    @property
    def x(self):
        """Test rows in the units of the network: ``2 (k + 1/2) / K - 1``, flat."""
        return 2 * (self.test.reshape(len(self.test), -1) + 0.5) / self.n_levels - 1

    @property
    def mean(self):
        """Mean of the training rows in the same units, the shape of a sample."""
        return 2 * (self.train.mean(axis=0) + 0.5) / self.n_levels - 1

    @property
    def n_updates(self):
        return self.epochs * -(-len(self.train) // self.batch_size)


def two_dimensional() -> Setting:
    """Correlated normal numbers around level 32 of 256: all mean, little spread."""
    rng = np.random.RandomState(0)
    X = rng.multivariate_normal([32, 32], 64 * np.array([[1, 0.8], [0.8, 1]]), size=5400)
    X = np.clip(np.round(X), 0, 255).astype(np.uint8)
    return Setting(X[:5000], X[5000:], 256, 40, 256, 1e-3, 128)


def digits() -> Setting:
    """8 x 8 pixels of 17 levels; the margins are blank in every image."""
    X = load_digits().images.astype(np.int64)
    return Setting(X[:1437], X[1437:], 17, 32, 64, 2e-3, 64)


def fashion() -> Setting:
    """Fashion-MNIST, means of 2 x 2 pixels, rounded back to 256 levels."""
    with np.load(pathlib.Path(os.environ["SKSIM_DATA"]) / "fashion_mnist.npz") as file:
        parts = file["X_train"], file["X_test"][:500]
    small = [np.round(X.reshape(len(X), 14, 2, 14, 2).mean(axis=(2, 4))) for X in parts]
    train, test = (X.astype(np.uint8) for X in small)
    return Setting(train, test, 256, 1, 64, 2e-3, 32)


DATA = {"two-dimensional": two_dimensional, "digits": digits, "fashion": fashion}


class MovingEnds(Callback):
    """The ends of a learned schedule learn ``factor`` times as fast as the weights.

    An optimizer of Adam's kind moves a parameter by the learning rate at most in a step; at the
    rate of the weights, a short training cannot take gamma from 1 to 5.
    """

    def __init__(self, factor: float = 30.0) -> None:
        self.factor = factor

    def on_batch_begin(self, net, batch=None, training=None, **kwargs):
        schedule = net.module_.model.schedule
        ends = {id(schedule.gamma_offset), id(schedule.gamma_slope)}
        for group in net.optimizer_.param_groups:
            if training and ends & {id(one) for one in group["params"]}:
                group["lr"] = self.factor * net.optimizer_.param_groups[-1]["lr"]


class MeanShift(nn.Module):
    """The encoder ``x_t = x - (sigma_t / sigma_1)^2 m``: data of mean zero at the end.

    With ``encoder_init="identity"``, y is x plus this constant. It has no parameters, and its
    derivative does not depend on x, so that a perfect denoiser pays nothing for it.
    """

    def __init__(self, shape, mean, gamma_max) -> None:
        super().__init__()
        m = torch.as_tensor(np.asarray(mean), dtype=torch.float32).reshape(shape)
        self.register_buffer("shift", -m * (1 + math.exp(-gamma_max)))

    def forward(self, x, t):
        return self.shift.expand_as(x)


def arms(setting: Setting, gamma_max: float) -> dict:
    """Estimator class and changes of each way to treat the end."""
    shift = {"mean": setting.mean, "gamma_max": gamma_max}
    shifted = {"encoder": MeanShift, "encoder_params": shift, "encoder_init": "identity"}
    learned = {"schedule": "learned_linear"}
    found = {
        "VDM": (VariationalDiffusion, {}),
        "DiffEnc": (DiffEnc, {}),
        "mean shift": (DiffEnc, shifted | {"counterterm": False}),
        "learned schedule": (VariationalDiffusion, learned | {"callbacks": [MovingEnds()]}),
    }
    if setting.train.ndim == 2:
        found["learned schedule, same rate"] = (VariationalDiffusion, learned)
        # Standardized by the estimator: the same signal-to-noise ratio is at another gamma.
        scale = 2 * np.log(2 / setting.n_levels * setting.train.std())
        ends = {"gamma_min": -13.3 - scale, "gamma_max": gamma_max - scale}
        found["centred, Gaussian"] = (VariationalDiffusion, ends | {"likelihood": "gaussian"})
    return found


def train(setting: Setting, gamma_max: float, arm: str, seed: int) -> dict:
    """Record of a run: mean terms and totals of the test rows, in bits per feature."""
    Model, changes = arms(setting, gamma_max)[arm]
    cosine = LRScheduler("CosineAnnealingLR", T_max=setting.n_updates, step_every="batch")
    options = {"gamma_max": gamma_max, "n_levels": setting.n_levels} | changes
    X, X_test = setting.train, setting.test
    if options.get("likelihood") == "gaussian":
        # A density of levels with uniform noise bounds their probabilities: the same bits.
        rng = np.random.RandomState(1)
        X, X_test = (one + rng.uniform(size=one.shape) for one in (X, X_test))
        options["n_levels"] = None
    model = Model(
        image_shape=X.shape[1:] if X.ndim > 2 else None,
        max_epochs=setting.epochs,
        batch_size=setting.batch_size,
        lr=setting.lr,
        ema_decay=0.99,
        n_score_steps=setting.n_draws,
        device="cpu",
        random_state=seed,
        **options | {"callbacks": [cosine, *options.get("callbacks", ())]},
    )
    start = time.process_time()
    model.fit(X)
    seconds = time.process_time() - start
    terms = model.elbo_terms(X_test) * BITS / X[0].size
    n_weights = sum(p.numel() for p in model.net_.module_.model.parameters())
    return {
        "steps": int(model.net_.module_.n_updates),
        "CPU s": round(seconds, 1),
        "weights": n_weights,
        "ends": [round(end, 3) for end in model.gamma_range_],
        "prior": terms[:, 0].mean(),
        "reconstruction": terms[:, 1].mean(),
        "diffusion": terms[:, 2].mean(),
        "totals": [round(total, 5) for total in terms.sum(axis=1).tolist()],
    }


def read_records(path: pathlib.Path) -> dict:
    """Finished runs by data, gamma_max, arm and seed; a line that was cut short does not count."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[tuple(record.pop("run"))] = record
    return found


def run_all(options, path: pathlib.Path) -> None:
    """Train what is not in the records yet, until the time is up."""
    end = time.monotonic() + 60 * options.minutes
    for name in options.data:
        setting = DATA[name]()
        if options.epochs:
            setting = setting._replace(epochs=options.epochs)
        setting = setting._replace(test=setting.test[: options.n_test])
        setting = setting._replace(train=setting.train[: options.n_train])
        runs = [
            (name, gamma_max, arm, seed)
            for seed in range(options.seeds)
            for gamma_max in options.gammas
            for arm in arms(setting, gamma_max)
            if arm in options.arms
        ]
        for run in runs:
            if run in read_records(path):
                continue
            if time.monotonic() > end:
                return
            record = {"run": run} | train(setting, *run[1:])
            with open(path, "a", encoding="utf-8") as file:
                file.write("\n" + json.dumps(record))
            print(run, f"{np.mean(record['totals']):.4f}", record["CPU s"], flush=True)


def closed_form(setting: Setting, gamma_max: float) -> dict:
    """Prior term of plain diffusion, and what the mean shift takes off it, bits per feature.

    ``(alpha^2 E x^2 - alpha^2 - ln sigma^2) / (2 ln 2)`` and ``alpha^2 mean(m^2) / (2 ln 2)``.
    """
    alpha2 = 1 / (1 + math.exp(gamma_max))
    spread = -alpha2 - math.log1p(-alpha2)
    x, m = setting.x, setting.mean.ravel()
    gain = x**2 - (x - m) ** 2
    return {
        "prior": float(alpha2 * np.mean(x**2) + spread) * BITS / 2,
        "gain": float(alpha2 * gain.mean()) * BITS / 2,
    }


def paired(records: dict, run: tuple, against: tuple) -> dict | None:
    """Difference of the totals over the same rows and the same seeds; None without common seeds.

    The standard error is over the rows, of the mean over the seeds; ``seeds`` holds the mean of
    each seed.
    """
    seeds = sorted({key[3] for key in records if key[:3] == run})
    seeds = [seed for seed in seeds if (*against, seed) in records]
    if not seeds or run == against:
        return None
    totals = [[records[(*one, seed)]["totals"] for seed in seeds] for one in (run, against)]
    rows = np.array(totals[0]) - np.array(totals[1])
    mean = rows.mean(axis=0)
    return {
        "mean": float(mean.mean()),
        "error": float(mean.std(ddof=1) / math.sqrt(len(mean))),
        "seeds": rows.mean(axis=1).tolist(),
    }


def signed(found: dict | None) -> str:
    """A difference and its standard error, as the table has them."""
    return "-" if found is None else f"{found['mean']:+.4f} ± {found['error']:.4f}"


def table(records: dict) -> list[dict]:
    """One row for each data set, gamma_max and arm: means over the seeds."""
    rows = []
    for run in sorted({key[:3] for key in records}, key=lambda run: (place(run), -run[1])):
        name, gamma_max, arm = run
        mine = [record for key, record in records.items() if key[:3] == run]
        row = {"data": name, "gamma_max": f"{gamma_max:g}", "model": arm, "seeds": len(mine)}
        for term in ("prior", "reconstruction", "diffusion"):
            row[term] = f"{np.mean([record[term] for record in mine]):.4f}"
        row["total"] = f"{np.mean([np.mean(record['totals']) for record in mine]):.4f}"
        same = paired(records, run, (name, gamma_max, "VDM"))
        row["against VDM"] = signed(same)
        row["of single seeds"] = (
            "-" if same is None else f"{min(same['seeds']):+.4f} to {max(same['seeds']):+.4f}"
        )
        row["against VDM, gamma_max = 5"] = signed(paired(records, run, (name, 5, "VDM")))
        learned = arm.startswith("learned")
        ends = np.mean([record["ends"] for record in mine], axis=0)
        row["learned ends"] = f"{ends[0]:.2f}, {ends[1]:.2f}" if learned else "-"
        rows.append(row)
    return rows


def place(run: tuple) -> tuple:
    """Order of the data sets and of the arms in tables and figures."""
    return list(DATA).index(run[0]), list(STYLES).index(run[2])


def closed_forms(records: dict) -> list[dict]:
    """The table of the closed forms, and what was measured of each."""
    rows = []
    for name, gamma_max in sorted({key[:2] for key in records}):
        form = closed_form(DATA[name](), gamma_max)
        shift = paired(records, (name, gamma_max, "mean shift"), (name, gamma_max, "VDM"))
        rows.append(
            {
                "data": name,
                "gamma_max": f"{gamma_max:g}",
                "alpha_1 squared": f"{1 / (1 + math.exp(gamma_max)):.4f}",
                "prior term of VDM": f"{form['prior']:.4f}",
                "gain of the mean shift": f"{form['gain']:.4f}",
                "mean shift against VDM, measured": signed(shift),
            }
        )
    return sorted(rows, key=lambda row: (list(DATA).index(row["data"]), -float(row["gamma_max"])))


#: Arms in the order of tables and legends.
STYLES = {
    "VDM": {"color": "0.2", "marker": "o"},
    "DiffEnc": {"color": "C3", "marker": "s"},
    "mean shift": {"color": "C0", "marker": "v"},
    "learned schedule": {"color": "C2", "marker": "^"},
    "learned schedule, same rate": {"color": "C8", "marker": "<"},
    "centred, Gaussian": {"color": "C4", "marker": "D"},
}
TITLES = {
    "two-dimensional": "two dimensions",
    "digits": "digits, 8 x 8",
    "fashion": "Fashion-MNIST, 14 x 14",
}


def draw(records: dict, folder) -> None:
    """Prior term, and total against VDM with the latest end, by gamma_max."""
    names = [name for name in DATA if any(key[0] == name for key in records)]
    size = 4.2 * len(names), 6.2
    figure, axes = plt.subplots(
        2, len(names), figsize=size, layout="constrained", sharex=True, squeeze=False
    )
    fine = np.linspace(1, 5, 60)
    for (upper, lower), name in zip(axes.T, names):
        setting = DATA[name]()
        forms = [closed_form(setting, gamma_max) for gamma_max in fine]
        prior, gain = (np.array([form[key] for form in forms]) for key in ("prior", "gain"))
        upper.plot(fine, prior, color="0.2", lw=1, label="closed form, VDM")
        upper.plot(fine, prior - gain, color="C0", lw=1, label="closed form, mean shift")
        lower.axhline(0, color="0.7", lw=1)
        for arm, style in STYLES.items():
            if "Gaussian" in arm:  # its scale is another one, and so is its prior term
                continue
            runs = sorted({key[:3] for key in records if (key[0], key[2]) == (name, arm)})
            if runs:
                mine = [[r["prior"] for k, r in records.items() if k[:3] == run] for run in runs]
                upper.plot([r[1] for r in runs], [np.mean(m) for m in mine], ls="", ms=5, **style)
            found = {run[1]: paired(records, run, (name, 5, "VDM")) for run in runs}
            found = {x: one for x, one in found.items() if one is not None}
            if arm == "VDM" and found:
                found[5.0] = {"mean": 0.0, "seeds": []}
            x = sorted(found)
            lower.plot(x, [found[i]["mean"] for i in x], lw=1, ms=5, label=arm, **style)
            for i in x:
                values = found[i]["seeds"]
                lower.plot([i] * len(values), values, ls="", alpha=0.35, ms=3, **style)
        upper.set(title=TITLES[name])
        lower.set(xlabel="gamma_max", xticks=(1, 2, 3, 5))
    axes[0, 0].set(ylabel="prior term (bits per feature)")
    axes[1, 0].set(ylabel="total against VDM\nat gamma_max = 5 (bits per feature)")
    axes[0, 0].legend(fontsize=8)
    axes[1, 0].legend(fontsize=8, loc="upper right")
    figure.savefig(pathlib.Path(folder) / "gamma_max.png", dpi=90)


def findings(records: dict) -> str:
    """What the records say, in sentences."""
    lines = []
    for name in DATA:
        gammas = sorted({key[1] for key in records if key[0] == name})
        for gamma_max in dict.fromkeys(gammas[:1] + gammas[-1:]):
            runs = {arm: (name, gamma_max, arm) for arm in STYLES}
            found = {arm: paired(records, run, runs["VDM"]) for arm, run in runs.items()}
            if found["DiffEnc"] is None:
                continue
            form = closed_form(DATA[name](), gamma_max)
            prior = {
                arm: np.mean([r["prior"] for key, r in records.items() if key[:3] == runs[arm]])
                for arm in ("VDM", "DiffEnc")
            }
            seeds = found["DiffEnc"]["seeds"]
            spread = f"{min(seeds):+.4f} to {max(seeds):+.4f} over {len(seeds)} seeds"
            spread = spread if len(seeds) > 1 else "one seed"
            text = (
                f"* {TITLES[name]}, ``gamma_max`` = {gamma_max:g}: the encoder takes the prior "
                f"term from {prior['VDM']:.4f} to {prior['DiffEnc']:.4f}, and the total changes by "
                f"{signed(found['DiffEnc'])} bits per feature "
                f"({spread}). The closed form of the mean shift is "
                f"{-form['gain']:+.4f}"
            )
            text += (
                f"; made by hand, it changes the total by {signed(found['mean shift'])}"
                if found["mean shift"]
                else ""
            )
            text += (
                f"; a learned schedule changes it by {signed(found['learned schedule'])}."
                if found["learned schedule"]
                else "."
            )
            lines.append(text)
        best = {
            arm: min(
                (np.mean([np.mean(r["totals"]) for k, r in records.items() if k[:3] == run]), run)
                for run in {key[:3] for key in records if (key[0], key[2]) == (name, arm)}
            )[1]
            for arm in ("VDM", "DiffEnc", "mean shift", "learned schedule")
            if any((key[0], key[2]) == (name, arm) for key in records)
        }
        plain = best.pop("VDM", None)
        if plain and best and len(gammas) > 1:
            differences = [
                f"{arm} ({run[1]:g}) {signed(paired(records, run, plain))}"
                for arm, run in best.items()
            ]
            lines.append(
                f"* {TITLES[name]}, each at its best ``gamma_max``, against VDM ({plain[1]:g}): "
                f"{', '.join(differences)}."
            )
    return "\n".join(lines) + "\n"


def summarize(records: dict, folder) -> None:
    """Tables, sentences and figure from the records."""
    write_csv("gamma_max.csv", table(records), folder)
    write_csv("gamma_max_closed_form.csv", closed_forms(records), folder)
    text = findings(records)
    (pathlib.Path(folder) / "gamma_max_findings.txt").write_text(text, encoding="utf-8")
    print(text)
    draw(records, folder)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--gammas", nargs="+", type=float, default=GAMMAS)
    parser.add_argument("--arms", nargs="+", choices=list(STYLES), default=list(STYLES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--epochs", type=int, help="other than those of the data set")
    parser.add_argument("--n-train", type=int)
    parser.add_argument("--n-test", type=int)
    parser.add_argument("--summarize", action="store_true", help="train nothing")
    parser.add_argument("--records", default=FOLDER, help="folder of the file of records")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    path = pathlib.Path(options.records) / RECORDS
    if not options.summarize:
        torch.set_num_threads(1)
        run_all(options, path)
    summarize(read_records(path), options.folder)


if __name__ == "__main__":
    main()
