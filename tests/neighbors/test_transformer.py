import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, radius_neighbors_graph
from sklearn.pipeline import make_pipeline

from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.hubness._registry import REDUCTIONS as REGISTERED
from sksim.neighbors import HubnessReducedKNeighborsTransformer
from tests.reference.neighbors import literal_nicdm, literal_normal_mp, literal_search

REDUCTIONS = [None, "mutual_proximity", "nicdm", "csls", "local_scaling"]
EVERY_REDUCTION = [None, *sorted(REGISTERED)]


def transformer_with(reduction, n_neighbors=4, **parameters):
    metric = "cosine" if reduction == "localized_centering" else "euclidean"
    return HubnessReducedKNeighborsTransformer(
        n_neighbors, reduction=reduction, metric=metric, **parameters
    )


@pytest.fixture
def X(rng):
    return rng.standard_normal((60, 5)) * rng.uniform(0.5, 3, (60, 1))


@pytest.fixture
def Q(rng):
    return np.random.RandomState(1).standard_normal((20, 5))


def rows_of(graph):
    return [
        (graph.data[a:b], graph.indices[a:b]) for a, b in zip(graph.indptr[:-1], graph.indptr[1:])
    ]


def assert_same_graph(first, second):
    assert first.shape == second.shape
    assert_array_equal(first.indptr, second.indptr)
    assert_array_equal(first.indices, second.indices)
    assert_array_equal(first.data, second.data)


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "chebyshev"])
def test_plain_search_is_scikit_learns(X, Q, mode, metric):
    ours = HubnessReducedKNeighborsTransformer(7, reduction=None, metric=metric, mode=mode).fit(X)
    theirs = KNeighborsTransformer(n_neighbors=7, metric=metric, mode=mode).fit(X)
    for queries in (X, Q):
        graph, expected = ours.transform(queries), theirs.transform(queries)
        assert_array_equal(graph.indptr, expected.indptr)
        assert_array_equal(graph.indices, expected.indices)
        # scikit-learn's own distances of a sample to itself are not always exactly zero.
        assert_allclose(graph.data, expected.data, atol=1e-7)


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_output_contract(X, Q, reduction, mode):
    transformer = transformer_with(reduction, 6, mode=mode)
    graph = transformer.fit_transform(X)
    n_entries = 7 if mode == "distance" else 6
    assert graph.shape == (60, 60)
    assert_array_equal(np.diff(graph.indptr), n_entries)
    assert_array_equal(graph.indices.reshape(60, -1)[:, 0], np.arange(60))
    of_queries = transformer.transform(Q)
    assert of_queries.shape == (20, 60)
    assert_array_equal(np.diff(of_queries.indptr), n_entries)
    if mode == "connectivity":
        assert_array_equal(graph.data, 1)
        assert_array_equal(of_queries.data, 1)
    else:
        assert_array_equal(graph.data.reshape(60, -1)[:, 0], 0)
        assert (np.diff(graph.data.reshape(60, -1)) >= 0).all()
        assert (np.diff(of_queries.data.reshape(20, -1)) >= 0).all()
        assert of_queries.data.min() >= 0


@pytest.mark.parametrize(
    ("reduction", "formula"),
    [
        (NICDM(4), partial(literal_nicdm, n_neighbors=4)),
        (MutualProximity(), literal_normal_mp),
    ],
)
@pytest.mark.parametrize("n_candidates", [12, 59])
def test_literal_search(X, Q, reduction, formula, n_candidates):
    transformer = HubnessReducedKNeighborsTransformer(
        6, reduction=reduction, n_candidates=n_candidates
    ).fit(X)
    D = cdist(X, X)
    own = literal_search(D, D, n_candidates, formula, is_index=True)
    for (values, indices), pairs in zip(rows_of(transformer.transform(X)), own):
        assert_literal(values[1:], indices[1:], pairs[:6])
    # With every other sample a candidate, a query sees all of them, as it is none of them.
    depth = 60 if n_candidates == 59 else n_candidates
    of_queries = literal_search(D, cdist(Q, X), depth, formula)
    for (values, indices), pairs in zip(rows_of(transformer.transform(Q)), of_queries):
        assert_literal(values, indices, pairs[:7])


def assert_literal(values, indices, pairs):
    assert_allclose(values, [value for value, _ in pairs], rtol=1e-9)
    # Above, probabilities of one cannot be told apart.
    apart = values < 1 - 1e-9
    assert_array_equal(indices[apart], np.array([j for _, j in pairs])[apart])


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
@given(seed=st.integers(0, 1000), n_values=st.sampled_from([1, 2, 4, 30]))
def test_fit_transform_is_fit_then_transform_with_duplicates(reduction, seed, n_values):
    X = np.random.RandomState(seed).randint(n_values, size=(45, 2)).astype(float)
    transformer = transformer_with(reduction, 4, n_candidates=12)
    graph = transformer.fit_transform(X)
    assert_same_graph(graph, transformer.transform(X))
    assert np.isfinite(graph.data).all()
    assert_array_equal(np.diff(graph.indptr), 5)


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
def test_rows_do_not_depend_on_the_batch(X, Q, reduction):
    transformer = transformer_with(reduction, 4, n_candidates=20)
    transformer.fit(X)
    queries = np.vstack([Q, X[:5]])
    together = transformer.transform(queries)
    single = [transformer.transform(q[None]) for q in queries]
    assert_array_equal(together.indices, np.concatenate([row.indices for row in single]))
    # To rounding: sums over ragged and over equally long rows are not in the same order.
    assert_allclose(together.data, np.concatenate([row.data for row in single]), rtol=1e-12)


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
def test_constant_rows(reduction):
    X = np.ones((30, 3))
    graph = transformer_with(reduction, 4).fit_transform(X)
    assert np.isfinite(graph.data).all()
    assert_array_equal(np.diff(graph.indptr), 5)


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
def test_float32(X, Q, reduction):
    transformer = transformer_with(reduction, 4, n_candidates=20)
    graph = transformer.fit(X.astype(np.float32)).transform(Q.astype(np.float32))
    assert graph.data.dtype == np.float64
    expected = transformer.fit(X.astype(np.float32).astype(float)).transform(
        Q.astype(np.float32).astype(float)
    )
    assert_array_equal(graph.indices, expected.indices)
    assert_allclose(graph.data, expected.data, rtol=1e-6)


@pytest.mark.parametrize("reduction", EVERY_REDUCTION)
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_vectors(rng, reduction, container):
    X = sparse.random(50, 30, density=0.2, random_state=rng, format="csr").toarray()
    transformer = transformer_with(reduction, 4, n_candidates=20)
    expected = transformer.fit(X[:40]).transform(X)
    graph = transformer.fit(container(X[:40])).transform(container(X))
    assert type(graph) is container
    assert_array_equal(graph.indices, expected.indices)
    assert_allclose(graph.data, expected.data, atol=1e-10)


def test_graph_container_follows_the_configuration(X):
    transformer = HubnessReducedKNeighborsTransformer(4)
    assert isinstance(transformer.fit_transform(X), sparse.csr_matrix)
    import sklearn

    if "sparse_interface" in sklearn.get_config():
        with config_context(sparse_interface="sparray"):
            assert isinstance(transformer.fit_transform(X), sparse.csr_array)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_precomputed_dense_distances(X, Q, reduction):
    options = {"reduction": reduction, "n_candidates": 20}
    from_vectors = HubnessReducedKNeighborsTransformer(4, **options).fit(X)
    given = HubnessReducedKNeighborsTransformer(4, metric="precomputed", **options)
    D, D_query = cdist(X, X), cdist(Q, X)
    for graph, expected in [
        (given.fit_transform(D), from_vectors.transform(X)),
        (given.transform(D_query), from_vectors.transform(Q)),
    ]:
        assert_array_equal(graph.indices, expected.indices)
        assert_allclose(graph.data, expected.data, rtol=1e-9)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_precomputed_graph(X, Q, reduction):
    search = KNeighborsTransformer(n_neighbors=20).fit(X)
    options = {"reduction": reduction, "n_candidates": 20}
    expected = HubnessReducedKNeighborsTransformer(4, **options).fit(X)
    given = HubnessReducedKNeighborsTransformer(4, metric="precomputed", **options)
    graph = given.fit(search.transform(X)).transform(search.transform(X))
    assert_array_equal(graph.indices, expected.transform(X).indices)
    assert_allclose(graph.data, expected.transform(X).data, atol=1e-6)
    of_queries = given.transform(search.transform(Q))
    assert_array_equal(of_queries.indices, expected.transform(Q).indices)
    assert given.__sklearn_tags__().input_tags.pairwise


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_precomputed_ragged_graph(X, reduction):
    ragged = radius_neighbors_graph(X, 2.5, mode="distance", include_self=True)
    ragged = sparse.csr_matrix(ragged)
    order = np.lexsort((ragged.data, np.repeat(np.arange(60), np.diff(ragged.indptr))))
    ragged.data, ragged.indices = ragged.data[order], ragged.indices[order]
    lengths = np.diff(ragged.indptr)
    assert lengths.min() < 5 < lengths.max()
    if reduction is not None:
        reduction = clone(MutualProximity()) if reduction == "mutual_proximity" else reduction
    given = HubnessReducedKNeighborsTransformer(
        4, metric="precomputed", reduction=reduction, n_candidates=20
    )
    graph = given.fit_transform(ragged)
    assert_array_equal(np.diff(graph.indptr), np.minimum(lengths, 5))
    assert np.isfinite(graph.data).all()
    assert_same_graph(graph, given.transform(ragged))


def test_metric_is_callable_or_has_parameters(X, Q):
    def absolute(a, b):
        return np.abs(a - b).sum()

    expected = HubnessReducedKNeighborsTransformer(3, metric="manhattan").fit(X).transform(Q)
    graph = HubnessReducedKNeighborsTransformer(3, metric=absolute).fit(X).transform(Q)
    assert_array_equal(graph.indices, expected.indices)
    minkowski = HubnessReducedKNeighborsTransformer(3, metric="minkowski", metric_params={"p": 1})
    assert_array_equal(minkowski.fit(X).transform(Q).indices, expected.indices)


def test_candidates_default_and_cap(X):
    def effective(**parameters):
        return HubnessReducedKNeighborsTransformer(**parameters).fit(X).effective_n_candidates_

    assert effective() == 59
    assert effective(n_candidates=30) == 30
    assert effective(n_candidates=1000) == 59
    assert effective(reduction=None) == 5
    many = np.random.RandomState(0).standard_normal((400, 2))
    assert HubnessReducedKNeighborsTransformer(5).fit(many).effective_n_candidates_ == 100
    assert HubnessReducedKNeighborsTransformer(20).fit(many).effective_n_candidates_ == 200


def test_names_pickle_and_output(X):
    transformer = HubnessReducedKNeighborsTransformer(4).fit(X)
    names = transformer.get_feature_names_out()
    assert names[0] == "hubnessreducedkneighborstransformer0"
    assert len(names) == 60
    copy = pickle.loads(pickle.dumps(transformer))
    assert_same_graph(copy.transform(X), transformer.transform(X))
    pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="sparse (matrix|data)"):
        make_pipeline(transformer).set_output(transform="pandas").fit_transform(X)


def test_reduction_is_cloned(X):
    reduction = NICDM(3)
    transformer = HubnessReducedKNeighborsTransformer(4, reduction=reduction).fit(X)
    assert not hasattr(reduction, "local_scale_")
    assert transformer.reduction_ is not reduction
    assert hasattr(transformer.reduction_, "local_scale_")
    assert transformer.get_params()["reduction__n_neighbors"] == 3


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"n_neighbors": 60}, "Expected n_neighbors < n_samples_fit, but n_neighbors = 60"),
        ({"n_neighbors": 0}, "'n_neighbors' parameter"),
        ({"n_neighbors": 5, "n_candidates": 4}, "n_candidates must be at least n_neighbors=5"),
        ({"reduction": "garbage"}, "reduction must be one of .*'csls'.* got 'garbage'"),
        ({"reduction": KNeighborsClassifier()}, "'reduction' parameter"),
        ({"reduction": MutualProximity(method="garbage")}, "'method' parameter"),
        ({"metric": "garbage"}, "garbage"),
        ({"backend": "garbage"}, "'backend' parameter"),
        ({"mode": "garbage"}, "'mode' parameter"),
        ({"reduction": LocalScaling(70)}, "n_neighbors=70"),
        ({"reduction": CSLS(40), "n_candidates": 20}, "n_neighbors=40"),
    ],
)
def test_bad_parameters(X, parameters, match):
    with pytest.raises(ValueError, match=match):
        HubnessReducedKNeighborsTransformer(**parameters).fit(X)


def test_bad_input(X, Q):
    transformer = HubnessReducedKNeighborsTransformer(4).fit(X)
    for bad in (np.nan, np.inf):
        broken = Q.copy()
        broken[3, 2] = bad
        with pytest.raises(ValueError, match="NaN|infinity"):
            transformer.transform(broken)
        with pytest.raises(ValueError, match="NaN|infinity"):
            clone(transformer).fit(broken)
    with pytest.raises(ValueError, match="4 features, but .* is expecting 5 features"):
        transformer.transform(Q[:, :4])


def test_bad_precomputed_input(X):
    D = cdist(X, X)
    given = HubnessReducedKNeighborsTransformer(4, metric="precomputed")
    with pytest.raises(ValueError, match="[Nn]egative"):
        given.fit(-D)
    with pytest.raises(ValueError, match="X must be square with metric='precomputed'"):
        given.fit(D[:30])
    graph = KNeighborsTransformer(n_neighbors=10).fit_transform(X)
    negative = graph.copy()
    negative.data -= 1
    with pytest.raises(ValueError, match="negative"):
        given.fit(negative)
    unsorted = graph.copy()
    unsorted.sort_indices()
    with pytest.raises(ValueError, match="sort"):
        given.fit(unsorted)
    kept = D.copy()
    given.fit(D).transform(D)
    assert_array_equal(D, kept)
    with pytest.raises(ValueError, match="60 features"):
        given.transform(D[:, :30])
    with pytest.raises(ValueError, match="'backend' must|backend must be 'auto'"):
        clone(given).set_params(backend=KNeighborsTransformer()).fit(D)
