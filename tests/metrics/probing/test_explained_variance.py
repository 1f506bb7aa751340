"""Share of variance by label: published values, factorial designs, chance, what is refused."""

import numpy as np
import pytest

from sksim.metrics import explained_variance_by_label
from tests.reference import oracles

y = np.arange(24) // 12
X = np.random.RandomState(0).randn(24, 5) + 2 * np.eye(2, 5)[y]


def test_known_values():
    assert explained_variance_by_label(X, y) == pytest.approx(0.166112704167, rel=1e-10)
    adjusted = explained_variance_by_label(X, y, adjusted=True)
    assert adjusted == pytest.approx(0.128208736175, rel=1e-10)
    assert adjusted == pytest.approx(oracles.explained_variance_by_label(X, y, adjusted=True))


def test_shares_of_a_balanced_factorial_design_add_up():
    a, b = np.repeat([0, 1, 2], 8), np.tile([0, 1], 12)
    cells = explained_variance_by_label(X, 2 * a + b)
    means = np.array([X[(a == i) & (b == j)].mean(axis=0) for i in range(3) for j in range(2)])
    rows = means.reshape(3, 2, 5)
    interaction = rows - rows.mean(axis=0) - rows.mean(axis=1, keepdims=True) + X.mean(axis=0)
    share = 4 * (interaction**2).sum() / ((X - X.mean(axis=0)) ** 2).sum()
    main = explained_variance_by_label(X, a) + explained_variance_by_label(X, b)
    assert main + share == pytest.approx(cells, rel=1e-12)


def test_chance_level():
    rng = np.random.RandomState(0)
    codes = np.arange(24) % 4
    draws = [
        (
            explained_variance_by_label(X, codes[order]),
            explained_variance_by_label(X, codes[order], adjusted=True),
        )
        for order in (rng.permutation(24) for _ in range(400))
    ]
    mean, error = np.mean(draws, axis=0), 4 * np.std(draws, axis=0) / 20
    assert abs(mean[0] - 3 / 23) < error[0]
    assert abs(mean[1]) < error[1]


def test_classes_of_equal_rows_explain_everything():
    assert explained_variance_by_label(np.repeat(X[:4], 3, axis=0), np.repeat(list("abcd"), 3)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.zeros(24)}, "y must hold two classes or more, got only"),
        ({"X": np.ones((24, 2))}, "X is constant"),
        ({"y": y[:-1]}, "X and y must hold the same samples"),
        ({"y": np.arange(24), "adjusted": True}, "as many classes as samples"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        explained_variance_by_label(**{"X": X, "y": y, **arguments})
