"""Neighbours through sparse codes against dense ones, at equal recall.

The training articles of 20 Newsgroups (embeddings of a sentence encoder, 384 numbers) are indexed,
1000 test articles search them. Recall is that of the ten nearest by cosine of the embeddings.
Times are CPU seconds of one thread, taken in turn; SKSIM_DATA names the folder of the data sets.
"""

import argparse

from _measure import interleaved, write_csv, write_environment

# isort: split
import numpy as np
import torch
from _evidence import load
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from sksim.encoders import SparseAutoencoder

N_NEIGHBORS, N_RERANKED = 10, 100
N_NONZERO = (4, 8, 16, 32)
PREFIXES = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128)


def best(scores, n):
    """Indices of the n largest entries of each row, in any order."""
    return np.argpartition(-scores, n - 1, axis=1)[:, :n]


def dense_search(Q, X, n=N_NEIGHBORS):
    """By one product in single precision."""
    return best(Q @ X.T, n)


def sparse_search(Q, index, n=N_NEIGHBORS):
    """By inverted lists: a product of sparse rows with the columns of the index."""
    return best((Q @ index).toarray(), n)


def reranked_search(Q_codes, index, Q, X):
    """Candidates by codes, their order by the embeddings."""
    found = sparse_search(Q_codes, index, N_RERANKED)
    scores = np.einsum("qd,qcd->qc", Q, X[found])
    return np.take_along_axis(found, best(scores, N_NEIGHBORS), axis=1)


def recall(found, exact):
    return float(np.mean([len(set(a) & set(b)) / N_NEIGHBORS for a, b in zip(found, exact)]))


def accuracy(found, y, y_query):
    votes = [np.bincount(y[row]).argmax() for row in found]
    return float(np.mean(votes == y_query))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = load("newsgroups20_minilm")
    X, y = normalize(data["X_train"]), data["y_train"]
    rows = np.random.default_rng(0).choice(len(data["X_test"]), 1000, replace=False)
    Q, y_query = normalize(data["X_test"][rows]), data["y_test"][rows]
    exact = dense_search(Q, X)

    model = SparseAutoencoder(n_nonzero=8, max_epochs=arguments.epochs, random_state=0).fit(X)
    searches = {"dense, 384 numbers": lambda: dense_search(Q, X)}
    active = {"dense, 384 numbers": 384}
    for k in N_NONZERO:
        model.set_params(n_nonzero=k)
        codes, queries = (normalize(model.transform(Z)) for Z in (X, Q))
        index = sparse.csr_matrix(codes.T)
        searches[f"codes, {k} active"] = lambda q=queries, i=index: sparse_search(q, i)
        searches[f"codes, {k} active, re-ranked"] = lambda q=queries, i=index: reranked_search(
            q, i, Q, X
        )
        active |= dict.fromkeys((f"codes, {k} active", f"codes, {k} active, re-ranked"), k)
    for d in PREFIXES:
        pca = PCA(d, random_state=0).fit(X)
        short, queries = (
            np.ascontiguousarray(normalize(pca.transform(Z)), dtype=np.float32) for Z in (X, Q)
        )
        searches[f"{d} components"] = lambda q=queries, x=short: dense_search(q, x)
        active[f"{d} components"] = d
    seconds = interleaved(searches, arguments.rounds)
    found = {name: search() for name, search in searches.items()}
    recalls = {name: recall(one, exact) for name, one in found.items()}
    table = []
    for name in searches:
        equal = [d for d in PREFIXES if recalls[f"{d} components"] >= recalls[name]]
        peer = f"{equal[0]} components" if equal else "dense, 384 numbers"
        table.append(
            {
                "search": name,
                "numbers a row": active[name],
                "recall at 10": recalls[name],
                "accuracy": accuracy(found[name], y, y_query),
                "time, of the dense search": seconds[name] / seconds["dense, 384 numbers"],
                "dense of equal recall": peer,
                "time, of that": seconds[name] / seconds[peer],
            }
        )
    write_csv("sparse_codes.csv", table)
    write_environment("sparse_codes_environment.csv", torch=torch)


if __name__ == "__main__":
    main()
