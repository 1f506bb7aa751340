import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.generative import DiffEnc, VariationalDiffusion


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:120], y[:120]


def test_features_for_a_classifier(tiny, digits):
    X, y = digits
    model = make_pipeline(
        DiffEnc(**tiny, image_shape=(8, 8), n_levels=17),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    assert model.fit(X, y).score(X, y) > 0.8
    assert model[:-1].set_output(transform="default").transform(X).shape == (120, 32)


def test_grid_search_over_encoder_and_rate(tiny, table):
    grid = {"encoder": ["trainable", "nt"], "lr": [1e-4, 1e-3], "depth": [0.3]}
    search = GridSearchCV(DiffEnc(**tiny), grid, cv=2).fit(table)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.score(table) == pytest.approx(search.score(table))


def test_grid_search_over_depth(tiny, digits):
    X, y = digits
    model = make_pipeline(
        VariationalDiffusion(**tiny, image_shape=(8, 8), n_levels=17),
        LogisticRegression(max_iter=2000),
    )
    grid = {"variationaldiffusion__depth": [0.2, 0.9]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores.shape == (2,)
    assert scores[0] != scores[1]


def test_cross_validation_of_a_density(tiny, table):
    assert np.isfinite(cross_val_score(VariationalDiffusion(**tiny), table, cv=2)).all()


def test_hubness_of_the_features(tiny, digits):
    from sksim.metrics import cka_score, make_representation_scorer
    from sksim.neighbors import HubnessReducedKNeighborsClassifier

    X, y = digits
    a, b = (
        VariationalDiffusion(**tiny | {"random_state": s}, image_shape=(8, 8)).fit(X)
        for s in (0, 1)
    )
    scorer = make_representation_scorer(cka_score, reference=a)
    assert scorer(a, X) == pytest.approx(1)
    assert 0 < scorer(b, X) < 1
    model = make_pipeline(a, HubnessReducedKNeighborsClassifier(n_neighbors=3))
    assert model.fit(X, y).score(X, y) > 0.5
