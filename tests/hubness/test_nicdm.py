import numpy as np
import pytest
from scipy.spatial.distance import squareform

from sksim.hubness import NICDM
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.reference import hubness as oracle


def test_published_five_points(five_points):
    fitted = NICDM(n_neighbors=2).fit(five_points)
    np.testing.assert_allclose(fitted.local_scale_, [0.15, 0.25, 0.2, 0.65, 0.5])
    expected = "1.032796 .577350 2.562050 1.460593 1.341641 1.240347 1.979899 2.773501 1.897367"
    got = squareform(fitted.transform(five_points), checks=False)
    np.testing.assert_allclose(got[:9], np.array(expected.split(), float), atol=6e-7)
    original = got * np.exp(np.log(fitted.local_scale_).mean())
    assert original[0] == pytest.approx(0.310030, abs=6e-7)


@pytest.mark.parametrize("k", [2, 5, 29])
def test_equals_literal_formula(index_and_queries, k):
    T, D = index_and_queries
    fitted = NICDM(n_neighbors=k).fit(T)
    for rows in (T, D):
        expected = oracle.nicdm(rows, T, k)
        np.testing.assert_allclose(fitted.transform(rows), expected, rtol=1e-12)
        graph = fitted.transform(dense_to_graph(rows))
        np.testing.assert_allclose(graph_to_dense(graph), expected, rtol=1e-12)
