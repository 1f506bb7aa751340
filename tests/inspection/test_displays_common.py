"""What all displays have in common: scikit-learn's conventions, held for every one of them."""

import inspect

import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString

from sksim import inspection
from sksim.inspection._docs import with_shared_entries
from sksim.utils import _optional
from sksim.utils._docstrings import documented_parameters
from sksim.utils.discovery import all_displays

plt = pytest.importorskip("matplotlib.pyplot")

SQUARE = np.array([[1.0, 0.7, 0.2], [0.7, 1.0, 0.3], [0.2, 0.3, 1.0]])
#: The positional arguments of each constructor, and its named ones.
ARGUMENTS = {
    "DepthLossDisplay": (([0.0, 0.5, 1.0], [3.0, 2.0, 1.0]), {}),
    "HubRankDisplay": (([3, 1, 2],), {"n_neighbors": 2}),
    "HubnessAccuracyDisplay": (([0.1, 0.3], [0.8, 0.7]), {"colors": ["a", "b"]}),
    "KOccurrenceDisplay": (([3, 1, 2],), {"n_neighbors": 2}),
    "LocalValueDisplay": (([1.0, 2.0, 4.0],), {}),
    "PermutationTestDisplay": (([0.1, 0.2, 0.15], 0.4, 0.25), {}),
    "RepresentationMapDisplay": ((SQUARE,), {}),
    "SampleGridDisplay": ((np.eye(4).reshape(4, 2, 2),), {}),
    "ScoreCurveDisplay": (([1, 2], [0.3, 0.4]), {"intervals": [[0.2, 0.4], [0.3, 0.5]]}),
    "SeedDistanceDisplay": (({"a": SQUARE, "b": SQUARE},), {}),
    "SimilarityMatrixDisplay": ((SQUARE,), {}),
    "SparseProbeDisplay": (([1, 2], [[0.5, 0.6], [0.7, 0.8]]), {}),
    "SpectrumDisplay": (([3.0, 2.0, 1.0],), {}),
    "TrainingCurveDisplay": (([{"train_loss": 2.0}, {"train_loss": 1.0}],), {}),
}
DISPLAYS = pytest.mark.parametrize(
    "Display", [obj for _, obj in all_displays()], ids=[name for name, _ in all_displays()]
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def made(Display):
    positional, named = ARGUMENTS[Display.__name__]
    return Display(*positional, **named)


def test_all_displays_are_here():
    assert set(ARGUMENTS) == {name for name, _ in all_displays()}
    assert set(ARGUMENTS) == {name for name in inspection.__all__ if name.endswith("Display")}


@DISPLAYS
def test_the_constructor_keeps_what_it_is_given_and_draws_nothing(Display):
    display = made(Display)
    assert plt.get_fignums() == []
    positional, named = ARGUMENTS[Display.__name__]
    parameters = inspect.signature(Display).parameters
    given = dict(zip(parameters, positional)) | named
    assert all(getattr(display, name) is value for name, value in given.items())
    assert "name" in parameters


@DISPLAYS
def test_plot_returns_the_display_with_axes_and_figure(Display):
    display = made(Display)
    assert display.plot() is display
    assert len(plt.get_fignums()) == 1
    assert display.figure_ is display.ax_.figure
    display.figure_.canvas.draw()


@DISPLAYS
def test_axes_of_the_caller(Display):
    ax = plt.subplots()[1]
    display = made(Display).plot(ax, name="one")
    assert display.ax_ is ax
    assert len(plt.get_fignums()) == 1
    legend = [] if ax.get_legend() is None else ax.get_legend().get_texts()
    assert any("one" in word for word in [ax.get_title(), *(text.get_text() for text in legend)])
    assert made(Display).plot(ax=display.ax_).ax_ is ax


@DISPLAYS
def test_attributes_are_documented(Display):
    display = made(Display).plot()
    found = {name for name in vars(display) if name.endswith("_") and not name.startswith("_")}
    entries = NumpyDocString(inspect.getdoc(Display))["Attributes"]
    assert found == {name for entry in entries for name in entry.name.split(", ")}


@DISPLAYS
def test_constructors_from_data_draw(Display):
    """Each takes axes and styles, and there is one at least."""
    methods = {
        name: member
        for name, member in inspect.getmembers(Display, inspect.ismethod)
        if name.startswith("from_")
    }
    assert methods
    for method in methods.values():
        parameters = inspect.signature(method).parameters
        assert parameters["ax"].default is None
        assert parameters["name"].default is None
        assert "style" in parameters
    assert list(inspect.signature(Display.plot).parameters)[1] == "ax"


@DISPLAYS
def test_methods_document_all_that_they_take(Display):
    """Shared entries are filled in, each at its place."""
    for name, method in inspect.getmembers(Display, callable):
        if name.startswith("from_") or name == "plot":
            taken = [one for one in inspect.signature(method).parameters if one != "self"]
            assert list(documented_parameters(method)) == taken, name
            (returned,) = NumpyDocString(inspect.getdoc(method))["Returns"]
            assert returned.name == "display"
            assert "{" not in returned.type


def test_an_entry_that_nothing_has_is_an_error():
    class Broken(inspection.LocalValueDisplay):
        """A display.

        Parameters
        ----------
        {color}
        """

    with pytest.raises(KeyError, match="color"):
        with_shared_entries(Broken)
    Broken.__doc__ = None  # as python -OO leaves it
    assert with_shared_entries(Broken) is Broken


@DISPLAYS
def test_missing_matplotlib_names_the_extra(Display, monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(_optional.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=rf"{Display.__name__} needs matplotlib.*sksim\[plot\]"):
        made(Display).plot()
