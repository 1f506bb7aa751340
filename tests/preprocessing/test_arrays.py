"""Transformers leave arrays of other libraries where they are, where dispatch is on."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_array_api_input_and_values

from sksim.preprocessing import (
    AllButTheTop,
    Centering,
    NormalScoreTransformer,
    ZipfianWhitening,
)
from sksim.utils.discovery import all_estimators

torch = pytest.importorskip("torch")
strict = pytest.importorskip("array_api_strict")

LIBRARIES = [torch, strict]
TRANSFORMERS = [
    Centering(),
    Centering(weighting=2, normalize=False),
    AllButTheTop(n_components=2),
    AllButTheTop(n_components=0),
    ZipfianWhitening(),
    NormalScoreTransformer(),
    NormalScoreTransformer(n_quantiles=7, distribution="uniform", normalize=False),
    NormalScoreTransformer(ties="ordinal", scores="random", random_state=0),
]

over_libraries = pytest.mark.parametrize("xp", LIBRARIES, ids=lambda xp: xp.__name__)
over_transformers = pytest.mark.parametrize("transformer", TRANSFORMERS, ids=str)


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True):
        yield


def data(dtype="float64"):
    rng = np.random.RandomState(0)
    train, queries = rng.standard_normal((30, 6)) + 1, 2 * rng.standard_normal((9, 6))
    train[4:7] = train[3]
    train[:, 5] = 0.25
    train[:20, 2] = np.round(train[:20, 2])
    return train.astype(dtype), queries.astype(dtype)


def test_the_ones_with_dispatch():
    tagged = {
        name for name, Estimator in all_estimators() if get_tags(Estimator()).array_api_support
    }
    assert tagged == {type(transformer).__name__ for transformer in TRANSFORMERS}


@over_libraries
@over_transformers
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numbers_are_those_of_numpy(transformer, xp, dtype):
    train, queries = data(dtype)
    expected = clone(transformer).fit(train)
    fitted = clone(transformer).fit(xp.asarray(train))
    tolerance = {"rtol": 1e-10, "atol": 1e-10} if dtype == "float64" else {"atol": 1e-5}
    for method, rows in (("transform", queries), ("transform", train), ("fit_transform", train)):
        got = getattr(fitted, method)(xp.asarray(rows))
        assert type(got) is type(xp.asarray(rows))
        assert got.dtype == getattr(xp, dtype)
        np.testing.assert_allclose(
            np.asarray(got), getattr(expected, method)(rows), **tolerance, err_msg=method
        )


@over_libraries
@over_transformers
def test_values_of_scikit_learns_check(transformer, xp):
    check_array_api_input_and_values(
        type(transformer).__name__,
        transformer,
        array_namespace=xp.__name__,
    )


@over_libraries
def test_weights_and_inverse_of_whitening(xp):
    train, queries = data()
    p = np.r_[np.zeros(4), np.arange(1.0, 27.0)]
    expected = ZipfianWhitening().fit(train, sample_weight=p)
    for weights in (p, xp.asarray(p)):
        fitted = ZipfianWhitening().fit(xp.asarray(train), sample_weight=weights)
        white = fitted.transform(xp.asarray(queries))
        np.testing.assert_allclose(np.asarray(white), expected.transform(queries), atol=1e-10)
        back = np.asarray(fitted.inverse_transform(white))
        np.testing.assert_allclose(
            back, expected.inverse_transform(expected.transform(queries)), atol=1e-10
        )


@over_transformers
def test_gradients_flow_through_transform(transformer):
    train, queries = (torch.asarray(X) for X in data())
    fitted = clone(transformer).fit(train.requires_grad_())
    fitted.transform(queries)  # no fitted array holds the graph of the training rows
    assert not any(getattr(value, "requires_grad", False) for value in vars(fitted).values())
    assert torch.autograd.gradcheck(fitted.transform, (queries.requires_grad_(),))


@over_transformers
def test_another_library_than_in_fit(transformer):
    train, queries = data()
    for fitted, others in (
        (clone(transformer).fit(torch.asarray(train)), (queries, strict.asarray(queries))),
        (clone(transformer).fit(train), (torch.asarray(queries),)),
    ):
        for other in others:
            with pytest.raises(ValueError, match="must use the same namespace"):
                fitted.transform(other)


@over_transformers
def test_dispatch_is_needed_in_transform_too(transformer):
    train, queries = data()
    fitted = clone(transformer).fit(torch.asarray(train))
    with (
        sklearn.config_context(array_api_dispatch=False),
        pytest.raises(ValueError, match="array_api_dispatch=True"),
    ):
        fitted.transform(torch.asarray(queries))


@over_libraries
def test_bad_weights_raise_in_place(xp):
    opposed = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [-1.0, 0.0]])
    with pytest.raises(ValueError, match="whole number"):
        Centering(weighting=1.5).fit(xp.asarray(opposed))
    with pytest.raises(ValueError, match="got equal rows"):
        ZipfianWhitening().fit(xp.asarray(np.ones((4, 2))))
