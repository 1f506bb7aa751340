"""Search back ends by size, dimension and depth: when an approximate one is worth it.

Timed is what an estimator asks for: the index is built, all rows are searched in it, and what was
found is ranked again by exact distance. One thread. Rows are added to those that the table has, so
that the sizes can be measured one after another:

    python doc/benchmarks/bench_backends.py --sizes 5000 20000 50000
    python doc/benchmarks/bench_backends.py --sizes 100000 200000     # on a quiet machine
"""

from _measure import FOLDER, cpu_seconds, write_csv, write_environment

# isort: split
import argparse
import csv
import itertools
import pathlib
import time

import faiss
import numpy as np
import pynndescent
import usearch
from speed_search import embeddings

from sksim.neighbors._approximate import APPROXIMATE_BACKENDS, FaissBackend
from sksim.neighbors._candidates import BruteBackend

TABLE = "backends.csv"
CELL = ("n", "d", "k", "search")


def hnsw(X, depth, **options):
    """The graph that backend="faiss" builds for large indexes, at every size."""
    width = {"efConstruction": 100, "efSearch": max(128, 2 * depth)}
    return FaissBackend(X, depth, factory="HNSW32", index_params=width, **options)


def inverted_file(X, depth, **options):
    """faiss: cells of a clustering, of which a twentieth is searched."""
    n_cells = int(4 * np.sqrt(len(X)))
    probes = {"nprobe": max(n_cells // 20, 1)}
    return FaissBackend(X, depth, factory=f"IVF{n_cells},Flat", index_params=probes, **options)


SEARCHES = {
    "exact": BruteBackend,
    "faiss HNSW": hnsw,
    "faiss IVF": inverted_file,
    "pynndescent": APPROXIMATE_BACKENDS["pynndescent"],
    "usearch": APPROXIMATE_BACKENDS["usearch"],
}


def lists(make, X, k):
    options = {"metric": "euclidean", "metric_params": None, "n_jobs": 1}
    return make(X, k + 1, **options).neighbors(X, k + 1)[1]


def compile_kernels():
    """CPU time of what each process that uses pynndescent compiles once."""
    X = embeddings(2000, 16)
    return cpu_seconds(lambda: lists(SEARCHES["pynndescent"], X, 10))


def recall(found, exact):
    return float(np.mean([np.isin(e, f).mean() for f, e in zip(found, exact)]))


def cell(n, d, k, searches):
    """A row for each search, the exact one first."""
    X, found, seconds = embeddings(n, d), {}, {}
    for search in dict.fromkeys(["exact", *searches]):
        start = time.process_time()
        found[search] = lists(SEARCHES[search], X, k)
        seconds[search] = time.process_time() - start
        yield {
            "n": n,
            "d": d,
            "k": k,
            "search": search,
            "seconds": seconds[search],
            "times exact": seconds[search] / seconds["exact"],
            "recall": recall(found[search], found["exact"]),
        }


def read(path):
    """Rows of a table by their cells."""
    if not path.exists():
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        return {tuple(row[name] for name in CELL): row for row in csv.DictReader(file)}


def write(rows, folder):
    """Write the rows in the order of their cells."""
    numbers = {search: number for number, search in enumerate(SEARCHES)}
    order = sorted(rows, key=lambda key: (*map(int, key[:3]), numbers[key[3]]))
    write_csv(TABLE, [rows[key] for key in order], folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 20_000, 50_000])
    parser.add_argument("--dims", type=int, nargs="+", default=[16, 128, 384])
    parser.add_argument("--depths", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=list(SEARCHES))
    parser.add_argument("--output", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()
    rows = read(args.output / TABLE)
    if "pynndescent" in args.searches:
        compiled = [{"search": "pynndescent", "seconds": compile_kernels()}]
        write_csv("backends_compilation.csv", compiled, args.output)
    lists(SEARCHES["exact"], embeddings(20_000, 128), 10)  # loads its kernels
    for n, d, k in itertools.product(args.sizes, args.dims, args.depths):
        for row in cell(n, d, k, args.searches):
            rows[tuple(str(row[name]) for name in CELL)] = row
            write(rows, args.output)
    packages = {"faiss": faiss, "pynndescent": pynndescent, "usearch": usearch}
    write_environment("backends_environment.csv", args.output, **packages)


if __name__ == "__main__":
    main()
