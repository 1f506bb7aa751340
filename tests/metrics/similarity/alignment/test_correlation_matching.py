import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import correlation_matching_score, mean_correlation_coefficient
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)
pairs = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))


def test_reference_values():
    assert correlation_matching_score(X, Y) == pytest.approx(0.48615547, abs=1e-7)
    assert correlation_matching_score(X, Y, kind="semi") == pytest.approx(0.57076995, abs=1e-7)
    assert mean_correlation_coefficient(X, Y) == pytest.approx(0.65344781, abs=1e-7)
    spearman = mean_correlation_coefficient(X, Y, method="spearman")
    assert spearman == pytest.approx(0.64665185, abs=1e-7)


@given(pair=pairs)
def test_equals_the_definition(pair):
    d1, d2, seed = pair
    A, B = reference.golden_pair(20, d1, d2, seed)
    R, ranks = reference.correlations(A, B), reference.correlations(A, B, "spearman")
    for value, expected in (
        (correlation_matching_score(A, B), reference.matched_mean(R)),
        (correlation_matching_score(A, B, kind="semi"), reference.semi_matched_mean(R)),
        (mean_correlation_coefficient(A, B), reference.matched_mean(abs(R))),
        (mean_correlation_coefficient(A, B, method="spearman"), reference.matched_mean(abs(ranks))),
    ):
        assert value == pytest.approx(expected, abs=1e-10)


def test_planted_sources_are_found():
    order = np.random.RandomState(0).permutation(8)
    signs = np.array([1, -1, 2, -3, 1, -1, 0.5, 1])
    assert mean_correlation_coefficient(X, X[:, order] * signs) == pytest.approx(1.0)
    assert correlation_matching_score(X, X[:, order] * signs) < 1
    warped = np.exp(X[:, order] / 3)
    assert mean_correlation_coefficient(X, warped, method="spearman") == pytest.approx(1.0)
    assert mean_correlation_coefficient(X, warped) < 0.999


def test_features_that_do_not_vary_are_left_out():
    dead = np.hstack([X, np.zeros((60, 1)), np.full((60, 1), 0.1)])
    for function in (correlation_matching_score, mean_correlation_coefficient):
        assert function(dead, Y) == pytest.approx(function(X, Y), abs=1e-12)
