"""Figures of the gallery have words, and cards on which their panel can be read."""

import importlib.util
import pathlib
import re
from types import SimpleNamespace

import pytest

plt = pytest.importorskip("matplotlib.pyplot")
pytest.importorskip("sphinx_gallery")

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def gallery():
    specification = importlib.util.spec_from_file_location(
        "gallery_figures", ROOT / "doc" / "gallery_figures.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_figures_left():
    plt.close("all")
    yield
    plt.close("all")


def two_panels():
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    left.plot([1, 2], label="with a repair")
    left.set(title="Accuracy", xlabel="layer", ylabel="share right")
    left.legend()
    image = right.imshow([[1, 2], [3, 4]])
    right.set(title='"cka" < 1')
    fig.colorbar(image, ax=right, label="similarity")
    fig.legend(loc="outside lower center")
    return fig


def test_the_words_are_titles_axes_and_series(gallery):
    text = gallery.describe(two_panels())
    assert text == 'Accuracy: share right against layer; "cka" < 1; similarity; with a repair'


def test_a_title_of_axes_within_axes_counts(gallery):
    fig, ax = plt.subplots()
    ax.inset_axes([0, 1, 1, 0.2]).set_title("a tree above")
    assert gallery.describe(fig) == "a tree above"


def test_a_figure_without_words_raises(gallery):
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    with pytest.raises(ValueError, match="needs a title"):
        gallery.describe(fig)


@pytest.mark.parametrize("numbers", [[1], [2], [1, 2]])
def test_a_card_has_its_size_and_its_panels(gallery, numbers, tmp_path):
    fig = two_panels()
    gallery.draw_card(fig, tmp_path / "card.png", numbers)
    assert plt.imread(tmp_path / "card.png").shape[:2] == (420, 640)
    assert [ax.get_title() for ax in fig.axes] == [
        ("Accuracy", '"cka" < 1')[n - 1] for n in numbers
    ]
    assert fig.legends == []


@pytest.mark.parametrize("options", [{}, {"thumbnail_number": 2, "thumbnail_panels": [2]}])
def test_the_scraper_writes_words_and_a_card(gallery, options, tmp_path):
    from sphinx_gallery.scrapers import ImagePathIterator

    two_panels()
    two_panels().suptitle("second")
    paths = ImagePathIterator(str(tmp_path / "figure_{0:03}.png"))
    block_vars = {"image_path_iterator": paths, "file_conf": options, "multi_image": None}
    configuration = {
        "image_srcset": [],
        "matplotlib_animations": (False, None),
        "src_dir": str(tmp_path),
        "compress_images": (),
    }
    rst = gallery.scraper(SimpleNamespace(), block_vars, configuration)
    first, second = re.findall(":alt: (.*)", rst)
    assert first.startswith("Accuracy: ")
    assert "&quot;cka&quot; &lt; 1" in first
    assert second.startswith("second; ")
    card = tmp_path / f"figure_00{2 if options.get('thumbnail_panels') else 1}_card.png"
    assert card.exists()
    assert options["thumbnail_path"] == str(card)
    assert "thumbnail_number" not in options
    assert plt.get_fignums() == []


def test_examples_of_a_section_have_numbers_of_their_own():
    for folder in (ROOT / "examples").iterdir():
        numbers = [path.stem.split("_")[1] for path in folder.glob("plot_*.py")]
        assert len(set(numbers)) == len(numbers), folder.name


def test_figures_are_no_wider_than_their_column():
    for path in (ROOT / "examples").glob("*/plot_*.py"):
        for width in re.findall(r"figsize=\(([\d.]+),", path.read_text(encoding="utf-8")):
            assert float(width) <= 7.5, path.name
