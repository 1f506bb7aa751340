import math
from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.metrics import (
    cka_distance,
    cka_score,
    mutual_knn_score,
    null_calibrated_score,
    permutation_test_similarity,
    procrustes_distance,
    rsa_score,
    similarity_interval,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity.matrices import _cka
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
BIASED = partial(cka_score, unbiased=False)


def test_reference_null_distribution():
    """The permutations of the reference values come from another generator."""
    rng = np.random.default_rng(0)
    orders = [rng.permutation(60) for _ in range(199)]
    for name, mean, std in (
        ("cka", -0.00402811, 0.02174379),
        ("cka_biased", 0.04626360, 0.02006701),
    ):
        steps = get_measure(name, PairedMeasure).steps()
        x, y = steps.prepare(X), steps.prepare(Y)
        null = np.array([steps.compare(x, steps.permute(y, order)) for order in orders])
        assert null.mean() == pytest.approx(mean, abs=1e-7)
        assert null.std(ddof=1) == pytest.approx(std, abs=1e-7)
    threshold = np.sort(np.append(null, BIASED(X, Y)))[math.ceil(0.95 * 200) - 1]
    assert threshold == pytest.approx(0.07997725, abs=1e-7)
    calibrated = (BIASED(X, Y) - threshold) / (1 - threshold)
    assert calibrated == pytest.approx(0.66077866, abs=1e-7)


@pytest.mark.parametrize(
    "metric",
    ["cka", "mutual_knn", "rsa", "procrustes_angular", BIASED, partial(rsa_score, rdm="cosine")],
)
def test_null_scores_equal_the_function_of_permuted_rows(metric):
    function = get_measure(metric, PairedMeasure) if isinstance(metric, str) else metric
    score, null_scores, pvalue = permutation_test_similarity(
        X, Y, metric, n_permutations=20, random_state=7
    )
    random_state = np.random.RandomState(7)
    expected = [function(X, Y[random_state.permutation(60)]) for _ in range(20)]
    np.testing.assert_allclose(null_scores, expected, atol=1e-9)
    assert score == pytest.approx(function(X, Y), abs=1e-12)
    assert pvalue == pytest.approx(1 / 21)


def test_nothing_is_prepared_again(monkeypatch):
    calls = []
    prepare = _cka._prepare_linear
    monkeypatch.setattr(
        _cka, "_prepare_linear", lambda X, **params: calls.append(1) or prepare(X, **params)
    )
    permutation_test_similarity(X, Y, n_permutations=30, random_state=0)
    assert len(calls) == 2


@pytest.mark.parametrize("metric", ["cka", "procrustes_angular", "mutual_knn"])
def test_pvalues_are_uniform_under_the_null(metric):
    rng = np.random.RandomState(0)
    pvalues = [
        permutation_test_similarity(
            rng.standard_normal((20, 4)),
            rng.standard_normal((20, 3)),
            metric,
            n_permutations=19,
            random_state=rng,
        )[2]
        for _ in range(200)
    ]
    rejected = np.mean(np.array(pvalues) <= 0.2)
    assert abs(rejected - 0.2) <= 4 * math.sqrt(0.2 * 0.8 / 200)
    assert min(pvalues) >= 1 / 20


def test_ties_count_against_the_hypothesis():
    """A measure that no permutation changes has a p-value of one."""
    constant = permutation_test_similarity(X, Y, lambda A, B: 0.1 + 0.2, n_permutations=9)
    assert constant[2] == 1.0


def test_distances_count_small_values():
    def other_distance(A, B):
        return np.linalg.norm(A - B)

    near = Y + X
    for metric in (other_distance, procrustes_distance, "procrustes_angular"):
        assert permutation_test_similarity(near, X, metric, n_permutations=50, random_state=0)[
            2
        ] == pytest.approx(1 / 51)


def test_partial_of_a_distance_counts_small_values():
    angle = partial(cka_distance, unbiased=False)
    assert permutation_test_similarity(X, Y, angle, n_permutations=19, random_state=0)[2] == 0.05


@pytest.mark.parametrize("unit", [1e-100, 1e-20, 1e20])
def test_ties_do_not_depend_on_the_unit(unit):
    """A distance in the unit of the data is not tied because the unit is large."""
    test = permutation_test_similarity(
        unit * X, unit * Y, "rsm_norm", n_permutations=19, random_state=0
    )
    assert test[2] == 0.05


def test_undefined_null_scores_raise():
    def broken_score(A, B):
        return 1.0 if B[0, 0] == Y[0, 0] else np.nan

    with pytest.raises(ValueError, match="not finite"):
        permutation_test_similarity(X, Y, broken_score, n_permutations=9, random_state=0)


def test_seeds_are_honoured():
    for function in (
        lambda seed: permutation_test_similarity(X, Y, n_permutations=5, random_state=seed)[1][0],
        lambda seed: null_calibrated_score(X, Y, n_permutations=19, random_state=seed),
        lambda seed: similarity_interval(X, Y, random_state=seed)[0],
    ):
        state = np.random.get_state()[1].copy()
        assert function(3) == function(3)
        assert function(3) != function(4)
        assert (np.random.get_state()[1] == state).all()


def test_calibrated_score_is_zero_for_noise_and_one_for_itself():
    rng = np.random.RandomState(0)
    pairs = [rng.standard_normal((2, 30, 100)) for _ in range(40)]
    scores = np.array([null_calibrated_score(*pair, BIASED, random_state=0) for pair in pairs])
    assert (scores > 0).mean() < 0.2
    assert BIASED(*pairs[0]) > 0.7
    assert null_calibrated_score(X, X, BIASED, random_state=0) == pytest.approx(1.0)
    calibrated = null_calibrated_score(X, Y, BIASED, random_state=0)
    assert calibrated == pytest.approx(0.66077866, abs=0.03)


def test_calibration_needs_a_largest_value():
    for metric in ("procrustes_angular", "gulp", lambda A, B: 1.0):
        with pytest.raises(ValueError, match="largest value"):
            null_calibrated_score(X, Y, metric)


def test_measures_without_pairing_have_nothing_to_test():
    with pytest.raises(ValueError, match="riemannian_distance does not depend on which rows"):
        permutation_test_similarity(X, Y, "riemannian")


def test_the_bootstrap_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="own perfect match"):
        similarity_interval(X, Y, method="bootstrap")
    with pytest.raises(ValueError, match='must be "subsample"'):
        similarity_interval(X, Y, method="delta")
    rng = np.random.RandomState(0)
    noise = rng.standard_normal((2, 60, 50))
    drawn = [rng.randint(60, size=60) for _ in range(50)]
    assert abs(cka_score(*noise)) < 0.1
    assert np.mean([cka_score(*noise[:, rows]) for rows in drawn]) > 0.35


@pytest.mark.parametrize("metric", ["cka", "procrustes"])
def test_interval_covers_the_value_of_the_population(metric):
    """Nominal 90 %: at most four standard errors below, over 40 data sets."""
    rng = np.random.RandomState(0)
    weights = rng.standard_normal((3, 3))

    def sample(n):
        A = rng.standard_normal((n, 3))
        return A, A @ weights + 2 * rng.standard_normal((n, 3))

    population = np.mean([get_measure(metric, PairedMeasure)(*sample(100)) for _ in range(300)])
    covered = []
    for _ in range(40):
        low, high = similarity_interval(*sample(100), metric, confidence=0.9, random_state=rng)
        covered.append(low <= population <= high)
    assert np.mean(covered) >= 0.9 - 4 * math.sqrt(0.9 * 0.1 / 40)


def test_interval_lies_in_the_range_and_widens_with_confidence():
    low, high = similarity_interval(X, X + 1e-3 * Y, "procrustes", random_state=0)
    assert 0.9 < low <= high <= 1.0
    widths = [
        np.diff(similarity_interval(X, Y, confidence=c, random_state=0))[0] for c in (0.5, 0.9)
    ]
    assert widths[0] < widths[1]


def test_interval_from_kernels_and_distances():
    """Halves of a precomputed matrix are halves of its rows and columns."""
    kernels = partial(cka_score, kernel="precomputed")
    interval = similarity_interval(X @ X.T, Y @ Y.T, kernels, random_state=0)
    assert interval == pytest.approx(similarity_interval(X, Y, random_state=0), abs=1e-9)
    euclidean, distances = (
        partial(mutual_knn_score, metric=metric) for metric in ("euclidean", "precomputed")
    )
    interval = similarity_interval(cdist(X, X), cdist(Y, Y), distances, random_state=0)
    assert interval == similarity_interval(X, Y, euclidean, random_state=0)


def test_interval_of_neighbours_and_of_degenerate_halves():
    low, high = similarity_interval(X, Y, partial(mutual_knn_score, n_neighbors=5), random_state=0)
    assert 0 <= low < high <= 1
    rng = np.random.RandomState(0)
    with pytest.raises(ValueError, match="half of the 40 samples is degenerate"):
        similarity_interval(rng.standard_normal((40, 25)), Y[:40], "cca")
    with pytest.raises(ValueError, match="at least 8 samples"):
        similarity_interval(X[:7], Y[:7])


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="n_permutations"):
        permutation_test_similarity(X, Y, n_permutations=0)
    with pytest.raises(ValueError, match="alpha"):
        null_calibrated_score(X, Y, alpha=1)
    with pytest.raises(ValueError, match="at least 19 for alpha=0.05, got 18"):
        null_calibrated_score(X, Y, n_permutations=18)
    with pytest.raises(ValueError, match="confidence"):
        similarity_interval(X, Y, confidence=1.0)
