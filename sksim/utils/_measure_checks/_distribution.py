"""Checks of the records of distances between conditional distributions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import log_softmax
from scipy.stats import ortho_group

from sksim.utils._measure_checks._kind import SAME, Arrays, Check, Kind, Widths, assert_triangle

__all__ = ["Distribution"]

#: Labels and dimensions of models: with few labels the terms over inputs decide d_LLV, with many
#: not all sets of labels are tried where they are drawn.
_MODEL_SIZES = ((5, 4), (9, 8), (12, 3))


def _at_two_temperatures(measure: Any, arrays: Arrays) -> Arrays:
    """The first model, and one with logits twice as large."""
    if measure.inputs == "embeddings":
        f, g, *_ = arrays
        return f, g, f, 2 * g
    return arrays[0], log_softmax(2 * arrays[0], axis=1)


class Distribution(Kind):
    """Two models p(y|x) ~ exp(f(x).g(y)), the second near the first."""

    def example(
        self, measure: Any, seed: int, n_samples: int = 30, widths: Widths = None
    ) -> Arrays:
        rng = np.random.RandomState(seed)
        n_labels, size = _MODEL_SIZES[seed % len(_MODEL_SIZES)]
        f, g = rng.standard_normal((n_samples, size)), rng.standard_normal((n_labels, size))
        f2, g2 = f + 0.3 * rng.standard_normal(f.shape), g + 0.3 * rng.standard_normal(g.shape)
        if measure.inputs == "embeddings":
            return f, g, f2, g2
        return log_softmax(f @ g.T, axis=1), log_softmax(f2 @ g2.T, axis=1)

    def changed(self, measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
        rng = np.random.RandomState(seed)
        if measure.inputs == "log_probabilities":
            if change == "gauge":
                return arrays  # which do not see it
            axis = ["row_order", "label_order"].index(change)
            order = rng.permutation(arrays[0].shape[axis])
            return tuple(np.take(log_p, order, axis=axis) for log_p in arrays)
        f1, g1, f2, g2 = arrays
        if change == "row_order":
            order = rng.permutation(len(f1))
            return f1[order], g1, f2[order], g2
        if change == "gauge":
            left, right = (ortho_group.rvs(f1.shape[1], random_state=rng) for _ in range(2))
            B = left * rng.uniform(0.5, 2.0, size=len(left)) @ right
            return f1 @ B.T, g1 @ np.linalg.inv(B) + rng.standard_normal(len(B)), f2, g2
        order = rng.permutation(len(g1))
        return f1, g1[order], f2, g2[order]

    def null_draw(self, measure: Any, rng: np.random.RandomState) -> float:
        one, other = self._two_of_one_size(measure, rng.randint(2**31))
        half = len(one) // 2
        return measure(*one[:half], *other[:half])

    def _two_of_one_size(self, measure: Any, seed: int) -> tuple[Arrays, Arrays]:
        """Two examples with as many labels and dimensions as each other."""
        later = seed + len(_MODEL_SIZES)
        return self.example(measure, seed), self.example(measure, later)

    def random_checks(self, measure: Any) -> Iterator[Check]:
        if measure.definite:
            yield self.check_definite
        if measure.distance is not None:
            yield self.check_triangle

    def fixed_checks(self, measure: Any) -> Iterator[Check]:
        yield self.check_draws
        if not measure.definite:
            yield self.check_not_definite

    def check_definite(self, measure: Any, seed: int) -> None:
        """Different distributions are apart, those of equal representations among them."""
        arrays = self.example(measure, seed)
        for different in (arrays, _at_two_temperatures(measure, arrays)):
            result = measure(*different)
            assert result > SAME, f"{measure.name}: {result} for different distributions"

    def check_not_definite(self, measure: Any, seed: int = 0) -> None:
        """Some different distributions are not apart."""
        result = measure(*_at_two_temperatures(measure, self.example(measure, seed)))
        assert result < SAME, (
            f"{measure.name}: {result} at two temperatures, claim that it is definite"
        )

    def check_triangle(self, measure: Any, seed: int) -> None:
        """The form that is called a metric is one, with a model near or far on the way."""
        near, far = self._two_of_one_size(measure, seed)
        half = len(near) // 2
        A, B, C = near[:half], near[half:], far[half:]
        assert_triangle(measure, A, B, C)
        assert_triangle(measure, B, A, C)

    def check_draws(self, measure: Any, seed: int = 0) -> None:
        """What draws at random takes a seed, and draws with the same one unless told otherwise."""
        takes_a_seed = "random_state" in inspect.signature(measure.function).parameters
        assert measure.draws == takes_a_seed, f"{measure.name}: draws={measure.draws}"
        arrays = self.example(measure, seed, n_samples=60)
        assert measure(*arrays) == measure(*arrays), measure.name
