import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import permutation_distance, soft_matching_distance
from sksim.metrics.similarity.alignment import _soft_matching
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


@pytest.fixture(params=["copies", "linear program"])
def route(request, monkeypatch):
    if request.param == "linear program":
        monkeypatch.setattr(_soft_matching, "MAX_COPIES", 0)


@pytest.mark.usefixtures("route")
def test_reference_value():
    assert soft_matching_distance(X, Y) == pytest.approx(14.76646269, abs=1e-7)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize(("d1", "d2"), [(1, 3), (2, 3), (3, 2), (6, 4), (5, 5)])
def test_equals_the_best_matching_of_copies(d1, d2):
    A, B = reference.golden_pair(10, d1, d2, 3)
    if np.lcm(d1, d2) <= 7:
        expected = reference.soft_matching_distance(A, B)
        assert soft_matching_distance(A, B) == pytest.approx(expected, abs=1e-9)
    both = soft_matching_distance(A, B), soft_matching_distance(B, A)
    assert both[0] == pytest.approx(both[1], abs=1e-9)


def test_both_routes_agree_on_odd_widths(monkeypatch):
    A, B = reference.golden_pair(20, 9, 7, 0)
    by_copies = soft_matching_distance(A, B)
    monkeypatch.setattr(_soft_matching, "MAX_COPIES", 0)
    assert soft_matching_distance(A, B) == pytest.approx(by_copies, abs=1e-9)


@given(width=st.integers(1, 6), seed=st.integers(0, 99))
def test_equal_widths_give_the_permutation_distance(width, seed):
    A, B = reference.golden_pair(15, width, width, seed)
    expected = permutation_distance(A, B, kind="size_and_shape") / np.sqrt(width)
    assert soft_matching_distance(A, B) == pytest.approx(expected, abs=1e-9)


def test_copies_of_features_cost_nothing():
    assert soft_matching_distance(X, np.repeat(X[:, ::-1], 3, axis=1)) < 1e-12
