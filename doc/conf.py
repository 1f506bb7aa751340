"""Configuration of the documentation."""

import csv
import io
import operator
import os
import pathlib
import re
import sys
import warnings

sys.path.insert(0, os.path.abspath("."))

from api_reference import API_REFERENCE
from citations import BibliographyStyle
from docutils import nodes
from pybtex.plugin import register_plugin

import sksim
from sksim._base import SksimEstimator

warnings.filterwarnings("ignore", category=UserWarning, message=".*non-interactive.*")

HERE = pathlib.Path(__file__).parent

project = "sksim"
author = "The sksim developers"
copyright = "2026, the sksim developers"
version = release = sksim.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
    "sphinx_gallery.gen_gallery",
]

exclude_patterns = ["_build", "_templates", "gallery/**/*.ipynb"]
templates_path = ["_templates"]
html_static_path = ["_static"]
root_doc = "index"
nitpicky = False
default_role = None

autosummary_generate = True
maximum_signature_line_length = 72
# Parameter lists have the types, in words.
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "docstrings"
bibtex_reference_style = "author_year"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Links to other projects' pages need the network; the build must not.
intersphinx_mapping = (
    {
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }
    if os.environ.get("SKSIM_DOC_ONLINE")
    else {}
)

# The bar of MathJax's own sign is thinner than a pixel in most places, and not drawn there.
mathjax3_config = {"tex": {"macros": {"top": r"{\mathsf{T}}"}}}

html_theme = "pydata_sphinx_theme"
html_title = "sksim"
html_logo = html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sksim"},
    "show_nav_level": 2,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": {"**": ["page-toc"], "how_do_i": []},  # it begins with its own
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_css_files = ["sksim.css"]
html_context = {"default_mode": "auto"}
# Pages that stand alone have no section to navigate.
STANDALONE_PAGES = [
    "bibliography",
    "changes",
    "citing",
    "coming_from",
    "contributing",
    "getting_started",
    "glossary",
    "how_do_i",
    "literature",
    "related_projects",
    "reliability",
    "roadmap",
    "troubleshooting",
]
html_sidebars: dict[str, list[str]] = {page: [] for page in STANDALONE_PAGES}


# Gallery sections in the order of the questions.
GALLERY_SECTIONS = [
    "hubness",
    "retrieval",
    "similarity",
    "geometry",
    "probing",
    "codes",
    "topics",
    "identifiability",
    "generative",
    "encoders",
]


def _link_to_this_site(gallery_conf, path):
    """Let the diagrams of estimators in an example link to the pages beside it."""
    up = "../" if pathlib.Path(path).parent.name == "examples" else "../../"
    page = "generated/{estimator_module}.{estimator_name}.html"
    SksimEstimator._doc_link_template = up + page


RUN_GALLERY = os.environ.get("SKSIM_DOC_GALLERY", "1") == "1"
sphinx_gallery_conf = {
    "reset_modules": ("matplotlib", _link_to_this_site),
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    # The scripts that need a database or a cluster are shown, not run.
    "filename_pattern": r"/(plot_|quickstart)",
    "ignore_pattern": r"__init__\.py",
    "subsection_order": [
        f"../examples/{name}"
        for name in GALLERY_SECTIONS
        if (HERE.parent / "examples" / name).is_dir()
    ],
    "within_subsection_order": "gallery_order.ByNumber",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sksim",),
    "plot_gallery": RUN_GALLERY,
    # Processes; what they print and draw is the same as one after the other.
    "parallel": 2 if RUN_GALLERY else False,
    "abort_on_example_error": True,
    "image_scrapers": ("gallery_figures.scraper",),
    "thumbnail_size": (640, 420),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    # Pages print what they show: the value of a block's last line is mostly a legend or an axis.
    "capture_repr": (),
}

suppress_warnings = ["config.cache"]


def _underlined(title: str, line: str) -> str:
    return f"{title}\n{line * len(title)}\n"


def _summaries(section: dict, *options: str) -> list[str]:
    """One sentence for each name of a section."""
    lines = [f".. currentmodule:: sksim.{section['module']}", ""]
    lines += [".. autosummary::", "   :nosignatures:", *(f"   {option}" for option in options), ""]
    return [*lines, *(f"   {entry}" for entry in section["entries"]), ""]


def _api_page(page: dict) -> str:
    lines = [_underlined(page["title"], "="), page["intro"], ""]
    for section in page["sections"]:
        lines += [_underlined(section["title"], "-")]
        lines += _summaries(section, ":toctree: ../generated/", ":template: autosummary/object.rst")
    return "\n".join(lines)


def _api_index() -> str:
    """Every public name on one page, by task."""
    lines = [_underlined("API reference", "="), "Every public name, by task.", ""]
    lines += [".. toctree::", "   :hidden:", "   :maxdepth: 1", ""]
    lines += [f"   {page['page']}" for page in API_REFERENCE] + [""]
    for page in API_REFERENCE:
        lines += [
            _underlined(page["title"], "-"),
            f"{page['intro']} More: :doc:`{page['page']}`.",
            "",
        ]
        for section in page["sections"]:
            if len(page["sections"]) > 1:
                lines += [f".. rubric:: {section['title']}", ""]
            lines += _summaries(section)
    return "\n".join(lines)


# Published systems by the question that their first name answers, the name by its place.
LITERATURE_QUESTIONS = {
    "Do two models represent the same thing?": {"similarity", "preprocessing"},
    "What is one representation like?": {"quality"},
    "What does a representation know?": {"probing", "distributions"},
    "How are neighbours, graphs and trees kept?": {"graphs", "manifold"},
    "How does one search, and with how few bytes?": {"retrieval", "codes", "neighbors"},
    "Can the vectors of the classes be fixed, or cut?": {"identifiability"},
    "What are generative models good for?": {"generative"},
    "What do learned encoders bring?": {"encoders"},
    "What are documents about?": {"topics"},
}
OUTCOMES = ("reproduced", "in part", "not", "not tried")


def _systems() -> list[dict[str, str]]:
    """The published systems of literature.csv, ``seen`` in two parts, and the room of each."""
    with (HERE / "literature.csv").open(newline="", encoding="utf-8") as file:
        systems = list(csv.DictReader(file))
    for system in systems:
        system["outcome"], _, system["detail"] = system["seen"].partition(":")
        first = operator.attrgetter(system["here"].split()[0])(sksim)
        _, package, room, *_ = first.__module__.split(".")
        system["room"] = room if package == "metrics" else package
    return systems


def _literature_row(system: dict[str, str]) -> list[str]:
    """What the paper claims, what was seen here, and the names."""
    claim = f": {system['claim']}" if system["claim"] else ""
    paper = f"{system['system']}, :cite:t:`{system['paper']}`{claim}."
    seen = f"**{system['outcome'].capitalize()}**{':' if system['detail'] else ''}"
    names = (f":obj:`~sksim.{name}`" for name in system["here"].split())
    example = f"; :doc:`example <gallery/{system['example']}>`" if system["example"] else ""
    return [paper, f"{seen}{system['detail']}.", ", ".join(names) + example]


def _literature_tables() -> str:
    """One table a question."""
    systems = _systems()
    counts = [sum(system["outcome"] == outcome for system in systems) for outcome in OUTCOMES]
    text = "Of {} systems, the claims of {} were reproduced, of {} in part, of {} not; {} could not"
    lines = [f"{text.format(len(systems), *counts)} be tried.", ""]
    for question, rooms in LITERATURE_QUESTIONS.items():
        rows = [_literature_row(system) for system in systems if system["room"] in rooms]
        lines += [_underlined(question, "-"), ".. list-table::", "   :header-rows: 1"]
        lines += ["   :widths: 36 38 26", "   :class: promises", ""]
        for row in [["The paper, and its claim", "What was seen here", "Name here"], *rows]:
            lines += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(row)]
        lines.append("")
    return "\n".join(lines)


def _promises() -> str:
    """What reliability_promises.csv promises, by the area, without the tests that hold it."""
    with (HERE / "reliability_promises.csv").open(newline="", encoding="utf-8") as file:
        promises = list(csv.DictReader(file))
    lines = []
    for area in dict.fromkeys(promise["area"] for promise in promises):
        lines.append(area)
        lines += [f"   - {row['promise']}" for row in promises if row["area"] == area]
    return "\n".join(lines) + "\n"


def _with_spread(row: dict[str, str]) -> dict[str, str]:
    """A row of a benchmark with the spread of a figure in the cell of the figure."""
    cells = {}
    for name, value in row.items():
        base, _, kind = name.rpartition(", ")
        if not (base and kind in {"mean", "sd", "lowest", "highest"}):
            cells[name] = value
        elif kind == "sd" and f"{base}, mean" in row:
            cells[base] += f" ({row[f'{base}, mean']} ± {value})"
        elif kind == "sd":
            cells[base] += f" ± {value}"
        elif kind == "highest":
            between = f"{row[f'{base}, lowest']} to {value}"
            cells[base] = f"{cells[base]} ({between})" if base in row else between
    return cells


def _table_with_spread(path: pathlib.Path) -> str:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [_with_spread(row) for row in csv.DictReader(file)]
    return _csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


# Where each public name is.
MODULES = {
    entry: section["module"]
    for page in API_REFERENCE
    for section in page["sections"]
    for entry in section["entries"]
}


def _call(text: str) -> str:
    """A link to the function of a call, and the arguments."""
    name, _, arguments = text.rstrip(")").partition("(")
    link = f":func:`{name} <sksim.metrics.{name}>`"
    return f"{link} with ``{arguments}``" if arguments else link


def _measure_table(path: pathlib.Path) -> str:
    """The table of measures with the name and the call of each in one cell, and signs for words."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = [[name for name in rows[0] if name != "function"]]
    for row in rows:
        name, call, *rest = row.values()
        rest = [re.sub(r"\binf\b", "∞", re.sub(r"\bpi\b", "π", cell)) for cell in rest]
        lines.append([f"| ``{name}``\n| {_call(call)}", *rest])
    return _csv_text(lines)


def _array_table(path: pathlib.Path) -> str:
    """The table of arrays without the columns that say the same in all rows, with links."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if len({row[name] for row in rows}) > 1]
    lines = [names]
    for row in rows:
        link = f":obj:`~sksim.{MODULES[row['name']]}.{row['name']}`"
        cells = (re.sub(r"\w+_\w+|backend='torch'", r"``\g<0>``", row[name]) for name in names[1:])
        lines.append([link, *cells])
    return _csv_text(lines)


def _runs_tables(path: pathlib.Path) -> dict[str, str]:
    """The runs of gamma_max.csv, a table for each data set, whose name and seeds it omits."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"data", "seeds"}]
    return {
        data: _csv_text(
            [names, *([row[name] for name in names] for row in rows if row["data"] == data)]
        )
        for data in dict.fromkeys(row["data"] for row in rows)
    }


def _csv_text(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _citation() -> str:
    entry = {
        "author": f"{{{author}}}",
        "title": "sksim: measure, repair and compare representations, the scikit-learn way",
        "year": copyright.partition(",")[0],
        "version": version,
    }
    lines = [f"{key:7s} = {{{value}}}," for key, value in entry.items()]
    lines = ["@software{sksim,", *(f"  {line}" for line in lines), "}"]
    return ".. code-block:: bibtex\n\n" + "".join(f"   {line}\n" for line in lines)


def _write_if_changed(path: pathlib.Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def _write_pages() -> None:
    """Write one page a task and the index of the pages, from api_reference.py; the systems."""
    _write_if_changed(HERE / "generated" / "literature_tables.inc", _literature_tables())
    _write_if_changed(HERE / "generated" / "promises.inc", _promises())
    _write_if_changed(HERE / "generated" / "citation.inc", _citation())
    for name in ("width", "width_full_k4", "width_full_k6", "distillation", "digits", "fashion"):
        table = f"identifiability_{name}.csv"
        text = _table_with_spread(HERE / "benchmarks" / table)
        _write_if_changed(HERE / "generated" / table, text)
    guide = HERE / "user_guide"
    for name in ("invariance_table.csv", "quality_table.csv"):
        _write_if_changed(HERE / "generated" / name, _measure_table(guide / name))
    _write_if_changed(
        HERE / "generated" / "array_table.csv", _array_table(guide / "array_table.csv")
    )
    for data, text in _runs_tables(HERE / "benchmarks" / "gamma_max.csv").items():
        _write_if_changed(HERE / "generated" / f"gamma_max_{data}.csv", text)
    for page in API_REFERENCE:
        _write_if_changed(HERE / "api" / f"{page['page']}.rst", _api_page(page))
    _write_if_changed(HERE / "api" / "index.rst", _api_index())


def _ensure_backreferences(app, *_):
    """Give each public name a list of examples, empty if no example uses it."""
    folder = HERE / "generated" / "backreferences"
    folder.mkdir(parents=True, exist_ok=True)
    for page in API_REFERENCE:
        for section in page["sections"]:
            for entry in section["entries"]:
                (folder / f"sksim.{section['module']}.{entry}.examples").touch()


def _skip_foreign_members(app, what, name, obj, skip, options):
    """Leave out what scikit-learn's mixins add: it is documented there, with links from there."""
    return True if (getattr(obj, "__module__", None) or "").startswith("sklearn.") else None


_ONE = r"[<+-]? ?\d+(\.\d+)?(e[+-]?\d+)?( ?%)?"
_DASH = "\N{EN DASH}"
NUMBER = re.compile(rf"{_DASH}|{_ONE}(( to | ± |{_DASH}){_ONE})?")


def _set_tables(app, doctree):
    """Set columns of numbers flush right, and mark the cells that hold nothing."""
    for group in doctree.findall(nodes.tgroup):
        rows = [row.children for body in group.findall(nodes.tbody) for row in body.children]
        heads = [row.children for head in group.findall(nodes.thead) for row in head.children]
        for cell in (cell for row in rows for cell in row if not cell.children):
            cell += nodes.paragraph("", _DASH)
        if len({len(row) for row in rows + heads}) > 1:
            continue  # some cells span several columns
        for place, column in enumerate(zip(*rows, strict=True)):
            texts = {cell.astext() for cell in column}
            if texts != {_DASH} and all(map(NUMBER.fullmatch, texts)):
                for cell in [*column, *(row[place] for row in heads)]:
                    cell["classes"].append("number")


def _unlink_addresses(app, doctree):
    """What looks like an address of mail is the recall at a rank, R@10."""
    for link in list(doctree.findall(nodes.reference)):
        if link.get("refuri", "").startswith("mailto:"):
            link.replace_self(nodes.Text(link.astext()))


def _straighten_quotes(app, doctree):
    """Write the values in the types of parameters as in code: default="auto"."""
    straight = {0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"}
    for kind in doctree.findall(nodes.classifier):
        for text in list(kind.findall(nodes.Text)):
            text.parent.replace(text, nodes.Text(text.translate(straight)))


def _break_names(app, pagename, templatename, context, doctree):
    """Let long names break between their words: in tables, and where they may fill a line."""
    ends = re.compile(r"(?<=[A-Za-z0-9][_.(/:])(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")

    def broken(html, length):
        names = rf'(?<=<span class="pre">)[^<]{{{length},}}|(?<=<h1>)\w{{{length},}}(?=<)'
        return re.sub(names, lambda name: ends.sub("<wbr>", name[0]), html)

    cells = re.compile(r"<td.*?</td>", re.DOTALL)
    body = cells.sub(lambda cell: broken(cell[0], 14), context.get("body", ""))
    context["body"] = broken(body, 28)


_write_pages()
register_plugin("pybtex.style.formatting", "docstrings", BibliographyStyle)


def setup(app):
    """Connect the hooks of this configuration."""
    app.connect("builder-inited", _ensure_backreferences, priority=900)
    app.connect("autodoc-skip-member", _skip_foreign_members)
    app.connect("doctree-read", _set_tables)
    app.connect("doctree-read", _unlink_addresses)
    app.connect("doctree-read", _straighten_quotes)
    app.connect("html-page-context", _break_names)
