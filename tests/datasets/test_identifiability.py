import numpy as np
import pytest

from sksim.datasets import (
    make_permuted_pair,
    make_perturbed_pair,
    make_radial_classification,
    make_spirals,
)
from sksim.metrics import kl_divergence, log_likelihood_variance_distance, logit_distance
from tests.reference.identifiability import log_probabilities, mean_canonical_correlation


class TestRadial:
    @pytest.mark.parametrize("n_classes", [2, 4, 6, 18])
    def test_label_is_the_wedge(self, n_classes):
        X, y = make_radial_classification(500, n_classes=n_classes, random_state=0)
        for (x1, x2), label in zip(X, y):
            point = (x1, x2) if x2 >= 0 else (-x1, -x2)
            angle = np.arccos(point[0] / np.hypot(*point))
            assert label == min(int(angle * n_classes / np.pi), n_classes - 1)

    def test_antipodal_points_share_their_label(self):
        X, y = make_radial_classification(50, random_state=3)
        turn = np.mod(np.arctan2(-X[:, 1], -X[:, 0]), np.pi) / np.pi
        np.testing.assert_array_equal((4 * turn).astype(int), y)

    def test_scale_and_seed(self):
        X, y = make_radial_classification(2000, scale=3, random_state=np.random.RandomState(1))
        X_again, y_again = make_radial_classification(2000, scale=3, random_state=1)
        np.testing.assert_array_equal(X, X_again)
        np.testing.assert_array_equal(y, y_again)
        assert X.std() == pytest.approx(3, rel=0.05)


class TestSpirals:
    def test_arms_are_where_the_formula_says(self):
        X, y = make_spirals(2800, random_state=0)
        radius = np.hypot(*X.T)
        assert radius.min() == pytest.approx(1)
        assert radius.max() == pytest.approx(10)
        turn = (np.arctan2(X[:, 1], X[:, 0]) - 0.1 * np.pi * radius / 7) % (2 * np.pi)
        position = turn / (2 * np.pi / 28)
        arm = np.round(position).astype(int) % 28
        assert np.abs(position - np.round(position)).max() < 0.75 / 2
        np.testing.assert_array_equal(arm, np.repeat(np.arange(28), 100))
        labels = y[::100]
        for block in labels.reshape(4, 7):
            assert block[0] == 0
            assert sorted(block) == list(range(7))

    def test_uneven_sizes(self):
        X, y = make_spirals(31, n_classes=3, arms_per_class=2, random_state=0)
        assert len(X) == len(y) == 31
        assert set(y) == {0, 1, 2}


class TestPermutedPair:
    def test_construction_of_the_paper(self):
        pair = make_permuted_pair(rho=3, n_per_class=4, jitter=1, random_state=0)
        place = np.array([5, 0, 2, 4, 6, 1, 3])
        corners = 2 * np.pi * np.arange(7) / 7
        np.testing.assert_allclose(
            np.arctan2(pair.g2[:, 1], pair.g2[:, 0]) % (2 * np.pi), corners[place], atol=1e-12
        )
        np.testing.assert_array_equal(pair.y, np.repeat(np.arange(7), 4))
        offsets = (np.arctan2(pair.f1[:, 1], pair.f1[:, 0]) - corners[pair.y] + 1) % (2 * np.pi) - 1
        offsets2 = (np.arctan2(pair.f2[:, 1], pair.f2[:, 0]) - corners[place][pair.y] + 1) % (
            2 * np.pi
        ) - 1
        assert np.abs(offsets).max() < np.pi / 64
        np.testing.assert_allclose(offsets2.reshape(7, 4), offsets.reshape(7, 4)[place], atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(pair.f1, axis=1), np.linalg.norm(pair.f2, axis=1))
        assert np.linalg.norm(pair.f1, axis=1).min() >= 2

    def test_log_probabilities_belong_to_the_models(self):
        pair = make_permuted_pair(rho=2, n_per_class=2, jitter=1, random_state=0)
        np.testing.assert_allclose(pair.log_p, log_probabilities(pair.f1, pair.g1), atol=1e-12)
        np.testing.assert_allclose(pair.log_q, log_probabilities(pair.f2, pair.g2), atol=1e-12)

    @pytest.mark.parametrize("multiplier", [2, 3, 4, 5])
    def test_p13_uncorrelated(self, multiplier):
        pair = make_permuted_pair(multiplier=multiplier)
        assert mean_canonical_correlation(pair.f1, pair.f2) < 1e-12
        assert mean_canonical_correlation(pair.g1, pair.g2) < 1e-12

    @pytest.mark.parametrize("multiplier", [1, 6, -1, 8])
    def test_p14_control(self, multiplier):
        pair = make_permuted_pair(multiplier=multiplier)
        assert mean_canonical_correlation(pair.f1, pair.f2) == pytest.approx(1)
        assert logit_distance(pair.log_p, pair.log_q) < 1e-12

    @pytest.mark.parametrize("rho", [3, 10, 18])
    def test_table_with_noise(self, rho):
        """500 inputs a class, as in the paper's table."""
        pair = make_permuted_pair(rho=rho, n_per_class=500, jitter=1, random_state=0)
        divergence = kl_divergence(pair.log_p, pair.log_q)
        low, high = {3: (0.884, 0.890), 10: (0.0192, 0.0202), 18: (0.9e-4, 1.2e-4)}[rho]
        assert low < divergence < high
        distance = log_likelihood_variance_distance(
            pair.log_p, pair.log_q, n_candidates=100, random_state=0
        )
        assert distance == pytest.approx(1.317, abs=2e-3)
        assert mean_canonical_correlation(pair.f1, pair.f2) < 0.01

    def test_multiplier_must_permute(self):
        with pytest.raises(ValueError, match="multiplier must be coprime to n_classes=7.*got 14"):
            make_permuted_pair(multiplier=14)


class TestPerturbedPair:
    def test_noise_is_nested_in_its_level(self):
        near, far = (make_perturbed_pair(noise=noise, random_state=0) for noise in (0.1, 0.3))
        np.testing.assert_array_equal(near.f1, far.f1)
        np.testing.assert_allclose(far.f2 - far.f1, 3 * (near.f2 - near.f1), atol=1e-12)
        assert (near.f2 - near.f1).std() == pytest.approx(0.1, rel=0.05)

    def test_no_noise_no_difference(self):
        pair = make_perturbed_pair(noise=0, random_state=0)
        np.testing.assert_array_equal(pair.log_p, pair.log_q)
        np.testing.assert_allclose(np.linalg.norm(pair.g1, axis=1), 20)
