"""The scores that see the order of the neighbours, the way back, or their inner products."""

import itertools
import math

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from sksim.metrics import (
    cka_score,
    cknna_score,
    cycle_knn_score,
    edit_knn_score,
    lcs_knn_score,
    mutual_knn_score,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity.neighborhoods import _cycle_knn, _edit_knn, _lcs_knn
from sksim.metrics.similarity.neighborhoods._neighborhood import neighbor_indices
from tests.reference import neighborhood as literal
from tests.reference.similarity import noisy_pair

SEEDS = st.integers(0, 10**6)
P0, P1 = noisy_pair(0, 30, 6, 4, 1.0), noisy_pair(1, 25, 5, 5, 0.5)
BY_METRIC = {
    cycle_knn_score: literal.cycle_knn,
    lcs_knn_score: literal.lcs_knn,
    edit_knn_score: literal.edit_knn,
}


def draw(seed, n_views=2):
    rng = np.random.RandomState(seed)
    shared = rng.randn(rng.randint(14, 30), 4)
    return [
        shared @ rng.randn(4, d) + rng.randn(len(shared), d) for d in rng.randint(2, 6, n_views)
    ]


@pytest.mark.parametrize(
    ("function", "pair", "params", "expected"),
    [
        (cycle_knn_score, P0, {}, 0.8),
        (cycle_knn_score, P0[::-1], {}, 0.8),
        (cycle_knn_score, P0, {"metric": "euclidean"}, 0.8),
        (cycle_knn_score, P1, {}, 1.0),
        (cycle_knn_score, P1[::-1], {}, 0.96),
        (cycle_knn_score, P1, {"metric": "euclidean"}, 0.88),
        (lcs_knn_score, P0, {}, 0.24666666666666667),
        (lcs_knn_score, P0, {"n_neighbors": 10}, 0.28),
        (lcs_knn_score, P1, {}, 0.464),
        (lcs_knn_score, P1, {"n_neighbors": 10}, 0.416),
        (edit_knn_score, P0, {}, 0.08),
        (edit_knn_score, P0, {"n_neighbors": 10}, 0.08),
        (edit_knn_score, P1, {}, 0.192),
        (edit_knn_score, P1, {"n_neighbors": 10}, 0.164),
        (cknna_score, P0, {}, 0.34092422075103324),
        (cknna_score, P0, {"unbiased": False}, 0.607383616490726),
        (cknna_score, P0, {"form": "paper"}, 0.34959645670450534),
        (cknna_score, P1, {}, 0.6936887278450958),
        (cknna_score, P1, {"unbiased": False}, 0.7551940835189842),
        (cknna_score, P1, {"form": "paper"}, 0.6966669855317659),
        (cknna_score, P0, {"normalize": False}, 0.3105314426020674),
        (cknna_score, P0, {"normalize": False, "unbiased": False}, 0.5402683354159563),
    ],
)
def test_reference_values(function, pair, params, expected):
    assert function(*pair, **{"n_neighbors": 5, **params}) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@given(seed=SEEDS, k=st.integers(1, 13))
def test_literal_formulas(metric, seed, k):
    X, Y = draw(seed)
    for function, slow in BY_METRIC.items():
        value = function(X, Y, n_neighbors=k, metric=metric)
        assert value == pytest.approx(slow(X, Y, k, metric), abs=1e-12)


@given(seed=SEEDS, k=st.integers(8, 13), normalize=st.booleans(), unbiased=st.booleans())
def test_literal_formula_of_cknna(seed, k, normalize, unbiased):
    X, Y = draw(seed)
    for form in ("hsic", "paper"):
        params = {"normalize": normalize, "unbiased": unbiased, "form": form}
        value = cknna_score(X, Y, n_neighbors=k, **params)
        assert value == pytest.approx(literal.cknna(X, Y, k, **params), rel=1e-7, abs=1e-9)


@given(seed=SEEDS, a=st.permutations(range(6)))
def test_oracle_of_the_edit_distance_is_its_recursion(seed, a):
    a, b = a[:4], np.random.RandomState(seed).permutation(6)[:4].tolist()
    assert literal.edit_distance(a, b) == literal.levenshtein(a, b)


# --- chance -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "n_neighbors", "expected"),
    [(cycle_knn_score, 2, 0.6), (lcs_knn_score, 3, 0.4666666666666667)],
)
def test_chance_is_the_mean_over_all_pairings(function, n_neighbors, expected):
    X, Y = noisy_pair(0, 6, 3, 2, 1.0)
    null = np.mean(
        [
            function(X, Y[list(order)], n_neighbors=n_neighbors)
            for order in itertools.permutations(range(6))
        ]
    )
    assert null == pytest.approx(expected)
    if function is cycle_knn_score:
        assert literal.cycle_knn_chance(X, 2, "cosine") == pytest.approx(null)
    else:
        assert literal.lcs_knn_chance(6, 3) == pytest.approx(null)


@pytest.mark.parametrize(("pair", "expected"), [(P0, 0.624553071449623), (P1, 0.7038678712591755)])
def test_reference_chance_of_cycles(pair, expected):
    neighbors = neighbor_indices(pair[0], n_neighbors=5)
    assert _cycle_knn._chance(neighbors) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "k", "expected"),
    [
        (30, 5, 0.15039836919147265),
        (30, 10, 0.21496376865031022),
        (25, 5, 0.17677100978731414),
        (25, 10, 0.24506363780344692),
    ],
)
def test_reference_chance_of_common_subsequences(n, k, expected):
    assert _lcs_knn._chance(n, n_neighbors=k) == pytest.approx(expected, rel=1e-12)
    assert literal.lcs_knn_chance(n, k) == pytest.approx(expected, rel=1e-12)


def test_increasing_lengths_are_means_over_all_orders():
    lengths = _lcs_knn._increasing_lengths(7)
    assert lengths == pytest.approx([literal.increasing_length(h) for h in range(8)])


def test_chance_of_edit_distance_of_one_neighbor_is_that_of_finding_it():
    assert _edit_knn._chance(30, n_neighbors=1) == pytest.approx(1 / 29)
    assert _edit_knn._chance(30, n_neighbors=5) == pytest.approx(0.037, abs=0.001)


@pytest.mark.parametrize("name", ["cycle_knn", "lcs_knn", "edit_knn"])
@pytest.mark.parametrize("k", [1, 7])
def test_chance_level(name, k):
    """The mean over random pairings comes within four standard errors of the stated null."""
    X, Y = draw(5)
    measure = get_measure(name, PairedMeasure)
    steps = measure.make_steps(n_neighbors=k)
    x, y = steps.prepare(X), steps.prepare(Y)
    rng = np.random.RandomState(0)
    null = [steps.compare(x, steps.permute(y, rng.permutation(len(X)))) for _ in range(1000)]
    if name == "cycle_knn":
        expected = _cycle_knn._chance(x)
    else:
        expected = measure.null.func(len(X), n_neighbors=k)
    assert abs(np.mean(null) - expected) < 4 * np.std(null) / math.sqrt(len(null))


# --- properties -------------------------------------------------------------------------------


@given(seed=SEEDS, k=st.integers(1, 13))
def test_the_more_a_score_asks_the_lower_it_is(seed, k):
    X, Y = draw(seed)
    x, y = (neighbor_indices(Z, n_neighbors=k) for Z in (X, Y))
    scores = [
        np.mean(x == y),
        *(
            score(X, Y, n_neighbors=k)
            for score in (edit_knn_score, lcs_knn_score, mutual_knn_score)
        ),
    ]
    assert np.all(np.diff(scores) > -1e-12)


@given(seed=SEEDS, k=st.integers(1, 13))
def test_a_representation_has_the_same_lists_as_itself(seed, k):
    (X, _) = draw(seed)
    assert lcs_knn_score(X, X, n_neighbors=k) == 1
    assert edit_knn_score(X, X, n_neighbors=k) == 1
    assert lcs_knn_score(X, X, n_neighbors=k, adjusted=True) == pytest.approx(1)
    occurs = np.isin(np.arange(len(X)), neighbor_indices(X, n_neighbors=k))
    assert cycle_knn_score(X, X, n_neighbors=k) <= occurs.mean()


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("normalize", [True, False])
def test_cknna_of_a_representation_with_itself_is_one(unbiased, normalize):
    """However many samples: nothing is added to the denominator."""
    for n in (20, 1000):
        X = np.random.RandomState(0).randn(n, 5)
        value = cknna_score(X, 3 * X, unbiased=unbiased, normalize=normalize)
        assert value == pytest.approx(1, abs=1e-12)


def test_cknna_of_all_neighbors_is_cka():
    unit = [Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in P0]
    expected = cka_score(*(Z @ Z.T for Z in unit), kernel="precomputed")
    assert expected == pytest.approx(0.4122370264420072)
    assert cknna_score(*P0, n_neighbors=29) == pytest.approx(expected, rel=1e-12)


def test_cknna_is_symmetric_only_without_masks_or_bias():
    """The last sum of the unbiased estimate is 1'AB1, in one order."""
    X, Y = P0
    assert abs(cknna_score(X, Y) - cknna_score(Y, X)) > 1e-4
    for params in ({"n_neighbors": 29}, {"unbiased": False}, {"form": "paper"}):
        assert cknna_score(X, Y, **params) == pytest.approx(cknna_score(Y, X, **params))


def test_cknna_has_no_bounds_but_in_the_form_of_the_paper():
    values = []
    for seed in range(300):
        X, Y = (np.random.RandomState(seed + s).randn(6, 2) for s in (0, 10**6))
        try:
            values.append(cknna_score(X, Y, n_neighbors=3))
        except ValueError:
            continue
    assert max(values) > 1.1
    assert min(values) < -0.2


@pytest.mark.parametrize(("unbiased", "chance"), [(True, 0.156), (False, 0.491)])
def test_cknna_of_unrelated_rows_is_not_zero(unbiased, chance):
    rng = np.random.RandomState(0)
    steps = get_measure("cknna", PairedMeasure).make_steps(n_neighbors=5, unbiased=unbiased)
    x, y = (steps.prepare(Z) for Z in P0)
    null = [steps.compare(x, steps.permute(y, rng.permutation(30))) for _ in range(300)]
    assert np.mean(null) == pytest.approx(chance, abs=0.02)


def test_rows_of_any_length_have_the_same_directions():
    lengths = np.exp(np.random.RandomState(0).randn(30, 1))
    for score in (cknna_score, cycle_knn_score, lcs_knn_score, edit_knn_score):
        assert score(lengths * P0[0], P0[1]) == pytest.approx(score(*P0), rel=1e-12)


# --- input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", BY_METRIC, ids=lambda score: score.__name__)
def test_distances_serve_in_place_of_vectors(score):
    distances = [pairwise_distances(Z, metric="cosine") for Z in P0]
    assert score(*distances, n_neighbors=5, metric="precomputed") == score(*P0, n_neighbors=5)


@pytest.mark.parametrize("score", [*BY_METRIC, cknna_score], ids=lambda score: score.__name__)
def test_what_cannot_be_searched_is_refused(score):
    with pytest.raises(ValueError, match="n_neighbors must be between 1 and the number"):
        score(*P0, n_neighbors=30)
    zero = np.where(np.arange(30)[:, None] == 3, 0, P0[0])
    with pytest.raises(ValueError, match="zeros, which have no direction.*row 3"):
        score(zero, P0[1])


def test_cknna_refuses_one_neighbor_and_three_samples():
    with pytest.raises(ValueError, match="'n_neighbors' parameter of cknna_score"):
        cknna_score(*P0, n_neighbors=1)
    with pytest.raises(ValueError, match="at least 4 samples, got 3"):
        cknna_score(P0[0][:3], P0[1][:3], n_neighbors=2)


def test_cknna_names_the_side_that_has_no_positive_hsic():
    """Rows at right angles have no inner products."""
    for pair, side in ((np.eye(30), P0[1]), "X"), ((P0[0], np.eye(30)), "Y"):
        with pytest.raises(ValueError, match=f"HSIC of {side} with itself is 0, not positive"):
            cknna_score(*pair, n_neighbors=5)


@pytest.mark.parametrize(("k", "message"), [(13, "at most 12 for 25"), (15, "at most 12")])
def test_adjusted_cycles_need_samples_that_can_be_missed(k, message):
    with pytest.raises(ValueError, match=message):
        cycle_knn_score(*P1, n_neighbors=k, adjusted=True)
    assert cycle_knn_score(*P1, n_neighbors=12, adjusted=True) <= 1


def test_adjusted_common_subsequences_have_their_limits():
    X, Y = noisy_pair(0, 60, 3, 3, 1.0)
    assert 0 < lcs_knn_score(X, Y, n_neighbors=40, adjusted=True) < 1
    with pytest.raises(ValueError, match="at most 40 for adjusted=True, got 41"):
        lcs_knn_score(X, Y, n_neighbors=41, adjusted=True)
    with pytest.raises(ValueError, match="adjusted=True needs three"):
        lcs_knn_score(X[:2], Y[:2], n_neighbors=1, adjusted=True)


def test_blocks_of_little_memory_change_nothing():
    X, Y = noisy_pair(0, 300, 40, 40, 1.0)
    expected = cknna_score(X, Y)
    with sklearn.config_context(working_memory=0.01):
        assert cknna_score(X, Y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [130, 200])
def test_long_lists_do_not_overflow(k):
    X = np.random.RandomState(0).randn(k + 1, 3)
    assert lcs_knn_score(X, X, n_neighbors=k) == 1
    assert edit_knn_score(X, X, n_neighbors=k) == 1
    Y = X[::-1]
    assert lcs_knn_score(X, Y, n_neighbors=k) == pytest.approx(
        literal.lcs_knn(X, Y, k, "cosine"), abs=1e-12
    )
