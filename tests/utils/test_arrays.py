"""Errors about arrays name the argument: every function and method, each kind of bad value."""

import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sksim.metrics import DistributionAccumulator
from sksim.utils._arrays import check_named_array, naming, validate_named_data
from sksim.utils.discovery import all_estimators, all_functions
from tests.array_arguments import (
    accumulator_cases,
    accumulators,
    function_cases,
    method_cases,
)


def _check(cases):
    """Call each case; collect those that return, or raise without the name of the argument."""
    faults = []
    for function, name, kind, arguments in cases:
        where = f"{function.__qualname__}({name}={kind})"
        try:
            function(**arguments)
        except (TypeError, ValueError) as error:
            if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(error)):
                faults.append(f"{where}: {error}"[:200])
        else:
            faults.append(f"{where} raises nothing")
    assert not faults, "\n".join(faults)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function", [pytest.param(f, id=name) for name, f in all_functions()])
def test_functions_name_the_argument_that_is_wrong(function):
    _check(function_cases(function))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("Estimator", [pytest.param(E, id=name) for name, E in all_estimators()])
def test_methods_name_the_argument_that_is_wrong(Estimator):
    _check(method_cases(Estimator))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("Accumulator", accumulators())
def test_accumulators_name_the_argument_that_is_wrong(Accumulator):
    cases = list(accumulator_cases(Accumulator))
    assert cases or not hasattr(Accumulator, "partial_fit")
    _check(cases)


def test_masks_without_a_masked_value_are_arrays():
    X = np.ma.masked_array([[1.0, 2.0]], mask=False)
    assert type(check_named_array(X, "bank")) is np.ndarray


@pytest.mark.parametrize("convert", [lambda A: A.tolist(), lambda A: A, "frame", "polars"])
def test_dates_are_refused_in_each_container(convert):
    dates = np.array([["2020-01-01", "2020-01-02"]], dtype="M8[D]")
    if convert == "frame":
        convert = pytest.importorskip("pandas").DataFrame
    elif convert == "polars":
        convert = pytest.importorskip("polars").DataFrame
    with pytest.raises(TypeError, match="bank"):
        check_named_array(convert(dates), "bank", dtype=np.float64)


def test_models_and_mappings_are_refused_by_name():
    model, table = LogisticRegression(), np.log(np.full((4, 2), 0.5))
    for log_p, log_q, name in [(model, table, "log_p"), (table, model, "log_q")]:
        with pytest.raises(TypeError, match=rf"^{name} .* got the model LogisticRegression: pass"):
            DistributionAccumulator().partial_fit(log_p, log_q)
    with pytest.raises(TypeError, match="^bank must be an array, got dict: pass one of its values"):
        check_named_array({"layer": table}, "bank")


def test_sparse_input_is_refused_by_name():
    with pytest.raises(TypeError, match="Sparse data was passed for bank"):
        check_named_array(sparse.eye(3, format="csr"), "bank")


def test_an_error_that_names_the_argument_stays_as_it_is():
    with pytest.raises(ValueError, match="^bank is wrong$"), naming("bank"):
        raise ValueError("bank is wrong")
    with pytest.raises(ValueError, match="^bank: it is wrong$") as raised, naming("bank"):
        raise ValueError("it is wrong")
    assert str(raised.value.__cause__) == "it is wrong"


def test_other_lengths_name_both():
    from sklearn.linear_model import Ridge

    with pytest.raises(ValueError, match="X and y"):
        validate_named_data(Ridge(), np.ones((3, 2)), np.ones(4))
