import numpy as np
import pytest

from sksim.datasets import make_checkerboard, make_swirl
from sksim.datasets._densities import _swirl_probabilities


def test_entropy_of_the_swirl():
    _, entropy = make_swirl(1, return_entropy=True)
    assert entropy == pytest.approx(5.4916, abs=2e-4)


def test_points_follow_the_probabilities():
    p = _swirl_probabilities(16, 1.0)
    assert p.sum() == pytest.approx(1)
    X = make_swirl(100_000, n_levels=16, noise=1.0, random_state=0)
    counts = np.histogram2d(*X.T, bins=np.arange(17))[0]
    likely = p > 1e-4
    chi2 = ((counts - 1e5 * p)[likely] ** 2 / (1e5 * p[likely])).sum()
    assert chi2 < likely.sum() + 4 * np.sqrt(2 * likely.sum())
    assert counts[~likely].sum() < 1e5 * 2 * p[~likely].sum() + 10


def test_entropy_is_that_of_the_points():
    _, entropy = make_swirl(1, n_levels=8, noise=1.0, return_entropy=True)
    X = make_swirl(200_000, n_levels=8, noise=1.0, random_state=0)
    p = np.histogram2d(*X.T, bins=np.arange(9))[0].ravel() / len(X)
    p = p[p > 0]
    assert -(p * np.log2(p)).sum() / 2 == pytest.approx(entropy, abs=2e-3)


def test_swirl_is_repeatable():
    a, b = (make_swirl(50, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert a.dtype == np.uint8


@pytest.mark.parametrize(("n_cells", "cell_size"), [(1, 1), (2, 3), (4, 32)])
def test_checkerboard(n_cells, cell_size):
    X, entropy = make_checkerboard(
        20_000, n_cells=n_cells, cell_size=cell_size, return_entropy=True, random_state=0
    )
    side = 2 * n_cells * cell_size
    dark = (X // cell_size).sum(axis=1) % 2 == 0
    assert dark.all()
    assert X.min() == 0
    assert X.max() == side - 1
    assert entropy == pytest.approx(np.log2(side**2 / 2) / 2)
    cells = np.histogram2d(*X.T, bins=np.arange(0, side + 1, cell_size))[0]
    expected = 20_000 / (2 * n_cells**2)
    assert abs(cells[cells > 0] - expected).max() < 5 * np.sqrt(expected)
