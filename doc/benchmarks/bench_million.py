"""A million vectors end to end: approximate graph, exact-moment mutual proximity, hubness."""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

from _clusters import Clusters
from _measure import FOLDER, status_mib, write_csv, write_environment

# isort: split
import pathlib
import tempfile
import time

import numpy as np
import pynndescent
from scipy import sparse

from sksim._search._exact import candidate_distances, exact_neighbors
from sksim.hubness import MutualProximity
from sksim.metrics import hubness_report

BLOCK = 20_000
MEASURES = ["k_skewness", "robin_hood_index", "gini_index", "antihub_rate"]


class Progress:
    """One line a step: what runs, how far it is, its wall and CPU time, the peak so far."""

    def __init__(self):
        self.rows = []

    def step(self, name, function):
        print(f"{name} ...", end="", flush=True)
        start, cpu = time.perf_counter(), time.process_time()
        result = function()
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = status_mib("VmHWM") / 1024
        print(f"\r{name:<32} {wall:8.1f} s wall {cpu:8.1f} s CPU   peak {peak:.2f} GiB", flush=True)
        row = {"step": name, "wall seconds": wall, "CPU seconds": cpu, "peak GiB so far": peak}
        self.rows.append(row)
        return result

    def blocks(self, n_rows):
        for start in range(0, n_rows, BLOCK):
            done = round(30 * start / n_rows)
            print(f"\r[{'#' * done}{'.' * (30 - done)}]", end="", flush=True)
            yield slice(start, min(start + BLOCK, n_rows))
        print("\r" + 33 * " ", end="")


def write_data(path, n, d, progress, seed=0):
    """Clusters of unequal size and spread, written block by block."""
    rng = np.random.default_rng(seed)
    clusters = Clusters(n, d, rng)
    X = np.memmap(path, dtype=np.float32, mode="w+", shape=(n, d))
    for rows in progress.blocks(n):
        X[rows] = clusters.draw(rows.stop - rows.start, rng)
    X.flush()
    del X
    return np.memmap(path, dtype=np.float32, mode="r", shape=(n, d))


def approximate_graph(X, args):
    """Neighbour lists of pynndescent, the sample itself among them."""
    index = pynndescent.NNDescent(
        X,
        n_neighbors=args.n_candidates + 1,
        metric="euclidean",
        random_state=0,
        n_jobs=args.n_jobs,
        low_memory=True,
    )
    return index.neighbor_graph[0]


def ranked_graph(X, lists, progress):
    """Graph of the lists with exact distances, sorted; the sample itself first in its row."""
    n, width = lists.shape
    data = np.empty((n, width), dtype=np.float32)
    indices = np.empty((n, width), dtype=np.int32)
    for rows in progress.blocks(n):
        own = np.arange(rows.start, rows.stop)[:, None]
        others = np.where(lists[rows] == own, -1, lists[rows])
        distances = candidate_distances(X[rows], X, np.maximum(others, 0))
        distances[others < 0] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, : width - 1]
        data[rows] = np.column_stack([0 * own, np.take_along_axis(distances, order, axis=1)])
        indices[rows] = np.column_stack([own, np.take_along_axis(others, order, axis=1)])
    assert np.isfinite(data).all()
    indptr = np.arange(n + 1, dtype=np.int64) * width
    return sparse.csr_matrix((data.ravel(), indices.ravel(), indptr), shape=(n, n), copy=False)


def reduced_neighbors(reduction, graph, X, n_neighbors, progress):
    """Nearest neighbours by the reduced distance, the sample itself left out."""
    found = np.empty((len(X), n_neighbors), dtype=np.int32)
    for rows in progress.blocks(len(X)):
        part = reduction.reduce_graph(graph[rows], queries=X[rows])
        width = part.nnz // part.shape[0]
        found[rows] = part.indices.reshape(-1, width)[:, 1 : n_neighbors + 1]
    return found


def sampled_report(indices, sample):
    """Hubness of all indexed samples, counted over the lists of a sample of queries."""
    lists = indices[sample]
    shape = (sample.size, indices.shape[0])
    indptr = np.arange(sample.size + 1) * lists.shape[1]
    data = np.tile(np.arange(1.0, lists.shape[1] + 1), sample.size)
    graph = sparse.csr_matrix((data, lists.ravel(), indptr), shape=shape)
    return hubness_report(
        graph, n_neighbors=lists.shape[1], metric="precomputed", exclude_self=False
    )


def hubness_rows(lists, samples):
    """Measures of each kind of lists for each sample of queries, with their chance level."""
    for what, sample in samples.items():
        reports = {name: sampled_report(indices, sample) for name, indices in lists.items()}
        for measure in MEASURES:
            values = {name: report[measure].value for name, report in reports.items()}
            chance = next(iter(reports.values()))[measure].null
            yield {"queries": what, "measure": measure} | values | {"chance": chance}


def run(args, folder):
    progress, n, k = Progress(), args.n, args.n_neighbors
    sample = np.random.default_rng(1).permutation(n)[: args.n_sample]
    X = progress.step("write the data", lambda: write_data(folder / "X", n, args.d, progress))
    graph = progress.step("approximate graph", lambda: approximate_graph(X, args))
    graph = progress.step("exact distances", lambda: ranked_graph(X, graph, progress))
    lists = {"before": graph.indices.reshape(n, -1)[:, 1 : k + 1]}
    for moments in ("exact", "graph"):
        reduction = MutualProximity(moments=moments)
        progress.step(
            f"mutual proximity, {moments} moments: fit",
            lambda r=reduction: r.fit_graph(graph, vectors=X),
        )
        lists[f"{moments} moments"] = progress.step(
            f"mutual proximity, {moments} moments: reduce",
            lambda r=reduction: reduced_neighbors(r, graph, X, k, progress),
        )
    samples = {f"{args.n_sample} sampled": sample, f"all {n}": np.arange(n)}
    hubness = progress.step("hubness", lambda: list(hubness_rows(lists, samples)))
    few = np.sort(sample[: args.n_recall])
    depths = (k, args.n_candidates)
    recall = progress.step("recall of a sample", lambda: list(recall_rows(X, graph, few, depths)))
    return progress.rows, hubness, recall


def recall_rows(X, graph, sample, depths):
    """Share of the true nearest neighbours that are in the lists, for each depth."""
    found = exact_neighbors(X[sample], X, n_neighbors=max(depths) + 1)[1]
    lists = graph.indices.reshape(len(X), -1)[sample]
    for depth in depths:
        shares = [
            np.isin(true[true != i][:depth], listed).mean()
            for i, true, listed in zip(sample, found, lists)
        ]
        yield {
            "of the true nearest": depth,
            "share among the candidates": float(np.mean(shares)),
            "queries": sample.size,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--d", type=int, default=128)
    parser.add_argument("--n-candidates", type=int, default=50)
    parser.add_argument("--n-neighbors", type=int, default=10)
    parser.add_argument("--n-sample", type=int, default=10_000)
    parser.add_argument("--n-recall", type=int, default=500)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps, hubness, recall = run(args, pathlib.Path(folder))
    write_csv("million_steps.csv", [{"n": args.n, "d": args.d} | row for row in steps], args.output)
    write_csv("million_hubness.csv", hubness, args.output)
    write_csv("million_recall.csv", recall, args.output)
    write_environment("million_environment.csv", args.output, pynndescent=pynndescent)


if __name__ == "__main__":
    main()
