"""The same bits in every process: forked, spawned, nested, optimised, in any locale and folder."""

import json
import multiprocessing
import os
import pathlib
import pickle
import shutil
import subprocess
import sys

import joblib
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sksim.neighbors import HubnessReducedKNeighborsClassifier

pytest.importorskip("torch")

from tests.small_models import digest, small_data, small_models

ROOT = pathlib.Path(__file__).parents[1]
START_METHODS = multiprocessing.get_all_start_methods()
# Nobody, root included, can make a file there.
READ_ONLY = pathlib.Path("/proc")

DIGESTS = """
import json, locale, sys
sys.path.insert(0, {root!r})
locale.setlocale(locale.LC_ALL, "")
from tests.small_models import digest, small_data, small_models
digests = {{name: digest(model.fit(*small_data())) for name, model in small_models().items()}}
point = locale.localeconv()["decimal_point"]
print(json.dumps({{"digests": digests, "decimal point": point, "optimised": not __debug__}}))
"""


def fit_and_digest(model):
    return digest(model.fit(*small_data()))


@pytest.fixture(scope="module")
def expected():
    return {name: fit_and_digest(model) for name, model in small_models().items()}


@pytest.mark.parametrize("method", START_METHODS)
def test_children_answer_and_fit_as_the_parent(method, expected):
    fitted = [clone(model).fit(*small_data()) for model in small_models().values()]
    with multiprocessing.get_context(method).Pool(2) as pool:
        answers = pool.map_async(digest, fitted).get(timeout=300)
        refitted = pool.map_async(fit_and_digest, small_models().values()).get(timeout=300)
    assert answers == refitted == list(expected.values())


def test_a_pickle_answers_as_the_model(expected):
    for name, model in small_models().items():
        loaded = pickle.loads(pickle.dumps(model.fit(*small_data())))
        assert digest(loaded) == expected[name], name


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_jobs_within_jobs(backend):
    grid = {"n_neighbors": [3, 5], "reduction": ["csls", "mutual_proximity"]}

    def scores(n_jobs):
        classifier = HubnessReducedKNeighborsClassifier(n_jobs=n_jobs)
        search = GridSearchCV(classifier, grid, cv=3, n_jobs=n_jobs)
        return search.fit(*small_data()).cv_results_["mean_test_score"].tolist()

    with joblib.parallel_backend(backend):
        nested = scores(2)
    assert nested == scores(None)


def digests_of(*options, cwd=ROOT, **variables):
    process = subprocess.run(
        [sys.executable, *options, "-c", DIGESTS.format(root=str(ROOT))],
        cwd=cwd,
        env={**os.environ, **{name: str(value) for name, value in variables.items()}},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_the_seed_of_hashes_changes_nothing(expected):
    # That of the parent is drawn.
    assert digests_of(PYTHONHASHSEED=20)["digests"] == expected


def test_nothing_hangs_on_assertions(expected):
    got = digests_of("-O")
    assert got["optimised"]
    assert got["digests"] == expected


@pytest.mark.skipif(not READ_ONLY.is_dir(), reason="no folder that is read-only for everybody")
def test_no_folder_but_the_temporary_one_is_written(expected):
    folders = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "TORCH_HOME")
    got = digests_of(cwd=READ_ONLY, **dict.fromkeys(folders, READ_ONLY / "nowhere"))
    assert got["digests"] == expected


def test_a_locale_with_a_comma_for_the_decimal_point(tmp_path, expected):
    if shutil.which("localedef") is None or not pathlib.Path("/usr/share/i18n").is_dir():
        pytest.skip("no locale can be made here")
    locale = tmp_path / "de_DE.UTF-8"
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", locale], check=False)
    got = digests_of(LOCPATH=tmp_path, LC_ALL="de_DE.UTF-8")
    assert got["decimal point"] == ","
    assert got["digests"] == expected
