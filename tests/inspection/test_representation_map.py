"""Maps of models: points in the plane and trees."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import RepresentationMapDisplay
from sksim.metrics import pairwise_similarity, procrustes_distance


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def models(rng):
    X = rng.randn(40, 4)
    return {f"model{i}": X + i * rng.randn(40, 4) for i in range(5)}


def words(artists):
    return [artist.get_text() for artist in artists]


def test_distances_of_the_plane_are_found_again(rng):
    D = squareform(pdist(rng.rand(9, 2)))
    display = RepresentationMapDisplay.from_matrix(D, metric="procrustes_angular")
    np.testing.assert_allclose(squareform(pdist(display.points_)), D, atol=1e-4)
    assert display.error_ < 1e-4
    assert display.linkage_ is None
    np.testing.assert_allclose(display.artists_[0].get_offsets(), display.points_)
    again = RepresentationMapDisplay.from_matrix(D, metric="procrustes_angular")
    np.testing.assert_array_equal(again.points_, display.points_)


def test_similarities_become_the_distance_of_their_measure(models):
    display = RepresentationMapDisplay.from_representations(models, metric="procrustes")
    names = list(models)
    expected = [[procrustes_distance(models[a], models[b]) for b in names] for a in names]
    np.testing.assert_allclose(display.distances_, expected, atol=1e-7)
    assert display.ax_.get_title() == "procrustes"
    assert words(display.text_) == names
    plane = squareform(pdist(display.points_))
    off_diagonal = ~np.eye(5, dtype=bool)
    error = np.abs(plane - display.distances_)[off_diagonal].mean()
    assert display.error_ == pytest.approx(error)
    assert f"{display.error_:.2g}" in display.ax_.get_xlabel()


def test_equal_models_share_a_place(models):
    models["copy"] = models["model1"]
    models["again"] = models["model1"]
    display = RepresentationMapDisplay.from_representations(models, metric="cka")
    np.testing.assert_allclose(display.points_[5:], display.points_[[1, 1]], atol=1e-2)
    same = RepresentationMapDisplay.from_representations([models["model1"]] * 3)
    np.testing.assert_allclose(same.points_, 0, atol=1e-3)


def test_tree(models):
    similarities = pairwise_similarity(models, "cka")
    groups = ["a", "b", "a", "b", "b"]
    display = RepresentationMapDisplay.from_matrix(
        similarities, metric="cka", kind="tree", groups=groups
    )
    condensed = squareform(display.distances_)
    expected = linkage(condensed, "average", optimal_ordering=True)
    np.testing.assert_array_equal(display.linkage_, expected)
    assert display.points_ is display.error_ is None
    assert sorted(words(display.text_)) == sorted(models)
    assert len(display.artists_) == 4
    heights = sorted(max(line.get_xdata()) for line in display.artists_)
    np.testing.assert_allclose(heights, sorted(expected[:, 2]))
    marks = {line.get_label(): line for line in display.ax_.lines[4:]}
    leaves = [display.text_[int(y)].get_text() for y in marks["a"].get_ydata()]
    assert sorted(leaves) == ["model0", "model2"]


def test_groups_and_names_of_points(models):
    groups = ["a", "b", "a", "b", "b"]
    display = RepresentationMapDisplay.from_representations(models, groups=groups, s=30)
    assert [artist.get_label() for artist in display.artists_] == ["a", "b"]
    np.testing.assert_array_equal(display.artists_[0].get_offsets(), display.points_[[0, 2]])
    assert words(display.ax_.get_legend().get_texts()) == ["a", "b"]
    assert display.plot(text=False).text_ == []
    many = np.eye(25)
    assert RepresentationMapDisplay(many).plot().text_ == []
    assert len(RepresentationMapDisplay(many).plot(text=True).text_) == 25


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        (np.eye(2), {}, "three or more representations"),
        (np.ones((3, 4)), {}, "values must be a square matrix"),
        (np.eye(3), {"labels": ["a"]}, "labels must hold one name for each of the 3"),
        (np.eye(3), {"groups": ["a"]}, "groups must hold one name for each of the 3"),
    ],
)
def test_what_is_refused(values, arguments, message):
    with pytest.raises(ValueError, match=message):
        RepresentationMapDisplay(values, **arguments).plot()
    with pytest.raises(ValueError, match="kind .*tree"):
        RepresentationMapDisplay(np.eye(3)).plot(kind="mds")
    assert not plt.get_fignums()
