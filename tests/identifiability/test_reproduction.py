"""The findings of the two papers, on medians and with generous margins; minutes of CPU time."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from sksim.datasets import make_radial_classification, make_spirals
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import cca_score, log_likelihood_variance_distance, logit_distance

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


def _medians(n_classes, width, seed):
    X, y = make_radial_classification(4000, n_classes=n_classes, random_state=seed)
    X_test, y_test = make_radial_classification(2000, n_classes=n_classes, random_state=seed + 1)
    model = EmbeddingClassifier(2, hidden_layer_sizes=(width,) * 3, lr=1e-3, max_epochs=47)
    ensemble = SeedEnsemble(model, 6, random_state=seed).fit(X, y)
    kept = [i for i, m in enumerate(ensemble.estimators_) if m.score(X_test, y_test) > 0.9]
    assert len(kept) >= 3
    f = [member.transform(X_test) for member in ensemble.estimators_]
    matrices = {
        name: ensemble.pairwise_distances(X_test, name, **options)
        for name, options in [
            ("log_likelihood_variance_distance", {"n_components": 2}),
            ("max_pls_svd_distance", {"n_components": 2}),
            ("logit_distance", {}),
        ]
    }
    matrices["mean CCA"] = np.array([[cca_score(x, z) for z in f] for x in f])
    pairs = np.ix_(kept, kept)
    upper = np.triu_indices(len(kept), 1)
    return {name: np.median(matrix[pairs][upper]) for name, matrix in matrices.items()}


@pytest.mark.parametrize(("n_classes", "seed"), [(4, 0), (4, 7), (6, 0), (6, 7)])
def test_wider_networks_agree_better(n_classes, seed):
    narrow, wide = (_medians(n_classes, width, seed) for width in (16, 128))
    distance = "log_likelihood_variance_distance"
    assert narrow[distance] > 1.5 * wide[distance]
    assert narrow["max_pls_svd_distance"] > 3 * wide["max_pls_svd_distance"]
    assert narrow["logit_distance"] > 2 * wide["logit_distance"]
    assert wide["mean CCA"] > max(0.97, narrow["mean CCA"] + 0.03)


def test_students_of_the_logits_keep_the_representation():
    X, y = make_spirals(8400, random_state=42)
    X, X_test, y, y_test = train_test_split(X, y, test_size=2000, stratify=y, random_state=42)
    settings = {
        "hidden_layer_sizes": (64, 64, 64), "unembedding": "linear", "lr": 3e-3, "batch_size": 256,
    }  # fmt: skip
    teacher = EmbeddingClassifier(2, **settings, max_epochs=150, random_state=0).fit(X, y)
    log_t, f_t = teacher.predict_log_proba(X_test), teacher.transform(X_test)
    found = {}
    for loss in ("kl", "logit_l1", "logit_l2"):
        student = EmbeddingClassifier(
            2, **settings, teacher=FrozenEstimator(teacher), distillation=loss, max_epochs=100,
            random_state=1,
        ).fit(X)  # fmt: skip
        log_s = student.predict_log_proba(X_test)
        found[loss] = {
            "agreement": np.mean(log_s.argmax(1) == log_t.argmax(1)),
            "cca": cca_score(f_t, student.transform(X_test)),
            "logit": logit_distance(log_t, log_s),
            "t1": log_likelihood_variance_distance(
                log_t, log_s, n_components=2, random_state=0, return_terms=True
            ).t1,
        }
    assert min(one["agreement"] for one in found.values()) > 0.9
    assert found["kl"]["cca"] < 0.8
    assert min(found["logit_l1"]["cca"], found["logit_l2"]["cca"]) > 0.98
    assert found["kl"]["logit"] > 6 * found["logit_l2"]["logit"]
    assert found["kl"]["t1"] > 5 * found["logit_l2"]["t1"]
