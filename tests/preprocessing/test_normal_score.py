import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from sklearn.preprocessing import normalize

from sksim.preprocessing import NormalScoreTransformer


def paper_forced_normal(X, draws):
    """The original: the i-th smallest value of a column becomes its i-th smallest draw."""
    result = np.empty(X.shape)
    for j in range(X.shape[1]):
        drawn = sorted(draws[:, j])
        for rank, row in enumerate(np.argsort(X[:, j], kind="stable")):
            result[row, j] = drawn[rank]
    return result / np.linalg.norm(result, axis=1, keepdims=True)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_ordinal_random_scores_are_the_papers_own(rng, distribution):
    X = rng.standard_normal((50, 4)).round(1)  # with ties
    transformer = NormalScoreTransformer(
        distribution=distribution, ties="ordinal", scores="random", random_state=3
    )
    got = transformer.fit_transform(X)
    np.testing.assert_allclose(got, paper_forced_normal(X, transformer.scores_))
    again = np.random.RandomState(3)
    draws = again.standard_normal((50, 4)) if distribution == "normal" else None
    if draws is not None:
        np.testing.assert_allclose(got, paper_forced_normal(X, draws))


@pytest.mark.parametrize("scores", ["quantile", "random"])
def test_without_ties_ordinal_equals_average(rng, scores):
    X = rng.standard_normal((60, 3))
    a, b = (
        NormalScoreTransformer(ties=ties, scores=scores, random_state=0).fit_transform(X)
        for ties in ("average", "ordinal")
    )
    np.testing.assert_allclose(a, b)


def test_scores_are_quantiles_of_mean_ranks():
    X = np.array([[1.0], [5.0], [5.0], [7.0]])
    got = NormalScoreTransformer(normalize=False).fit_transform(X)
    np.testing.assert_allclose(got[:, 0], ndtri([1 / 8, 1 / 2, 1 / 2, 7 / 8]))
    uniform = NormalScoreTransformer(distribution="uniform", normalize=False).fit_transform(X)
    np.testing.assert_allclose(uniform[:, 0], [-0.75, 0, 0, 0.75])


def test_new_values_are_interpolated_and_clipped_to_the_training_range():
    X = np.arange(5.0)[:, None]
    fitted = NormalScoreTransformer(normalize=False).fit(X)
    got = fitted.transform([[1.5], [-10.0], [99.0]])[:, 0]
    np.testing.assert_allclose(got, [ndtri(0.3) / 2, ndtri(0.1), ndtri(0.9)])


@given(st.integers(0, 10**6))
def test_new_values_get_the_linear_interpolation_of_the_scores(seed):
    rng = np.random.RandomState(seed)
    X, new = rng.standard_normal((12, 2)), rng.standard_normal((9, 2))
    got = NormalScoreTransformer(normalize=False).fit(X).transform(new)
    scores = ndtri((np.arange(1, 13) - 0.5) / 12)
    for j in range(2):
        np.testing.assert_allclose(got[:, j], np.interp(new[:, j], np.sort(X[:, j]), scores))


def test_an_ordinal_constant_feature_gets_scores_by_row():
    X = np.ones((4, 1))
    ordinal = NormalScoreTransformer(ties="ordinal", normalize=False)
    np.testing.assert_allclose(ordinal.fit_transform(X)[:, 0], ndtri([1 / 8, 3 / 8, 5 / 8, 7 / 8]))
    np.testing.assert_allclose(ordinal.transform(X), 0, atol=1e-15)


def test_duplicates_stay_duplicates_and_a_constant_feature_becomes_zero(rng):
    X = rng.standard_normal((30, 3))
    X[4] = X[9]
    X[:, 1] = 2.5
    for scores in ("quantile", "random"):
        got = NormalScoreTransformer(scores=scores, random_state=0).fit_transform(X)
        np.testing.assert_array_equal(got[4], got[9])
        np.testing.assert_array_equal(got[:, 1], 0)
    all_constant = NormalScoreTransformer().fit_transform(np.ones((5, 2)))
    np.testing.assert_array_equal(all_constant, 0)


def test_thinned_quantiles_stay_close(rng):
    X = rng.standard_t(3, (3000, 4))
    exact = NormalScoreTransformer(n_quantiles=3000, normalize=False).fit(X)
    thin = NormalScoreTransformer(n_quantiles=300, normalize=False).fit(X)
    assert all(values.size == 300 for values in thin.quantiles_)
    new = rng.standard_normal((200, 4))
    np.testing.assert_allclose(thin.transform(new), exact.transform(new), atol=0.02)


@given(st.integers(0, 10**6))
def test_depends_on_the_order_of_the_values_only(seed):
    rng = np.random.RandomState(seed)
    X = rng.randint(0, 6, (20, 3)) * 1.0
    got = NormalScoreTransformer().fit_transform(X)
    np.testing.assert_allclose(NormalScoreTransformer().fit_transform(np.exp(X)), got, atol=1e-12)
    np.testing.assert_allclose(NormalScoreTransformer().fit_transform(-X), -got, atol=1e-12)


def test_rows_have_unit_length_and_scores_are_symmetric(rng):
    X = rng.standard_normal((40, 5))
    scores = NormalScoreTransformer(normalize=False).fit_transform(X)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(NormalScoreTransformer().fit_transform(X), normalize(scores))


def test_test_rows_do_not_influence_the_scores(rng):
    X, new = rng.standard_normal((50, 3)), rng.standard_normal((10, 3))
    fitted = NormalScoreTransformer().fit(X)
    alone = np.vstack([fitted.transform(row[None]) for row in new])
    np.testing.assert_array_equal(fitted.transform(new), alone)


def test_sparse_input_is_refused(rng):
    from scipy import sparse

    with pytest.raises(TypeError, match="[Ss]parse"):
        NormalScoreTransformer().fit(sparse.csr_array(rng.uniform(size=(5, 3))))
