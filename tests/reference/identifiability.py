"""Literal formulas of closeness in distribution and similarity of representations.

Loops, straight from the papers: Nielsen, Marconato, Dittadi, Gresele, "When Does Closeness in
Distribution Imply Representational Similarity? An Identifiability Perspective" (2025), and
Nielsen, Marconato, Gresele, Dittadi, Buchholz, "Logit Distance Bounds Representational
Similarity" (2026).
"""

import math
from itertools import combinations

import numpy as np


def log_probabilities(f, g):
    """log p(y|x) of p(y|x) ~ exp(f(x).g(y)), one number at a time."""
    result = np.empty((len(f), len(g)))
    for i in range(len(f)):
        logits = [sum(a * b for a, b in zip(f[i], g[y])) for y in range(len(g))]
        top = max(logits)
        log_z = top + math.log(sum(math.exp(u - top) for u in logits))
        for y in range(len(g)):
            result[i, y] = logits[y] - log_z
    return result


def kl_divergence(log_p, log_q):
    n, k = log_p.shape
    total = 0.0
    for i in range(n):
        for y in range(k):
            total += math.exp(log_p[i, y]) * (log_p[i, y] - log_q[i, y])
    return total / n


def squared_logit_distance(log_p, log_q):
    n, k = log_p.shape
    total = 0.0
    for i in range(n):
        mean_p, mean_q = sum(log_p[i]) / k, sum(log_q[i]) / k
        for y in range(k):
            total += ((log_p[i, y] - mean_p) - (log_q[i, y] - mean_q)) ** 2
    return total / n


def _std(values):
    values = list(values)
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def label_side(log_p, log_q, pivot, left_out):
    """The values of t1 (rest and base, interleaved) and of t3."""
    k = log_p.shape[1]
    t1, t3 = [], []
    for i in range(k):
        if i in (pivot, left_out):
            continue
        s = _std(log_p[:, i] - log_p[:, pivot])
        s_prime = _std(log_q[:, i] - log_q[:, pivot])
        t1.append(_std(log_p[:, i] / s - log_q[:, i] / s_prime))
        t1.append(_std(log_p[:, pivot] / s - log_q[:, pivot] / s_prime))
        t3.append(abs(s - s_prime))
    return t1, t3


def input_side(log_p, log_q, inputs):
    """The values of t2 (rest and base, interleaved) and of t4."""
    t2, t4 = [], []
    x_0 = inputs[0]
    for x in inputs[1:]:
        r = _std(log_p[x] - log_p[x_0])
        r_prime = _std(log_q[x] - log_q[x_0])
        t2.append(_std(log_p[x] / r - log_q[x] / r_prime))
        t2.append(_std(log_p[x_0] / r - log_q[x_0] / r_prime))
        t4.append(abs(r - r_prime))
    return t2, t4


def llv_terms(log_p, log_q, pivot, left_out, inputs, reduce="max"):
    """t1, t2, t3, t4."""
    summary = max if reduce == "max" else lambda values: sum(values) / len(values)
    t1, t3 = label_side(log_p, log_q, pivot, left_out)
    t2, t4 = input_side(log_p, log_q, inputs)
    return summary(t1), max(t2), summary(t3), summary(t4)


def best_label_pair(log_p, log_q, reduce="max"):
    """(t1, pivot, left-out label): all pairs tried, the first of the smallest."""
    summary = max if reduce == "max" else lambda values: sum(values) / len(values)
    k = log_p.shape[1]
    best = (math.inf, None, None)
    for pivot in range(k):
        for left_out in range(k):
            if left_out != pivot:
                t1 = summary(label_side(log_p, log_q, pivot, left_out)[0])
                if t1 < best[0]:
                    best = (t1, pivot, left_out)
    return best


def d_svd(Z, W):
    """1 - sum of singular values of the cross-correlation / number of columns."""
    n, m = Z.shape
    C = np.empty((m, m))
    for i in range(m):
        for j in range(m):
            z = (Z[:, i] - Z[:, i].mean()) / _std(Z[:, i])
            w = (W[:, j] - W[:, j].mean()) / _std(W[:, j])
            C[i, j] = sum(z * w) / (n - 1)
    return 1 - np.linalg.svd(C, compute_uv=False).sum() / m


def max_pls_svd(f1, g1, f2, g2, pivot, left_out, inputs):
    """d_f and d_g, from embeddings and unembeddings."""
    size = len(inputs) - 1
    others = [y for y in range(len(g1)) if y not in (pivot, left_out)]
    d_f = 0.0
    for labels in combinations(others, size):
        L1 = np.array([g1[y] - g1[pivot] for y in labels]).T
        L2 = np.array([g2[y] - g2[pivot] for y in labels]).T
        d_f = max(d_f, d_svd(f1 @ L1, f2 @ L2))
    N1 = np.array([f1[x] - f1[inputs[0]] for x in inputs[1:]]).T
    N2 = np.array([f2[x] - f2[inputs[0]] for x in inputs[1:]]).T
    return d_f, d_svd(g1 @ N1, g2 @ N2)


def squared_d_rep(f1, g1, f2, g2):
    """Mean over all pivots, label sets and inputs of ||f1 - A f2||^2."""
    k, size = g1.shape
    errors = []
    for pivot in range(k):
        for labels in combinations([y for y in range(k) if y != pivot], size):
            L1 = np.array([g1[y] - g1[pivot] for y in labels]).T
            L2 = np.array([g2[y] - g2[pivot] for y in labels]).T
            A = np.linalg.inv(L1.T) @ L2.T
            for x, x_prime in zip(f1, f2):
                errors.append(np.sum((x - A @ x_prime) ** 2))
    return sum(errors) / len(errors)


def mean_canonical_correlation(X, Y):
    """Mean over min(rank) canonical correlations."""
    bases = []
    for Z in (X, Y):
        U, s, _ = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)
        bases.append(U[:, s > 1e-10 * s[0]])
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return float(np.clip(correlations, 0, 1).mean())


# --- the public functions with their defaults, each from the formulas above -----------------


def logit_distance(log_p, log_q):
    return math.sqrt(squared_logit_distance(log_p, log_q))


def _jensen_shannon_rows(log_p, log_q):
    """Divergence of each row in bits."""
    for p, q in zip(np.exp(log_p), np.exp(log_q)):
        m = (p + q) / 2
        yield sum(p * np.log2(p / m)) / 2 + sum(q * np.log2(q / m)) / 2


def jensen_shannon_divergence(log_p, log_q):
    rows = list(_jensen_shannon_rows(log_p, log_q))
    return sum(rows) / len(rows)


def jensen_shannon_distance(log_p, log_q):
    roots = [math.sqrt(max(row, 0.0)) for row in _jensen_shannon_rows(log_p, log_q)]
    return sum(roots) / len(roots)


def dimension(log_p, log_q):
    """The larger rank of the doubly centered log-probabilities."""
    ranks = []
    for log in (log_p, log_q):
        centered = log - log.mean(axis=1, keepdims=True)
        ranks.append(np.linalg.matrix_rank(centered - centered.mean(axis=0), rtol=1e-6))
    return min(max(ranks), len(log_p) - 1)


def best_inputs(log_p, log_q, size):
    """The inputs (x_0, ..., x_M) with the smallest t2, of all."""
    everything = range(len(log_p))
    sets = [
        (first, *rest)
        for first in everything
        for rest in combinations([x for x in everything if x != first], size)
    ]
    return min(sets, key=lambda inputs: max(input_side(log_p, log_q, inputs)[0]))


def log_likelihood_variance_distance(log_p, log_q):
    _, pivot, left_out = best_label_pair(log_p, log_q)
    inputs = best_inputs(log_p, log_q, dimension(log_p, log_q))
    t1, t2, t3, t4 = llv_terms(log_p, log_q, pivot, left_out, inputs)
    return max(t1, t2, 1e-5 * t3, 1e-5 * t4)


def max_pls_svd_distance(log_p, log_q):
    """From the differences of log-probabilities, which are L^T f and N^T g."""
    _, pivot, left_out = best_label_pair(log_p, log_q)
    inputs = best_inputs(log_p, log_q, dimension(log_p, log_q))
    others = [y for y in range(log_p.shape[1]) if y not in (pivot, left_out)]
    size = min(len(inputs) - 1, len(others))
    d_f = max(
        d_svd(
            np.array([log_p[:, y] - log_p[:, pivot] for y in labels]).T,
            np.array([log_q[:, y] - log_q[:, pivot] for y in labels]).T,
        )
        for labels in combinations(others, size)
    )
    Z = np.array([log_p[x] - log_p[inputs[0]] for x in inputs[1:]]).T
    W = np.array([log_q[x] - log_q[inputs[0]] for x in inputs[1:]]).T
    return max(d_f, d_svd(Z, W))


def linear_identifiability_distance(f1, g1, f2, g2):
    return math.sqrt(squared_d_rep(f1, g1, f2, g2))


def logit_distance_from_embeddings(f1, g1, f2, g2):
    return logit_distance(log_probabilities(f1, g1), log_probabilities(f2, g2))


def log_likelihood_variance_distance_from_embeddings(f1, g1, f2, g2):
    return log_likelihood_variance_distance(log_probabilities(f1, g1), log_probabilities(f2, g2))


# --- models ---------------------------------------------------------------------------------


def random_model(rng, n=30, k=5, size=2, scale=1.0):
    """Embeddings and unembeddings of one random model."""
    return rng.standard_normal((n, size)) * scale, rng.standard_normal((k, size)) * scale


def gauge(rng, f, g):
    """A twin of the model: other embeddings and unembeddings, the same distribution."""
    size = f.shape[1]
    B = rng.standard_normal((size, size)) + 2 * np.eye(size)
    while np.linalg.cond(B) > 50:
        B = rng.standard_normal((size, size)) + 2 * np.eye(size)
    return f @ B.T, g @ np.linalg.inv(B) + rng.standard_normal(size)


def nearly_constant_model(rng, n=30, k=5):
    """The same distribution for every input, up to the rounding of logits that shift by row."""
    logits = rng.standard_normal(k) + 7 * rng.standard_normal((n, 1))
    return np.array([[u - math.log(sum(math.exp(v) for v in row)) for u in row] for row in logits])


def information_gain_norm(f, g, shares, base):
    """Half the squared norm under the covariance of the unembeddings, label by label."""
    center = sum(w * row for w, row in zip(shares, f))
    inputs, weights = (f, shares) if base == "marginal" else ([center], [1.0])
    q = np.zeros(len(g))
    for weight, row in zip(weights, inputs):
        odds = np.array([np.exp(row @ label) for label in g])
        q += weight * odds / odds.sum()
    mean = sum(share * label for share, label in zip(q, g))
    values = []
    for row in f:
        logits = [(row - center) @ (label - mean) for label in g]
        values.append(0.5 * sum(share * logit**2 for share, logit in zip(q, logits)))
    return values
