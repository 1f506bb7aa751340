"""Index and queries from two spaces: statistics among a bank of queries."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sksim.hubness import CSLS, NICDM, NearestNeighborNormalization
from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors


@pytest.fixture
def spaces(rng):
    """Gallery, bank and queries, the last two shifted away from the first."""
    gallery = rng.standard_normal((60, 8))
    shift = np.r_[1.5, np.zeros(7)]
    return gallery, rng.standard_normal((80, 8)) + shift, rng.standard_normal((20, 8)) + shift


def test_literal_csls_among_the_bank(spaces):
    gallery, bank, queries = spaces
    search = HubnessReducedNearestNeighbors(
        5, reduction=CSLS(7), metric="cosine", n_candidates=59
    ).fit(gallery, bank=bank)
    of_gallery = np.sort(cdist(gallery, bank, "cosine"), axis=1)[:, :7].mean(axis=1)
    D = cdist(queries, gallery, "cosine")
    expected = np.argsort(2 * D - of_gallery, axis=1)[:, :5]
    assert_array_equal(search.kneighbors(queries)[1], expected)
    own = HubnessReducedNearestNeighbors(5, reduction=CSLS(7), metric="cosine").fit(gallery)
    assert (own.kneighbors(queries)[1] != expected).any()


def test_literal_nicdm_among_the_bank(spaces):
    gallery, bank, queries = spaces
    search = HubnessReducedNearestNeighbors(5, reduction=NICDM(7), n_candidates=59)
    search.fit(gallery, bank=bank)
    of_gallery = np.sort(cdist(gallery, bank), axis=1)[:, :7].mean(axis=1)
    D = cdist(queries, gallery)
    of_queries = np.sort(D, axis=1)[:, :7].mean(axis=1)
    values = np.sort(D / np.sqrt(of_queries[:, None] * of_gallery), axis=1)
    assert_allclose(search.kneighbors(queries)[0], values[:, :5])


@pytest.mark.parametrize(
    "reduction", ["csls", "nicdm", "mutual_proximity", "inverted_softmax", "sinkhorn"]
)
def test_a_bank_spreads_the_answers(spaces, reduction):
    gallery, bank, queries = spaces
    plain = HubnessReducedNearestNeighbors(5, reduction=None, metric="cosine").fit(gallery)
    search = HubnessReducedNearestNeighbors(5, reduction=reduction, metric="cosine")
    search.fit(gallery, bank=bank)

    def largest(fitted):
        return np.bincount(fitted.kneighbors(queries)[1].ravel()).max()

    assert largest(search) < largest(plain)


def test_a_bank_reaches_a_step_of_a_pipeline(spaces):
    gallery, bank, queries = spaces
    y = np.arange(60) % 3
    transformer = HubnessReducedKNeighborsTransformer(reduction=NearestNeighborNormalization())
    pipeline = make_pipeline(transformer, KNeighborsClassifier(metric="precomputed"))
    pipeline.fit(gallery, y, hubnessreducedkneighborstransformer__bank=bank)
    fitted = HubnessReducedKNeighborsTransformer(reduction=NearestNeighborNormalization())
    graph = fitted.fit(gallery, bank=bank).transform(queries)
    assert_array_equal(pipeline[0].transform(queries).indices, graph.indices)


def test_bad_banks(spaces):
    gallery, bank, _ = spaces
    search = HubnessReducedNearestNeighbors(reduction="csls")
    with pytest.raises(ValueError, match="8 features of X, got 7"):
        search.fit(gallery, bank=bank[:, :7])
    with pytest.raises(ValueError, match="NaN"):
        search.fit(gallery, bank=np.full((5, 8), np.nan))
    with pytest.raises(ValueError, match="bank must be None with metric='precomputed'"):
        search.set_params(metric="precomputed").fit(cdist(gallery, gallery), bank=bank)
