"""Spectra of representations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import SpectrumDisplay
from sksim.metrics import effective_rank, participation_ratio, spectral_slope


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("shape", [(60, 8), (12, 40)])
def test_numbers_are_those_of_the_measures(shape, rng):
    X = rng.randn(*shape) * np.arange(1, shape[1] + 1) ** -0.7 + 3
    display = SpectrumDisplay.from_representation(X, ranks=(2, 7))
    assert display.slope_ == pytest.approx(spectral_slope(X, ranks=(2, 7)))
    assert display.participation_ratio_ == pytest.approx(participation_ratio(X))
    assert display.effective_rank_ == pytest.approx(effective_rank(X))
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T))[::-1][: min(shape[0] - 1, shape[1])]
    np.testing.assert_allclose(display.line_.get_ydata(), eigenvalues / eigenvalues.sum())
    assert (display.ax_.get_xscale(), display.ax_.get_yscale()) == ("log", "log")
    assert display.marks_ == []


@given(slope=st.floats(0.1, 3), first=st.integers(1, 10), length=st.integers(2, 80))
def test_the_line_fits_where_logarithms_fall_evenly(slope, first, length):
    eigenvalues = 7 * np.arange(1, 121.0) ** -slope
    display = SpectrumDisplay(eigenvalues, ranks=(first, first + length)).plot()
    assert display.slope_ == pytest.approx(slope)
    ranks, fitted = display.fit_line_.get_data()
    assert (ranks[0], ranks[-1]) == (first, first + length)
    np.testing.assert_allclose(fitted, display.line_.get_ydata()[first - 1 : first + length])
    plt.close("all")


def test_sums_carry_the_two_numbers_of_dimensions():
    display = SpectrumDisplay([3.0, 2.0, 1.0]).plot(kind="cumulative", name="a")
    np.testing.assert_allclose(display.line_.get_ydata(), [0, 1 / 2, 5 / 6, 1])
    ratio = 36 / 14
    np.testing.assert_allclose(display.marks_[0].get_data(), [[ratio], [5 / 6 + (ratio - 2) / 6]])
    assert display.marks_[1].get_xdata() == pytest.approx([display.effective_rank_])
    assert labels(display) == [f"a (PR {ratio:.3g}, ER {display.effective_rank_:.3g})"]
    assert display.fit_line_ is None


def test_fits_where_there_are_eigenvalues_enough():
    assert SpectrumDisplay(np.ones(99)).plot().slope_ is None
    assert SpectrumDisplay(np.ones(99)).plot().ax_.get_legend() is None
    display = SpectrumDisplay(np.arange(1, 101.0) ** -1).plot(name="a", color="k")
    assert display.slope_ == pytest.approx(1)
    assert labels(display) == ["a (exponent 1.00)"]
    assert display.line_.get_color() == "k"


@pytest.mark.parametrize(
    ("eigenvalues", "arguments", "message"),
    [
        ([2.0, 1.0, 0.0], {}, "eigenvalues must be a vector of numbers above 0"),
        ([1.0, 2.0], {}, "the largest first"),
        ([[1.0, 2.0]], {}, "eigenvalues must be a vector"),
        ([2.0, 1.0], {"ranks": (1, 3)}, r"ranks=\(1, 3\) must end at most at the 2"),
        ([2.0, 1.0], {"ranks": (2, 1)}, "ranks must be two rising integers"),
    ],
)
def test_what_is_refused(eigenvalues, arguments, message):
    with pytest.raises(ValueError, match=message):
        SpectrumDisplay(eigenvalues, **arguments).plot()
    with pytest.raises(ValueError, match="kind .*cumulative"):
        SpectrumDisplay([2.0, 1.0]).plot(kind="sums")
    assert not plt.get_fignums()
