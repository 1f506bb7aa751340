"""Dissimilarity matrices, their comparisons and noise ceilings, beside rsatoolbox and scipy."""

import functools

from _rsatoolbox import load
from _speed import Comparison

# isort: split
import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kendalltau, spearmanr

from sksim.metrics import fit_rdm_model, noise_ceiling, rdm, rsa_score

PEER = load()
N_FEATURES, N_RUNS, N_SUBJECTS, N_MODELS = 100, 4, 8, 4


def _draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def _of_peer(function):
    return function if PEER else None


# --- matrices ----------------------------------------------------------------------------------


def _patterns(n):
    A = _draw(1, 2 * N_FEATURES, N_FEATURES)
    return _draw(0, n, N_FEATURES), A.T @ A / len(A)


def _runs(n):
    X, N = _patterns(N_RUNS * n)
    return X, N, np.repeat(np.arange(N_RUNS), n)


def _counts(n):
    return (np.random.default_rng(0).poisson(3.0, (n, N_FEATURES)).astype(float),)


def _peer_rdm(X, method, runs=None, **options):
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    n = len(X) if runs is None else len(X) // N_RUNS
    labels = {"condition": np.tile(np.arange(n), len(X) // n)}
    if runs is not None:
        labels["run"], options["cv_descriptor"] = runs, "run"
    data = Dataset(X, obs_descriptors=labels)
    return calc_rdm(data, method=method, descriptor="condition", **options)


MATRICES = [
    Comparison(
        "rdm, correlation",
        make=lambda n: (_draw(0, n, N_FEATURES),),
        ours=rdm,
        others={
            "rsatoolbox": _of_peer(lambda X: _peer_rdm(X, "correlation")),
            "scipy's pdist": lambda X: squareform(pdist(X, "correlation")),
        },
        n=2000,
        growth=(2000, 4000, 8000, 16000),
    ),
    Comparison(
        "rdm, Mahalanobis",
        make=_patterns,
        ours=lambda X, N: rdm(X, kind="mahalanobis", noise=N),
        others={
            "rsatoolbox": _of_peer(lambda X, N: _peer_rdm(X, "mahalanobis", noise=N)),
            "scipy's pdist": lambda X, N: squareform(pdist(X, "mahalanobis", VI=N) ** 2),
        },
        n=2000,
        growth=(2000, 4000, 8000, 16000),
    ),
    Comparison(
        "rdm, crossnobis of 4 runs",
        make=_runs,
        ours=lambda X, N, runs: rdm(X, kind="crossnobis", noise=N, repeats=runs),
        others={
            "rsatoolbox": _of_peer(lambda X, N, runs: _peer_rdm(X, "crossnobis", runs, noise=N))
        },
        n=500,
        n_small=50,
        growth=(2000, 4000, 8000, 16000),
    ),
    Comparison(
        "rdm, Poisson",
        make=_counts,
        ours=lambda X: rdm(X, kind="poisson"),
        others={"rsatoolbox": _of_peer(lambda X: _peer_rdm(X, "poisson"))},
        n=2000,
        growth=(2000, 4000, 8000, 16000),
    ),
]

# --- comparisons of matrices that are at hand ---------------------------------------------------


def _pair(n):
    X = _draw(0, n, 20)
    return tuple(pdist(X + 0.5 * _draw(1 + k, n, 20), "sqeuclidean") for k in range(2))


def _with_squares(n):
    """The two RDMs as vectors and as matrices, none of which is timed."""
    a, b = _pair(n)
    return a, b, squareform(a), squareform(b)


def _with_covariance(n):
    B = _draw(5, n, n)
    return (*_with_squares(n), B @ B.T / n + np.eye(n))


def _ours(compare):
    def call(a, b, D, E, sigma_k=None):
        return rsa_score(D, E, rdm="precomputed", compare=compare, sigma_k=sigma_k)

    return call


def _peer_comparison(method):
    def call(a, b, D, E, sigma_k=None):
        from rsatoolbox.rdm import RDMs, compare

        return compare(RDMs(a[None]), RDMs(b[None]), method, sigma_k=sigma_k)

    return _of_peer(call)


def _comparison(name, method, others=None, **options):
    return Comparison(
        f"rsa_score of RDMs, {name}",
        make=options.pop("make", _with_squares),
        ours=_ours(name.partition(" ")[0]),
        others={"rsatoolbox": _peer_comparison(method), **(others or {})},
        n=options.pop("n", 1000),
        growth=options.pop("growth", (500, 1000, 2000, 4000)),
        n_small=50,
    )


COMPARED = [
    _comparison("pearson", "corr", {"NumPy": lambda a, b, D, E: np.corrcoef(a, b)}),
    _comparison("spearman", "spearman", {"scipy": lambda a, b, D, E: spearmanr(a, b)}),
    _comparison("kendall_b", "kendall", {"scipy": lambda a, b, D, E: kendalltau(a, b)}),
    _comparison("kendall_a", "tau-a", {"scipy, tau-b": lambda a, b, D, E: kendalltau(a, b)}),
    _comparison("whitened_cosine", "cosine_cov"),
    _comparison("whitened_correlation", "corr_cov"),
    _comparison(
        "whitened_cosine with a covariance",
        "cosine_cov",
        make=_with_covariance,
        n=100,
        growth=(500, 1000, 2000),
    ),
]

# --- several subjects ---------------------------------------------------------------------------


def _subjects(n):
    X = _draw(0, n, 20)
    vectors = [pdist(X + _draw(1 + k, n, 20), "sqeuclidean") for k in range(N_SUBJECTS)]
    return np.stack(vectors), np.stack([squareform(v) for v in vectors])


def _peer_ceiling(vectors, matrices, method):
    from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs

    return boot_noise_ceiling(RDMs(vectors), method)


def _models(n):
    X = _draw(0, n, N_MODELS)
    models = np.stack([pdist(X[:, [k]], "sqeuclidean") for k in range(N_MODELS)])
    y = pdist(X + 0.3 * _draw(1, n, N_MODELS), "sqeuclidean")
    return 1e-3 * y, 1e-3 * models, squareform(y), np.stack([squareform(v) for v in models])


def _peer_fit(y, models, D, matrices):
    from rsatoolbox.model import ModelWeighted
    from rsatoolbox.model.fitter import fit_regress_nn
    from rsatoolbox.rdm import RDMs

    return fit_regress_nn(ModelWeighted("models", RDMs(models)), RDMs(y[None]), "cosine")


SUBJECTS = [
    Comparison(
        f"noise_ceiling of {N_SUBJECTS} subjects, {compare}",
        make=_subjects,
        ours=lambda vectors, matrices, compare=compare: noise_ceiling(matrices, compare=compare),
        others={"rsatoolbox": _of_peer(functools.partial(_peer_ceiling, method=method))},
        n=500,
        growth=(500, 1000, 2000),
        n_small=50,
    )
    for compare, method in {"cosine": "cosine", "spearman": "spearman"}.items()
] + [
    Comparison(
        f"fit_rdm_model of {N_MODELS} models, cosine",
        make=_models,
        ours=lambda y, models, D, matrices: fit_rdm_model(D, matrices),
        # at more than some 100 conditions its loop may never end
        others={"rsatoolbox": _of_peer(_peer_fit)},
        n=50,
        growth=(500, 1000, 2000),
        n_small=30,
    )
]

COMPARISONS = [*MATRICES, *COMPARED, *SUBJECTS]
