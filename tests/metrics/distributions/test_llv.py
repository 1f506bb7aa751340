import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp

from sksim.datasets import make_permuted_pair, make_perturbed_pair
from sksim.metrics import log_likelihood_variance_distance as llv
from sksim.metrics import max_pls_svd_distance
from sksim.metrics.distributions import _label_terms
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)
SETS = {"pivot": 1, "left_out": 3, "inputs": [4, 0, 7]}


def _random_arrays(seed, number=2, n=15, k=5):
    rng = np.random.RandomState(seed)
    return [log_softmax(2 * rng.standard_normal((n, k)), axis=1) for _ in range(number)]


def _model_arrays(seed, k=5, size=2, n=30):
    rng = np.random.RandomState(seed)
    first = reference.random_model(rng, n=n, k=k, size=size)
    second = reference.random_model(rng, n=n, k=k, size=size)
    return [log_softmax(f @ g.T, axis=1) for f, g in (first, second)]


class TestFormula:
    @given(seeds, st.sampled_from(["max", "mean"]))
    def test_p16_terms_and_their_combination(self, seed, reduce):
        log_p, log_q = _random_arrays(seed)
        expected = reference.llv_terms(log_p, log_q, 1, 3, [4, 0, 7], reduce)
        for weight, combine in [(1e-5, "max"), (2.0, "max"), (0.5, "sum"), (0, "sum")]:
            result = llv(
                log_p, log_q, **SETS, weight=weight, combine=combine, reduce=reduce,
                return_terms=True,
            )  # fmt: skip
            terms = result.t1, result.t2, result.t3, result.t4
            np.testing.assert_allclose(terms, expected, rtol=1e-11)
            weighted = np.array(terms) * [1, 1, weight, weight]
            expected_distance = weighted.max() if combine == "max" else weighted.sum()
            assert result.distance == expected_distance

    @given(seeds, st.sampled_from(["max", "mean"]), st.integers(3, 6))
    def test_second_largest_rule_equals_all_pairs(self, seed, reduce, k):
        log_p, log_q = _random_arrays(seed, k=k)
        t1, pivot, left_out = reference.best_label_pair(log_p, log_q, reduce)
        result = llv(log_p, log_q, inputs=[0, 1], reduce=reduce, return_terms=True)
        assert result.t1 == pytest.approx(t1, rel=1e-11)
        assert (result.pivot, result.left_out) == (pivot, left_out)

    @pytest.mark.parametrize("n_entries", [1, 12])
    def test_blocks_of_pivots(self, monkeypatch, n_entries):
        models = _random_arrays(0, k=6)
        whole = llv(*models, inputs=[0, 1], return_terms=True)
        monkeypatch.setattr(_label_terms, "_PIVOT_ENTRIES", n_entries)
        parts = llv(*models, inputs=[0, 1], return_terms=True)
        assert (parts.pivot, parts.left_out) == (whole.pivot, whole.left_out)

    @given(seeds)
    def test_one_of_pivot_and_left_out_may_be_fixed(self, seed):
        log_p, log_q = _random_arrays(seed)

        def t1_of(pairs):
            return min(max(reference.label_side(log_p, log_q, *pair)[0]) for pair in pairs)

        free = llv(log_p, log_q, left_out=2, inputs=[0, 1], return_terms=True)
        assert free.t1 == pytest.approx(t1_of((pivot, 2) for pivot in (0, 1, 3, 4)), rel=1e-11)
        free = llv(log_p, log_q, pivot=2, inputs=[0, 1], return_terms=True)
        assert free.t1 == pytest.approx(t1_of((2, label) for label in (0, 1, 3, 4)), rel=1e-11)

    @given(seeds)
    def test_p1_gauge_invariance(self, seed):
        rng = np.random.RandomState(seed)
        f, g = reference.random_model(rng)
        (log_q,) = _model_arrays(seed)[1:]
        twin = reference.gauge(rng, f, g)
        log_p, log_twin = (log_softmax(u @ v.T, axis=1) for u, v in ((f, g), twin))
        options = dict(SETS, weight=0.1)
        assert llv(log_twin, log_q, **options) == pytest.approx(
            llv(log_p, log_q, **options), rel=1e-9
        )

    def test_p11_log_probabilities_suffice(self, rng):
        f, g = reference.random_model(rng)
        f2, g2 = reference.random_model(rng)
        literal = [reference.log_probabilities(u, v) for u, v in ((f, g), (f2, g2))]
        expected = max(
            weight * term
            for weight, term in zip(
                (1, 1, 1e-5, 1e-5), reference.llv_terms(*literal, 1, 3, [4, 0, 7])
            )
        )
        logits = [f @ g.T, f2 @ g2.T]
        log_p, log_q = (u - logsumexp(u, axis=1, keepdims=True) for u in logits)
        assert llv(log_p, log_q, **SETS) == pytest.approx(expected, rel=1e-11)


class TestMetric:
    @given(seeds)
    def test_p2_p3_p4_with_fixed_sets(self, seed):
        a, b, c = _random_arrays(seed, 3)
        assert llv(a, a, **SETS) == 0
        assert llv(a, b, **SETS) == pytest.approx(llv(b, a, **SETS), rel=1e-13)
        assert llv(a, b, **SETS) > 0
        assert llv(a, c, **SETS) <= llv(a, b, **SETS) + llv(b, c, **SETS) + 1e-12

    def test_p3_weight_sees_a_rescaling_that_only_it_sees(self, rng):
        u = rng.standard_normal((9, 2))
        logits = np.column_stack([u, -u.sum(axis=1)])
        log_p, log_q = log_softmax(1e-6 * logits, axis=1), log_softmax(2e-6 * logits, axis=1)
        sets = {"pivot": 0, "left_out": 2, "inputs": [0, 1]}
        blind, seeing = (llv(log_p, log_q, **sets, weight=weight) for weight in (0, 1e6))
        assert blind < 1e-5
        assert seeing > 0.1

    @given(seeds, st.floats(1.5, 5))
    def test_temperature_shows_in_t1_alone(self, seed, factor):
        """The partition function, which is no multiple of the logits, is part of t1 only."""
        (log_p, _) = _model_arrays(seed)
        log_q = log_softmax(factor * log_p, axis=1)
        terms = llv(log_p, log_q, **SETS, return_terms=True)
        assert terms.t1 > 1e-3
        assert terms.t2 < 1e-12
        assert max_pls_svd_distance(log_p, log_q, **SETS) < 1e-12

    @given(seeds)
    def test_p16_never_falls_with_the_weight(self, seed):
        log_p, log_q = _random_arrays(seed)
        values = [llv(log_p, log_q, **SETS, weight=weight) for weight in (0, 1e-5, 0.3, 1, 10)]
        assert np.all(np.diff(values) >= 0)

    def test_triangle_inequality_fails_with_automatic_choices(self):
        """Stated in the documentation: automatic choices give no metric."""

        def excess(seed):
            a, c = _random_arrays(seed, n=4, k=4)
            b = log_softmax((a + c) / 2, axis=1)
            d_ab, d_bc, d_ac = (llv(x, y, random_state=0) for x, y in ((a, b), (b, c), (a, c)))
            return d_ac - d_ab - d_bc

        assert any(excess(seed) > 0.01 for seed in range(300))

    @given(seeds)
    def test_p9_relabelling_and_row_order(self, seed):
        log_p, log_q = _random_arrays(seed)
        rng = np.random.RandomState(seed)
        rows, columns = rng.permutation(15), rng.permutation(5)
        row_of, column_of = np.argsort(rows), np.argsort(columns)
        moved = llv(
            log_p[rows[:, None], columns],
            log_q[rows[:, None], columns],
            pivot=int(column_of[1]),
            left_out=int(column_of[3]),
            inputs=row_of[[4, 0, 7]],
        )
        assert moved == pytest.approx(llv(log_p, log_q, **SETS), rel=1e-11)

    @given(seeds)
    def test_p9_automatic_label_choice_follows_the_labels(self, seed):
        log_p, log_q = _random_arrays(seed)
        columns = np.random.RandomState(seed).permutation(5)
        options = {"inputs": [0, 1], "return_terms": True}
        here, there = (
            llv(log_p, log_q, **options),
            llv(log_p[:, columns], log_q[:, columns], **options),
        )
        assert there.t1 == pytest.approx(here.t1, rel=1e-11)


class TestHeptagon:
    """P13: seven labels on a circle, permuted; closed forms."""

    @pytest.mark.parametrize("multiplier", [2, 3, 4, 5])
    @pytest.mark.parametrize("rho", [1, 6, 20])
    def test_distance_does_not_depend_on_rho(self, rho, multiplier):
        pair = make_permuted_pair(rho=rho, multiplier=multiplier)
        result = llv(pair.log_p, pair.log_q, return_terms=True)
        assert result.t1 == pytest.approx(1.317944, abs=1e-6)

    @pytest.mark.parametrize("rho", [1, 6, 20])
    def test_terms(self, rho):
        pair = make_permuted_pair(rho=rho)
        result = llv(
            pair.log_p, pair.log_q, pivot=0, left_out=1, inputs=[0, 2, 5], return_terms=True
        )
        assert result.t1 == pytest.approx(1.317944, abs=1e-6)
        assert result.t2 == pytest.approx(0.819765, abs=1e-6)
        assert result.t3 == pytest.approx(1.652917 * rho, abs=1e-6 * rho)
        assert result.t4 == pytest.approx(0.589919 * rho, abs=1e-6 * rho)
        assert result.distance == result.t1

    @pytest.mark.parametrize("left_out", range(1, 7))
    def test_whatever_label_is_left_out(self, left_out):
        pair = make_permuted_pair(rho=4)
        distance = llv(pair.log_p, pair.log_q, pivot=0, left_out=left_out, inputs=[0, 2, 5])
        assert distance == pytest.approx(1.317944, abs=1e-6)

    @pytest.mark.parametrize("multiplier", [1, 6])
    def test_p14_rotation_and_reflection(self, multiplier):
        pair = make_permuted_pair(rho=5, multiplier=multiplier)
        assert llv(pair.log_p, pair.log_q, inputs=[0, 2, 5]) < 1e-9

    @pytest.mark.parametrize(
        ("rho", "epsilon", "expected"),
        [
            (20, 1e-16, 0.990), (20, 1e-10, 0.613), (20, 1e-5, 0.0038),
            (6, 1e-16, 1.3179), (6, 1e-10, 1.3109), (6, 1e-5, 1.0087),
        ],
    )  # fmt: skip
    def test_smoothing_trap(self, rho, epsilon, expected):
        """Why nothing is smoothed: the distance lives in the small probabilities."""
        pair = make_permuted_pair(rho=rho)
        smoothed = [np.log(np.exp(log_p) + epsilon) for log_p in (pair.log_p, pair.log_q)]
        smoothed = [log_p - logsumexp(log_p, axis=1, keepdims=True) for log_p in smoothed]
        result = llv(*smoothed, inputs=[0, 2, 5], return_terms=True)
        assert result.t1 == pytest.approx(expected, abs=1.5e-3)
        exact = llv(pair.log_p, pair.log_q, inputs=[0, 2, 5], return_terms=True)
        assert exact.t1 == pytest.approx(1.317944, abs=1e-6)


@pytest.mark.parametrize(
    ("level", "expected"), [(1, 0.0014), (10, 0.0139), (50, 0.0697), (100, 0.138)]
)
def test_perturbed_square(level, expected):
    pair = make_perturbed_pair(4, noise=0.005 * level, random_state=0)
    result = llv(pair.log_p, pair.log_q, n_components=2, n_candidates=300, random_state=0)
    assert result == pytest.approx(expected, rel=0.12)


class TestInputs:
    def test_true_minimum_of_all_sets_for_few_inputs(self, rng):
        log_p, log_q = _random_arrays(3, n=5)
        every = [
            (first, *rest)
            for first in range(5)
            for rest in [(i, j) for i in range(5) for j in range(i) if first not in (i, j)]
        ]
        expected = min(max(reference.input_side(log_p, log_q, inputs)[0]) for inputs in every)
        result = llv(log_p, log_q, n_components=2, return_terms=True)
        assert result.t2 == pytest.approx(expected, rel=1e-11)

    def test_minimum_is_kept_above_one(self):
        """The search must not start from 1 as its best value."""
        log_p, log_q = _random_arrays(1, n=40, k=4)
        log_q = log_softmax(-log_p, axis=1)
        result = llv(log_p, log_q, n_components=2, random_state=0, return_terms=True)
        values = [
            max(reference.input_side(log_p, log_q, inputs)[0])
            for inputs in np.random.RandomState(5).permutation(40)[:39].reshape(13, 3)
        ]
        assert 1 < result.t2 <= min(values)

    def test_seeded(self):
        log_p, log_q = _random_arrays(0, n=100)
        first, again, other = (
            llv(log_p, log_q, n_components=3, random_state=seed, return_terms=True)
            for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first.inputs, again.inputs)
        assert not np.array_equal(first.inputs, other.inputs)
        assert len(set(first.inputs.tolist())) == 4

    def test_more_candidates_never_hurt(self):
        log_p, log_q = _random_arrays(0, n=100)
        few, many = (
            llv(log_p, log_q, n_candidates=S, random_state=0, return_terms=True).t2
            for S in (10, 300)
        )
        assert many <= few

    def test_small_samples_work(self):
        log_p, log_q = _random_arrays(0, n=3)
        assert llv(log_p, log_q, n_components=2, n_candidates=5, random_state=0) > 0

    def test_dimension_is_found(self):
        log_p, log_q = _model_arrays(0, k=7, size=3)
        assert len(llv(log_p, log_q, random_state=0, return_terms=True).inputs) == 4


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"pivot": 5}, r"pivot must be in \[0, 5\)"),
            ({"left_out": -1}, r"left_out must be in \[0, 5\)"),
            ({"pivot": 2, "left_out": 2}, "left_out must differ from pivot"),
            ({"inputs": [0, 99]}, r"each of inputs must be in \[0, 15\)"),
            ({"inputs": [0, 1, 1]}, "distinct"),
            ({"inputs": [0]}, "at least 2 row indices"),
            ({"inputs": [0.5, 1.0]}, "row indices"),
            ({"inputs": [0, 1, 2], "n_components": 3}, r"n_components \+ 1 = 4"),
            ({"n_components": 15}, "n_components must be at most 4"),
            ({"weight": -1}, "weight"),
            ({"combine": "mean"}, "combine"),
        ],
    )
    def test_message(self, options, message):
        with pytest.raises(ValueError, match=message):
            llv(*_random_arrays(0), **options)

    def test_a_truth_value_is_the_label_that_it_equals(self):
        log_p, log_q = _random_arrays(0)
        assert llv(log_p, log_q, pivot=True, inputs=[0, 1]) == llv(
            log_p, log_q, pivot=1, inputs=[0, 1]
        )

    def test_too_few_labels(self):
        with pytest.raises(ValueError, match="at least 3 labels"):
            llv(*_random_arrays(0, k=2))

    def test_too_few_inputs(self):
        with pytest.raises(ValueError, match="minimum of 2 is required"):
            llv(*_random_arrays(0, n=1))


class TestDegenerate:
    @pytest.fixture
    def twin_labels(self, rng):
        """Labels 0 and 1 have one unembedding, in the first model only."""
        f, g = reference.random_model(rng)
        g[1] = g[0]
        (log_q,) = _model_arrays(3)[1:]
        return log_softmax(f @ g.T, axis=1), log_q

    def test_automatic_choice_avoids_it(self, twin_labels):
        result = llv(*twin_labels, inputs=[0, 1, 2], return_terms=True)
        assert np.isfinite(result.distance)
        assert result.pivot not in (0, 1) or result.left_out in (0, 1)

    def test_raise_names_the_label(self, twin_labels):
        with pytest.raises(ValueError, match=r"labels to the pivot label.*: 1\. Choose another"):
            llv(*twin_labels, pivot=0, left_out=2, inputs=[0, 1, 2])

    def test_skip_warns_and_leaves_it_out(self, twin_labels):
        with pytest.warns(UserWarning, match="labels.*: 1. They are left out"):
            skipped = llv(
                *twin_labels, pivot=0, left_out=2, inputs=[0, 1, 2], on_degenerate="skip",
                return_terms=True,
            )  # fmt: skip
        kept = [log_p[:, [0, 3, 4]] for log_p in twin_labels]
        values = [
            value for label in (1, 2) for value in reference.label_side(*kept, 0, 3 - label)[0]
        ]
        assert skipped.t1 == pytest.approx(max(values), rel=1e-11)

    def test_nan(self, twin_labels):
        options = {"pivot": 0, "left_out": 2, "inputs": [0, 1, 2]}
        assert np.isnan(llv(*twin_labels, **options, on_degenerate="nan"))

    def test_uniform_model_raises(self):
        log_p = np.full((6, 4), -np.log(4))
        with pytest.raises(ValueError, match="constant in one of the models"):
            llv(log_p, log_p, n_components=1)

    @pytest.mark.parametrize("k", [3, 5])
    @pytest.mark.parametrize("sides", [(0, 1), (1, 0), (0, 0)])
    @pytest.mark.parametrize("sets", [{}, {"pivot": 0, "left_out": 1, "inputs": [0, 1, 2]}])
    def test_rounding_is_no_variation(self, rng, k, sides, sets):
        models = [reference.nearly_constant_model(rng, k=k), *_random_arrays(0, n=30, k=k)]
        assert 0 < np.ptp(models[0][:, 0] - models[0][:, 1]) < 1e-13
        with pytest.raises(ValueError, match="constant in one of the models"):
            llv(*(models[side] for side in sides), **sets)

    def test_small_variation_is_no_rounding(self):
        log_p, log_q = _model_arrays(0)
        flat = log_softmax(1e-8 * log_p, axis=1)
        expected = reference.llv_terms(flat, log_q, 1, 3, [4, 0, 7])
        result = llv(flat, log_q, **SETS, return_terms=True)
        np.testing.assert_allclose([result.t1, result.t2], expected[:2], rtol=1e-7)

    def test_duplicated_inputs_are_passed_over(self):
        log_p, log_q = _random_arrays(0, n=4)
        log_p[1] = log_p[0]
        result = llv(log_p, log_q, n_components=1, return_terms=True)
        assert set(result.inputs.tolist()) != {0, 1}
        with pytest.raises(ValueError, match="inputs to the pivot input.*: 1"):
            llv(log_p, log_q, inputs=[0, 1])


def test_more_components_than_labels_allow_raise():
    log_p, log_q = _random_arrays(0)
    assert np.isfinite(llv(log_p, log_q, n_components=4))
    with pytest.raises(ValueError, match="n_components must be at most 4"):
        llv(log_p, log_q, n_components=5)
