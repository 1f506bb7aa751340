"""Values of rsatoolbox 0.3.2 in ``rsatoolbox_values.csv``, and the inputs that they belong to.

Where the package is installed, ``python -m tests.reference.rsatoolbox_values`` writes them anew.
"""

import csv
import functools
import pathlib
import sys

import numpy as np
from scipy.spatial.distance import pdist, squareform

TABLE = pathlib.Path(__file__).with_suffix(".csv")
N_CONDITIONS, N_FEATURES, N_RUNS = 7, 5, 4
#: Its names of the comparisons.
COMPARISONS = {
    "pearson": "corr",
    "spearman": "spearman",
    "cosine": "cosine",
    "kendall_a": "tau-a",
    "kendall_b": "kendall",
    "rho-a": "rho-a",
    "whitened_cosine": "cosine_cov",
    "whitened_correlation": "corr_cov",
}


def draw(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


X = draw(0, N_CONDITIONS, N_FEATURES)
COUNTS = np.random.RandomState(1).poisson(3.0, (N_CONDITIONS, N_FEATURES)).astype(float)
RUNS = X + 0.8 * draw(2, N_RUNS, N_CONDITIONS, N_FEATURES)
N = np.cov(draw(3, 20, N_FEATURES), rowvar=False)
PRECISIONS = [N + k * np.eye(N_FEATURES) for k in range(N_RUNS)]
SIGMA = np.cov(draw(4, N_CONDITIONS, 12)) + np.eye(N_CONDITIONS)
PAIR = [pdist(draw(5 + k, N_CONDITIONS, 3) + X[:, :3], "sqeuclidean") for k in range(2)]
TIED = [np.round(v) for v in PAIR]
SUBJECTS = [pdist(X + 0.9 * draw(10 + k, *X.shape), "sqeuclidean") for k in range(5)]
MODELS = [pdist(X[:, [k]], "sqeuclidean") for k in range(4)]


@functools.cache
def stored():
    """The values by name, one or several each."""
    with TABLE.open() as stream:
        return {name: np.array([float(v) for v in values]) for name, *values in csv.reader(stream)}


def computed():
    """Pairs (name, values), by the package."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.data.noise import prec_from_measurements
    from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
    from rsatoolbox.model import ModelWeighted
    from rsatoolbox.model.fitter import fit_regress_nn
    from rsatoolbox.rdm import RDMs, calc_rdm, compare

    def dissimilarities(X, method, **options):
        data = Dataset(X, obs_descriptors={"condition": np.arange(N_CONDITIONS)})
        return calc_rdm(data, method=method, descriptor="condition", **options).get_vectors()[0]

    yield "sqeuclidean", N_FEATURES * dissimilarities(X, "euclidean")
    yield "correlation", dissimilarities(X, "correlation")
    yield "mahalanobis", dissimilarities(X, "mahalanobis", noise=N)
    yield "mahalanobis, identity", dissimilarities(X, "mahalanobis")
    yield "poisson", dissimilarities(COUNTS, "poisson")

    labels = {
        "condition": np.tile(np.arange(N_CONDITIONS), N_RUNS),
        "run": np.repeat(np.arange(N_RUNS), N_CONDITIONS),
    }
    repeated = Dataset(RUNS.reshape(-1, N_FEATURES), obs_descriptors=labels)
    # by itself it counts (n - 1) M degrees of freedom, where n means leave n (M - 1)
    dof = N_CONDITIONS * (N_RUNS - 1)
    shrunk = prec_from_measurements(repeated, "condition", dof=dof, method="shrinkage_eye")
    for name, noise in {"": None, ", N": N, ", each": PRECISIONS, ", shrunk": shrunk}.items():
        options = {"descriptor": "condition", "cv_descriptor": "run", "noise": noise}
        values = calc_rdm(repeated, method="crossnobis", **options)
        yield f"crossnobis{name}", values.get_vectors()[0]

    for name, theirs in COMPARISONS.items():
        for kind, (a, b) in {"pair": PAIR, "tied": TIED}.items():
            yield f"{name}, {kind}", compare(RDMs(a[None]), RDMs(b[None]), theirs)[0]
    for name in ("whitened_cosine", "whitened_correlation"):
        one, other = (RDMs(v[None]) for v in PAIR)
        yield f"{name}, sigma", compare(one, other, COMPARISONS[name], sigma_k=SIGMA)[0]

    subjects = RDMs(np.array(SUBJECTS))
    for name in ("pearson", "spearman", "cosine", "kendall_a", "kendall_b", "rho-a"):
        yield f"ceiling, {name}", boot_noise_ceiling(subjects, COMPARISONS[name])
    for name in ("cosine", "pearson", "whitened_cosine", "whitened_correlation"):
        # its loop stops at an absolute gradient, and in larger units never
        model = ModelWeighted("models", RDMs(1e-3 * np.array(MODELS)))
        weights = fit_regress_nn(model, RDMs(1e-3 * PAIR[0][None]), COMPARISONS[name])
        yield f"weights, {name}", weights


def matrices(vectors):
    """Dissimilarities as our functions take them."""
    return np.stack([squareform(v) for v in vectors])


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "doc" / "benchmarks"))
    from _rsatoolbox import load

    load()
    with TABLE.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for name, values in computed():
            writer.writerow([name, *(repr(float(v)) for v in np.ravel(values))])
