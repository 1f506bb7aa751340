"""Displays of occurrence counts: data, curves, labels; never pixels."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.neighbors import KNeighborsTransformer
from sklearn.preprocessing import StandardScaler

from sksim.datasets import make_gaussian_hubs
from sksim.inspection import HubRankDisplay, KOccurrenceDisplay
from sksim.metrics import antihub_rate, k_occurrence, k_skewness
from sksim.utils import _optional

plt = pytest.importorskip("matplotlib.pyplot")

DISPLAYS = [KOccurrenceDisplay, HubRankDisplay]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def X():
    return make_gaussian_hubs(300, 60, n_classes=1, random_state=0)[0]


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("Display", DISPLAYS)
def test_the_three_sources_draw_the_same_counts(Display, X):
    Z = StandardScaler().fit_transform(X)
    N = k_occurrence(Z, n_neighbors=5)
    graph = KNeighborsTransformer(n_neighbors=5).fit_transform(Z)
    for display in (
        Display.from_occurrence(N, n_neighbors=5),
        Display.from_graph(graph, n_neighbors=5),
        Display.from_estimator(StandardScaler().fit(X), X, n_neighbors=5),
    ):
        np.testing.assert_allclose(display.occurrence, N)
        assert (display.n_queries, display.n_neighbors) == (300, 5)
        assert display.figure_ is display.ax_.figure
        assert "5-occurrence" in (display.ax_.get_xlabel(), display.ax_.get_ylabel())


@pytest.mark.parametrize("Display", DISPLAYS)
def test_queries_against_an_index(Display, X):
    estimator = KNeighborsTransformer(n_neighbors=5).fit(X[:200])
    display = Display.from_estimator(estimator, X[200:], n_neighbors=5)
    np.testing.assert_allclose(display.occurrence, k_occurrence(X[200:], X[:200], n_neighbors=5))
    assert display.n_queries == 100
    graph = Display.from_graph(estimator.transform(X[200:]), n_neighbors=5)
    np.testing.assert_allclose(graph.occurrence, display.occurrence)
    assert graph.n_queries == 100


@pytest.mark.parametrize("Display", DISPLAYS)
def test_construction_draws_nothing(Display):
    display = Display([3, 1, 2], n_neighbors=2)
    assert plt.get_fignums() == []
    assert display.plot() is display
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("Display", DISPLAYS)
def test_axes_and_style_of_the_caller(Display, X):
    _, ax = plt.subplots()
    display = Display.from_occurrence(k_occurrence(X), n_neighbors=10, ax=ax, color="red")
    assert display.ax_ is ax
    artist = display.line_ if Display is HubRankDisplay else display.bars_[0]
    color = artist.get_color() if Display is HubRankDisplay else artist.get_facecolor()
    assert color == "red" or color[:3] == (1, 0, 0)


@pytest.mark.parametrize("Display", DISPLAYS)
def test_two_displays_share_one_chance_curve(Display, X):
    first = Display.from_occurrence(k_occurrence(X), n_neighbors=10, name="before")
    second = Display.from_occurrence(
        k_occurrence(X[:, :3]), n_neighbors=10, name="after", ax=first.ax_
    )
    assert labels(second).count("no hubness") == 1
    assert any(text.startswith("before (") for text in labels(second))
    assert any(text.startswith("after (") for text in labels(second))
    fewer = k_occurrence(X[:30], X, n_neighbors=10)
    third = Display.from_occurrence(fewer, n_neighbors=10, n_queries=30, ax=first.ax_)
    assert labels(third).count("no hubness") == 2


def test_histogram_counts_samples(X):
    N = k_occurrence(X)
    display = KOccurrenceDisplay.from_occurrence(N, n_neighbors=10)
    tops = display.bars_[0].get_xy()
    counts = np.bincount(N.astype(int))
    heights = {x: y for x, y in tops if y > 0.5}
    np.testing.assert_allclose(max(heights.values()), counts.max())
    assert display.ax_.get_yscale() == "log"
    assert f"skewness {k_skewness(N):.2f}" in labels(display)


def test_histogram_shows_the_binomial_distribution(X):
    display = KOccurrenceDisplay.from_occurrence(k_occurrence(X), n_neighbors=10)
    where, height = display.line_.get_data()
    np.testing.assert_allclose(height, 300 * binom.pmf(where, 300, 10 / 300))
    assert height.min() >= 0.5
    assert height.sum() == pytest.approx(300, rel=0.02)


def test_histogram_of_fractional_counts():
    X = np.random.RandomState(0).randint(3, size=(50, 2))
    N = k_occurrence(X, n_neighbors=3)
    assert (N % 1).any()
    display = KOccurrenceDisplay.from_occurrence(N, n_neighbors=3)
    heights = display.bars_[0].get_xy()[:, 1]
    assert heights.max() == np.bincount(np.floor(N + 0.5).astype(int)).max()


def test_ranks(X):
    N = k_occurrence(X)
    display = HubRankDisplay.from_occurrence(N, n_neighbors=10, name="space")
    ranks, counts = display.line_.get_data()
    np.testing.assert_array_equal(counts, np.sort(N[N > 0])[::-1])
    np.testing.assert_array_equal(ranks, np.arange(1, counts.size + 1))
    assert (display.ax_.get_xscale(), display.ax_.get_yscale()) == ("log", "log")
    assert f"space (anti-hubs {antihub_rate(N):.1%})" in labels(display)
    extent = display.span_.get_extents().transformed(display.ax_.transData.inverted())
    assert extent.x0 == pytest.approx(counts.size + 0.5)
    assert extent.x1 == pytest.approx(300.5)


def test_ranks_show_the_binomial_distribution(X):
    display = HubRankDisplay.from_occurrence(k_occurrence(X), n_neighbors=10)
    ranks, counts = display.chance_.get_data()
    np.testing.assert_array_equal(counts, np.sort(counts)[::-1])
    assert counts[0] == binom.isf(0.5 / 300, 300, 10 / 300)
    assert counts.sum() == pytest.approx(3000, rel=0.01)


def test_ranks_without_antihubs():
    display = HubRankDisplay.from_occurrence([2, 3, 4], n_neighbors=3)
    assert display.span_ is None
    assert "anti-hubs 0.0%" in labels(display)


@pytest.mark.parametrize("Display", DISPLAYS)
@pytest.mark.parametrize("bad", [[[1, 2], [3, 4]], [1, -1], [1, np.nan], [1]])
def test_bad_counts(Display, bad):
    with pytest.raises(ValueError, match=r"occurrence|Negative|minimum of 2"):
        Display.from_occurrence(bad, n_neighbors=1)


@pytest.mark.parametrize("Display", DISPLAYS)
def test_missing_matplotlib_names_the_extra(Display, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(_optional.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=rf"{Display.__name__} needs matplotlib.*sksim\[plot\]"):
        Display([1, 2], n_neighbors=1).plot()


@pytest.mark.parametrize("Display", [KOccurrenceDisplay, HubRankDisplay])
def test_counts_of_no_neighbors_raise(Display):
    counts = np.arange(5.0)
    with pytest.raises(ValueError, match="n_neighbors must be an integer of at least 1, got 0"):
        Display.from_occurrence(counts, n_neighbors=0)
    with pytest.raises(ValueError, match="n_queries must be an integer of at least 1, got 0"):
        Display.from_occurrence(counts, n_neighbors=2, n_queries=0)
    with pytest.raises(ValueError, match="occurrence"):
        Display.from_occurrence(np.where(counts == 0, np.nan, counts), n_neighbors=2)
    assert not plt.get_fignums()
