import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import permutation_distance
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


def test_reference_values():
    assert permutation_distance(X, Y) == pytest.approx(1.00599648, abs=1e-7)
    distance = permutation_distance(X, Y, kind="size_and_shape")
    assert distance == pytest.approx(41.76586361, abs=1e-7)


@given(d1=st.integers(1, 5), d2=st.integers(1, 5), seed=st.integers(0, 99))
def test_equals_the_minimum_over_all_permutations(d1, d2, seed):
    A, B = reference.golden_pair(12, d1, d2, seed)
    distance = permutation_distance(A, B, kind="size_and_shape")
    assert distance == pytest.approx(reference.permutation_distance(A, B), abs=1e-9)
    norms = [np.linalg.norm(reference.centered(Z)) for Z in (A, B)]
    correlation = (norms[0] ** 2 + norms[1] ** 2 - distance**2) / (2 * norms[0] * norms[1])
    assert permutation_distance(A, B) == pytest.approx(math.acos(correlation), abs=1e-7)


def test_planted_permutation_is_found():
    order = np.random.RandomState(0).permutation(8)
    assert permutation_distance(X, 2 * X[:, order] + 3) < 1e-12
    noise = 1e-6 * np.random.RandomState(1).standard_normal(X.shape)
    expected = np.linalg.norm(reference.centered(noise))
    distance = permutation_distance(X, (X + noise)[:, order], kind="size_and_shape")
    assert distance == pytest.approx(expected, rel=1e-6)


def test_opposite_features_are_far_apart():
    assert permutation_distance(X[:, :1], -X[:, :1]) == pytest.approx(math.pi, abs=1e-7)
