"""Decompositions that LAPACK's faster routine may fail on."""

import numpy as np
import pytest
from scipy import linalg

from sksim.alignment import CCAAligner, ProcrustesAligner
from sksim.metrics import _linalg, procrustes_distance, pwcca_score, shape_distance

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 5))
Y = X @ RNG.standard_normal((5, 5)) + 0.1 * RNG.standard_normal((40, 5))
ROTATION = np.linalg.qr(RNG.standard_normal((5, 5)))[0]
SVD = linalg.svd


@pytest.fixture
def failing(monkeypatch):
    """SciPy's svd, where only the slower of the two routines converges; the drivers called."""
    drivers = []

    def svd(A, *args, lapack_driver="gesdd", **kwargs):
        drivers.append(lapack_driver)
        if lapack_driver == "gesdd":
            raise linalg.LinAlgError("SVD did not converge")
        return SVD(A, *args, lapack_driver=lapack_driver, **kwargs)

    monkeypatch.setattr(linalg, "svd", svd)
    return drivers


@pytest.mark.parametrize("full_matrices", [False, True])
def test_the_slower_routine_stands_in(failing, full_matrices):
    A = X.T @ Y[:, :3]
    U, singular, Vt = _linalg.svd(A, full_matrices=full_matrices)
    assert failing == ["gesdd", "gesvd"]
    assert U.shape == (5, 5 if full_matrices else 3)
    np.testing.assert_allclose((U[:, :3] * singular) @ Vt, A, atol=1e-12)


def test_measures_and_aligners_do_without_the_faster_routine(failing):
    assert pwcca_score(X, X) == pytest.approx(1.0, abs=1e-12)
    assert procrustes_distance(X, X @ ROTATION) == pytest.approx(0.0, abs=1e-12)
    assert shape_distance(X, Y, alpha=0.0, cv=2) > 0
    for aligner in (ProcrustesAligner(), CCAAligner(n_components=2)):
        assert aligner.fit(X, Y).score(X, Y) > 0
    assert failing.count("gesvd") == failing.count("gesdd") > 5
