import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.hubness import InvertedSoftmax
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


@pytest.fixture
def spaces(rng):
    """Index, bank and queries with their cosine distances."""
    X, bank, Q = (rng.standard_normal((n, 6)) for n in (50, 80, 15))
    return X, bank, Q, cdist(X, bank, "cosine"), cdist(Q, X, "cosine")


def up_to_a_constant(a, b):
    difference = np.asarray(a) - np.asarray(b)
    np.testing.assert_allclose(difference, difference.flat[0], atol=1e-9)


@pytest.mark.parametrize("beta", [0.1, 5.0, 200.0])
def test_equals_literal_formula(index_and_queries, beta):
    T, D = index_and_queries
    D = D[:10]
    fitted = InvertedSoftmax(beta=beta / 5).fit(T)
    up_to_a_constant(fitted.transform(D), oracle.inverted_softmax(D, T, beta / 5))


def test_whole_bank_from_vectors(spaces):
    X, bank, Q, to_bank, D = spaces
    fitted = InvertedSoftmax(beta=3.0).fit_graph(
        truncated(to_bank, 5), vectors=X, metric="cosine", bank=bank
    )
    up_to_a_constant(fitted.reduce_graph(D, queries=Q), oracle.inverted_softmax(D, to_bank, 3.0))


def test_whole_index_from_vectors_equals_complete_matrix(spaces):
    X, _, _, _, _ = spaces
    T = cdist(X, X, "cosine")
    np.fill_diagonal(T, 0)
    T = np.maximum(T, 0)
    a = InvertedSoftmax().fit_graph(truncated(T, 5), vectors=X, metric="cosine").bias_
    np.testing.assert_allclose(a, InvertedSoftmax().fit(T).bias_)


def test_limits_of_the_temperature(index_and_queries):
    """Small beta subtracts the mean similarity, as centring does; large beta the largest."""
    T, _ = index_and_queries
    T = T[np.ix_(np.r_[:7, 8:30], np.r_[:7, 8:30])]
    mean = T.sum(axis=1) / 28
    np.testing.assert_allclose(InvertedSoftmax(beta=1e-7).fit(T).bias_, -mean, atol=1e-5)
    nearest = np.where(T == 0, np.inf, T).min(axis=1)
    np.testing.assert_allclose(InvertedSoftmax(beta=1e5).fit(T).bias_, -nearest, atol=1e-3)


def test_small_beta_ranks_as_the_centred_inner_product(rng):
    X, Q = rng.standard_normal((40, 4)) + 1, rng.standard_normal((9, 4))
    T, D = cdist(X, X, "sqeuclidean"), cdist(Q, X, "sqeuclidean")
    got = InvertedSoftmax(beta=1e-9).fit(T).transform(D)
    # self left out: the mean runs over n - 1 others
    mean_similarity = -T.sum(axis=1) / 39
    np.testing.assert_array_equal(np.argsort(got, 1), np.argsort(D + mean_similarity, 1))


def test_dynamic_gate(spaces):
    """Query-bank normalization: raw distances unless the nearest sample is activated."""
    X, bank, Q, to_bank, D = spaces
    fit = {"vectors": X, "metric": "cosine", "bank": bank}
    gated = InvertedSoftmax(dynamic=True).fit_graph(truncated(to_bank, 5), **fit)
    plain = InvertedSoftmax().fit_graph(truncated(to_bank, 5), **fit)
    activated = {int(np.argmin(to_bank[:, b])) for b in range(80)}
    assert set(np.flatnonzero(gated.activated_)) == activated
    got, reduced = gated.reduce_graph(D, queries=Q), plain.reduce_graph(D, queries=Q)
    states = [int(np.argmin(row)) in activated for row in D]
    assert 0 < sum(states) < len(states)
    for i, is_active in enumerate(states):
        np.testing.assert_allclose(got[i], reduced[i] if is_active else D[i])


def test_gate_on_a_bare_graph_uses_the_samples_as_bank(index_and_queries):
    T, D = index_and_queries
    fitted = InvertedSoftmax(dynamic=True).fit(truncated(T, 9))
    nearest = truncated(T, 9).indices.reshape(30, 9)[:, 1]
    np.testing.assert_array_equal(np.flatnonzero(fitted.activated_), np.unique(nearest))
    whole = fitted.transform(truncated(D, 9)).toarray()
    one = np.vstack([fitted.transform(truncated(D[i : i + 1], 9)).toarray() for i in range(12)])
    np.testing.assert_array_equal(whole, one)


def test_gate_cannot_be_exported(index_and_queries):
    fitted = InvertedSoftmax(dynamic=True).fit(index_and_queries[0])
    with pytest.raises(ValueError, match="dynamic=False"):
        fitted.inner_product_index(np.eye(30), "cosine")
