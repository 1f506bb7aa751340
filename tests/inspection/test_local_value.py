"""Histograms of local quantities."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import gmean
from sklearn.neighbors import kneighbors_graph

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import LocalValueDisplay
from sksim.metrics import local_intrinsic_dimension, ollivier_ricci_curvature


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def n_drawn(display):
    """The number of values, from the area under the outline of the histogram."""
    x, y = display.bars_[0].get_xy().T
    return abs(np.sum(np.diff(x) * y[:-1])) / np.diff(np.unique(x))[0]


def test_local_dimensions(rng):
    X, Y = rng.randn(60, 5), rng.randn(80, 5)
    display = LocalValueDisplay.from_representation(X, Y, n_neighbors=8, method="mom", name="a")
    dimensions = local_intrinsic_dimension(X, Y, n_neighbors=8, method="mom")
    np.testing.assert_array_equal(display.values, dimensions)
    assert display.center_ == pytest.approx(gmean(dimensions))
    assert labels(display) == [f"a (geometric mean {gmean(dimensions):.3g})"]
    np.testing.assert_array_equal(display.reference_line_.get_xdata(), [5, 5])
    assert display.ax_.get_xlabel() == "local dimension"
    assert n_drawn(display) == pytest.approx(60)


def test_an_edge_counts_once(rng):
    graph = kneighbors_graph(rng.randn(30, 2), 4)
    edges = ollivier_ricci_curvature(graph, edge_length="hops").edges
    display = LocalValueDisplay.from_graph(graph, edge_length="hops")
    assert len(display.values) == edges.nnz // 2
    assert display.center_ == pytest.approx(edges.data.mean())
    assert display.reference == 0.0
    again = LocalValueDisplay.from_values(csr_array(edges), ax=display.ax_)
    np.testing.assert_array_equal(again.values, display.values)
    assert again.reference_line_ is None


def test_values_that_are_infinite_are_counted_in_the_legend():
    display = LocalValueDisplay.from_values([1.0, 3.0, np.inf], center="median")
    assert display.center_ == 2.0
    assert labels(display) == ["median 2, 1 infinite"]
    assert n_drawn(display) == pytest.approx(2)


def test_centre_and_outline_have_one_colour():
    first = LocalValueDisplay.from_values([1.0, 2.0], name="first")
    second = LocalValueDisplay.from_values([2.0, 5.0], name="second", ax=first.ax_)
    colors = [display.bars_[0].get_facecolor()[:3] for display in (first, second)]
    assert colors[0] != colors[1]
    assert [display.center_line_.get_color() for display in (first, second)] == colors
    assert len(labels(second)) == 2


@pytest.mark.parametrize(
    ("values", "center", "message"),
    [
        ([1.0, np.nan], "mean", "values must hold a finite number and no NaN"),
        ([np.inf], "mean", "values must hold a finite number and no NaN"),
        ([0.0, 1.0], "geometric mean", "A geometric mean needs values above 0, got 0"),
        ([1.0], "middle", "center .*geometric mean"),
    ],
)
def test_what_is_refused(values, center, message):
    with pytest.raises(ValueError, match=message):
        LocalValueDisplay.from_values(values, center=center)
    assert not plt.get_fignums()
