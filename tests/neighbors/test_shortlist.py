"""Two stages: exact where the shortlist holds all, close where not, for vectors and sets."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsTransformer

from sksim.codes import FixedDimensionalEncoder, PrefixTruncation
from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity, NearestNeighborNormalization
from sksim.hubness._registry import REDUCTIONS
from sksim.metrics import chamfer_similarity, k_occurrence, k_skewness
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsRegressor,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    HubnessWeightedKNeighborsClassifier,
    ShortlistTransformer,
    candidate_report,
)


@pytest.fixture(scope="module")
def samples():
    """Clusters in a space whose coordinates fall in scale."""
    rng = np.random.RandomState(0)
    centers = 3 * rng.standard_normal((10, 20))
    X = centers[rng.randint(10, size=360)] + rng.standard_normal((360, 20))
    X *= 0.85 ** np.arange(20)
    return X[:300], X[300:]


def unit_sets(seed, n_sets, n_vectors=5, width=8):
    sets = np.random.RandomState(seed).randn(n_sets, n_vectors, width)
    return sets / np.linalg.norm(sets, axis=2, keepdims=True)


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_with_a_shortlist_of_all_it_is_the_transformer_of_scikit_learn(samples, metric, mode):
    X, Q = samples
    expected = KNeighborsTransformer(n_neighbors=7, metric=metric, mode=mode).fit(X)
    found = ShortlistTransformer(
        PrefixTruncation(2), n_neighbors=7, n_shortlist=300, metric=metric, mode=mode
    ).fit(X)
    for queries in (X, Q):
        graph, wanted = found.transform(queries), expected.transform(queries)
        assert_allclose(graph.toarray(), wanted.toarray(), atol=1e-6)


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_every_reduction_on_a_shortlist_of_all_is_exact(samples, name):
    X, Q = samples
    metric = "cosine" if name == "localized_centering" else "euclidean"
    options = {"reduction": name, "n_candidates": 30, "metric": metric}
    exact = HubnessReducedNearestNeighbors(5, **options).fit(X)
    two_stages = ShortlistTransformer(PCA(3), n_shortlist=300)
    found = HubnessReducedNearestNeighbors(5, backend=two_stages, **options).fit(X)
    for a, b in zip(found.kneighbors(Q), exact.kneighbors(Q)):
        assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert_array_equal(found.kneighbors()[1], exact.kneighbors()[1])
    assert repr(found.backend_).startswith(f"ShortlistBackend(300 x 20, metric='{metric}', n_s")


def test_recall_grows_with_the_prefix_and_the_shortlist(samples):
    X, _ = samples

    def recall(n_components, n_shortlist):
        two_stages = ShortlistTransformer(
            PrefixTruncation(n_components, normalize=False), n_shortlist=n_shortlist
        )
        search = HubnessReducedNearestNeighbors(10, n_candidates=10, backend=two_stages).fit(X)
        return candidate_report(search, random_state=0).recall

    assert recall(2, 20) < recall(2, 60) < recall(2, 300) == 1
    assert recall(2, 20) < recall(8, 20)
    assert recall(20, 20) == 1


@pytest.mark.parametrize(
    "estimator",
    [
        HubnessReducedKNeighborsClassifier(3),
        HubnessReducedKNeighborsRegressor(3),
        HubnessWeightedKNeighborsClassifier(3),
        HubnessReducedKNeighborsTransformer(3),
        HubnessReducedNearestNeighbors(3),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_serves_all_estimators(samples, estimator):
    X, Q = samples
    y = (X[:, 0] > 0).astype(int)
    plain = estimator.fit(X, y)
    answers = [
        getattr(plain, name)
        for name in ("predict", "transform", "kneighbors_graph")
        if hasattr(plain, name)
    ]
    expected = answers[0](Q)
    found = type(estimator)(
        **{
            **estimator.get_params(deep=False),
            "backend": ShortlistTransformer(PCA(8), n_shortlist=200),
        }
    ).fit(X, y)
    name = answers[0].__name__
    given = getattr(found, name)(Q)
    if sparse.issparse(given):
        given, expected = given.toarray() > 0, expected.toarray() > 0
    assert np.mean(given == expected) > 0.97


def test_parameters_can_be_searched_and_lists_kept(samples, tmp_path):
    X, Q = samples
    y = X[:, 0] > 0
    two_stages = ShortlistTransformer(PrefixTruncation(normalize=False))
    model = HubnessReducedKNeighborsClassifier(
        3, backend=two_stages, memory=joblib.Memory(tmp_path, verbose=0)
    )
    grid = {"backend__encoder__n_components": [1, 8], "backend__n_shortlist": [50, 200]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    again = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert_array_equal(search.predict(Q), again.predict(Q))


def test_sparse_vectors():
    X = sparse.random(200, 60, density=0.2, random_state=0, format="csr")
    for encoder in (None, TruncatedSVD(10, random_state=0)):
        graph = ShortlistTransformer(encoder, n_shortlist=200).fit_transform(X)
        expected = KNeighborsTransformer(n_neighbors=5).fit_transform(X)
        assert_allclose(graph.toarray(), expected.toarray(), atol=1e-6)


def test_the_search_of_codes_can_be_any_backend(samples):
    pytest.importorskip("faiss")
    X, Q = samples
    exact = ShortlistTransformer(PCA(6)).fit(X).transform(Q)
    found = ShortlistTransformer(PCA(6), search="faiss").fit(X).transform(Q)
    assert_allclose(found.toarray(), exact.toarray())


def test_encoders_of_two_sides_are_searched_by_inner_product(samples):
    X, Q = samples
    # Sets of one vector: the product of both sides is the product of the vectors.
    encoder = FixedDimensionalEncoder(2, 2, projection_dim=None, random_state=0)
    listed = np.argsort(-(Q @ X.T), axis=1)[:, :20]
    nearest = np.take_along_axis(cdist(Q, X), listed, axis=1)
    for search in ("auto", "brute"):
        two_stages = ShortlistTransformer(encoder, n_neighbors=3, n_shortlist=20, search=search)
        found = two_stages.fit(X).transform(Q).data.reshape(len(Q), 4)
        assert_allclose(found, np.sort(nearest, axis=1)[:, :4])


@pytest.mark.parametrize("form", ["array", "ragged"])
def test_sets_are_ranked_by_chamfer_similarity(form):
    documents, queries = unit_sets(0, 80), unit_sets(1, 20, 3)
    if form == "ragged":
        documents = [P[: 1 + i % 5] for i, P in enumerate(documents)]
    search = ShortlistTransformer(metric="chamfer", n_neighbors=6, n_shortlist=80).fit(documents)
    graph = search.transform(queries)
    similarity = chamfer_similarity(queries, documents)
    order = np.argsort(-similarity, axis=1)[:, :7]
    assert_array_equal(graph.indices.reshape(20, 7), order)
    distances = 1 - np.take_along_axis(similarity, order, axis=1) / 3
    assert_allclose(graph.data.reshape(20, 7), distances, rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_set_is_at_distance_zero_from_itself(dtype):
    sets = unit_sets(0, 80).astype(dtype)
    search = ShortlistTransformer(metric="chamfer", n_neighbors=6).fit(sets)
    graph = search.transform(sets)
    assert_array_equal(graph.indices.reshape(80, 7)[:, 0], np.arange(80))
    assert (graph.data.reshape(80, 7)[:, 0] == 0).all()
    assert (graph.data.reshape(80, 7)[:, 1:] > 0.1).all()


@pytest.mark.parametrize("name", sorted({*REDUCTIONS} - {"dis_sim_global", "dis_sim_local"}))
def test_every_reduction_of_a_graph_takes_that_of_sets(name):
    reduction = REDUCTIONS[name]()
    documents, queries = unit_sets(0, 60), unit_sets(1, 9)
    search = ShortlistTransformer(metric="chamfer", n_neighbors=59).fit(documents)
    reduction.fit(search.transform(documents))
    asked = search.transform(queries)
    reduced = reduction.transform(asked)
    assert reduced.shape == (9, 60)
    assert (reduced.data >= 0).all()


@pytest.mark.parametrize(
    "reduction",
    [CSLS(10), NICDM(10), LocalScaling(7), MutualProximity(), NearestNeighborNormalization()],
    ids=lambda reduction: type(reduction).__name__,
)
def test_reductions_take_hubs_from_a_product_of_two_sides(reduction):
    """Statistics of a document are those among queries: its own as a query say less of it."""
    rng = np.random.RandomState(0)
    documents, queries, bank = rng.randn(3, 200, 3, 40) + 0.5 * rng.randn(40)
    encoder = FixedDimensionalEncoder(3, 20, projection_dim=None, random_state=0).fit(documents)
    codes = encoder.transform(documents)

    def distances(sets):
        return 200 - encoder.transform_query(sets) @ codes.T

    def skewness(D):
        counts = k_occurrence(D, metric="precomputed", n_neighbors=10, exclude_self=False)
        return k_skewness(counts)

    before = skewness(distances(queries))
    reduced = reduction.fit_graph(distances(bank).T).transform(distances(queries))
    assert skewness(reduced) < 0.7 * before


def test_bad_input(samples):
    X, _ = samples
    with pytest.raises(ValueError, match="metric must be one of vectors, got 'precomputed'"):
        ShortlistTransformer(metric="precomputed").fit(X)
    with pytest.raises(ValueError, match=r"Expected n_neighbors < n_samples_fit"):
        ShortlistTransformer(n_neighbors=300).fit(X)
    with pytest.raises(ValueError, match="X has 3 features, but ShortlistTransformer is expect"):
        ShortlistTransformer(metric="chamfer").fit(unit_sets(0, 9)).transform(
            unit_sets(0, 9)[..., :3]
        )
    with pytest.raises(ValueError, match="none in set 1"):
        ShortlistTransformer(metric="chamfer").fit([X[:2], X[:0]])
