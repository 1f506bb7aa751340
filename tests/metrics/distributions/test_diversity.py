import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import diversity
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 4))
def test_generic_models_are_diverse(seed, size):
    f, g = reference.random_model(np.random.RandomState(seed), k=size + 2, size=size)
    result = diversity(f, g)
    assert result.satisfied
    assert (result.rank_f, result.rank_g) == (size, size)
    L = g[result.labels] - g[result.pivot]
    N = f[result.inputs] - f[result.pivot_input]
    assert L.shape == N.shape == (size, size)
    np.testing.assert_allclose(np.linalg.svd(L, compute_uv=False), result.singular_values_g)
    np.testing.assert_allclose(np.linalg.svd(N, compute_uv=False), result.singular_values_f)
    assert result.singular_values_g[-1] > 0 < result.singular_values_f[-1]


@given(seeds)
def test_common_shift_is_not_diversity(seed):
    """Rank counts after displacement: M labels span M - 1 dimensions only."""
    f, g = reference.random_model(np.random.RandomState(seed), k=3, size=3)
    result = diversity(f, g + 10)
    assert (result.satisfied, result.rank_f, result.rank_g) == (False, 3, 2)


def test_collapsed_embeddings(rng):
    f, g = reference.random_model(rng, size=3)
    f[:, 2] = f[:, 0] - f[:, 1]
    result = diversity(f, g)
    assert (result.satisfied, result.rank_f, result.rank_g) == (False, 2, 3)
    assert result.singular_values_f[-1] < 1e-12


def test_chosen_inputs_are_well_conditioned(rng):
    f, g = reference.random_model(rng, n=200)
    result = diversity(f, g)
    largest, smallest = result.singular_values_f
    assert smallest > 0.3 * largest


def test_dimensions_must_agree(rng):
    with pytest.raises(ValueError, match="f and g must have the same number of columns.*3 and 2"):
        diversity(rng.standard_normal((5, 3)), rng.standard_normal((5, 2)))
