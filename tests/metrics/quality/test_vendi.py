import itertools
import math

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.metrics.pairwise import rbf_kernel

from sksim.metrics import vendi_score, von_neumann_entropy
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)
ORDERS = [0.1, 0.5, 1, 2, math.inf]


def draw(seed):
    rng = np.random.RandomState(seed)
    return rng.randn(rng.randint(4, 25), rng.randint(2, 25)) + rng.randn()


@pytest.mark.parametrize(
    ("q", "expected"),
    [(0.1, 9.43623738), (1, 6.20792722), (2, 4.75531135), (math.inf, 2.75451212)],
)
def test_reference_values(q, expected):
    X, _ = literal.make_quality_data()
    assert vendi_score(X, q=q) == pytest.approx(expected, abs=1e-7)


def test_reference_value_of_the_entropy():
    assert von_neumann_entropy(literal.make_quality_data()[0]) == pytest.approx(
        1.82582706, abs=1e-7
    )


@pytest.mark.parametrize("q", ORDERS)
@given(seed=SEEDS)
def test_literal_formula(q, seed):
    X = draw(seed)
    expected = pytest.approx(literal.vendi(literal.cosine_matrix(X), q), rel=1e-6)
    assert vendi_score(X, q=q) == expected
    assert vendi_score(literal.cosine_matrix(X), q=q, kernel="precomputed") == expected


@given(seed=SEEDS)
def test_identity_with_the_von_neumann_entropy(seed):
    X = draw(seed)
    assert math.exp(von_neumann_entropy(X)) == pytest.approx(vendi_score(X), rel=1e-12)


@given(seed=SEEDS)
def test_range_and_order(seed):
    X = draw(seed)
    values = [vendi_score(X, q=q) for q in ORDERS]
    assert all(a >= b * (1 - 1e-9) for a, b in itertools.pairwise(values))
    assert values[-1] >= 1 - 1e-9
    assert values[0] <= min(X.shape) * (1 + 1e-9)


@pytest.mark.parametrize("q", [0, 0.3, 1, 2, np.inf])
def test_rounding_does_not_leave_the_range(q):
    for seed in range(20):
        rng = np.random.RandomState(seed)
        n, d = rng.randint(2, 12, size=2)
        for X in (np.outer(rng.choice([-1.0, 1.0], n), rng.randn(d)), np.eye(n)):
            assert 1 <= vendi_score(X, q=q) <= n
            assert 0 <= von_neumann_entropy(X) <= np.log(n)


@given(seed=SEEDS)
def test_rotation_and_lengths_of_rows_change_nothing(seed):
    X = draw(seed)
    rng = np.random.RandomState(seed)
    Q = ortho_group.rvs(X.shape[1], random_state=rng)
    changed = X @ Q * rng.uniform(0.1, 10, (len(X), 1))
    assert vendi_score(changed) == pytest.approx(vendi_score(X), rel=1e-8)
    assert vendi_score(np.vstack([X, X])) == pytest.approx(vendi_score(X), rel=1e-8)


def test_continuous_in_the_order():
    X = draw(1)
    at_one = vendi_score(X)
    for step in (1e-4, 1e-8, 1e-12):
        assert vendi_score(X, q=1 + step) == pytest.approx(at_one, rel=10 * step + 1e-12)
        assert vendi_score(X, q=1 - step) == pytest.approx(at_one, rel=10 * step + 1e-12)
    assert vendi_score(X, q=0) == pytest.approx(min(X.shape))


def test_rounding_noise_is_not_counted_for_small_orders():
    """Forty samples of rank three: the thirty-seven other eigenvalues are rounding errors."""
    X = np.random.RandomState(0).randn(40, 3)
    wide = X @ np.random.RandomState(1).randn(3, 60)
    assert vendi_score(wide, q=0) == pytest.approx(3)
    assert vendi_score(literal.cosine_matrix(X), q=0, kernel="precomputed") == pytest.approx(3)


def test_extremes():
    assert vendi_score(np.ones((5, 3)), q=0.1) == pytest.approx(1)
    assert vendi_score(np.eye(6), q=3) == pytest.approx(6)


def test_callable_kernel():
    X = draw(2)
    expected = literal.vendi(rbf_kernel(X), 1)
    assert vendi_score(X, kernel=rbf_kernel) == pytest.approx(expected, rel=1e-9)


def test_a_kernel_of_the_features_is_refused():
    with pytest.raises(ValueError, match="of the 6 samples"):
        vendi_score(np.random.RandomState(0).randn(6, 3), kernel=lambda A, B: np.corrcoef(A.T))


@pytest.mark.parametrize(
    ("K", "message"),
    [
        (np.ones((3, 2)), "square"),
        (np.array([[1, 0.5], [0.1, 1]]), "symmetric"),
        (2 * np.eye(3), "ones on its diagonal"),
        (np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]), "semi-definite"),
    ],
)
def test_kernel_matrices_that_are_none(K, message):
    with pytest.raises(ValueError, match=message):
        vendi_score(K, kernel="precomputed")


def test_bad_parameters():
    with pytest.raises(ValueError, match="'q'"):
        vendi_score(np.eye(3), q=-1)
    with pytest.raises(ValueError, match="'kernel'"):
        vendi_score(np.eye(3), kernel="linear")
    with pytest.raises(ValueError, match="rows of zeros"):
        von_neumann_entropy(np.zeros((3, 3)))


@pytest.mark.parametrize("shape", [(12, 4), (5, 9)])
def test_entropy_is_a_term_of_a_loss(shape):
    """Gradients are those of finite differences, and a step along them spreads the rows."""
    torch = pytest.importorskip("torch")
    X = torch.tensor(np.random.RandomState(0).randn(*shape), requires_grad=True)
    with sklearn.config_context(array_api_dispatch=True):
        entropy = von_neumann_entropy(X)
    entropy.backward()
    step = 1e-6
    for i, j in [(0, 0), (2, 3), (4, 1)]:
        ends = []
        for sign in (1, -1):
            moved = X.detach().clone().numpy()
            moved[i, j] += sign * step
            ends.append(von_neumann_entropy(moved))
        difference = (ends[0] - ends[1]) / (2 * step)
        assert float(X.grad[i, j]) == pytest.approx(difference, rel=1e-5, abs=1e-8)
    ascent = (X + 0.1 * X.grad).detach().numpy()
    assert von_neumann_entropy(ascent) > float(entropy.detach())
