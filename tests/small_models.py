"""Models of every family that fit in a moment, for the tests of what surrounds a fit."""

import hashlib

import numpy as np
from scipy import sparse
from sklearn.pipeline import make_pipeline

from sksim.generative import VariationalDiffusion
from sksim.hubness import MutualProximity
from sksim.identifiability import EmbeddingClassifier
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)
from sksim.preprocessing import NormalScoreTransformer

__all__ = ["digest", "small_data", "small_models"]


def small_data():
    """Samples (60, 6) and their labels, of three classes."""
    rng = np.random.RandomState(0)
    return rng.standard_normal((60, 6)), rng.randint(3, size=60)


def small_models():
    """Unfitted models by name, seeded, a fit of each in some milliseconds."""
    return {
        "diffusion": VariationalDiffusion(
            max_epochs=1, batch_size=60, device="cpu", random_state=0
        ),
        "embedding": EmbeddingClassifier(
            max_epochs=2, hidden_layer_sizes=(8,), batch_size=60, random_state=0
        ),
        "neighbors": HubnessReducedKNeighborsClassifier(),
        "graph": make_pipeline(
            HubnessReducedKNeighborsTransformer(n_neighbors=8, reduction=None), MutualProximity()
        ),
        "scores": NormalScoreTransformer(random_state=0),
    }


def _output(model, X):
    for method in ("predict_proba", "score_samples", "transform"):
        if hasattr(model, method):
            output = getattr(model, method)(X)
            return output.toarray() if sparse.issparse(output) else np.asarray(output)
    raise TypeError(f"{type(model).__name__} has no output that is known here")


def digest(model):
    """What the fitted model answers about the data, to the last bit."""
    return hashlib.sha256(_output(model, small_data()[0]).tobytes()).hexdigest()[:16]
