"""Hubness reduction against kiez, the Hub Toolbox and scikit-hubness themselves, side by side.

Runs the peers that can be imported and says which cannot.
"""

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from _measure import FOLDER, interleaved, write_csv, write_environment
from _peers import PACKAGES, load, versions

# isort: split

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics.pairwise import euclidean_distances

from sksim.hubness import (
    CSLS,
    NICDM,
    DisSimGlobal,
    DisSimLocal,
    LocalScaling,
    MutualProximity,
    SharedNearestNeighbors,
    SimhubSimilarity,
)
from sksim.metrics import hubness_report, hubness_score
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)

N_NEIGHBORS = 10
LONG = 5  # seconds of a first round after which there is no other
EMPIRICAL = MutualProximity(method="empirical")
EXACT_EMPIRICAL = MutualProximity(method="empirical", moments="exact")
OVER_ALL = "MP empirical, sksim over all samples"


class Case(NamedTuple):
    """One row of a table: three calls, and what says how far two of the results agree."""

    method: str
    sksim: Callable
    peer: Callable
    floor: Callable
    agreement: Callable
    largest: int = 10**9  # size beyond which the peer is not waited for


def vectors(n, d, seed=0):
    """Correlated Gaussian points."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)).astype(np.float32)


def classes(X):
    return (X[:, 0] > 0).astype(int) + 2 * (X[:, 1] > 0)


def product(*pairs, block=1000):
    """All inner products of each pair of sets, in blocks that are thrown away."""
    for X, Y in pairs:
        out = np.empty((block, Y.shape[0]), dtype=X.dtype)
        for start in range(0, X.shape[0], block):
            rows = X[start : start + block]
            np.matmul(rows, Y.T, out=out[: rows.shape[0]])


def same_neighbors(ours, theirs):
    """Percent of the neighbours that both list; a graph begins each row with the sample itself."""
    indices = ours.indices.reshape(len(theirs[1]), -1) if issparse(ours) else ours[1]
    pairs = zip(indices[:, -N_NEIGHBORS:], theirs[1], strict=True)
    return 100 * float(np.mean([np.isin(a, b).mean() for a, b in pairs]))


def same_labels(ours, theirs):
    return 100 * float(np.mean(ours == theirs))


def difference(ours, theirs, up_to="-"):
    """Largest difference off the diagonal, up to a common shift or a common factor."""
    others = ~np.eye(len(ours), dtype=bool)
    a, b = np.asarray(ours)[others], np.asarray(theirs)[others]
    if up_to == "a factor":
        b = b * np.median(a / b)
    gaps = a - b
    return float(np.abs(gaps - (np.median(gaps) if up_to == "a shift" else 0)).max())


# kiez


def in_one_set(reduction, X, **options):
    """Neighbours of a set within itself from sksim, end to end."""
    estimator = HubnessReducedKNeighborsTransformer(N_NEIGHBORS, reduction=reduction, **options)
    return estimator.fit_transform(X)


def across(reduction, queries, X, **options):
    """Neighbours of one set in another, which has the first as its bank."""
    estimator = HubnessReducedNearestNeighbors(N_NEIGHBORS, reduction=reduction, **options)
    bank = None if reduction is None else queries
    return estimator.fit(X, bank=bank).kneighbors(queries)


def kiez_search(kiez, name, options, *data, n_candidates, n_neighbors=N_NEIGHBORS, **search):
    """Neighbours from kiez, end to end, by its exact search."""
    estimator = kiez.Kiez(
        n_candidates=n_candidates,
        algorithm="SklearnNN",
        algorithm_kwargs={"algorithm": "brute", "metric": "euclidean", **search},
        hubness=name,
        hubness_kwargs=dict(options),
    )
    estimator.fit(*data)
    return estimator.kneighbors(n_neighbors)


def kiez_reductions(k):
    """Method, name and options there, the same here; k is the number of its candidates."""
    return [
        ("MP normal", "MutualProximity", {}, MutualProximity()),
        ("local scaling", "LocalScaling", {}, LocalScaling(k)),
        ("NICDM", "LocalScaling", {"method": "nicdm"}, NICDM(k)),
        ("CSLS", "CSLS", {}, CSLS(k)),
        ("DisSimLocal", "DisSimLocal", {}, DisSimLocal(k)),
        ("MP empirical", "MutualProximity", {"method": "empiric"}, EMPIRICAL),
    ]


def kiez_cases(kiez, n, args):
    S, T = vectors(n, args.d, 0), vectors(n, args.d, 1)
    K = {"n_candidates": args.n_candidates}
    floor = partial(product, (S, T))
    plain = partial(kiez_search, kiez, None, {}, S, T, **K)
    yield Case("two sets: search", partial(across, None, S, T), plain, floor, same_neighbors)
    for method, name, options, reduction in kiez_reductions(args.n_candidates):
        theirs = partial(kiez_search, kiez, name, options)
        if reduction is not EMPIRICAL:
            ours = partial(across, reduction, S, T, **K)
            calls = ours, partial(theirs, S, T, **K)
            largest = 5000 if method in ("NICDM", "CSLS") else 10**9  # as local scaling
            yield Case(f"two sets: {method}", *calls, floor, same_neighbors, largest)
        if method.startswith(("MP", "DisSim")):
            calls = partial(in_one_set, reduction, S, **K), partial(theirs, S, **K)
            yield Case(f"one set: {method}", *calls, floor, same_neighbors, largest=5000)
    calls = partial(in_one_set, EXACT_EMPIRICAL, S, **K), partial(theirs, S, **K)
    yield Case(f"one set: {OVER_ALL}", *calls, floor, same_neighbors)


# Hub Toolbox


def toolbox_reductions(y):
    """Reductions of a full distance matrix: name, here, there, up to what they agree."""
    from hub_toolbox import global_scaling, local_scaling, shared_neighbors

    normal, gamma = MutualProximity(), MutualProximity(method="gamma")
    supervised = SimhubSimilarity(50, supervised=True)
    snn, simhub = shared_neighbors.shared_nearest_neighbors, shared_neighbors.simhubIN
    by_class = partial(shared_neighbors.simhub, y=y, s=50)
    return [
        ("MP normal", normal, global_scaling.mutual_proximity_gaussi, "-"),
        ("MP gamma", gamma, global_scaling.mutual_proximity_gammai, "-"),
        ("MP empirical", EMPIRICAL, global_scaling.mutual_proximity_empiric, "-"),
        ("local scaling", LocalScaling(7), partial(local_scaling.local_scaling, k=7), "-"),
        ("NICDM", NICDM(7), partial(local_scaling.nicdm, k=7), "a factor"),
        ("shared neighbours", SharedNearestNeighbors(10), partial(snn, k=10), "-"),
        ("simhub", SimhubSimilarity(50), partial(simhub, s=50), "-"),
        ("simhub, supervised", supervised, by_class, "-"),
    ]


def toolbox_centroids():
    """Reductions that the Hub Toolbox computes from vectors."""
    from hub_toolbox import centering

    return [
        ("DisSimLocal", DisSimLocal(10), partial(centering.dis_sim_local, k=10)),
        ("DisSimGlobal", DisSimGlobal(), centering.dis_sim_global),
    ]


def reduced_vectors(reduction, X):
    return reduction.fit_transform(euclidean_distances(X))


def toolbox_cases(toolbox, n, args):
    X = vectors(n, args.d).astype(np.float64)
    y = classes(X)
    D = euclidean_distances(X)
    D = (D + D.T) / 2
    for method, reduction, peer, up_to in toolbox_reductions(y):
        ours = partial(reduction.fit_transform, D, y)
        largest = 2000 if "simhub" in method else 10**9
        agreement = partial(difference, up_to=up_to)
        yield Case(method, ours, partial(peer, D), D.copy, agreement, largest)
    for method, reduction, peer in toolbox_centroids():
        ours, agreement = (
            partial(reduced_vectors, reduction, X),
            partial(difference, up_to="a shift"),
        )
        yield Case(method, ours, partial(peer, X), partial(product, (X, X)), agreement)
    yield Case(
        "k-skewness",
        partial(hubness_score, D, metric="precomputed", n_neighbors=N_NEIGHBORS),
        lambda: toolbox.hubness.hubness(D, k=N_NEIGHBORS)[0],
        D.copy,
        lambda ours, theirs: abs(float(ours - theirs)),
    )


# scikit-hubness


def skhubness_options(name, options, n_candidates, metric="euclidean"):
    return {
        "algorithm": "brute",
        "algorithm_params": {"n_candidates": n_candidates},
        "metric": metric,
        "hubness": name,
        "hubness_params": dict(options),
    }


def skhubness_search(peer, name, options, X, *, n_neighbors=N_NEIGHBORS, **search):
    """Neighbours from scikit-hubness, end to end, by its exact search."""
    options = skhubness_options(name, options, **search)
    return peer.neighbors.NearestNeighbors(n_neighbors, **options).fit(X).kneighbors()


def skhubness_labels(peer, X, y, queries, n_candidates):
    options = skhubness_options("mp", {}, n_candidates)
    return peer.neighbors.KNeighborsClassifier(N_NEIGHBORS, **options).fit(X, y).predict(queries)


def skhubness_measures(peer, X, algorithm):
    measure = peer.Hubness(k=N_NEIGHBORS, return_value="all", algorithm=algorithm)
    return measure.fit(X).score()


def labels(X, y, queries, n_candidates):
    estimator = HubnessReducedKNeighborsClassifier(N_NEIGHBORS, n_candidates=n_candidates)
    return estimator.fit(X, y).predict(queries)


def report_difference(ours, theirs):
    """Largest difference of the measures that both define alike."""
    names = {"k_skewness": "k_skewness", "gini_index": "gini", "robin_hood_index": "robinhood"}
    names |= {"atkinson_index": "atkinson", "antihub_rate": "antihub_occurrence"}
    return max(abs(ours[a].value - theirs[b]) for a, b in names.items())


def skhubness_reductions(shift=0):
    """Method, name and options there, the same here; its k-th neighbour is the (k + 1)-th."""
    return [
        ("MP normal", "mp", {}, MutualProximity()),
        ("local scaling", "ls", {"k": 7 - shift}, LocalScaling(7)),
        ("NICDM", "ls", {"k": 7 - shift, "method": "nicdm"}, NICDM(7)),
        ("DisSimLocal", "dsl", {"k": 10}, DisSimLocal(10)),
        ("MP empirical", "mp", {"method": "empiric"}, EMPIRICAL),
    ]


def skhubness_cases(peer, n, args):
    X, Q = vectors(n, args.d, 0), vectors(n, args.d, 1)
    K = {"n_candidates": args.n_candidates}
    floor = partial(product, (X, X))
    for method, name, options, reduction in skhubness_reductions(shift=1):
        theirs = partial(skhubness_search, peer, name, options, X, **K)
        ours = partial(in_one_set, reduction, X, **K)
        largest = 5000 if reduction is EMPIRICAL else 10**9
        yield Case(method, ours, theirs, floor, same_neighbors, largest)
    ours = partial(in_one_set, EXACT_EMPIRICAL, X, **K)
    yield Case(OVER_ALL, ours, theirs, floor, same_neighbors)
    data = X, classes(X), Q
    theirs = partial(skhubness_labels, peer, *data, **K)
    both = partial(product, (X, X), (Q, X))
    yield Case("classifier", partial(labels, *data, **K), theirs, both, same_labels)
    ours = partial(hubness_report, X, n_neighbors=N_NEIGHBORS)
    for method, algorithm, largest in [
        ("all measures", "brute", 10**9),
        ("all measures, its default search", "auto", 5000),
    ]:
        theirs = partial(skhubness_measures, peer, X, algorithm)
        yield Case(method, ours, theirs, floor, report_difference, largest)


# Values against the literal formulas


def formulas(X, y, k):
    """Secondary distances of a set within itself, one pair at a time, and up to what."""
    from tests.reference import hubness as literal

    D = euclidean_distances(X)
    D = (D + D.T) / 2
    return D, {
        "MP normal": (lambda: literal.mp_normal(D, D), "-"),
        "MP gamma": (lambda: literal.mp_gamma(D, D), "-"),
        "MP empirical": (lambda: literal.mp_empirical(D, D), "-"),
        "local scaling": (lambda: literal.local_scaling(D, D, k or 7), "-"),
        "NICDM": (lambda: literal.nicdm(D, D, k or 7), "a factor"),
        "CSLS": (lambda: literal.csls(D, D, k), "a shift"),
        "DisSimLocal": (lambda: literal.dis_sim_local(X, D, X, D, k or 10), "a shift"),
        "DisSimGlobal": (lambda: literal.dis_sim_global(X, X), "a shift"),
        "shared neighbours": (lambda: literal.shared_nearest_neighbors(D, D, 10), "-"),
        "simhub": (lambda: literal.simhub(D, D, 50), "-"),
        "simhub, supervised": (lambda: literal.simhub(D, D, 50, list(y)), "-"),
    }


def complete(lists):
    """Matrix of the secondary distances of complete lists of neighbours."""
    distances, indices = np.asarray(lists[0], dtype=float), np.asarray(lists[1])
    values = np.zeros(2 * (len(indices),))
    np.put_along_axis(values, indices, distances, axis=1)
    return values


def kiez_values(kiez, X, y, D):
    k = len(X) - 1
    for method, name, options, reduction in kiez_reductions(k):
        metric = {"metric": "sqeuclidean" if method == "DisSimLocal" else "euclidean"}
        lists = kiez_search(kiez, name, options, X, n_candidates=k, n_neighbors=k, **metric)
        yield method, reduction, complete(lists)


def toolbox_values(toolbox, X, y, D):
    for method, reduction, peer, _ in toolbox_reductions(y):
        yield method, reduction, peer(D)
    for method, reduction, peer in toolbox_centroids():
        yield method, reduction, peer(X)


def skhubness_values(peer, X, y, D):
    k = len(X) - 1
    for method, name, options, reduction in skhubness_reductions():
        metric = {"metric": "sqeuclidean" if method == "DisSimLocal" else "euclidean"}
        lists = skhubness_search(peer, name, options, X, n_candidates=k, n_neighbors=k, **metric)
        yield method, reduction, complete(lists)


VALUES = {"kiez": kiez_values, "hub_toolbox": toolbox_values, "skhubness": skhubness_values}


def value_rows(name, peer, n=120, d=30):
    """Deviations of both from the formula, each with all other samples as candidates."""
    X = vectors(n, d).astype(np.float64)
    y = classes(X)
    D, expected = formulas(X, y, n - 1 if name == "kiez" else None)
    for method, reduction, theirs in VALUES[name](peer, X, y, D):
        formula, up_to = expected[method]
        values = formula()
        yield {
            "peer": PACKAGES[name],
            "method": method,
            "largest value": float(np.abs(values).max()),
            "sksim deviates by": difference(reduction.fit(D, y).transform(D), values, up_to),
            "peer deviates by": difference(theirs, values, up_to),
            "up to": up_to,
        }


# Tables


def measured(case, n_rounds):
    """Seconds of the three calls, the results of two, and the number of rounds."""
    results = {}
    calls = {
        "sksim": lambda: results.__setitem__("sksim", case.sksim()),
        "peer": lambda: results.__setitem__("peer", case.peer()),
        "floor": case.floor,
    }
    seconds, n_done = interleaved(calls, 1), 1
    if sum(seconds.values()) < LONG:
        seconds, n_done = interleaved(calls, n_rounds), n_rounds
    return seconds, results, n_done


def row_of(case, n, n_rounds):
    seconds, results, n_done = measured(case, n_rounds)
    row = {
        "n": n,
        "method": case.method,
        "sksim, s": seconds["sksim"],
        "peer, s": seconds["peer"],
        "ratio": seconds["peer"] / seconds["sksim"],
        "floor, s": seconds["floor"],
        "sksim / floor": seconds["sksim"] / seconds["floor"],
        "agreement": case.agreement(results["sksim"], results["peer"]),
        "rounds": n_done,
    }
    print(n, case.method, f"{row['ratio']:.3g}", flush=True)
    return row


CASES = {"kiez": kiez_cases, "hub_toolbox": toolbox_cases, "skhubness": skhubness_cases}
SIZES = {
    "kiez": [2000, 5000, 20_000],
    "hub_toolbox": [1000, 2000, 5000],
    "skhubness": [2000, 5000, 20_000],
}


def rows_of(name, peer, sizes, args):
    for n in sizes:
        for case in CASES[name](peer, n, args):
            if n <= case.largest:
                yield row_of(case, n, args.n_rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    parser.add_argument("--n", type=int, nargs="+", help="sizes instead of each peer's own")
    parser.add_argument("--d", type=int, default=384)
    parser.add_argument("--n-candidates", type=int, default=50)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of the peers, about what they call
    peers = {name: peer for name in args.peers if (peer := load(name)) is not None}
    values = [row for name, peer in peers.items() for row in value_rows(name, peer)]
    if values:
        write_csv("peers_values.csv", values, args.output)
    for name, peer in peers.items():
        list(rows_of(name, peer, [60 + args.n_candidates], args))  # compile, import
        rows = list(rows_of(name, peer, args.n or SIZES[name], args))
        table = PACKAGES[name].replace("-", "_")
        write_csv(f"peers_{table}.csv", rows, args.output)
    write_environment("peers_environment.csv", args.output, **versions())


if __name__ == "__main__":
    main()
