"""Results show themselves: in a terminal, in a notebook, as a data frame."""

import ast
import pickle
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import Bunch

import sksim
from sksim.datasets import load_encoder_layers, load_sentence_embeddings, make_permuted_pair
from sksim.metrics import (
    cka_score,
    cross_similarity,
    diversity,
    hubness_report,
    neural_collapse,
    noise_ceiling,
    pairwise_similarity,
    permutation_test_similarity,
    rdm,
)
from sksim.neighbors import HubnessReducedNearestNeighbors, candidate_report
from sksim.utils import Result

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((60, 5)), RNG.standard_normal((60, 4))

RESULTS = {
    "hubness_report": lambda: hubness_report(X, y=np.arange(60) % 3),
    "pairwise_similarity": lambda: pairwise_similarity([X, Y]),
    "pairwise_similarity of many": lambda: pairwise_similarity([X] * 40),
    "cross_similarity": lambda: cross_similarity({"a": X}, {"b": X, "c": Y}),
    "permutation_test_similarity": lambda: permutation_test_similarity(X, Y, n_permutations=19),
    "neural_collapse": lambda: neural_collapse(X, np.arange(60) % 3),
    "candidate_report": lambda: candidate_report(
        HubnessReducedNearestNeighbors(backend="brute").fit(X)
    ),
    "diversity": lambda: diversity(X, X[:7]),
    "noise_ceiling": lambda: noise_ceiling([rdm(X[:, [i, i - 1]]) for i in range(4)]),
    "load_encoder_layers": load_encoder_layers,
    "load_sentence_embeddings": load_sentence_embeddings,
    "make_permuted_pair": lambda: make_permuted_pair(n_classes=7, random_state=0),
}


class Tables(HTMLParser):
    """Cells of the body's rows, and the elements that stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(params=RESULTS)
def result(request):
    return RESULTS[request.param]()


def test_text_is_short_and_narrow(result):
    lines = repr(result).splitlines()
    assert 1 < len(lines) <= 20
    assert max(map(len, lines)) <= 90
    assert str(result) == repr(result)


def test_html_is_whole_and_shows_what_the_text_shows(result):
    tables = Tables()
    tables.feed(result._repr_html_())
    assert not tables.open
    assert len(set(tables.rows)) == 1
    assert len(tables.rows) <= 16


def test_frame_holds_every_row_with_all_digits(result):
    frame = result.to_frame()
    table = result._table()
    assert list(frame.index) == list(table.rows)
    assert list(frame.columns) == list(table.columns)
    assert frame.shape == (len(table.rows), len(table.columns))


def test_pickles(result):
    copy = pickle.loads(pickle.dumps(result))
    assert type(copy) is type(result)
    assert repr(copy) == repr(result)


def test_the_table_holds_the_numbers():
    report = hubness_report(X)
    assert report.to_frame().loc["k_skewness", "null"] == report.k_skewness.null
    similarities = cross_similarity({"a": X}, {"b": X, "c": Y})
    assert similarities.to_frame().loc["a", "c"] == cka_score(X, Y)
    test = permutation_test_similarity(X, Y, n_permutations=99, random_state=0)
    score, null_scores, pvalue = test
    frame = test.to_frame()["value"]
    assert frame["score"] == score == test.score
    assert frame["p-value"] == pvalue == test.pvalue
    assert frame["null mean"] == null_scores.mean()
    assert frame["null 2.5 %"] < frame["null mean"] < frame["null 97.5 %"]


def test_text_of_a_result():
    result = Result(share=0.25, tiny=1e-7, n=3, none=None, rows=np.zeros((2, 3)), names=["a", "b"])
    assert repr(result) == "\n".join(
        [
            "        value",
            "share  0.2500",
            "tiny    1e-07",
            "n           3",
            "none        -",
            "rows: 2x3 ndarray",
            "names: list of 2",
        ]
    )
    assert repr(Result(rows=np.zeros((2, 3)))) == "rows: 2x3 ndarray"
    assert repr(Result()) == ""


def test_html_escapes():
    assert "<b>" not in Result(word="<b>", **{"<b>": 1.0})._repr_html_()


entries = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=200),
    st.lists(st.integers(), max_size=3),
    st.builds(np.zeros, st.integers(0, 3)),
)


@given(st.dictionaries(st.text(min_size=1, max_size=12), entries, max_size=60))
def test_any_entries_stay_within_twenty_lines(content):
    result = Result(**content)
    assert dict(result) == content or any(value != value for value in content.values())
    assert len(repr(result).split("\n")) <= 20
    result._repr_html_()
    result.to_frame()


def test_every_bunch_shows_itself():
    """No module makes a bare Bunch: what a user gets is a Result."""
    root = Path(sksim.__file__).parent
    bare = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if path.name != "_results.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "Bunch" for alias in node.names)
    ]
    assert not bare


def test_a_result_is_a_bunch():
    assert isinstance(Result(a=1), Bunch)
    assert Result(a=1).a == 1


def test_data_sets_as_frames():
    plain, framed = load_sentence_embeddings(), load_sentence_embeddings(as_frame=True)
    assert framed.data.shape == plain.data.shape
    assert list(framed.frame.columns) == [*framed.data.columns, "target"]
    np.testing.assert_array_equal(framed.data.to_numpy(), plain.data)
    np.testing.assert_array_equal(framed.target.to_numpy(), plain.target)
    data, target = load_sentence_embeddings(as_frame=True, return_X_y=True)
    assert data.equals(framed.data)
    assert target.equals(framed.target)
    layers = load_encoder_layers(as_frame=True)
    assert layers.layers["layer3"].columns[0] == "layer3_0"
    np.testing.assert_array_equal(layers.layer3.to_numpy(), load_encoder_layers().layer3)
    assert len(layers.target) == len(layers.lsa)
