import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.alignment import PermutationAligner, ProcrustesAligner
from tests.reference import alignment as literal

SEEDS = st.integers(0, 10**6)


@given(seed=SEEDS, n_features=st.integers(1, 5))
def test_best_of_all_permutations(seed, n_features):
    rng = np.random.RandomState(seed)
    X, Y = rng.randn(12, n_features), rng.randn(12, n_features)
    mapped = PermutationAligner().fit(X, Y).transform(X)
    assert literal.residual(mapped, Y) == pytest.approx(literal.best_permutation(X, Y))


@given(seed=SEEDS, d=st.integers(1, 4), m=st.integers(1, 4))
def test_best_of_all_matchings(seed, d, m):
    rng = np.random.RandomState(seed)
    X = rng.randn(12, d) * rng.uniform(0.2, 5, d)
    Y = rng.randn(12, m) + X[:, :1]
    mapped = PermutationAligner().fit(X, Y).transform(X)
    assert literal.residual(mapped, Y) == pytest.approx(literal.best_matching(X, Y))


@given(seed=SEEDS)
def test_recovers_a_planted_permutation(seed):
    rng = np.random.RandomState(seed)
    X, order = rng.randn(200, 6), rng.permutation(6)
    Y = X[:, order] + 0.1 * rng.randn(200, 6) + 3
    aligner = PermutationAligner().fit(X, Y)
    np.testing.assert_array_equal(aligner.permutation_, order)
    np.testing.assert_allclose(aligner.inverse_transform(aligner.transform(X)), X, atol=1e-12)


@pytest.mark.parametrize(("d", "m"), [(3, 5), (5, 3)])
def test_unequal_widths(d, m):
    rng = np.random.RandomState(0)
    X = rng.randn(100, d)
    Y = np.hstack([X, rng.randn(100, 5)])[:, :m][:, ::-1] + 2
    aligner = PermutationAligner().fit(X, Y)
    matched = aligner.permutation_ >= 0
    assert matched.sum() == min(d, m)
    np.testing.assert_allclose(
        aligner.transform(X)[:, ~matched] - aligner.y_mean_[~matched], 0, atol=1e-12
    )
    expected = np.where(np.arange(m)[::-1] < d, np.arange(m)[::-1], -1)
    np.testing.assert_array_equal(aligner.permutation_, expected)


@given(seed=SEEDS)
def test_no_better_than_a_rotation(seed):
    rng = np.random.RandomState(seed)
    X, Y = rng.randn(15, 4), rng.randn(15, 4)
    scores = [
        aligner.fit(X, Y).score(X, Y) for aligner in (PermutationAligner(), ProcrustesAligner())
    ]
    assert scores[0] <= scores[1] + 1e-12
