"""Prefixes: length, names, what is stateless."""

import numpy as np
import pytest

from sksim.codes import PrefixTruncation


def test_cuts_and_normalises():
    X = np.array([[3.0, 4.0, 12.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(PrefixTruncation(2).fit_transform(X), [[0.6, 0.8], [0, 0]])
    assert PrefixTruncation(2, normalize=False).fit_transform(X).tolist() == [[3, 4], [0, 0]]
    names = PrefixTruncation(2).fit(X).get_feature_names_out()
    assert names.tolist() == ["x0", "x1"]
    assert PrefixTruncation(2).fit(X).get_feature_names_out(["a", "b", "c"]).tolist() == ["a", "b"]


@pytest.mark.parametrize("n_components", [None, 7])
def test_identity_on_unit_rows(n_components):
    X = np.random.RandomState(0).randn(10, 7)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    np.testing.assert_allclose(PrefixTruncation(n_components).fit_transform(X), X, rtol=1e-14)


def test_is_a_copy_in_the_type_of_the_rows():
    X = np.random.RandomState(0).randn(10, 7).astype(np.float32)
    prefixes = PrefixTruncation(3, normalize=False).fit_transform(X)
    assert prefixes.dtype == np.float32
    assert not np.shares_memory(prefixes, X)


def test_prefixes_of_prefixes():
    X = np.random.RandomState(0).randn(10, 7)
    twice = PrefixTruncation(2).fit_transform(PrefixTruncation(5).fit_transform(X))
    np.testing.assert_allclose(twice, PrefixTruncation(2).fit_transform(X), rtol=1e-14)


def test_more_than_there_are():
    with pytest.raises(ValueError, match="n_components=8 must be at most.*got 7"):
        PrefixTruncation(8).fit(np.ones((3, 7)))
