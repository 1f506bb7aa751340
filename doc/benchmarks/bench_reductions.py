"""Hubness reductions on a neighbour graph against a loop over its rows."""

import argparse

from _measure import FOLDER, extra_memory, interleaved, write_csv, write_environment

# isort: split

import numpy as np
from scipy import stats
from scipy.sparse import csr_matrix

from sksim._search._exact import exact_neighbors
from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.utils._graph import graph_from_neighbors


def neighbor_graph(n, d, n_candidates, seed=0):
    """Graph of correlated Gaussian points, the sample itself first in its row."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)).astype(np.float32)
    distances, indices = exact_neighbors(X, n_neighbors=n_candidates, exclude_self=True)
    distances = np.column_stack([np.zeros(n), distances])
    return graph_from_neighbors(distances, np.column_stack([np.arange(n), indices]), n)


def sorted_rows(graph, values):
    """Graph with other values, given as a rectangle, its rows sorted again."""
    order = np.argsort(values, axis=1)
    indices = np.take_along_axis(graph.indices.reshape(values.shape), order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    return csr_matrix((values.ravel(), indices.ravel(), graph.indptr), shape=graph.shape)


def loop_mutual_proximity(graph):
    """The loop of scikit-hubness 0.30: one sparse row at a time, its moments, scipy twice."""
    n = graph.shape[0]
    distances = graph.data.reshape(n, -1)
    mean, deviation = np.nanmean(distances[:, 1:], axis=1), np.nanstd(distances[:, 1:], axis=1)
    values = np.zeros_like(distances)
    for i in range(n):
        row = graph.getrow(i)
        d, j = row.data[1:], row.indices[1:]
        own = stats.norm.sf(d, np.nanmean(d), np.nanstd(d, ddof=0))
        values[i, 1:] = 1 - own * stats.norm.sf(d, mean[j], deviation[j])
    return sorted_rows(graph, values)


def loop_of_scales(formula, statistic):
    """The loop of scikit-hubness 0.30 for the scaling methods: one sparse row at a time."""

    def reduce(graph):
        n = graph.shape[0]
        distances = graph.data.reshape(n, -1)
        scale = statistic(distances[:, 1:])
        values = np.empty_like(distances)
        for i in range(n):
            row = graph.getrow(i)
            values[i] = formula(row.data, scale[i], scale[row.indices])
        values[:, 0] = values.min() - 1
        return sorted_rows(graph, values)

    return reduce


LOOPS = {
    "MutualProximity": loop_mutual_proximity,
    "LocalScaling": loop_of_scales(
        lambda d, q, x: 1 - np.exp(-(d**2) / (q * x)), lambda D: D[:, 6]
    ),
    "NICDM": loop_of_scales(lambda d, q, x: d / (q * x) ** 0.5, lambda D: D[:, :10].mean(axis=1)),
    "CSLS": loop_of_scales(lambda d, q, x: 2 * d - q - x, lambda D: D[:, :10].mean(axis=1)),
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
