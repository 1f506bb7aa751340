"""Figures of the gallery: said in words, and drawn again for the cards of its index.

A card is 240 pixels wide: of a figure of several panels nothing could be read on it, nor the
labels of a wide one. So the card is drawn, not shrunk: one panel of the figure, at the size of a
card, with letters to match. An example may choose others by comments, which no page shows::

    # sphinx_gallery_thumbnail_number = 2
    # sphinx_gallery_thumbnail_panels = [1, 3]
"""

import html
import re
from pathlib import Path
from textwrap import fill, indent

from sphinx_gallery.scrapers import matplotlib_scraper

__all__ = ["describe", "draw_card", "scraper"]

#: Inches and pixels of a card, of the same shape as `thumbnail_size` in conf.py.
CARD_SIZE = (3.2, 2.1)
CARD_WIDTH = 640


def scraper(block, block_vars, gallery_conf):
    """Save the figures of a block; give them a text, and their example its card."""
    import matplotlib.pyplot as plt

    figures = [plt.figure(number) for number in plt.get_fignums()]
    texts = iter([describe(figure) for figure in figures])
    paths = block_vars["image_path_iterator"].paths
    n_before = len(paths)
    rst = matplotlib_scraper(block, block_vars, gallery_conf)
    options = block_vars["file_conf"]
    for number, (figure, path) in enumerate(zip(figures, paths[n_before:]), n_before + 1):
        if "thumbnail_path" not in options and number == options.get("thumbnail_number", 1):
            card = Path(path).with_name(f"{Path(path).stem}_card.png")
            draw_card(figure, card, options.get("thumbnail_panels", [1]))
            options.pop("thumbnail_number", None)  # it would win over the path
            options["thumbnail_path"] = str(card)
    rst = re.sub("(?<=:alt: ).*", lambda _: html.escape(next(texts)), rst)
    return f"\n.. container:: gallery-figure\n{indent(rst, '   ')}" if figures else ""


def describe(figure) -> str:
    """What a figure shows: its titles, what is drawn against what, and the names of the series."""
    texts = [figure.get_suptitle()]
    series = []
    for ax in [ax for parent in figure.axes for ax in (parent, *parent.child_axes)]:
        title = ", ".join(filter(None, (ax.get_title(loc) for loc in ("left", "center", "right"))))
        axes = " against ".join(filter(None, (ax.get_ylabel(), ax.get_xlabel())))
        texts.append(": ".join(filter(None, (title, axes))))
        series += ax.get_legend_handles_labels()[1]
    texts += [figure.get_supylabel(), figure.get_supxlabel(), ", ".join(dict.fromkeys(series))]
    text = "; ".join(dict.fromkeys(filter(None, texts)))
    if not text:
        raise ValueError("A figure of the gallery needs a title, or labels of its axes.")
    return " ".join(text.split())


def draw_card(figure, path, numbers=(1,)) -> None:
    """Save panels of a figure, by their numbers from 1, side by side at the size of a card.

    The figure is changed for good: the other panels, color bars and legends outside are gone.
    """
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    shown = [panels[number - 1] for number in numbers]
    for artist in [artist for ax in panels for artist in ax.get_children()]:
        if getattr(artist, "colorbar", None) is not None:
            artist.colorbar.remove()
    for ax in set(panels) - set(shown):
        ax.remove()
    for legend in list(figure.legends):
        legend.remove()
    grid = figure.add_gridspec(1, len(shown))
    for ax, place in zip(shown, grid):
        ax.set_subplotspec(place)
        _set_letters(ax, len(shown))
    if figure.get_supxlabel():
        figure.supxlabel(figure.get_supxlabel(), fontsize=8)
    figure.set_size_inches(CARD_SIZE)
    figure.savefig(path, dpi=CARD_WIDTH / CARD_SIZE[0])


def _set_letters(ax, n_panels: int) -> None:
    """Letters that can be read on a card, and those only that have room."""
    n_letters = 30 // n_panels
    ax.title.set_fontsize(10)
    ax.set_title(_wrapped(ax.get_title(), n_letters))
    ax.xaxis.label.set_fontsize(9)
    ax.yaxis.label.set(fontsize=9, text=_wrapped(ax.get_ylabel(), 26))
    ax.tick_params(labelsize=8)
    names = [text for text in ax.get_xticklabels() if text.get_text().strip("$")[:1].isalpha()]
    if len(names) > n_letters // 3:
        ax.tick_params(labelbottom=False)
    elif any("\n" in text.get_text() for text in names):
        ax.tick_params(axis="x", labelsize=6)
    elif sum(len(text.get_text()) for text in names) > n_letters:
        for text in [text for text in names if not text.get_rotation()]:
            text.set(rotation=30, ha="right", rotation_mode="anchor")
    legend = ax.get_legend()
    if legend is not None and (n_panels > 1 or len(legend.get_texts()) > 3):
        legend.remove()
    elif legend is not None:
        labels = [text.get_text() for text in legend.get_texts()]
        ax.legend(legend.legend_handles, labels, fontsize=7.5)
    for text in ax.texts:
        text.set(fontsize=7.5, visible=len(ax.texts) <= 20)


def _wrapped(text: str, n_letters: int) -> str:
    return "\n".join(fill(line, n_letters, break_long_words=False) for line in text.splitlines())
