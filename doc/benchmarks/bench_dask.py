"""Reduced neighbours of arrays of Dask: time and the peak memory of each worker, by size.

Vectors are made block by block on the workers, searched exactly or by an inverted file of faiss
for each block, reduced and counted. Rows of ``dask.csv`` are replaced by those of the same size
and back end, ``dask.png`` is drawn of all, and ``dask_environment.csv`` is of the last run.

    python doc/benchmarks/bench_dask.py --n 100000 300000 --backend brute ivf
    python doc/benchmarks/bench_dask.py --n 1000000 3000000 --backend ivf
"""

import argparse
import csv
import multiprocessing
import pathlib
import time
from concurrent.futures import ProcessPoolExecutor

from _clusters import Clusters
from _measure import FOLDER, write_csv, write_environment  # first: threads

# isort: split
import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from sklearn.base import clone

from sksim.metrics import k_occurrence_from_indices, k_skewness
from sksim.neighbors import FaissTransformer, HubnessReducedNearestNeighbors

N_NEIGHBORS = 10
#: Workers keep the memory of temporary arrays: by Dask's setting each one is mapped anew.
ALLOCATION = {
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**26,
}


def points(n: int, d: int, block: int):
    """Clusters which no process holds whole: each block is drawn where it is needed."""
    clusters = Clusters(n, d, np.random.default_rng(0))

    def drawn(block_info=None):
        (start, stop), _ = block_info[None]["array-location"]
        rng = np.random.default_rng([1, start])
        return clusters.draw(stop - start, rng).astype(np.float32)

    lengths = tuple(min(block, n - start) for start in range(0, n, block))
    return da.map_blocks(drawn, chunks=(lengths, (d,)), dtype=np.float32)


def backend_of(name: str, block: int):
    """Exact search, or 16 cells of an inverted file for each block, of twice its root."""
    if name == "brute":
        return name
    return FaissTransformer(factory=f"IVF{2 * round(block**0.5)},Flat", index_params={"nprobe": 16})


def recall(search, X) -> float:
    """Share of the ten nearest of 1 000 samples that the back end finds."""
    sample = X[:1000].compute()
    exact = HubnessReducedNearestNeighbors(N_NEIGHBORS + 1, reduction=None, backend="brute")
    truth = exact.fit(X).kneighbors(sample, return_distance=False)
    found = search.backend_.neighbors(sample, N_NEIGHBORS + 1)[1]
    return float(np.mean([np.isin(*pair).mean() for pair in zip(truth, found)]))


def peak_mib():
    """Largest memory that this process has held."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds(client):
    """Wall time, and the processor time that all workers have taken."""
    return np.array([time.perf_counter(), sum(client.run(time.process_time).values())])


def row_of(n: int, backend: str, args) -> dict:
    """Fit and all reduced neighbours on a cluster of its own, so that its peaks are.

    A search of one block comes first, which loads what the workers need.
    """
    options = {"n_workers": args.n_workers, "threads_per_worker": 1, "dashboard_address": None}
    block = args.block or max(5_000, n // 10)
    X = points(n, args.d, block)
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS,
        reduction="nicdm",
        n_candidates=args.n_candidates,
        backend=backend_of(backend, block),
    )
    with dask.config.set(ALLOCATION), LocalCluster(**options) as cluster, Client(cluster) as client:
        empty = max(client.run(peak_mib).values())
        clone(search).fit(X[:block]).kneighbors(return_distance=False)
        start = seconds(client)
        search.fit(X)
        fitted = seconds(client)
        indices = search.kneighbors(return_distance=False)
        end = seconds(client)
        peak = max(client.run(peak_mib).values())
        share = recall(search, X)
    (fit, processors_fit), (query, processors_query) = fitted - start, end - fitted
    return {
        "n": n,
        "backend": backend,
        "rows of a block": block,
        "vectors, MiB": 4 * n * args.d / 2**20,
        "fit, s": fit,
        "all neighbours, s": query,
        "processor time of all workers, s": processors_fit + processors_query,
        "peak of a worker, MiB": peak,
        "of that beyond an empty one, MiB": peak - empty,
        "peak of the caller, MiB": peak_mib(),
        "recall": share,
        "skewness": float(k_skewness(k_occurrence_from_indices(indices, n))),
    }


def draw(rows: list[dict], path: pathlib.Path) -> None:
    """Time and memory against the size, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    times, peaks = "processor time of all workers, s", "peak of a worker, MiB"
    for backend in dict.fromkeys(row["backend"] for row in rows):
        own = [row for row in rows if row["backend"] == backend]
        n = [int(row["n"]) for row in own]
        left.loglog(n, [float(row[times]) for row in own], "o-", label=backend)
        right.loglog(n, [float(row[peaks]) for row in own], "o-", label=backend)
    sizes = np.unique([int(row["n"]) for row in rows])
    left.loglog(sizes, float(rows[0][times]) * (sizes / sizes[0]) ** 2, "k:", label="square of n")
    right.loglog(sizes, 256 * sizes / 2**20, "k:", label="all vectors, 64 features")
    left.set(xlabel="vectors", ylabel=times)
    right.set(xlabel="vectors", ylabel=peaks)
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def rows_of_before(path: pathlib.Path) -> dict:
    """Rows of earlier runs, by size and back end."""
    if not path.exists():
        return {}
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {(int(row["n"]), row["backend"]): row for row in rows}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[100_000, 300_000])
    parser.add_argument("--backend", nargs="+", choices=["brute", "ivf"], default=["brute", "ivf"])
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--block", type=int, default=None)
    parser.add_argument("--n-candidates", type=int, default=50)
    parser.add_argument("--n-workers", type=int, default=2)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args(arguments)
    folder, spawn = pathlib.Path(args.output), multiprocessing.get_context("spawn")
    rows = rows_of_before(folder / "dask.csv")
    for n in sorted(args.n):
        for backend in args.backend:
            with ProcessPoolExecutor(1, mp_context=spawn) as alone:  # its peak is its own
                rows[n, backend] = alone.submit(row_of, n, backend, args).result()
            in_order = [rows[key] for key in sorted(rows)]
            write_csv("dask.csv", in_order, args.output)
            draw(in_order, folder / "dask.png")
    write_environment("dask_environment.csv", args.output, dask=dask)


if __name__ == "__main__":
    main()
