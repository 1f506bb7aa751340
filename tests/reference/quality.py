"""Literal, slow formulas of the quality of one representation and of functional similarity."""

import itertools
import math

import numpy as np


def make_quality_data():
    """The data of the reference values, and its positive partner."""
    X = np.random.default_rng(4).standard_normal((200, 10)) * 0.8 ** np.arange(10) + 0.3
    return X, X + 0.1 * np.random.default_rng(5).standard_normal((200, 10))


def covariance_eigenvalues(X):
    return np.clip(np.linalg.eigvalsh(np.cov(X, rowvar=False).reshape(X.shape[1], -1)), 0, None)


def participation_ratio(X):
    values = covariance_eigenvalues(X)
    return sum(values) ** 2 / sum(v**2 for v in values)


def isoscore(X):
    """The published algorithm, step by step (Rudman et al. 2022)."""
    d = X.shape[1]
    principal = (X - X.mean(axis=0)) @ np.linalg.eigh(np.cov(X, rowvar=False))[1]
    diagonal = np.diag(np.cov(principal, rowvar=False))
    normalized = math.sqrt(d) * diagonal / np.linalg.norm(diagonal)
    defect = np.linalg.norm(normalized - np.ones(d)) / math.sqrt(2 * (d - math.sqrt(d)))
    share = (d - defect**2 * (d - math.sqrt(d))) ** 2 / d**2
    return (d * share - 1) / (d - 1)


def entropy_rank(sigma, eps=0.0):
    shares = [s / sum(sigma) + eps for s in sigma]
    return math.exp(-sum(p * math.log(p) for p in shares if p > 0))


def effective_rank(X):
    return entropy_rank(np.linalg.svd(X - X.mean(axis=0), compute_uv=False))


def rankme(X, eps=1e-7):
    return entropy_rank(np.linalg.svd(X, compute_uv=False), eps)


def stable_rank(X):
    sigma = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    return sum(s**2 for s in sigma) / sigma[0] ** 2


def unit(X):
    return np.array([row / math.sqrt(sum(v * v for v in row)) for row in X])


def cosine_matrix(X):
    return unit(X) @ unit(X).T


def nuclear_norm(X):
    return sum(np.linalg.svd(unit(X), compute_uv=False))


def code_redundancy(codes):
    return 1 - len({tuple(row > 0) for row in np.asarray(codes)}) / len(codes)


def log_volume(Z, factor):
    """1/2 log det(I + factor Z^T Z)."""
    return math.log(np.linalg.det(np.eye(Z.shape[1]) + factor * Z.T @ Z)) / 2


def coding_rate(X, eps=0.5, normalize=True):
    Z = unit(X) if normalize else X
    n, d = Z.shape
    return log_volume(Z, d / (n * eps**2))


def rate_reduction(X, y, eps=0.5, normalize=True):
    within = sum(np.mean(y == c) * coding_rate(X[y == c], eps, normalize) for c in np.unique(y))
    return coding_rate(X, eps, normalize) - within


def sparse_rate_reduction(X, subspaces, eps, penalty, norm="l0", normalize=True):
    Z = unit(X) if normalize else X
    n = len(Z)
    within = sum(log_volume(Z @ U, U.shape[1] / (n * eps**2)) for U in subspaces)
    entries = [1.0 if norm == "l0" else abs(z) for z in Z.ravel() if z != 0]
    return coding_rate(X, eps, normalize) - within - penalty * sum(entries) / n


def vendi(K, q):
    """From the n x n kernel matrix."""
    values = np.linalg.eigvalsh(K / len(K))
    values = [v for v in values if v > 1e-12]
    if q == 1:
        return math.exp(-sum(v * math.log(v) for v in values))
    if q == math.inf:
        return 1 / max(values)
    return sum(v**q for v in values) ** (1 / (1 - q))


def kernel_distance(X, Y, k):
    """By three sums over pairs of rows."""
    m, n = len(X), len(Y)
    xx = sum(k(X[i], X[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    yy = sum(k(Y[i], Y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return xx + yy - 2 * sum(k(x, y) for x in X for y in Y) / (m * n)


def cubic_kernel(x, y):
    return (x @ y / len(x) + 1) ** 3


def gaussian_kernel(x, y):
    return math.exp(-((x - y) ** 2).sum() / len(x))


def uniformity(X, t=2):
    rows = unit(X)
    pairs = itertools.combinations(rows, 2)
    potentials = [math.exp(-t * sum((a - b) ** 2)) for a, b in pairs]
    return math.log(sum(potentials) / len(potentials))


def alignment(X, X_positive, alpha=2):
    pairs = list(zip(unit(X), unit(X_positive), strict=True))
    return sum(math.dist(a, b) ** alpha for a, b in pairs) / len(pairs)


def anisotropy(X):
    cosines = cosine_matrix(X)
    n = len(X)
    return sum(cosines[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))


def neighbor_distances(X):
    """Sorted distances of each row to the others, itself left out by its index."""
    rows = [sorted(math.dist(X[i], X[j]) for j in range(len(X)) if j != i) for i in range(len(X))]
    return np.array(rows)


def two_nn(X):
    distances = neighbor_distances(X)
    mu = sorted(distances[:, 1] / distances[:, 0])
    n = len(mu)
    kept = int(n * 0.9)
    x = [math.log(m) for m in mu[:kept]]
    y = [-math.log(1 - i / n) for i in range(1, kept + 1)]
    return sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)


def levina_bickel(X, k):
    inverses = []
    for row in neighbor_distances(X):
        inverses.append(sum(math.log(row[k - 1] / row[j]) for j in range(k - 1)) / (k - 1))
    return 1 / (sum(inverses) / len(inverses))


def local_dimensions(X, k, method="mle"):
    values = []
    for row in neighbor_distances(X):
        if method == "mle":
            values.append((k - 1) / sum(math.log(row[k - 1] / row[j]) for j in range(k - 1)))
        else:
            mean = sum(row[: k - 1]) / (k - 1)
            values.append(mean / (row[k - 1] - mean))
    return np.array(values)


def geometric_mean(values):
    return math.prod(values) ** (1 / len(values))


def pair_variance(A, B):
    """Class-distance normalised variance of the samples of two classes."""
    mean_a, mean_b = A.mean(axis=0), B.mean(axis=0)
    var_a = sum(math.dist(a, mean_a) ** 2 for a in A) / len(A)
    var_b = sum(math.dist(b, mean_b) ** 2 for b in B) / len(B)
    return (var_a + var_b) / (2 * math.dist(mean_a, mean_b) ** 2)


def neural_collapse(X, y, W=None, b=None):
    classes = sorted(set(y))
    C = len(classes)
    mean = X.mean(axis=0)
    means = {c: X[y == c].mean(axis=0) for c in classes}
    within = sum(np.outer(x - means[c], x - means[c]) for x, c in zip(X, y, strict=True)) / len(X)
    between = sum(np.outer(means[c] - mean, means[c] - mean) for c in classes) / C
    M = np.array([means[c] - mean for c in classes])
    variances = {c: np.mean([sum((x - means[c]) ** 2) for x in X[y == c]]) for c in classes}
    pairs = list(itertools.combinations(classes, 2))
    norms = [math.sqrt(m @ m) for m in M]
    cosines = [M[i] @ M[j] / (norms[i] * norms[j]) for i, j in itertools.combinations(range(C), 2)]
    gram = M @ M.T
    simplex = (np.eye(C) - np.ones((C, C)) / C) / math.sqrt(C - 1)
    result = {
        "nc1": np.trace(within @ np.linalg.pinv(between, rcond=1e-12)) / C,
        "nc1_trace_ratio": np.trace(within) / np.trace(between),
        "nc1_cdnv": np.mean(
            [
                (variances[a] + variances[b]) / (2 * sum((means[a] - means[b]) ** 2))
                for a, b in pairs
            ]
        ),
        "nc2": np.sqrt(((gram / np.sqrt((gram**2).sum()) - simplex) ** 2).sum()),
        "nc2_equinorm": np.std(norms) / np.mean(norms),
        "nc2_equiangularity": np.std(cosines),
        "nc2_maximal_angle": np.mean([abs(c + 1 / (C - 1)) for c in cosines]),
    }
    if W is not None:
        gap = W / np.sqrt((W**2).sum()) - M / np.sqrt((M**2).sum())
        result["nc3"] = (gap**2).sum()
        chosen = [classes[int(np.argmax(W @ x + b))] for x in X]
        nearest = [min(classes, key=lambda c: sum((x - means[c]) ** 2)) for x in X]
        result["nc4"] = np.mean([a != b for a, b in zip(chosen, nearest, strict=True)])
    return result


def disagreement(a, b):
    return sum(x != y for x, y in zip(a, b, strict=True)) / len(a)


def minmax_disagreement(y, a, b):
    error_a, error_b = disagreement(y, a), disagreement(y, b)
    least = abs(error_a - error_b)
    return (disagreement(a, b) - least) / (min(error_a + error_b, 1) - least)


def jensen_shannon_rows(P, Q):
    """Divergence of each row, in bits, from the probabilities."""
    rows = []
    for p, q in zip(P, Q, strict=True):
        m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        left = sum(a * math.log2(a / c) for a, c in zip(p, m, strict=True))
        right = sum(b * math.log2(b / c) for b, c in zip(q, m, strict=True))
        rows.append((left + right) / 2)
    return rows


def error_consistency(y, a, b):
    """Cohen's kappa of the correctness of two predictions."""
    n = len(y)
    right_a, right_b = [u == v for u, v in zip(a, y)], [u == v for u, v in zip(b, y)]
    observed = sum(u == v for u, v in zip(right_a, right_b)) / n
    share_a, share_b = sum(right_a) / n, sum(right_b) / n
    expected = share_a * share_b + (1 - share_a) * (1 - share_b)
    return (observed - expected) / (1 - expected)
