"""Similarity measures straight from their definitions: slow, literal, for few samples."""

import itertools
import math

import numpy as np
from scipy import linalg, stats

from tests.reference import rdm as rdm_reference


def golden_pair(n, d1, d2, seed):
    """The input of the independent reference values."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, 5))
    X = Z @ rng.standard_normal((5, d1))
    X = X + 0.5 * rng.standard_normal((n, d1)) + rng.standard_normal(d1)
    Y = Z @ rng.standard_normal((5, d2))
    Y = Y + 0.5 * rng.standard_normal((n, d2)) + rng.standard_normal(d2)
    return X, Y


def noisy_pair(seed, n, d1, d2, noise):
    """Some of the features of X, with noise, are Y."""
    rng = np.random.RandomState(seed)
    X = rng.randn(n, d1)
    return X, X[:, :d2] + noise * rng.randn(n, d2)


def centered(X):
    return X - X.mean(axis=0)


def linear_kernel(X):
    X = centered(X)
    return np.array([[x @ y for y in X] for x in X])


def rbf_kernel(X, gamma):
    return np.array([[math.exp(-gamma * np.sum((x - y) ** 2)) for y in X] for x in X])


def distance_matrix(X):
    return np.array([[math.sqrt(np.sum((x - y) ** 2)) for y in X] for x in X])


def median_gamma(X):
    distances = distance_matrix(X)[np.triu_indices(len(X), k=1)]
    return 1.0 / (2.0 * np.median(distances) ** 2)


def hsic_biased(K, L):
    H = np.eye(len(K)) - 1.0 / len(K)
    return np.trace(K @ H @ L @ H)


def hsic_unbiased(K, L):
    """Song et al.: the U-statistic from kernels with zero diagonals, times n (n - 3)."""
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    ones = np.ones(n)
    return (
        np.trace(K @ L)
        + (ones @ K @ ones) * (ones @ L @ ones) / ((n - 1) * (n - 2))
        - 2.0 / (n - 2) * (ones @ K @ L @ ones)
    )


def cka(K, L, unbiased):
    hsic = hsic_unbiased if unbiased else hsic_biased
    return hsic(K, L) / math.sqrt(hsic(K, K) * hsic(L, L))


def distance_correlation(X, Y, unbiased):
    A, B = distance_matrix(X), distance_matrix(Y)
    if unbiased:
        return cka(A, B, True)
    n = len(X)

    def double_centered(D):
        rows = [
            [D[i, j] - D[i].mean() - D[:, j].mean() + D.mean() for j in range(n)] for i in range(n)
        ]
        return np.array(rows)

    A, B = double_centered(A), double_centered(B)
    return math.sqrt((A * B).sum() / math.sqrt((A * A).sum() * (B * B).sum()))


def canonical_pairs(X, Y):
    """Correlations and variates by eigenvectors of S_x^-1 S_xy S_y^-1 S_yx."""
    X, Y = centered(X), centered(Y)
    Sx, Sy, Sxy = X.T @ X, Y.T @ Y, X.T @ Y
    values, vectors = np.linalg.eig(np.linalg.inv(Sx) @ Sxy @ np.linalg.inv(Sy) @ Sxy.T)
    order = np.argsort(values.real)[::-1][: min(X.shape[1], Y.shape[1])]
    variates = X @ vectors[:, order].real
    return np.sqrt(values.real[order]), variates / np.linalg.norm(variates, axis=0)


def canonical_correlations(X, Y):
    return canonical_pairs(X, Y)[0]


def truncated_canonical_correlations(X, Y, rtol):
    """Of the principal directions whose singular value is above ``rtol`` times the largest."""

    def basis(A):
        U, singular, _ = np.linalg.svd(centered(A), full_matrices=False)
        return U[:, singular > rtol * singular[0]]

    return np.linalg.svd(basis(X).T @ basis(Y), compute_uv=False)


def regularized_cca(X, Y, kappa, joint=True):
    """Singular values with shrunk covariances, through symmetric inverse roots.

    ``joint`` shrinks the covariance between the sides with them.
    """
    X, Y = centered(X), centered(Y)

    def inverse_root(A):
        S = (1 - kappa) * A.T @ A + kappa * np.trace(A.T @ A) / A.shape[1] * np.eye(A.shape[1])
        values, vectors = np.linalg.eigh(S)
        return vectors @ np.diag(values**-0.5) @ vectors.T

    product = inverse_root(X) @ X.T @ Y @ inverse_root(Y)
    return (1 - kappa if joint else 1.0) * np.linalg.svd(product, compute_uv=False)


def leading_components(X, variance):
    X = centered(X)
    _, singular, Vt = np.linalg.svd(X, full_matrices=False)
    total, kept = 0.0, 0
    while total < variance * np.sum(singular**2):
        total += singular[kept] ** 2
        kept += 1
    return X @ Vt[:kept].T


def pwcca(X, Y):
    rho, variates = canonical_pairs(X, Y)
    weights = [sum(abs(h @ x) for x in centered(X).T) for h in variates.T]
    return np.dot(weights, rho) / np.sum(weights)


def column_space(X):
    """Orthonormal basis, by the singular values that are not rounding."""
    U, singular, _ = np.linalg.svd(X, full_matrices=False)
    return U[:, singular > 1e-10 * singular[0]]


def eigenspace_overlap(X, Y, center=True):
    U, V = (column_space(centered(Z) if center else Z) for Z in (X, Y))
    return np.linalg.norm(U.T @ V) ** 2 / max(U.shape[1], V.shape[1])


def aligned_cosine(X, Y, center=True):
    X, Y = (centered(Z) if center else Z for Z in (X, Y))
    width = max(X.shape[1], Y.shape[1])
    X, Y = padded(X, width), padded(Y, width)
    U, _, Vt = np.linalg.svd(X.T @ Y)
    pairs = zip(X @ U @ Vt, Y, strict=True)
    return np.mean([x @ y / math.sqrt((x @ x) * (y @ y)) for x, y in pairs])


def procrustes_correlation(X, Y):
    X, Y = centered(X), centered(Y)
    nuclear = np.linalg.svd(X.T @ Y, compute_uv=False).sum()
    return nuclear / (np.linalg.norm(X) * np.linalg.norm(Y))


def bures_distance(X, Y):
    """Bures distance of the Gram matrices, by matrix roots."""
    K, L = linear_kernel(X), linear_kernel(Y)

    def root(A):
        values, vectors = np.linalg.eigh(A)
        return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T

    cross = np.trace(root(root(K) @ L @ root(K)))
    return math.sqrt(np.trace(K) + np.trace(L) - 2 * cross)


def noisy_responses(seed, n, n_repeats, d):
    """Two networks of d units; the first one's noise grows with the unit."""
    rng = np.random.RandomState(seed)
    X = rng.randn(n, 1, d) + 0.5 * rng.randn(n, n_repeats, d) * (1 + np.arange(d))
    return X, rng.randn(n, 1, d) + 0.5 * rng.randn(n, n_repeats, d)


def gaussian_wasserstein(means_a, covariances_a, means_b, covariances_b):
    """Root of the mean of the squared 2-Wasserstein distances of pairs of Gaussians."""
    total = 0.0
    for mu, A, nu, B in zip(means_a, covariances_a, means_b, covariances_b, strict=True):
        root = linalg.sqrtm(A)
        cross = linalg.sqrtm(root @ B @ root)
        total += np.sum((mu - nu) ** 2) + np.trace(A + B - 2 * cross).real
    return math.sqrt(total / len(means_a))


def shape_distance(X, Y, alpha, whitening="power", center=True):
    """Angular Procrustes distance of X S^(-(1 - alpha) / 2), or X (alpha I + (1 - alpha) S^-1/2).

    S is the scatter matrix of X.
    """

    def whitened(A):
        A = centered(A) if center else A
        values, vectors = np.linalg.eigh(A.T @ A)
        power = values ** (-(1 - alpha) / 2)
        factors = power if whitening == "power" else alpha + (1 - alpha) * values**-0.5
        return A @ vectors @ np.diag(factors) @ vectors.T

    A, B = whitened(X), whitened(Y)
    nuclear = np.linalg.svd(A.T @ B, compute_uv=False).sum()
    return math.acos(min(1.0, nuclear / (np.linalg.norm(A) * np.linalg.norm(B))))


def held_out_shape_distance(X, Y, train, test):
    """Angle of the test samples, moved and rotated as the training samples."""
    width = max(X.shape[1], Y.shape[1])
    X, Y = padded(X, width), padded(Y, width)
    X, Y = X - X[train].mean(axis=0), Y - Y[train].mean(axis=0)
    U, _, Vt = np.linalg.svd(X[train].T @ Y[train])
    A, B = X[test] @ U @ Vt, Y[test]
    return math.acos(np.sum(A * B) / (np.linalg.norm(A) * np.linalg.norm(B)))


def padded(X, width):
    return np.hstack([X, np.zeros((len(X), width - X.shape[1]))])


def permutation_distance(X, Y):
    """Size and shape, over all permutations."""
    width = max(X.shape[1], Y.shape[1])
    X, Y = padded(centered(X), width), padded(centered(Y), width)
    orders = itertools.permutations(range(width))
    return min(np.linalg.norm(X[:, list(order)] - Y) for order in orders)


def soft_matching_distance(X, Y):
    """By all matchings of copies of the features, as many of either side."""
    X, Y = centered(X), centered(Y)
    size = math.lcm(X.shape[1], Y.shape[1])
    X, Y = np.repeat(X, size // X.shape[1], axis=1), np.repeat(Y, size // Y.shape[1], axis=1)
    costs = [
        sum(np.sum((X[:, i] - Y[:, j]) ** 2) for i, j in zip(range(size), order, strict=True))
        for order in itertools.permutations(range(size))
    ]
    return math.sqrt(min(costs) / size)


def correlations(X, Y, method="pearson"):
    correlate = stats.pearsonr if method == "pearson" else stats.spearmanr
    return np.array([[correlate(x, y).statistic for y in Y.T] for x in X.T])


def matched_mean(R):
    """Best mean over one-to-one matchings, by trying all of them."""
    R = R if R.shape[0] <= R.shape[1] else R.T
    rows = range(R.shape[0])
    orders = itertools.permutations(range(R.shape[1]), R.shape[0])
    return max(np.mean([R[i, j] for i, j in zip(rows, order, strict=True)]) for order in orders)


def semi_matched_mean(R):
    return (R.max(axis=1).mean() + R.max(axis=0).mean()) / 2


def gulp(X, Y, reg):
    X, Y = (centered(Z) / np.linalg.norm(centered(Z)) for Z in (X, Y))
    Sx, Sy, Sxy = X.T @ X, Y.T @ Y, X.T @ Y
    A = np.linalg.inv(Sx + reg * np.eye(len(Sx)))
    B = np.linalg.inv(Sy + reg * np.eye(len(Sy)))
    own = np.trace(A @ Sx @ A @ Sx) + np.trace(B @ Sy @ B @ Sy)
    return math.sqrt(own - 2 * np.trace(A @ Sxy @ B @ Sxy.T))


def dissimilarities(X, rdm):
    """Condensed, pair by pair."""

    def one(x, y):
        if rdm == "correlation":
            return 1 - np.corrcoef(x, y)[0, 1]
        if rdm == "cosine":
            return 1 - x @ y / math.sqrt((x @ x) * (y @ y))
        squared = np.sum((x - y) ** 2)
        return squared if rdm == "sqeuclidean" else math.sqrt(squared)

    return np.array([one(X[i], X[j]) for i in range(len(X)) for j in range(i + 1, len(X))])


def tau_a(a, b):
    signs = [np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i in range(len(a)) for j in range(i)]
    return np.mean(signs)


def rsa(X, Y, rdm, compare):
    a, b = dissimilarities(X, rdm), dissimilarities(Y, rdm)
    if compare == "spearman":
        return stats.spearmanr(a, b).statistic
    if compare == "pearson":
        return stats.pearsonr(a, b).statistic
    if compare == "cosine":
        return a @ b / math.sqrt((a @ a) * (b @ b))
    if compare in ("kendall", "kendall_a"):
        return tau_a(a, b)
    return rdm_reference.compare_rdms(a, b, compare)


def riemannian(A, B):
    """By eigenvalues of A^-1 B."""
    return math.sqrt(np.sum(np.log(np.linalg.eigvals(np.linalg.solve(A, B)).real) ** 2))


def linear_r2(X, Y):
    """In-sample share of variance that least squares on X explains."""
    X, Y = centered(X), centered(Y)
    residual = Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    return 1 - np.sum(residual**2) / np.sum(Y**2)
