import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from sksim.metrics import noise_ceiling
from sksim.metrics.similarity.matrices._rdm_comparisons import COMPARISONS, LINEAR
from sksim.metrics.similarity.matrices._whitening import WHITENED
from tests.reference import rdm as reference
from tests.reference import rsatoolbox_values as peer


def random(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def covariance(n, seed=2):
    B = random(seed, n, n)
    return B @ B.T / n + np.eye(n)


def subjects(k, n=5, noise=0.7, seed=20):
    truth = random(seed, n, 4)
    return [pdist(truth + noise * random(seed + 1 + i, n, 4), "sqeuclidean") for i in range(k)]


RDMS = peer.matrices(subjects(4))


@pytest.mark.parametrize(
    ("compare", "sigma_k", "lower", "upper"),
    [
        ("cosine", None, 0.927087370124, 0.959212107865),
        ("pearson", None, 0.540737235863, 0.753368884505),
        ("spearman", None, 0.510353681320, 0.717328541542),
        ("rho-a", None, 0.509090909091, 0.715151515152),
        ("kendall_a", None, 0.361111111111, 0.533333333333),
        ("kendall", None, 0.361111111111, 0.533333333333),
        ("kendall_b", None, 0.364282602844, 0.539359889971),
        ("whitened_cosine", "S", 0.910448465805, 0.949961722495),
        ("whitened_cosine", None, 0.844600026579, 0.913618911213),
        ("whitened_correlation", "S", 0.598392605336, 0.782202160578),
        ("whitened_correlation", None, 0.550106542821, 0.756597493589),
    ],
)
def test_reference_values(compare, sigma_k, lower, upper):
    sigma_k = None if sigma_k is None else covariance(5)
    ceiling = noise_ceiling(RDMS, compare=compare, sigma_k=sigma_k)
    assert ceiling.lower == pytest.approx(lower, rel=1e-9)
    assert ceiling.upper == pytest.approx(upper, rel=1e-9)
    literal = reference.noise_ceiling(subjects(4), compare, sigma_k)
    assert (ceiling.lower, ceiling.upper) == pytest.approx(literal, rel=1e-9)


@pytest.mark.parametrize(
    "compare", ["pearson", "spearman", "cosine", "kendall_a", "kendall_b", "rho-a"]
)
def test_values_of_rsatoolbox(compare):
    stored = peer.stored()[f"ceiling, {compare}"]
    assert reference.noise_ceiling(peer.SUBJECTS, compare) == pytest.approx(stored, rel=1e-10)
    ceiling = noise_ceiling(peer.matrices(peer.SUBJECTS), compare=compare)
    assert (ceiling.lower, ceiling.upper) == pytest.approx(stored, rel=1e-10)


@given(
    compare=st.sampled_from(COMPARISONS),
    k=st.integers(2, 4),
    n=st.integers(4, 6),
    rounded=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_equals_the_definition(compare, k, n, rounded, seed):
    vectors = [np.round(v) if rounded else v for v in subjects(k, n, seed=seed)]
    assume(all(np.ptp(v) > 0 for v in vectors))
    sigma_k = covariance(n, seed) if compare in WHITENED else None
    ceiling = noise_ceiling(peer.matrices(vectors), compare=compare, sigma_k=sigma_k)
    literal = reference.noise_ceiling(vectors, compare, sigma_k)
    assert (ceiling.lower, ceiling.upper) == pytest.approx(literal, rel=1e-8, abs=1e-9)


@given(
    compare=st.sampled_from([*LINEAR, "rho-a"]),
    noise=st.floats(0.1, 5.0),
    seed=st.integers(0, 1000),
)
def test_no_candidate_is_above_the_upper_end(compare, noise, seed):
    vectors = subjects(4, 6, noise, seed)
    sigma_k = covariance(6, seed) if compare in WHITENED else None
    ceiling = noise_ceiling(peer.matrices(vectors), compare=compare, sigma_k=sigma_k)
    assert ceiling.lower <= ceiling.upper + 1e-12
    candidates = [*vectors, np.mean(vectors, axis=0)]
    candidates += [candidates[-1] * np.exp(0.2 * random(seed + i, 15)) for i in range(5)]
    for candidate in candidates:
        scores = [reference.compare_rdms(candidate, v, compare, sigma_k) for v in vectors]
        assert np.mean(scores) <= ceiling.upper + 1e-9


@pytest.mark.parametrize("compare", COMPARISONS)
def test_copies_of_one_rdm_and_units(compare):
    copies = noise_ceiling(np.stack([RDMS[0]] * 3), compare=compare)
    assert (copies.lower, copies.upper) == pytest.approx((1.0, 1.0), rel=1e-12)
    units = np.array([1.0, 1e-200, 1e200, 3.0])[:, None, None]
    scaled, plain = (noise_ceiling(D, compare=compare) for D in (units * RDMS, RDMS))
    assert (scaled.lower, scaled.upper) == pytest.approx((plain.lower, plain.upper), rel=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_order_of_the_conditions_and_of_the_subjects(compare):
    order = np.random.RandomState(0).permutation(5)
    sigma_k = covariance(5) if compare in WHITENED else None
    plain = noise_ceiling(RDMS, compare=compare, sigma_k=sigma_k)
    if sigma_k is not None:
        sigma_k = sigma_k[np.ix_(order, order)]
    moved = RDMS[::-1][:, order][:, :, order]
    other = noise_ceiling(moved, compare=compare, sigma_k=sigma_k)
    assert (other.lower, other.upper) == pytest.approx((plain.lower, plain.upper), rel=1e-9)


def test_ranks_of_tied_averages_tie():
    """Two opposite orders of two pairs average to a tie, in whichever order they are added."""
    vectors = [[1.0, 2, 3, 3, 5, 6], [2.0, 1, 3, 3, 6, 5], [1.0, 2, 3, 3, 6, 5]]
    for compare in ("spearman", "kendall_b", "rho-a", "kendall_a"):
        values = [
            noise_ceiling(peer.matrices([vectors[i] for i in order]), compare=compare).upper
            for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2])
        ]
        assert values == pytest.approx([values[0]] * 3, abs=1e-12)


def test_half_a_million_pairs_stay_within_the_working_memory(peak_memory):
    """The covariance of all pairs of pairs would take 2 TB."""
    D = np.stack([squareform(pdist(random(k, 1001, 8), "sqeuclidean")) for k in range(3)])
    sigma_k = np.diag(np.linspace(1.0, 2.0, 1001))
    for compare in ("spearman", "whitened_cosine"):
        chosen = sigma_k if compare in WHITENED else None
        ceiling, peak = peak_memory(
            lambda c=compare, s=chosen: noise_ceiling(D, compare=c, sigma_k=s)
        )
        assert ceiling.lower < ceiling.upper
        assert peak < 6 * D.nbytes


def constant(value):
    return squareform(np.full(10, value))


@pytest.mark.parametrize(
    ("rdms", "options", "match"),
    [
        (RDMS[:1], {}, "rdms must hold at least 2 RDMs, got 1"),
        (RDMS[0], {}, r"rdms must be a stack .* got shape \(5, 5\)"),
        (RDMS[:, :4], {}, r"rdms\[0\] must be a square matrix"),
        (RDMS[:, :2, :2], {}, "at least 3 conditions"),
        (RDMS + np.eye(5), {}, r"rdms\[0\] must be zero on its diagonal, got 1 at \(0, 0\)"),
        (RDMS + np.triu(RDMS), {}, r"rdms\[0\] must be symmetric, got"),
        (np.stack([RDMS[0], constant(0.0)]), {}, r"rdms\[1\] is zero"),
        (
            np.stack([RDMS[0], constant(0.3)]),
            {"compare": "pearson"},
            r"rdms\[1\] is constant",
        ),
        (
            np.stack([RDMS[0], constant(0.3)]),
            {"compare": "kendall_a"},
            r"rdms\[1\] is constant",
        ),
        (np.stack([RDMS[0], -RDMS[0]]), {}, "rdms have no average"),
        (np.stack([RDMS[0], -RDMS[0]]), {"compare": "spearman"}, "average of the ranks of rdms"),
        (RDMS, {"compare": "spearmann"}, "Did you mean 'spearman'"),
        (RDMS, {"sigma_k": np.eye(5)}, "sigma_k is for compare='whitened_cosine'"),
        (
            RDMS,
            {"compare": "whitened_cosine", "sigma_k": np.eye(4)},
            r"sigma_k .* shape \(5, 5\), got shape \(4, 4\)",
        ),
        (
            RDMS,
            {"compare": "whitened_cosine", "sigma_k": np.ones(5)},
            r"numpy.diag\(variances\)",
        ),
        (
            RDMS,
            {"compare": "whitened_cosine", "sigma_k": np.triu(np.ones((5, 5)))},
            "sigma_k must be a symmetric",
        ),
        (
            RDMS,
            {"compare": "whitened_cosine", "sigma_k": np.ones((5, 5))},
            "sigma_k must be positive definite on differences",
        ),
    ],
)
def test_bad_arguments_are_named(rdms, options, match):
    with pytest.raises(ValueError, match=match):
        noise_ceiling(rdms, **options)
