"""Every page of the documentation, looked at in a browser at the width of a desk and of a hand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import WIDTHS, browser, look_at, pages_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site that SKSIM_SITE names, or one without the figures of the gallery."""
    if "SKSIM_SITE" in os.environ:
        return Path(os.environ["SKSIM_SITE"])
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", folder / "doctrees"]
    environment = {**os.environ, "SKSIM_DOC_GALLERY": os.environ.get("SKSIM_DOC_GALLERY", "0")}
    subprocess.run([*command, ROOT / "doc", folder / "html"], check=True, env=environment)
    return folder / "html"


@pytest.fixture(scope="module")
def window():
    pytest.importorskip("selenium")
    with browser() as window:
        if window is None:
            pytest.skip("No Chromium with its driver was found.")
        yield window


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_or_broken(site, window, width):
    pages = pages_of(site)
    assert len(pages) > 100
    wrong = {}
    for page in pages:
        found = look_at(window, page, width)
        del found["scrolled"]  # a scroll bar shows the rest
        if any(found.values()):
            wrong[str(page.relative_to(site))] = {k: v[:3] for k, v in found.items() if v}
    assert wrong == {}


def test_formulas_are_set_without_a_network(site, window):
    look_at(window, site / "user_guide" / "hubness.html", WIDTHS[0])
    count = "return document.querySelectorAll('{}').length"
    n_formulas = window.execute_script(count.format(".math"))
    assert n_formulas > 10
    assert window.execute_script(count.format("mjx-container")) >= n_formulas
    outside = window.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in outside if not name.startswith("file://")] == []


def test_figures_of_the_gallery_say_what_they_show(site):
    images = [
        image
        for page in (site / "gallery").glob("*/plot_*.html")
        for image in re.findall(r"<img [^>]*sphx-glr-\w+-img[^>]*>", page.read_text())
    ]
    if not images:
        pytest.skip("The site was built without the figures of its gallery.")
    texts = {image: re.search('alt="([^"]*)"', image)[1] for image in images}
    names_of_files = [image for image, text in texts.items() if re.match(r"(plot \d|$)", text)]
    assert names_of_files == []


def test_the_audit_finds_what_is_wrong(window, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<body><div class='bd-article' style='width: 300px'>"
        "<p style='width: 900px'>too wide</p>"
        "<div style='overflow-x: hidden; width: 100px'><p style='width: 200px'>cut</p></div>"
        "<div style='overflow-x: auto'><p style='width: 900px'>scrolls</p></div>"
        "<img src='missing.png'></div><script>nonsense()</script></body>"
    )
    found = look_at(window, page, 400)
    assert any("too wide" in element for element in found["wide"])
    assert any("cut" in element for element in found["wide"])
    assert not any(element == "p: scrolls" for element in found["wide"])
    assert found["scrolled"]
    assert found["broken"]
    assert found["errors"]
