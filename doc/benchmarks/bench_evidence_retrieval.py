"""Recall and hubness of retrieval between two spaces, for each reduction with a bank of queries.

Nothing is learned from right answers of the test. The bank holds other queries than the
test, except in the lexicon (all words of the source language) and where it is said to be the
queries. SKSIM_DATA names the folder of the data sets.
"""

import argparse
from typing import NamedTuple

from _evidence import chance_figures, hubness_figures, interval, load, paired_test
from _measure import FOLDER, write_csv

# isort: split

import numpy as np
from scipy import sparse
from scipy.linalg import orthogonal_procrustes
from sklearn.preprocessing import normalize

from sksim.hubness import (
    CSLS,
    NICDM,
    InvertedSoftmax,
    LocalScaling,
    MutualProximity,
    NearestNeighborNormalization,
    SinkhornNormalization,
)
from sksim.neighbors import HubnessReducedNearestNeighbors

N_LISTED = 10
DEPTHS = (1, 5, 10)
MAX_CANDIDATES = 1000


class Task(NamedTuple):
    """Queries, the gallery they are looked up in, a bank of other queries, the right answers."""

    queries: np.ndarray
    gallery: np.ndarray
    bank: np.ndarray
    answers: sparse.csr_array  # (n_queries, n_gallery), 1 where the item is a right answer


def captions(language, size):
    """Captions of the same images: English to English, or German to English."""
    data = load("multi30k_retrieval")
    queries, gallery, bank = (data[f"{language}_{part}"] for part in ("query", "gallery", "bank"))
    queries, gallery = queries[:size], gallery[:size]
    return Task(queries, gallery, bank[:size], sparse.eye_array(len(queries), format="csr"))


def lexicon(size):
    """Italian words and English words, the Italian rotated onto the pairs for training."""
    data = load("bli_it_en")
    source, target = (normalize(data[name].astype(float)) for name in ("X_src", "X_tgt"))
    rotation = orthogonal_procrustes(*(Z[rows] for Z, rows in _pairs(data, source, target)))[0]
    bank = source @ rotation
    pairs = data["test_pairs"][:size]
    words, row = np.unique(pairs[:, 0], return_inverse=True)
    answers = sparse.csr_array((np.ones(len(pairs)), (row, pairs[:, 1])), (len(words), len(target)))
    return Task(bank[words], target, bank, answers)


def _pairs(data, source, target):
    return zip((source, target), data["train_pairs"].T)


def mixture(n_classes, seed, n_features=300, variance=0.01):
    """One query and one item of each class: points about centres on the sphere."""
    rng = np.random.default_rng(seed)
    centers = normalize(rng.standard_normal((n_classes, n_features)))
    queries, gallery = (
        centers + np.sqrt(variance) * rng.standard_normal(centers.shape) for _ in range(2)
    )
    return Task(queries, gallery, queries, sparse.eye_array(n_classes, format="csr"))


def methods(n_bank_neighbors, beta):
    return {
        "none": None,
        "mutual proximity": MutualProximity(),
        "local scaling, k = 10": LocalScaling(10),
        "NICDM, k = 10": NICDM(10),
        "CSLS, k = 10": CSLS(10),
        f"inverted softmax, beta = {beta:g}": InvertedSoftmax(beta=beta),
        f"QB-Norm, beta = {beta:g}": InvertedSoftmax(beta=beta, dynamic=True),
        f"NNN, k = {n_bank_neighbors}, alpha = 0.75": NearestNeighborNormalization(
            n_bank_neighbors, alpha=0.75
        ),
        "NNN, k = 10, alpha = 0.5": NearestNeighborNormalization(10),
        "Sinkhorn, temperature 0.05": SinkhornNormalization(),
        "Sinkhorn, temperature 0.02": SinkhornNormalization(temperature=0.02),
    }


def with_banks(task, n_bank_neighbors, beta):
    """Name of the bank, the bank and the reduction of each line of a table."""
    known = methods(min(n_bank_neighbors, len(task.bank) - 1, len(task.gallery) - 1), beta)
    lines = [("bank" if method else "", name, method) for name, method in known.items()]
    lines.append(("the gallery", "CSLS, k = 10", CSLS(10)))
    lines.append(("the gallery", "mutual proximity", MutualProximity()))
    of_queries = ["CSLS, k = 10", "Sinkhorn, temperature 0.05", "Sinkhorn, temperature 0.02"]
    return lines + [("the queries", name, known[name]) for name in of_queries]


def of_mixture(n_iterations):
    softmax, sinkhorn = InvertedSoftmax(beta=10.0), SinkhornNormalization
    return [
        ("", "none", None),
        ("the queries", "CSLS, k = 10", CSLS(10)),
        ("the queries", "inverted softmax, beta = 10", softmax),
        (
            "the queries",
            f"Sinkhorn, temperature 0.1, {n_iterations} rounds",
            sinkhorn(temperature=0.1, n_iterations=n_iterations),
        ),
    ]


def is_found(indices, answers):
    """Whether one of the first k items is a right answer, for each query and depth."""
    rows = np.arange(len(indices))[:, None]
    hits = answers[np.broadcast_to(rows, indices.shape), indices]
    hits = hits.toarray() if sparse.issparse(hits) else np.asarray(hits)
    return {depth: (hits[:, :depth] > 0).any(axis=1) for depth in DEPTHS}


def table(task, lines, metric):
    """Lines of the table of one task; the first line is what the others are compared with."""
    n_queries, n_gallery = task.answers.shape
    empty = [*(f"R@{depth}, %" for depth in DEPTHS), "95 % interval of R@1", "repaired", "broken"]
    yield {"reduction": "no hubness: chance", "bank": ""} | (
        dict.fromkeys([*empty, "p"], "") | chance_figures(n_queries, n_gallery, N_LISTED)
    )
    banks = {"bank": task.bank, "the queries": task.queries}
    was_found = None
    for bank, name, method in lines:
        search = HubnessReducedNearestNeighbors(
            N_LISTED,
            reduction=method,
            metric=metric,
            n_candidates=min(MAX_CANDIDATES, n_gallery - 1),
        ).fit(task.gallery, bank=banks.get(bank))
        indices = search.kneighbors(task.queries, return_distance=False)
        found = is_found(indices, task.answers)
        if was_found is None:
            was_found, test = found[1], {"repaired": "", "broken": "", "p": ""}
        else:
            test = paired_test(found[1], was_found)
        yield (
            {"reduction": name, "bank": bank}
            | {f"R@{depth}, %": f"{100 * found[depth].mean():.1f}" for depth in DEPTHS}
            | {"95 % interval of R@1": interval(found[1].sum(), n_queries)}
            | test
            | hubness_figures(indices, n_gallery)
        )


METRICS = dict.fromkeys(["captions_en", "captions_de", "lexicon"], "cosine")
METRICS["mixture"] = "sqeuclidean"


def make_task(name, args):
    if name == "mixture":
        return mixture(args.n_classes, seed=0)
    if name == "lexicon":
        return lexicon(args.size)
    return captions(name.removeprefix("captions_"), args.size)


def lines_of(name, task, args):
    if name == "mixture":
        return of_mixture(args.n_iterations)
    return with_banks(task, n_bank_neighbors=128, beta=30.0 if name == "lexicon" else 20.0)


def shape(name, task):
    return {
        "data": name,
        "queries": len(task.queries),
        "items": len(task.gallery),
        "bank": len(task.bank),
        "dimensions": task.gallery.shape[1],
        "distance": METRICS[name],
        "candidates": min(MAX_CANDIDATES, len(task.gallery) - 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="*", choices=METRICS, default=list(METRICS))
    parser.add_argument("--size", type=int, default=None, help="queries of each task, default all")
    parser.add_argument("--n-classes", type=int, default=10000, help="classes of the mixture")
    parser.add_argument("--n-iterations", type=int, default=100, help="rounds for the mixture")
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    tasks = {name: make_task(name, args) for name in METRICS}
    for name in args.tasks:
        lines = lines_of(name, tasks[name], args)
        rows = list(table(tasks[name], lines, METRICS[name]))
        write_csv(f"evidence_{name}.csv", rows, args.output)
    shapes = [shape(name, task) for name, task in tasks.items()]
    write_csv("evidence_retrieval_data.csv", shapes, args.output)


if __name__ == "__main__":
    main()
