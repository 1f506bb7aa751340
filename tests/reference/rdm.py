"""Dissimilarity matrices and their comparisons, written out: loops over conditions and pairs."""

import itertools
import math

import numpy as np
from scipy import stats


def condensed(D):
    """The pairs i < j of a matrix, row by row."""
    return np.array([D[i][j] for i, j in itertools.combinations(range(len(D)), 2)])


def square(v):
    """The symmetric matrix of condensed dissimilarities."""
    n = round((1 + math.sqrt(1 + 8 * len(v))) / 2)
    D = np.zeros((n, n))
    for value, (i, j) in zip(v, itertools.combinations(range(n), 2), strict=True):
        D[i, j] = D[j, i] = value
    return D


# --- kinds, of two conditions -----------------------------------------------------------------


def one(x, y, kind, N=None):
    difference = x - y
    if kind == "correlation":
        return 1 - np.corrcoef(x, y)[0, 1]
    if kind == "cosine":
        return 1 - x @ y / math.sqrt((x @ x) * (y @ y))
    if kind == "poisson":
        rates = [(z + 0.1) / 1.1 for z in (x, y)]
        return sum((a - b) * (math.log(a) - math.log(b)) for a, b in zip(*rates)) / len(x)
    if kind == "mahalanobis":
        N = np.eye(len(x)) if N is None else N
        return difference @ N @ difference / len(x)
    squared = difference @ difference
    return squared if kind == "sqeuclidean" else math.sqrt(squared)


def rdm(X, kind="correlation", N=None):
    return [[one(x, y, kind, N) for y in X] for x in X]


def crossnobis(runs, N=None):
    """Each run left out in turn, its differences times those of the mean of the others."""
    n_runs, n, n_features = np.shape(runs)
    N = np.eye(n_features) if N is None else N
    D = np.zeros((n, n))
    for m in range(n_runs):
        test, train = runs[m], np.mean([runs[k] for k in range(n_runs) if k != m], axis=0)
        for i, j in itertools.product(range(n), repeat=2):
            D[i, j] += (train[i] - train[j]) @ N @ (test[i] - test[j]) / n_features / n_runs
    return D


def crossnobis_one_each(runs, precisions):
    """Each pair of runs, with the inverse of the mean of their covariances."""
    n_runs, n, n_features = np.shape(runs)
    D = np.zeros((n, n))
    pairs = list(itertools.combinations(range(n_runs), 2))
    for a, b in pairs:
        mean = (np.linalg.inv(precisions[a]) + np.linalg.inv(precisions[b])) / 2
        N = np.linalg.inv(mean)
        for i, j in itertools.product(range(n), repeat=2):
            D[i, j] += (runs[a][i] - runs[a][j]) @ N @ (runs[b][i] - runs[b][j]) / n_features
    return D / len(pairs)


def ledoit_wolf(E, degrees_of_freedom):
    """Covariance of centred residuals E (r, P), shrunk to a multiple of the identity."""
    r, p = E.shape
    S = E.T @ E / r
    mu = np.trace(S) / p
    d2 = np.sum((S - mu * np.eye(p)) ** 2)
    b2 = min(d2, sum(np.sum((np.outer(e, e) - S) ** 2) for e in E) / r**2)
    return r / degrees_of_freedom * (b2 / d2 * mu * np.eye(p) + (1 - b2 / d2) * S)


# --- comparisons of condensed dissimilarities -------------------------------------------------


def pair_covariance(sigma_k, n):
    """V, entry by entry."""
    S = np.eye(n) if sigma_k is None else sigma_k
    pairs = list(itertools.combinations(range(n), 2))
    return np.array(
        [[(S[i, k] - S[i, m] - S[j, k] + S[j, m]) ** 2 for k, m in pairs] for i, j in pairs]
    )


def tau(a, b, correct_ties):
    pairs = list(itertools.combinations(range(len(a)), 2))
    signs = [(np.sign(a[i] - a[j]), np.sign(b[i] - b[j])) for i, j in pairs]
    concordance = sum(s * t for s, t in signs)
    if not correct_ties:
        return concordance / len(pairs)
    return concordance / math.sqrt(sum(s * s for s, _ in signs) * sum(t * t for _, t in signs))


def rho_a(a, b):
    m = len(a)
    x, y = (stats.rankdata(v) - (m + 1) / 2 for v in (a, b))
    return 12 * sum(x * y) / (m**3 - m)


def product(compare, sigma_k, n):
    """The matrix A of the inner product a' A b of a linear comparison, and whether it centres."""
    if compare.startswith("whitened"):
        return np.linalg.inv(pair_covariance(sigma_k, n))
    return np.eye(n * (n - 1) // 2)


def centered(v, compare):
    return v - np.mean(v) if compare in ("pearson", "whitened_correlation") else v


def compare_rdms(a, b, compare, sigma_k=None):
    if compare in ("kendall", "kendall_a", "kendall_b"):
        return tau(a, b, compare == "kendall_b")
    if compare == "rho-a":
        return rho_a(a, b)
    if compare == "spearman":
        return np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1]
    A = product(compare, sigma_k, len(square(a)))
    a, b = centered(a, compare), centered(b, compare)
    return a @ A @ b / math.sqrt((a @ A @ a) * (b @ A @ b))


def best_average(vectors, compare, sigma_k=None):
    """Mean of the RDMs, each normalized as the comparison asks."""
    if compare in ("kendall", "kendall_a", "rho-a"):
        return np.mean([stats.rankdata(v) for v in vectors], axis=0)
    if compare in ("spearman", "kendall_b"):
        ranks = [stats.rankdata(v) - (len(v) + 1) / 2 for v in vectors]
        return np.round(np.mean([r / np.linalg.norm(r) for r in ranks], axis=0), 12)
    A = product(compare, sigma_k, len(square(vectors[0])))
    vectors = [centered(v, compare) for v in vectors]
    return np.mean([v / math.sqrt(v @ A @ v) for v in vectors], axis=0)


def noise_ceiling(vectors, compare, sigma_k=None):
    """Lower and upper."""

    def mean_score(average_of):
        scores = [
            compare_rdms(best_average(average_of(k), compare, sigma_k), v, compare, sigma_k)
            for k, v in enumerate(vectors)
        ]
        return np.mean(scores)

    others = mean_score(lambda k: [v for m, v in enumerate(vectors) if m != k])
    return others, mean_score(lambda k: vectors)


def fit_weights(y, models, compare, sigma_k=None):
    """Non-negative least squares, by trying each set of models that have a weight."""
    A = product(compare, sigma_k, len(square(y)))
    M = np.column_stack([centered(m, compare) for m in models])
    y = centered(y, compare)
    best, weights = y @ A @ y, np.zeros(len(models))
    for size in range(1, len(models) + 1):
        for chosen in itertools.combinations(range(len(models)), size):
            part = M[:, chosen]
            w = np.linalg.solve(part.T @ A @ part, part.T @ A @ y)
            loss = (y - part @ w) @ A @ (y - part @ w)
            if (w >= 0).all() and loss < best:
                best, weights = loss, np.zeros(len(models))
                weights[list(chosen)] = w
    return weights
