import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import canonical_correlations, eigenspace_overlap_score
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics._validation import DegenerateSimilarityWarning
from tests.reference.similarity import noisy_pair

P0, P1 = noisy_pair(0, 30, 6, 4, 1.0), noisy_pair(1, 25, 5, 5, 0.5)


@pytest.mark.parametrize(
    ("pair", "center", "expected"),
    [
        (P0, True, 0.34579356742941275),
        (P0, False, 0.3573086680111746),
        (P1, True, 0.8063533426000742),
        (P1, False, 0.8140228601097521),
    ],
)
def test_reference_values(pair, center, expected):
    assert eigenspace_overlap_score(*pair, center=center) == pytest.approx(expected, rel=1e-12)


@given(seed=st.integers(0, 10**6))
def test_it_is_the_sum_of_squared_canonical_correlations(seed):
    rng = np.random.RandomState(seed)
    X, Y = (rng.randn(30, d) for d in rng.randint(1, 8, 2))
    expected = sum(canonical_correlations(X, Y) ** 2) / max(X.shape[1], Y.shape[1])
    assert eigenspace_overlap_score(X, Y) == pytest.approx(expected)


def test_dependent_features_are_no_directions():
    X, Y = P0
    twice = np.hstack([X, X[:, :2] + X[:, 2:4], np.zeros((30, 1))])
    for center in (True, False):
        assert eigenspace_overlap_score(X, twice, center=center) == pytest.approx(1)
        assert eigenspace_overlap_score(twice, twice, center=center) == pytest.approx(1)


def test_chance_is_the_smaller_rank_over_the_dimension():
    steps = get_measure("eigenspace_overlap", PairedMeasure).steps()
    x, y = (steps.prepare(Z) for Z in P0)
    rng = np.random.RandomState(0)
    null = [steps.compare(x, steps.permute(y, rng.permutation(30))) for _ in range(1000)]
    # Of 29 dimensions: the trace of a product of two projections, over the larger rank.
    assert abs(np.mean(null) - 4 * 6 / 29 / 6) < 4 * np.std(null) / np.sqrt(1000)


def test_a_space_that_is_everything_says_so():
    X = np.random.RandomState(0).randn(10, 12)
    with pytest.warns(DegenerateSimilarityWarning, match="the ratio of the ranks"):
        assert eigenspace_overlap_score(X, P1[0][:10]) == pytest.approx(5 / 9)
