"""InfoMEC: published examples, the literal formula, what changes it, what is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import infomec
from tests.reference import probing as literal

DESIGN = np.array(list(itertools.product(range(3), range(2), range(4))))
SEEDS = st.integers(0, 10**6)


def noisy_sources(seed=0, n_samples=200):
    rng = np.random.RandomState(seed)
    S = rng.randint(4, size=(n_samples, 2))
    columns = [S[:, 0] + 0.3 * rng.randn(n_samples), S[:, 1] + 0.3 * rng.randn(n_samples)]
    return S, np.stack([*columns, 0.01 * rng.randn(n_samples)], axis=1)


def test_a_permuted_design_is_perfect():
    result = infomec(DESIGN, DESIGN[:, [2, 0, 1]])
    assert result.modularity == pytest.approx(1)
    assert result.compactness == pytest.approx(1)
    assert result.explicitness == pytest.approx(1, abs=1e-3)


def test_one_latent_of_two_sources_and_one_source_in_two_latents():
    a, b, c = DESIGN.T
    result = infomec(DESIGN, np.stack([2 * a + b, c, a], axis=1))
    assert result.nmi == pytest.approx(np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0]]), abs=1e-12)
    assert result.modularity == pytest.approx(0.75)
    assert result.compactness == pytest.approx(0.75)


def test_continuous_latents():
    result = infomec(*noisy_sources(), random_state=0)
    assert result.active.tolist() == [True, True, False]
    expected = [[0.910979178785, 0, 0], [0, 0.860700476883, 0]]
    assert result.nmi == pytest.approx(np.array(expected), abs=1e-6)
    assert result.modularity == pytest.approx(1, abs=1e-9)
    assert result.compactness == pytest.approx(1, abs=1e-9)


@given(seed=SEEDS)
def test_literal_formula_of_discrete_latents(seed):
    rng = np.random.RandomState(seed)
    S = np.stack([np.arange(60) % 3, rng.randint(2, size=60)], axis=1)
    Z = np.where(rng.uniform(size=(60, 3)) < 0.4, rng.randint(3, size=(60, 3)), S[:, [0, 1, 1]])
    expected = literal.infomec_discrete(S, Z)
    result = infomec(S, Z)
    for name in ("modularity", "compactness", "explicitness"):
        assert result[name] == pytest.approx(expected[name], abs=1e-5), name
    assert result.nmi == pytest.approx(expected["nmi"], abs=1e-12)


def test_literal_formula_of_continuous_latents():
    S, Z = noisy_sources(3, 60)
    result = infomec(S, Z, n_neighbors=3, random_state=0)
    expected = [[literal.ross(z, s, 3) / literal.entropy(s) for z in Z[:, :2].T] for s in S.T]
    assert result.nmi[:, :2] == pytest.approx(np.maximum(expected, 0), abs=1e-6)


@given(seed=SEEDS)
def test_names_of_levels_and_the_order_of_latents_change_nothing(seed):
    rng = np.random.RandomState(seed)
    S, Z = rng.randint(3, size=(50, 2)), rng.randint(3, size=(50, 3))
    expected = infomec(S, Z)
    names = np.array(["x", "b", "k"])[S]
    result = infomec(names, 7 - Z[:, [2, 0, 1]] ** 3)
    for name in ("modularity", "compactness", "explicitness"):
        assert result[name] == pytest.approx(expected[name], abs=1e-6), name


@given(seed=SEEDS)
def test_invertible_maps_leave_the_explicitness_and_nothing_else(seed):
    S, Z = noisy_sources(seed, 120)
    Z[:, 2] *= 100  # all are active
    expected = infomec(S, Z, random_state=0)
    scaled = infomec(S, 3 * Z[:, [1, 2, 0]], random_state=0)
    for name in ("modularity", "compactness", "explicitness"):
        assert scaled[name] == pytest.approx(expected[name], abs=1e-6), name
    rng = np.random.RandomState(seed)
    A = ortho_group.rvs(3, random_state=rng) * rng.uniform(0.5, 2.0, size=3)
    mapped = infomec(S, Z @ A + 5, random_state=0)
    assert mapped.explicitness == pytest.approx(expected.explicitness, abs=1e-6)


def test_rotation_takes_the_modularity():
    S, Z = noisy_sources()
    c = np.sqrt(0.5)
    turned = Z @ [[c, -c, 0], [c, c, 0], [0, 0, 1]]
    straight, rotated = (infomec(S, latents, random_state=0) for latents in (Z, turned))
    assert straight.modularity > 0.99 > 0.3 > rotated.modularity
    assert rotated.explicitness == pytest.approx(straight.explicitness, abs=1e-8)


def test_a_saturated_probe_of_one_latent_reads_its_information():
    rng = np.random.RandomState(1)
    z = rng.randint(3, size=200)
    S = np.stack([np.where(rng.uniform(size=200) < 0.4, rng.randint(3, size=200), z), z % 2], 1)
    result = infomec(S, z[:, None])
    assert result.compactness is None
    assert result.explicitness == pytest.approx(result.nmi.mean(), abs=1e-5)


def test_explicitness_is_the_share_of_the_entropy_on_unbalanced_sources():
    """Weights in the fit alone, as in published code, would give 0.46 here in place of 0.42."""
    rng = np.random.RandomState(0)
    rare = (np.arange(400) < 20).astype(int)
    Z = rng.randn(400, 2) + 2.0 * rare[:, None]
    S = np.stack([rare, np.arange(400) % 2], axis=1)
    result = infomec(S, Z, random_state=0)
    expected = [literal.explicitness((Z - Z.mean(0)) / Z.std(0), s) for s in S.T]
    assert result.explicitness == pytest.approx(np.mean(expected), abs=1e-6)


def test_bias_of_the_plug_in_estimate():
    rng = np.random.RandomState(0)
    draws = [
        infomec(rng.randint([3, 3], size=(200, 2)), rng.randint(4, size=(200, 1))).nmi
        for _ in range(60)
    ]
    assert np.mean(draws) * np.log(3) == pytest.approx(0.015, rel=0.15)


def test_latents_that_tell_nothing():
    S = np.stack([np.arange(24) % 2, np.arange(24) // 12], axis=1)
    useless = np.arange(24) // 2 % 3
    assert infomec(S, useless[:, None]).modularity is None
    with_useless = infomec(S, np.stack([S[:, 0], useless], axis=1))
    assert with_useless.modularity == pytest.approx(1)


def test_held_out_explicitness():
    S, Z = noisy_sources()
    in_sample, held_out = (
        infomec(S, Z, explicitness=cv, random_state=0).explicitness for cv in ("in_sample", 5)
    )
    assert 0.6 < held_out < in_sample


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sources": DESIGN[:, :1]}, "sources must hold two sources or more"),
        ({"sources": DESIGN * [1, 0, 1]}, "sources must vary, got one level only in column 1"),
        ({"sources": DESIGN + 0.5}, "sources must be discrete"),
        ({"sources": DESIGN * 0 + np.arange(24)[:, None], "latents": DESIGN / 2}, "two samples"),
        ({"latents": DESIGN * 0}, "latents must vary, .* no latent is active"),
        ({"latents": DESIGN[:-1]}, "sources and latents must hold the same samples"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        infomec(**{"sources": DESIGN, "latents": DESIGN, **arguments})
