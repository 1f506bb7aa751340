"""How a user's code looks to a strict type checker; it runs, too, by ``main``.

``assert_type`` holds what is known of a result. An ignored error is one that has to be found: the
checker complains of those that it does not need.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from sksim.alignment import ProcrustesAligner
from sksim.datasets import (
    load_sentence_embeddings,
    make_checkerboard,
    make_gaussian_hubs,
    make_radial_classification,
)
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.inspection import KOccurrenceDisplay, SampleGridDisplay
from sksim.preprocessing import Centering, NormalScoreTransformer, RelativeRepresentation

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


def alignment(X: FloatArray, Y: FloatArray) -> None:
    aligner = ProcrustesAligner(scaling=True).fit(X, Y)
    assert_type(aligner, ProcrustesAligner)
    assert_type(aligner.transform(X), FloatArray)
    assert_type(aligner.inverse_transform(Y), FloatArray)
    assert_type(aligner.score(X, Y), float)
    assert_type(aligner.coef_, FloatArray)


def preprocessing(X: FloatArray) -> None:
    assert_type(Centering(weighting=1).fit(X), Centering)
    assert_type(Centering().fit(X.tolist()).transform(X.tolist()), FloatArray)
    assert_type(NormalScoreTransformer(ties="ordinal").fit_transform(X), FloatArray)
    assert_type(
        RelativeRepresentation(5, metric=["cosine", "euclidean"]).fit(X).transform(X), FloatArray
    )


def identifiability() -> None:
    model = EmbeddingClassifier(3, unembedding="linear", max_epochs=1, random_state=0)
    assert_type(SeedEnsemble(model, n_seeds=2).n_seeds, int)


def datasets() -> None:
    X, y = make_radial_classification(20, n_classes=3, random_state=0)
    assert_type(X, FloatArray)
    assert_type(y, IntArray)
    assert_type(make_checkerboard(5), IntArray)
    assert_type(make_checkerboard(5, return_entropy=True), tuple[IntArray, float])
    assert_type(load_sentence_embeddings(return_X_y=True), tuple[FloatArray, IntArray])


def displays(X: FloatArray) -> None:
    display = KOccurrenceDisplay.from_occurrence([3, 0, 1, 2], n_neighbors=1)
    assert_type(display, KOccurrenceDisplay)
    assert_type(display.plot(), KOccurrenceDisplay)
    assert_type(SampleGridDisplay.from_samples(X[:, :2], name="points"), SampleGridDisplay)


def wrong_arguments(X: FloatArray) -> None:
    """Never run: a checker has to find each of these."""
    ProcrustesAligner(scaling="no")  # type: ignore[arg-type]
    NormalScoreTransformer(distribution="gaussian")  # type: ignore[arg-type]
    Centering().fit()  # type: ignore[call-arg]
    EmbeddingClassifier(distillation="KL")  # type: ignore[arg-type]
    EmbeddingClassifier(lr="fast")  # type: ignore[arg-type]
    load_sentence_embeddings(subset="validation")  # type: ignore[call-overload]
    KOccurrenceDisplay.from_occurrence([3, 0, 1, 2])  # type: ignore[call-arg]


def main() -> None:
    X, _ = make_gaussian_hubs(30, 4, random_state=0)
    alignment(X, X)
    preprocessing(X)
    identifiability()
    datasets()
    displays(X)
