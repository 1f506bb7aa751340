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
from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.inspection import KOccurrenceDisplay, SampleGridDisplay
from sksim.metrics import (
    SimilarityAccumulator,
    bad_hubness_score,
    cka_score,
    get_scorer_names,
    hubness_score,
    intrinsic_dimension,
    k_occurrence,
    k_skewness,
    logit_distance,
    participation_ratio,
    permutation_test_similarity,
    procrustes_distance,
)
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsRegressor,
    HubnessReducedNearestNeighbors,
)
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


def metrics(X: FloatArray, Y: FloatArray) -> None:
    assert_type(cka_score(X, Y, kernel="rbf"), float)
    assert_type(procrustes_distance(X.tolist(), Y), float)
    assert_type(k_skewness(k_occurrence(X, n_neighbors=3)), float)
    assert_type(participation_ratio(X), float)
    assert_type(hubness_score(X, n_neighbors=3), float)
    assert_type(bad_hubness_score(X, np.arange(len(X)) % 2, n_neighbors=3), float)
    assert_type(k_occurrence(X, n_neighbors=3), NDArray[Any])
    assert_type(intrinsic_dimension(X), float)
    score, null_scores, pvalue = permutation_test_similarity(X, Y, n_permutations=5)
    assert_type(score, float)
    assert_type(null_scores, NDArray[Any])
    assert_type(pvalue, float)
    batches = SimilarityAccumulator().partial_fit(X, Y).merge(SimilarityAccumulator())
    assert_type(batches, SimilarityAccumulator)
    assert_type(batches.cka_score(), float)
    assert_type(get_scorer_names(), list[str])


def distributions(logits: FloatArray) -> None:
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    assert_type(logit_distance(log_p, log_p), float)


def neighbors(X: FloatArray, y: IntArray) -> None:
    search = HubnessReducedNearestNeighbors(n_neighbors=3).fit(X)
    assert_type(search, HubnessReducedNearestNeighbors)
    classifier = HubnessReducedKNeighborsClassifier(3, reduction="csls").fit(X, y)
    assert_type(classifier, HubnessReducedKNeighborsClassifier)
    assert_type(HubnessReducedKNeighborsRegressor().fit(X, y).predict(X), NDArray[Any])


def generative() -> None:
    model = VariationalDiffusion(prediction="x", n_steps=None, max_epochs=1)
    assert_type(model.n_steps, int | None)


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
    cka_score(X)  # type: ignore[call-arg]
    k_skewness(X, ties="average")  # type: ignore[call-arg]
    VariationalDiffusion(prediction="noise")  # type: ignore[arg-type]
    DiffEnc(encoder_init=0)  # type: ignore[arg-type]
    EmbeddingClassifier(distillation="KL")  # type: ignore[arg-type]
    EmbeddingClassifier(lr="fast")  # type: ignore[arg-type]
    load_sentence_embeddings(subset="validation")  # type: ignore[call-overload]
    KOccurrenceDisplay.from_occurrence([3, 0, 1, 2])  # type: ignore[call-arg]


def main() -> None:
    X, y = make_gaussian_hubs(30, 4, random_state=0)
    alignment(X, X)
    preprocessing(X)
    identifiability()
    datasets()
    metrics(X, X + 1)
    distributions(X)
    neighbors(X, y)
    generative()
    displays(X)
