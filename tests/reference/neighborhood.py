"""Literal, slow formulas of the neighbour measures."""

import itertools
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


def cycle_knn(X, Y, k, metric):
    x, y = neighbors(X, k, metric), neighbors(Y, k, metric)
    return sum(any(i in x[j] for j in y[i]) for i in range(len(X))) / len(X)


def cycle_knn_chance(X, k, metric):
    """Share of the sets of k other samples that hold one with i among its neighbours in X."""
    n, x = len(X), neighbors(X, k, metric)
    missed = [
        math.comb(n - 1 - sum(i in row for row in x), k) / math.comb(n - 1, k) for i in range(n)
    ]
    return 1 - sum(missed) / n


def longest_common_subsequence(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    for i, j in itertools.product(range(len(a)), range(len(b))):
        same = table[i, j] + 1 if a[i] == b[j] else 0
        table[i + 1, j + 1] = max(same, table[i, j + 1], table[i + 1, j])
    return table[-1, -1]


def lcs_knn(X, Y, k, metric):
    pairs = zip(neighbors(X, k, metric), neighbors(Y, k, metric), strict=True)
    return sum(longest_common_subsequence(a, b) for a, b in pairs) / (len(X) * k)


def increasing_length(h):
    """Mean longest increasing subsequence over all orders of h things."""
    orders = list(itertools.permutations(range(h)))
    return sum(longest_common_subsequence(range(h), order) for order in orders) / len(orders)


def partitions(h, largest=None):
    largest = h if largest is None else largest
    if h == 0:
        yield ()
    for part in range(min(h, largest), 0, -1):
        for rest in partitions(h - part, part):
            yield (part, *rest)


def tableaux(shape):
    """Number of standard Young tableaux, by the lengths of the hooks."""
    hooks = [
        size - column + sum(other > column for other in shape[row + 1 :])
        for row, size in enumerate(shape)
        for column in range(size)
    ]
    return math.factorial(sum(shape)) // math.prod(hooks)


def lcs_knn_chance(n, k):
    total = 0.0
    for h in range(1, k + 1):
        ways = math.comb(k, h) * math.comb(n - 1 - k, k - h) / math.comb(n - 1, k)
        lengths = sum(shape[0] * tableaux(shape) ** 2 for shape in partitions(h))
        total += ways * lengths / math.factorial(h)
    return total / k


def levenshtein(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(
        levenshtein(a[1:], b) + 1,
        levenshtein(a, b[1:]) + 1,
        levenshtein(a[1:], b[1:]) + (a[0] != b[0]),
    )


def edit_distance(a, b):
    """The same by its table."""
    table = np.zeros((len(a) + 1, len(b) + 1), dtype=int)
    table[:, 0], table[0] = range(len(a) + 1), range(len(b) + 1)
    for i, j in itertools.product(range(len(a)), range(len(b))):
        table[i + 1, j + 1] = min(
            table[i, j + 1] + 1, table[i + 1, j] + 1, table[i, j] + (a[i] != b[j])
        )
    return table[-1, -1]


def edit_knn(X, Y, k, metric):
    pairs = zip(neighbors(X, k, metric), neighbors(Y, k, metric), strict=True)
    return 1 - sum(edit_distance(a, b) for a, b in pairs) / (len(X) * k)


def largest_entries(K, k, with_self):
    """Mask (n, n) of the k largest entries of each row."""
    mask = np.zeros(K.shape)
    for i in range(len(K)):
        others = [j for j in range(len(K)) if with_self or j != i]
        mask[i, sorted(others, key=lambda j: (-K[i, j], j))[:k]] = 1
    return mask


def hsic(A, B, unbiased):
    n = len(A)
    if not unbiased:
        H = np.eye(n) - 1 / n
        return np.trace(A @ H @ B @ H)
    A, B = A - np.diag(np.diag(A)), B - np.diag(np.diag(B))
    one = np.ones(n)
    sums = A.sum() * B.sum() / ((n - 1) * (n - 2))
    return (np.trace(A @ B) + sums - 2 / (n - 2) * one @ A @ B @ one) / (n * (n - 3))


def cknna(X, Y, k, normalize=True, unbiased=True, form="hsic"):
    if normalize:
        X, Y = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (X, Y))
    K, L = X @ X.T, Y @ Y.T
    with_self = form == "hsic" and not unbiased
    M_K, M_L = largest_entries(K, k, with_self), largest_entries(L, k, with_self)
    M = M_K * M_L
    if form == "paper":
        a, b = (G - G.mean(axis=1, keepdims=True) for G in (K, L))
        return (M * a * b).sum() / math.sqrt((M_K * a**2).sum() * (M_L * b**2).sum())
    own = hsic(M_K * K, M_K * K, unbiased) * hsic(M_L * L, M_L * L, unbiased)
    return hsic(M * K, M * L, unbiased) / math.sqrt(own)


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
