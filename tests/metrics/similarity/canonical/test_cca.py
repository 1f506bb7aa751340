import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import (
    DegenerateSimilarityWarning,
    canonical_correlations,
    cca_score,
    eigenspace_overlap_score,
    pwcca_score,
    shape_distance,
    svcca_score,
)
from sksim.metrics.similarity.canonical import _basis, _cca
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
RHO = [
    0.98427779,
    0.96074871,
    0.90690373,
    0.85227338,
    0.63054839,
    0.31749752,
    0.18992515,
    0.03496008,
]
SMALL_X = [[1, 0, 2], [2, 1, 0], [0, 3, 1], [4, 1, 1], [3, 2, 5], [1, 1, 1], [0, 2, 4], [5, 0, 3]]
SMALL_Y = [[2, 1, 0], [1, 0, 1], [1, 4, 2], [3, 2, 0], [5, 3, 4], [0, 1, 2], [1, 1, 5], [4, 2, 1]]
pairs = st.tuples(st.integers(25, 40), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))


def random_pair(pair):
    n, d1, d2, seed = pair
    A, B = reference.golden_pair(n, d1, d2, seed)
    return A, B


@pytest.fixture(params=["cholesky", "svd"])
def route(request, monkeypatch):
    if request.param == "svd":
        monkeypatch.setattr(_basis, "MAX_CONDITION", 0.0)


@pytest.mark.usefixtures("route")
def test_canonical_correlations_reference_values():
    np.testing.assert_allclose(canonical_correlations(X, Y), RHO, atol=1e-7)
    small = canonical_correlations(SMALL_X, SMALL_Y)
    np.testing.assert_allclose(small, [0.995886, 0.921043, 0.547858], atol=1e-6)


@given(pair=pairs, rtol=st.sampled_from([1e-10, 0.01, 0.1, 0.3, 0.9]))
def test_directions_below_the_tolerance_are_left_out(pair, rtol):
    A, B = random_pair(pair)
    expected = reference.truncated_canonical_correlations(A, B, rtol)
    np.testing.assert_allclose(canonical_correlations(A, B, rtol=rtol), expected, atol=1e-9)


def test_tolerance_of_columns_in_other_units_and_of_rounding():
    A = X[:, :3] * [1.0, 1e-12, 1e-5]
    assert canonical_correlations(A, Y, rtol=1e-13).size == 3
    assert canonical_correlations(A, Y).size == 2
    doubled = np.hstack([A[:, ::2], A[:, ::2], np.full((60, 1), 0.1)])
    np.testing.assert_allclose(
        canonical_correlations(doubled, Y, rtol=0), canonical_correlations(A, Y), atol=1e-9
    )


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize(
    ("function", "params", "expected"),
    [
        (cca_score, {}, 0.60964184),
        (cca_score, {"summary": "mean_squared"}, 0.49704686),
        (cca_score, {"summary": "yanai"}, 0.49704686),
        (cca_score, {"summary": "max"}, RHO[0]),
        (cca_score, {"n_components": 2}, np.mean(RHO[:2])),
        (svcca_score, {}, 0.66150505),
        (svcca_score, {"summary": "mean_squared"}, 0.55224475),
        (svcca_score, {"variance": 0.9}, 0.81367579),
        (pwcca_score, {}, 0.83453525),
        (pwcca_score, {"weights": "y"}, 0.78002979),
        (pwcca_score, {"weights": "mean"}, (0.83453525 + 0.78002979) / 2),
    ],
)
def test_reference_values(function, params, expected):
    assert function(X, Y, **params) == pytest.approx(expected, abs=1e-7)


def test_values_of_other_definitions_are_not_returned():
    """Weights from coefficients, thresholds times the variance, un-squared thresholds."""
    assert abs(pwcca_score(X, Y) - 0.82929230) > 1e-3
    assert min(abs(svcca_score(X, Y) - wrong) for wrong in (0.81323495, 0.67421813)) > 1e-3
    assert svcca_score(X / 100, Y) == pytest.approx(svcca_score(X, Y), abs=1e-10)


@given(pair=pairs)
def test_canonical_correlations_equal_the_eigenvalue_form(pair):
    A, B = random_pair(pair)
    expected = reference.canonical_correlations(A, B)
    np.testing.assert_allclose(canonical_correlations(A, B), expected, atol=1e-6)
    assert pwcca_score(A, B) == pytest.approx(reference.pwcca(A, B), abs=1e-6)
    assert pwcca_score(A, B, weights="y") == pytest.approx(reference.pwcca(B, A), abs=1e-6)


@given(pair=pairs, kappa=st.floats(0.01, 0.99))
def test_shrinkage_equals_the_definition(pair, kappa):
    A, B = random_pair(pair)
    expected = reference.regularized_cca(A, B, kappa)
    assert cca_score(A, B, shrinkage=kappa) == pytest.approx(expected.mean(), abs=1e-8)
    largest = cca_score(A, B, shrinkage=kappa, summary="max")
    assert largest == pytest.approx(expected[0], abs=1e-8)


def test_shrinking_only_the_own_covariances_leaves_the_unit_interval():
    stretched = X * np.array([10.0, 1, 1, 1, 1, 1, 1, 1])
    assert reference.regularized_cca(stretched, stretched, 0.5, joint=False)[0] > 1.5
    assert reference.regularized_cca(stretched, stretched, 0.5)[0] < 1


@given(pair=pairs, variance=st.floats(0.5, 0.999))
def test_svcca_equals_cca_of_leading_components(pair, variance):
    A, B = (reference.leading_components(Z, variance) for Z in random_pair(pair))
    expected = canonical_correlations(A, B).mean()
    assert svcca_score(*random_pair(pair), variance=variance) == pytest.approx(expected, abs=1e-9)


@given(pair=pairs)
def test_pwcca_lies_between_the_correlations(pair):
    A, B = random_pair(pair)
    rho = canonical_correlations(A, B)
    for weights in ("x", "y", "mean"):
        assert rho[-1] - 1e-12 <= pwcca_score(A, B, weights=weights) <= rho[0] + 1e-12


def test_pwcca_of_unequal_widths_either_way():
    A, B = reference.golden_pair(60, 8, 5, 1)
    assert pwcca_score(A, B) == pytest.approx(pwcca_score(B, A, weights="y"), abs=1e-12)


def test_rank_deficient_and_dead_columns_are_left_out():
    A = np.hstack([X, X[:, :2] @ [[1.0], [2.0]], np.zeros((60, 1)), np.full((60, 1), 0.1)])
    np.testing.assert_allclose(canonical_correlations(A, Y), RHO, atol=1e-7)
    assert pwcca_score(A[:, [*range(8), 9, 10]], Y) == pytest.approx(0.83453525, abs=1e-7)


def layer_norm(Z, mean=0.0):
    """Layer normalisation in the precision of Z; the mean that it subtracts is rounded too."""
    Z = Z + Z.dtype.type(mean)
    Z = Z - Z.mean(axis=1, keepdims=True)
    return Z / Z.std(axis=1, keepdims=True)


@pytest.mark.parametrize("mean", [0.0, 1.0])
@pytest.mark.parametrize("d", [8, 64, 300])
def test_rounding_of_float32_is_no_direction(d, mean):
    """The features of a normalised layer sum to zero, up to a sum of roundings."""
    rng = np.random.default_rng(d)
    A = rng.standard_normal((2 * d + 50, d)).astype(np.float32)
    B = np.tanh(A @ rng.standard_normal((d, d)).astype(np.float32))
    single = layer_norm(A, mean), layer_norm(B, mean)
    double = layer_norm(A.astype(np.float64), mean), layer_norm(B.astype(np.float64), mean)
    assert canonical_correlations(*single).size == d - 1
    for function in (cca_score, pwcca_score, eigenspace_overlap_score):
        assert function(*single) == pytest.approx(function(*double), abs=1e-5)
    for cv in (None, 3):
        distances = [shape_distance(*pair, alpha=0.0, cv=cv) for pair in (single, double)]
        assert distances[0] == pytest.approx(distances[1], abs=1e-5)


def test_small_directions_of_float32_are_kept():
    """A direction of a millionth of the others is no rounding, nor is a column as small."""
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((2, 200, 5))
    thin = A[:, :4] @ rng.standard_normal((4, 5)) + 1e-5 * A
    expected = canonical_correlations(thin, B)
    found = canonical_correlations(thin.astype(np.float32), B)
    np.testing.assert_allclose(found, expected, atol=0.02)
    unequal = A * [1.0, 1.0, 1.0, 1.0, 1e-9]
    found = canonical_correlations(unequal.astype(np.float32), B)
    np.testing.assert_allclose(found, canonical_correlations(A, B), atol=1e-5)


@pytest.mark.parametrize("shape", [(140, 140), (130, 200), (200, 130)])
def test_singular_values_of_large_matrices(shape):
    """From the Gram matrix where the smallest ones allow, and as exact."""
    rng = np.random.default_rng(0)
    U, Vt = (np.linalg.qr(rng.standard_normal((size, size)))[0] for size in shape)
    for least in (1e-1, 1e-4, 1e-9, 0.0):
        values = np.linspace(least, 1.0, min(shape))[::-1]
        A = (U[:, : values.size] * values) @ Vt[: values.size]
        np.testing.assert_allclose(_cca.singular_values(A), values, atol=1e-9)
        assert _cca.singular_values(A).sum() == pytest.approx(values.sum(), rel=1e-12)


def test_columns_of_very_different_scale():
    A = X * np.logspace(-4, 4, 8)
    np.testing.assert_allclose(canonical_correlations(A, Y), RHO, atol=1e-7)


def test_ill_conditioned_maps_fall_back_safely():
    rng = np.random.RandomState(0)
    Q = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    A = X @ (Q * np.logspace(0, -7, 8)) @ np.linalg.qr(rng.standard_normal((8, 8)))[0]
    np.testing.assert_allclose(canonical_correlations(A, Y), RHO, atol=1e-6)


@pytest.mark.parametrize("shape", [(20, 20, 3), (20, 3, 40), (20, 40, 40)])
def test_no_more_samples_than_features_is_degenerate(shape):
    n, d1, d2 = shape
    rng = np.random.RandomState(0)
    A, B = rng.standard_normal((n, d1)), rng.standard_normal((n, d2))
    for function in (canonical_correlations, cca_score, pwcca_score):
        with pytest.warns(DegenerateSimilarityWarning, match="whatever the values"):
            assert np.mean(function(A, B)) == pytest.approx(1.0, abs=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 < cca_score(A, B, shrinkage=0.5) < 1


def test_wide_representations_of_low_rank_are_compared_by_svcca():
    wide = X @ np.random.RandomState(0).standard_normal((8, 100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert 0 < svcca_score(wide, Y) < 1


def test_shrinkage_of_wide_representations_equals_the_definition():
    rng = np.random.RandomState(0)
    A, B = rng.standard_normal((20, 30)), rng.standard_normal((20, 25))
    expected = reference.regularized_cca(A, B, 0.3)[:19].mean()
    assert cca_score(A, B, shrinkage=0.3) == pytest.approx(expected, abs=1e-8)


def test_too_many_components_raise():
    with pytest.raises(ValueError, match="at most 5"):
        cca_score(X[:, :5], Y, n_components=6)


def test_parameters_are_checked():
    for function, params in (
        (cca_score, {"summary": "median"}),
        (cca_score, {"shrinkage": 1.5}),
        (svcca_score, {"variance": 0}),
        (pwcca_score, {"weights": "z"}),
        (canonical_correlations, {"rtol": 1}),
    ):
        with pytest.raises(ValueError, match=next(iter(params))):
            function(X, Y, **params)
