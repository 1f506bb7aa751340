"""The scripts on real data run on made data of their shape; their statistics are right."""

import csv
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import binom

FOLDER = pathlib.Path(__file__).parents[1] / "doc" / "benchmarks"
N = 120


@pytest.fixture(scope="module")
def evidence():
    sys.path.insert(0, str(FOLDER))
    try:
        import _evidence
    finally:
        sys.path.remove(str(FOLDER))
    return _evidence


@pytest.fixture(scope="module")
def made_data(tmp_path_factory):
    """Small files with the fields of the real ones."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    y = np.arange(N, dtype=np.uint8) % 4
    X = (3 * np.eye(4, 12)[y] + rng.standard_normal((N, 12))).astype(np.float16)
    unique = np.ones(N, dtype=bool)
    unique[-1] = False
    parts = {}
    for part in ("train", "test"):
        parts |= {f"X_{part}": X, f"y_{part}": y, f"unique_{part}": unique}
    parts["X_test"] = (X + rng.standard_normal(X.shape)).astype(np.float16)
    for name in ("newsgroups20_minilm", "agnews_minilm"):
        np.savez(folder / f"{name}.npz", **parts)
    long_and_short = (X * rng.uniform(0.2, 3, (N, 1))).astype(np.float16)
    np.savez(folder / "agnews_layers.npz", layer6=long_and_short, lsa=long_and_short, y=y)
    counts = sparse.csr_array(rng.poisson(0.3, (N, 60)) + np.eye(N, 60, dtype=int))
    csr = {key: getattr(counts, key) for key in ("data", "indices", "indptr")}
    np.savez(folder / "dexter.npz", **csr, shape=np.array(counts.shape), y=np.sign(y - 1.5))
    views = {}
    for language in ("en", "de"):
        views |= {f"{language}_gallery": X, f"{language}_query": parts["X_test"]}
        views[f"{language}_bank"] = rng.standard_normal((90, 12)).astype(np.float16)
    np.savez(folder / "multi30k_retrieval.npz", **views)
    pairs = np.column_stack([np.arange(N), np.arange(N)]).astype(np.int32)
    words = {"X_src": X.astype(np.float32), "X_tgt": parts["X_test"].astype(np.float32)}
    np.savez(folder / "bli_it_en.npz", **words, train_pairs=pairs[:90], test_pairs=pairs[90:])
    return folder


def run(script, made_data, output, *arguments):
    environment = os.environ | {"SKSIM_DATA": str(made_data), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(FOLDER / f"{script}.py"), *arguments, "--output", str(output)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_classification(made_data, tmp_path):
    tasks = ["agnews_lsa", "dexter"]
    run("bench_evidence_classification", made_data, tmp_path, "--size", "110", "--tasks", *tasks)
    for task in tasks:
        chance, plain, *reduced = read(tmp_path / f"evidence_{task}.csv")
        assert chance["reduction"] == "no hubness: chance"
        assert plain["reduction"] == "none"
        assert len(reduced) > 15
        for row in [plain, *reduced]:
            low, high = map(float, row["95 % interval"].split(" to "))
            assert low <= float(row["error, %"]) <= high
        n_queries = 110 if task == "dexter" else 33
        for row in reduced:
            fewer = int(row["repaired"]) - int(row["broken"])
            change = float(plain["error, %"]) - float(row["error, %"])
            assert change == pytest.approx(100 * fewer / n_queries, abs=0.02)
    run("bench_evidence_summary", made_data, tmp_path)
    assert [row["data"] for row in read(tmp_path / "evidence_summary.csv")] == tasks[:2]


def test_retrieval(made_data, tmp_path):
    arguments = ["--size", "60", "--n-classes", "50", "--n-iterations", "3"]
    run("bench_evidence_retrieval", made_data, tmp_path, *arguments)
    for task in ("captions_en", "captions_de", "lexicon", "mixture"):
        _, *rows = read(tmp_path / f"evidence_{task}.csv")
        assert len(rows) >= 4
        for row in rows:
            recalls = [float(row[f"R@{depth}, %"]) for depth in (1, 5, 10)]
            assert 0 < recalls[0] <= recalls[1] <= recalls[2] <= 100


@pytest.mark.parametrize(("repaired", "broken"), [(5, 1), (3, 3), (0, 8)])
def test_paired_test_is_the_exact_mcnemar_test(evidence, repaired, broken):
    before = np.r_[np.zeros(repaired, bool), np.ones(broken, bool), np.ones(4, bool)]
    after = np.r_[np.ones(repaired, bool), np.zeros(broken, bool), np.ones(4, bool)]
    result = evidence.paired_test(after, before)
    n = repaired + broken
    expected = min(1, 2 * binom.cdf(min(repaired, broken), n, 0.5))
    assert (result["repaired"], result["broken"]) == (repaired, broken)
    assert float(result["p"]) == pytest.approx(expected, abs=6e-4)


def test_no_change_is_no_evidence(evidence):
    right = np.array([True, False, True])
    assert evidence.paired_test(right, right) == {"repaired": 0, "broken": 0, "p": "1.000"}


def test_interval_is_wilsons(evidence):
    z, n, p = 1.959963984540054, 200, 0.15
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = map(float, evidence.interval(30, 200).split(" to "))
    assert (low, high) == pytest.approx((100 * (center - half), 100 * (center + half)), abs=0.051)


def test_chance_is_that_of_neighbours_drawn_at_random(evidence):
    rng = np.random.default_rng(0)
    lists = np.array([rng.choice(1000, 10, replace=False) for _ in range(1000)])
    drawn = evidence.hubness_figures(lists, 1000)
    chance = evidence.chance_figures(1000, 1000, 10)
    assert float(drawn["skewness"]) == pytest.approx(float(chance["skewness"]), abs=0.2)
    assert float(drawn["Robin Hood"]) == pytest.approx(float(chance["Robin Hood"]), abs=0.01)
    assert float(drawn["largest count"]) == pytest.approx(float(chance["largest count"]), abs=5)


@pytest.mark.parametrize("page", ["evidence"])
def test_every_table_of_the_page_was_written(page):
    tables = re.findall(r":file: (\S+)", (FOLDER / f"{page}.rst").read_text())
    assert tables
    assert [table for table in tables if not (FOLDER / table).is_file()] == []


def test_every_guard_of_the_page_on_predecessors_exists():
    """The page names tests; each of them is defined where it says."""
    text = (FOLDER / "predecessors.rst").read_text()
    named = re.findall(r"``(tests/[\w/]+\.py)::(\w+)``", text)
    assert len(named) >= 15
    root = FOLDER.parents[1]
    missing = [name for path, name in named if f"def {name}(" not in (root / path).read_text()]
    assert missing == []


def test_dependencies_have_no_upper_caps():
    """A pinned scikit-learn was why the predecessor could not be installed any more."""
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]
    assert project["dependencies"]
    capped = [line for line in project["dependencies"] if re.search("<|==|~=", line)]
    assert capped == []
