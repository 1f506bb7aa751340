"""Methods from outside the package, by what the page for contributors says and nothing else."""

import dataclasses
import importlib
import pathlib
import re
import textwrap

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, kneighbors_graph
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from sksim.hubness import NICDM
from sksim.metrics import (
    _registry,
    get_scorer,
    get_scorer_names,
    pairwise_similarity,
    permutation_test_similarity,
    records,
)
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)
from sksim.utils.estimator_checks import check_measure, check_sksim_estimator

PAGE = pathlib.Path(__file__).parents[1] / "doc" / "contributing.rst"
X, y = load_iris(return_X_y=True)
y = y % 2  # versicolor between the others: scales matter


def documented(file_name):
    """The code on the page for contributors that belongs into a file."""
    block = rf"\.\. code-block:: python\n   :caption: {re.escape(file_name)}\n\n((?:   .*\n|\n)+)"
    code = "\n".join(textwrap.dedent(part) for part in re.findall(block, PAGE.read_text()))
    assert code, f"{PAGE} has no code for {file_name}"
    return code


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Import of a documented file from a folder outside the package."""
    folder = tmp_path_factory.mktemp("outside")

    def module(name):
        path = folder / f"{name}.py"
        if not path.exists():
            path.write_text(documented(path.name))
        return importlib.import_module(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield module


@pytest.fixture(scope="module")
def my_reductions(outside):
    return outside("my_reductions")


@pytest.fixture(scope="module", params=["DensityScaling", "PlainDensityScaling"])
def reduction(my_reductions, request):
    return getattr(my_reductions, request.param)()


def test_a_reduction_passes_the_common_checks(my_reductions):
    check_estimator(my_reductions.DensityScaling())
    check_sksim_estimator(my_reductions.DensityScaling())


def test_a_reduction_is_the_formula_of_the_page(my_reductions):
    D = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 4.0], [1.0, 4.0, 0.0]])
    mean = np.array([1.5, 3.0, 2.5])
    reduced = my_reductions.DensityScaling(alpha=0.5).fit_transform(D)
    np.testing.assert_allclose(reduced, D / (0.5 + mean))


def test_a_reduction_is_a_step_of_a_pipeline(my_reductions):
    """From vectors over graphs to labels, with scikit-learn's own steps around it."""
    graphs = KNeighborsTransformer(n_neighbors=20, mode="distance")
    classifier = KNeighborsClassifier(n_neighbors=5, metric="precomputed")
    pipeline = make_pipeline(graphs, my_reductions.DensityScaling(), classifier)
    assert pipeline.fit(X, y).score(X, y) > 0.9
    grid = {"densityscaling__alpha": [0.1, 1.0, 1e6]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1


def test_a_reduction_is_searched_in_a_grid(reduction):
    """``reduction=`` takes it, and its parameters have their usual names."""
    pipeline = make_pipeline(StandardScaler(), HubnessReducedKNeighborsClassifier())
    step = "hubnessreducedkneighborsclassifier__reduction"
    alphas = [0.1, 1.0, 1e6]
    grid = [{step: [reduction], f"{step}__alpha": alphas}, {step: [None, "nicdm"]}]
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores[:3])) > 1
    assert scores[2] == scores[3]  # a large alpha changes no order


def test_a_transformer_that_knows_nothing_of_sksim_gives_the_same_graph(my_reductions):
    def graphs(reduction):
        transformer = HubnessReducedKNeighborsTransformer(n_neighbors=8, reduction=reduction)
        points = np.unique(X, axis=0)
        return transformer.fit(points[::2]), transformer.transform(points[1::2])

    for one, other in zip(
        graphs(my_reductions.DensityScaling(0.3)), graphs(my_reductions.PlainDensityScaling(0.3))
    ):
        if hasattr(one, "toarray"):
            np.testing.assert_array_equal(one.indices, other.indices)
            np.testing.assert_allclose(one.data, other.data)


def test_functions_and_pipelines_are_reductions(my_reductions):
    squares = FunctionTransformer(lambda graph: graph.multiply(graph))
    chain = make_pipeline(NICDM(5), my_reductions.DensityScaling())
    for transformer in (squares, chain):
        classifier = HubnessReducedKNeighborsClassifier(reduction=transformer)
        assert classifier.fit(X, y).score(X, y) > 0.9


@pytest.fixture(scope="module")
def my_measures(outside):
    """The measures of the page, registered for these tests only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_registry, "_RECORDS", dict(_registry._RECORDS))
        yield outside("my_measures")


def test_a_measure_passes_the_common_checks(my_measures):
    check_measure(my_measures.record)


def test_a_measure_that_claims_too_much_does_not(my_measures):
    claims = my_measures.record.invariances
    for wrong in (claims | {"translation"}, claims - {"scale"}):
        with pytest.raises(AssertionError):
            check_measure(dataclasses.replace(my_measures.record, invariances=wrong))


def test_a_measure_is_found_by_its_name(my_measures):
    layers = {"whole": X, "centred": X - X.mean(axis=0), "half": X[:, :2]}
    values = pairwise_similarity(layers, metric="kernel_alignment").values
    expected = my_measures.kernel_alignment_score(X, X[:, :2])
    assert values[0, 2] == pytest.approx(expected)
    score, null_scores, p_value = permutation_test_similarity(
        X, X[:, :2], "kernel_alignment", n_permutations=19, random_state=0
    )
    assert score == values[0, 2]
    assert p_value == 1 / 20


def test_a_measure_is_found_by_a_grid(my_measures):
    assert "kernel_alignment" in get_scorer_names()
    scoring = get_scorer("kernel_alignment")
    grid = {"n_components": [1, 2, 3]}
    search = GridSearchCV(PCA(), grid, scoring=scoring, cv=3, error_score="raise").fit(X, X)
    assert search.best_params_ == {"n_components": 3}


def test_a_measure_names_its_arguments(my_measures):
    for name, arguments in {"X": (X[0], X), "Y": (X, X[0])}.items():
        with pytest.raises(ValueError, match=rf"^{name}: Expected 2D array"):
            my_measures.kernel_alignment_score(*arguments)


def test_an_estimator_passes_the_common_checks(outside):
    centering = outside("my_estimators").MedianCentering()
    check_estimator(centering)
    check_sksim_estimator(centering)


def test_a_function_of_graphs_refuses_bad_ones(outside):
    spread_of_neighbors = outside("my_estimators").spread_of_neighbors
    graph = kneighbors_graph([[0.0], [1.0], [3.0]], 2, mode="distance")
    assert spread_of_neighbors(graph) == pytest.approx((3 / 1 + 2 / 1 + 3 / 2) / 3)
    graph.indices[3] = -1
    with pytest.raises(ValueError, match=r"^graph must hold columns .* in row 1, column -1"):
        spread_of_neighbors(graph)


def test_records_are_reached_by_a_public_door():
    """The documented code imports nothing private, and the door leads to all kinds of record."""
    for name in ("my_measures.py", "my_reductions.py", "my_estimators.py"):
        assert not re.search(r"import .*\b_|from [\w.]*\._", documented(name))
    kinds = {type(measure).__name__ for measure in _registry.all_measures()}
    assert kinds <= set(records.__all__)
