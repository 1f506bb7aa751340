"""Reductions of candidate graphs and of complete matrices, grids over them, and the report."""

import tempfile
from functools import partial

from _peers import load
from _speed import Comparison
from bench_reduction_grid import FOLDS, REDUCTIONS, data
from bench_reductions import neighbor_graph

# isort: split
import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import GridSearchCV

from sksim._search._exact import exact_neighbors
from sksim.hubness import CSLS, NICDM, DisSimGlobal, DisSimLocal, LocalScaling, MutualProximity
from sksim.metrics import hubness_report
from sksim.metrics._chance_counts import chance_counts
from sksim.neighbors import HubnessReducedKNeighborsClassifier

kiez, toolbox = load("kiez"), load("hub_toolbox")
N_NEIGHBORS = 10


def _candidates(n, n_candidates):
    """A graph of candidates, and the same as the lists that kiez takes."""
    graph = neighbor_graph(n, 100, n_candidates)
    lists = [part.reshape(n, -1)[:, 1:].copy() for part in (graph.data, graph.indices)]
    return graph, lists


def _reduce(reduction, graph, lists):
    """Fit and transform, each row of candidates sorted again."""
    return reduction.fit(graph).transform(graph)


def _kiez(name, graph, lists, **options):
    """The same from kiez, which sorts the ten nearest of each row alone."""
    from kiez.hubness_reduction import CSLS, LocalScaling
    from kiez.hubness_reduction.base import HubnessReduction

    class Depth:
        n_candidates = lists[0].shape[1]

    reduction = {"CSLS": CSLS, "LocalScaling": LocalScaling}[name](nn_algo=Depth(), **options)
    reduction._fit(*lists, None, None)
    return HubnessReduction._sort(*reduction.transform(*lists, None), N_NEIGHBORS)


def _candidate_comparisons():
    methods = [
        ("local scaling", LocalScaling, partial(_kiez, "LocalScaling"), 0.80),
        ("NICDM", NICDM, partial(_kiez, "LocalScaling", method="nicdm"), 0.74),
        ("CSLS", CSLS, partial(_kiez, "CSLS"), 0.50),
    ]
    for n_candidates in (50, 100):
        for name, reduction, peer, share in methods:
            yield Comparison(
                f"{name} of {n_candidates} candidates",
                make=partial(_candidates, n_candidates=n_candidates),
                ours=partial(_reduce, reduction(n_candidates)),
                others={"kiez": peer if kiez else None},
                n=20_000,
                before={"kiez": 1 / share},
                asked={"kiez": 0.9},
                growth=(4000, 8000, 16_000) if n_candidates == 50 else (),
            )
        yield Comparison(
            f"mutual proximity, gamma, of {n_candidates} candidates",
            make=partial(_candidates, n_candidates=n_candidates),
            ours=partial(_reduce, MutualProximity(method="gamma")),
            others={"normal": partial(_reduce, MutualProximity())},
            n=20_000,
            before={"normal": 6.5},
            asked={"normal": 2.0},
        )


def _matrix(n, d=384):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)
    D = euclidean_distances(X)
    return X, (D + D.T) / 2


def _of_matrix(reduction, X, D):
    return reduction.fit_transform(D)


def _toolbox(module, function, X, D, *, of_vectors=False, **options):
    from importlib import import_module

    call = getattr(import_module(f"hub_toolbox.{module}"), function)
    return call(X if of_vectors else D, **options)


def _matrix_comparisons():
    peers = {
        "DisSimLocal": partial(_toolbox, "centering", "dis_sim_local", of_vectors=True, k=10),
        "DisSimGlobal": partial(_toolbox, "centering", "dis_sim_global", of_vectors=True),
        "mutual proximity, empirical": partial(
            _toolbox, "global_scaling", "mutual_proximity_empiric"
        ),
    }
    empirical = MutualProximity(method="empirical")
    for name, reduction, before, asked in [
        ("DisSimLocal", DisSimLocal(10), 2.5, 1.0),
        ("DisSimGlobal", DisSimGlobal(), 2.5, 1.0),
        ("mutual proximity, empirical", empirical, 1 / 21, 1 / 30),
    ]:
        yield Comparison(
            f"{name} of a complete matrix",
            make=_matrix,
            ours=partial(_of_matrix, reduction),
            others={"hub-toolbox": peers[name] if toolbox else None},
            n=2000,
            before={"hub-toolbox": before},
            asked={"hub-toolbox": asked},
            growth=(1000, 2000, 4000),
        )


def _grid(memory, X, y):
    classifier = HubnessReducedKNeighborsClassifier(memory=memory)
    options = {"reduction": [None, *REDUCTIONS]}
    GridSearchCV(classifier, options, cv=FOLDS, refit=False).fit(X, y)


def _grid_with_memory(X, y):
    with tempfile.TemporaryDirectory() as folder:
        _grid(folder, X, y)


def _one_search_of_each_kind(X, y):
    for train, test in FOLDS.split(X):
        exact_neighbors(X[train], n_neighbors=101)
        exact_neighbors(X[test], X[train], n_neighbors=101)


def _fresh_report(graph, lists):
    """With the chance levels of a size that was not seen before."""
    chance_counts.cache_clear()
    return hubness_report(graph, n_neighbors=N_NEIGHBORS, metric="precomputed")


def _occurrence_by_comparison(graph, lists):
    """What the report begins with, by one comparison with all lists a sample."""
    nearest = lists[1][:, :N_NEIGHBORS]
    return np.array([np.count_nonzero(nearest == i) for i in range(len(nearest))])


COMPARISONS = [
    *_candidate_comparisons(),
    *_matrix_comparisons(),
    Comparison(
        "grid of eight reductions and five folds, memory=",
        make=partial(data, d=384),
        ours=_grid_with_memory,
        others={
            "nothing kept": partial(_grid, None),
            "one search of each kind a fold": _one_search_of_each_kind,
        },
        n=8000,
        before={"nothing kept": 1.0},
        asked={"nothing kept": 1 / 4.9},
        max_seconds=1.0,
    ),
    Comparison(
        "hubness_report of a graph",
        make=partial(_candidates, n_candidates=20),
        ours=_fresh_report,
        others={"counts by comparison": _occurrence_by_comparison},
        n=2000,
        growth=(2000, 4000, 8000),
    ),
]
