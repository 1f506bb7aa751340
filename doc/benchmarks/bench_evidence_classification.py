"""Hubness and the error of a nearest neighbour vote on real data, for each reduction.

All that is learned is learned on the training rows. Hubness: training rows in the lists of the
training rows, each left out of its own. SKSIM_DATA names the folder of the data sets.
"""

import argparse
from dataclasses import dataclass
from typing import NamedTuple

from _evidence import chance_figures, hubness_figures, interval, load, paired_test
from _measure import FOLDER, write_csv, write_environment

# isort: split

import numpy as np
from scipy import sparse
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import (
    CSLS,
    NICDM,
    DisSimGlobal,
    DisSimLocal,
    InvertedSoftmax,
    LocalizedCentering,
    LocalScaling,
    MutualProximity,
    NearestNeighborNormalization,
    SharedNearestNeighbors,
    SimhubSimilarity,
    SinkhornNormalization,
)
from sksim.neighbors import HubnessReducedKNeighborsTransformer
from sksim.preprocessing import Centering, NormalScoreTransformer

N_LISTED = 10  # neighbours of the hubness figures
N_CANDIDATES = 100
MAX_COMPLETE = 3500  # rows up to which the complete distance matrix is reduced too
MAX_PLAN = 12_000  # rows up to which the plan of Sinkhorn normalization is found


@dataclass(frozen=True)
class Task:
    """Training rows and queries with labels; no queries: each training row in turn."""

    X: np.ndarray
    y: np.ndarray
    Z: np.ndarray | None
    y_z: np.ndarray
    n_voters: int = 10


class Row(NamedTuple):
    """One line of a table: how the vectors are prepared, compared and reduced."""

    vectors: str
    metric: str
    name: str
    reduction: object = None
    is_complete: bool = False

    @property
    def n_candidates(self):
        return getattr(self.reduction, "default_n_candidates", N_CANDIDATES)


PREPARATIONS = {
    "as they are": None,
    "unit length": Normalizer(),
    "centred, unit length": Centering(),
    "standardised, unit length": make_pipeline(StandardScaler(), Normalizer()),
    "normal scores": NormalScoreTransformer(),
    "normal scores, ties by order": NormalScoreTransformer(ties="ordinal"),
}


def proximities():
    return {
        "mutual proximity": MutualProximity(),
        "mutual proximity, gamma": MutualProximity(method="gamma"),
        "mutual proximity, empirical": MutualProximity(method="empirical"),
        "local scaling": LocalScaling(10),
        "NICDM": NICDM(10),
        "CSLS": CSLS(10),
    }


def neighbor_methods():
    return {
        "shared neighbours": SharedNearestNeighbors(50),
        "simhub": SimhubSimilarity(50),
        "simhub, supervised": SimhubSimilarity(50, supervised=True),
    }


def vector_rows(n_samples):
    """Lines of a table of dense vectors under the Euclidean distance."""
    unchanged = ("as they are", "euclidean")
    unit = ("unit length", "cosine")
    scores = ("normal scores", "euclidean")
    prepared = [vectors for vectors in PREPARATIONS if "ties" not in vectors]
    rows = [Row(vectors, "euclidean", "none") for vectors in prepared]
    rows += [Row(*unchanged, name, reduction) for name, reduction in proximities().items()]
    exact = MutualProximity(moments="exact")
    rows.append(Row(*unchanged, "mutual proximity, exact moments", exact))
    if n_samples <= MAX_COMPLETE:
        rows += [Row(*unchanged, name, method, True) for name, method in proximities().items()]
    rows.append(Row(*unchanged, "DisSimLocal", DisSimLocal(10)))
    rows.append(Row(*unchanged, "DisSimGlobal", DisSimGlobal()))
    rows += [Row(*unchanged, name, reduction) for name, reduction in neighbor_methods().items()]
    rows += [Row(*unit, name, reduction) for name, reduction in cosine_methods(n_samples).items()]
    return rows + [
        Row(*scores, "mutual proximity", MutualProximity()),
        Row(*scores, "NICDM", NICDM(10)),
    ]


def cosine_methods(n_samples):
    methods = {
        "mutual proximity": MutualProximity(),
        "NICDM": NICDM(10),
        "CSLS": CSLS(10),
        "nearest neighbour normalization": NearestNeighborNormalization(50, alpha=1.0),
        "localized centring": LocalizedCentering(40),
        "inverted softmax": InvertedSoftmax(beta=20.0),
        "DisSimLocal": DisSimLocal(10),
    }
    if n_samples <= MAX_PLAN:
        methods["Sinkhorn"] = SinkhornNormalization()
    return methods


def count_rows(n_samples):
    """Lines of the table of word counts, from the complete matrix of cosine distances."""
    unchanged = ("as they are", "cosine")
    methods = proximities() | {"NICDM, k = 7": NICDM(7)}
    methods |= cosine_methods(n_samples) | neighbor_methods()
    rows = [Row(*unchanged, "none")]
    rows += [Row(*unchanged, name, reduction, True) for name, reduction in methods.items()]
    return rows + [
        Row("as they are", "euclidean", "DisSimGlobal", DisSimGlobal(), True),
        Row("centred, unit length", "cosine", "none"),
        Row("standardised, unit length", "cosine", "none"),
        Row("normal scores", "cosine", "none"),
        Row("normal scores, ties by order", "cosine", "none"),
        Row("normal scores", "cosine", "mutual proximity", MutualProximity(), True),
    ]


def without_repeats(name, size):
    """Sentence embeddings without blank and repeated texts."""
    data = load(name)
    rows = [np.flatnonzero(data[f"unique_{part}"])[:size] for part in ("train", "test")]
    (X, y), (Z, y_z) = (
        (data[f"X_{part}"][chosen], data[f"y_{part}"][chosen])
        for part, chosen in zip(("train", "test"), rows)
    )
    return Task(X, y, Z, y_z)


def layer(name, size):
    """A representation of the AG News texts: the first 70 % of the rows are for training."""
    data = load("agnews_layers")
    X, y = data[name][:size], data["y"][:size]
    n_train = int(0.7 * len(X))
    return Task(X[:n_train], y[:n_train], X[n_train:], y[n_train:])


def packaged(size):
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Z, y_z = load_sentence_embeddings(subset="test", return_X_y=True)
    return Task(X[:size], y[:size], Z[:size], y_z[:size], n_voters=5)


def dexter(size):
    """Word counts of DEXTER; each row is a query among all others."""
    data = load("dexter")
    parts = data["data"].astype(float), data["indices"].astype(int), data["indptr"]
    X = sparse.csr_matrix(parts, shape=tuple(data["shape"])).toarray()[:size]
    y = data["y"][:size]
    return Task(X, y, None, y, n_voters=5)


TASKS = {
    "clinc150": packaged,
    "newsgroups20": lambda size: without_repeats("newsgroups20_minilm", size),
    "agnews": lambda size: without_repeats("agnews_minilm", size),
    "agnews_layer6": lambda size: layer("layer6", size),
    "agnews_lsa": lambda size: layer("lsa", size),
    "dexter": dexter,
}


def vote(indices, y, n_voters):
    """Most frequent class among the first neighbours, the smaller one where two tie."""
    classes, codes = np.unique(y, return_inverse=True)
    of_neighbors = codes[indices[:, :n_voters]]
    votes = np.stack([(of_neighbors == code).sum(axis=1) for code in range(len(classes))])
    return classes[votes.argmax(axis=0)]


class Lists:
    """Nearest neighbours of the training rows and of the queries, by the reduced distance."""

    def __init__(self, task, vectors, metric):
        preparation = PREPARATIONS[vectors]
        X, Z = task.X.astype(np.float64), task.Z
        if preparation is not None:
            X = preparation.fit_transform(X)
        if Z is not None:
            Z = Z.astype(np.float64)
            Z = Z if preparation is None else preparation.transform(Z)
        self.X, self.y, self.Z, self.metric = X, task.y, Z, metric
        self._depth = 0

    def candidates(self, depth):
        """Neighbour graphs of the training rows and of the queries, each at least ``depth``."""
        depth = min(depth, len(self.X) - 1)
        if depth > self._depth:
            search = HubnessReducedKNeighborsTransformer(depth, reduction=None, metric=self.metric)
            own = search.fit_transform(self.X)
            self._graphs = own, own if self.Z is None else search.transform(self.Z)
            self._depth = depth
        return tuple(_cut(graph, depth + (graph is self._graphs[0])) for graph in self._graphs)

    def matrices(self):
        """Complete matrices of distances."""
        own = pairwise_distances(self.X, metric=self.metric)
        np.fill_diagonal(own, 0)
        if self.Z is None:
            return own, own
        return own, pairwise_distances(self.Z, self.X, metric=self.metric)

    def of(self, row):
        """First neighbours of the training rows and of the queries as arrays of indices."""
        own, queries = self.matrices() if row.is_complete else self.candidates(row.n_candidates)
        if row.reduction is not None:
            method = row.reduction
            method.fit_graph(own, vectors=self.X, metric=self.metric, y=self.y)
            own = method.reduce_graph(own, queries=self.X)
            if self.Z is not None:
                queries = method.reduce_graph(queries, queries=self.Z)
        first = _first(own, leave_out_self=True)
        return first, first if self.Z is None else _first(queries, leave_out_self=False)


def _cut(graph, width):
    """The first entries of each row; all rows of the graph are equally long."""
    n_rows = graph.shape[0]
    data, indices = (part.reshape(n_rows, -1)[:, :width] for part in (graph.data, graph.indices))
    parts = data.ravel(), indices.ravel(), np.arange(0, data.size + 1, data.shape[1])
    return sparse.csr_matrix(parts, shape=graph.shape)


def _first(graph, *, leave_out_self):
    if sparse.issparse(graph):
        indices = graph.indices.reshape(graph.shape[0], -1)
        return indices[:, leave_out_self : N_LISTED + leave_out_self]
    if leave_out_self:
        graph = graph.copy()
        np.fill_diagonal(graph, np.inf)
    return np.argsort(graph, axis=1, kind="stable")[:, :N_LISTED]


def table(task, rows):
    """Lines of the table of one data set; the first row is what the others are compared with."""
    n_train, n_queries = len(task.X), len(task.y_z)
    yield {"vectors": "", "distance": "", "reduction": "no hubness: chance", "candidates": ""} | (
        chance_figures(n_train, n_train, N_LISTED)
        | dict.fromkeys(["error, %", "95 % interval", "repaired", "broken", "p"], "")
    )
    lists, was_right = {}, None
    for row in rows:
        key = row.vectors, row.metric
        if key not in lists:
            lists[key] = Lists(task, *key)
        own, of_queries = lists[key].of(row)
        is_right = vote(of_queries, task.y, task.n_voters) == task.y_z
        if was_right is None:
            was_right, test = is_right, {"repaired": "", "broken": "", "p": ""}
        else:
            test = paired_test(is_right, was_right)
        n_wrong = n_queries - is_right.sum()
        depth = "all" if row.is_complete or row.n_candidates >= n_train - 1 else row.n_candidates
        yield (
            {
                "vectors": row.vectors,
                "distance": row.metric,
                "reduction": row.name,
                "candidates": "" if row.reduction is None else depth,
            }
            | hubness_figures(own, n_train)
            | {
                "error, %": f"{100 * n_wrong / n_queries:.2f}",
                "95 % interval": interval(n_wrong, n_queries),
            }
            | test
        )


def shape(name, size):
    task = TASKS[name](size)
    return {
        "data": name,
        "training rows": len(task.X),
        "queries": len(task.y_z),
        "dimensions": task.X.shape[1],
        "classes": len(np.unique(task.y)),
        "voters": task.n_voters,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--size", type=int, default=None, help="rows of each part, default all")
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    for name in args.tasks:
        task = TASKS[name](args.size)
        rows = (count_rows if name == "dexter" else vector_rows)(len(task.X))
        write_csv(f"evidence_{name}.csv", list(table(task, rows)), args.output)
    write_csv("evidence_data.csv", [shape(name, args.size) for name in TASKS], args.output)
    write_environment("evidence_environment.csv", args.output)


if __name__ == "__main__":
    main()
