import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import pdist
from scipy.stats import rankdata
from sklearn import config_context

from sksim.metrics import rsa_score, rsm_norm_distance
from sksim.metrics.similarity.matrices import _pair_matrix, _rdm_comparisons, _rsa
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
RNG = np.random.RandomState(0)
RDMS = ("correlation", "euclidean", "sqeuclidean", "cosine")


@pytest.mark.parametrize(
    ("rdm", "compare", "expected"),
    [
        ("correlation", "spearman", 0.62387793),
        ("correlation", "pearson", 0.63055226),
        ("correlation", "kendall", 0.44232913),
        ("correlation", "cosine", 0.90963229),
        ("euclidean", "spearman", 0.67817525),
        ("euclidean", "pearson", 0.69097670),
        ("sqeuclidean", "pearson", 0.67261286),
        ("sqeuclidean", "cosine", 0.87298594),
        ("euclidean", "kendall", 0.48772999),
        ("cosine", "spearman", 0.62262566),
    ],
)
def test_reference_values(rdm, compare, expected):
    assert rsa_score(X, Y, rdm=rdm, compare=compare) == pytest.approx(expected, abs=1e-7)


def test_norm_reference_value():
    assert rsm_norm_distance(X, Y) == pytest.approx(106.95525576, abs=1e-7)
    assert rsm_norm_distance(X, Y) * np.sqrt(2) == pytest.approx(151.25757327, abs=1e-7)


@given(
    n=st.integers(4, 9),
    rdm=st.sampled_from(RDMS),
    compare=st.sampled_from(["spearman", "pearson", "cosine", "kendall"]),
    seed=st.integers(0, 50),
    rounded=st.booleans(),
)
def test_equals_the_definition(n, rdm, compare, seed, rounded):
    rng = np.random.RandomState(seed)
    A, B = 3 * rng.standard_normal((n, 4)), 3 * rng.standard_normal((n, 3))
    if rounded and rdm == "euclidean":
        A, B = A.round(), B.round()
    if len(np.unique(reference.dissimilarities(B, rdm).round(9))) == 1:
        return
    expected = reference.rsa(A, B, rdm, compare)
    assert rsa_score(A, B, rdm=rdm, compare=compare) == pytest.approx(expected, abs=1e-9)


def test_rho_a_is_the_mean_over_random_orders_of_ties():
    A, B = X[:7].round(), np.repeat(Y[:4, :1].round(), 2, axis=0)[:7]
    a, b = (reference.dissimilarities(Z, "euclidean") for Z in (A, B))
    rng = np.random.RandomState(0)

    def random_ranks(values):
        return np.lexsort((rng.uniform(size=values.size), values)).argsort()

    draws = [np.corrcoef(random_ranks(a), random_ranks(b))[0, 1] for _ in range(4000)]
    value = rsa_score(A, B, rdm="euclidean", compare="rho-a")
    assert value == pytest.approx(np.mean(draws), abs=4 * np.std(draws) / np.sqrt(4000))
    assert abs(rsa_score(A, B, rdm="euclidean")) > abs(value)


def test_ranks_of_squares_are_those_of_distances():
    assert rsa_score(X, Y, rdm="sqeuclidean") == rsa_score(X, Y, rdm="euclidean")


@pytest.mark.parametrize("rdm", RDMS)
@pytest.mark.parametrize("compare", ["pearson", "cosine", "kendall"])
def test_streamed_blocks_change_nothing(monkeypatch, rdm, compare):
    expected = rsa_score(X, Y, rdm=rdm, compare=compare), rsm_norm_distance(X, Y, rdm=rdm)
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 7)
    streamed = rsa_score(X, Y, rdm=rdm, compare=compare), rsm_norm_distance(X, Y, rdm=rdm)
    assert streamed == pytest.approx(expected, rel=1e-9)


@pytest.fixture(params=["codes kept", "codes streamed"])
def coded(request, monkeypatch):
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    if request.param == "codes streamed":
        monkeypatch.setattr(_rsa, "MAX_CODED", 10)


def correlated_pair(n, seed=0):
    rng = np.random.RandomState(seed)
    shared = rng.standard_normal((n, 5))
    return tuple(shared @ rng.standard_normal((5, 9)) + rng.standard_normal((n, 9)) for _ in "xy")


@pytest.mark.usefixtures("coded")
@pytest.mark.parametrize("rdm", RDMS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounded_ranks_are_as_good_as_exact_ones(rdm, dtype):
    A, B = correlated_pair(700)
    expected = _rsa._pearson(
        *(_rsa._exact_ranks(_rsa._dissimilarities(Z, rdm).pairs) for Z in (A, B))
    )
    value = rsa_score(A.astype(dtype), B.astype(dtype), rdm=rdm)
    assert value == pytest.approx(expected, abs=1e-6)
    rho_a = rsa_score(A, B, rdm=rdm, compare="rho-a")
    assert rho_a == pytest.approx(expected, abs=1e-6)


@pytest.mark.usefixtures("coded")
def test_permutation_of_coded_ranks():
    A, B = correlated_pair(300)
    steps = _rsa._rsa_steps()
    order = np.random.RandomState(1).permutation(300)
    permuted = steps.compare(steps.prepare(A), steps.permute(steps.prepare(B), order))
    assert permuted == pytest.approx(rsa_score(A, B[order]), abs=1e-6)


@pytest.mark.usefixtures("coded")
def test_outliers_beyond_the_codes_are_ranked_exactly(monkeypatch):
    """A tenth of the samples lie far away: rounding would merge the others."""
    A, B = correlated_pair(200)
    A[::10] *= 1e5
    expected = reference_spearman(A, B)
    calls = []
    exact = _rsa._exact_ranks
    monkeypatch.setattr(_rsa, "_exact_ranks", lambda pairs: calls.append(1) or exact(pairs))
    assert rsa_score(A, B, rdm="euclidean") == pytest.approx(expected, abs=1e-6)
    assert calls


def reference_spearman(A, B):
    return np.corrcoef(*(rankdata(pdist(Z)) for Z in (A, B)))[0, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_many_duplicates_keep_their_average_rank(monkeypatch, dtype):
    A, B = correlated_pair(400)
    A = np.repeat(A[:40], 10, axis=0).astype(dtype)
    expected = reference_spearman(A.astype(np.float64), B)
    assert rsa_score(A, B, rdm="euclidean") == pytest.approx(expected, abs=1e-8)
    assert rsa_score(A, B, rdm="euclidean") == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kept", [10, 100])
@pytest.mark.parametrize("exponent", [-300, -150, 0, 150, 200])
def test_extreme_units(monkeypatch, dtype, kept, exponent):
    """Neither squares of the entries nor products of the distances overflow or vanish."""
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", kept)
    unit = 10.0 ** (exponent if dtype == np.float64 else exponent / 10)
    pair = [(unit * Z).astype(dtype) for Z in (X, Y)]
    tolerance = 1e-9 if dtype == np.float64 else 1e-4
    for compare in ("spearman", "pearson", "cosine", "kendall"):
        expected = rsa_score(X, Y, rdm="euclidean", compare=compare)
        value = rsa_score(*pair, rdm="euclidean", compare=compare)
        assert value == pytest.approx(expected, abs=tolerance)
    assert rsm_norm_distance(*pair) / unit == pytest.approx(106.95525576, rel=tolerance)


@pytest.mark.parametrize("kept", [10, 100])
@pytest.mark.parametrize("gap", [1e3, 1e6, 1e8])
def test_clusters_that_are_far_apart(monkeypatch, gap, kept):
    """Distances within a cluster are smaller than the rounding of the squares of its points."""
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", kept)
    rng = np.random.RandomState(0)
    A = rng.standard_normal((30, 4)) + gap * (np.arange(30) % 2)[:, None]
    B = A + 0.5 * rng.standard_normal((30, 4))
    expected = stats.spearmanr(pdist(A), pdist(B)).statistic
    # 40 bits of the distances are ranked, so that those between clusters tie in the end
    tolerance = 1e-7 if gap <= 1e6 else 1e-4
    assert rsa_score(A, B, rdm="euclidean") == pytest.approx(expected, abs=tolerance)
    expected = np.linalg.norm(pdist(A) - pdist(B))
    assert rsm_norm_distance(A, B) == pytest.approx(expected, rel=1e-7)


def test_norms_that_cannot_be_represented_raise():
    with pytest.raises(ValueError, match="rescale"):
        rsm_norm_distance(1e-200 * X, 1e-200 * Y, rdm="sqeuclidean")
    with pytest.raises(ValueError, match="rescale"):
        rsm_norm_distance(1e200 * X, Y, rdm="sqeuclidean")


def test_undefined_dissimilarities_raise():
    constant_row = np.vstack([X[:5], np.full(8, 3.3)])
    with pytest.raises(ValueError, match="no rows of equal features"):
        rsa_score(constant_row, Y[:6])
    with pytest.raises(ValueError, match="no rows of zeros"):
        rsa_score(np.vstack([X[:5], np.zeros(8)]), Y[:6], rdm="cosine")
    with pytest.raises(ValueError, match="all dissimilarities"):
        rsa_score(np.eye(6), Y[:6], rdm="euclidean", compare="kendall")
    for compare in ("spearman", "pearson"):
        with pytest.raises(ValueError, match="all dissimilarities"):
            rsa_score(np.eye(6), Y[:6], rdm="sqeuclidean", compare=compare)


@pytest.mark.parametrize("ties", [False, True])
def test_average_ranks_are_those_of_scipy(ties):
    values = RNG.standard_normal(500) * 10.0 ** RNG.randint(-5, 5, 500)
    values = values.round() if ties else values
    np.testing.assert_array_equal(_rdm_comparisons.average_ranks(values), rankdata(values))


def test_last_bits_are_rounded():
    values = RNG.standard_normal(500) * 10.0 ** RNG.randint(-300, 300, 500)
    rounded = _rdm_comparisons.without_last_bits(values)
    np.testing.assert_allclose(rounded, values, rtol=2.0**-40)
    np.testing.assert_array_equal(_rdm_comparisons.without_last_bits(rounded), rounded)
    close = rounded * (1 + 2.0**-45)
    np.testing.assert_array_equal(_rdm_comparisons.without_last_bits(close), rounded)
    assert _rdm_comparisons.without_last_bits(np.zeros(1)) == 0


@pytest.mark.parametrize("n", [1025, 2048])
def test_codes_are_as_good_as_exact_ranks_below_the_limit_of_kept_matrices(n):
    A, B = correlated_pair(n)
    expected = reference_spearman(A, B)
    assert rsa_score(A, B, rdm="euclidean") == pytest.approx(expected, abs=1e-7)


def test_codes_of_many_samples_are_kept_within_the_working_memory(monkeypatch):
    A, B = correlated_pair(600)
    expected = rsa_score(A, B)
    monkeypatch.setattr(_rsa, "MAX_CODED", 10)
    steps = _rsa._rsa_steps()
    x, y = steps.prepare(A), steps.prepare(B)
    assert x.kept
    assert steps.compare(x, y) == pytest.approx(expected, abs=1e-12)
    order = RNG.permutation(600)
    permuted = steps.compare(x, steps.permute(y, order))
    assert permuted == pytest.approx(rsa_score(A, B[order]), abs=1e-6)
    with config_context(working_memory=0.25):
        streamed = steps.prepare(A)
        assert not streamed.kept
        assert steps.compare(streamed, y) == pytest.approx(expected, abs=1e-12)
