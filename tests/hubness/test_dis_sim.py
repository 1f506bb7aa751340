import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import euclidean_distances

from sksim.hubness import DisSimGlobal, DisSimLocal
from sksim.hubness._centroids import breach_of_triangle
from sksim.hubness._distances import DenseDistances
from sksim.utils._graph import dense_to_graph
from tests.hubness.conftest import euclidean, truncated
from tests.reference import hubness as oracle


@pytest.fixture
def data(rng):
    X, Q = rng.standard_normal((40, 4)) * [1, 2, 3, 4] + 1, rng.standard_normal((7, 4))
    X[5] = X[9]
    Q[2] = X[11]
    return X, Q, euclidean(X), euclidean(Q, X)


def without_self(table, D):
    """Leave out what a query has with itself: 0 in the reduced matrix."""
    table = np.array(table, float)
    for i, row in enumerate(D):
        own = oracle.own_column(row)
        if own is not None:
            table[i, own] = np.nan
    return table


def close(got, expected, D):
    mask = ~np.isnan(without_self(expected, D))
    np.testing.assert_allclose(np.asarray(got)[mask], np.asarray(expected)[mask], atol=1e-8)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_local_from_vectors_and_from_the_matrix(data, k):
    X, Q, T, D = data
    expected = {
        "training": oracle.dis_sim_local(X, T, X, T, k),
        "queries": oracle.dis_sim_local(Q, D, X, T, k),
    }
    bare = DisSimLocal(k).fit(T)
    near = DisSimLocal(k).fit_graph(truncated(T, 25), vectors=X)
    close(bare.transform(T) - bare.offset_, expected["training"], T)
    close(bare.transform(D) - bare.offset_, expected["queries"], D)
    close(near.reduce_graph(D, queries=Q) - near.offset_, expected["queries"], D)
    np.testing.assert_allclose(near.bias_, bare.bias_, atol=1e-9)


def test_global_from_vectors_and_from_the_matrix(data):
    X, Q, T, D = data
    bare = DisSimGlobal().fit(T)
    near = DisSimGlobal().fit_graph(truncated(T, 9), vectors=X)
    close(bare.transform(T) - bare.offset_, oracle.dis_sim_global(X, X), T)
    close(bare.transform(D) - bare.offset_, oracle.dis_sim_global(Q, X), D)
    close(near.reduce_graph(D, queries=Q) - near.offset_, oracle.dis_sim_global(Q, X), D)


def test_global_is_the_centred_inner_product(data):
    X, _, T, _ = data
    centered = X - X.mean(axis=0)
    got = DisSimGlobal().fit(T)
    close(got.transform(T) - got.offset_, -2 * centered @ centered.T, T)


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
@pytest.mark.parametrize("metric", ["sqeuclidean", "cosine"])
def test_other_metrics_become_squared_euclidean(data, cls, metric):
    X, Q, T, D = data
    if metric == "cosine":
        X, Q = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (X, Q))
        T, D = euclidean(X), euclidean(Q, X)
    other = {"sqeuclidean": np.square, "cosine": lambda d: d**2 / 2}[metric]
    a = cls().fit_graph(truncated(T, 20), vectors=X)
    b = cls().fit_graph(
        truncated(other(T), 20), vectors=3 * X if metric == "cosine" else X, metric=metric
    )
    np.testing.assert_allclose(a.bias_, b.bias_, atol=1e-9)
    np.testing.assert_allclose(
        a.reduce_graph(D, queries=Q), b.reduce_graph(other(D), queries=Q), atol=1e-8
    )


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e200])
def test_cosine_does_not_depend_on_the_unit_of_the_vectors(data, cls, scale):
    X, Q, _, _ = data
    T, D = cdist(X, X, "cosine"), cdist(Q, X, "cosine")
    np.fill_diagonal(T, 0)
    a, b = (cls().fit_graph(T, vectors=Z, metric="cosine") for Z in (X, X * scale))
    np.testing.assert_allclose(a.bias_, b.bias_)
    np.testing.assert_allclose(
        a.reduce_graph(D, queries=Q), b.reduce_graph(D, queries=Q * scale), atol=1e-12
    )


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
def test_sparse_vectors(data, cls):
    X, Q, T, D = data
    a = cls().fit_graph(truncated(T, 20), vectors=X)
    b = cls().fit_graph(truncated(T, 20), vectors=sparse.csr_array(X))
    np.testing.assert_allclose(a.bias_, b.bias_)
    np.testing.assert_allclose(
        a.reduce_graph(D, queries=Q), b.reduce_graph(D, queries=sparse.csr_array(Q))
    )


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
def test_rows_do_not_depend_on_the_batch_and_far_queries_are_shifted(data, cls, rng):
    X, Q, T, _ = data
    Q = np.vstack([Q, 500 + rng.standard_normal((3, 4))])
    D = euclidean(Q, X)
    fitted = cls().fit_graph(truncated(T, 20), vectors=X)
    whole = fitted.reduce_graph(D, queries=Q)
    assert whole.min() >= 0
    for i in range(len(Q)):
        one = fitted.reduce_graph(D[i : i + 1], queries=Q[i : i + 1])[0]
        np.testing.assert_array_equal(one, whole[i])
    expected = np.diff(D**2 + fitted.bias_, axis=1)
    keep = np.isin(np.arange(len(Q)), [2], invert=True)
    np.testing.assert_allclose(np.diff(whole, axis=1)[keep], expected[keep], atol=1e-6)


def test_bank_centroids(data, rng):
    X, _, _, _ = data
    bank = rng.standard_normal((60, 4)) + 2
    to_bank = cdist(X, bank)
    local = DisSimLocal(5).fit_graph(truncated(to_bank, 8), vectors=X, bank=bank)
    nearest = np.argsort(to_bank, axis=1)[:, :5]
    expected = -((X - bank[nearest].mean(axis=1)) ** 2).sum(axis=1)
    np.testing.assert_allclose(local.bias_, expected)
    whole = DisSimGlobal().fit_graph(truncated(to_bank, 8), vectors=X, bank=bank)
    np.testing.assert_allclose(whole.bias_, -((X - bank.mean(axis=0)) ** 2).sum(axis=1))


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
def test_errors(data, cls):
    X, _, T, D = data
    with pytest.raises(ValueError, match="HubnessReducedKNeighborsTransformer"):
        cls().fit(truncated(T, 12))
    with pytest.raises(ValueError, match="metric must be 'euclidean'.* got 'cityblock'"):
        cls().fit_graph(truncated(T, 12), vectors=X, metric="cityblock")
    fitted = cls().fit_graph(truncated(T, 12), vectors=X)
    with pytest.raises(ValueError, match="those of the queries too"):
        fitted.transform(D)


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
def test_distances_whose_squares_overflow_are_refused(data, cls):
    X, Q, T, D = data
    with pytest.raises(ValueError, match=f"{cls.__name__} squares .* less than 1e154"):
        cls().fit_graph(truncated(T * 1e200, 20), vectors=X * 1e200)
    fitted = cls().fit_graph(truncated(T, 20), vectors=X)
    with pytest.raises(ValueError, match=f"{cls.__name__} squares .* less than 1e154"):
        fitted.reduce_graph(D * 1e200, queries=Q * 1e200)
    with pytest.raises(ValueError, match=f"{cls.__name__} squares .* less than 1e154"):
        cls().fit(T * 1e200).transform(T * 1e200)
    huge = cls().fit_graph(truncated(T * 1e150, 20), vectors=X * 1e150)
    np.testing.assert_allclose(huge.bias_ / 1e300, fitted.bias_)


def test_global_refuses_short_rows_without_vectors(data):
    _, _, T, D = data
    with pytest.raises(ValueError, match="got 12 of 40 in row 0"):
        DisSimGlobal().fit(T).transform(truncated(D, 12))
    assert np.isfinite(DisSimLocal().fit(T).transform(truncated(D, 12)).data).all()


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
@pytest.mark.parametrize("metric", ["sqeuclidean", "cosine"])
def test_a_complete_matrix_of_another_metric_is_that_of_its_vectors(data, cls, metric):
    X, Q, _, _ = data
    T, D = (np.maximum(cdist(Z, X, metric), 0) for Z in (X, Q))
    np.fill_diagonal(T, 0)
    bare = cls().fit_graph(T, metric=metric)
    near = cls().fit_graph(T, vectors=X, metric=metric)
    np.testing.assert_allclose(bare.bias_, near.bias_, atol=1e-9)
    np.testing.assert_allclose(bare.reduce_graph(D), near.reduce_graph(D, queries=Q), atol=1e-8)


@pytest.mark.parametrize("cls", [DisSimLocal, DisSimGlobal])
def test_a_breach_of_the_triangle_inequality_warns(cls):
    D = np.array([[0.0, 1, 5, 6], [1, 0, 2, 6], [5, 2, 0, 6], [6, 6, 6, 0]])
    with pytest.warns(UserWarning, match=rf"{cls.__name__} needs Euclidean .* triangle") as caught:
        cls().set_params(**({"n_neighbors": 2} if cls is DisSimLocal else {})).fit(D)
    assert "from sample 0 to 2 it is 5, by way of sample 1 1 + 2" in str(caught[0].message)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="triangle"):
        cls(*[2] * (cls is DisSimLocal)).fit(dense_to_graph(D))


def squared_euclidean(X):
    return cdist(X, X, "sqeuclidean")


def cosine(X):
    return np.maximum(cdist(X, X, "cosine"), 0) * (1 - np.eye(len(X)))


def one_entry(of_largest):
    def corrupted(X):
        D = cdist(X, X)
        D[1, 2] = D[2, 1] = of_largest * D.max()
        return D

    return corrupted


@pytest.mark.parametrize("distances", [squared_euclidean, cosine, one_entry(3.0), one_entry(0.0)])
@given(seed=st.integers(0, 10**6), n=st.integers(12, 80))
def test_the_triple_is_found_and_breaks_the_inequality(distances, seed, n):
    D = distances(np.random.RandomState(seed).standard_normal((n, 3)))
    i, k, j = breach_of_triangle(D)
    assert D[i, j] > D[i, k] + D[k, j]


def of_float32(X):
    Z = X.astype(np.float32)
    squares = (Z**2).sum(axis=1)[:, None] + (Z**2).sum(axis=1) - 2 * Z @ Z.T
    return np.sqrt(np.maximum(squares, 0)) * (1 - np.eye(len(Z)))


@pytest.mark.parametrize(
    "distances",
    [
        euclidean_distances,
        of_float32,
        lambda X: np.sqrt(2 * cosine(X)),
        lambda X: cdist(X, X, "cityblock"),
        lambda X: np.round(cdist(X, X), 3),
        lambda X: np.zeros((len(X), len(X))),
    ],
)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 40), unit=st.sampled_from([1e-9, 1.0, 1e9]))
def test_what_is_a_metric_up_to_rounding_does_not_warn(distances, seed, n, unit):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, rng.randint(1, 5))) + 2
    X[rng.randint(n, size=n // 3)] = X[0]
    assert breach_of_triangle(unit * distances(X)) is None


@pytest.mark.parametrize("Reduction", [DisSimLocal, DisSimGlobal])
def test_the_matrix_of_the_caller_stays(data, Reduction):
    """It is read where it is."""
    D = data[2].copy()
    D.flags.writeable = False
    reduced = Reduction().fit_transform(D)
    np.testing.assert_array_equal(D, data[2])
    with pytest.raises(ValueError, match="less than 1e154"):
        Reduction().fit_transform(1e154 * D)
    assert np.isfinite(reduced).all()


def test_sum_of_a_row_leaves_out_the_sample_itself(data):
    D = data[2]
    sums = DenseDistances(D).row_sum(D + 1.0)
    own = D.argmin(axis=1)
    expected = [np.delete(row + 1.0, i).sum() for row, i in zip(D, own, strict=True)]
    np.testing.assert_allclose(sums, expected, rtol=1e-13)
    np.testing.assert_array_equal(DenseDistances(D).row_sum(D), D.sum(axis=1))
