"""Similarities of the layers of real networks, measured elsewhere with other code."""

import numpy as np
import pytest

from sksim.metrics import (
    cca_score,
    cka_score,
    cross_similarity,
    mutual_knn_score,
    pairwise_similarity,
    procrustes_distance,
    pwcca_score,
    rsa_score,
    svcca_score,
)

pytestmark = pytest.mark.slow

NAMES = [*(f"layer{i}" for i in range(7)), "lsa"]
#: Above the diagonal linear CKA, below it 2 - 2 times the Procrustes score.
LAYERS = """
-      0.9318 0.8773 0.7533 0.7068 0.6819 0.4930 0.3936
0.1339 -      0.9489 0.8560 0.7989 0.7762 0.5501 0.3714
0.2503 0.1106 -      0.9268 0.8651 0.8196 0.5540 0.3597
0.3775 0.2359 0.1244 -      0.9371 0.8590 0.5880 0.3457
0.4525 0.3282 0.2342 0.1317 -      0.9060 0.6153 0.3365
0.4698 0.3604 0.3026 0.2494 0.1714 -      0.6905 0.3400
0.7195 0.6884 0.6936 0.6762 0.6421 0.4925 -      0.3919
0.9075 0.9641 0.9969 1.0180 1.0342 1.0128 0.9687 -
"""


def arrays(data_folder, name):
    with np.load(data_folder / name) as stored:
        return {key: stored[key] for key in stored.files}


@pytest.fixture(scope="module")
def layers(data_folder):
    stored = arrays(data_folder, "agnews_layers.npz")
    return {name: stored[name].astype(np.float64) for name in NAMES}


def test_layers_against_each_other(layers):
    expected = np.array([row.split() for row in LAYERS.strip().splitlines()])
    np.fill_diagonal(expected, "nan")
    expected = expected.astype(float)
    upper, lower = np.triu_indices(8, k=1), np.tril_indices(8, k=-1)
    cka = pairwise_similarity(layers, "cka_biased")
    assert cka.labels == NAMES
    np.testing.assert_allclose(cka.values[upper], expected[upper], atol=6e-5)
    squared = 2 - 2 * pairwise_similarity(layers, "procrustes").values
    np.testing.assert_allclose(squared[lower], expected[lower], atol=6e-5)


def rsa_of_the_first(X, Y):
    return rsa_score(X[:1000], Y[:1000], rdm="euclidean")


def neighbors_of_the_first(X, Y):
    return mutual_knn_score(X[:1000], Y[:1000])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (cka_score, [0.4711, 0.5361, 0.5422, 0.5794, 0.6068, 0.6853, 1.0, 0.3538]),
        (cca_score, [0.5393, 0.5455, 0.5433, 0.5471, 0.5643, 0.6388, 1.0, 0.5541]),
        (svcca_score, [0.5635, 0.5475, 0.5563, 0.5660, 0.5883, 0.6945, 1.0, 0.4974]),
        (pwcca_score, [0.6283, 0.6550, 0.6617, 0.6722, 0.6920, 0.7742, 1.0, 0.5623]),
        (rsa_of_the_first, [0.5589, 0.5250, 0.4771, 0.4333, 0.4555, 0.5355, 1.0, -0.1277]),
        (neighbors_of_the_first, [0.2621, 0.2776, 0.2660, 0.2778, 0.2871, 0.3497, 1.0, 0.3074]),
    ],
)
def test_layers_against_the_last(layers, function, expected):
    values = [function(layers[name], layers["layer6"]) for name in NAMES]
    np.testing.assert_allclose(values, expected, atol=6e-5)


def test_float32_gives_the_same_scores(layers):
    single = [layers[name].astype(np.float32) for name in ("layer2", "layer6")]
    assert cka_score(*single) == pytest.approx(0.5422, abs=6e-5)
    assert procrustes_distance(*single, kind="unit") ** 2 == pytest.approx(0.6936, abs=6e-5)


@pytest.fixture(scope="module")
def networks(data_folder):
    stored = arrays(data_folder, "fmnist_mlp_layers.npz")
    return {
        net: [stored[f"{net}_layer{i}"].astype(np.float64) for i in range(1, 6)]
        for net in ("net0", "net1", "net2", "untrained")
    }


@pytest.mark.parametrize(
    ("metric", "largest", "right"),
    [("cka_biased", True, 9), ("procrustes_unit", False, 10), ("svcca", True, 0)],
)
def test_which_layer_of_another_network_is_most_alike(networks, metric, largest, right):
    """SVCCA cannot tell layers apart; linear CKA and Procrustes can."""
    found = 0
    for other in ("net1", "net2"):
        values = cross_similarity(networks["net0"], networks[other], metric).values
        best = values.argmax(axis=1) if largest else values.argmin(axis=1)
        found += int((best == np.arange(5)).sum())
    assert found == right


def test_the_same_layer_of_two_networks_and_before_training(networks):
    def along(function, other):
        pairs = zip(networks["net0"], networks[other], strict=True)
        return [function(X, Y) for X, Y in pairs]

    def biased(X, Y):
        return cka_score(X, Y, unbiased=False)

    def squared_procrustes(X, Y):
        return procrustes_distance(X, Y, kind="unit") ** 2

    for function, other, expected in (
        (biased, "net1", [0.9635, 0.9400, 0.9329, 0.9312, 0.9393]),
        (squared_procrustes, "net1", [0.0747, 0.0919, 0.0958, 0.0939, 0.0884]),
        (svcca_score, "net1", [0.7781, 0.8625, 0.9143, 0.9705, 0.9092]),
        (biased, "untrained", [0.7799, 0.6729, 0.5406, 0.4963, 0.2036]),
    ):
        np.testing.assert_allclose(along(function, other), expected, atol=6e-5)
