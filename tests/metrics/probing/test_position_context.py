"""Position and context: known shares, sums, floors of noise, what changes them, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import position_context_decomposition

SEEDS = st.integers(0, 10**6)
SHARES = ("position_share", "context_share", "residual_share")


def draw(seed):
    rng = np.random.RandomState(seed)
    return rng.randn(rng.randint(2, 6), rng.randint(2, 6), rng.randint(1, 5)) + rng.randn()


def test_known_shares():
    rng = np.random.RandomState
    H = rng(0).randn(5, 4, 3) + 2 * rng(1).randn(4, 3)[None] + rng(2).randn(5, 3)[:, None]
    result = position_context_decomposition(H)
    expected = [0.694120237003, 0.200631373261, 0.105248389736]
    assert [result[share] for share in SHARES] == pytest.approx(expected, rel=1e-9)


@given(seed=SEEDS)
def test_literal_formula(seed):
    H = draw(seed)
    C, T, d = H.shape
    mean = sum(H[c, t] for c in range(C) for t in range(T)) / (C * T)
    position = np.array([sum(H[c, t] for c in range(C)) / C - mean for t in range(T)])
    context = np.array([sum(H[c, t] for t in range(T)) / T - mean for c in range(C)])
    total = ((H - mean) ** 2).sum()
    result = position_context_decomposition(H)
    assert result.position_share == pytest.approx(C * (position**2).sum() / total)
    assert result.context_share == pytest.approx(T * (context**2).sum() / total)
    assert sum(result[share] for share in SHARES) == pytest.approx(1)
    cosines = [
        abs(p @ q) / np.linalg.norm(p) / np.linalg.norm(q) for p in position for q in context
    ]
    assert result.incoherence == pytest.approx(np.mean(cosines))
    rebuilt = result.mean + result.position + result.context[:, None] + result.residual
    np.testing.assert_allclose(rebuilt, H, atol=1e-12)
    for part in (result.position.sum(axis=0), result.context.sum(axis=0)):
        np.testing.assert_allclose(part, 0, atol=1e-12)
    for axis in (0, 1):
        np.testing.assert_allclose(result.residual.mean(axis=axis), 0, atol=1e-12)


@given(seed=SEEDS, unit=st.sampled_from([1e-200, 3.0, 1e200]))
def test_rotation_scale_and_translation_change_nothing(seed, unit):
    H = draw(seed)
    if H.shape[2] > 1:
        turned = H @ ortho_group.rvs(H.shape[2], random_state=seed)
    else:
        turned = -H
    expected, result = (position_context_decomposition(Z) for Z in (H, unit * (turned + 7)))
    for name in (*SHARES, "incoherence"):
        assert result[name] == pytest.approx(expected[name], abs=1e-9)


def test_other_linear_maps_change_the_shares_and_carry_the_parts():
    H, A = np.random.RandomState(0).randn(5, 4, 3), np.diag([1.0, 5.0, 0.2])
    before, after = (position_context_decomposition(Z) for Z in (H, H @ A))
    np.testing.assert_allclose(after.position, before.position @ A)
    assert abs(after.position_share - before.position_share) > 0.01


def test_floors():
    C, T, d = 12, 9, 40
    results = [
        position_context_decomposition(np.random.RandomState(s).randn(C, T, d)) for s in range(20)
    ]
    mean = [np.mean([result[share] for result in results]) for share in SHARES]
    expected = np.array([T - 1, C - 1, (T - 1) * (C - 1)]) / (C * T - 1)
    np.testing.assert_allclose(mean, expected, rtol=0.03)
    floor = np.sqrt(2 / (np.pi * d))
    assert np.mean([r.incoherence for r in results]) == pytest.approx(floor, rel=0.1)


def test_a_part_that_is_missing():
    H = np.random.RandomState(0).randn(1, 6, 3) + np.zeros((4, 1, 1))
    result = position_context_decomposition(H)
    assert result.position_share == pytest.approx(1)
    assert result.incoherence is None


@pytest.mark.parametrize(
    ("H", "message"),
    [
        (np.ones((3, 4)), "H must have shape"),
        (np.ones((1, 4, 2)), "H must have shape"),
        (np.ones((3, 4, 2)), "H is constant"),
    ],
)
def test_what_is_refused(H, message):
    with pytest.raises(ValueError, match=message):
        position_context_decomposition(H)
