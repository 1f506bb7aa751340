"""Validation of parameters proposes the nearest known name."""

import inspect

import pytest

from sksim.alignment import ProcrustesAligner
from sksim.datasets import load_sentence_embeddings
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.preprocessing import NormalScoreTransformer, RelativeRepresentation
from sksim.utils._sklearn import InvalidParameterError, StrOptions, validate_params


@validate_params(
    {"kind": [StrOptions({"hard", "semi"}), callable], "size": [int]},
    prefer_skip_nested_validation=True,
)
def matched(X, kind="hard", *, size=1):
    """Return what came in."""
    return X, kind, size


def test_functions_propose_names():
    with pytest.raises(InvalidParameterError, match=r"'kind' .* Did you mean 'hard'\?$"):
        matched(0, kind="Hrad")
    with pytest.raises(InvalidParameterError, match=r"Got 'zzz' instead\.$"):
        matched(0, "zzz")
    with pytest.raises(InvalidParameterError, match=r"'size' .* Got 'hard' instead\.$"):
        matched(0, size="hard")
    assert matched(0, "semi", size=3) == (0, "semi", 3)


@pytest.mark.parametrize(
    ("estimator", "proposed"),
    [
        (EmbeddingClassifier(unembedding="MLP"), "mlp"),
        (EmbeddingClassifier(distillation="logit_l3"), "logit_l"),
        (SeedEnsemble(metric="logit_distnace"), "logit_distance"),
        (SeedEnsemble(reduce="means"), "mean"),
        (NormalScoreTransformer(distribution="norm"), "normal"),
        (RelativeRepresentation(metric="cosin"), "cosine"),
        (RelativeRepresentation(metric=["cosine", "euclidian"]), "euclidean"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_estimators_propose_names(estimator, proposed, rng):
    X, y = rng.standard_normal((20, 3)), rng.randint(2, size=20)
    with pytest.raises(ValueError, match=f"Did you mean '{proposed}"):
        estimator.fit(X, y)


def test_loaders_propose_names():
    with pytest.raises(InvalidParameterError, match=r"Did you mean 'train'\?"):
        load_sentence_embeddings(subset="trian")


def test_other_errors_stay_as_they_are(rng):
    X = rng.standard_normal((5, 2))
    with pytest.raises(InvalidParameterError, match=r"Got 'yes' instead\.$"):
        ProcrustesAligner(scaling="yes").fit(X, X)


def test_signatures_are_looked_up_once():
    """scikit-learn asks at each call; keywords, defaults and errors stay what they are."""

    @validate_params({"size": [StrOptions({"s", "l"})]}, prefer_skip_nested_validation=True)
    def function(value, *, size="s"):
        return value, size

    before = inspect.signature(function)
    assert function(1) == (1, "s")
    plain = inspect.unwrap(function)
    known = plain.__signature__
    assert known == before == inspect.signature(function)
    assert function(2, size="l") == (2, "l")
    assert plain.__signature__ is known
    with pytest.raises(InvalidParameterError, match="size"):
        function(1, size="xl")
