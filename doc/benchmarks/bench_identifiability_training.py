"""Closeness in distribution on trained models: width of the networks, distillation, digits.

Writes ``identifiability_width.csv``, ``identifiability_distillation.csv`` (about two minutes) and
``identifiability_digits.csv``; ``full-width``, the paper's settings, writes
``identifiability_width_full_k4.csv`` and ``_k6.csv`` in some 15 minutes of CPU time each.

    python doc/benchmarks/bench_identifiability_training.py width distillation digits
    python doc/benchmarks/bench_identifiability_training.py full-width --classes 4
"""

import argparse
import csv

from _measure import FOLDER, write_csv  # first: it sets the number of threads

# isort: split
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from skorch.callbacks import LRScheduler

from sksim.datasets import make_radial_classification, make_spirals
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import (
    cca_score,
    kl_divergence,
    linear_identifiability_distance,
    log_likelihood_variance_distance,
    logit_distance,
    max_pls_svd_distance,
)


def pair_values(members, X, n_components):
    """All measures for every pair of models: name -> values."""
    found = {"d_LLV": [], "d_f,g": [], "mean CCA": [], "symmetric KL": [], "logit distance": []}
    log_p = [member.predict_log_proba(X) for member in members]
    f = [member.transform(X) for member in members]
    sets = {"n_components": n_components, "random_state": 0}
    for i, j in zip(*np.triu_indices(len(members), 1)):
        p, q = log_p[i], log_p[j]
        found["d_LLV"].append(log_likelihood_variance_distance(p, q, **sets))
        found["d_f,g"].append(max_pls_svd_distance(p, q, **sets))
        found["mean CCA"].append(cca_score(f[i], f[j]))
        found["symmetric KL"].append((kl_divergence(p, q) + kl_divergence(q, p)) / 2)
        found["logit distance"].append(logit_distance(p, q))
    return found


def width_row(n_classes, width, *, n_samples, n_steps, lr, n_seeds, seed):
    """Train the copies of one width; medians, means and spreads over accurate pairs."""
    X, y = make_radial_classification(n_samples, n_classes=n_classes, random_state=seed)
    X_test, y_test = make_radial_classification(2000, n_classes=n_classes, random_state=seed + 1)
    n_epochs = -(-n_steps // -(-n_samples // 128))
    model = EmbeddingClassifier(2, hidden_layer_sizes=(width,) * 3, lr=lr, max_epochs=n_epochs)
    ensemble = SeedEnsemble(model, n_seeds, random_state=seed).fit(X, y)
    accuracies = np.array([member.score(X_test, y_test) for member in ensemble.estimators_])
    kept = [m for m, accuracy in zip(ensemble.estimators_, accuracies) if accuracy > 0.9]
    row = {"k": n_classes, "width": width, "seed": seed, "kept": f"{len(kept)} of {n_seeds}"}
    row["accuracy"] = float(accuracies.mean())
    for name, values in pair_values(kept, X_test, 2).items():
        row[name] = float(np.median(values))
        row[f"{name}, mean"] = float(np.mean(values))
        row[f"{name}, sd"] = float(np.std(values))
    return row


def width(arguments) -> None:
    """Distances between copies against the width of the networks."""
    settings = {"n_samples": 4000, "n_steps": 1500, "lr": 1e-3, "n_seeds": 6}
    grid = [(k, w, s) for k, s in [(4, 0), (4, 7), (6, 0), (6, 7)] for w in (16, 128)]
    rows = []
    for n_classes, w, seed in grid:
        rows.append(width_row(n_classes, w, seed=seed, **settings))
        write_csv("identifiability_width.csv", rows)


def full_width(arguments) -> None:
    """The paper's settings; goes on where the table of an earlier run ends."""
    settings = {"n_samples": 20_000, "n_steps": 15_000, "lr": 1e-4, "n_seeds": 10}
    for n_classes in arguments.classes:
        name = f"identifiability_width_full_k{n_classes}.csv"
        rows = []
        if (FOLDER / name).exists():
            with open(FOLDER / name, newline="") as file:
                rows = list(csv.DictReader(file))
        done = {int(row["width"]) for row in rows}
        for w in arguments.widths:
            if w not in done:
                rows.append(width_row(n_classes, w, seed=0, **settings))
                write_csv(name, rows)


def distillation(arguments) -> None:
    """Students of one teacher on spirals, by the loss."""
    X, y = make_spirals(14_000, random_state=42)
    X, X_test, y, y_test = train_test_split(X, y, train_size=0.5, stratify=y, random_state=42)
    X_test, y_test = X_test[:2000], y_test[:2000]
    decay = LRScheduler(policy="ExponentialLR", gamma=0.995)
    model = EmbeddingClassifier(
        2, hidden_layer_sizes=(128,) * 3, unembedding="linear", lr=1e-3, batch_size=256,
        callbacks=[decay], random_state=0,
    )  # fmt: skip
    teacher = model.set_params(max_epochs=300).fit(X, y)
    log_t, f_t = teacher.predict_log_proba(X_test), teacher.transform(X_test)
    print("teacher", teacher.score(X_test, y_test))
    rows = []
    for loss in ("kl", "logit_l1", "logit_l2"):
        found = []
        for seed in (1, 2, 3):
            student = EmbeddingClassifier(**model.get_params(deep=False)).set_params(
                teacher=FrozenEstimator(teacher), distillation=loss, max_epochs=200,
                random_state=seed,
            ).fit(X)  # fmt: skip
            log_s, f_s = student.predict_log_proba(X_test), student.transform(X_test)
            found.append(
                {
                    "accuracy": student.score(X_test, y_test),
                    "agreement": float(np.mean(log_s.argmax(1) == log_t.argmax(1))),
                    "KL": kl_divergence(log_t, log_s),
                    "mean CCA": cca_score(f_t, f_s),
                    "logit distance": logit_distance(log_t, log_s),
                    "d_rep, median": linear_identifiability_distance(
                        f_s, student.unembeddings_, f_t, teacher.unembeddings_, aggregate="median"
                    ),
                    "t1": log_likelihood_variance_distance(
                        log_t, log_s, n_components=2, random_state=0, return_terms=True
                    ).t1,
                }
            )
        row = {"student": loss}
        for name in found[0]:
            values = [one[name] for one in found]
            row |= {name: float(np.mean(values)), f"{name}, sd": float(np.std(values))}
        rows.append(row)
        write_csv("identifiability_distillation.csv", rows)


def seeds_row(members, X_test, y_test, n_components: int) -> dict:
    """Losses of the copies, and the similarity of their pairs: lowest, median, highest."""
    index, n = np.arange(len(y_test)), len(members)
    losses = np.array([-m.predict_log_proba(X_test)[index, y_test].mean() for m in members])
    values = pair_values(members, X_test, n_components)
    gaps = np.abs(losses[:, None] - losses)[np.triu_indices(n, 1)]
    ranks = [np.argsort(np.argsort(x)) for x in (gaps, values["mean CCA"])]
    row = {"M": n_components}
    row["accuracy"] = float(np.mean([m.score(X_test, y_test) for m in members]))
    row["loss, lowest"], row["loss, highest"] = float(losses.min()), float(losses.max())
    row["rank correlation of loss gap and CCA"] = float(np.corrcoef(ranks)[0, 1])
    for name in ("mean CCA", "d_LLV", "d_f,g", "logit distance"):
        row |= {f"{name}, lowest": float(np.min(values[name]))}
        row |= {name: float(np.median(values[name]))}
        row |= {f"{name}, highest": float(np.max(values[name]))}
    return row


def digits(arguments) -> None:
    """Seeds of one classifier of the digits: loss, and similarity of pairs."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X / 16, y, test_size=600, stratify=y, random_state=0)
    rows = []
    for n_components in (2, 3, 5, 8):
        model = EmbeddingClassifier(
            n_components, hidden_layer_sizes=(64, 64), unembedding="linear", lr=2e-3, max_epochs=60
        )
        members = SeedEnsemble(model, 10, random_state=0).fit(X, y).estimators_
        rows.append(seeds_row(members, X_test, y_test, n_components))
        write_csv("identifiability_digits.csv", rows)


if __name__ == "__main__":
    experiments = {
        "width": width,
        "full-width": full_width,
        "distillation": distillation,
        "digits": digits,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="+", choices=experiments)
    parser.add_argument("--classes", nargs="+", type=int, default=[4, 6], help="of full-width")
    parser.add_argument("--widths", nargs="+", type=int, default=[16, 32, 64, 128, 256])
    arguments = parser.parse_args()
    for name in arguments.experiments:
        experiments[name](arguments)
