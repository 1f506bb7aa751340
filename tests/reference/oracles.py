"""The oracle of each public measure: its literal formula, under the name of its function.

A record of a measure is compared with the function of the same name here, which takes the same
arrays and the parameters of the registered forms.
"""

import itertools
import math

import numpy as np
import scipy.optimize
import scipy.stats
from scipy.spatial.distance import cdist
from sklearn.linear_model import RidgeCV

from sksim import metrics
from tests.reference import (
    clouds,
    graphs,
    hubness_measures,
    identifiability,
    neighborhood,
    probing,
    quality,
    similarity,
)

# --- occurrence counts ----------------------------------------------------------------------

antihub_rate = hubness_measures.antihub_rate
atkinson_index = hubness_measures.atkinson_index
gini_index = hubness_measures.gini_index
groupie_ratio = hubness_measures.groupie_ratio
hub_entropy = hubness_measures.hub_entropy
hub_occurrence = hubness_measures.hub_occurrence
hub_rate = hubness_measures.hub_rate
k_skewness = hubness_measures.k_skewness
robin_hood_index = hubness_measures.robin_hood_index

# --- one representation -----------------------------------------------------------------------

alignment = quality.alignment
anisotropy = quality.anisotropy
code_redundancy = quality.code_redundancy
coding_rate = quality.coding_rate
effective_rank = quality.effective_rank
isoscore = quality.isoscore
matrix_nuclear_norm = quality.nuclear_norm
participation_ratio = quality.participation_ratio
rankme_score = quality.rankme
stable_rank = quality.stable_rank
uniformity = quality.uniformity


def intrinsic_dimension(X, method="two_nn"):
    if method.startswith("local"):
        return quality.geometric_mean(quality.local_dimensions(X, 20, method.split("_")[1]))
    return quality.two_nn(X) if method == "two_nn" else quality.levina_bickel(X, 20)


def spectral_slope(X, ranks=(10, 100)):
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(X.T)))[::-1]
    r = np.arange(ranks[0], ranks[1] + 1)
    return -np.polyfit(np.log(r), np.log(eigenvalues[r - 1]), 1)[0]


def differential_entropy(X):
    return probing.kozachenko_leonenko(X, 3)


def vendi_score(X, q=1):
    return quality.vendi(quality.cosine_matrix(X), q)


def von_neumann_entropy(X):
    return math.log(vendi_score(X))


def kernel_distance(X, Y, kernel="polynomial"):
    kernels = {"polynomial": quality.cubic_kernel, "rbf": quality.gaussian_kernel}
    return quality.kernel_distance(X, Y, kernels[kernel])


# --- a representation and a target ----------------------------------------------------------------

rate_reduction = quality.rate_reduction


def class_distance_normalized_variance(X, y, average=True):
    pairs = list(itertools.combinations(np.unique(y), 2))
    return sum(quality.pair_variance(X[y == a], X[y == b]) for a, b in pairs) / len(pairs)


def separability_index(X, n_bins=20, n_angles=100, bias_corrected=False):
    centered = X - X.mean(axis=0)
    values = []
    for theta in np.pi / 2 * np.arange(n_angles) / n_angles:
        rotation = [[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]]
        u, v = np.array(rotation) @ centered.T
        counts = np.histogram2d(u, v, bins=n_bins)[0]
        p, n = counts / len(X), len(X)
        p_u, p_v = p.sum(axis=1), p.sum(axis=0)
        bits = 0.0
        for i, j in np.argwhere(counts):
            bits += p[i, j] * np.log2(p[i, j] / (p_u[i] * p_v[j]))
        if bias_corrected:
            full = [np.count_nonzero(table) for table in (p, p_u, p_v)]
            bits -= (full[0] - full[1] - full[2] + 1) / (2 * n * np.log(2))
        values.append(bits)
    return min(values)


def mixture_index(X, eps=0.1, n_angles=180, n_offsets=401):
    centered = X - X.mean(axis=0)
    largest = 0.0
    for theta in np.pi * np.arange(n_angles) / n_angles:
        p = centered @ [np.cos(theta), np.sin(theta)]
        farthest = np.abs(p).max()
        for c in np.linspace(-farthest, farthest, n_offsets):
            rms = np.sqrt(np.mean((p + c) ** 2))
            largest = max(largest, np.mean(np.abs(p + c) < eps * rms))
    return largest


def explained_variance_by_label(X, y, adjusted=False):
    """By regression on one-hot labels."""
    one_hot = (np.asarray(y)[:, None] == np.unique(y)).astype(float)
    predicted = one_hot @ np.linalg.lstsq(one_hot, X, rcond=None)[0]
    share = 1 - ((X - predicted) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum()
    n, n_classes = one_hot.shape
    return 1 - (1 - share) * (n - 1) / (n - n_classes) if adjusted else share


def label_sharpness(X, y):
    slopes = [
        (1.0 if y.dtype.kind != "f" else abs(y[i] - y[j])) / np.linalg.norm(X[i] - X[j])
        for i, j in itertools.combinations(range(len(y)), 2)
        if y[i] != y[j]
    ]
    return max(slopes)


def v_information(X, y, normalize=False, cv=5):
    if y.dtype.kind == "f":
        return probing.held_out_r2(X, y, cv)
    return probing.class_information(X, y, cv)


# --- graphs ------------------------------------------------------------------------------------


def graph_reconstruction_score(X, graph, n_hops=1, hops="within", adjusted=False):
    """Ranks of all other nodes, one at a time; hops by the powers of the adjacency matrix."""
    n = len(X)
    joined = (np.asarray(graph) != 0) | (np.asarray(graph) != 0).T
    hop = np.full((n, n), np.inf)
    for h in range(n - 1, 0, -1):
        hop[np.linalg.matrix_power(joined.astype(object), h) > 0] = h
    precisions, chances = [], []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        distance = {j: np.linalg.norm(X[i] - X[j]) for j in others}
        least = 1 if hops == "within" else n_hops
        true = [j for j in others if least <= hop[i, j] <= n_hops]
        if not true:
            continue
        ratios = []
        for j in true:
            nearer = [l for l in others if distance[l] <= distance[j]]
            ratios.append(len(set(nearer) & set(true)) / len(nearer))
        precisions.append(np.mean(ratios))
        N, m = n - 1, len(true)
        H = sum(1 / r for r in range(1, N + 1))
        chances.append((H + (N - H) * (m - 1) / (N - 1)) / N)
    score, chance = np.mean(precisions), np.mean(chances)
    return (score - chance) / (1 - chance) if adjusted else score


def ricci_alignment_score(X, Y, n_neighbors=10, alpha=0.5):
    nodes = []
    for Z in (X, Y):
        D = cdist(Z, Z)
        nearest = np.argsort(D, axis=1)[:, 1 : n_neighbors + 1]
        graph = np.zeros(D.shape)
        np.put_along_axis(graph, nearest, np.take_along_axis(D, nearest, axis=1), axis=1)
        nodes.append(graphs.node_curvature(np.maximum(graph, graph.T), alpha))
    return scipy.stats.spearmanr(*nodes).statistic


def distance_distortion(D, D_embedded, kind="mean"):
    ratios = [D_embedded[i, j] / D[i, j] for i, j in itertools.combinations(range(len(D)), 2)]
    if kind == "mean":
        return np.mean([abs(ratio - 1) for ratio in ratios])
    return max(ratios) * max(1 / ratio for ratio in ratios)


# --- ranked lists -------------------------------------------------------------------------------


def _ranks_of_relevant(ranked, relevant):
    """Ranks from 1 at which the list names something relevant."""
    return [rank for rank, item in enumerate(ranked, 1) if relevant[item]]


def hit_rate_score(indices, relevant, n_neighbors=1):
    ranks = [_ranks_of_relevant(*pair) for pair in zip(indices, relevant)]
    return np.mean([any(rank <= n_neighbors for rank in own) for own in ranks])


def recall_at_k_score(indices, relevant, n_neighbors=10):
    shares = []
    for ranked, row in zip(indices, relevant):
        found = [rank for rank in _ranks_of_relevant(ranked, row) if rank <= n_neighbors]
        shares.append(len(found) / sum(row))
    return np.mean(shares)


def mean_reciprocal_rank_score(indices, relevant):
    ranks = [_ranks_of_relevant(*pair) for pair in zip(indices, relevant)]
    return np.mean([1 / own[0] if own else 0.0 for own in ranks])


def mean_average_precision_score(indices, relevant):
    values = []
    for ranked, row in zip(indices, relevant):
        ranks = _ranks_of_relevant(ranked, row)
        values.append(sum(found / rank for found, rank in enumerate(ranks, 1)) / sum(row))
    return np.mean(values)


def retrieval_precision_score(Z, Y, n_neighbors=1):
    hits = []
    for i, z in enumerate(Z):
        cosines = [z @ y / (np.linalg.norm(z) * np.linalg.norm(y)) for y in Y]
        hits.append(i in np.argsort(-np.array(cosines), kind="stable")[:n_neighbors])
    return np.mean(hits)


# --- pairs of representations: information ------------------------------------------------------


def mutual_information(X, Y):
    return probing.ksg(X, Y, 3)


# --- pairs of representations: kernels and distances ------------------------------------------


def cka_score(X, Y, kernel="linear", unbiased=True):
    if kernel == "linear":
        K, L = similarity.linear_kernel(X), similarity.linear_kernel(Y)
    else:
        K, L = (similarity.rbf_kernel(Z, similarity.median_gamma(Z)) for Z in (X, Y))
    return similarity.cka(K, L, unbiased)


def cka_distance(X, Y, kind="angular"):
    score = cka_score(X, Y)
    return math.acos(score) if kind == "angular" else math.sqrt(2 - 2 * score)


def distance_correlation_score(X, Y, unbiased=True):
    return similarity.distance_correlation(X, Y, unbiased)


def rsa_score(X, Y, rdm="correlation", compare="spearman"):
    return similarity.rsa(X, Y, rdm, compare)


def rsm_norm_distance(X, Y):
    gaps = similarity.dissimilarities(X, "euclidean") - similarity.dissimilarities(Y, "euclidean")
    return math.sqrt(sum(gaps**2))


def riemannian_distance(X, Y, matrix="covariance", reg=0.0):
    X, Y = similarity.centered(X), similarity.centered(Y)
    if matrix == "gram":
        A, B = (Z @ Z.T / Z.shape[1] for Z in (X, Y))
    else:
        A, B = (Z.T @ Z / (len(Z) - 1) for Z in (X, Y))
    ridge = reg * np.eye(len(A))
    return similarity.riemannian(A + ridge, B + ridge)


def gulp_distance(X, Y, reg):
    return similarity.gulp(X, Y, reg)


# --- pairs of representations: subspaces --------------------------------------------------------


def cca_score(X, Y, shrinkage=0.0, summary="mean"):
    if shrinkage:
        return similarity.regularized_cca(X, Y, shrinkage).mean()
    rho = similarity.canonical_correlations(X, Y)
    if summary == "yanai":
        return sum(rho**2) / math.sqrt(X.shape[1] * Y.shape[1])
    return rho.mean()


def svcca_score(X, Y):
    parts = (similarity.leading_components(Z, 0.99) for Z in (X, Y))
    return similarity.canonical_correlations(*parts).mean()


def pwcca_score(X, Y, weights="x"):
    if weights == "x":
        return similarity.pwcca(X, Y)
    return (similarity.pwcca(X, Y) + similarity.pwcca(Y, X)) / 2


eigenspace_overlap_score = similarity.eigenspace_overlap


def pls_svd_score(X, Y):
    """Nuclear norm of the correlations over the geometric mean of the widths."""
    R = similarity.correlations(X, Y)
    return np.linalg.svd(R, compute_uv=False).sum() / math.sqrt(R.size)


# --- pairs of representations: alignment --------------------------------------------------------

aligned_cosine_score = similarity.aligned_cosine
procrustes_score = similarity.procrustes_correlation


def procrustes_distance(X, Y, kind="angular"):
    if kind == "size_and_shape":
        return similarity.bures_distance(X, Y)
    score = procrustes_score(X, Y)
    return math.acos(score) if kind == "angular" else math.sqrt(2 - 2 * score)


def shape_distance(X, Y, alpha=1.0, whitening="power", center=True, cv=None):
    if cv is None:
        return similarity.shape_distance(X, Y, alpha, whitening, center)
    angles = []
    for test in np.array_split(np.arange(len(X)), cv):
        train = np.setdiff1d(np.arange(len(X)), test)
        angles.append(similarity.held_out_shape_distance(X, Y, train, test))
    return np.mean(angles)


def permutation_distance(X, Y, kind="angular"):
    if kind == "size_and_shape":
        return similarity.permutation_distance(X, Y)
    X, Y = (similarity.centered(Z) / np.linalg.norm(similarity.centered(Z)) for Z in (X, Y))
    return math.acos(1 - similarity.permutation_distance(X, Y) ** 2 / 2)


def soft_matching_distance(X, Y):
    """The transport of uniform weights as a linear program."""
    X, Y = similarity.centered(X), similarity.centered(Y)
    a, b = X.shape[1], Y.shape[1]
    costs = [np.sum((X[:, i] - Y[:, j]) ** 2) for i in range(a) for j in range(b)]
    rows = [[float(cell // b == i) for cell in range(a * b)] for i in range(a)]
    columns = [[float(cell % b == j) for cell in range(a * b)] for j in range(b)]
    totals = [1 / a] * a + [1 / b] * b
    return math.sqrt(scipy.optimize.linprog(costs, A_eq=rows + columns, b_eq=totals).fun)


def correlation_matching_score(X, Y, kind="hard"):
    R = similarity.correlations(X, Y)
    return similarity.matched_mean(R) if kind == "hard" else similarity.semi_matched_mean(R)


def mean_correlation_coefficient(X, Y, method="pearson"):
    return similarity.matched_mean(np.abs(similarity.correlations(X, Y, method)))


def linear_predictivity_score(X, Y):
    """Five contiguous folds, share of explained variance averaged over the targets."""
    scores = []
    for test in np.array_split(np.arange(len(X)), 5):
        train = np.setdiff1d(np.arange(len(X)), test)
        ridge = RidgeCV(
            np.array([0.1, 1.0, 10.0]) * np.trace(np.cov(X[train].T, ddof=0)) / X.shape[1]
        )
        error = Y[test] - ridge.fit(X[train], Y[train]).predict(X[test])
        shares = 1 - np.sum(error**2, axis=0) / np.sum(
            (Y[test] - Y[test].mean(axis=0)) ** 2, axis=0
        )
        scores.append(shares.mean())
    return np.mean(scores)


# --- pairs of representations: neighbourhoods ---------------------------------------------------


def mutual_knn_score(X, Y, metric="cosine", adjusted=False):
    score, chance = neighborhood.mutual_knn(X, Y, 10, metric), 10 / (len(X) - 1)
    return (score - chance) / (1 - chance) if adjusted else score


def jaccard_knn_score(X, Y, metric="cosine"):
    return neighborhood.jaccard_knn(X, Y, 10, metric)


def cycle_knn_score(X, Y, metric="cosine", adjusted=False):
    score = neighborhood.cycle_knn(X, Y, 10, metric)
    chance = neighborhood.cycle_knn_chance(X, 10, metric)
    return (score - chance) / (1 - chance) if adjusted else score


def lcs_knn_score(X, Y, metric="cosine", adjusted=False):
    score = neighborhood.lcs_knn(X, Y, 10, metric)
    chance = neighborhood.lcs_knn_chance(len(X), 10)
    return (score - chance) / (1 - chance) if adjusted else score


def lid_fisher_rao_distance(X, Y):
    pairs = zip(quality.local_dimensions(X, 20), quality.local_dimensions(Y, 20))
    return math.sqrt(sum(math.log(a / b) ** 2 for a, b in pairs) / len(X))


def edit_knn_score(X, Y, metric="cosine"):
    return neighborhood.edit_knn(X, Y, 10, metric)


def cknna_score(X, Y, unbiased=True, form="hsic"):
    return neighborhood.cknna(X, Y, 10, unbiased=unbiased, form=form)


def rank_similarity_score(X, Y):
    return neighborhood.rank_similarity(X, Y, 10, "cosine")


def second_order_cosine_score(X, Y):
    return neighborhood.second_order_cosine(X, Y, 10)


def information_imbalance(X, Y):
    return neighborhood.information_imbalance(X, Y, 1)


# --- pairs of representations: shapes of clouds ------------------------------------------------


def magnitude_difference(X, Y):
    return abs(clouds.magnitude(X) - clouds.magnitude(Y))


def concentricity_difference(X, Y):
    return abs(clouds.concentricity(X) - clouds.concentricity(Y))


def imd_distance(X, Y):
    return clouds.imd(X, Y, 5)


def rtd_distance(X, Y, kind="full"):
    return clouds.rtd(X, Y) if kind == "full" else clouds.rtd_lite(X, Y)


# --- distributions ------------------------------------------------------------------------------

jensen_shannon_distance = identifiability.jensen_shannon_distance
jensen_shannon_divergence = identifiability.jensen_shannon_divergence
kl_divergence = identifiability.kl_divergence
linear_identifiability_distance = identifiability.linear_identifiability_distance
logit_distance = identifiability.logit_distance
logit_distance_from_embeddings = identifiability.logit_distance_from_embeddings


def log_likelihood_variance_distance(log_p, log_q):
    """For the index sets that the function draws and chooses, which other tests hold."""
    sets = metrics.log_likelihood_variance_distance(log_p, log_q, random_state=0, return_terms=True)
    t1, t2, t3, t4 = identifiability.llv_terms(log_p, log_q, sets.pivot, sets.left_out, sets.inputs)
    return max(t1, t2, 1e-5 * t3, 1e-5 * t4)


def log_likelihood_variance_distance_from_embeddings(f1, g1, f2, g2):
    return log_likelihood_variance_distance(
        identifiability.log_probabilities(f1, g1), identifiability.log_probabilities(f2, g2)
    )


def max_pls_svd_distance(log_p, log_q):
    """For the index sets that the function draws and chooses, which other tests hold."""
    sets = metrics.max_pls_svd_distance(log_p, log_q, random_state=0, return_terms=True)
    inputs, others = sets.inputs, set(range(log_p.shape[1])) - {sets.pivot, sets.left_out}
    of_labels = [
        identifiability.d_svd(
            *(log[:, labels] - log[:, [sets.pivot]] for log in (log_p, log_q)),
        )
        for labels in map(list, itertools.combinations(others, min(len(inputs) - 1, len(others))))
    ]
    of_inputs = identifiability.d_svd(
        *((log[inputs[1:]] - log[inputs[0]]).T for log in (log_p, log_q))
    )
    return max(*of_labels, of_inputs)


# --- labels -------------------------------------------------------------------------------------

disagreement_rate = quality.disagreement
error_consistency_score = quality.error_consistency
minmax_normalized_disagreement = quality.minmax_disagreement
