import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sksim import metrics
from sksim.metrics import aligned_log_probabilities

ON_LOG_PROBABILITIES = [
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "kl_divergence",
    "log_likelihood_variance_distance",
    "logit_distance",
    "max_pls_svd_distance",
]
ON_EMBEDDINGS = [
    "linear_identifiability_distance",
    "log_likelihood_variance_distance_from_embeddings",
    "logit_distance_from_embeddings",
]
ON_LABELS = ["disagreement_rate", "error_consistency_score", "minmax_normalized_disagreement"]


@pytest.fixture
def models(rng):
    X, y = rng.standard_normal((60, 3)), rng.randint(0, 3, 60)
    return LogisticRegression().fit(X, y), LogisticRegression(C=0.01).fit(X, y), X


@pytest.mark.parametrize("name", ON_LOG_PROBABILITIES)
class TestModelsInsteadOfLogProbabilities:
    def test_say_what_is_taken_and_how_to_get_it(self, name, models):
        expected = (
            rf"{name} takes 2 arrays, log_p, log_q: log-probabilities.*"
            r"Got LogisticRegression, LogisticRegression.*"
            rf"{name}\(\*aligned_log_probabilities\(\[model_a, model_b\], X\)\), "
            rf"or make_distribution_scorer\({name}, reference=model_a\)"
        )
        distance = getattr(metrics, name)
        for arguments in (models, models[:2]):
            with pytest.raises(TypeError, match=expected):
                distance(*arguments)
        with pytest.raises(TypeError, match=expected):
            distance(log_p=models[0], log_q=models[1])

    def test_an_option_without_its_name(self, name, models):
        tables = aligned_log_probabilities(models[:2], models[2])
        with pytest.raises(TypeError, match="everything else is passed by name.*ndarray, bool"):
            getattr(metrics, name)(*tables, True)

    def test_the_advice_works(self, name, models):
        distance = getattr(metrics, name)
        value = distance(*aligned_log_probabilities(models[:2], models[2]))
        assert isinstance(value, float)
        scorer = metrics.make_distribution_scorer(distance, reference=models[0])
        assert scorer(models[1], models[2]) <= 0


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (ON_EMBEDDINGS, r"4 arrays, f1, g1, f2, g2: embeddings.*model\.unembeddings_"),
        (ON_LABELS, r".* arrays, .*y_pred_a, y_pred_b: labels.*model\.predict\(X\)"),
    ],
)
def test_models_instead_of_their_outputs(names, expected, models):
    for name in names:
        for arguments in ((*models, None, None), models[:2]):
            with pytest.raises(TypeError, match=f"{name} takes {expected}"):
                getattr(metrics, name)(*arguments)


def test_lists_and_data_frames_are_arrays(rng):
    pd = pytest.importorskip("pandas")
    table = np.log(rng.dirichlet(np.ones(4), 9))
    for given in (table.tolist(), pd.DataFrame(table)):
        assert metrics.logit_distance(given, table) == 0


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        (
            "log_likelihood_variance_distance",
            2 * [np.log([[0.2, 0.2, 0.3, 0.3], [0.3, 0.3, 0.1, 0.3], [0.1, 0.1, 0.3, 0.5]])],
            {"pivot": 0, "left_out": 3, "inputs": [0, 1], "on_degenerate": "skip"},
        ),
        (
            "linear_identifiability_distance",
            2 * [np.eye(3)[:, :2], np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 1.0]])],
            {},
        ),
        ("identifiability_map", 2 * [np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])], {}),
        ("error_consistency_score", 3 * [[0, 1]], {}),
    ],
)
def test_warnings_point_at_the_caller(name, arguments, options):
    with pytest.warns(UserWarning, match=".") as caught:
        getattr(metrics, name)(*arguments, **options)
    assert caught[0].filename == __file__
