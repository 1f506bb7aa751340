"""Coding rates: published values, literal formulas, what holds of them, gradients, bad input."""

import math

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import coding_rate, rate_reduction, sparse_rate_reduction
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)
X = np.random.RandomState(0).randn(20, 4)
y = np.repeat([0, 1], 10)
HALVES = np.eye(4).reshape(2, 2, 4).transpose(0, 2, 1)


def test_known_values():
    as_it_is = {"eps": 1, "normalize": False}
    assert coding_rate(X, **as_it_is) == pytest.approx(3.09475610997, rel=1e-11)
    assert rate_reduction(X, y, **as_it_is) == pytest.approx(0.20583311431, rel=1e-10)
    axes, classes = np.repeat(np.eye(4), 5, axis=0), np.repeat(np.arange(4), 5)
    assert coding_rate(axes) == pytest.approx(2 * math.log(5), rel=1e-12)
    expected = 2 * math.log(5) - math.log(17) / 2
    assert expected == pytest.approx(1.80226915284, rel=1e-11)
    assert rate_reduction(axes, classes) == pytest.approx(expected, rel=1e-12)


def test_known_values_with_subspaces():
    params = {"eps": 0.5, "normalize": False}
    rates = sparse_rate_reduction(X, HALVES, penalty=0, **params)
    assert coding_rate(X, **params) - rates == pytest.approx(4.30622976911, rel=1e-11)
    for norm, expected in (("l0", 0.779132641154), ("l1", 0.859953134102)):
        value = sparse_rate_reduction(X, HALVES, penalty=0.1, norm=norm, **params)
        assert value == pytest.approx(expected, rel=1e-10)


@given(seed=SEEDS, eps=st.floats(0.05, 3), normalize=st.booleans())
def test_literal_formulas(seed, eps, normalize):
    rng = np.random.RandomState(seed)
    Z, classes = rng.randn(rng.randint(3, 20), rng.randint(1, 8)), rng.randint(3, size=20)
    classes = classes[: len(Z)]
    options = {"eps": eps, "normalize": normalize}
    assert coding_rate(Z, **options) == pytest.approx(literal.coding_rate(Z, **options))
    expected = literal.rate_reduction(Z, classes, **options)
    assert rate_reduction(Z, classes, **options) == pytest.approx(expected, abs=1e-9)
    bases = np.stack([np.linalg.qr(rng.randn(Z.shape[1], 1))[0] for _ in range(3)])
    for norm in ("l0", "l1"):
        options |= {"penalty": 0.3, "norm": norm}
        value = sparse_rate_reduction(Z, bases, **options)
        assert value == pytest.approx(literal.sparse_rate_reduction(Z, bases, **options), abs=1e-9)


@given(seed=SEEDS)
def test_reduction_is_zero_for_equal_moments_and_largest_for_orthogonal_classes(seed):
    rng = np.random.RandomState(seed)
    part = rng.randn(6, 2)
    mirrored = np.vstack([part, -part])
    assert rate_reduction(mirrored, np.repeat([0, 1], 6)) == pytest.approx(0, abs=1e-12)
    assert rate_reduction(mirrored, np.zeros(12)) == pytest.approx(0, abs=1e-12)
    planes = np.hstack([part, np.zeros((6, 2))])
    classes = np.repeat(["a", "b"], 6)
    orthogonal = rate_reduction(np.vstack([planes, planes[:, [2, 3, 0, 1]]]), classes)
    turned = planes @ ortho_group.rvs(4, random_state=rng)
    assert rate_reduction(np.vstack([planes, turned]), classes) <= orthogonal + 1e-12


@pytest.mark.parametrize("eps", [1e-6, 1e-3])
def test_small_distortion_of_a_thin_cloud(eps):
    """Rounding of the large eigenvalue must not count as volume."""
    thin = np.outer(np.random.RandomState(0).randn(30), [1.0, 1.0, 1.0, 0.1])
    expected = math.log1p(4 / eps**2) / 2
    assert coding_rate(thin, eps=eps) == pytest.approx(expected, rel=1e-9)


def test_distortion_is_no_square():
    """With unit rows in all directions the rate is d/2 log(1 + 1 / eps^2)."""
    assert coding_rate(np.eye(3), eps=0.5**0.5) == pytest.approx(1.5 * math.log(3))


def test_subspaces_are_not_turned_along():
    """The penalty sees the axes, and so the value changes under rotation, and under scale."""
    rotated = X @ ortho_group.rvs(4, random_state=0)
    value = sparse_rate_reduction(X, HALVES, norm="l1")
    assert abs(sparse_rate_reduction(rotated, HALVES, norm="l1") - value) > 1e-3
    assert sparse_rate_reduction(3 * X, HALVES, norm="l1") == pytest.approx(value)
    assert sparse_rate_reduction(np.vstack([X, X]), HALVES) == pytest.approx(
        sparse_rate_reduction(X, HALVES)
    )


@pytest.mark.parametrize("norm", ["l0", "l1"])
def test_gradient_with_subspaces(norm):
    torch = pytest.importorskip("torch")
    tensor = torch.asarray(X[:7], requires_grad=True)
    with sklearn.config_context(array_api_dispatch=True):
        value = sparse_rate_reduction(tensor, HALVES, norm=norm)
        assert value.item() == pytest.approx(sparse_rate_reduction(X[:7], HALVES, norm=norm))
        assert torch.autograd.gradcheck(
            lambda Z: sparse_rate_reduction(Z, HALVES, norm=norm), tensor
        )


def test_training_for_the_reduction_makes_classes_orthogonal():
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    classes = np.repeat([0, 1, 2], 8)
    tensor = torch.asarray(rng.randn(24, 6), requires_grad=True)
    optimizer = torch.optim.Adam([tensor], lr=0.05)
    with sklearn.config_context(array_api_dispatch=True):
        start = rate_reduction(tensor, classes).item()
        for _ in range(150):
            optimizer.zero_grad()
            (-rate_reduction(tensor, classes)).backward()
            optimizer.step()
        end = rate_reduction(tensor.detach(), classes)
    Z = literal.unit(tensor.detach().numpy())
    assert end > start + 0.5
    assert np.abs(Z @ Z.T)[classes[:, None] != classes].max() < 0.1


def test_bad_input():
    zero = np.vstack([X, np.zeros(4)])
    for call in (
        coding_rate,
        lambda Z: rate_reduction(Z, np.arange(21) % 2),
        lambda Z: sparse_rate_reduction(Z, HALVES),
    ):
        with pytest.raises(ValueError, match="X must have no rows of zeros.*row 20"):
            call(zero)
    assert coding_rate(zero, normalize=False) > 0
    with pytest.raises(ValueError, match=r"'eps' parameter.*must be a float in the range \(0"):
        coding_rate(X, eps=0)
    with pytest.raises(ValueError, match="X and y must hold the same samples"):
        rate_reduction(X, y[:-1])
    with pytest.raises(ValueError, match="y must hold class labels"):
        rate_reduction(X, X[:, 0])
    with pytest.raises(ValueError, match="subspaces must have shape .n_subspaces, 4"):
        sparse_rate_reduction(X, np.eye(4))
    with pytest.raises(ValueError, match="orthonormal columns; the products of those of number 1"):
        sparse_rate_reduction(X, HALVES * [[[1]], [[2]]])
