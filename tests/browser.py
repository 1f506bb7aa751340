"""What a person would see broken on a page of the documentation, found by a browser.

``python tests/browser.py FOLDER`` looks at every page of a built site and prints what is cut off,
broken or logged as an error, and, with ``--scrolled``, what needs a scroll bar.
"""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WIDTHS = (1400, 400)

#: Elements of the article that reach beyond its column, and are neither in a box that scrolls
#: nor, for the whole page, hidden. What a box without a scroll bar hides is cut off too.
_AUDIT = r"""
const wide = [], scrolled = [], broken = [];
const column = document.querySelector('.bd-article') || document.body;
const limit = Math.min(column.getBoundingClientRect().right, window.innerWidth) + 1;
const scrolls = (e) => {
  for (let a = e.parentElement; a && a !== document.body; a = a.parentElement) {
    const o = getComputedStyle(a).overflowX;
    if ((o === 'auto' || o === 'scroll') && a.scrollWidth > a.clientWidth) return true;
  }
  return false;
};
const name = (e) => e.tagName.toLowerCase() + (e.className && e.className.baseVal === undefined
  ? '.' + String(e.className).trim().replace(/\s+/g, '.') : '')
  + ': ' + Array.from((e.innerText || e.alt || '').trim().replace(/\s+/g, ' '))
    .slice(0, 60).join('');
for (const e of column.querySelectorAll('*')) {
  if (e.closest(
      'mjx-container, span.math, .sd-d-none, .visually-hidden, details:not([open]) > :not(summary)'
  )) continue;
  const r = e.getBoundingClientRect();
  if (r.width === 0 || r.height === 0) continue;
  const style = getComputedStyle(e);
  if (style.visibility === 'hidden') continue;
  if (r.right > limit && !scrolls(e)) wide.push(name(e));
  if (e.scrollWidth <= e.clientWidth + 1 || style.display === 'inline') continue;
  if (style.overflowX === 'hidden' || style.overflowX === 'clip') wide.push('hidden ' + name(e));
  if (style.overflowX === 'auto' || style.overflowX === 'scroll') scrolled.push(name(e));
}
for (const image of document.images)
  if (image.complete && image.naturalWidth === 0) broken.push(image.src);
if (document.documentElement.scrollWidth > window.innerWidth + 1) wide.push('the page itself');
return {wide, scrolled, broken};
"""


@contextmanager
def browser() -> Iterator:
    """Headless Chromium; None where there is none."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        yield None
        return
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield window
    finally:
        window.quit()


def look_at(window, page: Path, width: int) -> dict[str, list[str]]:
    """What is wrong with a page at a width: by kind, the elements and messages."""
    # Of the device, not the window, which has a least width.
    metrics = {"width": width, "height": 1200, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    window.get(page.resolve().as_uri())
    window.execute_async_script(
        "const done = arguments[0]; const f = window.MathJax && MathJax.startup && "
        "MathJax.startup.promise; (f || Promise.resolve()).then(() => done());"
    )
    found = window.execute_script(_AUDIT)
    # Answers of servers are theirs: a site from files has no search index or version list.
    errors = [entry["message"] for entry in window.get_log("browser")]
    return {**found, "errors": [text for text in errors if "file://" in text]}


def pages_of(site: Path) -> list[Path]:
    """The pages of a built site."""
    return sorted(
        page
        for page in site.rglob("*.html")
        if "_static" not in page.parts and "_downloads" not in page.parts
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--only", default="", help="pages whose path contains this")
    parser.add_argument("--scrolled", action="store_true")
    arguments = parser.parse_args()
    with browser() as window:
        if window is None:
            raise SystemExit("No Chromium with its driver was found.")
        for page in pages_of(arguments.site):
            if arguments.only not in str(page):
                continue
            for width in WIDTHS:
                found = look_at(window, page, width)
                if not arguments.scrolled:
                    found.pop("scrolled")
                for kind, elements in found.items():
                    for element in dict.fromkeys(elements):
                        print(f"{page.relative_to(arguments.site)} {width} {kind}: {element}")
