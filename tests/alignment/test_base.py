import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.alignment import CCAAligner, LinearAligner, PermutationAligner, ProcrustesAligner
from tests.reference import alignment as literal

ALIGNERS = [
    ProcrustesAligner(scaling=True),
    PermutationAligner(),
    CCAAligner(2, shrinkage=0.1),
    LinearAligner(),
]
INVERTIBLE = ALIGNERS[:-1]


def draw(seed=0, n=60, d=4, m=3):
    rng = np.random.RandomState(seed)
    X = rng.randn(n, d) + rng.randn(d)
    return X, np.hstack([X, X])[:, 1 : m + 1] + 0.3 * rng.randn(n, m) + 2


@pytest.fixture(params=ALIGNERS, ids=lambda a: type(a).__name__)
def aligner(request):
    return clone(request.param)


def test_held_out_alignment(aligner):
    X, Y = draw()
    scores = cross_val_score(aligner, X, Y, cv=KFold(4))
    assert scores.shape == (4,)
    train, test = next(iter(KFold(4).split(X)))
    aligner.fit(X[train], Y[train])
    assert scores[0] == pytest.approx(literal.explained(aligner.transform(X[test]), Y[test]))
    assert scores.min() > 0.5


def test_score_does_not_change_if_the_target_is_rotated():
    X, Y = draw()
    Q = np.linalg.qr(np.random.RandomState(1).randn(3, 3))[0]
    for aligner in (ProcrustesAligner(), LinearAligner(), CCAAligner()):
        before = aligner.fit(X, Y).score(X, Y)
        assert aligner.fit(X, Y @ Q).score(X, Y @ Q) == pytest.approx(before)


def test_in_pipelines(aligner):
    X, Y = draw()
    last = make_pipeline(StandardScaler(), aligner).fit(X, Y)
    assert last.transform(X).shape == Y.shape
    assert last.score(X, Y) > 0.5
    np.testing.assert_array_equal(last.predict(X), last.transform(X))
    first = make_pipeline(clone(aligner), KNeighborsRegressor(3)).fit(X, Y)
    assert first.predict(X).shape == Y.shape
    assert cross_val_predict(last, X, Y).shape == Y.shape


def test_grid_search_prefers_the_better_map():
    X, Y = draw()
    search = GridSearchCV(ProcrustesAligner(), {"scaling": [False, True]}, cv=3)
    assert search.fit(X, 10 * Y).best_params_ == {"scaling": True}


def test_transform_is_batch_independent(aligner):
    X, Y = draw()
    whole = aligner.fit(X, Y).transform(X)
    rows = [aligner.transform(X[i : i + 1]) for i in range(len(X))]
    np.testing.assert_allclose(np.vstack(rows), whole, rtol=1e-12)


@pytest.mark.parametrize("aligner", INVERTIBLE, ids=lambda a: type(a).__name__)
def test_inverse_transform(aligner):
    X, Y = draw()
    aligner = clone(aligner).fit(X, Y)
    reached = aligner.transform(X)
    back = aligner.inverse_transform(reached)
    assert back.shape == X.shape
    np.testing.assert_allclose(aligner.transform(back), reached, atol=1e-8)
    assert aligner.inverse_transform(reached.astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="3 features of the target"):
        aligner.inverse_transform(X)


def test_float32_is_kept_and_agrees(aligner):
    X, Y = draw()
    expected = aligner.fit(X, Y).transform(X)
    mapped = aligner.fit(X.astype(np.float32), Y.astype(np.float32)).transform(X.astype(np.float32))
    assert mapped.dtype == np.float32
    np.testing.assert_allclose(mapped, expected, atol=1e-4)


def test_frames(aligner):
    X, Y = draw()
    X, Y = pd.DataFrame(X, columns=list("abcd")), pd.DataFrame(Y)
    mapped = aligner.set_output(transform="pandas").fit(X, Y).transform(X)
    assert list(mapped.columns) == list(aligner.get_feature_names_out())
    assert len(mapped.columns) == 3
    with pytest.raises(ValueError, match="different indices"):
        aligner.fit(X, Y.iloc[::-1])
    with pytest.raises(ValueError, match="different indices"):
        aligner.score(X, Y.iloc[::-1])


def test_one_dimensional_target_is_one_feature(aligner):
    X, Y = draw()
    if isinstance(aligner, CCAAligner):
        aligner.set_params(n_components=1)
    expected = aligner.fit(X, Y[:, :1]).transform(X)
    np.testing.assert_array_equal(aligner.fit(X, Y[:, 0]).transform(X), expected)


def test_score_needs_variance(aligner):
    X, Y = draw()
    aligner.fit(X, Y)
    with pytest.raises(ValueError, match="y is constant"):
        aligner.score(X, np.full_like(Y, 0.1))
    with pytest.raises(ValueError, match="y must have at least 2 samples, got 1"):
        aligner.score(X[:1], Y[:1])


def test_bad_input(aligner):
    X, Y = draw()
    with pytest.raises(ValueError, match="y cannot be None|requires y"):
        aligner.fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        aligner.fit(X, Y[1:])
    with pytest.raises(ValueError, match="X is constant"):
        aligner.fit(np.ones_like(X), Y)
    with pytest.raises(ValueError, match="y is constant"):
        aligner.fit(X, np.ones_like(Y))
    with pytest.raises(ValueError, match="NaN"):
        aligner.fit(X, np.where(Y.max() == Y, np.nan, Y))


@pytest.mark.parametrize("aligner", [LinearAligner(), CCAAligner(), PermutationAligner()])
@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_units_out_of_range_raise(aligner, unit):
    X = np.random.RandomState(0).randn(20, 3)
    with pytest.raises(ValueError, match="rescale X"):
        aligner.fit(X * unit, X)
    with pytest.raises(ValueError, match="rescale y"):
        aligner.fit(X, X * unit)
