import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st

from sksim._search._exact import candidate_distances, exact_neighbors
from sksim.hubness._proximity._empirical_candidates import empirical_candidate_proximity
from sksim.hubness._proximity._empirical_complete import empirical_mutual_proximity

METRICS = ["euclidean", "sqeuclidean", "cosine"]


def all_distances(X, Y, metric):
    every = np.tile(np.arange(len(Y)), (len(X), 1))
    return candidate_distances(X, Y, every, metric=metric)


@given(
    seed=st.integers(0, 2**31),
    d=st.sampled_from([1, 3, 20]),
    spread=st.sampled_from([1.0, 1e-7]),
    metric=st.sampled_from(METRICS),
    n_candidates=st.integers(1, 39),
    n_excluded=st.integers(0, 2),
)
def test_equals_the_full_matrix_on_the_candidates(
    seed, d, spread, metric, n_candidates, n_excluded
):
    rng = np.random.RandomState(seed)
    X = (rng.standard_normal(d) + spread * rng.standard_normal((40, d))).astype(np.float32)
    Q = (rng.standard_normal(d) + spread * rng.standard_normal((7, d))).astype(np.float32)
    D = all_distances(X, X, metric)
    options = {"metric": metric, "n_excluded": n_excluded}
    for A, exclude_self in [(X, True), (Q, False)]:
        full = empirical_mutual_proximity(all_distances(A, X, metric), D, n_excluded=n_excluded)
        distances, indices = exact_neighbors(
            A, X, n_neighbors=39, metric=metric, exclude_self=exclude_self
        )
        distances, indices = distances[:, :n_candidates], indices[:, :n_candidates]
        found = empirical_candidate_proximity(A, X, distances, indices, **options)
        expected = np.take_along_axis(full, indices, axis=1)
        tied = _boundary_is_tied(all_distances(A, X, metric), distances, exclude_self)
        np.testing.assert_array_equal(found[~tied], expected[~tied])


def _boundary_is_tied(D, distances, exclude_self):
    """Rows where a sample that is not listed is as near as the last one listed."""
    return (distances[:, -1:] >= D).sum(axis=1) != distances.shape[1] + exclude_self


@pytest.mark.parametrize("metric", METRICS)
def test_ties_duplicates_and_zero_vectors(metric, rng):
    X = rng.randint(-1, 2, size=(60, 3)).astype(float)
    D = all_distances(X, X, metric)
    distances, indices = exact_neighbors(X, n_neighbors=59, metric=metric, exclude_self=True)
    expected = np.take_along_axis(empirical_mutual_proximity(D, D), indices, axis=1)
    with sklearn.config_context(working_memory=0.1):
        found = empirical_candidate_proximity(X, X, distances, indices, metric=metric)
    np.testing.assert_array_equal(found, expected)
    lists = exact_neighbors(X.copy(), X, n_neighbors=60, metric=metric)
    found = empirical_candidate_proximity(X.copy(), X, *lists, metric=metric)
    expected = np.take_along_axis(empirical_mutual_proximity(D, D), lists[1], axis=1)
    np.testing.assert_array_equal(found, expected)


def test_least_value(rng):
    X = rng.standard_normal((200, 3))
    distances, indices = exact_neighbors(X, n_neighbors=5, exclude_self=True)
    found = empirical_candidate_proximity(X, X, distances, indices, n_excluded=2)
    mutual = indices[indices[:, 0], 0] == np.arange(200)
    np.testing.assert_allclose(found[mutual, 0], 0, atol=1e-15)
    assert (found[~mutual, 0] > 0.004).all()
