"""Information gain and norm: known values, the identity of the mean, the gauge, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax
from scipy.stats import spearmanr

from sksim.identifiability import EmbeddingClassifier
from sksim.metrics import information_gain, information_gain_norm
from tests.reference import identifiability as literal

SEEDS = st.integers(0, 10**6)
F = 0.3 * np.random.RandomState(0).randn(6, 2)
G = np.random.RandomState(1).randn(5, 2)


def table(f, g):
    return log_softmax(f @ g.T, axis=1)


def test_known_values():
    expected = [
        *(0.021052355387, 0.044503640195, 0.060589639745),
        *(0.008164434334, 0.030365164144, 0.030276664844),
    ]
    np.testing.assert_allclose(information_gain(table(F, G)), expected, rtol=1e-9)
    expected = [
        *(0.01989062807, 0.055695832069, 0.065079461702),
        *(0.009967098582, 0.032383164626, 0.030356062911),
    ]
    np.testing.assert_allclose(information_gain_norm(F, G), expected, rtol=1e-9)


def draw(seed):
    rng = np.random.RandomState(seed)
    M = rng.randint(1, 5)
    f, g = rng.randn(rng.randint(2, 12), M), rng.randn(rng.randint(2, 9), M)
    return f, g, rng.uniform(size=len(f))


@given(seed=SEEDS)
def test_literal_formulas(seed):
    f, g, weight = draw(seed)
    shares, p = weight / weight.sum(), np.exp(table(f, g))
    q = sum(w * row for w, row in zip(shares, p))
    expected = [sum(a * np.log(a / b) for a, b in zip(row, q)) for row in p]
    gains = information_gain(np.log(p), sample_weight=weight)
    np.testing.assert_allclose(gains, expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(information_gain(np.log(p), np.log(q)[None]), gains, atol=1e-12)
    for base in ("marginal", "center"):
        expected = literal.information_gain_norm(f, g, shares, base)
        norms = information_gain_norm(f, g, sample_weight=weight, base=base)
        np.testing.assert_allclose(norms, expected, rtol=1e-9, atol=1e-14)


@given(seed=SEEDS)
def test_mean_gain_is_the_mutual_information(seed):
    f, g, weight = draw(seed)
    joint = (weight / weight.sum())[:, None] * np.exp(table(f, g))
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    information = (joint * np.log(joint / product)).sum()
    gains = information_gain(table(f, g), sample_weight=weight)
    assert weight @ gains / weight.sum() == pytest.approx(information, abs=1e-12)


@given(seed=SEEDS)
def test_the_same_model_has_the_same_values(seed):
    f, g, weight = draw(seed)
    rng = np.random.RandomState(seed)
    A = rng.randn(f.shape[1], f.shape[1]) + 3 * np.eye(f.shape[1])
    other = f @ A.T, g @ np.linalg.inv(A) + rng.randn(f.shape[1])
    for base in ("marginal", "center"):
        np.testing.assert_allclose(
            information_gain_norm(*other, sample_weight=weight, base=base),
            information_gain_norm(f, g, sample_weight=weight, base=base),
            rtol=1e-8,
            atol=1e-12,
        )
    np.testing.assert_allclose(
        information_gain(table(*other)), information_gain(table(f, g)), rtol=1e-8, atol=1e-12
    )


def test_a_shift_of_the_embeddings_is_another_model():
    moved = information_gain(table(F + 1.0, G))
    assert np.abs(moved - information_gain(table(F, G))).max() > 1e-3
    lengths = np.square(F).sum(axis=1)  # no invariance at all
    assert np.abs(np.square(2 * F).sum(axis=1) - lengths).max() > 1e-3


def test_the_ratio_tends_to_one():
    f = np.random.RandomState(2).randn(400, 8) / np.sqrt(8)
    g = np.random.RandomState(3).randn(300, 8)
    ratios = []
    for scale in (0.4, 0.2, 0.1, 0.05):
        gains, norms = information_gain(table(scale * f, g)), information_gain_norm(scale * f, g)
        ratios.append(gains.sum() / norms.sum())
        if scale == 0.4:
            assert np.corrcoef(gains, norms)[0, 1] == pytest.approx(0.9966, abs=1e-4)
    np.testing.assert_allclose(ratios, [0.9706, 0.9931, 0.9986, 0.9998], atol=1e-4)


def test_of_a_trained_classifier_the_order_agrees():
    rng = np.random.RandomState(0)
    X, y = rng.randn(300, 2), np.repeat([0, 1, 2], 100)
    X += 2.0 * np.eye(3, 2)[y]
    model = EmbeddingClassifier(hidden_layer_sizes=(16,), max_epochs=15, lr=0.01, random_state=0)
    model.fit(X, y)
    gains = information_gain(model.predict_log_proba(X))
    norms = information_gain_norm(model.transform(X), model.unembeddings_)
    assert spearmanr(gains, norms).statistic > 0.7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: information_gain(np.log([[0.5, 0.5]])), "log_p.*minimum of 2"),
        (lambda: information_gain(F @ G.T), "log_p must hold log-probabilities"),
        (lambda: information_gain([[0.0, -np.inf]] * 2), "log_p holds -inf in row 0"),
        (lambda: information_gain(table(F, G), table(F, G)[:3]), "log_p and log_q must have"),
        (
            lambda: information_gain(table(F, G), table(F, G), sample_weight=np.ones(6)),
            "sample_weight weights the mixture",
        ),
        (lambda: information_gain(table(F, G), sample_weight=-np.ones(6)), "sample_weight must"),
        (lambda: information_gain_norm(F, G, sample_weight=np.zeros(6)), "sample_weight must"),
        (lambda: information_gain_norm(F, G[:, :1]), "f and g must have the same number"),
        (lambda: information_gain_norm(F[:1], G), "f.*minimum of 2"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
