"""Literal formulas of information, entropies and probes."""

import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, log_softmax

# --- entropies and information of discrete variables ----------------------------------------------


def entropy(values):
    """Of the distribution of equal items, in nats."""
    items = [tuple(np.atleast_1d(v)) for v in values]
    shares = [items.count(item) / len(items) for item in set(items)]
    return -sum(p * math.log(p) for p in shares)


def information(a, b):
    return entropy(a) + entropy(b) - entropy(list(zip(a, b)))


def ross(z, s, n_neighbors):
    """Information of a continuous and a discrete variable, by Ross (2014)."""
    terms = []
    for i in range(len(z)):
        own = np.flatnonzero(s == s[i])
        k = min(n_neighbors, len(own) - 1)
        radius = np.sort(np.abs(z[own] - z[i]))[k]
        m = np.sum(np.abs(z - z[i]) < radius)
        terms.append(digamma(len(z)) + digamma(k) - digamma(len(own)) - digamma(m))
    return np.mean(terms)


# --- InfoMEC ------------------------------------------------------------------------------------


def explicitness(features, s):
    """By descent on the cross-entropy of a softmax of a linear map."""
    levels, codes = np.unique(s, return_inverse=True)
    F = np.column_stack([features, np.ones(len(s))])

    def loss(w):
        log_p = log_softmax(F @ w.reshape(F.shape[1], -1), axis=1)
        residual = np.exp(log_p) - np.eye(len(levels))[codes]
        return -log_p[np.arange(len(s)), codes].mean(), (F.T @ residual).ravel() / len(s)

    start = np.zeros(F.shape[1] * len(levels))
    options = {"maxiter": 10_000, "gtol": 1e-9, "ftol": 1e-15}
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return 1 - best.fun / entropy(s)


def infomec_discrete(S, Z):
    P = np.array([[information(s, z) / entropy(s) for z in Z.T] for s in S.T])
    n_s, n_z = P.shape
    modularity = np.mean([P[:, j].max() / P[:, j].sum() for j in range(n_z)])
    compactness = np.mean([P[i].max() / P[i].sum() for i in range(n_s)])
    one_hot = np.column_stack([z == level for z in Z.T for level in np.unique(z)]).astype(float)
    return {
        "nmi": P,
        "modularity": (modularity - 1 / n_s) / (1 - 1 / n_s),
        "compactness": (compactness - 1 / n_z) / (1 - 1 / n_z),
        "explicitness": np.mean([explicitness(one_hot, s) for s in S.T]),
    }


# --- information and entropy of continuous variables ----------------------------------------------


def ksg(X, Y, n_neighbors):
    n, total = len(X), 0.0
    for i in range(n):
        x, y = np.abs(X - X[i]).max(axis=1), np.abs(Y - Y[i]).max(axis=1)
        radius = np.sort(np.maximum(x, y))[n_neighbors]
        total += digamma(np.sum(x < radius)) + digamma(np.sum(y < radius))
    return digamma(n_neighbors) + digamma(n) - total / n


def kozachenko_leonenko(X, n_neighbors):
    n, d = X.shape
    radii = [np.sort(np.sqrt(((X - x) ** 2).sum(axis=1)))[n_neighbors] for x in X]
    volume = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    return digamma(n) - digamma(n_neighbors) + math.log(volume) + d * np.mean(np.log(radii))


def gaussian_information(correlations):
    return -0.5 * np.sum(np.log(1 - np.asarray(correlations) ** 2))


def binned(H, y, n_bins, strategy="quantile"):
    u = np.unique(H)
    if strategy == "quantile":
        edges = [u[int(i * len(u) / n_bins)] for i in range(1, n_bins)]
    else:
        edges = [u[0] + i * (u[-1] - u[0]) / n_bins for i in range(1, n_bins)]
    codes = [tuple(sum(v >= edge for edge in edges) for v in row) for row in H]
    within = 0.0
    for label in set(y):
        own = [code for code, other in zip(codes, y) if other == label]
        within += len(own) / len(codes) * entropy(own)
    return entropy(codes) / math.log(2), (entropy(codes) - within) / math.log(2)


# --- usable information ---------------------------------------------------------------------------


def _parts(y, cv, classes):
    """Consecutive folds; of classes each class in turn, in the order in which they appear."""
    n = len(y)
    if cv is None:
        return [(np.arange(n), np.arange(n))]
    folds = np.empty(n, dtype=int)
    if classes:
        _, first, codes = np.unique(y, return_index=True, return_inverse=True)
        ranks = np.argsort(np.argsort(first))[codes]
        turns = np.array([np.bincount(np.sort(ranks)[i::cv], minlength=3) for i in range(cv)])
        for c in range(turns.shape[1]):
            folds[ranks == c] = np.repeat(np.arange(cv), turns[:, c])
    else:
        sizes = [n // cv + (i < n % cv) for i in range(cv)]
        folds = np.repeat(np.arange(cv), sizes)
    return [(np.flatnonzero(folds != i), np.flatnonzero(folds == i)) for i in range(cv)]


def _softmax_probe(F, codes, n_classes, penalty):
    """Weights that minimise the sum of the losses plus half their squared norm, offsets free."""
    F = np.column_stack([F, np.ones(len(F))])

    def loss(w):
        W = w.reshape(F.shape[1], n_classes)
        log_p = log_softmax(F @ W, axis=1)
        residual = F.T @ (np.exp(log_p) - np.eye(n_classes)[codes])
        residual[:-1] += penalty * W[:-1]
        value = -log_p[np.arange(len(F)), codes].sum() + penalty / 2 * (W[:-1] ** 2).sum()
        return value, residual.ravel()

    options = {"maxiter": 10_000, "gtol": 1e-9, "ftol": 1e-16}
    start = np.zeros(F.shape[1] * n_classes)
    return minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x.reshape(
        -1, n_classes
    )


def class_information(X, y, cv):
    codes = np.unique(y, return_inverse=True)[1]
    n_classes = codes.max() + 1
    gains = []
    for train, test in _parts(y, cv, classes=True):
        mean, std = X[train].mean(axis=0), X[train].std(axis=0)
        W = _softmax_probe((X[train] - mean) / std, codes[train], n_classes, 1.0)
        log_p = log_softmax(np.column_stack([(X[test] - mean) / std, np.ones(len(test))]) @ W, 1)
        shares = np.array([np.mean(codes[train] == c) for c in range(n_classes)])
        gains += [log_p[i, c] - math.log(shares[c]) for i, c in enumerate(codes[test])]
    return np.mean(gains)


def held_out_r2(X, y, cv):
    errors, totals = 0.0, 0.0
    for train, test in _parts(y, cv, classes=False):
        A = np.column_stack([X[train], np.ones(len(train))])
        w = np.linalg.lstsq(A, y[train], rcond=None)[0]
        predicted = np.column_stack([X[test], np.ones(len(test))]) @ w
        errors += ((y[test] - predicted) ** 2).sum() / y[train].var()
        totals += ((y[test] - y[train].mean()) ** 2).sum() / y[train].var()
    return 1 - errors / totals
