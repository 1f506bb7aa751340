import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import cohen_kappa_score

from sksim.metrics import (
    disagreement_rate,
    error_consistency_score,
    minmax_normalized_disagreement,
)
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)


def draw(seed, n_arrays=3):
    rng = np.random.RandomState(seed)
    return rng.randint(0, 3, (n_arrays, rng.randint(8, 40)))


@given(seed=SEEDS)
def test_literal_formulas(seed):
    y, a, b = draw(seed)
    assert disagreement_rate(a, b) == pytest.approx(literal.disagreement(a, b))
    assert minmax_normalized_disagreement(y, a, b) == pytest.approx(
        literal.minmax_disagreement(y, a, b)
    )
    assert error_consistency_score(y, a, b) == pytest.approx(cohen_kappa_score(a == y, b == y))


@given(seed=SEEDS)
def test_disagreement_is_a_metric_within_its_bounds(seed):
    y, a, b = draw(seed)
    assert disagreement_rate(a, a) == 0
    assert disagreement_rate(a, b) == disagreement_rate(b, a)
    assert disagreement_rate(y, b) <= disagreement_rate(y, a) + disagreement_rate(a, b) + 1e-12
    errors = disagreement_rate(y, a), disagreement_rate(y, b)
    least, largest = abs(errors[0] - errors[1]), min(sum(errors), 1)
    assert least - 1e-12 <= disagreement_rate(a, b) <= largest + 1e-12


@given(seed=SEEDS)
def test_ranges_and_symmetry(seed):
    y, a, b = draw(seed)
    value = minmax_normalized_disagreement(y, a, b)
    assert 0 <= value <= 1
    assert minmax_normalized_disagreement(y, b, a) == value
    assert error_consistency_score(y, a, b) <= 1
    assert error_consistency_score(y, b, a) == error_consistency_score(y, a, b)


def test_independent_errors_are_consistent_by_chance_only():
    rng = np.random.RandomState(0)
    y = np.zeros(20000)
    a, b = rng.rand(2, 20000) < 0.3
    assert abs(error_consistency_score(y, a, b)) < 0.02


@given(seed=SEEDS)
def test_labels_of_text(seed):
    names = np.array(["ant", "bee", "cat"])
    y, a, b = draw(seed)
    for function in (minmax_normalized_disagreement, error_consistency_score):
        assert function(names[y], names[a], names[b]) == function(y, a, b)
    assert disagreement_rate(names[a].tolist(), names[b]) == disagreement_rate(a, b)


def test_undefined_values_warn():
    y = [0, 1, 1]
    with pytest.warns(UndefinedMetricWarning, match="min-max"):
        assert np.isnan(minmax_normalized_disagreement(y, y, [0, 0, 1]))
    with pytest.warns(UndefinedMetricWarning, match="error consistency"):
        assert np.isnan(error_consistency_score(y, y, y))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert error_consistency_score(y, y, [0, 0, 1]) == pytest.approx(0)


def test_bad_input():
    with pytest.raises(ValueError, match="same samples"):
        disagreement_rate([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="at least one sample"):
        disagreement_rate([], [])
    with pytest.raises(ValueError, match="all of text or all of numbers"):
        disagreement_rate(["a", "b"], [0, 1])
    with pytest.raises(ValueError, match="NaN"):
        disagreement_rate([0, np.nan], [0, 1])
    with pytest.raises(ValueError, match="1d"):
        disagreement_rate(np.zeros((3, 2)), np.zeros((3, 2)))


@pytest.mark.parametrize("shape", [(8, 3), (8,)])
def test_probabilities_are_no_labels(shape):
    probabilities = np.random.RandomState(0).dirichlet(np.ones(3), 8)
    probabilities = probabilities if len(shape) == 2 else probabilities[:, 0]
    y = np.arange(8) % 2
    with pytest.raises(ValueError, match=r"y_pred_b must .*y_pred_b\.argmax\(axis=1\)"):
        disagreement_rate(y, probabilities)
    for measure in (error_consistency_score, minmax_normalized_disagreement):
        with pytest.raises(ValueError, match=r"y_pred_a must .*y_pred_a\.argmax\(axis=1\)"):
            measure(y, probabilities, y)
