"""Literal, slow formulas of the maps from one representation onto another."""

import itertools
import math

import numpy as np
from scipy.linalg import sqrtm


def center(X):
    return X - X.mean(axis=0)


def residual(mapped, target):
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(mapped.ravel(), target.ravel())))


def padded(X, n_features):
    return np.hstack([X, np.zeros((len(X), n_features - X.shape[1]))])


def best_permutation(X, Y):
    """Least residual over all permutations of the zero-padded features."""
    width = max(X.shape[1], Y.shape[1])
    X, Y = padded(center(X), width), padded(center(Y), width)
    return min(residual(X[:, list(order)], Y) for order in itertools.permutations(range(width)))


def best_matching(X, Y):
    """Least residual over all choices of min(d, m) pairs of a source and a target feature."""
    X, Y = center(X), center(Y)
    n_pairs = min(X.shape[1], Y.shape[1])
    residuals = []
    for sources in itertools.permutations(range(X.shape[1]), n_pairs):
        for targets in itertools.combinations(range(Y.shape[1]), n_pairs):
            mapped = np.zeros_like(Y)
            for source, target in zip(sources, targets):
                mapped[:, target] = X[:, source]
            residuals.append(residual(mapped, Y))
    return min(residuals)


def procrustes_residual(X, Y, scaling=False):
    """Closed form of the least residual from the eigenvalues of a Gram product."""
    X, Y = center(X), center(Y)
    product = X.T @ Y @ Y.T @ X
    nuclear = sum(math.sqrt(max(v, 0)) for v in np.linalg.eigvalsh(product))
    x, y = (X**2).sum(), (Y**2).sum()
    if scaling:
        return math.sqrt(max(0.0, y - nuclear**2 / x))
    return math.sqrt(max(0.0, x + y - 2 * nuclear))


def with_ridge(X, shrinkage):
    S = center(X).T @ center(X)
    d = S.shape[0]
    return S + shrinkage / (1 - shrinkage) * np.trace(S) / d * np.eye(d)


def cca_map(X, Y, n_components, shrinkage):
    """Matrix (d, m) of the prediction through canonical variates, with matrix roots."""
    root_x = np.linalg.inv(sqrtm(with_ridge(X, shrinkage)).real)
    root_y = sqrtm(with_ridge(Y, shrinkage)).real
    A, rho, Bt = np.linalg.svd(root_x @ center(X).T @ center(Y) @ np.linalg.inv(root_y))
    return sum(rho[k] * np.outer(root_x @ A[:, k], Bt[k] @ root_y) for k in range(n_components))


def explained(predicted, target):
    """Share of the variance over all target features together."""
    total = sum(((target[i] - target.mean(axis=0)) ** 2).sum() for i in range(len(target)))
    rest = sum(((target[i] - predicted[i]) ** 2).sum() for i in range(len(target)))
    return 1 - rest / total
