"""Hubness measures of a finished neighbour graph, and exact moments without the distances."""

import argparse

from _measure import FOLDER, extra_memory, interleaved, write_csv, write_environment

# isort: split
from functools import partial

import numpy as np

from sksim import metrics
from sksim.hubness._proximity._moments import exact_moments
from sksim.utils._graph import graph_from_neighbors

MEASURES = ["k_skewness", "robin_hood_index", "gini_index", "atkinson_index"]
MEASURES += ["antihub_rate", "groupie_ratio", "hub_entropy", "hub_rate", "hub_occurrence"]


def random_graph(n, k, seed=0):
    """Graph with hubs: each row holds k samples in a row, mostly from the first ones."""
    rng = np.random.default_rng(seed)
    first = (n * rng.beta(0.5, 3, size=n)).astype(np.intp)
    indices = (first[:, None] + np.arange(k)) % (n - 1)
    indices += indices >= np.arange(n)[:, None]
    return graph_from_neighbors(np.sort(rng.uniform(1, 2, size=(n, k)), axis=1), indices, n)


def occurrence_by_comparison(indices, n):
    """Occurrence by one comparison with all lists per sample: the pattern to avoid."""
    return np.array([(indices == i).sum() for i in range(n)])


def measure_calls(graph, k):
    options = {"n_neighbors": k, "metric": "precomputed"}
    occurrence = metrics.k_occurrence(graph, **options)
    parameters = {
        "groupie_ratio": {"n_queries": graph.shape[0]},
        "hub_rate": {"n_neighbors": k},
        "hub_occurrence": {"n_neighbors": k},
    }
    calls = {"k_occurrence": partial(metrics.k_occurrence, graph, **options)}
    for name in MEASURES:
        function = getattr(metrics, name)
        calls[name] = partial(function, occurrence, **parameters.get(name, {}))
    calls["hubness_report"] = partial(metrics.hubness_report, graph, **options)
    return calls


def measure_rows(n, k, n_rounds):
    graph = random_graph(n, k)
    calls = measure_calls(graph, k)
    part = max(n // 1000, 1)
    floor, loop = "one read", f"occurrence by n comparisons (from {part} of them)"
    others = {
        floor: graph.indices.sum,
        loop: lambda: occurrence_by_comparison(graph.indices, part),
    }
    seconds = interleaved(calls | others, n_rounds)
    seconds[loop] *= n / part
    for name in [*calls, loop]:
        yield {
            "what": name,
            "n": n,
            "k": k,
            "seconds": seconds[name],
            "x one read of the graph": seconds[name] / seconds[floor],
        }


class NoSelf:
    """The part of a view of distances that moments ask for: no row holds itself."""

    def __init__(self, n):
        self.values, self.has_self = np.empty((n, 0)), np.ones(n, dtype=bool)


def moment_rows(n, d, n_rounds):
    X = np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)
    for metric in ("euclidean", "cosine"):

        def moments(metric=metric):
            exact_moments(X, metric=metric, metric_params={}, like=X).of(NoSelf(n), X)

        calls = {"moments": moments, "product": lambda: X.T @ X}
        seconds = interleaved(calls, n_rounds)
        yield {
            "metric": metric,
            "n": n,
            "d": d,
            "seconds": seconds["moments"],
            "x one product X'X (float32)": seconds["moments"] / seconds["product"],
            "extra MiB": extra_memory(moments),
            "n x n distances, MiB": 8 * n * n / 2**20,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-graph", type=int, default=100_000)
    parser.add_argument("--n-neighbors", type=int, default=10)
    parser.add_argument("--n-moments", type=int, default=50_000)
    parser.add_argument("--d", type=int, default=384)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    rows = list(measure_rows(args.n_graph, args.n_neighbors, args.n_rounds))
    write_csv("hubness_measures.csv", rows, args.output)
    rows = list(moment_rows(args.n_moments, args.d, args.n_rounds))
    write_csv("exact_moments.csv", rows, args.output)
    write_environment("hubness_measures_environment.csv", args.output)


if __name__ == "__main__":
    main()
