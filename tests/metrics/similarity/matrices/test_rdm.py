import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.covariance import OAS, EmpiricalCovariance, LedoitWolf

from sksim.metrics import rdm
from sksim.metrics.similarity.matrices import _pair_matrix
from tests.reference import rdm as reference
from tests.reference import rsatoolbox_values as peer

KINDS = ("correlation", "euclidean", "sqeuclidean", "cosine", "mahalanobis", "poisson")
RUNS = np.repeat(np.arange(3), 4)


def random(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def precision(n_features, seed=1):
    A = random(seed, n_features, n_features)
    return A @ A.T + np.eye(n_features)


def in_runs(runs):
    """Rows run by run, and their labels."""
    return runs.reshape(-1, runs.shape[-1]), np.repeat(np.arange(len(runs)), runs.shape[1])


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "noise", "expected"),
    [
        ("sqeuclidean", None, [6.20664031384, 2.13733602334, 2.12356553658, 6.50617474749]),
        ("euclidean", None, [2.49131296987, 1.46196307181, 1.45724587375, 2.55072043695]),
        ("correlation", None, [0.807665062679, 0.078019881911, 0.893812648577, 0.442663770006]),
        ("cosine", None, [0.4082934264, 0.238996793394, 0.293620754201, 0.34584156034]),
        ("mahalanobis", "N", [16.043516791481, 3.846203514892, 1.833341946072, 14.374563148893]),
        ("mahalanobis", None, [2.068880104613, 0.712445341114, 0.70785517886, 2.168724915831]),
    ],
)
def test_reference_values(kind, noise, expected):
    D = rdm(random(0, 4, 3), kind=kind, noise=None if noise is None else precision(3))
    np.testing.assert_allclose(reference.condensed(D)[:4], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.random.RandomState(0).poisson(3.0, (4, 3)), [6.121333013106, 4.189689551258]),
        (np.exp(random(0, 4, 3)), [3.864809993626, 1.418453969781]),
    ],
)
def test_poisson_reference_values(X, expected):
    D = rdm(X, kind="poisson")
    np.testing.assert_allclose(reference.condensed(D)[:2], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (None, [0.859154711348, 0.869216907004, 0.673394599389, 1.198084065032]),
        (
            precision(3),
            [14.033804188841, 8.499550994529, 5.120178899059, 5.713891640286]
            + [3.65217452584, -0.613182251381],
        ),
        (
            [precision(3), np.eye(3), 2 * np.eye(3)],
            [2.462030601802, 1.702773658506, 1.292177565933, 2.184584007917],
        ),
    ],
)
def test_crossnobis_reference_values(noise, expected):
    X, runs = in_runs(random(0, 3, 4, 3))
    values = reference.condensed(rdm(X, kind="crossnobis", noise=noise, repeats=runs))
    np.testing.assert_allclose(values[: len(expected)], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "X", "options"),
    [
        ("sqeuclidean", peer.X, {"kind": "sqeuclidean"}),
        ("correlation", peer.X, {"kind": "correlation"}),
        ("mahalanobis", peer.X, {"kind": "mahalanobis", "noise": peer.N}),
        ("mahalanobis, identity", peer.X, {"kind": "mahalanobis"}),
        ("poisson", peer.COUNTS, {"kind": "poisson"}),
    ],
)
def test_values_of_rsatoolbox(name, X, options):
    stored = peer.stored()[name]
    literal = reference.rdm(X, options["kind"], options.get("noise"))
    np.testing.assert_allclose(reference.condensed(literal), stored, rtol=1e-10)
    np.testing.assert_allclose(reference.condensed(rdm(X, **options)), stored, rtol=1e-10)


def shrunk_precision():
    residuals = (peer.RUNS - peer.RUNS.mean(axis=0)).reshape(-1, peer.N_FEATURES)
    nu = len(residuals) - peer.N_CONDITIONS
    return np.linalg.inv(reference.ledoit_wolf(residuals, nu))


@pytest.mark.parametrize(
    ("name", "noise", "literal_noise"),
    [
        ("crossnobis", None, None),
        ("crossnobis, N", peer.N, peer.N),
        ("crossnobis, shrunk", LedoitWolf(), shrunk_precision()),
    ],
)
def test_crossnobis_of_rsatoolbox(name, noise, literal_noise):
    stored = peer.stored()[name]
    literal = reference.crossnobis(peer.RUNS, literal_noise)
    np.testing.assert_allclose(reference.condensed(literal), stored, rtol=1e-10, atol=1e-12)
    X, runs = in_runs(peer.RUNS)
    D = rdm(X, kind="crossnobis", noise=noise, repeats=runs)
    np.testing.assert_allclose(reference.condensed(D), stored, rtol=1e-10, atol=1e-12)


def test_crossnobis_of_rsatoolbox_with_a_precision_for_each_run():
    stored = peer.stored()["crossnobis, each"]
    literal = reference.crossnobis_one_each(peer.RUNS, peer.PRECISIONS)
    np.testing.assert_allclose(reference.condensed(literal), stored, rtol=1e-10, atol=1e-12)
    X, runs = in_runs(peer.RUNS)
    D = rdm(X, kind="crossnobis", noise=peer.PRECISIONS, repeats=runs)
    np.testing.assert_allclose(reference.condensed(D), stored, rtol=1e-10, atol=1e-12)


@given(n=st.integers(3, 8), p=st.integers(2, 6), kind=st.sampled_from(KINDS), seed=st.integers(0))
def test_equals_the_definition(n, p, kind, seed):
    rng = np.random.RandomState(seed % 2**32)
    X = rng.poisson(2.0, (n, p)) + rng.uniform(size=(n, p))
    N = precision(p, seed % 2**32) if kind == "mahalanobis" else None
    D = rdm(X, kind=kind, noise=N)
    np.testing.assert_allclose(D, reference.rdm(X, kind, N), rtol=1e-9, atol=1e-13)
    np.testing.assert_array_equal(D, D.T)
    assert not np.diag(D).any()


@given(
    n=st.integers(2, 6),
    p=st.integers(1, 5),
    n_runs=st.integers(2, 5),
    each=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_crossnobis_equals_the_definition(n, p, n_runs, each, seed):
    runs = random(seed, n_runs, n, p)
    X, labels = in_runs(runs)
    N = [precision(p, seed + m) for m in range(n_runs)] if each else precision(p, seed)
    literal = reference.crossnobis_one_each if each else reference.crossnobis
    D = rdm(X, kind="crossnobis", noise=N, repeats=labels)
    np.testing.assert_allclose(D, literal(runs, N), rtol=1e-9, atol=1e-10 * np.max(N))
    np.testing.assert_array_equal(D, D.T)
    assert not np.diag(D).any()


# --- what changes nothing ---------------------------------------------------------------------


@given(seed=st.integers(0, 1000))
def test_mahalanobis_follows_the_noise(seed):
    """A linear map of the patterns maps their noise, too."""
    X, B, N = random(seed, 6, 3), random(seed + 1, 3, 3) + 3 * np.eye(3), precision(3, seed)
    D = rdm(X @ B + random(seed, 3), kind="mahalanobis", noise=N)
    expected = rdm(X, kind="mahalanobis", noise=B @ N @ B.T)
    np.testing.assert_allclose(D, expected, rtol=1e-9)


@given(seed=st.integers(0, 1000))
def test_correlation_ignores_shift_and_scale_of_each_row(seed):
    X = random(seed, 6, 4)
    a, b = np.exp(random(seed + 1, 6, 1)), random(seed + 2, 6, 1)
    np.testing.assert_allclose(rdm(a * X + b), rdm(X), atol=1e-12)


@given(seed=st.integers(0, 1000))
def test_crossnobis_ignores_order_names_and_shifts_of_runs(seed):
    runs = random(seed, 3, 4, 5)
    X, labels = in_runs(runs)
    expected = rdm(X, kind="crossnobis", repeats=labels)
    shifted, _ = in_runs(runs + 10 * random(seed + 1, 3, 1, 5))
    order = np.lexsort((np.random.RandomState(seed).permutation(12) // 4, np.tile(range(4), 3)))
    for one, names in [
        (shifted, labels),
        (X, np.array(["c", "a", "b"])[labels]),
        (X[order], labels[order]),
    ]:
        D = rdm(one, kind="crossnobis", repeats=names)
        np.testing.assert_allclose(D, expected, atol=1e-12)


@pytest.mark.parametrize("noise", [None, precision(3)])
def test_crossnobis_of_equal_runs_is_mahalanobis(noise):
    X = random(0, 4, 3)
    D = rdm(np.tile(X, (5, 1)), kind="crossnobis", noise=noise, repeats=np.repeat(range(5), 4))
    np.testing.assert_allclose(D, rdm(X, kind="mahalanobis", noise=noise), rtol=1e-12)


def test_equal_precisions_of_all_runs_are_one():
    X, labels = in_runs(random(0, 3, 4, 3))
    N = precision(3)
    D = rdm(X, kind="crossnobis", noise=np.stack([N, N, N]), repeats=labels)
    expected = rdm(X, kind="crossnobis", noise=N, repeats=labels)
    np.testing.assert_allclose(D, expected, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_average_the_runs(kind):
    runs = np.exp(random(0, 3, 4, 3))
    X, labels = in_runs(runs)
    np.testing.assert_allclose(
        rdm(X, kind=kind, repeats=labels), rdm(runs.mean(axis=0), kind=kind), rtol=1e-12
    )


# --- noise ------------------------------------------------------------------------------------


def test_crossnobis_is_unbiased():
    """Its mean is the true dissimilarity, zero for equal conditions; the plain one's is not."""
    rng = np.random.RandomState(0)
    n_draws, P, M = 1500, 6, 3
    patterns = rng.standard_normal((4, P))
    patterns[1] = patterns[0]
    N = precision(P)
    root = np.linalg.cholesky(np.linalg.inv(N))
    labels = np.repeat(np.arange(M), 4)
    truth = reference.condensed(rdm(patterns, kind="mahalanobis", noise=N))
    draws = []
    for _ in range(n_draws):
        X = np.tile(patterns, (M, 1)) + rng.standard_normal((4 * M, P)) @ root.T
        draws.append(
            [
                reference.condensed(rdm(X, kind=kind, noise=N, repeats=labels))
                for kind in ("crossnobis", "mahalanobis")
            ]
        )
    means = np.mean(draws, axis=0)
    errors = np.std(draws, axis=0) / math.sqrt(n_draws)
    assert truth[0] == 0.0
    np.testing.assert_array_less(np.abs(means[0] - truth), 4 * errors[0])
    # noise of unit variance in each direction, averaged over M runs, in two conditions
    np.testing.assert_array_less(np.abs(means[1] - truth - 2 / M), 4 * errors[1])


def test_noise_of_the_same_residuals_leaves_a_bias():
    """What the documentation says of it: a precision of other residuals has none."""
    rng = np.random.RandomState(0)
    n_draws, P, M, n = 60, 50, 6, 3
    labels = np.repeat(np.arange(M), n)
    elsewhere = LedoitWolf().fit(rng.standard_normal((2000, P)))
    draws = []
    for _ in range(n_draws):
        X = rng.standard_normal((M * n, P))
        for noise in (LedoitWolf(), elsewhere):
            D = rdm(X, kind="crossnobis", noise=noise, repeats=labels)
            draws.append(reference.condensed(D).mean())
    same, other = np.reshape(draws, (n_draws, 2)).T
    assert abs(other.mean()) < 4 * other.std() / math.sqrt(n_draws)
    assert same.mean() > 10 * same.std() / math.sqrt(n_draws)


@pytest.mark.parametrize("estimator", [LedoitWolf(), OAS(), EmpiricalCovariance()])
def test_estimators_see_the_residuals(estimator):
    runs = random(0, 5, 4, 3)
    X, labels = in_runs(runs)
    residuals = (runs - runs.mean(axis=0)).reshape(-1, 3)
    fitted = type(estimator)().fit(residuals)
    N = np.linalg.inv(fitted.covariance_ * 20 / 16)
    for kind in ("mahalanobis", "crossnobis"):
        D = rdm(X, kind=kind, noise=estimator, repeats=labels)
        expected = rdm(X, kind=kind, noise=N, repeats=labels)
        np.testing.assert_allclose(D, expected, rtol=1e-9)
    assert not hasattr(estimator, "covariance_")


def test_a_fitted_estimator_is_used_as_it_is():
    X = random(0, 4, 3)
    fitted = LedoitWolf().fit(random(1, 30, 3))
    D = rdm(X, kind="mahalanobis", noise=fitted)
    expected = rdm(X, kind="mahalanobis", noise=fitted.precision_)
    np.testing.assert_allclose(D, expected, rtol=1e-12)


def test_singular_precisions_count_what_they_span():
    X, a = random(0, 5, 3), random(1, 3)
    D = rdm(X, kind="mahalanobis", noise=np.outer(a, a))
    expected = np.subtract.outer(X @ a, X @ a) ** 2 / 3
    np.testing.assert_allclose(D, expected, rtol=1e-6, atol=1e-9)


# --- numerics and memory ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["euclidean", "sqeuclidean", "mahalanobis"])
def test_large_offsets_cost_no_digits(kind):
    X = random(0, 6, 3).astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(rdm(X + 2.0**25, kind=kind), rdm(X, kind=kind), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_and_almost_equal_rows(kind):
    X = np.exp(random(0, 5, 4))
    X[1] = X[0]
    X[2] = X[0] + 1e-6 * np.exp(random(1, 4))
    D = rdm(X, kind=kind)
    assert D[0, 1] == pytest.approx(0.0, abs=1e-14)
    rtol = 1e-2 if kind in ("correlation", "cosine") else 1e-7
    assert D[0, 2] == pytest.approx(reference.one(X[0], X[2], kind), rel=rtol, abs=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_change_nothing(kind, monkeypatch):
    X = np.exp(random(0, 40, 4))
    expected = rdm(X, kind=kind)
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 7)
    D = rdm(X, kind=kind)
    np.testing.assert_allclose(D, expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(D, D.T)


@pytest.mark.parametrize("kind", [*KINDS, "crossnobis"])
def test_half_a_million_pairs_stay_within_the_working_memory(kind, peak_memory):
    X = np.exp(random(0, 2002, 16))
    with config_context(working_memory=16):
        D, peak = peak_memory(lambda: rdm(X, kind=kind, repeats=np.repeat([0, 1], 1001)))
    assert D.shape == (1001, 1001)
    assert peak < D.nbytes + 16 * 2**20 + 6 * X.nbytes


# --- bad input --------------------------------------------------------------------------------

X = random(0, 12, 3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kind": "cosin"}, "Did you mean 'cosine'"),
        ({"noise": np.eye(3)}, "noise is for kind='mahalanobis'"),
        ({"kind": "mahalanobis", "noise": np.eye(4)}, r"noise .* shape \(3, 3\), got shape \(4, 4"),
        ({"kind": "mahalanobis", "noise": np.triu(np.ones((3, 3)))}, "noise must be a symmetric"),
        ({"kind": "mahalanobis", "noise": np.diag([1.0, 1, -1])}, "noise must be a precision"),
        ({"kind": "mahalanobis", "noise": np.zeros((3, 3))}, "noise must be a precision"),
        ({"kind": "mahalanobis", "noise": np.ones((3, 3, 3))}, "for kind='crossnobis' one for"),
        ({"kind": "mahalanobis", "noise": LedoitWolf()}, "LedoitWolf.* is fitted on the residuals"),
        ({"kind": "crossnobis"}, "repeats must name the run"),
        ({"kind": "crossnobis", "repeats": np.zeros(12)}, "two runs at least"),
        ({"kind": "crossnobis", "repeats": RUNS[:-1]}, r"12 rows of X, got .* \(11,\)"),
        ({"kind": "crossnobis", "repeats": np.minimum(RUNS, 1)}, "4 rows of run .*0.* and 8 of"),
        ({"kind": "crossnobis", "repeats": np.where(RUNS, RUNS, np.nan)}, "without NaN"),
        ({"repeats": np.arange(12)}, "X must hold at least 2 conditions, got 1"),
        (
            {"kind": "crossnobis", "repeats": RUNS, "noise": np.ones((2, 3, 3))},
            r"noise .* one for each run, got shape \(2, 3, 3\) for 3 runs",
        ),
        ({"kind": "poisson"}, r"X must hold counts .* got -0.977278 in row 1, column 2"),
    ],
)
def test_bad_arguments_are_named(options, match):
    with pytest.raises(ValueError if "NaN" not in match else TypeError, match=match):
        rdm(X, **options)


def test_rows_without_direction_raise():
    with pytest.raises(ValueError, match="no rows of equal features"):
        rdm(np.vstack([X, np.ones(3)]))
    with pytest.raises(ValueError, match="no rows of zeros"):
        rdm(np.vstack([X, np.zeros(3)]), kind="cosine")


def test_noise_that_no_estimator_can_invert():
    """Four residuals of free motion in ten features."""
    X, labels = in_runs(random(0, 2, 4, 10))
    with pytest.raises(ValueError, match=r"noise=EmpiricalCovariance\(\) found a singular"):
        rdm(X, kind="crossnobis", noise=EmpiricalCovariance(), repeats=labels)
    assert np.isfinite(rdm(X, kind="crossnobis", noise=LedoitWolf(), repeats=labels)).all()


def test_dissimilarities_that_overflow_raise():
    for kind in ("sqeuclidean", "mahalanobis"):
        with pytest.raises(ValueError, match=r"overflow|rescale"):
            rdm(1e200 * X, kind=kind)
