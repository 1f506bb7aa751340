import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.hubness import InvertedSoftmax, SinkhornNormalization
from sksim.hubness._base import Space
from sksim.hubness._distances import as_distances
from sksim.hubness._sinkhorn import sinkhorn_potentials
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


@pytest.fixture
def spaces(rng):
    X, bank, Q = (rng.standard_normal((n, 6)) for n in (30, 50, 7))
    return X, bank, Q, cdist(X, bank, "cosine"), cdist(Q, X, "cosine")


@pytest.mark.parametrize("n_rounds", [1, 3, 50])
def test_plan_equals_plain_arithmetic(spaces, n_rounds):
    to_bank = spaces[3]
    prior = np.arange(1, 31) / np.arange(1, 31).sum()
    expected = oracle.sinkhorn_plan(-to_bank.T, 0.2, prior, n_rounds)
    K = -to_bank.T / 0.2
    f, g = sinkhorn_potentials(K, np.log(prior), n_rounds)
    np.testing.assert_allclose(np.exp(K + f[:, None] + g), expected, rtol=1e-9)


def test_marginals_in_the_limit(spaces):
    K = -spaces[3].T / 0.1
    f, g = sinkhorn_potentials(K, np.full(30, -np.log(30)), 2000)
    plan = np.exp(K + f[:, None] + g)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / 30)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / 50, rtol=1e-6)


def test_tiny_temperatures_do_not_underflow(rng):
    K = -rng.uniform(size=(20, 15)) / 1e-6
    f, g = sinkhorn_potentials(K, np.full(15, -np.log(15)), 40)
    assert np.isfinite(f).all()
    assert np.isfinite(g).all()
    np.testing.assert_allclose(np.exp(K + f[:, None] + g).sum(axis=0), 1 / 15)


@pytest.mark.parametrize("prior", [None, np.linspace(1, 3, 30)])
def test_reduction_adds_the_potential(spaces, prior):
    X, bank, Q, to_bank, D = spaces
    reduction = SinkhornNormalization(temperature=0.2, n_iterations=20, prior=prior)
    fitted = reduction.fit_graph(truncated(to_bank, 5), vectors=X, metric="cosine", bank=bank)
    mass = np.full(30, 1 / 30) if prior is None else prior / prior.sum()
    plan = oracle.sinkhorn_plan(-to_bank.T, 0.2, mass, 20)
    # log plan = (s + f + g) / temperature: the first row gives g up to a constant
    g = 0.2 * np.log(plan[0]) + to_bank[:, 0]
    difference = fitted.reduce_graph(D, queries=Q) - (D - g)
    np.testing.assert_allclose(difference, difference[0, 0], atol=1e-9)


def test_prior_lets_a_sample_be_frequent(spaces):
    X, bank, Q, to_bank, D = spaces
    prior = np.ones(30)
    prior[4] = 20
    fit = {"vectors": X, "metric": "cosine", "bank": bank}
    graph = truncated(to_bank, 5)
    plain = SinkhornNormalization().fit_graph(graph, **fit).reduce_graph(D)
    favored = SinkhornNormalization(prior=prior).fit_graph(graph, **fit).reduce_graph(D)
    nearer = [(table < table[:, 4:5]).sum() for table in (plain, favored)]
    assert nearer[1] < nearer[0]


def test_one_round_is_the_inverted_softmax_of_scaled_rows(spaces):
    _, _, _, to_bank, _ = spaces
    K = -to_bank.T / 0.2
    scaled = K - np.log(np.exp(K).sum(axis=1, keepdims=True))
    fitted = SinkhornNormalization(temperature=0.2, n_iterations=1)
    bias = fitted._statistics(as_distances(to_bank), Space())
    expected = 0.2 * np.log(np.exp(scaled).sum(axis=0))
    np.testing.assert_allclose(bias - bias[0], expected - expected[0])
    unscaled = InvertedSoftmax(beta=5.0)._statistics(as_distances(to_bank), Space())
    np.testing.assert_allclose(unscaled, 0.2 * np.log(np.exp(K).mean(axis=0)))


def test_samples_are_their_own_bank_without_themselves(spaces):
    X = spaces[0]
    T = np.maximum(cdist(X, X, "cosine"), 0)
    np.fill_diagonal(T, 0)
    a = SinkhornNormalization().fit(T).bias_
    b = SinkhornNormalization().fit_graph(truncated(T, 9), vectors=X, metric="cosine").bias_
    np.testing.assert_allclose(a - a[0], b - b[0], atol=1e-9)
    K = -T.T / 0.05
    np.fill_diagonal(K, -np.inf)
    g = sinkhorn_potentials(K, np.full(30, -np.log(30)), 30)[1]
    np.testing.assert_allclose(a, -0.05 * g)


def test_target_bank_equal_to_the_index_changes_nothing_in_the_limit(spaces):
    X, bank, _, to_bank, _ = spaces
    fit = {"vectors": X, "metric": "cosine", "bank": bank}
    options = {"n_iterations": 500, "temperature": 0.2}
    plain = SinkhornNormalization(**options).fit_graph(truncated(to_bank, 5), **fit)
    dual = SinkhornNormalization(**options, target_bank=X).fit_graph(truncated(to_bank, 5), **fit)
    np.testing.assert_allclose(plain.bias_, dual.bias_, atol=1e-9)


def test_target_bank_makes_the_bias_of_a_sample_independent_of_the_other_samples(spaces, rng):
    X, bank, _, to_bank, _ = spaces
    targets = rng.standard_normal((40, 6))
    reduction = SinkhornNormalization(target_bank=targets)
    whole = reduction.fit_graph(truncated(to_bank, 5), vectors=X, metric="cosine", bank=bank).bias_
    part = reduction.fit_graph(
        truncated(to_bank[:10], 5), vectors=X[:10], metric="cosine", bank=bank
    ).bias_
    np.testing.assert_allclose(part - part[0], (whole[:10] - whole[0]), atol=1e-9)


def test_bare_truncated_graph_and_wrong_priors_are_refused(spaces):
    X, bank, _, to_bank, _ = spaces
    T = cdist(X, X)
    with pytest.raises(ValueError, match="HubnessReducedKNeighborsTransformer"):
        SinkhornNormalization().fit(truncated(T, 9))
    with pytest.raises(ValueError, match="prior must hold 30 positive numbers"):
        SinkhornNormalization(prior=[1.0, 2.0]).fit(T)
    with pytest.raises(ValueError, match="prior must hold 30 positive numbers"):
        SinkhornNormalization(prior=np.zeros(30)).fit(T)
    with pytest.raises(ValueError, match="target_bank"):
        SinkhornNormalization(target_bank=X).fit(T)


def test_duplicates_are_kept_from_themselves_with_and_without_all_distances(spaces):
    X = spaces[0].copy()
    X[5:12] = X[5]
    T = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    whole = SinkhornNormalization().fit(T).bias_
    near = SinkhornNormalization().fit_graph(truncated(T, 9), vectors=X).bias_
    np.testing.assert_allclose(whole, near, atol=1e-9)
    assert np.ptp(whole[5:12]) < 1e-9
