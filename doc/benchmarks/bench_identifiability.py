"""Closeness in distribution: the constructed pairs of models, and the speed of the distances.

Writes ``identifiability_table1.csv``, ``identifiability_bound.csv`` and
``identifiability_speed.csv``.

    python doc/benchmarks/bench_identifiability.py table1 bound speed
"""

import argparse
import time
import warnings

from _measure import cpu_seconds, extra_memory, interleaved, write_csv  # first: threads

# isort: split
import numpy as np
from scipy.special import log_softmax
from sklearn.cross_decomposition import CCA
from sklearn.exceptions import ConvergenceWarning

from sksim.datasets import (
    make_permuted_pair,
    make_perturbed_pair,
    make_radial_classification,
)
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import (
    cca_score,
    kl_divergence,
    linear_identifiability_distance,
    log_likelihood_variance_distance,
    log_likelihood_variance_distance_from_embeddings,
    logit_distance,
    logit_distance_from_embeddings,
    max_pls_svd_distance,
)


def table1() -> None:
    """Divergence to zero, everything else unmoved; 500 inputs a class, three seeds."""
    rows = []
    for rho in range(1, 21):
        found = []
        for seed in range(3):
            pair = make_permuted_pair(rho=rho, n_per_class=500, jitter=1, random_state=seed)
            p, q = pair.log_p, pair.log_q
            sets = {"n_candidates": 100, "random_state": seed}
            found.append(
                (
                    kl_divergence(p, q),
                    logit_distance(p, q),
                    log_likelihood_variance_distance(p, q, **sets),
                    max_pls_svd_distance(p, q, return_terms=True, **sets).d_f,
                    cca_score(pair.f1, pair.f2),
                )
            )
        names = ["KL", "logit distance", "d_LLV", "d_SVD of f", "mean CCA of f"]
        means = np.mean(found, axis=0).tolist()
        rows.append({"rho": rho} | {name: f"{v:.4g}" for name, v in zip(names, means)})
    write_csv("identifiability_table1.csv", rows)


def bound() -> None:
    """Share of the bounds that is used along a path of growing noise."""
    rows = []
    for k, unit in {4: 0.005, 5: 0.004, 6: 0.004, 10: 0.0025, 18: 0.002}.items():
        inputs = "auto"
        for level in (1, 10, 50, 100, 150, 250):
            pair = make_perturbed_pair(k, noise=unit * level, random_state=0)
            terms = log_likelihood_variance_distance(
                pair.log_p, pair.log_q, n_components=2, inputs=inputs, n_candidates=300,
                random_state=0, return_terms=True,
            )  # fmt: skip
            inputs = terms.inputs
            d_fg = max_pls_svd_distance(
                pair.log_p, pair.log_q, pivot=terms.pivot, left_out=terms.left_out, inputs=inputs
            )
            rows.append(
                {
                    "k": k,
                    "noise": f"{unit * level:.4g}",
                    "d_LLV": terms.distance,
                    "d_f,g": d_fg,
                    "d_f,g / 2 M d_LLV": d_fg / (4 * terms.distance),
                    "d_f,g / 2 d_LLV^2": d_fg / (2 * terms.distance**2),
                }
            )
    write_csv("identifiability_bound.csv", rows)


def _row(task, seconds, peer="", peer_seconds=float("nan"), memory=float("nan")):
    return {
        "task": task,
        "s": seconds,
        "peer": peer,
        "peer s": peer_seconds,
        "ratio": peer_seconds / seconds,
        "extra MiB": memory,
    }


def _random_model(rng, n, k, size, dtype=np.float64):
    f = rng.standard_normal((n, size)).astype(dtype) / np.sqrt(size)
    return f, rng.standard_normal((k, size)).astype(dtype)


def _automatic_pivots(rng):
    f, g = _random_model(rng, 10_000, 100, 20)
    p = log_softmax(f @ g.T, axis=1)
    q = log_softmax((f + 0.02 * rng.standard_normal(f.shape)) @ g.T, axis=1)

    def call():
        return log_likelihood_variance_distance(p, q, random_state=0)

    return _row("d_LLV, all pivots, n 10000, k 100", cpu_seconds(call), memory=extra_memory(call))


def _large_vocabulary(rng):
    f, g = _random_model(rng, 2000, 50_000, 768, np.float32)
    f2 = f + np.float32(0.01) * rng.standard_normal(f.shape).astype(np.float32)
    g2 = g + np.float32(0.1) * rng.standard_normal(g.shape).astype(np.float32)

    def distance():
        return logit_distance_from_embeddings(f, g, f2, g2, squared=True)

    def variance():
        return log_likelihood_variance_distance_from_embeddings(
            f, g, f2, g2, pivot=0, n_candidates=20, random_state=0
        )

    size = "n 2000, k 50000, M 768, float32"
    yield _row(
        f"squared logit distance, {size}", cpu_seconds(distance), memory=extra_memory(distance)
    )
    yield _row(f"d_LLV, one pivot, {size}", cpu_seconds(variance), memory=extra_memory(variance))


def _canonical_correlation(rng):
    X = rng.standard_normal((2000, 50))
    Y = X @ rng.standard_normal((50, 50)) + 3 * rng.standard_normal((2000, 50))

    def iterative():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            scores = CCA(n_components=50, max_iter=2000).fit(X, Y).transform(X, Y)
        return np.mean([np.corrcoef(*(s[:, i] for s in scores))[0, 1] for i in range(50)])

    seconds = interleaved({"ours": lambda: cca_score(X, Y), "theirs": iterative}, 3)
    task = "mean CCA, n 2000, M 50"
    return _row(task, seconds["ours"], "scikit-learn CCA", seconds["theirs"])


def _linear_identifiability(rng):
    f, g = _random_model(rng, 10_000, 120, 64)
    f2, g2 = f + 0.01 * rng.standard_normal(f.shape), g + 0.01 * rng.standard_normal(g.shape)

    def loop(n_sets=40):
        for _ in range(n_sets):
            labels = rng.choice(120, 65, replace=False)
            L, L2 = (h[labels[1:]] - h[labels[0]] for h in (g, g2))
            A = np.linalg.inv(L) @ L2
            np.mean(np.sum((f - f2 @ A.T) ** 2, axis=1))

    def call():
        return linear_identifiability_distance(
            f, g, f2, g2, n_pivots=100, n_label_sets=200, random_state=0
        )

    seconds = interleaved({"ours": call, "loop": loop}, 1)
    task = "d_rep, n 10000, M 64, 20000 label sets"
    return _row(task, seconds["ours"], "loop over sets", seconds["loop"] * 500)


def _seeds():
    X, y = make_radial_classification(2000, n_classes=6, random_state=0)
    SeedEnsemble(EmbeddingClassifier(max_epochs=1), 2).fit(X, y)  # imports
    for width in (16, 32, 64):
        model = EmbeddingClassifier(hidden_layer_sizes=(width,) * 3, max_epochs=10)
        fits = {
            name: lambda batched=batched, model=model: SeedEnsemble(
                model, 20, batched=batched, random_state=0
            ).fit(X, y)
            for name, batched in (("stack", True), ("loop", False))
        }
        seconds = interleaved(fits, 2)
        yield _row(f"20 seeds, width {width}", seconds["stack"], "one by one", seconds["loop"])


def speed() -> None:
    """CPU seconds, ratios to peers, memory."""
    rng = np.random.RandomState(0)
    rows = [_automatic_pivots(rng), *_large_vocabulary(rng), _canonical_correlation(rng)]
    rows += [_linear_identifiability(rng), *_seeds()]
    write_csv("identifiability_speed.csv", rows)


if __name__ == "__main__":
    experiments = {"table1": table1, "bound": bound, "speed": speed}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="+", choices=experiments)
    for name in parser.parse_args().experiments:
        start = time.process_time()
        experiments[name]()
        print(f"{name}: {time.process_time() - start:.0f} s of CPU time")
