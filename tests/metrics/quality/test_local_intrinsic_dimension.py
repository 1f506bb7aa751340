"""Local dimension: published values, its distribution, copies, queries, gradients, bad input."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma, psi
from scipy.stats import gmean, hmean, ortho_group
from sklearn.exceptions import UndefinedMetricWarning

from sksim.metrics import intrinsic_dimension, local_intrinsic_dimension, participation_ratio
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)
METHODS = ["mle", "mom"]
X = np.random.RandomState(0).randn(60, 3)


def test_known_values():
    mle = local_intrinsic_dimension(X, n_neighbors=10)
    assert mle[:3] == pytest.approx([3.420117420641, 4.207416004410, 3.906943620722], rel=1e-11)
    assert gmean(mle) == pytest.approx(3.02801659668, rel=1e-11)
    assert hmean(mle) == pytest.approx(2.92270998927, rel=1e-11)
    mom = local_intrinsic_dimension(X, method="mom", n_neighbors=10)
    assert mom[:3] == pytest.approx([3.548918319151, 4.386354215424, 3.766526001575], rel=1e-11)
    assert gmean(mom) == pytest.approx(2.8980504166, rel=1e-10)


def test_the_dimension_of_the_whole_is_their_mean():
    for method, expected in (
        ("local_mle", 3.02801659668),
        ("local_mom", 2.8980504166),
        ("mle", 2.92270998927),
    ):
        value = intrinsic_dimension(X, method=method, n_neighbors=10)
        assert value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
@given(seed=SEEDS, n_neighbors=st.integers(2, 20))
def test_literal_formulas_and_queries_that_are_indexed(method, seed, n_neighbors):
    rng = np.random.RandomState(seed)
    Z = rng.randn(rng.randint(22, 40), rng.randint(1, 6))
    options = {"method": method, "n_neighbors": n_neighbors}
    values = local_intrinsic_dimension(Z, **options)
    assert values == pytest.approx(literal.local_dimensions(Z, n_neighbors, method), rel=1e-7)
    np.testing.assert_array_equal(local_intrinsic_dimension(Z, Z, **options), values)


@pytest.mark.parametrize("method", METHODS)
@given(seed=SEEDS)
def test_what_changes_nothing(method, seed):
    rng = np.random.RandomState(seed)
    Z = rng.randn(40, 4)
    values = local_intrinsic_dimension(Z, method=method)
    turned = 3 * Z @ ortho_group.rvs(4, random_state=rng) + 7
    assert local_intrinsic_dimension(turned, method=method) == pytest.approx(values, rel=1e-6)
    repeated = np.vstack([Z, Z[::2], Z[:3]])
    copies = local_intrinsic_dimension(repeated, method=method)
    np.testing.assert_array_equal(copies, np.concatenate([values, values[::2], values[:3]]))
    order = rng.permutation(40)
    np.testing.assert_array_equal(local_intrinsic_dimension(Z[order], method=method), values[order])


def test_other_invertible_maps_move_the_values_unless_samples_are_dense():
    stretched = X * [1, 3, 10]
    assert np.ptp(np.log(local_intrinsic_dimension(stretched) / local_intrinsic_dimension(X))) > 0.5
    dense = np.random.RandomState(0).rand(20000, 2)
    before, after = (gmean(local_intrinsic_dimension(Z)) for Z in (dense, dense * [1, 3]))
    assert after == pytest.approx(before, rel=0.02)


def test_distribution_in_uniform_dimensions():
    """The mean is m (k - 1) / (k - 2), the harmonic one m, var log is psi'(k - 1)."""
    m, k, n = 5, 20, 1500
    radii = np.sort(np.random.RandomState(0).rand(n, 200) ** (1 / m), axis=1)[:, :k]
    rows = [local_intrinsic_dimension([[0.0]], r[:, None], n_neighbors=k - 1)[0] for r in radii]
    degrees = k - 2  # of the k - 1 neighbours that were asked for
    rows = np.array(rows)
    error = 4 * np.sqrt(polygamma(1, degrees) / n)
    assert hmean(rows) == pytest.approx(m, rel=error)
    assert rows.mean() == pytest.approx(m * degrees / (degrees - 1), rel=error)
    assert gmean(rows) == pytest.approx(m * degrees / np.exp(psi(degrees)), rel=error)
    assert np.log(rows).var() == pytest.approx(polygamma(1, degrees), rel=0.15)


def test_a_space_that_is_wide_as_a_whole_may_be_thin_everywhere():
    rng = np.random.RandomState(0)
    t = np.sort(rng.rand(600))[:, None]
    curve = np.cos(2 * np.pi * t * rng.uniform(0, 10, 20) + rng.uniform(0, 6, 20))
    assert participation_ratio(curve) > 4
    assert intrinsic_dimension(curve, method="local_mle") < 1.5


def test_other_metrics():
    values = local_intrinsic_dimension(X, metric="manhattan", n_neighbors=5)
    gaps = np.sort(np.abs(X[:, None] - X).sum(axis=2), axis=1)[:, 1:6]
    assert values == pytest.approx(4 / np.log(gaps[:, -1:] / gaps[:, :-1]).sum(axis=1))
    with pytest.raises(ValueError, match="at distance 0 with metric='chebyshev'|does not tell"):
        local_intrinsic_dimension(X, metric=lambda a, b: 0.0 if a[0] > 0 else 1.0)


def test_neighbors_at_one_distance_have_infinite_dimension():
    simplex = np.vstack([np.eye(4), [[5.0, 5.0, 5.0, 5.0]]])
    for method in METHODS:
        with pytest.warns(UndefinedMetricWarning, match="of 5 samples is infinite"):
            values = local_intrinsic_dimension(simplex, method=method, n_neighbors=3)
        assert np.isinf(values).all()
    with pytest.raises(ValueError, match="geometric mean of the local dimensions is infinite: 4"):
        intrinsic_dimension(
            np.vstack([np.eye(4), 2 + np.random.RandomState(0).rand(3, 4)]),
            method="local_mle",
            n_neighbors=3,
        )


def test_float32_and_a_large_mean():
    values = local_intrinsic_dimension(X)
    assert local_intrinsic_dimension(X.astype(np.float32)) == pytest.approx(values, rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_gradients(method):
    torch = pytest.importorskip("torch")
    Z = torch.asarray(np.vstack([X[:12], X[:1]]), requires_grad=True)
    indexed = torch.asarray(X[12:30], requires_grad=True)
    options = {"method": method, "n_neighbors": 4}
    with sklearn.config_context(array_api_dispatch=True):
        values = local_intrinsic_dimension(Z, **options)
        expected = local_intrinsic_dimension(Z.detach().numpy(), **options)
        assert values.detach().numpy() == pytest.approx(expected)
        call = lambda A, B=None: local_intrinsic_dimension(A, B, **options)  # noqa: E731
        assert torch.autograd.gradcheck(call, Z[:8].detach().requires_grad_())
        assert torch.autograd.gradcheck(call, (Z[:3].detach().requires_grad_(), indexed))
        other = local_intrinsic_dimension(Z, metric="manhattan", **options)
    assert isinstance(other, np.ndarray)


def test_loss_raises_the_dimension_of_a_thin_batch():
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    angle = rng.uniform(0, 2 * np.pi, 100)
    circle = np.column_stack([np.cos(angle), np.sin(angle), 0.05 * rng.randn(100, 4)])
    Z = torch.asarray(circle.copy(), requires_grad=True)
    optimizer = torch.optim.Adam([Z], lr=0.05)
    with sklearn.config_context(array_api_dispatch=True):
        for _ in range(60):
            optimizer.zero_grad()
            unit = Z / Z.norm(dim=1, keepdim=True)
            dimension = local_intrinsic_dimension(unit, unit.detach(), method="mom", n_neighbors=16)
            (-dimension.log().abs().mean()).backward()
            optimizer.step()
    end = literal.unit(Z.detach().numpy())
    for measure in (participation_ratio, lambda A: intrinsic_dimension(A, method="local_mle")):
        assert measure(end) > 1.5 * measure(literal.unit(circle))


def test_bad_input():
    with pytest.raises(ValueError, match=r"X must have more than 20 different rows.*got 10"):
        local_intrinsic_dimension(np.repeat(np.arange(10.0), 5)[:, None])
    with pytest.raises(ValueError, match="Y must have more than 20 different rows"):
        local_intrinsic_dimension(X, X[:20])
    with pytest.raises(ValueError, match="same number of features, got 3 and 2"):
        local_intrinsic_dimension(X, X[:, :2])
    with pytest.raises(ValueError, match=r"n_neighbors.*range \[2"):
        local_intrinsic_dimension(X, n_neighbors=1)
