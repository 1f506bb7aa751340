import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import imd_distance
from sksim.metrics.similarity.geometry import _imd
from tests.reference import clouds
from tests.reference.similarity import noisy_pair

P0, P1 = noisy_pair(0, 30, 6, 4, 1.0), noisy_pair(1, 25, 5, 5, 0.5)
TIMES = np.logspace(-1, 1, 256)


@pytest.mark.parametrize(
    ("pair", "k", "expected"),
    [
        (P0, 5, 4.3900012971708875e-05),
        (P0, 3, 9.941414078281651e-05),
        (P1, 5, 3.935757736038771e-05),
        (P1, 3, 7.17113453731695e-05),
    ],
)
def test_reference_values(pair, k, expected):
    assert imd_distance(*pair, n_neighbors=k) == pytest.approx(expected, rel=1e-9)


@given(seed=st.integers(0, 10**6), k=st.integers(1, 9))
def test_literal_formula_for_clouds_of_any_size(seed, k):
    rng = np.random.RandomState(seed)
    X, Y = (rng.randn(n, d) for n, d in zip(rng.randint(k + 1, 25, 2), rng.randint(1, 6, 2)))
    X, Y = (Z if len(Z) > 1 else np.vstack([Z, Z + 1]) for Z in (X, Y))
    assert imd_distance(X, Y, n_neighbors=k) == pytest.approx(clouds.imd(X, Y, k), abs=1e-14)


@given(seed=st.integers(0, 10**6))
def test_a_moved_and_shuffled_copy_has_the_same_shape(seed):
    rng = np.random.RandomState(seed)
    X = rng.randn(40, 4)
    Y = 3 * (X @ ortho_group.rvs(4, random_state=rng))[rng.permutation(40)] + 5
    assert imd_distance(X, Y) < 1e-14


def test_the_time_decides_the_scale():
    near = imd_distance(*P0, times=[0.5])
    assert near < imd_distance(*P0, times=[0.5, 1.0, 2.0]) <= imd_distance(*P0) * (1 + 1e-9)
    terms = imd_distance(*P0, times=[0.5], return_terms=True)
    assert (terms.distance, terms.time, terms.standard_error) == (near, 0.5, 0.0)


# --- the estimate -----------------------------------------------------------------------------


def trace_error(X, n_probes, n_steps, seed=0):
    S = _imd._smoothing(X, 5)
    exact = _imd._exact_trace(S, TIMES).values
    estimate = _imd._lanczos_trace(S, TIMES, n_probes, n_steps, seed)
    return np.abs(estimate.values - exact).max()


def test_every_step_and_many_probes_tend_to_the_exact_trace():
    X = P0[0]
    errors = [trace_error(X, n_probes, 29) for n_probes in (20, 4000)]
    assert errors[1] < 1e-3
    assert errors[1] < errors[0] / 3


def test_probes_of_full_length_are_exact_one_by_one():
    """With n - 1 steps a quadrature is v' e^{-tL} v."""
    X = P0[0]
    S = _imd._smoothing(X, 5)
    V = np.random.RandomState(0).standard_normal((8, 30)).T
    V /= np.linalg.norm(V, axis=0)
    alpha, beta = _imd._tridiagonal(S, V, 29)
    eigenvalues, vectors = np.linalg.eigh(np.eye(30) - S.toarray())
    expected = ((vectors.T @ V) ** 2).T @ np.exp(-eigenvalues)
    for a, b, value in zip(alpha.T, beta.T, expected, strict=True):
        nodes, weights = np.linalg.eigh(np.diag(a) + np.diag(b, 1) + np.diag(b, -1))
        assert weights[0] ** 2 @ np.exp(-nodes) == pytest.approx(value, rel=1e-8)


def test_known_moments_make_the_estimate_ten_times_as_sure():
    X = np.random.RandomState(0).randn(500, 4)
    S = _imd._smoothing(X, 5)
    exact = _imd._exact_trace(S, TIMES).values
    eigenvalues, vectors = np.linalg.eigh(np.eye(500) - S.toarray())
    rng = np.random.RandomState(1)
    plain, ours = [], []
    for seed in range(30):
        V = rng.standard_normal((50, 500)).T
        V /= np.linalg.norm(V, axis=0)
        plain.append(np.mean(((vectors.T @ V) ** 2).T @ np.exp(-eigenvalues)) - exact[128])
        ours.append(_imd._lanczos_trace(S, TIMES, 50, 10, seed).values[128] - exact[128])
    assert np.std(ours) < np.std(plain) / 10


def test_the_standard_error_is_that_of_the_draws():
    rng = np.random.RandomState(0)
    X, Y = rng.rand(400, 2), rng.rand(400, 5)
    exact = imd_distance(X, Y)
    draws = [
        imd_distance(X, Y, method="lanczos", n_probes=30, random_state=seed, return_terms=True)
        for seed in range(40)
    ]
    spread = np.std([draw.distance for draw in draws])
    assert np.mean([draw.standard_error for draw in draws]) == pytest.approx(spread, rel=0.5)
    assert abs(np.mean([draw.distance for draw in draws]) - exact) < 4 * spread / np.sqrt(40)
    unequal = imd_distance(X, Y[:300], method="lanczos", random_state=0, return_terms=True)
    assert unequal.distance == pytest.approx(imd_distance(X, Y[:300]), abs=1e-6)
    assert unequal.standard_error > 0


def test_a_seed_gives_the_same_bits_in_any_memory():
    X, Y = noisy_pair(0, 200, 4, 4, 1.0)
    options = {"method": "lanczos", "random_state": 0}
    expected = imd_distance(X, Y, **options)
    assert imd_distance(X, X.copy(), method="lanczos") == 0
    with sklearn.config_context(working_memory=0.1):
        assert imd_distance(X, Y, **options) == pytest.approx(expected, rel=1e-9)


def test_more_than_three_thousand_samples_are_estimated(monkeypatch):
    X, Y = noisy_pair(0, 100, 4, 4, 1.0)
    exact = imd_distance(X, Y)
    monkeypatch.setattr(_imd, "MAX_EXACT", 99)
    assert imd_distance(X, Y, random_state=0) != exact
    assert imd_distance(X, Y, method="exact") == exact


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_neighbors": 30}, "n_neighbors must be between 1 and"),
        ({"method": "lanczos", "n_steps": 30}, "n_steps must be less than the number of samples"),
        ({"method": "lanczos", "n_probes": 3}, "n_probes must be more than 3"),
        ({"times": [1.0, 0.0]}, "times must be a vector of positive numbers"),
        ({"times": [[1.0, 2.0]]}, "times must be a vector"),
    ],
)
def test_bad_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        imd_distance(*P0, **params)
