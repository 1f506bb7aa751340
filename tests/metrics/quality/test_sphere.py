import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import alignment, anisotropy, uniformity
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)


def draw(seed):
    rng = np.random.RandomState(seed)
    return rng.randn(rng.randint(3, 20), rng.randint(2, 8)) + rng.randn()


def test_reference_values():
    X, partner = literal.make_quality_data()
    assert uniformity(X) == pytest.approx(-2.08578186, abs=1e-7)
    assert alignment(X, partner) == pytest.approx(0.03555151, abs=1e-7)
    assert anisotropy(X) == pytest.approx(0.29499905, abs=1e-7)


@given(seed=SEEDS, t=st.floats(0.1, 20), alpha=st.floats(0.5, 4))
def test_literal_formulas(seed, t, alpha):
    X, partner = draw(seed), draw(seed)[::-1]
    assert uniformity(X, t=t) == pytest.approx(literal.uniformity(X, t), rel=1e-9, abs=1e-12)
    assert anisotropy(X) == pytest.approx(literal.anisotropy(X), abs=1e-12)
    assert alignment(X, partner, alpha=alpha) == pytest.approx(
        literal.alignment(X, partner, alpha), rel=1e-9, abs=1e-12
    )


@given(seed=SEEDS)
def test_rotation_and_lengths_of_rows_change_nothing(seed):
    X = draw(seed)
    rng = np.random.RandomState(seed)
    Q = ortho_group.rvs(X.shape[1], random_state=rng)
    lengths = rng.uniform(0.1, 10, (len(X), 1))
    partner = X[::-1]
    assert uniformity(X @ Q * lengths) == pytest.approx(uniformity(X), abs=1e-9)
    assert anisotropy(X @ Q * lengths) == pytest.approx(anisotropy(X), abs=1e-9)
    assert alignment(X @ Q * lengths, partner @ Q) == pytest.approx(alignment(X, partner))


@given(seed=SEEDS)
def test_ranges(seed):
    X = draw(seed)
    assert -8 - 1e-9 <= uniformity(X) <= 0
    assert -1 / (len(X) - 1) - 1e-12 <= anisotropy(X) <= 1 + 1e-12
    assert 0 <= alignment(X, X[::-1]) <= 4 + 1e-12
    assert alignment(X, 3 * X) == pytest.approx(0, abs=1e-30)


def test_rounding_does_not_leave_the_ranges():
    for n in range(2, 30):
        X = np.full((n, 3), 0.1) * np.arange(1, n + 1)[:, None]
        assert anisotropy(X) <= 1
        assert anisotropy(np.vstack([X, -X])) >= -1 / (2 * n - 1)
        assert alignment(X, -X) <= 4


def test_uniformity_does_not_depend_on_the_blocks():
    X = np.random.RandomState(0).randn(700, 3)
    whole = uniformity(X)
    with sklearn.config_context(working_memory=0.05):
        assert uniformity(X) == pytest.approx(whole, rel=1e-12)


def test_uniformity_of_a_sharp_potential_does_not_vanish():
    """exp(-400) against a thousand ones: counted with the diagonal nothing would be left."""
    assert uniformity([[1, 0], [-1, 0]], t=100) == pytest.approx(-400)


def test_evenly_spread_rows_come_close_to_minus_two_t():
    X = np.random.RandomState(0).randn(400, 200)
    assert uniformity(X, t=2) == pytest.approx(-4, abs=0.1)
    assert abs(anisotropy(X)) < 0.01


@pytest.mark.parametrize("function", [uniformity, anisotropy])
def test_bad_input(function):
    with pytest.raises(ValueError, match="at least 2 samples"):
        function([[1.0, 2.0]])
    with pytest.raises(ValueError, match="no rows of zeros"):
        function([[1.0, 2.0], [0.0, 0.0]])


def test_bad_partners():
    with pytest.raises(ValueError, match="same features"):
        alignment(np.ones((3, 2)), np.ones((3, 3)))
    with pytest.raises(ValueError, match="X and X_positive must hold the same samples"):
        alignment(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="Input X_positive contains NaN"):
        alignment(np.ones((3, 2)), np.full((3, 2), np.nan))
    with pytest.raises(ValueError, match="X_positive must have no rows of zeros"):
        alignment(np.ones((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="'t'"):
        uniformity(np.eye(3), t=0)
