"""Scorers by name: what the records give, and lists of them for a search."""

import numpy as np
import pytest
import sklearn.metrics
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from sksim.datasets import make_gaussian_hubs
from sksim.metrics import (
    get_scorer,
    get_scorer_names,
    get_scorers,
    hubness_score,
    make_hubness_scorer,
)
from sksim.metrics._measure import (
    LabelMeasure,
    OccurrenceMeasure,
    QualityMeasure,
)
from sksim.metrics._registry import (
    all_measures,
    get_measure,
    register,
)
from sksim.neighbors import HubnessReducedKNeighborsClassifier


@pytest.fixture(scope="module")
def data():
    return make_gaussian_hubs(150, 40, random_state=0)


def test_every_measure_with_a_direction_has_a_scorer():
    names = get_scorer_names()
    for measure in all_measures():
        sign = "" if measure.greater_is_better else "neg_"
        seed = "seed_" if measure.kind == "distribution" else ""
        scored = measure.kind not in ("labels", "ranking", "graph")
        has_scorer = measure.greater_is_better is not None and scored
        for name in measure.names:
            assert (f"{sign}{seed}{name}" in names) == has_scorer
            assert callable(get_scorer(f"{sign}{seed}{name}")) if has_scorer else True
    assert len(set(names)) == len(names)
    assert not set(names) & set(sklearn.metrics.get_scorer_names())
    assert all_measures(LabelMeasure)


@pytest.mark.parametrize("measure", all_measures(OccurrenceMeasure), ids=lambda m: m.name)
def test_hubness_takes_the_spellings_of_its_scorers(measure, data):
    X, _ = data
    scaler = StandardScaler().fit(X)
    sign = "" if measure.greater_is_better else "neg_"
    expected = get_scorer(sign + measure.name)(scaler, X)
    for name in measure.spellings:
        assert hubness_score(X, measure=name) == hubness_score(X, measure=measure.name)
        assert make_hubness_scorer(name)(scaler, X) == expected
        assert get_scorer(sign + name)(scaler, X) == expected


def test_short_names_are_listed():
    assert {"neg_robin_hood", "neg_robin_hood_index", "neg_gini"} <= set(get_scorer_names())


@pytest.mark.parametrize(("name", "meant"), [("cka_scre", "cka_score"), ("acuracy", "accuracy")])
def test_unknown_scorer_gets_a_proposal(name, meant):
    with pytest.raises(ValueError, match=f"scoring must be one of .*Did you mean '{meant[:3]}"):
        get_scorer(name)


def test_direction_is_part_of_the_name():
    """Of a distance there is no scorer without the sign, which a search would maximize."""
    for name in ("procrustes_distance", "k_skewness", "neg_cka", "intrinsic_dimension"):
        with pytest.raises(ValueError, match="scoring must be one of"):
            get_scorer(name)


@pytest.mark.parametrize("names", [["accuracy", "neg_k_skewness"], ("accuracy", "neg_k_skewness")])
def test_a_list_of_names_in_a_grid(names, data):
    X, y = data
    search = GridSearchCV(
        HubnessReducedKNeighborsClassifier(),
        {"reduction": [None, "mutual_proximity"]},
        scoring=get_scorers(names),
        refit="accuracy",
        cv=3,
    ).fit(X, y)
    results = search.cv_results_
    assert results["mean_test_neg_k_skewness"][1] > results["mean_test_neg_k_skewness"][0]
    assert np.isfinite(results["mean_test_accuracy"]).all()


def test_a_dict_of_names_and_scorers(data):
    X, y = data
    scorer = make_hubness_scorer("gini_index")
    scoring = get_scorers({"right": "accuracy", "even": "neg_gini", "mine": scorer})
    assert list(scoring) == ["right", "even", "mine"]
    assert scoring["mine"] is scorer
    result = cross_validate(KNeighborsClassifier(), X, y, scoring=scoring, cv=3)
    np.testing.assert_array_equal(result["test_even"], result["test_mine"])


def test_lists_that_make_no_sense():
    with pytest.raises(TypeError, match="must be a list of names"):
        get_scorers("accuracy")
    with pytest.raises(TypeError, match="must be a list of names"):
        get_scorers(None)
    with pytest.raises(ValueError, match="different from each other"):
        get_scorers(["cka", "cka"])
    with pytest.raises(ValueError, match="Did you mean 'neg_k_skewness'"):
        get_scorers(["accuracy", "k_skewness"])


def test_a_measure_of_a_user_has_a_scorer(monkeypatch, data):
    from sksim.metrics import _registry

    def largest_spread(X):
        return float(np.ptp(X, axis=0).max())

    monkeypatch.setattr(_registry, "_RECORDS", dict(_registry._RECORDS))
    register(
        QualityMeasure(name="largest_spread", function=largest_spread, greater_is_better=False)
    )
    assert get_measure(largest_spread, QualityMeasure).name == "largest_spread"
    X, _ = data
    scaler = StandardScaler().fit(X)
    expected = -largest_spread(scaler.transform(X))
    assert get_scorer("neg_largest_spread")(scaler, X) == expected
