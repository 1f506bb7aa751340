import dataclasses

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from sksim.metrics import (
    aligned_log_probabilities,
    kl_divergence,
    log_likelihood_variance_distance,
    logit_distance,
    max_pls_svd_distance,
)
from sksim.metrics.distributions import _label_terms
from sksim.metrics.distributions import _log_probabilities as module
from sksim.metrics.distributions._log_probabilities import (
    LogProbabilityPair,
    centered_log_ratio,
    check_log_probabilities,
)
from tests.reference.identifiability import gauge, random_model

ALL_DISTANCES = [
    kl_divergence,
    logit_distance,
    log_likelihood_variance_distance,
    max_pls_svd_distance,
]


@pytest.fixture
def pair(rng):
    return [log_softmax(rng.standard_normal((12, 5)), axis=1) for _ in range(2)]


@pytest.mark.parametrize("distance", ALL_DISTANCES)
class TestBadInput:
    def test_minus_infinity_names_the_cell_and_the_remedy(self, distance, pair):
        log_p, log_q = pair
        log_q[3] = [0, -np.inf, -np.inf, -np.inf, -np.inf]
        with pytest.raises(ValueError, match=r"log_q holds -inf in row 3, column 1.*log-softmax"):
            distance(log_p, log_q)

    def test_nan(self, distance, pair):
        pair[0][0, 0] = np.nan
        with pytest.raises(ValueError, match="log_p holds nan in row 0, column 0"):
            distance(*pair)

    def test_logits_are_refused(self, distance, pair):
        with pytest.raises(ValueError, match="log_p must hold log-probabilities.*logsumexp"):
            distance(pair[0] + 1.0, pair[1])

    def test_probabilities_are_refused(self, distance, pair):
        with pytest.raises(ValueError, match="log_q must hold log-probabilities"):
            distance(pair[0], np.exp(pair[1]))

    def test_shapes_must_agree(self, distance, pair):
        with pytest.raises(ValueError, match=r"same shape.*\(12, 5\) and \(11, 5\)"):
            distance(pair[0], pair[1][:-1])

    def test_inputs_are_not_modified(self, distance, pair):
        copies = [log_p.copy() for log_p in pair]
        distance(*pair)
        for log_p, copy in zip(pair, copies):
            np.testing.assert_array_equal(log_p, copy)


def test_float32_rows_are_renormalised_in_float64(pair):
    log_p = check_log_probabilities(pair[0].astype(np.float32))
    assert log_p.dtype == np.float64
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_representation_rank_is_that_of_the_family(rng, size):
    f, g = random_model(rng, n=40, k=6, size=size)
    twin = gauge(rng, f, g)
    bias = rng.standard_normal(6)
    with_bias = log_softmax(f @ g.T + bias, axis=1)
    pair = LogProbabilityPair(with_bias, log_softmax(twin[0] @ twin[1].T, axis=1))
    assert pair.n_components == size


def test_rank_survives_float32(rng):
    f, g = random_model(rng, n=200, k=9, size=3, scale=3)
    log_p = log_softmax((f @ g.T).astype(np.float32), axis=1)
    assert LogProbabilityPair.check(log_p, log_p).n_components == 3


@pytest.mark.parametrize("value", [1e-3, 3.5e-6, 1.1e-6, 0.9e-6, 3e-7, 1e-10])
@pytest.mark.parametrize("shape", [(40, 6), (6, 40)])
def test_rank_near_the_tolerance(rng, value, shape):
    """The products of the tables would not tell 1.1e-6 from 0.9e-6 of the largest value."""
    left, right = (
        np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, 2))]))[0][:, 1:]
        for n in shape
    )
    log_p = log_softmax(left * [1.0, value] @ right.T, axis=1)
    assert LogProbabilityPair.check(log_p, log_p).n_components == 1 + (value > 1e-6)


class TestPair:
    @pytest.mark.parametrize(
        ("distance", "n_tables"),
        [
            # of log p, log q and log p - log q, each once
            (log_likelihood_variance_distance, 3),
            (max_pls_svd_distance, 3),
            (logit_distance, 1),
            (kl_divergence, 0),
        ],
    )
    @pytest.mark.parametrize("n_entries", [1, 2**17])
    def test_every_log_ratio_is_formed_once(self, distance, n_tables, n_entries, pair, monkeypatch):
        formed = []

        def counted(table):
            formed.append(table.tobytes())
            return centered_log_ratio(table)

        monkeypatch.setattr(module, "centered_log_ratio", counted)
        monkeypatch.setattr(_label_terms, "BLOCK_ENTRIES", n_entries)
        monkeypatch.setattr(_label_terms, "_PIVOT_ENTRIES", n_entries)
        distance(*pair)
        assert len(formed) == len(set(formed)) == n_tables

    def test_is_frozen_and_prepared_once(self, pair):
        tables = LogProbabilityPair.check(*pair)
        with pytest.raises(dataclasses.FrozenInstanceError):
            tables.log_p = tables.log_q
        assert tables.log_ratios is tables.log_ratios
        np.testing.assert_allclose(
            tables.log_ratio_difference, tables.log_ratios[0] - tables.log_ratios[1], atol=1e-13
        )


class _Reordered(BaseEstimator):
    """A fitted classifier that lists its classes in another order."""

    def __init__(self, model, order):
        self.model_, self.order = model, order
        self.classes_ = model.classes_[order]

    def predict_log_proba(self, X):
        return self.model_.predict_log_proba(X)[:, self.order]


class TestAlignment:
    def test_by_label(self, rng):
        X, y = rng.standard_normal((60, 3)), rng.choice(["b", "c", "a"], 60)
        model = LogisticRegression().fit(X, y)
        log_p, log_q = aligned_log_probabilities([model, _Reordered(model, [2, 0, 1])], X)
        np.testing.assert_array_equal(log_p, log_q)
        np.testing.assert_allclose(log_p, model.predict_log_proba(X), atol=1e-14)

    def test_different_labels_raise(self, rng):
        X, y = rng.standard_normal((60, 3)), rng.choice(["b", "c", "a"], 60)
        models = [
            LogisticRegression().fit(X, y),
            LogisticRegression().fit(X[y != "c"], y[y != "c"]),
        ]
        with pytest.raises(ValueError, match="same labels.*model 1 has"):
            aligned_log_probabilities(models, X)

    def test_needs_log_probabilities(self, rng):
        class Hard(BaseEstimator):
            classes_ = np.array([0, 1])

            def fit(self, X):
                return self

        with pytest.raises(TypeError, match="Hard has no predict_log_proba"):
            aligned_log_probabilities([Hard()], rng.standard_normal((3, 2)))


def test_at_least_one_model():
    with pytest.raises(ValueError, match="at least one fitted classifier"):
        aligned_log_probabilities([], np.zeros((3, 2)))
