"""Hubness reductions on a neighbour graph against a loop over its rows."""

import argparse

from _measure import FOLDER, extra_memory, interleaved, write_csv, write_environment

# isort: split

import numpy as np
from scipy import stats

from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._search import exact_neighbors


def neighbor_graph(n, d, n_candidates, seed=0):
    """Graph of correlated Gaussian points, the sample itself first in its row."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)).astype(np.float32)
    distances, indices = exact_neighbors(X, n_neighbors=n_candidates, exclude_self=True)
    distances = np.column_stack([np.zeros(n), distances])
    return graph_from_neighbors(distances, np.column_stack([np.arange(n), indices]), n)


def by_rows(formula, statistic):
    """Reduction of a graph by a loop over its rows, each row sorted again."""

    def reduce(graph):
        n, reduced = graph.shape[0], graph.copy()
        width = graph.nnz // n
        distances, indices = graph.data.reshape(n, width), graph.indices.reshape(n, width)
        scale = statistic(distances[:, 1:])
        for i in range(n):
            values = formula(distances[i, 1:], i, indices[i, 1:], scale)
            order = np.argsort(values)
            row = slice(i * width + 1, (i + 1) * width)
            reduced.data[row], reduced.indices[row] = values[order], indices[i, 1:][order]
        return reduced

    return reduce


def mutual_proximity(d, i, j, moments):
    mean, deviation = moments
    own = stats.norm.sf(d, loc=mean[i], scale=deviation[i])
    return 1 - own * stats.norm.sf(d, loc=mean[j], scale=deviation[j])


def local_scaling(d, i, j, radius):
    return 1 - np.exp(-(d**2) / (radius[i] * radius[j]))


def nicdm(d, i, j, radius):
    return d / np.sqrt(radius[i] * radius[j])


def csls(d, i, j, radius):
    return 2 * d - radius[i] - radius[j]


LOOPS = {
    "MutualProximity": by_rows(mutual_proximity, lambda D: (D.mean(axis=1), D.std(axis=1))),
    "LocalScaling": by_rows(local_scaling, lambda D: D[:, 6]),
    "NICDM": by_rows(nicdm, lambda D: D[:, :10].mean(axis=1)),
    "CSLS": by_rows(csls, lambda D: D[:, :10].mean(axis=1)),
}
ESTIMATORS = [MutualProximity(), LocalScaling(), NICDM(), CSLS()]


def rows_of(graph, n_rounds):
    for estimator in ESTIMATORS:
        name = type(estimator).__name__
        loop = LOOPS[name]
        reduced = estimator.fit(graph).transform(graph)
        same = np.mean(reduced.indices == loop(graph).indices)
        calls = {
            "sksim": lambda e=estimator: e.fit(graph).transform(graph),
            "loop over rows": lambda f=loop: f(graph),
            "copy of the graph": graph.copy,
        }
        seconds = interleaved(calls, n_rounds)
        yield {
            "reduction": name,
            "n": graph.shape[0],
            "candidates": graph.nnz // graph.shape[0] - 1,
            "sksim, s": seconds["sksim"],
            "loop, s": seconds["loop over rows"],
            "ratio": seconds["loop over rows"] / seconds["sksim"],
            "copy of the graph, s": seconds["copy of the graph"],
            "extra MiB": extra_memory(calls["sksim"]),
            "graph, MiB": (graph.data.nbytes + graph.indices.nbytes) / 2**20,
            "same order, %": 100 * float(same),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20000)
    parser.add_argument("--d", type=int, default=100)
    parser.add_argument("--n-candidates", type=int, default=100)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    graph = neighbor_graph(args.n, args.d, args.n_candidates)
    write_csv("reductions.csv", list(rows_of(graph, args.n_rounds)), args.output)
    write_environment("reductions_environment.csv", args.output)


if __name__ == "__main__":
    main()
