"""What the check of a neighbour graph takes of its reduction, with and without compiled checks."""

import argparse

from _measure import FOLDER, interleaved, write_csv, write_environment

# isort: split

import numpy as np
from bench_reductions import neighbor_graph
from scipy.sparse import csr_matrix

from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.utils import _graph
from sksim.utils._graph import check_graph

ESTIMATORS = [CSLS(), NICDM(), LocalScaling(), MutualProximity()]


def ragged(graph):
    """The graph without the last neighbours of some rows."""
    lengths = np.diff(graph.indptr)
    n_kept = lengths - np.arange(lengths.size) % 4
    kept = np.arange(graph.nnz) - np.repeat(graph.indptr[:-1], lengths) < np.repeat(n_kept, lengths)
    indptr = np.concatenate([[0], np.cumsum(n_kept)])
    return csr_matrix((graph.data[kept], graph.indices[kept], indptr), shape=graph.shape)


def checked_by_numpy(graph):
    """The check as it is where numba is not loaded."""
    smallest, _graph._COMPILED_ENTRIES = _graph._COMPILED_ENTRIES, np.inf
    try:
        check_graph(graph)
    finally:
        _graph._COMPILED_ENTRIES = smallest


def rows_of(graph, kind, n_rounds):
    calls = {
        "numba": lambda: check_graph(graph),
        "numpy": lambda: checked_by_numpy(graph),
        **{type(each).__name__: lambda e=each: e.fit_transform(graph) for each in ESTIMATORS},
    }
    for call in calls.values():
        call()
    seconds = interleaved(calls, n_rounds)
    for each in ESTIMATORS:
        # The reduction holds one compiled check.
        total = seconds[type(each).__name__] - seconds["numba"]
        yield {
            "rows": kind,
            "entries": graph.nnz,
            "reduction": type(each).__name__,
            "reduction without check, ms": 1e3 * total,
            "check by numpy, ms": 1e3 * seconds["numpy"],
            "share, %": 100 * seconds["numpy"] / total,
            "compiled check, ms": 1e3 * seconds["numba"],
            "compiled share, %": 100 * seconds["numba"] / total,
        }


def main():
    import numba

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20000)
    parser.add_argument("--d", type=int, default=20)
    parser.add_argument("--n-candidates", type=int, default=100)
    parser.add_argument("--n-rounds", type=int, default=25)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    graph = neighbor_graph(args.n, args.d, args.n_candidates)
    rows = [*rows_of(graph, "of one length", args.n_rounds)]
    rows += rows_of(ragged(graph), "ragged", args.n_rounds)
    write_csv("graph_checks.csv", rows, args.output)
    write_environment("graph_checks_environment.csv", args.output, numba=numba)


if __name__ == "__main__":
    main()
