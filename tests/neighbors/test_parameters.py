"""Names of reductions in a grid, and what unknown names are told."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sksim.datasets import make_gaussian_hubs
from sksim.hubness import CSLS, NICDM, MutualProximity
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsRegressor,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    HubnessWeightedKNeighborsClassifier,
    NadarayaWatsonClassifier,
)

ESTIMATORS = [
    HubnessReducedKNeighborsClassifier(),
    HubnessReducedKNeighborsRegressor(),
    HubnessReducedKNeighborsTransformer(),
    HubnessReducedNearestNeighbors(),
    HubnessWeightedKNeighborsClassifier(),
    NadarayaWatsonClassifier(),
]


@pytest.fixture(scope="module")
def hubby():
    return make_gaussian_hubs(150, 30, n_classes=3, random_state=0)


def test_names_and_their_parameters_in_a_grid(hubby):
    grid = {"reduction": ["csls", "nicdm"], "reduction__n_neighbors": [5, 20]}
    options = {"cv": 3, "error_score": "raise"}
    search = GridSearchCV(HubnessReducedKNeighborsClassifier(), grid, **options).fit(*hubby)
    assert search.best_params_["reduction"] in ("csls", "nicdm")
    chosen = search.best_estimator_.reduction
    assert type(chosen) is {"csls": CSLS, "nicdm": NICDM}[search.best_params_["reduction"]]
    assert chosen.n_neighbors == search.best_params_["reduction__n_neighbors"]
    instances = {"reduction": [CSLS(), NICDM()], "reduction__n_neighbors": [5, 20]}
    expected = GridSearchCV(HubnessReducedKNeighborsClassifier(), instances, **options)
    scores = expected.fit(*hubby).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], scores)
    assert clone(search.best_estimator_).reduction.n_neighbors == chosen.n_neighbors


def test_parameters_of_the_default_in_the_grid_of_a_pipeline(hubby):
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(), KNeighborsClassifier(metric="precomputed")
    )
    name = "hubnessreducedkneighborstransformer__reduction__method"
    search = GridSearchCV(pipeline, {name: ["gamma", "normal"]}, cv=3, error_score="raise")
    best = search.fit(*hubby).best_estimator_[0]
    assert isinstance(best.reduction, MutualProximity)
    assert best.reduction.method == search.best_params_[name]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_a_name_becomes_its_estimator_when_it_must(estimator):
    estimator = clone(estimator).set_params(reduction="csls")
    assert estimator.reduction == "csls"
    estimator.set_params(reduction__n_neighbors=3)
    assert isinstance(estimator.reduction, CSLS)
    assert estimator.get_params()["reduction__n_neighbors"] == 3
    estimator.set_params(reduction__n_neighbors=4, n_neighbors=2)
    assert (estimator.reduction.n_neighbors, estimator.n_neighbors) == (4, 2)
    estimator.set_params(reduction__n_neighbors=6, reduction="nicdm")
    assert isinstance(estimator.reduction, NICDM)
    assert estimator.reduction.n_neighbors == 6


def test_a_given_instance_is_set_as_scikit_learn_does():
    reduction = CSLS(3)
    estimator = HubnessReducedKNeighborsTransformer(reduction=reduction)
    estimator.set_params(reduction__n_neighbors=8)
    assert estimator.reduction is reduction
    assert reduction.n_neighbors == 8


def test_what_cannot_be_set():
    estimator = HubnessReducedKNeighborsTransformer(reduction="csls")
    with pytest.raises(ValueError, match=r"Invalid parameter 'n_neighbours' for estimator CSLS\("):
        estimator.set_params(reduction__n_neighbours=3)
    with pytest.raises(ValueError, match=r"got 'cls'\. Did you mean 'csls'\?"):
        estimator.set_params(reduction="cls", reduction__n_neighbors=3)
    with pytest.raises(ValueError, match=r"Invalid parameter 'reductoin' for estimator"):
        estimator.set_params(reductoin="csls")
    estimator.set_params(reduction=None)
    with pytest.raises(
        ValueError, match=r"set_params\(reduction='nicdm', reduction__n_neighbors=3\)"
    ):
        estimator.set_params(reduction__n_neighbors=3)
    with pytest.raises(ValueError, match="got reduction=None"):
        estimator.set_params(reduction=None, reduction__n_neighbors=3)


@pytest.mark.parametrize(
    ("Estimator", "parameter", "got", "meant"),
    [
        (HubnessReducedKNeighborsClassifier, "reduction", "mutual_proximty", "mutual_proximity"),
        (HubnessReducedKNeighborsClassifier, "reduction", "NICDM", "nicdm"),
        (HubnessReducedKNeighborsTransformer, "backend", "pynndecent", "pynndescent"),
        (HubnessReducedKNeighborsRegressor, "weights", "distances", "distance"),
        (HubnessReducedKNeighborsTransformer, "mode", "connectivty", "connectivity"),
        (HubnessWeightedKNeighborsClassifier, "scheme", "hfn", "hfnn"),
        (HubnessWeightedKNeighborsClassifier, "weights", "Uniform", "uniform"),
        (NadarayaWatsonClassifier, "kernel", "gausian", "gaussian"),
    ],
)
def test_unknown_names_are_told_the_nearest(hubby, Estimator, parameter, got, meant):
    with pytest.raises(
        ValueError, match=f"{parameter}.*[Gg]ot '{got}'.* Did you mean '{meant}'\\?"
    ):
        Estimator(**{parameter: got}).fit(*hubby)


def test_unknown_mode_of_a_graph(hubby):
    search = HubnessReducedNearestNeighbors().fit(hubby[0])
    with pytest.raises(ValueError, match="mode must be .* Did you mean 'distance'"):
        search.kneighbors_graph(mode="distances")
