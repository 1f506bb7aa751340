import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.metrics import (
    DistributionAccumulator,
    kl_divergence,
    log_likelihood_variance_distance,
    logit_distance,
)
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


def _arrays(seed, level=1.0, n=40, k=6):
    rng = np.random.RandomState(seed)
    logits = 3 * rng.standard_normal((n, k)) + 2 * rng.standard_normal(k)
    return log_softmax(logits, axis=1), log_softmax(
        logits + level * rng.standard_normal((n, k)), axis=1
    )


def _direct(log_p, log_q, pivot, left_out, reduce):
    return log_likelihood_variance_distance(
        log_p, log_q, pivot=pivot, left_out=left_out, inputs=[0, 1], reduce=reduce,
        return_terms=True,
    )  # fmt: skip


@given(
    seeds,
    st.sampled_from([1.0, 1e-3, 1e-6, 1e-8]),
    st.lists(st.integers(0, 40), max_size=4),
    st.sampled_from([None, [4, 1]]),
)
def test_p15_exact_for_any_split(seed, level, cuts, pivots):
    log_p, log_q = _arrays(seed, level)
    accumulator = DistributionAccumulator(pivots)
    for rows in np.split(np.arange(40), sorted(cuts)):
        if len(rows):
            accumulator.partial_fit(log_p[rows], log_q[rows])
    assert accumulator.n_samples == 40
    # The divergence is a difference of numbers of order 1: absolute accuracy only.
    assert accumulator.kl_divergence() == pytest.approx(
        kl_divergence(log_p, log_q), rel=1e-11, abs=1e-15
    )
    assert accumulator.logit_distance() == pytest.approx(logit_distance(log_p, log_q), rel=1e-11)
    for reduce in ("max", "mean"):
        for left_out in ("auto", 2):
            expected = _direct(log_p, log_q, 1, left_out, reduce)
            terms = accumulator.label_terms(1, left_out=left_out, reduce=reduce)
            assert terms.t1 == pytest.approx(expected.t1, rel=1e-6)
            assert terms.t3 == pytest.approx(expected.t3, rel=1e-6, abs=1e-14)
            assert (terms.pivot, terms.left_out) == (1, expected.left_out)


@given(seeds)
def test_merge_equals_one_pass(seed):
    log_p, log_q = _arrays(seed)
    parts = [
        DistributionAccumulator().partial_fit(log_p[rows], log_q[rows])
        for rows in (slice(0, 7), slice(7, 8), slice(8, 40))
    ]
    before = parts[1].logit_distance()
    whole = DistributionAccumulator()
    for part in parts:
        assert whole.merge(part) is whole
    assert whole.n_samples == 40
    assert whole.logit_distance(squared=True) == pytest.approx(
        logit_distance(log_p, log_q, squared=True)
    )
    expected = _direct(log_p, log_q, 3, "auto", "max")
    assert whole.label_terms(3).t1 == pytest.approx(expected.t1, rel=1e-9)
    assert parts[1].logit_distance() == before
    whole.partial_fit(log_p, log_q)
    assert parts[0].n_samples == 7


def test_pickle_and_empty_merge():
    log_p, log_q = _arrays(0)
    accumulator = DistributionAccumulator([0]).partial_fit(log_p, log_q)
    accumulator.merge(DistributionAccumulator([0]))
    again = pickle.loads(pickle.dumps(accumulator))
    assert again.label_terms(0) == accumulator.label_terms(0)
    assert repr(again) == "DistributionAccumulator(n_samples=40)"


class TestBadInput:
    def test_nothing_seen(self):
        with pytest.raises(ValueError, match="At least 1 inputs must be seen first"):
            DistributionAccumulator().kl_divergence()
        log_p, log_q = _arrays(0, n=1)
        with pytest.raises(ValueError, match="At least 2 inputs must be seen first"):
            DistributionAccumulator().partial_fit(log_p, log_q).label_terms(0)

    def test_number_of_labels_must_stay(self):
        accumulator = DistributionAccumulator().partial_fit(*_arrays(0))
        with pytest.raises(ValueError, match="labels must stay the same: got 5 after 6"):
            accumulator.partial_fit(*_arrays(0, k=5))

    def test_pivots_must_agree(self):
        first, second = (DistributionAccumulator([p]).partial_fit(*_arrays(0)) for p in (0, 1))
        with pytest.raises(ValueError, match="same pivots"):
            first.merge(second)

    def test_other_things_cannot_be_merged(self):
        with pytest.raises(TypeError, match="must be a DistributionAccumulator, got int"):
            DistributionAccumulator().merge(3)

    def test_bad_batch_changes_nothing(self):
        accumulator = DistributionAccumulator().partial_fit(*_arrays(0))
        log_p, log_q = _arrays(1)
        with pytest.raises(ValueError, match="log_q holds nan"):
            accumulator.partial_fit(log_p, np.full_like(log_q, np.nan))
        assert accumulator.n_samples == 40

    @pytest.mark.parametrize(
        ("pivots", "message"), [([6], "each of pivots must be in"), ([], "list of label indices")]
    )
    def test_pivots(self, pivots, message):
        with pytest.raises(ValueError, match=message):
            DistributionAccumulator(pivots).partial_fit(*_arrays(0))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"pivot": 1}, "pivot must be one of pivots"),
            ({"pivot": 9}, "pivot must be in"),
            ({"pivot": 0, "left_out": 0}, "left_out must differ"),
            ({"pivot": 0, "reduce": "sum"}, r"reduce must be one of \['max', 'mean'\]"),
            ({"pivot": 0, "left_out": "none"}, "left_out must be in"),
            ({"pivot": 0.5}, "pivot must be in"),
        ],
    )
    def test_label_terms(self, arguments, message):
        accumulator = DistributionAccumulator([0]).partial_fit(*_arrays(0))
        with pytest.raises(ValueError, match=message):
            accumulator.label_terms(**arguments)

    def test_degenerate_label(self):
        log_p, log_q = _arrays(0)
        log_p = log_softmax(np.column_stack([log_p[:, :5], log_p[:, 0]]), axis=1)
        accumulator = DistributionAccumulator().partial_fit(log_p, log_q)
        with pytest.raises(ValueError, match="constant in one of the models.*: 5"):
            accumulator.label_terms(0, left_out=2)

    def test_rounding_is_no_variation(self, rng):
        flat, (log_p, _) = reference.nearly_constant_model(rng, n=40, k=6), _arrays(0)
        accumulator = DistributionAccumulator()
        for rows in (slice(0, 7), slice(7, 40)):
            accumulator.partial_fit(log_p[rows], flat[rows])
        with pytest.raises(ValueError, match="constant in one of the models"):
            accumulator.label_terms(0)
