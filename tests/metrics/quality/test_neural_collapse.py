import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression

from sksim.datasets import make_collapsed_features
from sksim.metrics import neural_collapse
from tests.reference import quality as literal


def draw(seed):
    rng = np.random.RandomState(seed)
    n_classes, n_features = rng.randint(2, 6), rng.randint(2, 8)
    y = np.concatenate([np.arange(n_classes), rng.randint(0, n_classes, 40)])
    X = 2 * rng.randn(n_classes, n_features)[y] + rng.randn(len(y), n_features)
    return X, y, rng.randn(n_classes, n_features), rng.randn(n_classes)


def collapsed(n_classes=4):
    """Ten samples at each corner of a simplex, and its classifier."""
    y = np.repeat(np.arange(n_classes), 10)
    corners = np.eye(n_classes) - 1 / n_classes
    return corners[y], y, corners


@given(seed=st.integers(0, 10**6))
def test_literal_formulas(seed):
    X, y, W, b = draw(seed)
    result = neural_collapse(X, y, coef=W, intercept=b)
    for name, value in literal.neural_collapse(X, y, W, b).items():
        assert result[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name


def test_full_collapse_is_zero():
    X, y, corners = collapsed()
    for name, value in neural_collapse(X, y, coef=corners).items():
        assert value == pytest.approx(0, abs=1e-12), name


def test_every_sign_is_seen():
    X, y, corners = collapsed()
    noise = np.random.RandomState(0).randn(*X.shape)
    assert neural_collapse(X + 0.1 * noise, y).nc1 > 1e-3
    assert neural_collapse(X * [2, 1, 1, 1], y).nc2 > 0.1
    assert neural_collapse(X, y, coef=-corners).nc3 == pytest.approx(4)
    assert neural_collapse(X, y, coef=-corners).nc4 == 1


@example(seed=597)  # a class mean that depends on the others up to rounding
@given(seed=st.integers(0, 10**6))
def test_rotation_scale_and_translation_change_nothing(seed):
    X, y, W, b = draw(seed)
    Q = ortho_group.rvs(X.shape[1], random_state=seed)
    shift = np.random.RandomState(seed).randn(X.shape[1])
    before = neural_collapse(X, y, coef=W, intercept=b)
    after = neural_collapse(3 * X @ Q + shift, y, coef=W @ Q / 3, intercept=b - W @ Q @ shift / 3)
    for name in before:
        assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-8), name


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1e100, 1e150, 1e200])
def test_extreme_units_change_nothing(unit):
    X, y, W, _ = draw(3)
    expected = neural_collapse(X, y, coef=W)
    for result in (neural_collapse(unit * X, y, coef=W), neural_collapse(X, y, coef=unit * W)):
        for name, value in expected.items():
            assert result[name] == pytest.approx(value, rel=1e-9), name


def test_names_of_the_labels_do_not_matter():
    X, y, W, b = draw(1)
    names = np.array([f"class {c}" for c in range(W.shape[0])])
    assert neural_collapse(X, names[y], coef=W, intercept=b) == neural_collapse(
        X, y, coef=W, intercept=b
    )


def test_one_row_of_weights_for_two_classes():
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1], 30)
    X = rng.randn(60, 3) + 3 * y[:, None]
    model = LogisticRegression().fit(X, y)
    one = neural_collapse(X, y, coef=model.coef_, intercept=model.intercept_)
    W = np.vstack([-model.coef_, model.coef_])
    both = neural_collapse(X, y, coef=W, intercept=np.r_[-model.intercept_, model.intercept_])
    assert one == both
    assert one.nc3 < 0.5


def test_without_a_classifier():
    X, y, _, _ = draw(2)
    result = neural_collapse(X, y)
    assert result.nc3 is None
    assert result.nc4 is None


def test_bad_input():
    X, y, corners = collapsed()
    with pytest.raises(ValueError, match="at least 2 classes"):
        neural_collapse(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="same samples"):
        neural_collapse(X, y[1:])
    with pytest.raises(ValueError, match="y contains NaN"):
        neural_collapse(X, np.where(y == 2, np.nan, y))
    with pytest.raises(ValueError, match="not whole"):
        neural_collapse(X, y / 7)
    with pytest.raises(ValueError, match="shape \\(4, 4\\), one row a class"):
        neural_collapse(X, y, coef=corners[:2])
    with pytest.raises(ValueError, match="intercept must hold 4"):
        neural_collapse(X, y, coef=corners, intercept=[1.0, 2.0])
    with pytest.raises(ValueError, match="zeros only"):
        neural_collapse(X, y, coef=np.zeros((4, 4)))
    with pytest.raises(ValueError, match="equal means"):
        neural_collapse(np.vstack([X, X]), np.repeat([0, 1], len(X)))


def test_one_sample_a_class_leaves_nc1_undefined():
    X = np.random.RandomState(0).randn(4, 3)
    with pytest.warns(UndefinedMetricWarning, match="nc1 is not defined"):
        result = neural_collapse(X, np.arange(4))
    assert np.isnan([result.nc1, result.nc1_trace_ratio, result.nc1_cdnv]).all()
    assert np.isfinite(result.nc2)


SIZES = np.array([40, 20, 10, 5])


def unbalanced(noise):
    return make_collapsed_features(
        SIZES, lambda_w=1e-4, lambda_h=1e-4, n_features=6, noise=noise, random_state=0
    )


def test_unbalanced_classes_end_in_their_geometry():
    X, y, coef = unbalanced(1e-9)
    result = neural_collapse(X, y, coef=coef, geometry="imbalanced")
    for name in ("nc1", "nc2", "nc2_equiangularity", "nc2_maximal_angle", "nc3", "nc4"):
        assert result[name] == pytest.approx(0, abs=1e-6), name
    assert result.nc2_equinorm < 1e-3  # all p_c are near 1
    # the others are not theirs: the lengths, the weights and the angles differ
    orthogonal = neural_collapse(X, y, coef=coef, geometry="orthogonal")
    assert orthogonal.nc2 == pytest.approx(0, abs=1e-6)
    assert orthogonal.nc2_equinorm > 0.15
    assert orthogonal.nc3 > 0.01
    assert neural_collapse(X, y, coef=coef).nc2 > 0.1


@pytest.mark.parametrize("geometry", ["orthogonal", "imbalanced"])
def test_orthogonal_means_by_the_literal_formula(geometry):
    rng = np.random.RandomState(0)
    y = np.repeat(np.arange(3), [12, 6, 3])
    X, W = rng.randn(21, 5) + 1, rng.randn(3, 5)
    M = np.array([X[y == c].mean(axis=0) for c in range(3)])
    norms = np.linalg.norm(M, axis=1)
    cosines = np.abs([M[a] @ M[b] / (norms[a] * norms[b]) for a, b in ((0, 1), (0, 2), (1, 2))])
    result = neural_collapse(X, y, coef=W, geometry=geometry)
    assert result.nc2 == pytest.approx(cosines.mean()) == result.nc2_maximal_angle
    weights = np.bincount(y) if geometry == "imbalanced" else np.ones(3)
    norms, scaled = norms * weights**0.25, M * np.sqrt(weights)[:, None]
    assert result.nc2_equinorm == pytest.approx(norms.std() / norms.mean())
    gap = W / np.linalg.norm(W) - scaled / np.linalg.norm(scaled)
    assert result.nc3 == pytest.approx((gap**2).sum())
    simplex = neural_collapse(X, y, coef=W)
    assert (result.nc1, result.nc4) == (simplex.nc1, simplex.nc4)
    # rotation and scale change nothing, translation does
    Q = ortho_group.rvs(5, random_state=0)
    assert neural_collapse(3 * X @ Q, y, coef=W @ Q, geometry=geometry).nc2 == pytest.approx(
        result.nc2
    )
    assert abs(neural_collapse(X + 3, y, geometry=geometry).nc2 - result.nc2) > 0.1


def test_a_class_that_has_vanished_has_no_angle():
    X, y, _ = make_collapsed_features([50, 20, 1], lambda_w=0.02, lambda_h=0.02)
    X = X + 0.01 * np.resize([1.0, -1.0], len(X))[:, None] * (y < 2)[:, None]
    assert not X[y == 2].any()
    with pytest.raises(ValueError, match="differ from the origin, got equality for class number 2"):
        neural_collapse(X, y, geometry="imbalanced")
