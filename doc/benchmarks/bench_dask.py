"""Reduced neighbours of arrays of Dask: time and the peak memory of each worker, by size.

Vectors are made block by block on the workers, searched exactly or by faiss, an index for each
block, reduced and counted. Writes ``dask.csv``, ``dask.png`` and ``dask_environment.csv``.

    python doc/benchmarks/bench_dask.py --n 100000 300000 1000000 --backend brute faiss
"""

import argparse
import multiprocessing
import pathlib
import time
from concurrent.futures import ProcessPoolExecutor

from _measure import FOLDER, write_csv, write_environment  # first: threads

# isort: split
import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster
from sklearn.base import clone

from sksim.metrics import k_occurrence_from_indices, k_skewness
from sksim.neighbors import HubnessReducedNearestNeighbors

N_NEIGHBORS = 10
#: Workers keep the memory of temporary arrays: by Dask's setting each one is mapped anew.
ALLOCATION = {
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**26,
}


def points(n: int, d: int, block: int):
    """Gaussian points of falling variance, which no process holds whole."""
    normal = da.random.default_rng(0).standard_normal((n, d), chunks=(block, -1), dtype=np.float32)
    return normal * np.geomspace(1, 0.1, d, dtype=np.float32)


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
        N_NEIGHBORS, reduction="nicdm", n_candidates=args.n_candidates, backend=backend
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
        "skewness": float(k_skewness(k_occurrence_from_indices(indices, n))),
    }


def draw(rows: list[dict], path: pathlib.Path) -> None:
    """Time and memory against the size, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    sizes = sorted({row["n"] for row in rows})
    for backend in dict.fromkeys(row["backend"] for row in rows):
        own = [row for row in rows if row["backend"] == backend]
        n = [row["n"] for row in own]
        left.loglog(
            n, [row["processor time of all workers, s"] for row in own], "o-", label=backend
        )
        right.loglog(n, [row["peak of a worker, MiB"] for row in own], "o-", label=backend)
    first = rows[0]["processor time of all workers, s"]
    left.loglog(sizes, [first * (n / sizes[0]) ** 2 for n in sizes], "k:", label="square of n")
    right.loglog(sizes, [256 * n / 2**20 for n in sizes], "k:", label="all vectors, 64 features")
    left.set(xlabel="vectors", ylabel="processor time of all workers, s")
    right.set(xlabel="vectors", ylabel="peak of a worker, MiB")
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--backend", nargs="+", default=["brute", "faiss"])
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--block", type=int, default=None)
    parser.add_argument("--n-candidates", type=int, default=50)
    parser.add_argument("--n-workers", type=int, default=2)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args(arguments)
    rows, spawn = [], multiprocessing.get_context("spawn")
    for n in sorted(args.n):
        for backend in args.backend:
            with ProcessPoolExecutor(1, mp_context=spawn) as alone:  # its peak is its own
                rows.append(alone.submit(row_of, n, backend, args).result())
            write_csv("dask.csv", rows, args.output)
            draw(rows, pathlib.Path(args.output) / "dask.png")
    write_environment("dask_environment.csv", args.output, dask=dask)


if __name__ == "__main__":
    main()
