import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cross_decomposition import PLSSVD

from sksim.metrics import pls_svd_score, procrustes_score
from tests.reference import similarity as reference

X = np.array(
    [[1, 0, 2], [2, 1, 0], [0, 3, 1], [4, 1, 1], [3, 2, 5], [1, 1, 1], [0, 2, 4], [5, 0, 3]]
)
Y = np.array(
    [[2, 1, 0], [1, 0, 1], [1, 4, 2], [3, 2, 0], [5, 3, 4], [0, 1, 2], [1, 1, 5], [4, 2, 1]]
)


def test_reference_value():
    assert pls_svd_score(X, Y) == pytest.approx(0.825601, abs=1e-6)


def test_equals_the_mean_covariance_of_pls_scores():
    scores = PLSSVD(n_components=3).fit_transform(X.astype(float), Y.astype(float))
    covariances = [np.cov(a, b)[0, 1] for a, b in zip(*(s.T for s in scores), strict=True)]
    assert pls_svd_score(X, Y) == pytest.approx(np.mean(covariances), abs=1e-10)


@given(d1=st.integers(1, 6), d2=st.integers(1, 6), seed=st.integers(0, 99))
def test_equals_procrustes_of_standardised_features(d1, d2, seed):
    A, B = reference.golden_pair(30, d1, d2, seed)
    standardized = [(Z - Z.mean(axis=0)) / Z.std(axis=0) for Z in (A, B)]
    assert pls_svd_score(A, B) == pytest.approx(procrustes_score(*standardized), abs=1e-10)


def test_single_features_may_change_sign_and_unit():
    assert pls_svd_score(X * [1, -5, 100], Y) == pytest.approx(pls_svd_score(X, Y), abs=1e-12)


def test_constant_features_are_left_out():
    padded = np.hstack([X, np.full((8, 1), 0.1)])
    assert pls_svd_score(padded, Y) == pytest.approx(pls_svd_score(X, Y), abs=1e-12)
