"""Retrieval of partners: published values, chance, reductions, what is refused."""

import numpy as np
import pytest

from sksim.hubness import CSLS
from sksim.metrics import hit_rate_score, retrieval_precision_score
from sksim.neighbors import HubnessReducedNearestNeighbors


def mapped_words():
    """Least squares from one space to another, on two thirds of the rows; the rest are queries."""
    rows = [np.random.RandomState(seed) for seed in range(3)]
    X = rows[0].randn(30, 4)
    Y = X @ rows[1].randn(4, 5) + rows[2].randn(30, 5)
    affine = np.column_stack([X, np.ones(30)])
    coef = np.linalg.lstsq(affine[:20], Y[:20], rcond=None)[0]
    return affine[20:] @ coef, Y


@pytest.mark.parametrize(("n_neighbors", "expected"), [(1, 0.1), (3, 0.7), (5, 0.8)])
def test_known_values(n_neighbors, expected):
    Z, Y = mapped_words()
    partners = np.arange(20, 30)
    score = retrieval_precision_score(Z, Y, partners=partners, n_neighbors=n_neighbors)
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("reduction", ["csls", CSLS(n_neighbors=4), "dis_sim_local"])
def test_reduction_is_that_of_the_neighbor_search(reduction):
    rng = np.random.RandomState(0)
    Y = rng.randn(60, 8)
    Z = Y + rng.randn(60, 8)
    metric = "euclidean" if reduction == "dis_sim_local" else "cosine"
    search = HubnessReducedNearestNeighbors(reduction=reduction, metric=metric).fit(Y)
    indices = search.kneighbors(Z, n_neighbors=3, return_distance=False)
    expected = hit_rate_score(indices, np.arange(60)[:, None], n_neighbors=3)
    score = retrieval_precision_score(Z, Y, n_neighbors=3, metric=metric, reduction=reduction)
    assert 0 < score == expected


def test_queries_do_not_see_each_other():
    Z, Y = mapped_words()
    alone = [
        retrieval_precision_score(Z[i : i + 1], Y, partners=[20 + i], reduction="csls")
        for i in range(10)
    ]
    together = retrieval_precision_score(Z, Y, partners=np.arange(20, 30), reduction="csls")
    assert together == pytest.approx(np.mean(alone))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Y": np.eye(30, 3)}, "Z and Y must have the same number of features"),
        ({"partners": None}, "Z and Y must hold the same samples, one a row, got 10"),
        ({"partners": np.arange(9)}, "partners must be 10 integers"),
        ({"partners": np.linspace(0, 1, 10)}, "partners must be 10 integers"),
        ({"partners": np.arange(10) + 21}, "partners must be rows of Y, 0 to 29"),
        ({"n_neighbors": 31}, "at most the 30 rows of Y"),
        ({"reduction": "cssl"}, "Did you mean 'csls'"),
    ],
)
def test_what_is_refused(change, message):
    Z, Y = mapped_words()
    arguments = {"Z": Z, "Y": Y, "partners": np.arange(20, 30), **change}
    with pytest.raises(ValueError, match=message):
        retrieval_precision_score(arguments.pop("Z"), arguments.pop("Y"), **arguments)
