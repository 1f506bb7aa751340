"""The public checks pass estimators from outside the package, and catch what they are for."""

import hashlib
import os
import time

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._graph import check_graph
from sksim.utils.estimator_checks import (
    check_sksim_estimator,
    example_data,
    memory_layouts,
    sksim_checks_generator,
)


class Jitter(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale features by factors near one.

    Parameters
    ----------
    size : float, default=0.1
        Largest relative change.
    random_state : int, RandomState instance or None, default=None
        Draws the factors.
    """

    def __init__(self, size=0.1, *, random_state=None):
        self.size = size
        self.random_state = random_state

    def fit(self, X, y=None):
        X = validate_named_data(self, X, dtype=[np.float64, np.float32])
        draws = check_random_state(self.random_state).uniform(-1, 1, X.shape[1])
        self.factors_ = 1 + self.size * draws
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_named_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return X * self.factors_.astype(X.dtype)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class Halving(TransformerMixin, BaseEstimator):
    """Halve all distances of a neighbour graph or of a matrix of distances."""

    def fit(self, X, y=None):
        self.n_features_in_ = self._check(X).shape[1]
        return self

    def transform(self, X):
        return self._check(X) / 2 if not sparse.issparse(X) else self._of_graph(self._check(X))

    def _check(self, X):
        return (
            check_graph(X)
            if sparse.issparse(X)
            else check_named_array(X, "X", dtype=[np.float64, np.float32])
        )

    def _of_graph(self, X):
        return type(X)((X.data / 2, X.indices, X.indptr), shape=X.shape)

    def get_feature_names_out(self, input_features=None):
        return np.array([f"halving{i}" for i in range(self.n_features_in_)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@pytest.mark.parametrize("estimator", [Jitter(), Halving()], ids=["vectors", "graphs"])
def test_estimators_from_outside_pass(estimator):
    check_sksim_estimator(estimator)
    assert len(list(sksim_checks_generator(estimator))) > 7


def test_the_example_from_outside_is_a_scikit_learn_estimator():
    check_estimator(Jitter())


class Overwriting(Jitter):
    def transform(self, X):
        X = np.asarray(X)
        X *= self.factors_
        return X


class ForwardOnly(Jitter):
    def transform(self, X):
        if min(X.strides) < 0:
            raise ValueError("negative strides")
        return super().transform(X)


class GlobalGenerator(Jitter):
    def fit(self, X, y=None):
        np.random.uniform()
        return super().fit(X)


class DoubleOnly(Jitter):
    def transform(self, X):
        return super().transform(X).astype(np.float64)


class OtherProcessOtherNumbers(Jitter):
    def transform(self, X):
        return super().transform(X) + X.dtype.type(os.getpid())


class Undocumented(Jitter):
    """Scale features."""


class SameNames(Jitter):
    def get_feature_names_out(self, input_features=None):
        return np.array(["x"] * self.n_features_in_, dtype=object)


class Unsorted(Halving):
    def _of_graph(self, X):
        return type(X)((X.data.max() - X.data, X.indices, X.indptr), shape=X.shape)


class BatchStatistics(Halving):
    def _of_graph(self, X):
        return type(X)((X.data / X.data.mean(), X.indices, X.indptr), shape=X.shape)

    def transform(self, X):
        return super().transform(X) if sparse.issparse(X) else X / X.mean()


class OneContainer(Halving):
    def _of_graph(self, X):
        return sparse.csr_matrix(super()._of_graph(X))


class NotSoOnDense(Halving):
    def transform(self, X):
        return super().transform(X) if sparse.issparse(X) else X / 3


class SharedScratch(Jitter):
    scratch = {}

    def fit(self, X, y=None):
        self.scratch["owner"] = id(self)
        time.sleep(0.3)
        super().fit(X)
        self.factors_ = self.factors_ + (self.scratch["owner"] != id(self))
        return self


class SeedsTheProcess(Jitter):
    """As networks do that know the global generator alone: it is put back, but not in time."""

    def fit(self, X, y=None):
        state = np.random.get_state()
        np.random.seed(self.random_state)
        super().fit(X)
        for column in range(X.shape[1]):
            time.sleep(0.05)
            self.factors_[column] = np.random.uniform(1, 2)
        np.random.set_state(state)
        return self


class GoesOnAfterInterrupt(Jitter):
    def fit(self, X, y=None):
        super().fit(X)
        try:
            self._train()
        except KeyboardInterrupt:
            print("stopped")
        return self

    def _train(self):
        for _ in range(20):
            self._step()

    def _step(self):
        self.factors_ = self.factors_ * 1.01


class RemembersTheInterrupt(GoesOnAfterInterrupt):
    def fit(self, X, y=None):
        Jitter.fit(self, X)
        self.n_fits = getattr(self, "n_fits", 0) + 1
        self._train()
        self.factors_ *= self.n_fits
        return self


class TakesAnyGraph(Halving):
    def _check(self, X):
        return X


class NamesNoArgument(Jitter):
    def fit(self, X, y=None):
        try:
            return super().fit(X)
        except (TypeError, ValueError):
            raise ValueError("Expected a 2D array") from None


class NamesNoTarget(Jitter):
    def fit(self, X, y):
        if len(X) != len(y):
            raise ValueError("Expected as many targets as samples")
        return super().fit(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class LosesTheMask(Jitter):
    def transform(self, X):
        return super().transform(np.ma.getdata(X))


class KeepsWeights(Jitter):
    """Scale features, by factors that may come from a file with a checksum."""

    def save_weights(self, path):
        content = self.factors_.tobytes()
        path.write_bytes(hashlib.sha256(content).digest() + content)

    def load_weights(self, path):
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            raise ValueError(f"{path} is damaged.")
        self.factors_ = np.frombuffer(content[32:])
        self.n_features_in_ = self.factors_.size
        return self


class BlindReader(KeepsWeights):
    def load_weights(self, path):
        self.factors_ = np.frombuffer(path.read_bytes()[32:])
        self.n_features_in_ = self.factors_.size
        return self


class SilentAboutTheFile(KeepsWeights):
    def load_weights(self, path):
        try:
            return super().load_weights(path)
        except ValueError:
            raise ValueError("damaged") from None


def test_weights_from_outside_pass():
    checks = {c.func.__name__: c for _, c in sksim_checks_generator(KeepsWeights())}
    checks["check_damaged_weights"](KeepsWeights())


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        (Overwriting(), "check_input_kept"),
        (ForwardOnly(), "check_memory_layout"),
        (GlobalGenerator(), "check_global_generators_untouched"),
        (DoubleOnly(), "check_float_types"),
        (OtherProcessOtherNumbers(), "check_seed_in_fresh_process"),
        (Undocumented(), "check_documented_parameters"),
        (SameNames(), "check_feature_names_in_pipeline"),
        (Unsorted(), "check_graph_rows"),
        (BatchStatistics(), "check_rows_of_graph_independent"),
        (OneContainer(), "check_sparse_containers"),
        (NotSoOnDense(), "check_complete_graph_equals_dense"),
        (SharedScratch(), "check_fits_in_threads"),
        (SeedsTheProcess(), "check_fits_in_threads"),
        (GoesOnAfterInterrupt(), "check_interrupted_fit"),
        (RemembersTheInterrupt(), "check_interrupted_fit"),
        (TakesAnyGraph(), "check_bad_graphs"),
        (BlindReader(), "check_damaged_weights"),
        (SilentAboutTheFile(), "check_damaged_weights"),
        (NamesNoArgument(), "check_argument_named"),
        (NamesNoTarget(), "check_argument_named"),
        (LosesTheMask(), "check_argument_named"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_check_catches_its_defect(estimator, check):
    checks = {c.func.__name__: c for _, c in sksim_checks_generator(estimator)}
    with pytest.raises((AssertionError, ValueError)):
        checks[check](estimator)


def test_layouts_are_what_they_are_called():
    X, _ = example_data(Jitter())
    layouts = memory_layouts(X)
    for view in layouts.values():
        np.testing.assert_array_equal(view, X)
    assert layouts["rows backwards"].strides[0] < 0 < layouts["rows backwards"].strides[1]
    assert layouts["columns backwards"].strides[1] < 0
    assert layouts["Fortran order"].flags.f_contiguous
    assert not layouts["wide strides"].flags.c_contiguous
