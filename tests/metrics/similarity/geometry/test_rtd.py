import sys

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group

from sksim.metrics import permutation_test_similarity, rtd_distance
from sksim.metrics.similarity.geometry import _rtd
from tests.reference import clouds
from tests.reference.similarity import noisy_pair

SEEDS = st.integers(0, 10**6)
CASES = [
    (noisy_pair(0, 12, 3, 2, 1.0), 1.1118089450286661, 0.8921566124536624),
    (noisy_pair(1, 10, 4, 4, 0.5), 0.6135272432097827, 0.4854597887078973),
]


def draw(seed):
    rng = np.random.RandomState(seed)
    n = rng.randint(3, 14)
    return rng.randn(n, rng.randint(1, 5)), rng.randn(n, rng.randint(1, 5))


@pytest.mark.parametrize(("pair", "full", "lite"), CASES)
def test_reference_values(pair, full, lite):
    """To all digits, though ripser holds its distances in float32."""
    assert rtd_distance(*pair) == pytest.approx(full, rel=1e-12)
    assert rtd_distance(*pair, kind="lite") == pytest.approx(lite, rel=1e-12)


def test_reference_values_of_the_halves():
    X, Y = CASES[0][0]
    w, v = (squareform(pdist(_rtd._unit_cloud(Z))) for Z in (X, Y))
    halves = [_rtd._one_sided(w, v), _rtd._one_sided(v, w)]
    assert halves == pytest.approx([1.7818458906434018, 0.44177199941393025], rel=1e-12)
    assert halves == pytest.approx([clouds.rtd_one_sided(w, v), clouds.rtd_one_sided(v, w)])


@settings(max_examples=25)
@given(seed=SEEDS)
def test_literal_formulas(seed):
    X, Y = draw(seed)
    assert rtd_distance(X, Y) == pytest.approx(clouds.rtd(X, Y), abs=1e-12)
    assert rtd_distance(X, Y, kind="lite") == pytest.approx(clouds.rtd_lite(X, Y), abs=1e-12)


@given(seed=SEEDS)
def test_trees_are_a_lower_bound_on_each_half(seed):
    w, v = (squareform(pdist(_rtd._unit_cloud(Z))) for Z in draw(seed))
    least = clouds.tree_weight(np.minimum(w, v))
    assert clouds.tree_weight(w) - least <= _rtd._one_sided(w, v) + 1e-12
    assert clouds.tree_weight(v) - least <= _rtd._one_sided(v, w) + 1e-12


@given(seed=SEEDS)
def test_a_moved_copy_is_at_zero(seed):
    rng = np.random.RandomState(seed)
    X = rng.randn(rng.randint(4, 20), 3)
    Y = 7 * X @ ortho_group.rvs(3, random_state=rng) - 2
    for kind in ("full", "lite"):
        assert rtd_distance(X, Y, kind=kind) < 1e-12


def test_equal_samples_do_no_harm():
    rng = np.random.RandomState(0)
    X = rng.randint(0, 3, (30, 2))
    Y = rng.randint(0, 3, (30, 2))
    assert rtd_distance(X, Y, kind="lite") == pytest.approx(clouds.rtd_lite(X, Y), abs=1e-12)
    assert rtd_distance(X, Y) == pytest.approx(clouds.rtd(X, Y), abs=1e-12)


def test_a_ring_is_no_line():
    """The clusters of both are alike, the loop is missing: the full form alone can see it."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.column_stack([np.cos(t), np.sin(t)])
    bent = np.column_stack([np.cos(t / 2), np.sin(t / 2)])
    assert rtd_distance(ring, bent) > rtd_distance(ring, bent, kind="lite") + 0.25


def test_lite_is_cheap_enough_for_a_permutation_test():
    X, Y = noisy_pair(0, 40, 4, 4, 0.5)
    score, null_scores, pvalue = permutation_test_similarity(
        X, Y, "rtd_lite", n_permutations=99, random_state=0
    )
    assert score < null_scores.min()
    assert pvalue == 0.01


@pytest.mark.parametrize("ties", [False, True])
def test_the_quantile_needs_no_matrix(ties):
    X = np.random.RandomState(0).randn(300, 3)
    X = np.round(X) if ties else X
    expected = np.quantile(squareform(pdist(X)), 0.9)
    assert _rtd._distance_quantile(X) == pytest.approx(expected, rel=1e-13)
    with sklearn.config_context(working_memory=0.1):
        assert _rtd._distance_quantile(X) == pytest.approx(expected, rel=1e-13)


def test_batches_are_those_of_the_seed():
    X, Y = noisy_pair(0, 100, 4, 4, 0.5)
    options = {"batch_size": 20, "n_trials": 3, "random_state": 0}
    value = rtd_distance(X, Y, **options)
    assert value == rtd_distance(X, Y, **options)
    assert value != rtd_distance(X, Y, **{**options, "random_state": 1})
    rng = np.random.RandomState(0)
    batches = [rng.choice(100, 20, replace=False) for _ in range(3)]
    expected = np.mean([rtd_distance(X[rows], Y[rows]) for rows in batches])
    assert value == pytest.approx(expected)


def test_mostly_equal_samples_have_no_unit():
    X = np.zeros((30, 2))
    X[0] = 1
    with pytest.raises(ValueError, match="0.9 quantile of their distances"):
        rtd_distance(X, np.random.RandomState(0).randn(30, 2), kind="lite")


def test_without_ripser_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ripser", None)
    (X, Y), _, lite = CASES[0]
    assert rtd_distance(X, Y, kind="lite") == pytest.approx(lite)
    with pytest.raises(ImportError, match=r"sksim\[topology\]"):
        rtd_distance(X, Y)
