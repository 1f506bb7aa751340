import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.datasets import make_permuted_pair, make_perturbed_pair
from sksim.metrics import log_likelihood_variance_distance, max_pls_svd_distance
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


def _models(seed, k=6, size=2, n=25):
    rng = np.random.RandomState(seed)
    return [reference.random_model(rng, n=n, k=k, size=size) for _ in range(2)]


def _log_probabilities(*models):
    return [log_softmax(f @ g.T, axis=1) for f, g in models]


@given(seeds, st.integers(1, 3))
def test_p11_equals_the_formula_on_embeddings(seed, size):
    models = _models(seed, size=size)
    inputs = list(range(size + 1))
    expected = reference.max_pls_svd(*models[0], *models[1], 1, 4, inputs)
    result = max_pls_svd_distance(
        *_log_probabilities(*models), pivot=1, left_out=4, inputs=inputs, return_terms=True
    )
    np.testing.assert_allclose((result.d_f, result.d_g), expected, atol=1e-11)
    assert result.distance == max(result.d_f, result.d_g)


@given(seeds)
def test_p1_p2_p3_gauge_symmetry_zero(seed):
    rng = np.random.RandomState(seed)
    first, second = _models(seed)
    sets = {"pivot": 0, "left_out": 5, "inputs": [3, 1, 2]}
    log_p, log_twin, log_q = _log_probabilities(first, reference.gauge(rng, *first), second)
    distance = max_pls_svd_distance(log_p, log_q, **sets)
    assert 0 <= distance <= 1
    assert max_pls_svd_distance(log_q, log_p, **sets) == pytest.approx(distance, abs=1e-12)
    assert max_pls_svd_distance(log_twin, log_q, **sets) == pytest.approx(distance, abs=1e-9)
    assert max_pls_svd_distance(log_p, log_twin, **sets) < 1e-9


@given(seeds, st.integers(1, 3), st.integers(2, 5), st.sampled_from([1e-3, 0.05, 0.3, 3.0]))
def test_p5_bounds_by_the_likelihood_variance(seed, size, extra, noise):
    """The sharper bound 2 eps^2 for each side, and the paper's 2 M eps."""
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng, n=25, k=size + extra, size=size)
    f2, g2 = f + noise * rng.standard_normal(f.shape), g + noise * rng.standard_normal(g.shape)
    log_p, log_q = _log_probabilities((f, g), (f2, g2))
    sets = {"inputs": list(range(size + 1)), "return_terms": True}
    terms = log_likelihood_variance_distance(log_p, log_q, **sets)
    result = max_pls_svd_distance(log_p, log_q, **sets)
    assert (result.pivot, result.left_out) == (terms.pivot, terms.left_out)
    assert result.d_f <= 2 * terms.t1**2 + 1e-12
    assert result.d_g <= 2 * terms.t2**2 + 1e-12
    assert result.distance <= 2 * size * terms.distance + 1e-12


@given(seeds)
def test_same_automatic_sets_as_the_distance_that_bounds_it(seed):
    log_p, log_q = _log_probabilities(*_models(seed))
    options = {"random_state": seed, "n_candidates": 20, "return_terms": True}
    terms = log_likelihood_variance_distance(log_p, log_q, **options)
    result = max_pls_svd_distance(log_p, log_q, **options)
    np.testing.assert_array_equal(terms.inputs, result.inputs)
    assert result.distance <= 2 * max(terms.t1, terms.t2) ** 2 + 1e-12


@given(seeds)
def test_p9_relabelling_and_row_order(seed):
    log_p, log_q = _log_probabilities(*_models(seed))
    rng = np.random.RandomState(seed)
    rows, columns = rng.permutation(25), rng.permutation(6)
    row_of, column_of = np.argsort(rows), np.argsort(columns)
    here = max_pls_svd_distance(log_p, log_q, pivot=0, left_out=5, inputs=[3, 1, 2])
    there = max_pls_svd_distance(
        log_p[rows[:, None], columns],
        log_q[rows[:, None], columns],
        pivot=int(column_of[0]),
        left_out=int(column_of[5]),
        inputs=row_of[[3, 1, 2]],
    )
    assert there == pytest.approx(here, abs=1e-11)


@pytest.mark.parametrize("multiplier", [2, 3, 4, 5])
@pytest.mark.parametrize("rho", [1, 20])
def test_p13_heptagon_is_as_dissimilar_as_possible(rho, multiplier):
    pair = make_permuted_pair(rho=rho, multiplier=multiplier)
    result = max_pls_svd_distance(pair.log_p, pair.log_q, inputs=[0, 2, 5], return_terms=True)
    assert result.d_f == pytest.approx(1, abs=1e-9)
    assert result.d_g == pytest.approx(1, abs=1e-9)


def test_no_converse_of_the_bound():
    """A square turned by 45 degrees on one side: similar representations, other distribution."""
    angle = np.pi / 2 * np.arange(4)
    corners = np.column_stack([np.cos(angle), np.sin(angle)])
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    log_p, log_q = _log_probabilities((corners, 3 * corners), (corners @ turn.T, 3 * corners))
    sets = {"pivot": 0, "left_out": 2, "inputs": [0, 1, 3]}
    assert max_pls_svd_distance(log_p, log_q, **sets) < 0.2
    assert log_likelihood_variance_distance(log_p, log_q, **sets) > 0.5


@pytest.mark.parametrize(("level", "expected"), [(10, 9.8e-5), (50, 0.00245), (100, 0.0097)])
def test_perturbed_square(level, expected):
    pair = make_perturbed_pair(4, noise=0.005 * level, random_state=0)
    distance = max_pls_svd_distance(
        pair.log_p, pair.log_q, n_components=2, n_candidates=300, random_state=0
    )
    assert distance == pytest.approx(expected, rel=0.2)


class TestLabelSets:
    def test_a_sample_is_seeded_and_bounded_by_all(self):
        log_p, log_q = _log_probabilities(*_models(0, k=12, size=3))
        options = {"inputs": [0, 1, 2, 3], "pivot": 0, "left_out": 1, "return_terms": True}
        everything = max_pls_svd_distance(log_p, log_q, **options)
        part, again = (
            max_pls_svd_distance(log_p, log_q, **options, n_label_sets=5, random_state=3)
            for _ in range(2)
        )
        assert part.d_f == again.d_f < everything.d_f

    def test_few_labels_use_what_there_is(self):
        log_p, log_q = _log_probabilities(*_models(0, k=3, size=2))
        assert 0 <= max_pls_svd_distance(log_p, log_q, random_state=0) <= 1

    def test_given_dimension_needs_enough_labels(self):
        log_p, log_q = _log_probabilities(*_models(0, k=4, size=3))
        with pytest.raises(ValueError, match="n_components=3 needs at least 5 labels"):
            max_pls_svd_distance(log_p, log_q, n_components=3)


def test_constant_log_ratio_raises():
    log_p, log_q = _log_probabilities(*_models(0))
    log_p = log_softmax(np.column_stack([log_p[:, :5], log_p[:, 0]]), axis=1)
    with pytest.raises(ValueError, match="labels to the pivot label are constant.*: 5"):
        max_pls_svd_distance(log_p, log_q, pivot=0, left_out=1, inputs=[0, 1, 2])


@pytest.mark.parametrize("sets", [{}, {"pivot": 0, "left_out": 1, "inputs": [0, 1, 2]}])
def test_rounding_is_no_variation(rng, sets):
    flat = reference.nearly_constant_model(rng)
    (other,) = _log_probabilities(reference.random_model(rng))
    for pair in [(flat, other), (other, flat), (flat, flat)]:
        with pytest.raises(ValueError, match="constant in one of the models"):
            max_pls_svd_distance(*pair, **sets)
