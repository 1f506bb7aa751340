import numpy as np
import pytest
from scipy.spatial.distance import squareform

from sksim.hubness import LocalScaling
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.reference import hubness as oracle


def test_published_five_points(five_points):
    fitted = LocalScaling(n_neighbors=2).fit(five_points)
    np.testing.assert_allclose(fitted.local_scale_, [0.2, 0.3, 0.3, 0.8, 0.6])
    expected = "486583 153518 981684 736403 632121 647134 934271 984496 864665 815019"
    got = squareform(fitted.transform(five_points))
    np.testing.assert_allclose(got, np.array(expected.split(), float) / 1e6, atol=6e-7)


@pytest.mark.parametrize("k", [1, 4, 29])
def test_equals_literal_formula(index_and_queries, k):
    T, D = index_and_queries
    T, D = np.where(T == 0, 0, T + 0.1), np.where(D == 0, 0, D + 0.1)
    T[3, 7] = T[7, 3] = D[10, 7] = 0.1  # literal division needs positive scales
    fitted = LocalScaling(n_neighbors=k).fit(T)
    for rows in (T, D):
        expected = oracle.local_scaling(rows, T, k)
        np.testing.assert_allclose(fitted.transform(rows), expected, atol=1e-14)
        graph = fitted.transform(dense_to_graph(rows))
        np.testing.assert_allclose(graph_to_dense(graph), expected, atol=1e-14)


def test_rows_are_ordered_by_the_exponent_where_values_round_to_one(rng):
    T = rng.uniform(1, 1.1, size=(30, 30))
    T = T + T.T
    np.fill_diagonal(T, 0)
    row = np.linspace(2, 80, 30)[None]
    reduced = LocalScaling().fit(T).transform(dense_to_graph(row))
    u = (row[0] ** 2) / LocalScaling().fit(T).local_scale_
    assert (reduced.data[-10:] == 1).all()
    np.testing.assert_array_equal(reduced.indices, np.argsort(u))
