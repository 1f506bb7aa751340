"""Residual binary codes: published signs, the literal recursion, packing, searches of all kinds."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.utils import shuffle

from sksim.codes import ResidualBinarizer
from sksim.datasets import load_sentence_embeddings
from sksim.hubness._registry import REDUCTIONS
from sksim.metrics import k_occurrence, k_skewness
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)
from tests.reference import codes as oracles

ROW = np.array([[3.0, -1.0, 0.5, -0.5]])
SCALES = ["dyadic", "global", "row"]


def rows(seed=0, n_samples=30, n_features=13):
    return np.random.RandomState(seed).standard_normal((n_samples, n_features))


@pytest.fixture(scope="module")
def sentences():
    X = shuffle(load_sentence_embeddings().data.astype(np.float32), random_state=0)
    return X[:1500], X[1500:1800]


def recall(found, exact):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, exact, strict=True)])


def assert_nearest(found, D):
    """The least distances of each row, which are those at the indices; ties in any order."""
    np.testing.assert_allclose(found[0], np.sort(D, axis=1)[:, : found[0].shape[1]], rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(D, found[1], axis=1), found[0], rtol=1e-4)


def test_known_row():
    binarizer = ResidualBinarizer(3, scale="row", with_mean=False, packed=True).fit(ROW)
    code = binarizer.transform(ROW)
    assert code.shape == (1, 3 + 12)
    bits = np.unpackbits(code[:, :3].T, axis=1, count=4)
    np.testing.assert_array_equal(bits, [[1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0]])
    scales = np.ascontiguousarray(code[:, 3:]).view(np.float32)
    np.testing.assert_array_equal(scales, [[1.25, 0.875, 0.4375]])
    np.testing.assert_array_equal(
        binarizer.inverse_transform(code), [[2.5625, -0.8125, 0.8125, -0.8125]]
    )
    lengths = [
        np.linalg.norm(ROW - ResidualBinarizer(k, scale="row", with_mean=False).fit_transform(ROW))
        for k in (1, 2, 3)
    ]
    expected = [2.06155281280883, 1.08972473588517, 0.649519052838329]
    np.testing.assert_allclose(lengths, expected, rtol=1e-14)


@given(
    seed=st.integers(0, 10**6),
    n_levels=st.integers(1, 8),
    scale=st.sampled_from(SCALES),
    rotation=st.sampled_from([None, "random", "pca", "itq"]),
    with_mean=st.booleans(),
)
def test_is_the_literal_recursion(seed, n_levels, scale, rotation, with_mean):
    X, new = rows(seed) + 1, rows(seed + 1, 5)
    binarizer = ResidualBinarizer(
        n_levels, scale=scale, rotation=rotation, with_mean=with_mean, random_state=seed
    ).fit(X)
    R = np.eye(13) if rotation is None else binarizer.rotation_
    np.testing.assert_allclose(R.T @ R, np.eye(13), atol=1e-12)
    mean = X.mean(axis=0) if with_mean else np.zeros(13)
    given_scales = "row" if scale == "row" else binarizer.scales_
    codes = binarizer.transform(new)
    for x, code in zip((new - mean) @ R, codes, strict=True):
        signs, scales = oracles.residual_signs(x, n_levels, given_scales)
        np.testing.assert_allclose(code, mean @ R + scales @ signs, atol=1e-12)
        if scale == "row":  # what each level takes away
            left = x
            for b, s in zip(signs, scales, strict=True):
                assert np.sum((left - s * b) ** 2) == pytest.approx(left @ left - 13 * s**2)
                left = left - s * b
    np.testing.assert_allclose(binarizer.inverse_transform(codes), codes @ R.T, atol=1e-12)
    # bytes stand for the same numbers
    binarizer.set_params(packed=True)
    packed = binarizer.transform(new)
    assert packed.dtype == np.uint8
    assert packed.shape == (5, n_levels * (2 + 4 * (scale == "row")))
    np.testing.assert_allclose(
        binarizer.inverse_transform(packed), codes @ R.T, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("n_levels", [1, 2, 3, 4])
def test_dyadic_scales_are_the_best_of_their_kind(n_levels):
    """Of Gaussian coordinates they are Max's uniform quantiser."""
    X = rows(n_samples=100_000, n_features=2)
    binarizer = ResidualBinarizer(n_levels, with_mean=False).fit(X)
    np.testing.assert_allclose(
        binarizer.scales_, binarizer.scales_[0] * 0.5 ** np.arange(n_levels), rtol=1e-12
    )
    step = {1: 1.596, 2: 0.9957, 3: 0.586, 4: 0.3352}[n_levels]
    assert 2 * binarizer.scales_[-1] == pytest.approx(step, rel=0.01)


def test_global_scales_are_means_of_what_is_left():
    X = rows(n_features=8)
    first, second = ResidualBinarizer(2, scale="global", with_mean=False).fit(X).scales_
    assert first == pytest.approx(np.abs(X).mean())
    assert second == pytest.approx(np.abs(np.abs(X) - first).mean())


@given(seed=st.integers(0, 10**6))
def test_error_falls_with_the_levels_of_a_row(seed):
    X = rows(seed)
    errors = [
        np.linalg.norm(X - ResidualBinarizer(k, scale="row").fit_transform(X), axis=1)
        for k in range(1, 9)
    ]
    assert (np.diff(errors, axis=0) <= 1e-12).all()


@given(seed=st.integers(0, 10**6), factor=st.floats(1e-3, 1e3))
def test_codes_of_rows_follow_scale_and_signs(seed, factor):
    X = rows(seed)
    flips = np.random.RandomState(seed).choice([-1.0, 1.0], size=13)
    binarizer = ResidualBinarizer(scale="row", with_mean=False).fit(X)
    np.testing.assert_allclose(
        binarizer.transform(X * factor * flips), binarizer.transform(X) * factor * flips, rtol=1e-9
    )


@pytest.mark.parametrize("rotation", [None, "itq"])
@pytest.mark.parametrize("scale", SCALES)
def test_distances_stand_for_those_of_the_rows(scale, rotation):
    """Queries that are only rotated are compared with codes as with the rows of the codes."""
    X, queries = rows() + 2, rows(1, 6) + 2
    binarizer = ResidualBinarizer(scale=scale, rotation=rotation, random_state=0).fit(X)
    codes, turned = binarizer.transform(X), binarizer.transform_query(queries)
    back = binarizer.inverse_transform(codes)
    np.testing.assert_allclose(turned @ codes.T, queries @ back.T, rtol=1e-10)
    coded = binarizer.inverse_transform(binarizer.transform(queries))
    packed = ResidualBinarizer(scale=scale, rotation=rotation, packed=True, random_state=0).fit(X)
    for metric in ("euclidean", "cosine"):
        D = pairwise_distances(queries, back, metric=metric)
        assert_nearest(binarizer.kneighbors(queries, codes, 4, metric=metric), D)
        with sklearn.config_context(working_memory=0.01):  # many blocks
            found = packed.kneighbors(queries, packed.transform(X), 4, metric=metric)
        assert_nearest(found, D)
        found = binarizer.kneighbors(queries, codes, 4, metric=metric, symmetric=True)
        assert_nearest(found, pairwise_distances(coded, back, metric=metric))


def test_equal_codes_are_found_in_their_order():
    X = np.repeat(rows(n_samples=3), 200, axis=0)
    binarizer = ResidualBinarizer(packed=True).fit(X)
    codes = binarizer.transform(X)
    with sklearn.config_context(working_memory=0.01):
        _, found = binarizer.kneighbors(X[[250]], codes, 5)
    np.testing.assert_array_equal(found, [[200, 201, 202, 203, 204]])


def test_one_level_is_a_hash_for_hamming_search():
    """The packed bytes are what a binary index takes, the bits what scikit-learn does."""
    X, queries = rows(n_samples=200, n_features=32), rows(1, 20, 32)
    binarizer = ResidualBinarizer(1, packed=True).fit(X)
    codes, coded = binarizer.transform(X), binarizer.transform(queries)
    assert codes.shape == (200, 4)
    signs = [np.where(X.mean(axis=0) <= A, 1, -1) for A in (X, queries)]
    expected = (32 - signs[1] @ signs[0].T) // 2
    bits = [np.unpackbits(A, axis=1).astype(bool) for A in (codes, coded)]
    search = NearestNeighbors(n_neighbors=5, metric="hamming", algorithm="brute").fit(bits[0])
    distances, _ = search.kneighbors(bits[1])
    np.testing.assert_allclose(distances * 32, np.sort(expected, axis=1)[:, :5])
    # symmetric Euclidean distance is the root of 4 s^2 times the Hamming distance
    found, _ = binarizer.kneighbors(queries, codes, 5, symmetric=True)
    np.testing.assert_allclose(found**2, 4 * binarizer.scales_[0] ** 2 * distances * 32, rtol=1e-5)
    faiss = pytest.importorskip("faiss")
    index = faiss.IndexBinaryFlat(32)
    index.add(codes)
    np.testing.assert_array_equal(index.search(coded, 5)[0], np.sort(expected, axis=1)[:, :5])
    # the first level of longer codes is the same hash
    longer = ResidualBinarizer(4, packed=True).fit(X).transform(X)
    np.testing.assert_array_equal(longer[:, :4], codes)


def test_recall_of_sentences(sentences):
    """More levels find more, plain queries more than coded ones, a learned rotation more."""
    X, queries = sentences
    exact = NearestNeighbors(n_neighbors=10).fit(X).kneighbors(queries)[1]

    def recalls(n_levels, rotation=None):
        binarizer = ResidualBinarizer(n_levels, rotation=rotation, packed=True, random_state=0)
        codes = binarizer.fit(X).transform(X)
        assert codes.nbytes * 32 == n_levels * X.nbytes
        return [
            recall(binarizer.kneighbors(queries, codes, 10, symmetric=s)[1], exact)
            for s in (False, True)
        ]

    found = np.array([recalls(n_levels) for n_levels in (1, 2, 4)])
    assert (np.diff(found, axis=0) > 0.05).all()
    assert found[:, 0].mean() > found[:, 1].mean()
    assert found[2, 0] > 0.93
    assert recalls(1, "itq")[0] > found[0, 0]


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_composes_with_hubness_reduction(sentences, name):
    """Plain queries find much the same reduced neighbours among codes as among rows."""
    X, queries = sentences[0][:300, :96], sentences[1][:60, :96]
    binarizer = ResidualBinarizer().fit(X)
    metric = "cosine" if name == "localized_centering" else "euclidean"
    search = HubnessReducedNearestNeighbors(5, reduction=name, metric=metric)
    with_codes, with_rows = (
        search.fit(indexed).kneighbors(asked)[1]
        for indexed, asked in (
            (binarizer.transform(X), binarizer.transform_query(queries)),
            (X, queries),
        )
    )
    assert recall(with_codes, with_rows) > 0.6


def test_codes_keep_the_hubs_and_reductions_remove_them(sentences):
    """Codes of four levels have the hubs of the rows; those of one, all of one length, have few."""
    X, queries = sentences

    def hubness(n_levels, reduction=None):
        binarizer = ResidualBinarizer(n_levels).fit(X)
        codes, asked = binarizer.transform(X), binarizer.transform_query(queries)
        if reduction is None:
            return k_skewness(k_occurrence(asked, codes))
        graph = HubnessReducedKNeighborsTransformer(reduction=reduction).fit(codes).transform(asked)
        return k_skewness(np.bincount(graph.indices, minlength=len(codes)))

    plain = k_skewness(k_occurrence(queries, X))
    assert hubness(4) > 0.8 * plain
    assert hubness(1) < 0.5 * plain
    assert hubness(4, "csls") < 0.5 * hubness(4)


def test_in_a_pipeline():
    X, y = load_sentence_embeddings(return_X_y=True)
    X, y = X[y < 10], y[y < 10]
    pipeline = make_pipeline(
        ResidualBinarizer(), HubnessReducedKNeighborsClassifier(reduction="nicdm")
    )
    grid = {"residualbinarizer__n_levels": [1, 4]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.8


def test_bits_stay_better_than_a_short_projection(sentences):
    """384 bits or 12 numbers of 32: at equal bytes the signs find more neighbours."""
    X, queries = sentences
    exact = NearestNeighbors(n_neighbors=10).fit(X).kneighbors(queries)[1]
    binarizer = ResidualBinarizer(1).fit(X)
    signs = binarizer.kneighbors(queries, binarizer.transform(X), 10)[1]
    pca = PCA(X.shape[1] // 32, random_state=0).fit(X)
    short = NearestNeighbors(n_neighbors=10).fit(pca.transform(X))
    assert recall(signs, exact) > recall(short.kneighbors(pca.transform(queries))[1], exact) + 0.2


def test_constant_rows():
    X = np.full((4, 3), 2.0)
    for scale in SCALES:
        binarizer = ResidualBinarizer(scale=scale).fit(X)
        np.testing.assert_array_equal(binarizer.transform(X), X)


def test_types_and_names():
    X = rows().astype(np.float32)
    binarizer = ResidualBinarizer(rotation="random", random_state=0).fit(X)
    codes = binarizer.transform(X)
    assert codes.dtype == np.float32
    assert binarizer.transform_query(X).dtype == np.float32
    assert binarizer.inverse_transform(codes).dtype == np.float32
    assert len(binarizer.get_feature_names_out()) == 13
    assert len(binarizer.set_params(packed=True).get_feature_names_out()) == 8


def test_bad_input():
    X = rows()
    binarizer = ResidualBinarizer(packed=True).fit(X)
    codes = binarizer.transform(X)
    with pytest.raises(ValueError, match="codes: packed codes have 8 columns, got 7"):
        binarizer.kneighbors(X, codes[:, :7])
    with pytest.raises(ValueError, match="X: codes have 13 columns, got 8"):
        binarizer.inverse_transform(codes.astype(float))
    with pytest.raises(ValueError, match="at most the number of codes, 30, got 31"):
        binarizer.kneighbors(X, codes, 31)
    with pytest.raises(ValueError, match="'n_neighbors' parameter"):
        binarizer.kneighbors(X, codes, 0)
    with pytest.raises(ValueError, match="'metric' parameter"):
        binarizer.kneighbors(X, codes, metric="manhattan")
    with pytest.raises(ValueError, match="'n_levels' parameter"):
        ResidualBinarizer(9).fit(X)
    with pytest.raises(ValueError, match="X: scales are packed in float32, got one of"):
        ResidualBinarizer(scale="row", packed=True).fit_transform(X * 1e200)


def test_classifier_reads_codes():
    X, y = load_sentence_embeddings(return_X_y=True)
    X, y = X[y < 10], y[y < 10]
    binarizer = ResidualBinarizer(2).fit(X[::2])
    model = KNeighborsClassifier().fit(binarizer.transform(X[::2]), y[::2])
    assert model.score(binarizer.transform_query(X[1::2]), y[1::2]) > 0.85
