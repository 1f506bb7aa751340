import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.cluster.hierarchy import is_valid_linkage

from sksim.inspection import SimilarityMatrixDisplay
from sksim.metrics import cka_score, cross_similarity, pairwise_similarity


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def layers():
    """Six representations: two families of three, mixed up."""
    rng = np.random.RandomState(0)
    a, b = rng.randn(2, 50, 5)
    return {
        f"{name}{i}": base + 0.3 * rng.randn(50, 5)
        for i in range(3)
        for name, base in [("a", a), ("b", b)]
    }


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_one_set(layers):
    display = SimilarityMatrixDisplay.from_representations(layers)
    expected = pairwise_similarity(layers).values
    np.testing.assert_array_equal(display.image_.get_array(), expected)
    assert display.image_.get_clim() == (0, 1)
    assert display.image_.origin == "upper"
    assert ticks(display.ax_.xaxis) == ticks(display.ax_.yaxis) == list(layers)
    assert display.text_.shape == (6, 6)
    assert display.text_[0, 1].get_text() == f"{expected[0, 1]:.2f}"
    assert display.ax_.get_title() == "cka"
    assert display.linkage_ is None
    assert display.dendrogram_ax_ is None
    assert display.figure_ is display.ax_.figure


def test_two_sets_layer_by_layer(layers):
    others = dict(zip("xyzw", layers.values(), strict=False))
    display = SimilarityMatrixDisplay.from_representations(layers, others, metric="procrustes")
    expected = cross_similarity(layers, others, "procrustes").values
    np.testing.assert_array_equal(display.image_.get_array(), expected)
    assert display.image_.origin == "lower"
    assert ticks(display.ax_.xaxis) == list("xyzw")
    assert ticks(display.ax_.yaxis) == list(layers)
    (line,) = display.ax_.lines
    np.testing.assert_array_equal(line.get_xydata(), [[0, 0], [3, 5]])
    with pytest.raises(ValueError, match="one set"):
        display.plot(order="cluster")


@pytest.mark.parametrize(
    "metric", ["cka", "procrustes_angular", "pwcca", "procrustes_size_and_shape"]
)
def test_clustering_puts_families_together(layers, metric):
    display = SimilarityMatrixDisplay.from_representations(
        layers, metric=metric, order="cluster", dendrogram=True
    )
    names = [list(layers)[i] for i in display.order_]
    assert "".join(name[0] for name in names) in ("aaabbb", "bbbaaa")
    assert ticks(display.ax_.yaxis) == names
    assert is_valid_linkage(display.linkage_)
    assert len(display.dendrogram_ax_.lines) == 5
    expected = pairwise_similarity(layers, metric).values[np.ix_(display.order_, display.order_)]
    np.testing.assert_array_equal(display.image_.get_array(), expected)


def test_dendrogram_joins_neighbouring_columns(layers):
    display = SimilarityMatrixDisplay.from_representations(layers, dendrogram=True)
    xs = [line.get_xdata() for line in display.dendrogram_ax_.lines]
    assert min(x.min() for x in xs) == 0
    assert max(x.max() for x in xs) == 5


def test_scale_of_unbounded_and_of_plain_values():
    values = np.array([[0.0, 3.0], [3.0, 0.0]])
    unbounded = SimilarityMatrixDisplay(values, metric="rsm_norm").plot()
    assert unbounded.image_.get_clim() == (0, 3)
    assert unbounded.image_.cmap.name == "viridis_r"
    plain = SimilarityMatrixDisplay(values / 3).plot()
    assert plain.image_.get_clim() == (0, 1)
    assert plain.ax_.get_title() == ""
    own = SimilarityMatrixDisplay(values).plot(vmin=-1, vmax=5, cmap="magma")
    assert own.image_.get_clim() == (-1, 5)
    angular = SimilarityMatrixDisplay(values / 3, metric="procrustes_angular").plot()
    assert angular.image_.get_clim() == (0, pytest.approx(np.pi / 2))


def test_negative_values_are_marked_on_the_scale():
    display = SimilarityMatrixDisplay(np.array([[1, -0.02], [-0.02, 1]]), metric="cka").plot()
    assert display.image_.get_clim() == (0, 1)
    assert display.colorbar_.extend == "min"


def test_many_representations_have_no_numbers():
    display = SimilarityMatrixDisplay(np.eye(13)).plot()
    assert display.text_ is None
    assert display.plot(text=True).text_.shape == (13, 13)
    assert SimilarityMatrixDisplay(np.eye(2)).plot(text=False, colorbar=False).colorbar_ is None


def test_numbers_contrast_with_their_cells():
    display = SimilarityMatrixDisplay(np.array([[1.0, 0.0], [0.0, 1.0]])).plot()
    assert display.text_[0, 0].get_color() == "black"
    assert display.text_[0, 1].get_color() == "white"


def test_from_matrix_on_given_axes(layers):
    _, (left, right) = plt.subplots(1, 2)
    result = pairwise_similarity(layers, cka_score)
    display = SimilarityMatrixDisplay.from_matrix(result, metric=cka_score, name="CKA", ax=left)
    assert display.ax_ is left
    assert left.get_title() == "CKA"
    assert ticks(left.yaxis) == list(layers)
    renamed = SimilarityMatrixDisplay.from_matrix(
        result.values, row_labels=list("uvwxyz"), ax=right, name="other"
    )
    assert ticks(renamed.ax_.xaxis) == list("uvwxyz")


def test_bad_input():
    with pytest.raises(ValueError, match="must be square"):
        SimilarityMatrixDisplay(np.ones((2, 3))).plot()
    with pytest.raises(ValueError, match="row_labels must hold 2 labels, got 3"):
        SimilarityMatrixDisplay(np.eye(2), row_labels="abc").plot()
    with pytest.raises(ValueError, match="order must be"):
        SimilarityMatrixDisplay(np.eye(2)).plot(order="alphabet")
    with pytest.raises(ValueError, match="NaN"):
        SimilarityMatrixDisplay(np.full((2, 2), np.nan)).plot()
    with pytest.raises(ValueError, match="got .nonsense"):
        SimilarityMatrixDisplay(np.eye(2), metric="nonsense").plot()


def test_the_former_name_of_the_metric(layers):
    values = pairwise_similarity(layers, "procrustes_size_and_shape")
    expected = SimilarityMatrixDisplay.from_matrix(values, metric="procrustes_size_and_shape")
    with pytest.warns(FutureWarning, match="renamed to metric"):
        display = SimilarityMatrixDisplay.from_matrix(values, measure="procrustes_size_and_shape")
    assert display.metric == expected.metric
    assert display.image_.get_clim() == expected.image_.get_clim()
    with pytest.warns(FutureWarning, match="renamed to metric"):
        assert SimilarityMatrixDisplay(values.values, measure=cka_score).metric is cka_score


def test_unknown_order_proposes_the_known_one(layers):
    with pytest.raises(ValueError, match=r"order must be .* Did you mean 'cluster'\?"):
        SimilarityMatrixDisplay.from_representations(layers, order="clusters")
