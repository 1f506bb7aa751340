import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsTransformer, sort_graph_by_row_values

from sksim.datasets import make_gaussian_hubs
from sksim.metrics import hubness_score, k_occurrence, robin_hood_index
from sksim.neighbors import (
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    candidate_report,
)


class WithoutColumns(BaseEstimator):
    """Exact search that never finds some of the samples."""

    def __init__(self, lost=(), n_neighbors=5):
        self.lost = lost
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.search_ = KNeighborsTransformer(n_neighbors=self.n_neighbors).fit(X)
        return self

    def transform(self, X):
        graph = self.search_.transform(X).tocsc()
        keep = np.setdiff1d(np.arange(graph.shape[1]), self.lost)
        mask = np.zeros(graph.shape[1])
        mask[keep] = 1
        graph.data *= np.repeat(mask, np.diff(graph.indptr))
        graph.eliminate_zeros()
        return sort_graph_by_row_values(graph.tocsr(), warn_when_not_sorted=False)


@pytest.fixture(scope="module")
def hubby():
    return make_gaussian_hubs(300, 50, n_classes=1, random_state=0)[0]


@pytest.mark.parametrize("reduction", [None, "mutual_proximity"])
def test_exact_search_loses_nothing(hubby, reduction):
    search = HubnessReducedNearestNeighbors(10, reduction=reduction).fit(hubby)
    report = candidate_report(search, n_queries=1000)
    assert report.recall == 1
    assert report.n_missing == 0
    assert report.n_queries == 300
    assert report.found == report.exact
    assert report.exact.k_skewness == pytest.approx(hubness_score(hubby, n_neighbors=10))
    assert report.exact.robin_hood_index == pytest.approx(
        robin_hood_index(k_occurrence(hubby, n_neighbors=10))
    )


def test_lost_samples_are_counted(hubby):
    lost = tuple(range(30))
    search = HubnessReducedKNeighborsTransformer(
        10, reduction=None, backend=WithoutColumns(lost)
    ).fit(hubby)
    report = candidate_report(search, n_neighbors=5, n_queries=100, random_state=0)
    assert report.n_queries == report.recalls.size == 100
    D = cdist(hubby, hubby)
    np.fill_diagonal(D, np.inf)
    nearest = np.argsort(D, axis=1)[:, :5]
    assert 0.8 < report.recall < 1
    expected = [np.mean([j not in lost for j in row]) for row in nearest]
    assert set(report.recalls) <= set(expected)
    assert candidate_report(search, n_neighbors=5).recall == pytest.approx(np.mean(expected))
    assert candidate_report(search, n_neighbors=12).n_missing > 0


def test_bad_requests(hubby):
    search = HubnessReducedNearestNeighbors()
    with pytest.raises(NotFittedError):
        candidate_report(search)
    with pytest.raises(ValueError, match="n_neighbors must be less than the 300"):
        candidate_report(search.fit(hubby), n_neighbors=300)
    with pytest.raises(ValueError, match="'search' parameter"):
        candidate_report(KNeighborsTransformer())
    search.set_params(metric="precomputed").fit(cdist(hubby, hubby))
    with pytest.raises(ValueError, match="fitted on vectors"):
        candidate_report(search)
