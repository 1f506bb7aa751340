"""Sets as vectors: published values, the literal scheme, the bound, what it ignores."""

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from sksim.codes import FixedDimensionalEncoder
from sksim.hubness import CSLS
from sksim.metrics import chamfer_similarity
from tests.reference.fixed_dimensional_encoding import encode_set

QUERY = [[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0]]
DOCUMENT = [[0.8, 0.6, 0], [0, 0, 1]]

seeds = st.integers(0, 10**6)


def random_sets(seed, n_sets=5, width=4, longest=9):
    rng = np.random.RandomState(seed)
    return [rng.randn(rng.randint(1, longest), width) for _ in range(n_sets)]


def products(encoder, queries, documents):
    return encoder.transform_query(queries) @ encoder.transform(documents).T


def test_known_values():
    encoder = FixedDimensionalEncoder(2, 1, projection_dim=None).fit([QUERY])
    encoder.hyperplanes_ = np.array([[[1.0, 0], [0, 1], [0, 0]]])
    blocks = encoder.transform_query([QUERY]).reshape(4, 3)
    assert blocks.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.6, 0.8, 0]]
    blocks = encoder.transform([DOCUMENT]).reshape(4, 3)
    assert blocks.tolist() == [[0, 0, 1], *[[0.8, 0.6, 0]] * 3]
    assert products(encoder, [QUERY], [DOCUMENT]) == pytest.approx(2.36)
    assert chamfer_similarity([QUERY], [DOCUMENT]) == pytest.approx(2.36)
    encoder.fill_empty = False
    assert products(encoder, [QUERY], [DOCUMENT]) == pytest.approx(0.96)


@given(
    seed=seeds,
    n_bits=st.integers(0, 4),
    projection=st.sampled_from([None, "rademacher", "count_sketch"]),
    fill_empty=st.booleans(),
)
def test_literal_scheme(seed, n_bits, projection, fill_empty):
    sets = random_sets(seed)
    encoder = FixedDimensionalEncoder(
        n_bits,
        3,
        projection_dim=projection and 2,
        projection=projection or "rademacher",
        fill_empty=fill_empty,
        random_state=seed,
    ).fit(sets)
    drawn = encoder.hyperplanes_, encoder.projections_
    for is_document, transform in [(True, encoder.transform), (False, encoder.transform_query)]:
        expected = [
            encode_set(V, *drawn, is_document=is_document, fill_empty=fill_empty) for V in sets
        ]
        np.testing.assert_allclose(transform(sets), expected, rtol=1e-10, atol=1e-12)
        with sklearn.config_context(working_memory=1e-6):  # one set after the other
            np.testing.assert_allclose(transform(sets), expected, rtol=1e-10, atol=1e-12)


@given(seed=seeds, n_bits=st.integers(0, 6), n_repetitions=st.integers(1, 4))
def test_never_above_the_similarity(seed, n_bits, n_repetitions):
    queries, documents = random_sets(seed), random_sets(seed + 1)
    encoder = FixedDimensionalEncoder(
        n_bits, n_repetitions, projection_dim=None, random_state=seed
    ).fit(documents)
    excess = products(encoder, queries, documents) - chamfer_similarity(queries, documents)
    assert excess.max() <= 1e-12


def test_the_bound_needs_filling_and_whole_vectors():
    queries = [-V for V in random_sets(0, 40)]  # sums of products that are mostly negative
    documents = random_sets(1, 40)
    exact = chamfer_similarity(queries, documents)
    for params in ({"projection_dim": None, "fill_empty": False}, {"projection_dim": 2}):
        encoder = FixedDimensionalEncoder(5, 1, random_state=0, **params).fit(documents)
        assert (products(encoder, queries, documents) > exact + 0.01).any()


@given(seed=seeds, n_bits=st.integers(0, 6), n_repetitions=st.integers(1, 4))
def test_exact_for_documents_of_one_vector(seed, n_bits, n_repetitions):
    queries, documents = random_sets(seed), np.random.RandomState(seed).randn(6, 4)
    encoder = FixedDimensionalEncoder(n_bits, n_repetitions, projection_dim=None, random_state=seed)
    encoder.fit(documents)
    np.testing.assert_allclose(
        products(encoder, queries, documents),
        chamfer_similarity(queries, documents),
        rtol=1e-10,
        atol=1e-12,
    )


@given(seed=seeds, factor=st.floats(0.01, 100), projection_dim=st.sampled_from([None, 3]))
def test_what_changes_nothing_or_in_proportion(seed, factor, projection_dim):
    sets, others = random_sets(seed), random_sets(seed + 1)
    rng = np.random.RandomState(seed)
    encoder = FixedDimensionalEncoder(3, 2, projection_dim=projection_dim, random_state=seed)
    encoder.fit(sets)
    close = {"rtol": 1e-9, "atol": 1e-10}
    codes, of_queries = encoder.transform(sets), encoder.transform_query(sets)
    doubled = [np.vstack([V, V]) for V in sets]
    np.testing.assert_allclose(encoder.transform(doubled), codes, **close)
    np.testing.assert_allclose(encoder.transform_query(doubled), 2 * of_queries, **close)
    scaled = [factor * V for V in sets]
    np.testing.assert_allclose(encoder.transform_query(scaled), factor * of_queries, **close)
    union = [np.vstack(pair) for pair in zip(sets, others)]
    parts = of_queries + encoder.transform_query(others)
    np.testing.assert_allclose(encoder.transform_query(union), parts, **close)
    # Which vector fills a bucket is decided by order among codes at equal distance.
    shuffled = [rng.permutation(V) for V in sets]
    np.testing.assert_allclose(encoder.transform_query(shuffled), of_queries, **close)
    encoder.fill_empty = False
    np.testing.assert_allclose(encoder.transform(shuffled), encoder.transform(sets), **close)


def test_forms_of_sets_and_types():
    X = np.random.RandomState(0).randn(6, 3, 5)
    encoder = FixedDimensionalEncoder(random_state=0).fit(X)
    assert encoder.n_features_in_ == 5
    codes = encoder.transform(X)
    assert codes.shape == (6, 20 * 16 * 8) == (6, len(encoder.get_feature_names_out()))
    np.testing.assert_allclose(encoder.transform(list(X)), codes, rtol=1e-12)
    np.testing.assert_allclose(encoder.transform(X.tolist()), codes, rtol=1e-12)
    np.testing.assert_allclose(encoder.transform(X[:, :1]), encoder.transform(X[:, 0]), rtol=1e-12)
    half = encoder.transform(X.astype(np.float32))
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, codes, rtol=1e-3, atol=1e-4)
    again = clone(encoder).fit(list(X))
    np.testing.assert_array_equal(again.hyperplanes_, encoder.hyperplanes_)


@settings(max_examples=5)
@given(seed=seeds)
def test_last_sketch_keeps_products_in_the_mean(seed):
    queries, documents = random_sets(seed, 3), random_sets(seed + 1, 3)
    rng = np.random.RandomState(seed)
    sketched = [
        products(
            FixedDimensionalEncoder(2, 2, output_dim=200, random_state=rng).fit(documents),
            queries,
            documents,
        )
        for _ in range(40)
    ]
    assert sketched[0].shape == (3, 3)
    plain = [
        products(FixedDimensionalEncoder(2, 2, random_state=rng).fit(documents), queries, documents)
        for _ in range(40)
    ]
    error = np.sqrt((np.var(sketched, axis=0) + np.var(plain, axis=0)) / 40)
    assert (abs(np.mean(sketched, axis=0) - np.mean(plain, axis=0)) < 6 * error).all()


def test_finds_what_means_do_not():
    """Documents of many vectors, of which a query knows two: a mean drowns them."""
    rng = np.random.RandomState(0)
    documents = rng.randn(300, 24, 16)
    queries = documents[:, :2] + 0.3 * rng.randn(300, 2, 16)
    encoder = FixedDimensionalEncoder(4, 20, projection_dim=None, random_state=0).fit(documents)
    found = products(encoder, queries, documents).argmax(axis=1) == np.arange(300)
    by_mean = (queries.sum(axis=1) @ documents.mean(axis=1).T).argmax(axis=1) == np.arange(300)
    assert found.mean() > by_mean.mean() + 0.3


def test_serves_a_reduction():
    """Products are similarities, so that a graph of them composes with every reduction."""
    rng = np.random.RandomState(0)
    documents = rng.randn(60, 6, 8)
    encoder = FixedDimensionalEncoder(3, 10, random_state=0).fit(documents)
    similarity = products(encoder, documents, documents)
    distances = similarity.max() - similarity
    np.fill_diagonal(distances, 0)
    reduced = CSLS(n_neighbors=5).fit_transform(distances)
    assert reduced.shape == (60, 60)


def test_bad_input():
    X = random_sets(0)
    encoder = FixedDimensionalEncoder(2, 2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="X must hold sets of at least one vector.*in set 2"):
        encoder.transform([X[0], X[1], np.empty((0, 4))])
    with pytest.raises(ValueError, match="got 4 in set 0 and 3 in set 1"):
        encoder.transform([X[0], X[1][:, :3]])
    with pytest.raises(ValueError, match="X has 3 features, but FixedDimensionalEncoder is expect"):
        encoder.transform([X[0][:, :3]])
    with pytest.raises(ValueError, match=r"X\[1\] contains NaN"):
        encoder.transform([X[0], np.full((2, 4), np.nan)])
    with pytest.raises(ValueError, match="n_bits"):
        FixedDimensionalEncoder(21).fit(X)
    with pytest.raises(ValueError, match=r"20 \* 1048576 \* 8 = 167772160 values is longer"):
        FixedDimensionalEncoder(20).fit(X)
