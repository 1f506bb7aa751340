import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import identifiability_map
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(1, 4))
def test_p8_recovered_from_twins(seed, size):
    """The map for every set of labels and pivot is the least-squares map of the embeddings."""
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng, k=size + 3, size=size)
    f2, g2 = reference.gauge(rng, f, g)
    A = identifiability_map(g, g2)
    np.testing.assert_allclose(f2 @ A.T, f, atol=1e-9)
    np.testing.assert_allclose(np.linalg.lstsq(f2, f, rcond=None)[0].T, A, atol=1e-9)
    for pivot in range(3):
        np.testing.assert_allclose(
            identifiability_map(g, g2, pivot=pivot, method="pair"), A, atol=1e-7
        )
    labels = [label for label in range(size + 3) if label != 2][: size + 1]
    np.testing.assert_allclose(identifiability_map(g, g2, pivot=2, labels=labels), A, atol=1e-6)


@given(seeds)
def test_swapping_the_models_inverts_it(seed):
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng)
    _, g2 = reference.gauge(rng, f, g)
    product = identifiability_map(g, g2) @ identifiability_map(g2, g)
    np.testing.assert_allclose(product, np.eye(2), atol=1e-9)


def test_pair_is_the_quotient_of_the_displaced_unembeddings(rng):
    _, g1 = reference.random_model(rng)
    _, g2 = reference.random_model(rng)
    L1, L2 = (np.array([g[3] - g[1], g[4] - g[1]]).T for g in (g1, g2))
    A = identifiability_map(g1, g2, pivot=1, labels=[3, 4], method="pair")
    np.testing.assert_allclose(A, np.linalg.inv(L1.T) @ L2.T, rtol=1e-9)


def test_least_squares_beat_pairs_between_different_models(rng):
    f, g = reference.random_model(rng, k=30)
    g2 = g + 0.05 * rng.standard_normal(g.shape)
    errors = [
        np.linalg.norm(identifiability_map(g, g2, method=method, pivot=7) - np.eye(2))
        for method in ("lstsq", "pair")
    ]
    assert errors[0] < errors[1]


def test_ill_conditioned_pair_falls_back_with_a_warning(rng):
    f, g = reference.random_model(rng)
    f2, g2 = reference.gauge(rng, f, g)
    g[1], g2[1] = g[0] + 1e-12, g2[0] + 1e-12
    with pytest.warns(UserWarning, match="least squares over all labels are used instead"):
        A = identifiability_map(g, g2, pivot=0, labels=[1, 2], method="pair")
    np.testing.assert_allclose(f2 @ A.T, f, atol=1e-8)


@pytest.mark.parametrize("method", ["lstsq", "pair"])
def test_rank_deficiency_warns(rng, method):
    g = np.outer(np.arange(5.0), [1.0, 1.0])
    with pytest.warns(UserWarning, match="rank 1 in 2 dimensions|condition number"):
        A = identifiability_map(g, g, method=method)
    np.testing.assert_allclose(A, np.full((2, 2), 0.5))


@pytest.mark.parametrize("options", [{}, {"labels": [1, 2, 3]}])
def test_rounding_is_no_difference(rng, options):
    g1 = np.array([[0.3], [0.1 + 0.2], [0.3], [0.3], [0.3]])
    assert np.ptp(g1) > 0
    g2 = rng.standard_normal((5, 1))
    with pytest.warns(UserWarning, match="rank 0 in 1 dimensions"):
        assert identifiability_map(g1, g2, **options) == 0
    with (
        pytest.warns(UserWarning, match="condition number inf"),
        pytest.warns(UserWarning, match="rank 0 in 1 dimensions"),
    ):
        assert identifiability_map(g1, g2, method="pair", labels=[1]) == 0


def test_dimensions_may_differ(rng):
    f, g = reference.random_model(rng, size=2)
    B = np.linalg.qr(rng.standard_normal((3, 3)))[0][:, :2]
    f2, g2 = f @ B.T, g @ B.T  # the same distribution in a plane of three dimensions
    np.testing.assert_allclose(f2 @ identifiability_map(g, g2).T, f)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pivot": 5}, "pivot must be in"),
        ({"labels": [1, 9]}, "each of labels must be in"),
        ({"labels": [0, 1]}, "without pivot=0"),
        ({"labels": [1, 1]}, "distinct"),
        ({"labels": [1, 2, 3], "method": "pair"}, "as many labels as g1 has columns, 2, got 3"),
        ({"method": "qr"}, "method"),
    ],
)
def test_bad_input(rng, options, message):
    g = rng.standard_normal((5, 2))
    with pytest.raises(ValueError, match=message):
        identifiability_map(g, g, **options)


def test_number_of_labels_must_agree(rng):
    with pytest.raises(ValueError, match="g1 and g2 must have one row for each of the same labels"):
        identifiability_map(rng.standard_normal((5, 2)), rng.standard_normal((4, 2)))
