import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.preprocessing import RelativeRepresentation

SEEDS = st.integers(0, 10**6)
METRICS = ["cosine", "euclidean", "manhattan", "chebyshev"]


def draw(seed, n=30, d=4):
    rng = np.random.RandomState(seed)
    return rng.randn(n, d) + rng.randn(d)


def literal(x, a, metric):
    if metric == "cosine":
        return (x @ a) / math.sqrt((x @ x) * (a @ a))
    gaps = [abs(v - w) for v, w in zip(x, a, strict=True)]
    return {
        "euclidean": math.sqrt(sum(g * g for g in gaps)),
        "manhattan": sum(gaps),
        "chebyshev": max(gaps),
    }[metric]


def relative(X, metric, seed=0, n_anchors=7):
    return RelativeRepresentation(n_anchors, metric, random_state=seed).fit_transform(X)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=SEEDS)
def test_literal_formula(metric, seed):
    X = draw(seed)
    transformer = RelativeRepresentation(6, metric, random_state=seed).fit(X)
    anchors = X[transformer.anchor_indices_]
    expected = [[literal(x, a, metric) for a in anchors] for x in X]
    np.testing.assert_allclose(transformer.transform(X), expected, atol=1e-7)


@given(seed=SEEDS)
def test_invariances(seed):
    X = draw(seed)
    rng = np.random.RandomState(seed)
    Q = ortho_group.rvs(4, random_state=rng)
    shift, lengths = rng.randn(4), rng.uniform(0.1, 9, (len(X), 1))
    signed = np.eye(4)[rng.permutation(4)] * rng.choice([-1, 1], 4)
    for metric, same in {
        "cosine": [X @ Q, 3 * X, X * lengths],
        "euclidean": [X @ Q, X + shift],
        "manhattan": [X @ signed, X + shift],
        "chebyshev": [X @ signed, X + shift],
    }.items():
        for changed in same:
            np.testing.assert_allclose(
                relative(changed, metric), relative(X, metric), atol=1e-6, err_msg=metric
            )


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e200])
def test_cosines_of_very_short_and_very_long_vectors(scale):
    X = draw(0)
    np.testing.assert_allclose(relative(X * scale, "cosine"), relative(X, "cosine"), atol=1e-12)


def test_what_is_not_ignored():
    X, Q = draw(0), ortho_group.rvs(4, random_state=0)
    for metric, changed in [
        ("cosine", X + 3),
        ("euclidean", 2 * X),
        ("manhattan", X @ Q),
        ("chebyshev", X @ Q),
    ]:
        assert np.abs(relative(changed, metric) - relative(X, metric)).max() > 0.1


def test_product_space_is_the_blocks_side_by_side():
    X = draw(1)
    both = relative(X, ["cosine", "euclidean"])
    blocks = [relative(X, "cosine"), relative(X, "euclidean")]
    np.testing.assert_array_equal(both, np.hstack(blocks))


def test_callable_metric():
    X = draw(1)
    transformer = RelativeRepresentation(5, rbf_kernel, random_state=0).fit(X)
    np.testing.assert_array_equal(transformer.transform(X), rbf_kernel(X, transformer.anchors_))


def test_two_encoders_of_the_same_samples_share_anchors():
    X, Y = draw(2), draw(3, d=9)
    a, b = (RelativeRepresentation(8, random_state=5).fit(Z) for Z in (X, Y))
    np.testing.assert_array_equal(a.anchor_indices_, b.anchor_indices_)
    assert len(set(a.anchor_indices_)) == 8


def test_zero_shot_transfer_over_a_rotation():
    """A classifier trained on one encoder works on the rotated one without training."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], 40)
    X = 3 * np.eye(5)[y] + rng.randn(120, 5)
    other = 2 * X @ ortho_group.rvs(5, random_state=1)
    first = RelativeRepresentation(20, random_state=0).fit(X)
    second = RelativeRepresentation(20, random_state=0).fit(other)
    model = LogisticRegression().fit(first.transform(X), y)
    np.testing.assert_array_equal(
        model.predict(second.transform(other)), model.predict(first.transform(X))
    )
    assert model.score(second.transform(other), y) > 0.8


def test_in_a_search():
    X = draw(4, n=60)
    y = (X[:, 0] > X[:, 0].mean()).astype(int)
    pipeline = make_pipeline(
        RelativeRepresentation(random_state=0), StandardScaler(), LogisticRegression()
    )
    grid = {
        "relativerepresentation__metric": ["cosine", ("cosine", "euclidean")],
        "relativerepresentation__n_anchors": [2, 20],
    }
    assert GridSearchCV(pipeline, grid, cv=3).fit(X, y).best_score_ > 0.8


def test_fewer_samples_than_anchors():
    X = draw(5, n=6)
    transformer = RelativeRepresentation(100).fit(X)
    assert sorted(transformer.anchor_indices_) == list(range(6))
    assert transformer.get_feature_names_out().shape == (6,)


def test_float32_and_large_means():
    X = draw(6)
    expected = relative(X, "euclidean")
    shifted = relative((X + 1000).astype(np.float32), "euclidean")
    assert shifted.dtype == np.float32
    np.testing.assert_allclose(shifted, expected, atol=1e-2)


@pytest.mark.parametrize("metric", ["nonsense", [], ["cosine", "nonsense"]])
def test_unknown_metrics_are_listed(metric):
    with pytest.raises(ValueError, match="metric.*chebyshev|chebyshev.*metric"):
        RelativeRepresentation(3, metric).fit(draw(0))
