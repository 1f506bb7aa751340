"""Hubness reductions, straight from the papers: one pair at a time, on full distance matrices.

``D`` (m, n) are distances from queries to indexed samples, ``T`` (n, n) those among the indexed
samples. A query that is an indexed sample is never its own neighbour: its first zero is left out.
The result of a query with itself is 0.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats


def own_column(row):
    zeros = [j for j, d in enumerate(row) if d == 0]
    return zeros[0] if zeros else None


def others(row):
    own = own_column(row)
    return [d for j, d in enumerate(row) if j != own]


def kth(row, k):
    return sorted(others(row))[:k][-1]


def local_mean(row, k):
    return float(np.mean(sorted(others(row))[:k]))


def each_pair(D, T, value):
    """Table of value(d, query row, indexed row); 0 for a query with itself."""
    table = np.zeros(D.shape)
    for q, row in enumerate(D):
        for x, d in enumerate(row):
            if x != own_column(row):
                table[q, x] = value(d, row, T[x])
    return table


def local_scaling(D, T, k):
    return each_pair(D, T, lambda d, q, x: 1 - math.exp(-(d**2) / (kth(q, k) * kth(x, k))))


def nicdm(D, T, k):
    return each_pair(D, T, lambda d, q, x: d / math.sqrt(local_mean(q, k) * local_mean(x, k)))


def csls(D, T, k):
    return each_pair(D, T, lambda d, q, x: 2 * d - local_mean(q, k) - local_mean(x, k))


def mp_normal(D, T):
    def value(d, q, x):
        sf = [stats.norm.sf(d, np.mean(others(z)), np.std(others(z))) for z in (q, x)]
        return 1 - sf[0] * sf[1]

    return each_pair(D, T, value)


def mp_gamma(D, T, ddof=1):
    def survival(d, row):
        mean, variance = np.mean(others(row)), np.var(others(row), ddof=ddof)
        return stats.gamma.sf(d, mean**2 / variance, scale=variance / mean)

    return each_pair(D, T, lambda d, q, x: 1 - survival(d, q) * survival(d, x))


def mp_empirical(D, T):
    def value(d, q, x):
        return 1 - sum(q[j] > d and x[j] > d for j in range(len(x))) / len(x)

    return each_pair(D, T, value)


def mp_normal_loop(graph):
    """Mutual proximity of a neighbour graph, one row after the other in Python."""
    n_samples = graph.shape[0]
    mean, deviation = np.zeros(n_samples), np.zeros(n_samples)
    for i in range(n_samples):
        distances = graph.data[graph.indptr[i] : graph.indptr[i + 1]]
        distances = distances[1:] if distances[0] == 0 else distances
        mean[i], deviation[i] = distances.mean(), distances.std()
    reduced = graph.copy()
    for i in range(n_samples):
        row = slice(graph.indptr[i], graph.indptr[i + 1])
        distances, indices = graph.data[row], graph.indices[row]
        p_query = stats.norm.sf(distances, mean[i], deviation[i])
        p_indexed = stats.norm.sf(distances, mean[indices], deviation[indices])
        values = 1 - p_query * p_indexed
        if distances[0] == 0:
            values[0] = 0
        order = np.argsort(values, kind="stable")
        reduced.data[row], reduced.indices[row] = values[order], indices[order]
    return reduced


def scaled_loop(graph, statistic, value):
    """Local scaling and its relatives on a neighbour graph, one row after the other."""
    n_samples = graph.shape[0]
    scale = np.zeros(n_samples)
    for i in range(n_samples):
        distances = graph.data[graph.indptr[i] : graph.indptr[i + 1]]
        scale[i] = statistic(distances[1:] if distances[0] == 0 else distances)
    reduced = graph.copy()
    for i in range(n_samples):
        row = slice(graph.indptr[i], graph.indptr[i + 1])
        distances, indices = graph.data[row], graph.indices[row]
        values = value(distances, scale[i], scale[indices])
        if distances[0] == 0:
            values[0] = 0
        order = np.argsort(values, kind="stable")
        reduced.data[row], reduced.indices[row] = values[order], indices[order]
    return reduced


def nearest_columns(row, k):
    own = own_column(row)
    return sorted((j for j in range(len(row)) if j != own), key=lambda j: (row[j], j))[:k]


def nearest_neighbor_normalization(D, to_bank, k, alpha):
    """Chowdhury et al. 2024 with s = -d: s(q, x) - alpha mean of the k largest s(b, x)."""
    return [[d - alpha * local_mean(b, k) for d, b in zip(row, to_bank)] for row in D]


def inverted_softmax(D, to_bank, beta):
    """-log of Smith et al. 2017, over beta."""
    table = np.empty(D.shape)
    for q, row in enumerate(D):
        for x, d in enumerate(row):
            normalizer = sum(math.exp(-beta * e) for e in others(to_bank[x]))
            table[q, x] = -math.log(math.exp(-beta * d) / normalizer) / beta
    return table


def localized_centering(Q, X, k, gamma):
    """Similarities of Hara et al. 2015 on unit vectors, the sample itself left out."""
    Q, X = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (Q, X))
    table = np.empty((len(Q), len(X)))
    for j, x in enumerate(X):
        order = sorted((i for i in range(len(X)) if i != j), key=lambda i: -(X[i] @ x))
        affinity = x @ np.mean([X[i] for i in order[:k]], axis=0)
        for i, q in enumerate(Q):
            table[i, j] = q @ x - affinity**gamma
    return table


def dis_sim_local(Q, D, X, T, k):
    """Hara et al. 2016, equation 8: centroids of indexed vectors."""

    def centroid(row):
        return np.mean([X[j] for j in nearest_columns(row, k)], axis=0)

    table = np.empty(D.shape)
    for i, q in enumerate(Q):
        for j, x in enumerate(X):
            own = sum((q - centroid(D[i])) ** 2), sum((x - centroid(T[j])) ** 2)
            table[i, j] = sum((q - x) ** 2) - own[0] - own[1]
    return table


def dis_sim_global(Q, X):
    c = np.mean(X, axis=0)
    return np.array(
        [[sum((q - x) ** 2) - sum((q - c) ** 2) - sum((x - c) ** 2) for x in X] for q in Q]
    )


def sinkhorn_plan(S, temperature, column_mass, n_rounds):
    """Scale the rows, then the columns of exp(S / temperature), in plain arithmetic."""
    P = np.exp(S / temperature)
    for _ in range(n_rounds):
        P = P / P.sum(axis=1, keepdims=True) / len(P)
        P = P / P.sum(axis=0) * column_mass
    return P


def shared_nearest_neighbors(D, T, k):
    def value(d, q, x):
        return 1 - len(set(nearest_columns(q, k)) & set(nearest_columns(x, k))) / k

    return each_pair(D, T, value)


def simhub(D, T, k, y=None):
    n = len(T)
    lists = [nearest_columns(row, k) for row in T]
    reverse = [[i for i in range(n) if j in lists[i]] for j in range(n)]
    classes = sorted(set(y)) if y is not None else []

    def information(j):
        if y is None:
            return 1.0
        counts = [sum(y[i] == c for i in reverse[j]) + 1 for c in classes]
        shares = [count / sum(counts) for count in counts]
        entropy = -sum(p * math.log(p) for p in shares)
        return (math.log(len(classes)) - entropy) / math.log(len(classes))

    def value(d, q, x):
        shared = set(nearest_columns(q, k)) & set(nearest_columns(x, k))
        terms = (max(math.log(n / (len(reverse[j]) + 1)), 0) * information(j) for j in shared)
        return 1 - sum(terms) / (k * math.log(n))

    return each_pair(D, T, value)


class Space(NamedTuple):
    """Indexed vectors, queries, and the distances among the first and from the second to them."""

    X: np.ndarray
    Q: np.ndarray
    T: np.ndarray
    D: np.ndarray


class Oracle(NamedTuple):
    """Literal values of a reduction with the given parameters, up to a constant."""

    parameters: dict
    values: Callable[[Space, dict], np.ndarray]
    metric: str = "euclidean"


def sinkhorn_normalization(s, p):
    """Transport between the samples and themselves, each of them kept from itself."""
    S = np.where(np.eye(len(s.T), dtype=bool), -np.inf, -s.T)
    mass = np.full(len(s.T), 1 / len(s.T))
    plan = sinkhorn_plan(S, p["temperature"], mass, p["n_iterations"])
    # log plan = (s + f(b) + g(x)) / temperature: two rows b give g up to a constant.
    with np.errstate(divide="ignore"):
        g = [p["temperature"] * np.log(plan[b]) + s.T[b] for b in (0, 1)]
    shift = g[0][2] - g[1][2]
    return s.D - np.append(g[1][:1] + shift, g[0][1:])


def dynamic_inverted_softmax(s, p):
    """Bogolin et al. 2022: a query whose nearest sample no other sample has keeps its distances."""
    log_means = [math.log(np.mean([math.exp(-p["beta"] * d) for d in others(b)])) for b in s.T]
    shift = [(b - min(log_means)) / p["beta"] for b in log_means]
    activated = {nearest_columns(row, 1)[0] for row in s.T}
    gates = [nearest_columns(row, 1)[0] in activated for row in s.D]
    return np.array([[d + gate * b for d, b in zip(row, shift)] for row, gate in zip(s.D, gates)])


#: One entry for each reduction, and for each option that is a formula of its own.
ORACLES = {
    "CSLS": [Oracle({"n_neighbors": 5}, lambda s, p: csls(s.D, s.T, p["n_neighbors"]))],
    "DisSimGlobal": [Oracle({}, lambda s, p: dis_sim_global(s.Q, s.X))],
    "DisSimLocal": [
        Oracle({"n_neighbors": 5}, lambda s, p: dis_sim_local(s.Q, s.D, s.X, s.T, p["n_neighbors"]))
    ],
    "InvertedSoftmax": [
        Oracle({"beta": 2.0}, lambda s, p: inverted_softmax(s.D, s.T, p["beta"])),
        Oracle({"beta": 2.0, "dynamic": True}, dynamic_inverted_softmax),
    ],
    "LocalScaling": [
        Oracle({"n_neighbors": 5}, lambda s, p: local_scaling(s.D, s.T, p["n_neighbors"]))
    ],
    "LocalizedCentering": [
        Oracle(
            {"n_neighbors": 5},
            lambda s, p: -localized_centering(s.Q, s.X, p["n_neighbors"], p["gamma"]),
            metric="cosine",
        )
    ],
    "MutualProximity": [
        Oracle({}, lambda s, p: mp_normal(s.D, s.T)),
        Oracle({"method": "gamma"}, lambda s, p: mp_gamma(s.D, s.T)),
        Oracle({"method": "empirical"}, lambda s, p: mp_empirical(s.D, s.T)),
    ],
    "NICDM": [Oracle({"n_neighbors": 5}, lambda s, p: nicdm(s.D, s.T, p["n_neighbors"]))],
    "NearestNeighborNormalization": [
        Oracle(
            {"n_neighbors": 5},
            lambda s, p: nearest_neighbor_normalization(s.D, s.T, p["n_neighbors"], p["alpha"]),
        )
    ],
    "SharedNearestNeighbors": [
        Oracle(
            {"n_neighbors": 5}, lambda s, p: shared_nearest_neighbors(s.D, s.T, p["n_neighbors"])
        )
    ],
    "SimhubSimilarity": [
        Oracle({"n_neighbors": 5}, lambda s, p: simhub(s.D, s.T, p["n_neighbors"]))
    ],
    "SinkhornNormalization": [Oracle({"temperature": 0.5}, sinkhorn_normalization)],
}
