import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.metrics import (
    log_likelihood_variance_distance,
    log_likelihood_variance_distance_from_embeddings,
    logit_distance,
    logit_distance_from_embeddings,
)
from sksim.metrics.distributions import _embeddings as module
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)
levels = st.sampled_from([1.0, 1e-2, 1e-4, 1e-7])


def _models(seed, n=40, k=30, sizes=(3, 3)):
    rng = np.random.RandomState(seed)
    return [reference.random_model(rng, n=n, k=k, size=size) for size in sizes]


def _near(seed, level, n=40, k=30):
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng, n=n, k=k, size=3)
    return f, g, f + level * rng.standard_normal(f.shape), g + level * rng.standard_normal(g.shape)


def _log_probabilities(f1, g1, f2, g2):
    return log_softmax(f1 @ g1.T, axis=1), log_softmax(f2 @ g2.T, axis=1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Several blocks on small data."""
    monkeypatch.setattr(module, "_BLOCK_ENTRIES", 64)


class TestLogitDistance:
    @given(seeds, levels, st.sampled_from([2, 5, 40]))
    def test_p15_equals_the_direct_route(self, seed, level, n):
        models = _near(seed, level, n=n)
        direct = logit_distance(*_log_probabilities(*models))
        assert logit_distance_from_embeddings(*models) == pytest.approx(direct, rel=1e-8)

    def test_dimensions_may_differ(self):
        (f1, g1), (f2, g2) = _models(0, sizes=(2, 5))
        direct = logit_distance(*_log_probabilities(f1, g1, f2, g2), squared=True)
        moments = logit_distance_from_embeddings(f1, g1, f2, g2, squared=True)
        assert moments == pytest.approx(direct, rel=1e-11)

    def test_accurate_where_moments_cancel(self):
        """E|u|^2 + E|u'|^2 - 2 E[u.u'] loses the distance here; the triangles do not."""
        f1, g1, f2, g2 = _near(0, 1e-9, n=200)
        c1, c2 = g1 - g1.mean(axis=0), g2 - g2.mean(axis=0)
        cancelled = (
            np.sum(f1.T @ f1 * (c1.T @ c1))
            + np.sum(f2.T @ f2 * (c2.T @ c2))
            - 2 * np.sum(f1.T @ f2 * (c1.T @ c2))
        ) / 200
        exact = np.mean(np.sum((f1 @ c1.T - f2 @ c2.T) ** 2, axis=1))
        assert abs(cancelled / exact - 1) > 1e-3
        squared = logit_distance_from_embeddings(f1, g1, f2, g2, squared=True)
        assert squared == pytest.approx(exact, rel=1e-6)

    def test_common_offset_of_the_unembeddings_is_harmless(self):
        f1, g1, f2, g2 = _near(0, 1e-3)
        plain = logit_distance_from_embeddings(f1, g1, f2, g2)
        shifted = logit_distance_from_embeddings(f1, g1 + 1000.0, f2, g2 - 500.0)
        assert shifted == pytest.approx(plain, rel=1e-8)

    def test_float32_input_is_computed_on_in_float64(self):
        models = [part.astype(np.float32) for part in _near(0, 1e-4)]
        doubles = [part.astype(np.float64) for part in models]
        assert logit_distance_from_embeddings(*models) == logit_distance_from_embeddings(*doubles)


class TestLikelihoodVariance:
    @given(seeds, levels, st.sampled_from([4, 40]), st.sampled_from(["max", "mean"]))
    def test_p15_equals_the_direct_route(self, seed, level, n, reduce):
        models = _near(seed, level, n=n)
        options = {
            "pivot": 3, "left_out": 5, "inputs": [2, 0, 1, 3], "reduce": reduce,
            "return_terms": True,
        }  # fmt: skip
        direct = log_likelihood_variance_distance(*_log_probabilities(*models), **options)
        moments = log_likelihood_variance_distance_from_embeddings(*models, **options)
        for name in ("distance", "t1", "t2", "t3", "t4"):
            assert moments[name] == pytest.approx(direct[name], rel=1e-7, abs=1e-13), name

    @given(seeds)
    def test_automatic_choices_agree(self, seed):
        models = [part for model in _models(seed, k=8) for part in model]
        options = {"random_state": seed, "n_candidates": 20, "return_terms": True}
        direct = log_likelihood_variance_distance(
            *_log_probabilities(*models), n_components=3, **options
        )
        moments = log_likelihood_variance_distance_from_embeddings(*models, **options)
        np.testing.assert_array_equal(moments.inputs, direct.inputs)
        assert (moments.pivot, moments.left_out) == (direct.pivot, direct.left_out)
        assert moments.distance == pytest.approx(direct.distance, rel=1e-9)

    def test_candidate_pivots(self):
        models = [part for model in _models(0) for part in model]
        options = {"inputs": [0, 1, 2, 3], "return_terms": True}
        alone = [
            log_likelihood_variance_distance_from_embeddings(*models, pivot=pivot, **options)
            for pivot in (4, 9, 17)
        ]
        best = log_likelihood_variance_distance_from_embeddings(
            *models, pivot=[4, 9, 17], **options
        )
        assert best.t1 == min(one.t1 for one in alone)

    def test_restriction_to_labels(self):
        models = [part for model in _models(0) for part in model]
        labels = np.array([1, 4, 6, 20])
        result = log_likelihood_variance_distance_from_embeddings(
            *models, pivot=2, left_out=6, inputs=[0, 1, 2, 3], labels=labels, return_terms=True
        )
        log_p, log_q = _log_probabilities(*models)
        values = [
            value
            for label in (1, 4, 20)
            for value in reference.label_side(
                log_p[:, [2, label, 0]], log_q[:, [2, label, 0]], 0, 2
            )[0]
        ]
        assert result.t1 == pytest.approx(max(values), rel=1e-9)

    def test_common_offset_of_the_unembeddings_is_harmless(self):
        f1, g1, f2, g2 = _near(0, 1e-2)
        options = {"pivot": 0, "left_out": 1, "inputs": [0, 1, 2, 3]}
        plain = log_likelihood_variance_distance_from_embeddings(f1, g1, f2, g2, **options)
        shifted = log_likelihood_variance_distance_from_embeddings(
            f1, g1 + 1000.0, f2, g2 - 500.0, **options
        )
        assert shifted == pytest.approx(plain, rel=1e-7)

    def test_large_logits_do_not_overflow(self):
        f1, g1, f2, g2 = _near(0, 1e-2)
        models = 40 * f1, 40 * g1, 40 * f2, 40 * g2
        options = {"pivot": 0, "left_out": 1, "inputs": [0, 1, 2, 3]}
        direct = log_likelihood_variance_distance(*_log_probabilities(*models), **options)
        moments = log_likelihood_variance_distance_from_embeddings(*models, **options)
        assert moments == pytest.approx(direct, rel=1e-9)


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"pivot": 80}, r"pivot must be in \[0, 80\)"),
            ({"pivot": [0.5]}, "pivot must be a label or a list of labels"),
            ({}, "pivot='auto' tries all labels, and is meant for up to 64 of them, got 80"),
            ({"pivot": 0, "labels": [1, 2]}, "at least 3 distinct label indices"),
            ({"pivot": 0, "labels": [1, 2, 90]}, "each of labels must be in"),
            ({"pivot": 0, "left_out": 5, "labels": [1, 2, 3]}, "left_out=5 must be one of labels"),
            ({"pivot": 0, "n_components": 40}, "needs at least 41 inputs"),
        ],
    )
    def test_message(self, options, message):
        models = [part for model in _models(0, k=80) for part in model]
        with pytest.raises(ValueError, match=message):
            log_likelihood_variance_distance_from_embeddings(*models, **options)

    @pytest.mark.parametrize(
        "function",
        [logit_distance_from_embeddings, log_likelihood_variance_distance_from_embeddings],
    )
    def test_models_must_match(self, function):
        (f1, g1), (f2, g2) = _models(0, k=10)
        with pytest.raises(ValueError, match="f1 and f2 must have one row"):
            function(f1[1:], g1, f2, g2)
        with pytest.raises(ValueError, match="f2 contains NaN"):
            function(f1, g1, np.full_like(f2, np.nan), g2)


class TestDegenerate:
    @pytest.fixture
    def twin_labels(self):
        """Labels 0 and 1 have one unembedding, in the first model only."""
        f1, g1, f2, g2 = [part for model in _models(0, k=8) for part in model]
        g1[1] = g1[0]
        return f1, g1, f2, g2

    def test_raise_names_the_label(self, twin_labels):
        with pytest.raises(ValueError, match=r"labels to the pivot label.*: 1\. Choose another"):
            log_likelihood_variance_distance_from_embeddings(
                *twin_labels, pivot=0, left_out=2, inputs=[0, 1, 2, 3]
            )

    def test_automatic_choice_avoids_it(self, twin_labels):
        result = log_likelihood_variance_distance_from_embeddings(
            *twin_labels, inputs=[0, 1, 2, 3], return_terms=True
        )
        assert np.isfinite(result.distance)
        assert result.pivot not in (0, 1) or result.left_out in (0, 1)

    def test_skip_equals_the_direct_route(self, twin_labels):
        options = {"pivot": 0, "left_out": 2, "inputs": [0, 1, 2, 3], "on_degenerate": "skip"}
        with pytest.warns(UserWarning, match="labels.*: 1. They are left out"):
            moments = log_likelihood_variance_distance_from_embeddings(*twin_labels, **options)
        with pytest.warns(UserWarning, match="labels.*: 1. They are left out"):
            direct = log_likelihood_variance_distance(*_log_probabilities(*twin_labels), **options)
        assert moments == pytest.approx(direct, rel=1e-9)

    def test_rounding_is_no_variation(self):
        f1, g1, f2, g2 = (part for model in _models(0, k=8) for part in model)
        g1 = g1[0] * (1 + 1e-15 * g1)
        for models in [(f1, g1, f2, g2), (f2, g2, f1, g1)]:
            with pytest.raises(ValueError, match="constant in one of the models"):
                log_likelihood_variance_distance_from_embeddings(
                    *models, pivot=0, left_out=2, inputs=[0, 1, 2, 3]
                )
