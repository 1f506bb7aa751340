import itertools

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.metrics import pairwise_distances

from sksim.metrics import (
    information_imbalance,
    jaccard_knn_score,
    mutual_knn_score,
    rank_similarity_score,
    second_order_cosine_score,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    neighbor_indices,
    overlap_counts,
    relabel,
)
from tests.reference import neighborhood as literal

SEEDS = st.integers(0, 10**6)
BY_METRIC = [mutual_knn_score, jaccard_knn_score, rank_similarity_score]
EVERY = [*BY_METRIC, second_order_cosine_score, information_imbalance]
NAMES = [
    "mutual_knn",
    "mutual_knn_adjusted",
    "mutual_knn_euclidean",
    "jaccard_knn",
    "jaccard_knn_euclidean",
    "cycle_knn",
    "lcs_knn",
    "edit_knn",
    "rank_similarity",
    "second_order_cosine",
    "information_imbalance",
]


def draw(seed, n_views=2):
    rng = np.random.RandomState(seed)
    shared = rng.randn(rng.randint(14, 40), 4)
    return [
        shared @ rng.randn(4, d) + rng.randn(len(shared), d) + rng.randn(d)
        for d in rng.randint(2, 6, n_views)
    ]


@pytest.mark.parametrize(
    ("function", "params", "expected"),
    [
        (mutual_knn_score, {}, 0.31333333),
        (mutual_knn_score, {"metric": "euclidean"}, 0.33),
        (jaccard_knn_score, {}, 0.20429894),
        (jaccard_knn_score, {"metric": "euclidean"}, 0.21428571),
        (second_order_cosine_score, {}, 0.89442782),
        (rank_similarity_score, {}, 0.25391865),
    ],
)
def test_reference_values(function, params, expected):
    X, Y = literal.make_pair()
    assert X.sum() == pytest.approx(-189.71362160)
    assert function(X, Y, n_neighbors=5, **params) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@given(seed=SEEDS, k=st.integers(1, 13))
def test_literal_formulas(metric, seed, k):
    X, Y = draw(seed)
    options = {"n_neighbors": k, "metric": metric}
    for function, slow in zip(
        BY_METRIC, [literal.mutual_knn, literal.jaccard_knn, literal.rank_similarity], strict=True
    ):
        assert function(X, Y, **options) == pytest.approx(slow(X, Y, k, metric), abs=1e-12)


@given(seed=SEEDS, k=st.integers(1, 13))
def test_literal_formulas_of_one_metric(seed, k):
    X, Y = draw(seed)
    assert second_order_cosine_score(X, Y, n_neighbors=k) == pytest.approx(
        literal.second_order_cosine(X, Y, k), abs=1e-10
    )
    assert information_imbalance(X, Y, n_neighbors=k) == pytest.approx(
        literal.information_imbalance(X, Y, k), abs=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS)
def test_permuted_state_is_that_of_the_permuted_rows(name, seed):
    X, Y = draw(seed)
    steps = get_measure(name, PairedMeasure).steps()
    x, y = steps.prepare(X), steps.prepare(Y)
    rng = np.random.RandomState(seed)
    first, second = rng.permutation(len(X)), rng.permutation(len(X))
    expected = steps.compare(x, steps.prepare(Y[first]))
    assert steps.compare(x, steps.permute(y, first)) == pytest.approx(expected, abs=1e-12)
    twice = steps.permute(steps.permute(y, first), second)
    expected = steps.compare(x, steps.prepare(Y[first][second]))
    assert steps.compare(x, twice) == pytest.approx(expected, abs=1e-12)
    left = steps.compare(steps.permute(x, first), y)
    assert left == pytest.approx(steps.compare(steps.prepare(X[first]), y), abs=1e-12)


@pytest.mark.parametrize("name", ["mutual_knn", "jaccard_knn", "rank_similarity"])
@pytest.mark.parametrize("k", [1, 10])
def test_chance_level(name, k):
    """The mean over random pairings comes within four standard errors of the stated null."""
    X, Y = draw(5)
    measure = get_measure(name, PairedMeasure)
    steps = measure.make_steps(n_neighbors=k)
    x, y = steps.prepare(X), steps.prepare(Y)
    rng = np.random.RandomState(0)
    null = [steps.compare(x, steps.permute(y, rng.permutation(len(X)))) for _ in range(1500)]
    expected = measure.null.func(len(X), n_neighbors=k)
    assert abs(np.mean(null) - expected) < 4 * np.std(null) / np.sqrt(len(null))


def test_chance_level_of_the_information_imbalance():
    X, Y = draw(5)
    steps = get_measure("information_imbalance", PairedMeasure).steps()
    x, y = steps.prepare(X), steps.prepare(Y)
    rng = np.random.RandomState(0)
    null = [steps.compare(x, steps.permute(y, rng.permutation(len(X)))) for _ in range(1500)]
    assert abs(np.mean(null) - 1) < 4 * np.std(null) / np.sqrt(len(null))


@given(seed=SEEDS)
def test_adjusted_score(seed):
    X, Y = draw(seed)
    chance = 5 / (len(X) - 1)
    expected = (mutual_knn_score(X, Y, n_neighbors=5) - chance) / (1 - chance)
    adjusted = mutual_knn_score(X, Y, n_neighbors=5, adjusted=True)
    assert adjusted == pytest.approx(expected)
    assert mutual_knn_score(X, X, adjusted=True) == 1


@given(seed=SEEDS)
def test_complements_are_metrics(seed):
    views = draw(seed, n_views=3)
    for function in (mutual_knn_score, jaccard_knn_score):
        d = {
            pair: 1 - function(views[pair[0]], views[pair[1]], n_neighbors=3)
            for pair in itertools.permutations(range(3), 2)
        }
        assert d[0, 2] <= d[0, 1] + d[1, 2] + 1e-12
        assert d[0, 1] == d[1, 0]


@pytest.mark.parametrize("function", EVERY)
@given(seed=SEEDS)
def test_invariances(function, seed):
    X, Y = draw(seed)
    rng = np.random.RandomState(seed)
    Q = ortho_group.rvs(X.shape[1], random_state=rng)
    expected = pytest.approx(function(X, Y), abs=1e-9)
    assert function(3 * X @ Q, Y) == expected
    assert function(X, Y[:, rng.permutation(Y.shape[1])] / 7) == expected
    rows = rng.permutation(len(X))
    assert function(X[rows], Y[rows]) == expected


def test_translation_matters_to_directions_only():
    X, Y = draw(1)
    assert mutual_knn_score(X + 5, Y) != mutual_knn_score(X, Y)
    euclidean = mutual_knn_score(X, Y, metric="euclidean")
    assert mutual_knn_score(X + 5, Y, metric="euclidean") == euclidean
    assert information_imbalance(X + 1e4, Y) == pytest.approx(information_imbalance(X, Y))


@given(seed=SEEDS)
def test_ranges(seed):
    X, Y = draw(seed)
    for function in BY_METRIC:
        assert 0 <= function(X, Y) <= 1
        assert function(X, X) == pytest.approx(1)
    assert -1 <= second_order_cosine_score(X, Y) <= 1
    n = len(X)
    assert information_imbalance(X, X, n_neighbors=3) == pytest.approx(4 / n)
    assert 2 / n <= information_imbalance(X, Y) <= 2 * (n - 1) / n


def test_distance_matrices():
    X, Y = draw(2)
    D, E = pairwise_distances(X), pairwise_distances(Y)
    for function in BY_METRIC:
        expected = function(X, Y, metric="euclidean")
        assert function(D, E, metric="precomputed") == pytest.approx(expected)
    with pytest.raises(ValueError, match="square matrices of distances"):
        mutual_knn_score(X, Y, metric="precomputed")


def test_duplicates_are_neighbours_of_each_other_but_never_of_themselves():
    X = np.repeat(np.random.RandomState(0).randn(6, 2), 2, axis=0)
    neighbors = neighbor_indices(X, n_neighbors=1, metric="euclidean")
    np.testing.assert_array_equal(neighbors[0], np.arange(12) ^ 1)


def test_ties_in_the_ranks_are_averaged():
    """All other samples are equally far in Y, so each has the mean rank."""
    X = np.random.RandomState(0).randn(8, 3)
    assert information_imbalance(X, np.eye(8)) == pytest.approx(1)


def imbalances(X, Y, k):
    """By the function, and from the table of ranks that permutations use."""
    steps = get_measure("information_imbalance", PairedMeasure).make_steps(n_neighbors=k)
    permuted = steps.permute(steps.prepare(Y), np.arange(len(Y)))
    return information_imbalance(X, Y, n_neighbors=k), steps.compare(steps.prepare(X), permuted)


@given(seed=SEEDS, k=st.integers(1, 4))
def test_ranks_of_tied_integers_are_averaged(seed, k):
    rng = np.random.RandomState(seed)
    X, Y = rng.randint(0, 4, (2, 21, 3)).astype(float)
    assert imbalances(X, Y, k) == pytest.approx([literal.information_imbalance(X, Y, k)] * 2)


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1.0, 1e150, 1e200])
@pytest.mark.parametrize("gap", [0.0, 1e3, 1e6, 1e9])
def test_ranks_within_clusters_that_are_far_apart(gap, unit):
    """Distances in a cluster are far smaller than the rounding of products of its points."""
    X = unit * (np.random.RandomState(0).randn(30, 3) + gap * np.repeat([[-1], [1]], 15, axis=0))
    for k in (1, 5):
        assert imbalances(X, X, k) == pytest.approx([(k + 1) / 30] * 2)


def test_rank_table_and_blocks_agree():

    X, Y = draw(3)
    steps = get_measure("information_imbalance", PairedMeasure).steps()
    x, y = steps.prepare(X), steps.prepare(Y)
    order = np.random.RandomState(0).permutation(len(X))
    from_table = steps.compare(x, steps.permute(y, order))
    with sklearn.config_context(working_memory=1e-3):
        fresh = steps.permute(steps.prepare(Y), order)
        assert steps.compare(x, fresh) == pytest.approx(from_table)
        assert fresh.ranks.table is None


@given(seed=SEEDS)
def test_relabelling(seed):
    X, _ = draw(seed)
    order = np.random.RandomState(seed).permutation(len(X))
    np.testing.assert_array_equal(
        relabel(neighbor_indices(X, n_neighbors=4), order),
        neighbor_indices(X[order], n_neighbors=4),
    )


def test_overlap_counts():
    x = np.array([[1, 2, 3], [4, 5, 6]])
    y = np.array([[4, 2, 7], [1, 8, 9]])
    np.testing.assert_array_equal(overlap_counts(x, y), [2, 1, 0])


@pytest.mark.parametrize("function", EVERY)
def test_bad_input(function):
    X, Y = draw(4)
    with pytest.raises(ValueError, match="same samples"):
        function(X, Y[1:])
    with pytest.raises(ValueError, match="n_neighbors must be between 1 and"):
        function(X, Y, n_neighbors=len(X))
    with pytest.raises(ValueError, match="'n_neighbors'"):
        function(X, Y, n_neighbors=0)
    with pytest.raises(ValueError, match="constant"):
        function(X, np.ones_like(Y))


@pytest.mark.parametrize("function", [*BY_METRIC, second_order_cosine_score])
def test_rows_of_zeros_have_no_cosine(function):
    X, Y = draw(4)
    X[3] = 0
    with pytest.raises(ValueError, match="row of zeros|rows of zeros"):
        function(X, Y)


def test_everyone_is_a_neighbour():
    X, Y = draw(4)
    assert mutual_knn_score(X, Y, n_neighbors=len(X) - 1) == 1
    with pytest.raises(ValueError, match="at most n_samples - 2"):
        mutual_knn_score(X, Y, n_neighbors=len(X) - 1, adjusted=True)
    with pytest.raises(ValueError, match="'metric'"):
        mutual_knn_score(X, Y, metric="nonsense")


def test_layers_of_an_encoder_on_news(data_folder):
    """Measured before with slow, independent code: the last layer against each of the others."""
    with np.load(data_folder / "agnews_layers.npz") as arrays:
        views = [arrays[name][:1000] for name in [*(f"layer{i}" for i in range(7)), "lsa"]]
    views = [view.astype(np.float64) for view in views]
    measured = [mutual_knn_score(views[6], view) for view in views]
    expected = [0.2621, 0.2776, 0.2660, 0.2778, 0.2871, 0.3497, 1.0, 0.3074]
    np.testing.assert_allclose(measured, expected, atol=5e-5)
