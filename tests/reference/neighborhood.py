"""Literal, slow formulas of the neighbour measures."""

import math

import numpy as np


def make_pair(n_samples=60, d1=8, d2=8, seed=0):
    """The pair of the reference values: five shared directions, noise, and a mean."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n_samples, 5))

    def view(d):
        loadings = rng.standard_normal((5, d))
        noise = 0.5 * rng.standard_normal((n_samples, d))
        return Z @ loadings + noise + rng.standard_normal(d)

    return view(d1), view(d2)


def cosine(a, b):
    return (a @ b) / math.sqrt((a @ a) * (b @ b))


def distance(a, b, metric):
    return 1 - cosine(a, b) if metric == "cosine" else math.dist(a, b)


def ranked(X, metric):
    """All other samples of each sample, nearest first."""
    n = len(X)
    return [
        sorted((j for j in range(n) if j != i), key=lambda j: (distance(X[i], X[j], metric), j))
        for i in range(n)
    ]


def neighbors(X, k, metric):
    return [order[:k] for order in ranked(X, metric)]


def mutual_knn(X, Y, k, metric):
    pairs = zip(neighbors(X, k, metric), neighbors(Y, k, metric), strict=True)
    return sum(len(set(a) & set(b)) / k for a, b in pairs) / len(X)


def jaccard_knn(X, Y, k, metric):
    pairs = zip(neighbors(X, k, metric), neighbors(Y, k, metric), strict=True)
    return sum(len(set(a) & set(b)) / len(set(a) | set(b)) for a, b in pairs) / len(X)


def rank_similarity(X, Y, k, metric):
    total = 0.0
    for a, b in zip(neighbors(X, k, metric), neighbors(Y, k, metric), strict=True):
        shared = set(a) & set(b)
        if not shared:
            continue
        score = 0.0
        for j in shared:
            r, s = a.index(j) + 1, b.index(j) + 1
            score += 2 / ((1 + abs(r - s)) * (r + s))
        total += score / sum(1 / t for t in range(1, len(shared) + 1))
    return total / len(X)


def second_order_cosine(X, Y, k):
    total = 0.0
    pairs = zip(neighbors(X, k, "cosine"), neighbors(Y, k, "cosine"), strict=True)
    for i, (a, b) in enumerate(pairs):
        union = sorted(set(a) | set(b))
        s = np.array([cosine(X[i], X[j]) for j in union])
        t = np.array([cosine(Y[i], Y[j]) for j in union])
        total += cosine(s, t)
    return total / len(X)


def information_imbalance(X, Y, k):
    """Ranks of equal distances are averaged."""
    ranks = []
    for i, order in enumerate(neighbors(X, k, "euclidean")):
        from_i = [distance(Y[i], Y[j], "euclidean") for j in range(len(Y)) if j != i]
        for j in order:
            own = distance(Y[i], Y[j], "euclidean")
            ranks.append(sum(d < own for d in from_i) + (from_i.count(own) + 1) / 2)
    return 2 / len(X) * sum(ranks) / len(ranks)
