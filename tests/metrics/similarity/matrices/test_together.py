"""All pairs of several representations in one pass."""

from functools import partial

import numpy as np
import pytest
from sklearn import config_context

from sksim.metrics import (
    cka_distance,
    cka_score,
    cross_similarity,
    distance_correlation_score,
    pairwise_similarity,
    rsa_score,
)
from sksim.metrics.similarity import _pairwise
from sksim.metrics.similarity.matrices import _cka, _pair_matrix, _rsa

MEASURES = [
    cka_score,
    partial(cka_score, unbiased=False),
    cka_distance,
    partial(cka_score, kernel="rbf"),
    distance_correlation_score,
    partial(distance_correlation_score, unbiased=False),
    rsa_score,
    partial(rsa_score, compare="pearson"),
    partial(rsa_score, compare="cosine", rdm="euclidean"),
    partial(rsa_score, compare="rho-a"),
]


def layers(n=70, dtypes=(np.float64, np.float32, np.float64)):
    rng = np.random.RandomState(0)
    common = rng.standard_normal((n, 4))
    return [
        (common @ rng.standard_normal((4, d)) + rng.standard_normal((n, d)) + 5).astype(dtype)
        for d, dtype in zip((60, 65, 55), dtypes, strict=True)
    ]


@pytest.mark.parametrize("kept", [10, 100])
@pytest.mark.parametrize("measure", MEASURES)
def test_one_pass_equals_the_pairs_one_by_one(measure, kept, monkeypatch):
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", kept)
    monkeypatch.setattr(_pair_matrix, "TOGETHER_ROWS", 9)
    Xs = layers()
    expected = [[measure(X, Y) for Y in Xs] for X in Xs]
    values = pairwise_similarity(Xs, measure).values
    np.testing.assert_allclose(values, expected, atol=2e-6)
    crossed = cross_similarity(Xs[:1], Xs[1:], measure).values
    np.testing.assert_allclose(crossed, [expected[0][1:]], atol=2e-6)


@pytest.mark.parametrize("unbiased", [True, False])
def test_kernels_are_taken_where_they_are_cheaper_and_fit(unbiased, monkeypatch):
    """Many wide layers of few samples; the products of features agree to rounding."""
    calls = []
    form = _cka.form_products
    monkeypatch.setattr(_cka, "form_products", lambda x, y: calls.append(len(x)) or form(x, y))
    Xs = layers(dtypes=3 * [np.float64]) + layers(dtypes=3 * [np.float64])[::-1]
    metric = partial(cka_score, unbiased=unbiased)
    by_kernels = pairwise_similarity(Xs, metric).values
    assert calls == [6]
    with config_context(working_memory=0.01):
        by_features = pairwise_similarity(Xs, metric).values
    few = pairwise_similarity([X[:, :5] for X in Xs], metric).values
    assert calls == [6]
    assert few.shape == (6, 6)
    np.testing.assert_allclose(by_kernels, by_features, atol=1e-12)


@pytest.mark.parametrize(
    ("metric", "n_shifts"),
    # The typical value of each matrix is read off its first rows, unless they are kept already.
    [(distance_correlation_score, 1), (partial(cka_score, kernel="rbf"), 0)],
)
def test_each_matrix_is_formed_once(metric, n_shifts, monkeypatch):
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    monkeypatch.setattr(_pair_matrix, "TOGETHER_ROWS", 16)
    formed = []
    form = _pair_matrix.StreamedPairs.formed

    def counting(self, rows):
        formed.append(rows.stop - rows.start)
        return form(self, rows)

    Xs = 4 * layers()
    n = Xs[0].shape[0]
    monkeypatch.setattr(_pair_matrix.StreamedPairs, "formed", counting)
    pairwise_similarity(Xs, metric)
    assert sum(formed) == len(Xs) * (n + n_shifts * min(n, 64))


@pytest.mark.parametrize("measure", ["cka_rbf", "rsa"])
def test_what_all_sides_keep_fits_into_the_working_memory(measure, monkeypatch):
    """As much as for a pair, however many they are; and the values stay what they are."""
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 8)
    monkeypatch.setattr(_rsa, "MAX_CODED", 10)
    monkeypatch.setattr(_rsa, "MAX_EXACT", 10)
    monkeypatch.setattr(_rsa, "MAX_RANK_LOSS", 1.0)
    Xs = 3 * layers()
    expected = pairwise_similarity(Xs, measure).values
    states = []
    compare = _pairwise._compare_all
    monkeypatch.setattr(
        _pairwise,
        "_compare_all",
        lambda steps, x, y, *others: (
            states.extend({id(s): s for s in (*x, *y)}.values()) or compare(steps, x, y, *others)
        ),
    )
    limit = 90_000
    with config_context(working_memory=limit / 2**20):
        few = pairwise_similarity(Xs, measure).values
        crossed = cross_similarity(Xs[:2], Xs[2:], measure).values
    for sides in (states[: len(Xs)], states[len(Xs) :]):
        kept = sum(block.nbytes for pairs in sides for block in pairs.kept.values())
        assert limit / 2 < kept < limit
    np.testing.assert_allclose(few, expected, atol=1e-6)
    np.testing.assert_allclose(crossed, expected[:2, 2:], atol=1e-6)
