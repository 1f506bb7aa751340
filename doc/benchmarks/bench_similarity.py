"""Similarity of paired representations against the usual formulas and the products they need."""

import argparse
import warnings

from _measure import FOLDER, cpu_seconds, extra_memory, interleaved, write_csv, write_environment

# isort: split
import numpy as np
from scipy import stats
from sklearn.cross_decomposition import CCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel
from sklearn.neighbors import NearestNeighbors

from sksim import metrics
from sksim._search import _exact


def pair(n, d, dtype=np.float32, seed=0):
    """Two noisy views of 50 common directions."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 50))
    views = [
        common @ rng.standard_normal((50, d)) + 3 * rng.standard_normal((n, d)) for _ in range(2)
    ]
    return [view.astype(dtype) for view in views]


def center_kernel(K):
    return K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()


def kernel_cka(K, L):
    K, L = center_kernel(K), center_kernel(L)
    return (K * L).sum() / np.sqrt((K * K).sum() * (L * L).sum())


def unbiased_kernel_cka(K, L):
    def product(K, L):
        n, u, v = len(K), K.sum(axis=0), L.sum(axis=0)
        return (K * L).sum() + u.sum() * v.sum() / ((n - 1) * (n - 2)) - 2 * u @ v / (n - 2)

    K, L = K.copy(), L.copy()
    np.fill_diagonal(K, 0)
    np.fill_diagonal(L, 0)
    return product(K, L) / np.sqrt(product(K, K) * product(L, L))


def gram_cka(X, Y, unbiased):
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    return (unbiased_kernel_cka if unbiased else kernel_cka)(X @ X.T, Y @ Y.T)


def three_products(X, Y):
    return X.T @ X, Y.T @ Y, X.T @ Y


def two_gram_products(X, Y, n_rows=1024):
    """Both Gram matrices once, in blocks, nothing kept."""
    out = np.empty((n_rows, len(X)), dtype=X.dtype)
    for A in (X, Y):
        for start in range(0, len(A), n_rows):
            block = A[start : start + n_rows]
            np.matmul(block, A.T, out=out[: len(block)])


def rbf_cka(X, Y):
    kernels = []
    for A in (X, Y):
        A = A.astype(np.float64)
        median = np.median(euclidean_distances(A[:1000])[np.triu_indices(min(1000, len(A)), 1)])
        kernels.append(rbf_kernel(A, gamma=0.5 / median**2))
    return unbiased_kernel_cka(*kernels)


def distance_correlation(X, Y):
    """Biased estimator on both full distance matrices."""
    A, B = (center_kernel(euclidean_distances(A.astype(np.float64))) for A in (X, Y))
    return (A * B).mean() / np.sqrt((A * A).mean() * (B * B).mean())


def correlations_qr(X, Y):
    bases = [np.linalg.qr(A - A.mean(axis=0))[0] for A in (X, Y)]
    return np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)


def correlations_sklearn(X, Y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = CCA(n_components=X.shape[1], max_iter=1000).fit(X, Y)
    U, V = model.transform(X, Y)
    return np.array([np.corrcoef(u, v)[0, 1] for u, v in zip(U.T, V.T)])


def mutual_knn_loop(X, Y, k=10):
    lists = [
        NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute")
        .fit(A)
        .kneighbors(return_distance=False)
        for A in (X, Y)
    ]
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*lists)])


def mutual_knn_without_numba(X, Y):
    """The same where numba is not installed."""
    compiled = _exact.compiled
    _exact.compiled = lambda kernel: None
    try:
        return metrics.mutual_knn_score(X, Y)
    finally:
        _exact.compiled = compiled


def rsa_scipy(X, Y):
    upper = np.triu_indices(len(X), 1)
    condensed = [(1 - np.corrcoef(A))[upper] for A in (X, Y)]
    return stats.spearmanr(*condensed).statistic


def cases(args):
    """Name, shape, dtype, sksim's call, its peers and floors."""
    n, d = args.n, args.d
    X, Y = pair(n, d)
    floor = ("three products", lambda: three_products(X, Y))
    for unbiased in (True, False):
        yield (
            f"linear CKA, {'unbiased' if unbiased else 'biased'}",
            X,
            lambda u=unbiased: metrics.cka_score(X, Y, unbiased=u),
            [("Gram matrices", lambda u=unbiased: gram_cka(X, Y, u)), floor],
        )
    grams = ("two Gram products", lambda: two_gram_products(X, Y))
    yield (
        "RBF CKA",
        X,
        lambda: metrics.cka_score(X, Y, kernel="rbf"),
        [("full kernels", lambda: rbf_cka(X, Y)), grams],
    )
    yield (
        "RBF CKA, gamma given",
        X,
        lambda: metrics.cka_score(X, Y, kernel="rbf", gamma=1e-4),
        [grams],
    )
    yield (
        "distance correlation",
        X,
        lambda: metrics.distance_correlation_score(X, Y),
        [("full matrices", lambda: distance_correlation(X, Y)), grams],
    )
    yield (
        "mutual kNN",
        X,
        lambda: metrics.mutual_knn_score(X, Y),
        [
            ("sksim without numba", lambda: mutual_knn_without_numba(X, Y)),
            ("scikit-learn and sets", lambda: mutual_knn_loop(X, Y)),
            grams,
        ],
    )
    A, B = pair(n, d, np.float64)
    yield (
        "canonical correlations",
        A,
        lambda: metrics.canonical_correlations(A, B),
        [
            ("QR and SVD", lambda: correlations_qr(A, B)),
            ("three products", lambda: three_products(A, B)),
        ],
    )
    S, T = pair(n, 64, np.float64)
    yield (
        "canonical correlations",
        S,
        lambda: metrics.canonical_correlations(S, T),
        [
            ("scikit-learn CCA", lambda: correlations_sklearn(S, T)),
            ("QR and SVD", lambda: correlations_qr(S, T)),
        ],
    )
    R, Q = X[: args.n_rsa], Y[: args.n_rsa]
    yield (
        "RSA, Spearman",
        R,
        lambda: metrics.rsa_score(R, Q),
        [
            ("scipy on condensed", lambda: rsa_scipy(R, Q)),
            ("two Gram products", lambda: two_gram_products(R, Q)),
        ],
    )


def similarity_rows(args):
    for name, X, call, peers in cases(args):
        call()
        rounds = 1 if any(peer == "scikit-learn CCA" for peer, _ in peers) else args.n_rounds
        seconds = interleaved({"sksim": call} | dict(peers), rounds)
        memory = {"sksim": call} | dict(peers)
        for method, value in seconds.items():
            yield {
                "measure": name,
                "shape": f"{X.shape[0]} x {X.shape[1]}",
                "dtype": X.dtype.name,
                "method": method,
                "CPU seconds": value,
                "times sksim": value / seconds["sksim"],
                "extra MiB": extra_memory(memory[method]),
            }


def permutation_rows(args):
    X, Y = pair(args.n_permuted, 128)
    test = metrics.permutation_test_similarity
    for metric, n_permutations in [("mutual_knn", 1000), ("cka", 1000), ("rsa", 100)]:
        one = {"mutual_knn": metrics.mutual_knn_score, "cka": metrics.cka_score}
        one = one.get(metric, metrics.rsa_score)
        test(X[:100], Y[:100], metric, n_permutations=2, random_state=0)
        once = min(cpu_seconds(lambda f=one: f(X, Y)) for _ in range(args.n_rounds))
        whole = cpu_seconds(
            lambda m=metric, p=n_permutations: test(X, Y, m, n_permutations=p, random_state=0)
        )
        yield {
            "metric": metric,
            "shape": f"{X.shape[0]} x {X.shape[1]}",
            "permutations": n_permutations,
            "one evaluation, s": once,
            "test, s": whole,
            "test / evaluation": whole / once,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=768)
    parser.add_argument("--n-rsa", type=int, default=5000)
    parser.add_argument("--n-permuted", type=int, default=3000)
    parser.add_argument("--n-rounds", type=int, default=3)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    write_csv("similarity.csv", list(similarity_rows(args)), args.output)
    write_csv("permutations.csv", list(permutation_rows(args)), args.output)
    write_environment("similarity_environment.csv", args.output)


if __name__ == "__main__":
    main()
