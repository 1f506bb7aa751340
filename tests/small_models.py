"""Models of every family that fit in a moment, for the tests of what surrounds a fit.

The estimators that train a network are listed here once: a test holds that none is missing.
"""

import hashlib
from functools import partial

import numpy as np
from scipy import sparse
from sklearn.pipeline import make_pipeline

from sksim.encoders import (
    ContrastiveMIM,
    DenoisingAutoencoder,
    QuantizedLatentAutoencoder,
    RandomProjectorLearner,
    SparseAutoencoder,
)
from sksim.generative import (
    DiffEnc,
    DiffusionFeatures,
    DPMEncoder,
    InfoDiffusion,
    VariationalDiffusion,
)
from sksim.hubness import MutualProximity
from sksim.identifiability import EmbeddingClassifier
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)
from sksim.preprocessing import NormalScoreTransformer

__all__ = [
    "ENCODERS",
    "NETWORKS",
    "READERS",
    "dense",
    "digest",
    "networks",
    "output",
    "small_data",
    "small_models",
]

SMALL = {"max_epochs": 3, "batch_size": 16, "random_state": 0, "device": "cpu"}
DIFFUSION = SMALL | {"n_score_steps": 4, "denoiser_params": {"width": 8}, "warmup_steps": 9}
DEEP = SMALL | {"n_components": 2, "hidden_layer_sizes": (8, 6)}
SPARSE = SMALL | {"n_components": 12, "n_nonzero": 2}


def _listed(Estimator, **defaults):
    """A function that makes the estimator, with options in place of the defaults."""
    return lambda **options: Estimator(**defaults | options)


ENCODERS = {
    "denoising": _listed(DenoisingAutoencoder, **DEEP),
    "quantized": _listed(QuantizedLatentAutoencoder, **DEEP),
    "mim": _listed(ContrastiveMIM, **DEEP),
    "projectors": _listed(RandomProjectorLearner, **DEEP, n_projectors=2),
    "topk": _listed(SparseAutoencoder, **SPARSE),
    "pursuit": _listed(SparseAutoencoder, **SPARSE, encoder="matching_pursuit"),
    "masking": _listed(DenoisingAutoencoder, **DEEP, noise="masking"),
}
#: Whatever trains a network of its own, with checkpoints.
NETWORKS = {
    "VariationalDiffusion": _listed(VariationalDiffusion, **DIFFUSION),
    "DiffEnc": _listed(DiffEnc, **DIFFUSION),
    "InfoDiffusion": _listed(InfoDiffusion, **DIFFUSION, n_components=2),
    "EmbeddingClassifier": _listed(EmbeddingClassifier, **SMALL, hidden_layer_sizes=(8,)),
    **ENCODERS,
}
#: What reads a diffusion model, which it trains first.
READERS = {
    "DPMEncoder": lambda: DPMEncoder(VariationalDiffusion(**DIFFUSION), n_steps=3, random_state=0),
    "DiffusionFeatures": lambda: DiffusionFeatures(
        VariationalDiffusion(**DIFFUSION), n_draws=1, random_state=0
    ),
}


def networks(**options):
    """The functions that make the networks, with other defaults."""
    return {name: partial(make, **options) for name, make in NETWORKS.items()}


def small_data():
    """Samples (60, 6) and their labels, of three classes."""
    rng = np.random.RandomState(0)
    return rng.standard_normal((60, 6)), rng.randint(3, size=60)


def small_models():
    """Unfitted models by name, seeded, a fit of each in some milliseconds."""
    return {
        **{name: make(max_epochs=1, batch_size=60) for name, make in NETWORKS.items()},
        **{name: make() for name, make in READERS.items()},
        "neighbors": HubnessReducedKNeighborsClassifier(),
        "graph": make_pipeline(
            HubnessReducedKNeighborsTransformer(n_neighbors=8, reduction=None), MutualProximity()
        ),
        "scores": NormalScoreTransformer(random_state=0),
    }


def dense(Z):
    """An array, whatever came."""
    return Z.toarray() if sparse.issparse(Z) else np.asarray(Z)


def output(model, X):
    """What a fitted model is for."""
    for method in ("predict_proba", "score_samples", "transform"):
        if hasattr(model, method):
            return dense(getattr(model, method)(X))
    raise TypeError(f"{type(model).__name__} has no output that is known here")


def digest(model):
    """What the fitted model answers about the data, to the last bit."""
    return hashlib.sha256(output(model, small_data()[0]).tobytes()).hexdigest()[:16]
