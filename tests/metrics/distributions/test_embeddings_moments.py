"""The triangles that stand for many rows, by products and by QR decompositions."""

import numpy as np
import pytest

from sksim.metrics import log_likelihood_variance_distance_from_embeddings as llv
from sksim.metrics.distributions import _embeddings, _input_terms
from sksim.metrics.distributions._input_terms import _distances
from sksim.metrics.distributions._terms import plane_coordinates, scaled_difference

RNG = np.random.RandomState(0)
ROTATION = np.linalg.qr(RNG.standard_normal((6, 6)))[0]


def lengths(R, vectors):
    return np.sqrt(((R.astype(np.longdouble) @ vectors) ** 2).sum(axis=0))


def models(gap):
    """Two sets of 400 rows, the second one that far from a rotation of the first."""
    first = RNG.standard_normal((400, 6)) * np.logspace(0, -3, 6)
    return first, first @ ROTATION + gap * RNG.standard_normal((400, 6))


@pytest.mark.parametrize("gap", [1.0, 1e-6, 1e-10])
def test_products_keep_all_digits(gap):
    """Also of the combinations of both sets that all but vanish."""
    first, second = models(gap)
    rows = np.hstack([first, second])
    triangle = _embeddings._triangle_of_products(lambda index: rows[index].copy(), 400, 12)
    smallest = np.linalg.svd(rows)[2][-3:].T
    vectors = np.hstack([RNG.standard_normal((12, 20)), smallest])
    expected = lengths(rows, vectors)
    rounding = 100 * np.finfo(float).eps * np.linalg.norm(rows)
    np.testing.assert_allclose(lengths(triangle, vectors), expected, rtol=1e-12, atol=rounding)


def outlier(rows):
    rows[1] *= 1e8  # not in the sample


def without_a_direction(rows):
    rows[:: 400 // 24, 0] = 0.0  # in the sample


@pytest.mark.parametrize("spoil", [outlier, without_a_direction])
def test_a_sample_that_misleads_is_noticed(spoil):
    first, second = models(1.0)
    spoil(first)
    rows = np.hstack([first, second])
    assert _embeddings._triangle_of_products(lambda index: rows[index].copy(), 400, 12) is None
    triangles = np.hstack(_embeddings._triangles(first, second))
    vectors = RNG.standard_normal((12, 20))
    np.testing.assert_allclose(lengths(triangles, vectors), lengths(rows, vectors), rtol=1e-12)


@pytest.mark.parametrize("rescale", [np.ones(12), np.logspace(0, -12, 12)])
def test_columns_near_orthogonal_need_no_sample(rescale, monkeypatch):
    """Whatever their lengths."""
    rows = (RNG.standard_normal((400, 12)) + 0.3 * RNG.standard_normal((400, 1))) * rescale
    monkeypatch.delattr(_embeddings, "dtrsm")
    triangle = _embeddings._triangle_of_products(lambda index: rows[index].copy(), 400, 12)
    vectors = RNG.standard_normal((12, 20)) / rescale[:, None]
    np.testing.assert_allclose(lengths(triangle, vectors), lengths(rows, vectors), rtol=1e-13)


def test_least_eigenvalue_of_columns_of_unit_length():
    rows = models(0.05)[0] @ RNG.standard_normal((6, 6))
    _, least = _embeddings._factor_of_products(rows.T @ rows)
    unit = rows / np.linalg.norm(rows, axis=0)
    assert 1 - 1e-6 < least / np.linalg.eigvalsh(unit.T @ unit)[0] < 2
    assert _embeddings._factor_of_products(np.ones((3, 3)))[1] < 1e-15
    assert _embeddings._factor_of_products(np.zeros((3, 3)))[1] == 0.0


@pytest.mark.parametrize("n_above", [0, 3, 8])
def test_rows_that_end_in_a_triangle(n_above):
    rows = RNG.standard_normal((8, 4))
    rows[n_above:] = np.triu(rows[n_above:])
    values = RNG.standard_normal((5, 4))
    product = _embeddings._Rows.of(rows, n_above).times(values.copy())
    np.testing.assert_allclose(product, values @ rows.T, rtol=0, atol=1e-14)


@pytest.mark.parametrize("n_samples", [7, 8, 9, 30])
def test_label_variables_have_the_products_of_the_log_probabilities(n_samples):
    """With fewer inputs than columns, f and log Z of both models, as many, and more."""
    f1, f2 = RNG.standard_normal((2, n_samples, 3))
    g1, g2 = RNG.standard_normal((2, 20, 3))
    variables = _embeddings.EmbeddingPair.check(f1, g1, f2, g2).label_variables(np.arange(20))
    logits = [f @ (g - g.mean(axis=0)).T for f, g in ((f1, g1), (f2, g2))]
    logs = [table - np.logaddexp.reduce(table, axis=1, keepdims=True) for table in logits]
    centered = [table - table.mean(axis=0) for table in logs]
    for left, right, x, y in zip(variables, variables[::-1], centered, centered[::-1]):
        np.testing.assert_allclose(left @ left.T, x.T @ x, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(left @ right.T, x.T @ y, rtol=1e-10, atol=1e-12)


def test_equal_models_stay_at_distance_zero_on_the_route_of_products():
    f, g = RNG.standard_normal((40, 3)), RNG.standard_normal((300, 3))
    sets = {"pivot": 0, "left_out": 1, "inputs": [3, 0, 7, 9]}
    assert llv(f, g, f, g, **sets) == pytest.approx(0.0, abs=1e-13)


def test_blocks_of_logits_change_nothing(monkeypatch):
    f, g = 10 * RNG.standard_normal((40, 3)), 10 * RNG.standard_normal((300, 3))
    expected = _embeddings._with_log_partition(f, g, g.mean(axis=0))
    monkeypatch.setattr(_embeddings, "_LOGIT_INPUTS", 7)
    monkeypatch.setattr(_embeddings, "_LOGIT_LABELS", 13)
    columns = _embeddings._with_log_partition(f, g, g.mean(axis=0))
    np.testing.assert_allclose(columns, expected, rtol=1e-13)
    logits = f @ (g - g.mean(axis=0)).T
    np.testing.assert_allclose(columns[:, -1], np.logaddexp.reduce(logits, axis=1), rtol=1e-13)


def test_distances_of_rows_that_all_but_coincide():
    a = RNG.standard_normal((30, 5)) + 100
    a[7] = a[3] + 1e-9
    pivots, others = np.array([[3], [0]]), np.array([[7, 1, 2], [4, 5, 6]])
    expected = np.linalg.norm(a[others] - a[pivots], axis=2)
    np.testing.assert_allclose(_distances(a, pivots, others), expected, rtol=1e-9)
    assert _input_terms.CANCELLED < 1e-2


@pytest.mark.parametrize("gap", [1.0, 1e-9, 0.0])
def test_scaled_difference_in_the_plane(gap):
    a = RNG.standard_normal((4, 9))
    b = 2 * a + gap * RNG.standard_normal((4, 9))
    s, s_prime = np.array([1.0, 2.0, 0.5, 3.0]), np.array([2.0, 4.0, 1.0, 6.0]) * (1 + gap)
    exact = (a / s[:, None] - b / s_prime[:, None]).astype(float)
    value = scaled_difference(plane_coordinates(a, b), s, s_prime)
    np.testing.assert_allclose(value, np.linalg.norm(exact, axis=1), rtol=1e-6, atol=1e-14)
