import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.exceptions import ConvergenceWarning

from sksim.alignment import mean_shape
from sksim.metrics import procrustes_distance

SEEDS = st.integers(0, 10**6)


def noisy_copies(seed, n_copies):
    rng = np.random.RandomState(seed)
    base = rng.randn(10, 3)
    return [base + 0.5 * rng.randn(10, 3) for _ in range(n_copies)]


@pytest.mark.parametrize(
    ("seed", "n_copies", "objective", "norm"),
    [
        (0, 3, 0.1101689212204291, 0.9433085808893985),
        (1, 4, 0.1027540137579509, 0.9472306932537866),
    ],
)
def test_reference_values(seed, n_copies, objective, norm):
    shape = mean_shape(noisy_copies(seed, n_copies))
    assert shape.objective == pytest.approx(objective, rel=1e-8)
    assert np.linalg.norm(shape.mean) == pytest.approx(norm, rel=1e-8)


@given(seed=SEEDS, n_copies=st.integers(1, 5))
def test_the_parts_belong_together(seed, n_copies):
    views = noisy_copies(seed, n_copies)
    shape = mean_shape(views)
    centered = [X - X.mean(axis=0) for X in views]
    aligned = [X / np.linalg.norm(X) @ Q for X, Q in zip(centered, shape.rotations, strict=True)]
    np.testing.assert_allclose(np.mean(aligned, axis=0), shape.mean, atol=1e-12)
    assert shape.objective == pytest.approx(1 - np.sum(shape.mean**2), abs=1e-12)
    np.testing.assert_allclose(
        shape.rotations @ shape.rotations.transpose(0, 2, 1),
        np.broadcast_to(np.eye(3), shape.rotations.shape),
        atol=1e-12,
    )


@given(seed=SEEDS)
def test_rotation_scale_and_shift_do_not_matter(seed):
    views = noisy_copies(seed, 3)
    rng = np.random.RandomState(seed)
    moved = [
        rng.uniform(0.1, 9) * X @ ortho_group.rvs(3, random_state=rng) + rng.randn(3) for X in views
    ]
    expected = mean_shape(views, tol=1e-14).objective
    assert mean_shape(moved, tol=1e-14).objective == pytest.approx(expected, abs=1e-7)
    assert (
        mean_shape([views[0], *[m @ ortho_group.rvs(3) for m in [views[0]] * 3]]).objective < 1e-14
    )


@given(seed=SEEDS)
def test_no_round_raises_the_objective(seed):
    views = noisy_copies(seed, 4)
    with pytest.warns(ConvergenceWarning):
        first = mean_shape(views, max_iter=1)
    assert mean_shape(views).objective <= first.objective + 1e-14


def test_two_shapes_meet_half_way():
    X, Y = noisy_copies(0, 2)
    gap = procrustes_distance(X, Y, kind="unit")
    assert mean_shape([X, Y]).objective == pytest.approx((gap / 2) ** 2)


def test_narrow_representations_are_padded_and_names_are_kept():
    X, Y, Z = noisy_copies(0, 3)
    shape = mean_shape({"a": X, "b": Y[:, :1], "c": Z})
    assert shape.mean.shape == (10, 3)
    padded = np.pad(Y[:, :1], ((0, 0), (0, 2)))
    assert shape.objective == pytest.approx(mean_shape([X, padded, Z]).objective)


def test_the_arrays_stay_as_they_are():
    views = noisy_copies(0, 3)
    copies = [X.copy() for X in views]
    mean_shape(views)
    for X, copy in zip(views, copies, strict=True):
        np.testing.assert_array_equal(X, copy)


def test_bad_representations_are_named():
    X, Y = noisy_copies(0, 2)
    with pytest.raises(ValueError, match=r"representations\[1\].*same samples|same samples.*\[1\]"):
        mean_shape([X, Y[:5]])
    with pytest.raises(ValueError, match=r"representations\['b'\] is constant"):
        mean_shape({"a": X, "b": np.ones((10, 2))})
    with pytest.raises(ValueError, match="at least one"):
        mean_shape([])
