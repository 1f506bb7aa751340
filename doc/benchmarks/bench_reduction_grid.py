"""A grid over eight reductions and five folds: searches and time, with and without a memory."""

import argparse
import tempfile

from _measure import FOLDER, interleaved, write_csv, write_environment

# isort: split
import numpy as np
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from sksim import hubness
from sksim._search._exact import exact_neighbors
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    _candidates,
)

REDUCTIONS = [
    hubness.MutualProximity(),
    hubness.MutualProximity(method="gamma"),
    hubness.LocalScaling(),
    hubness.NICDM(),
    hubness.CSLS(),
    hubness.NearestNeighborNormalization(),
    hubness.SharedNearestNeighbors(),
]
FOLDS = KFold(5)


def data(n, d, seed=0):
    """Correlated Gaussian points in four classes."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)).astype(np.float32)
    return X, (X[:, 0] > 0).astype(int) + 2 * (X[:, 1] > 0)


def grid(X, y, memory):
    """The reduction as a parameter of the classifier."""
    classifier = HubnessReducedKNeighborsClassifier(memory=memory)
    return GridSearchCV(classifier, {"reduction": [None, *REDUCTIONS]}, cv=FOLDS, refit=False).fit(
        X, y
    )


def grid_of_two_steps(X, y, memory, *, of_pipeline=False):
    """The search as a step before the reduction; the memory is that of the one or of the other."""
    kept = {"graph": None if of_pipeline else memory, "pipeline": memory if of_pipeline else None}
    graph = HubnessReducedKNeighborsTransformer(100, reduction=None, memory=kept["graph"])
    steps = [("graph", graph), ("reduce", None), ("classify", KNeighborsClassifier())]
    pipeline = Pipeline(steps, memory=kept["pipeline"]).set_params(classify__metric="precomputed")
    options = {"reduce": ["passthrough", *REDUCTIONS]}
    return GridSearchCV(pipeline, options, cv=FOLDS, refit=False).fit(X, y)


def floor(X):
    """One search of each kind a fold."""
    for train, test in FOLDS.split(X):
        exact_neighbors(X[train], n_neighbors=101)
        exact_neighbors(X[test], X[train], n_neighbors=101)


def in_new_folder(function, *args, **options):
    with tempfile.TemporaryDirectory() as folder:
        return function(*args, folder, **options)


def searches(function, n):
    """Searches of training samples and of test samples that a grid makes."""
    found, plain = [], _candidates.BruteBackend.neighbors

    def counted(self, X, n_neighbors):
        found.append(X.shape[0] > n / 2)
        return plain(self, X, n_neighbors)

    _candidates.BruteBackend.neighbors = counted
    try:
        scores = function().cv_results_["mean_test_score"]
    finally:
        _candidates.BruteBackend.neighbors = plain
    return sum(found), len(found) - sum(found), scores


def rows_of(n, d, n_rounds):
    X, y = data(n, d)
    calls = {
        "nothing kept": lambda: grid(X, y, None),
        "memory of the classifier": lambda: in_new_folder(grid, X, y),
        "two steps, memory of the search": lambda: in_new_folder(grid_of_two_steps, X, y),
        "two steps, memory of the pipeline": lambda: in_new_folder(
            grid_of_two_steps, X, y, of_pipeline=True
        ),
    }
    counts = {name: searches(call, n) for name, call in calls.items()}
    scores = [found for *_, found in counts.values()]
    # A query of the pipelines is given one candidate more.
    assert (scores[0] == scores[1]).all()
    assert (scores[2] == scores[3]).all()
    seconds = interleaved(calls | {"floor": lambda: floor(X)}, n_rounds)
    counts["floor"] = FOLDS.get_n_splits(), FOLDS.get_n_splits(), None
    for name in seconds:
        yield {
            "grid": name,
            "searches of training samples": counts[name][0],
            "of test samples": counts[name][1],
            "CPU seconds": seconds[name],
            "times faster": seconds["nothing kept"] / seconds[name],
            "times the floor": seconds[name] / seconds["floor"],
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=384)
    parser.add_argument("--n-rounds", type=int, default=1)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    write_csv("reduction_grid.csv", list(rows_of(args.n, args.d, args.n_rounds)), args.output)
    write_environment("reduction_grid_environment.csv", args.output)


if __name__ == "__main__":
    main()
