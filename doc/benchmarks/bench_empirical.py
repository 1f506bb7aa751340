"""Exact empirical mutual proximity of a full distance matrix."""

import argparse

from _measure import FOLDER, extra_memory, interleaved, write_csv, write_environment

# isort: split
import numpy as np

from sksim._search._exact import exact_neighbors
from sksim.hubness._proximity import _empirical_complete as _empirical
from sksim.hubness._proximity._empirical_candidates import empirical_candidate_proximity
from sksim.hubness._proximity._empirical_complete import empirical_mutual_proximity


def distances(n, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, 30))
    D = np.empty((n, n))
    for i in range(n):
        D[i] = np.sqrt(((X - X[i]) ** 2).sum(axis=1))
    return D


def literal(D, n_pairs):
    """The definition in three loops, for a few pairs."""
    n = D.shape[0]
    for q in range(n_pairs):
        x = (q * 7919 + 1) % n
        count = 0
        for j in range(n):
            if D[q, j] > D[q, x] and D[x, j] > D[q, x]:
                count += 1
        yield 1 - count / n


def broadcast(D, n_rows):
    """One query at a time in numpy."""
    n = D.shape[0]
    return np.array(
        [1 - ((row > row[:, None]) & (row[:, None] < D)).sum(axis=1) / n for row in D[:n_rows]]
    )


def numpy_route(D):
    compiled = _empirical.compiled
    _empirical.compiled = lambda kernel: None
    try:
        return empirical_mutual_proximity(D)
    finally:
        _empirical.compiled = compiled


def comparisons(n_repeats=2000, size=2**14):
    """Comparisons of 16 bits in the cache, nothing else."""
    values, out = np.arange(size, dtype=np.uint16), np.empty(size, dtype=bool)
    for _ in range(n_repeats):
        np.greater(values, np.uint16(1000), out=out)


def rows_of(n, n_rounds):
    D = distances(n)
    empirical_mutual_proximity(D[:16, :16])
    fast = empirical_mutual_proximity(D)
    n_rows = min(n, 100)
    slow = broadcast(D, n_rows)
    np.fill_diagonal(slow, 0)
    assert (slow == fast[:n_rows]).all()
    assert (numpy_route(D) == fast).all()
    calls = {
        "sksim with numba": (lambda: empirical_mutual_proximity(D), 1),
        "sksim with numpy alone": (lambda: numpy_route(D), 1),
        "numpy broadcast": (lambda: broadcast(D, n_rows), n / n_rows),
        "three loops": (lambda: list(literal(D, 100)), n * (n - 1) / 2 / 100),
        "two comparisons a triple": (comparisons, n * n * (n - 1) / (2000 * 2**14)),
    }
    measured = interleaved({name: call for name, (call, _) in calls.items()}, n_rounds)
    seconds = {name: measured[name] * calls[name][1] for name in calls}
    for name, value in seconds.items():
        whole = calls[name][1] == 1
        yield {
            "n": n,
            "method": name,
            "CPU seconds": value,
            "measured": "whole" if whole else f"1 / {calls[name][1]:.0f} of it",
            "times sksim with numba": value / seconds["sksim with numba"],
            "extra MiB": extra_memory(calls[name][0]) if whole else float("nan"),
        }


def candidate_loop(X, lists, n_queries):
    """Each pair of a query and a candidate counted over all samples, distances formed anew."""
    for q in range(n_queries):
        of_query = np.sqrt(((X - X[q]) ** 2).sum(axis=1))
        for d, x in zip(lists[0][q], lists[1][q]):
            of_candidate = np.sqrt(((X - X[x]) ** 2).sum(axis=1))
            yield 1 - ((of_query > d) & (of_candidate > d)).mean()


def candidate_rows(n, d, n_candidates, n_rounds, n_queries=5):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)).astype(np.float32)
    lists = exact_neighbors(X, n_neighbors=n_candidates, exclude_self=True)
    calls = {
        "sksim": lambda: empirical_candidate_proximity(X, X, *lists),
        "exact candidates alone": lambda: exact_neighbors(
            X, n_neighbors=n_candidates, exclude_self=True
        ),
        "pair by pair": lambda: list(candidate_loop(X, lists, n_queries)),
    }
    seconds = interleaved(calls, n_rounds)
    seconds["pair by pair"] *= n / n_queries
    for name, value in seconds.items():
        yield {
            "method": name,
            "n": n,
            "d": d,
            "candidates": n_candidates,
            "CPU seconds": value,
            "times sksim": value / seconds["sksim"],
            "extra MiB": extra_memory(calls[name]),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[2000, 5000])
    parser.add_argument("--n-listed", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=384)
    parser.add_argument("--n-candidates", type=int, default=50)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    import numba

    rows = [row for n in args.n for row in rows_of(n, args.n_rounds)]
    write_csv("empirical.csv", rows, args.output)
    rows = list(candidate_rows(args.n_listed, args.d, args.n_candidates, args.n_rounds))
    write_csv("empirical_candidates.csv", rows, args.output)
    write_environment("empirical_environment.csv", args.output, numba=numba)


if __name__ == "__main__":
    main()
