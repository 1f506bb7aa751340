import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from sksim.identifiability import equiangular_basis_vectors, simplex_class_targets
from sksim.identifiability._class_targets import _soft_maximum
from sksim.utils import _memory


def _largest(W, absolute=True):
    cosines = (W @ W.T)[np.triu_indices(len(W), 1)]
    return np.max(np.abs(cosines) if absolute else cosines)


class TestSimplex:
    @pytest.mark.parametrize("n_classes", [2, 3, 5, 40])
    def test_unit_rows_equal_angles_and_a_tight_frame(self, n_classes):
        W = simplex_class_targets(n_classes)
        gram = np.full((n_classes, n_classes), -1 / (n_classes - 1))
        np.fill_diagonal(gram, 1)
        np.testing.assert_allclose(W @ W.T, gram, atol=1e-14)
        np.testing.assert_allclose(W.sum(axis=0), 0, atol=1e-13)
        frame = n_classes / (n_classes - 1) * np.eye(n_classes - 1)
        np.testing.assert_allclose(W.T @ W, frame, atol=1e-13)

    def test_one_class_has_no_simplex(self):
        with pytest.raises(ValueError, match="n_classes"):
            simplex_class_targets(1)


class TestEquiangular:
    @pytest.mark.parametrize(
        ("n_classes", "n_components", "smallest"),
        [(3, 2, 1 / 2), (4, 3, 1 / 3), (6, 3, 5**-0.5), (7, 3, 3**-0.5), (10, 5, 1 / 3)],
    )
    def test_known_optima_of_lines(self, n_classes, n_components, smallest):
        W = equiangular_basis_vectors(n_classes, n_components, random_state=0)
        assert _largest(W) == pytest.approx(smallest, abs=1e-8)

    @pytest.mark.parametrize(
        ("n_classes", "n_components", "smallest"),
        [(6, 3, 0), (12, 3, 5**-0.5), (4, 3, -1 / 3), (4, 7, -1 / 3), (2, 1, -1), (5, 1, 1)],
    )
    def test_known_optima_of_points(self, n_classes, n_components, smallest):
        W = equiangular_basis_vectors(n_classes, n_components, absolute=False, random_state=0)
        assert W.shape == (n_classes, n_components)
        assert _largest(W, absolute=False) == pytest.approx(smallest, abs=1e-8)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(1, 12), st.integers(1, 6), st.booleans(), st.integers(0, 99))
    def test_unit_rows_never_below_the_bound_and_of_the_seed(self, C, d, absolute, seed):
        options = {"absolute": absolute, "n_init": 1, "max_iter": 20, "random_state": seed}
        W = equiangular_basis_vectors(C, d, **options)
        np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(W, equiangular_basis_vectors(C, d, **options))
        if d < C:
            bound = np.sqrt((C - d) / (d * (C - 1))) if absolute else -1 / (C - 1)
            assert C == 1 or _largest(W, absolute) >= bound - 1e-12

    def test_few_classes_are_orthogonal(self):
        np.testing.assert_array_equal(equiangular_basis_vectors(3, 5), np.eye(3, 5))

    def test_more_starts_are_no_worse(self):
        one, four = (
            equiangular_basis_vectors(11, 4, n_init=n, random_state=3, max_iter=50) for n in (1, 4)
        )
        assert _largest(four) <= _largest(one)

    @pytest.mark.parametrize("absolute", [True, False])
    def test_slope_and_bound_of_the_smoothed_maximum(self, absolute, rng):
        flat, shape = rng.standard_normal(15), (5, 3)
        value, gradient = _soft_maximum(flat, shape, 6.0, absolute)
        slope = approx_fprime(flat, lambda x: _soft_maximum(x, shape, 6.0, absolute)[0])
        np.testing.assert_allclose(gradient, slope, atol=1e-6)
        W = flat.reshape(shape) / np.linalg.norm(flat.reshape(shape), axis=1, keepdims=True)
        cosines = (W @ W.T)[np.triu_indices(5, 1)]
        sizes = np.abs(cosines) if absolute else cosines
        assert value == pytest.approx(np.log(np.exp(6 * sizes).sum()) / 6)

    def test_memory_is_asked_for(self, monkeypatch):
        monkeypatch.setattr(_memory, "_SMALL", 0)
        monkeypatch.setattr(_memory, "available_memory", lambda: 10_000.0)
        with pytest.raises(MemoryError, match="20 class vectors"):
            equiangular_basis_vectors(20, 10)
