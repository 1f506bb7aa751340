"""Defects of earlier hubness libraries that concern the reductions: each would be caught here."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, kneighbors_graph
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

import sksim.hubness
from sksim.hubness import (
    NICDM,
    DisSimGlobal,
    DisSimLocal,
    LocalScaling,
    MutualProximity,
    SinkhornNormalization,
)
from sksim.hubness._registry import REDUCTIONS
from tests.hubness.conftest import euclidean, ragged, truncated
from tests.reference import hubness as oracle

ON_GRAPHS = set(REDUCTIONS.values()) - {DisSimGlobal, DisSimLocal, SinkhornNormalization}
ON_GRAPHS = sorted(ON_GRAPHS, key=lambda cls: cls.__name__)
each_class = pytest.mark.parametrize("cls", REDUCTIONS.values(), ids=list(REDUCTIONS))


@each_class
def test_parameters_are_not_frozen_in_init(cls):
    """A setting copied in __init__ makes set_params, clone and grid search silently void."""
    estimator = cls()
    assert set(vars(estimator)) == set(estimator.get_params(deep=False))


def test_set_params_after_construction_changes_the_result(index_and_queries):
    T, _ = index_and_queries
    estimator = MutualProximity()
    normal = estimator.fit_transform(T)
    assert not np.allclose(estimator.set_params(method="gamma").fit_transform(T), normal)
    assert not np.allclose(clone(estimator).fit_transform(T), normal)


@each_class
def test_invalid_values_are_refused_in_fit(cls, index_and_queries):
    for name in cls().get_params():
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            cls(**{name: object()}).fit(index_and_queries[0])


@each_class
def test_no_variable_arguments_in_the_constructor(cls):
    kinds = {p.kind for p in inspect.signature(cls).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    assert repr(clone(cls()))


@each_class
def test_fit_needs_nothing_but_the_distances(cls, index_and_queries):
    """Steps of a pipeline are given X and y, nothing else."""
    T, D = index_and_queries
    assert cls().fit(T).transform(D).shape == D.shape


def test_local_scaling_has_its_exponential_and_counts_the_same_neighbour_for_queries():
    T = np.array([[0.0, 1, 2, 4], [1, 0, 1.5, 3], [2, 1.5, 0, 2.5], [4, 3, 2.5, 0]])
    query = np.array([[0.5, 0.7, 1.9, 3.5]])
    got = LocalScaling(n_neighbors=2).fit(T).transform(query)
    r_query, r_index = 0.7, np.array([2, 1.5, 2, 3])
    np.testing.assert_allclose(got, 1 - np.exp(-(query**2) / (r_query * r_index)))


def test_nicdm_mean_leaves_the_zero_of_the_sample_itself_out():
    T = np.array([[0.0, 1, 2, 4], [1, 0, 1.5, 3], [2, 1.5, 0, 2.5], [4, 3, 2.5, 0]])
    np.testing.assert_allclose(NICDM(n_neighbors=2).fit(T).local_scale_, [1.5, 1.25, 1.75, 2.75])


@each_class
def test_tied_distances_leave_the_callers_graph_alone(cls, rng):
    """Sorting in place once turned .data of the caller's graph into a 2-D array at any tie."""
    graph = truncated(euclidean(rng.randint(0, 3, (40, 6)) * 1.0), 20 if cls in ON_GRAPHS else 40)
    data, indices = graph.data.copy(), graph.indices.copy()
    cls().fit(graph).transform(graph)
    np.testing.assert_array_equal(graph.data, data)
    np.testing.assert_array_equal(graph.indices, indices)


def test_mutual_proximity_of_rows_without_variance_is_no_nan(rng):
    """40 duplicates in 140 rows once made 28.6 % of the entries NaN."""
    X = rng.standard_normal((140, 5))
    X[:40] = X[0]
    graph = truncated(euclidean(X), 20)
    for method in ("normal", "gamma", "empirical"):
        reduced = MutualProximity(method=method).fit_transform(graph)
        assert np.isfinite(reduced.data).all()


def test_mutual_proximity_in_float32_does_not_tie_the_nearest_neighbours():
    rng = np.random.RandomState(0)
    T = euclidean(rng.standard_normal((60, 400)) + 50 * np.eye(60, 400)).astype(np.float32)
    near = np.linspace(1, 20, 30, dtype=np.float32)
    row = np.r_[near, np.full(30, T.max())][None]
    reduced = MutualProximity().fit(T).transform(row)[0, :30]
    assert len(np.unique(reduced)) > 20


def test_mutual_proximity_moments_leave_the_zero_of_the_sample_itself_out(index_and_queries):
    T, _ = index_and_queries
    fitted = MutualProximity().fit(truncated(T, 12))
    row = np.sort(T[0])[1:12]
    assert fitted.mean_[0] == pytest.approx(row.mean())
    assert fitted.scale_[0] == pytest.approx(row.std())


def test_no_loop_over_rows_in_mutual_proximity(rng):
    """The same numbers as the loop; the speed is benchmarked."""
    graph = truncated(euclidean(rng.standard_normal((200, 10))), 30)
    expected = oracle.mp_normal_loop(graph)
    got = MutualProximity().fit_transform(graph)
    np.testing.assert_allclose(got.data, expected.data, atol=1e-13)


@pytest.mark.parametrize("cls", ON_GRAPHS)
def test_rows_may_hold_different_numbers_of_neighbours(cls, rng):
    T = euclidean(rng.standard_normal((60, 4)))
    graph = ragged(T, rng.randint(1, 60, 60) // 2 * 2 + 1)
    reduced = cls().fit(graph).transform(graph)
    np.testing.assert_array_equal(np.diff(reduced.indptr), np.diff(graph.indptr))


def test_cross_validation_slices_rows_and_columns(rng):
    """Without the pairwise tag: 'X must be square'."""
    X, y = rng.standard_normal((90, 4)), np.repeat([0, 1, 2], 30)
    graph = KNeighborsTransformer(n_neighbors=80, mode="distance").fit_transform(X + y[:, None])
    pipeline = make_pipeline(MutualProximity(), KNeighborsClassifier(metric="precomputed"))
    assert get_tags(pipeline).input_tags.pairwise
    assert cross_val_score(pipeline, graph, y, cv=3).mean() > 0.5


@each_class
def test_feature_names_and_set_output(cls, index_and_queries):
    T, _ = index_and_queries
    fitted = cls().fit(T)
    names = fitted.get_feature_names_out()
    assert len(names) == 30
    assert names[1] == f"{cls.__name__.lower()}1"
    frame = cls().set_output(transform="pandas").fit_transform(T)
    assert list(frame.columns) == list(names)


def test_set_output_on_a_graph_says_that_sparse_output_is_not_supported(index_and_queries):
    graph = truncated(index_and_queries[0], 12)
    with pytest.raises(ValueError, match="sparse"):
        NICDM().set_output(transform="pandas").fit_transform(graph)


@each_class
def test_scikit_learn_accepts_the_estimator(cls):
    check_estimator(cls())


def test_reductions_need_no_compiler():
    """Numba was once imported to see whether a graph is sorted."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['numba'] = None; import numpy as np; import sksim.hubness as h;"
        "D = np.array([[0., 1, 2], [1, 0, 3], [2, 3, 0]]);"
        "h.MutualProximity(method='empirical').fit_transform(D); h.NICDM(2).fit_transform(D)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_graphs_of_scikit_learn_without_self_entries_are_taken(rng):
    X = rng.standard_normal((60, 4))
    graph = kneighbors_graph(X, 12, mode="distance", include_self=False)
    fitted = NICDM().fit(graph)
    with_self = KNeighborsTransformer(n_neighbors=12, mode="distance").fit_transform(X)
    np.testing.assert_allclose(fitted.local_scale_, NICDM().fit(with_self).local_scale_)
    assert set(REDUCTIONS.values()) <= {getattr(sksim.hubness, n) for n in sksim.hubness.__all__}
