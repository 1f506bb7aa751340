"""Searches that are kept in files: how many are made, and that nothing else changes."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsTransformer

from sksim.hubness import MutualProximity
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    _candidates,
)

REDUCTIONS = [
    None,
    "mutual_proximity",
    MutualProximity(method="gamma"),
    "local_scaling",
    "nicdm",
    "csls",
    "nearest_neighbor_normalization",
    "inverted_softmax",
]


@pytest.fixture
def searches(monkeypatch):
    """Numbers of queries of the exact searches that are made."""
    found = []
    plain = _candidates.BruteBackend.neighbors

    def counted(self, X, n_neighbors):
        found.append(X.shape[0])
        return plain(self, X, n_neighbors)

    monkeypatch.setattr(_candidates.BruteBackend, "neighbors", counted)
    return found


@pytest.fixture
def data(rng):
    X = rng.standard_normal((300, 6)).astype(np.float32)
    X[40:60] = X[20:40]  # distances that tie
    X[200:215] = X[199]
    return X, (X[:, 0] > 0).astype(int) + (X[:, 1] > 1)


def grid_of(memory, **options):
    cv = PredefinedSplit(np.arange(300) % 5)
    classifier = HubnessReducedKNeighborsClassifier(memory=memory)
    return GridSearchCV(classifier, {"reduction": REDUCTIONS}, cv=cv, refit=False, **options)


def test_a_grid_over_reductions_makes_one_search_of_each_kind_a_fold(data, tmp_path, searches):
    without = grid_of(None).fit(*data).cv_results_
    assert len(searches) == 75
    searches.clear()
    kept = grid_of(str(tmp_path)).fit(*data).cv_results_
    assert sorted(searches) == [60] * 5 + [240] * 5
    for fold in range(5):
        name = f"split{fold}_test_score"
        np.testing.assert_array_equal(kept[name], without[name])
    searches.clear()
    grid_of(joblib.Memory(str(tmp_path), verbose=0)).fit(*data)
    assert not searches  # of the next session


def test_a_grid_in_processes_finds_the_same(data, tmp_path):
    without = grid_of(None).fit(*data).cv_results_["mean_test_score"]
    kept = grid_of(str(tmp_path), n_jobs=2).fit(*data).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(kept, without)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "dis_sim_local", "shared_nearest_neighbors"])
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_the_same_bits_with_and_without(data, tmp_path, reduction, mmap_mode):
    X = data[0]
    memory = joblib.Memory(str(tmp_path), mmap_mode=mmap_mode, verbose=0)
    plain = HubnessReducedKNeighborsTransformer(7, reduction=reduction)
    for _ in range(2):  # into the files and out of them
        kept = clone(plain).set_params(memory=memory)
        for result, expected in [
            (kept.fit_transform(X), plain.fit_transform(X)),
            (kept.transform(X[:70] + 1), plain.transform(X[:70] + 1)),
        ]:
            np.testing.assert_array_equal(result.data, expected.data)
            np.testing.assert_array_equal(result.indices, expected.indices)


def test_deeper_lists_serve_all_depths_and_take_the_place_of_others(data, tmp_path, searches):
    X, Q = data[0], data[0][:9] + 1

    def neighbors(memory, reduction, n_candidates):
        search = HubnessReducedNearestNeighbors(5, reduction=reduction, memory=memory)
        return search.set_params(n_candidates=n_candidates).fit(X).kneighbors(Q)

    for n_candidates, n_searches in [(20, 2), (100, 0), (150, 2), (101, 0), (299, 2), (5, 0)]:
        searches.clear()
        found = neighbors(str(tmp_path), "csls", n_candidates) if n_candidates > 5 else None
        found = found or neighbors(str(tmp_path), None, n_candidates)
        assert len(searches) == n_searches
        expected = neighbors(None, "csls" if n_candidates > 5 else None, n_candidates)
        np.testing.assert_array_equal(found, expected)


def test_other_data_metrics_and_banks_are_not_taken_for_each_other(data, tmp_path):
    X = data[0]

    def graph(X, memory, bank=None, **options):
        transformer = HubnessReducedKNeighborsTransformer(reduction="nicdm", memory=memory)
        return transformer.set_params(**options).fit(X, bank=bank).transform(X[:50])

    for options in [
        {},
        {"metric": "cosine"},
        {"metric": "minkowski", "metric_params": {"p": 3}},
        {"metric": "minkowski", "metric_params": {"p": 1}},
        {"backend": KNeighborsTransformer(algorithm="ball_tree")},
        {"bank": X[:120] + 1},
        {"bank": X[:120] - 1},
        {"X": X[::-1].copy()},
        {"X": X.astype(np.float64)},
    ]:
        options = {"X": X, **options}
        kept, expected = (graph(memory=memory, **options) for memory in (str(tmp_path), None))
        np.testing.assert_array_equal(kept.data, expected.data)
        np.testing.assert_array_equal(kept.indices, expected.indices)


def test_what_has_no_name_is_not_kept(data, tmp_path):
    def distance(a, b):
        return abs(a - b).sum()

    X = data[0][:60]
    D = abs(X[:, None] - X).sum(axis=-1)
    for metric, data_ in [(distance, X), ("precomputed", D)]:
        search = HubnessReducedNearestNeighbors(metric=metric, memory=str(tmp_path))
        search.fit(data_).kneighbors()
    assert not list(tmp_path.iterdir())


def test_a_pickled_estimator_finds_its_files(data, tmp_path, searches):
    X = data[0]
    search = HubnessReducedNearestNeighbors(memory=str(tmp_path)).fit(X)
    expected = search.kneighbors(X[:30] + 1)
    again = pickle.loads(pickle.dumps(search))
    searches.clear()
    np.testing.assert_array_equal(again.kneighbors(X[:30] + 1), expected)
    assert not searches


def test_a_search_that_grows_may_have_a_memory(data, tmp_path):
    X = data[0]
    plain, kept = (HubnessReducedNearestNeighbors(memory=m) for m in (None, str(tmp_path)))
    for rows in (slice(150), slice(150, 300)):
        plain.partial_fit(X[rows])
        kept.partial_fit(X[rows])
    np.testing.assert_array_equal(kept.kneighbors(X[:40] + 1), plain.kneighbors(X[:40] + 1))
