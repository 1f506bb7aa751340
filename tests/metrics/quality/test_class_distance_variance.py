"""Class-distance normalised variance: published values, normal classes, what is refused."""

import numpy as np
import pytest

from sksim.metrics import class_distance_normalized_variance, get_scorer, neural_collapse
from tests.reference.quality import pair_variance

y = np.repeat([0, 1, 2], 10)
X = np.random.RandomState(0).randn(30, 4) + 2 * np.eye(3, 4)[y]


def test_known_values():
    matrix = class_distance_normalized_variance(X, y, average=False)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.isnan(np.diag(matrix)).all()
    pairs = matrix[np.triu_indices(3, 1)]
    np.testing.assert_allclose(pairs, [0.241765838753, 0.363773561453, 0.352178313610], rtol=1e-11)
    value = class_distance_normalized_variance(X, y)
    assert value == pytest.approx(0.319239237939, rel=1e-11)
    assert neural_collapse(X, y).nc1_cdnv == value


def test_matrix_is_in_the_order_of_the_labels():
    names = np.array(["c", "a", "b"])[y]
    matrix = class_distance_normalized_variance(X, names, average=False)
    assert matrix[0, 1] == pytest.approx(pair_variance(X[names == "a"], X[names == "b"]))
    assert matrix[0, 2] == pytest.approx(pair_variance(X[names == "a"], X[names == "c"]))


def test_normal_classes():
    """d sigma^2 over the squared distance of the means."""
    rng = np.random.RandomState(0)
    labels = np.repeat([0, 1], 5000)
    Z = 0.7 * rng.randn(10000, 8) + 3 * labels[:, None]
    assert class_distance_normalized_variance(Z, labels) == pytest.approx(0.49 / 9, rel=0.03)


def test_sizes_differ():
    labels = np.r_[np.zeros(20), np.ones(8), 2, 2]
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = np.mean([pair_variance(X[labels == a], X[labels == b]) for a, b in pairs])
    assert class_distance_normalized_variance(X, labels) == pytest.approx(expected)


def test_scorer_prefers_less():
    scorer = get_scorer("neg_class_distance_normalized_variance")

    class Frozen:
        def transform(self, Z):
            return Z

    assert scorer(Frozen(), X, y) == -class_distance_normalized_variance(X, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.zeros(30)}, "at least 2 classes, got 1"),
        ({"y": np.arange(30)}, "got one for 30 of 30 classes"),
        ({"y": y[:-1]}, "X and y must hold the same samples"),
        ({"X": np.vstack([X[:15], X[:15]]), "y": np.arange(30) // 15}, "class means must differ"),
        ({"X": np.ones((30, 2))}, "X is constant"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        class_distance_normalized_variance(**{"X": X, "y": y, **arguments})
