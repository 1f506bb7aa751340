import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from sksim.metrics import fit_rdm_model, rdm
from sksim.metrics.similarity.matrices._rdm_comparisons import LINEAR
from sksim.metrics.similarity.matrices._whitening import WHITENED
from tests.reference import rdm as reference
from tests.reference import rsatoolbox_values as peer


def random(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def squares(seed, *shape):
    return pdist(random(seed, *shape), "sqeuclidean")


def covariance(n, seed=2):
    B = random(seed, n, n)
    return B @ B.T / n + np.eye(n)


VECTORS = [squares(40 + k, 5, 1) for k in range(3)]
MODELS = peer.matrices(VECTORS)
#: The RDMs of the reference values.
Y = VECTORS[0] + 0.5 * VECTORS[1] + 0.3 * squares(0, 5, 3)
B = squares(1, 5, 4)


@pytest.mark.parametrize(
    ("y", "compare", "weights", "score"),
    [
        (Y, "cosine", [0.866342666628, 0.17925557243, 1.138118015144], 0.957679876631),
        (Y, "pearson", [0.728745501198, 0.084662989779, 0.773330042469], 0.929655668642),
        (Y, "whitened_cosine", [0.973495697752, 0.128426787607, 0.561263657883], 0.962803015187),
        (
            Y,
            "whitened_correlation",
            [0.761051888582, 0.44612411678, 0.212263825139],
            0.954789856437,
        ),
        (B, "cosine", [0.564923898773, 0.0, 1.789883444527], 0.596023391296),
        (B, "whitened_cosine", [0.34859435097, 0.0, 0.589057710148], 0.442958180484),
        (B, "pearson", [0.0, 0.0, 0.0], 0.0),
        (B, "whitened_correlation", [0.0, 0.0, 0.0], 0.0),
    ],
)
def test_reference_values(y, compare, weights, score):
    sigma_k = covariance(5) if compare in WHITENED else None
    fit = fit_rdm_model(reference.square(y), MODELS, compare=compare, sigma_k=sigma_k)
    np.testing.assert_allclose(fit.weights, weights, rtol=1e-9)
    assert fit.score == pytest.approx(score, rel=1e-9)
    literal = reference.fit_weights(y, VECTORS, compare, sigma_k)
    np.testing.assert_allclose(fit.weights, literal, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compare", LINEAR)
def test_values_of_rsatoolbox(compare):
    """It gives the direction of the weights."""
    stored = peer.stored()[f"weights, {compare}"]
    literal = reference.fit_weights(peer.PAIR[0], peer.MODELS, compare)
    fit = fit_rdm_model(reference.square(peer.PAIR[0]), peer.matrices(peer.MODELS), compare=compare)
    for weights in (literal, fit.weights):
        direction = weights / np.linalg.norm(weights)
        np.testing.assert_allclose(direction, stored, rtol=1e-10, atol=1e-12)


@given(
    compare=st.sampled_from(LINEAR),
    n=st.integers(5, 7),
    q=st.integers(1, 4),
    whitened=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_equals_the_definition(compare, n, q, whitened, seed):
    y = squares(seed, n, 3)
    models = [squares(seed + 1 + k, n, 1) + 0.2 * y for k in range(q)]
    sigma_k = covariance(n, seed) if whitened and compare in WHITENED else None
    fit = fit_rdm_model(
        reference.square(y), peer.matrices(models), compare=compare, sigma_k=sigma_k
    )
    literal = reference.fit_weights(y, models, compare, sigma_k)
    np.testing.assert_allclose(fit.weights, literal, rtol=1e-7, atol=1e-9)
    if literal.any():
        prediction = np.transpose(models) @ literal
        expected = reference.compare_rdms(prediction, y, compare, sigma_k)
        assert fit.score == pytest.approx(expected, abs=1e-9)


@given(compare=st.sampled_from(LINEAR), seed=st.integers(0, 1000))
def test_no_other_weights_score_higher(compare, seed):
    """Of one RDM and of several: the mean over the subjects is maximal, too."""
    models = [squares(seed + k, 6, 1) for k in range(3)]
    for n_subjects in (1, 4):
        vectors = [squares(seed + 10 + k, 6, 4) + models[0] for k in range(n_subjects)]
        data = peer.matrices(vectors)
        fit = fit_rdm_model(
            data if n_subjects > 1 else data[0], peer.matrices(models), compare=compare
        )
        rng = np.random.RandomState(seed)
        for weights in (*np.eye(3), *rng.exponential(size=(10, 3))):
            prediction = np.transpose(models) @ weights
            scores = [reference.compare_rdms(prediction, v, compare) for v in vectors]
            assert np.mean(scores) <= fit.score + 1e-9


@given(compare=st.sampled_from(LINEAR), seed=st.integers(0, 1000))
def test_conditions_of_the_optimum(compare, seed):
    """Karush, Kuhn, Tucker: no weight that is zero wants to grow, the others are balanced."""
    models = [squares(seed + k, 6, 1) for k in range(4)]
    y = squares(seed + 10, 6, 4)
    fit = fit_rdm_model(reference.square(y), peer.matrices(models), compare=compare)
    A = reference.product(compare, None, 6)
    M = np.column_stack([reference.centered(m, compare) for m in models])
    y = reference.centered(y, compare)
    gradient = M.T @ A @ (y - M @ fit.weights)
    scale = np.linalg.norm(M) * np.linalg.norm(A) * np.linalg.norm(y)
    assert (fit.weights >= 0).all()
    assert (gradient <= 1e-10 * scale).all()
    np.testing.assert_allclose(gradient[fit.weights > 0], 0.0, atol=1e-10 * scale)


@pytest.mark.parametrize("compare", LINEAR)
@pytest.mark.parametrize("unit", [1e-200, 1e-16, 1e6, 1e150])
def test_units_of_models_and_data(compare, unit):
    y = reference.square(Y)
    plain = fit_rdm_model(y, MODELS, compare=compare)
    units = np.array([1.0, unit, 1.0])[:, None, None]
    scaled = fit_rdm_model(y, units * MODELS, compare=compare)
    np.testing.assert_allclose(scaled.weights * units.ravel(), plain.weights, rtol=1e-8)
    assert scaled.score == pytest.approx(plain.score, rel=1e-9)
    scaled = fit_rdm_model(unit * y, MODELS, compare=compare)
    np.testing.assert_allclose(scaled.weights / unit, plain.weights, rtol=1e-8)


@pytest.mark.parametrize("compare", LINEAR)
def test_a_model_that_is_given_twice(compare):
    """The weights are not unique then, the score is."""
    y = reference.square(Y)
    plain = fit_rdm_model(y, MODELS, compare=compare)
    twice = fit_rdm_model(y, [*MODELS, MODELS[0]], compare=compare)
    assert twice.score == pytest.approx(plain.score, rel=1e-9)
    assert twice.weights[0] + twice.weights[3] == pytest.approx(plain.weights[0], rel=1e-7)


def test_weights_are_those_of_scaled_features():
    X = random(0, 9, 6)
    models = [rdm(X[:, part], kind="sqeuclidean") for part in (slice(0, 2), slice(2, 6))]
    X[:, 2:] *= 3.0
    fit = fit_rdm_model(rdm(X, kind="sqeuclidean"), models, compare="whitened_cosine")
    np.testing.assert_allclose(fit.weights, [1.0, 9.0], rtol=1e-9)
    assert fit.score == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("data", "models", "options", "match"),
    [
        (MODELS[0], MODELS, {"compare": "spearman"}, "compare must be one of .* 'pearson'"),
        (MODELS[0], MODELS, {"compare": "cosin"}, "Did you mean 'cosine'"),
        (MODELS[0], MODELS[0], {}, "models must be a stack"),
        (MODELS[0], MODELS[:0], {}, "models"),
        (MODELS[0], MODELS[:, :4, :4], {}, "models must hold RDMs of the 5 conditions .* got 4"),
        (MODELS[0][:3, :3], np.stack([MODELS[0][:3, :3]] * 4), {}, "no more RDMs than .* 3, got 4"),
        (MODELS[0], MODELS * [[[1]], [[0]], [[1]]], {}, r"models\[1\] is zero"),
        (0 * MODELS[0], MODELS, {}, "rdm is zero"),
        (1 - np.eye(5), MODELS, {"compare": "pearson"}, "rdm is constant"),
        (MODELS * [[[1]], [[0]], [[1]]], MODELS, {}, r"rdm\[1\] is zero"),
        (np.stack([MODELS[0], -MODELS[0]]), MODELS, {}, "rdm .* cancel"),
        (MODELS[0], MODELS, {"sigma_k": np.eye(5)}, "sigma_k is for"),
    ],
)
def test_bad_arguments_are_named(data, models, options, match):
    with pytest.raises(ValueError, match=match):
        fit_rdm_model(data, models, **options)
