"""The messages that the page of troubles quotes are those that the library gives."""

import os
import pathlib
import re
import warnings
from unittest import mock

import numpy as np
import pytest
import sklearn
import sklearn.metrics
from sklearn.neighbors import kneighbors_graph

from sksim import generative, hubness, metrics, neighbors

PAGE = pathlib.Path(__file__).parents[1] / "doc" / "troubleshooting.rst"

rng = np.random.RandomState(0)
X, Y = rng.standard_normal((60, 8)), rng.standard_normal((60, 5))
GRAPH = kneighbors_graph(X, 5, mode="distance")
EVEN = np.full((50, 4), np.log(0.25))
IMPOSSIBLE = np.where(np.eye(4) > 0, 0.0, -np.inf)


def diffusion(**params):
    return generative.VariationalDiffusion(**{"max_epochs": 1, **params}).fit(X)


def reduced(**params):
    return neighbors.HubnessReducedNearestNeighbors(5, **params).fit(X)


def dispatch_without_scipy():
    """Switch dispatch on as in an environment that does not set SciPy's variable."""
    with (
        mock.patch.dict(os.environ, {"SCIPY_ARRAY_API": "0"}),
        sklearn.config_context(array_api_dispatch=True),
    ):
        pass


TROUBLES = {
    "dispatch": dispatch_without_scipy,
    "unpaired": lambda: metrics.cka_score(X, Y[:50]),
    "maps": lambda: metrics.cka_score(rng.rand(10, 3, 4, 4), Y[:10]),
    "missing": lambda: metrics.cka_score(np.where(X > 2, np.nan, X), Y),
    "constant": lambda: metrics.cka_score(np.ones((60, 3)), Y),
    "zeros": lambda: metrics.mutual_knn_score(np.r_[X[:-1], np.zeros((1, 8))], Y),
    "unknown measure": lambda: metrics.pairwise_similarity({"a": X, "b": Y}, "ckaa"),
    "too many neighbours": lambda: metrics.hubness_score(X[:8], n_neighbors=10),
    "shallow graph": lambda: hubness.NICDM(n_neighbors=10).fit(GRAPH),
    "no vectors": lambda: hubness.DisSimLocal().fit(GRAPH),
    "vectors": lambda: hubness.NICDM().fit(X),
    "no product": lambda: reduced().to_inner_product_index(),
    "few candidates": lambda: reduced(n_candidates=3),
    "foreign scorer": lambda: sklearn.metrics.get_scorer("neg_k_skewness"),
    "probabilities": lambda: metrics.kl_divergence(np.exp(EVEN), np.exp(EVEN)),
    "underflow": lambda: metrics.kl_divergence(IMPOSSIBLE, IMPOSSIBLE),
    "equal labels": lambda: metrics.log_likelihood_variance_distance(EVEN, EVEN, n_components=2),
    "fractions": lambda: diffusion(likelihood="categorical"),
    "device": lambda: diffusion(device="cuda"),
    "seed": lambda: diffusion(checkpoint="anywhere"),
    "memory": lambda: metrics.rdm(rng.rand(1_000_000, 3)),
    "few samples": lambda: metrics.cca_score(rng.rand(10, 20), rng.rand(10, 15)),
    "diverging": lambda: diffusion(max_epochs=60, lr=1e3, random_state=0),
}


def _messages_of(trouble):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            trouble()
        except (ValueError, MemoryError, RuntimeError) as error:
            return [str(error), *(str(w.message) for w in warned)]
    return [str(w.message) for w in warned]


def _quoted():
    """Patterns of the messages on the page: any text where it has dots."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    quotes = [line.strip("`") for line in lines if re.fullmatch(r"``[^`]+``", line)]
    return [re.escape(quote).replace(re.escape("..."), ".*") for quote in quotes]


def test_each_message_on_the_page_is_one_of_the_library():
    torch = pytest.importorskip("torch")
    messages = [message for trouble in TROUBLES.values() for message in _messages_of(trouble)]
    quoted = _quoted()
    assert len(quoted) >= 20
    stale = [p for p in quoted if not any(re.match(p, m, re.DOTALL) for m in messages)]
    # Where there is CUDA, nothing is wrong with asking for it.
    assert [p for p in stale if not (torch.cuda.is_available() and "cuda" in p)] == []
