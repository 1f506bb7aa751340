"""An index in a file: memory of ``fit`` and of queries for several limits of the working memory.

Writes ``out_of_core.csv`` and ``out_of_core_environment.csv``.

    python doc/benchmarks/bench_out_of_core.py --n 60000
"""

import argparse
import pathlib
import tempfile

from _measure import (
    FOLDER,
    cpu_seconds,
    extra_memory,
    write_csv,
    write_environment,
)  # first: threads

# isort: split
import numpy as np
from sklearn import config_context

from sksim.hubness import NICDM, DisSimLocal, MutualProximity
from sksim.neighbors import HubnessReducedNearestNeighbors

REDUCTIONS = {
    "MutualProximity(moments='exact')": MutualProximity(moments="exact"),
    "NICDM()": NICDM(),
    "DisSimLocal()": DisSimLocal(),
}


def write_data(path, n: int, d: int):
    """Correlated Gaussian points in a file, opened for reading."""
    rng = np.random.default_rng(0)
    X = np.memmap(path, dtype=np.float32, mode="w+", shape=(n, d))
    for start in range(0, n, 10_000):
        block = rng.standard_normal((min(10_000, n - start), d)) * np.geomspace(1, 0.1, d)
        X[start : start + len(block)] = block
    X.flush()
    return np.memmap(path, dtype=np.float32, mode="r", shape=(n, d))


def rows_of(X, args):
    """One row for each reduction and limit; the neighbours must not depend on the limit."""
    queries = np.array(X[:: max(1, len(X) // 1000)]) + np.float32(0.01)
    for name, reduction in REDUCTIONS.items():
        search = HubnessReducedNearestNeighbors(
            10, reduction=reduction, n_candidates=args.n_candidates
        )
        found = {}
        for limit in args.working_memory:
            with config_context(working_memory=limit):
                memory = extra_memory(lambda s=search: s.fit(X).kneighbors(queries))
                seconds = cpu_seconds(lambda s=search: s.fit(X))
                found[limit] = search.kneighbors(queries, return_distance=False)
            yield {
                "reduction": name,
                "working memory, MiB": limit,
                "blocks of rows": len(_blocks(search, X, limit)),
                "fit, CPU s": seconds,
                "extra MiB": memory,
                "lists of all candidates, MiB": len(X) * args.n_candidates * 16 / 2**20,
                "same neighbours, %": 100 * float(np.mean(found[limit] == found[max(found)])),
            }


def _blocks(search, X, limit):
    with config_context(working_memory=limit):
        return search._row_blocks(X)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=60_000)
    parser.add_argument("--d", type=int, default=64)
    parser.add_argument("--n-candidates", type=int, default=100)
    parser.add_argument("--working-memory", type=float, nargs="+", default=[1024, 64])
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        X = write_data(pathlib.Path(folder) / "X", args.n, args.d)
        write_csv("out_of_core.csv", list(rows_of(X, args)), args.output)
    write_environment("out_of_core_environment.csv", args.output)


if __name__ == "__main__":
    main()
