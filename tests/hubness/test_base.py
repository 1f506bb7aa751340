"""A reduction of one's own, by the documented contract alone."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, kneighbors_graph
from sklearn.pipeline import make_pipeline

from sksim.hubness import CSLS, GraphReduction
from sksim.hubness._registry import resolve_reduction
from tests.hubness.conftest import ragged, truncated


class MeanScaling(GraphReduction):
    """Distances in units of the mean distance of the indexed sample to its nearest neighbours."""

    def __init__(self, n_neighbors=3):
        self.n_neighbors = n_neighbors

    def _statistics(self, distances, space):
        nearest = distances.nearest_distances(self.n_neighbors)
        nearest[np.isinf(nearest)] = np.nan
        mean = np.full(distances.shape[0], np.nan)
        mean[distances.counts > 0] = np.nanmean(nearest[distances.counts > 0], axis=1)
        return mean

    def _reduce(self, distances, queries):
        return distances.values / distances.by_column(self.statistics_)


def test_two_methods_are_a_reduction(space):
    X, _, T, D = space
    means = np.sort(T, axis=1)[:, 1:4].mean(axis=1)
    fitted = MeanScaling().fit(T)
    np.testing.assert_allclose(fitted.statistics_, means)
    expected = D / means
    expected[D == 0] = 0
    np.testing.assert_allclose(fitted.transform(D), expected)
    for container in (sparse.csr_matrix, sparse.csr_array):
        graph = truncated(T, 12, container)
        in_blocks = MeanScaling().fit_blocks(graph[rows : rows + 10] for rows in (0, 10, 20))
        np.testing.assert_allclose(in_blocks.statistics_, means)
        reduced = in_blocks.transform(graph)
        assert type(reduced) is container
        assert (np.diff(reduced.data.reshape(30, 12), axis=1) >= 0).all()
        np.testing.assert_array_equal(reduced.data, clone(in_blocks).fit_transform(graph).data)
    with pytest.raises(ValueError, match="MeanScaling: .* too shallow for n_neighbors=3"):
        MeanScaling().fit(truncated(T, 3))
    with pytest.raises(ValueError, match="MeanScaling is no inner product"):
        fitted.inner_product_index(X, "cosine")


def test_rows_without_neighbours_get_the_median(space):
    fitted = MeanScaling().fit(ragged(space.T, np.r_[0, 1, np.full(28, 12)]))
    known = fitted.statistics_[2:]
    np.testing.assert_allclose(fitted.statistics_[:2], np.median(known))


def test_it_is_an_estimator(rng):
    X = rng.standard_normal((60, 4))
    y = np.arange(60) % 2
    search = GridSearchCV(
        make_pipeline(
            KNeighborsTransformer(n_neighbors=20),
            MeanScaling(),
            KNeighborsClassifier(3, metric="precomputed"),
        ),
        {"meanscaling__n_neighbors": [1, 4]},
        cv=2,
    ).fit(X, y)
    assert search.predict(X).shape == (60,)
    resolved = resolve_reduction(MeanScaling(4))
    assert type(resolved) is MeanScaling
    assert resolved.least_depth == 4
    assert resolved.fits_by_rows
    assert not resolved.needs_vectors


def test_the_base_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        GraphReduction()


def test_missing_values_are_of_the_metric_of_the_last_fit():
    X = np.random.RandomState(0).standard_normal((20, 3))
    graph = kneighbors_graph(X, 5, mode="distance")
    X[0, 0] = np.nan
    reduction = CSLS(n_neighbors=3).fit_graph(graph, vectors=X, metric="nan_euclidean")
    reduction.reduce_graph(graph, queries=X)
    reduction.fit(graph)
    with pytest.raises(ValueError, match="queries contains NaN"):
        reduction.reduce_graph(graph, queries=X)
