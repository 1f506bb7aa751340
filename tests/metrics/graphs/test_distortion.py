"""Distortion of distances: formula, blocks, units, what is refused."""

import numpy as np
import pytest
import sklearn
from scipy.spatial.distance import cdist

from sksim.metrics import distance_distortion
from tests.reference import oracles

X = np.random.RandomState(0).randn(12, 3)
D, FLAT = cdist(X, X), cdist(X[:, :2], X[:, :2])


@pytest.mark.parametrize("kind", ["mean", "worst"])
def test_formula_in_blocks(kind):
    expected = oracles.distance_distortion(D, FLAT, kind)
    assert distance_distortion(D, FLAT, kind=kind) == pytest.approx(expected, rel=1e-12)
    with sklearn.config_context(working_memory=1e-4):
        assert distance_distortion(D, FLAT, kind=kind) == pytest.approx(expected, rel=1e-12)


def test_units():
    assert distance_distortion(D, D) == 0
    assert distance_distortion(D, D, kind="worst") == 1
    assert distance_distortion(D, 3 * D) == pytest.approx(2, rel=1e-12)
    assert distance_distortion(D, 3 * D, kind="worst") == pytest.approx(1, rel=1e-12)


def test_a_monotone_change_of_the_distances_counts():
    assert distance_distortion(D, np.sqrt(D)) > 0.1


def with_entry(matrix, place, value):
    changed = matrix.copy()
    changed[place] = value
    return changed


TWINS = cdist(X[[0, 0, *range(2, 12)]], X[[0, 0, *range(2, 12)]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"D": D[:-1, :-1]}, "D and D_embedded must hold distances of the same samples"),
        ({"D": D[:-1]}, "D must be a square matrix"),
        ({"D_embedded": -FLAT}, "D_embedded must not be negative"),
        ({"D": with_entry(D, (0, 1), 5.0)}, "D must be symmetric, got"),
        ({"D": np.exp(-D)}, "D must have a diagonal of zeros, got 1"),
        ({"D": with_entry(D, (0, 1), np.inf)}, "D contains infinity"),
        ({"D": TWINS}, "D must be positive between different samples, got 0 between 0 and 1"),
        ({"D_embedded": TWINS, "kind": "worst"}, "D_embedded must be positive"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        distance_distortion(**{"D": D, "D_embedded": FLAT, **arguments})


def test_points_that_fall_together_in_the_embedding_are_off_by_all_of_their_distance():
    assert distance_distortion(D, TWINS) > 0
