import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.metrics import pairwise_distances

from sksim.alignment import ProcrustesAligner
from sksim.metrics import average_compatibility, compatibility_matrix, compatibility_score

OLD = [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]]
NEW = [[1, 0.1], [0.9, 0.3], [0.1, 1], [-0.1, 1]]


def literal_score(X_new, X_old, y, metric="cosine"):
    satisfied = {True: [], False: []}
    among, across = (pairwise_distances(X, X_old, metric=metric) for X in (X_old, X_new))
    for i in range(len(y)):
        for j in set(range(len(y))) - {i}:
            gap = across[i, j] - among[i, j]
            satisfied[y[i] == y[j]].append(gap <= 1e-12 if y[i] == y[j] else gap >= -1e-12)
    return np.mean(satisfied[True]), np.mean(satisfied[False])


def literal_accuracy(queries, gallery, y, n_neighbors, indexed, asked, metric="cosine"):
    right = []
    for q in asked:
        others = [i for i in indexed if i != q]
        distances = pairwise_distances(queries[[q]], gallery[others], metric=metric)[0]
        nearest = [y[others[i]] for i in np.argsort(distances, kind="stable")[:n_neighbors]]
        counts = [nearest.count(label) for label in range(max(y) + 1)]
        right.append(int(np.argmax(counts)) == y[q])
    return np.mean(right)


@pytest.fixture
def clouds(rng):
    y = np.arange(60) % 4
    centers = rng.standard_normal((4, 6))
    return [centers[y] + s * rng.standard_normal((60, 6)) for s in (0.9, 0.7, 0.5)], y


class TestScore:
    def test_golden_values(self):
        result = compatibility_score(NEW, OLD, [0, 0, 1, 1])
        assert (result.same, result.different, result.score) == (0.75, 0.25, 0.5)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 10**6), st.sampled_from(["cosine", "euclidean", "cityblock"]))
    def test_literal_formula(self, seed, metric):
        rng = np.random.RandomState(seed)
        old, y = rng.standard_normal((15, 3)), np.arange(15) % 3
        new = old + 0.3 * rng.standard_normal((15, 3))
        result = compatibility_score(new, old, y, metric=metric)
        assert (result.same, result.different) == literal_score(new, old, y, metric)

    def test_a_model_is_compatible_with_itself(self, clouds):
        (X, *_), y = clouds
        result = compatibility_score(X, X, y)
        assert (result.same, result.different) == (1.0, 1.0)
        assert compatibility_score(3 * X, X, y).score == 1.0  # equal but for rounding

    def test_rotation_of_both_or_of_one(self, clouds):
        (old, new, _), y = clouds
        Q = ortho_group(6, seed=0).rvs()
        given_, both, one = (
            compatibility_score(*pair, y).score
            for pair in ((new, old), (new @ Q, old @ Q), (new @ Q, old))
        )
        assert both == pytest.approx(given_)
        assert one < given_

    def test_blocks_do_not_matter(self, clouds):
        (old, new, _), y = clouds
        whole = compatibility_score(new, old, y)
        with sklearn.config_context(working_memory=0.01):
            assert compatibility_score(new, old, y) == whole

    def test_errors(self, clouds):
        (old, *_), y = clouds
        with pytest.raises(ValueError, match="same number of features.*aligner"):
            compatibility_score(old[:, :3], old, y)
        with pytest.raises(ValueError, match="two samples of each class"):
            compatibility_score(old, old, np.arange(60) == 0)
        with pytest.raises(ValueError, match="at least 2 classes"):
            compatibility_score(old, old, np.zeros(60, dtype=int))


class TestMatrix:
    @pytest.mark.parametrize("n_neighbors", [1, 4])
    @pytest.mark.parametrize("gallery", [None, np.arange(0, 60, 2)])
    def test_literal_formula(self, clouds, n_neighbors, gallery):
        models, y = clouds
        options = {"n_neighbors": n_neighbors, "gallery": gallery}
        M = compatibility_matrix(models, y, **options)
        indexed = np.arange(60) if gallery is None else gallery
        asked = np.arange(60) if gallery is None else np.arange(1, 60, 2)
        for i in range(3):
            for j in range(i + 1):
                expected = literal_accuracy(models[i], models[j], y, n_neighbors, indexed, asked)
                assert M[i, j] == pytest.approx(expected), (i, j)
        assert np.isnan(M[np.triu_indices(3, 1)]).all()

    def test_names_of_classes_and_models(self, clouds):
        models, y = clouds
        named = compatibility_matrix(dict(zip("abc", models)), np.array(list("wxyz"))[y])
        np.testing.assert_array_equal(named, compatibility_matrix(models, y))

    def test_an_aligner_is_the_remedy_of_a_rotation(self, clouds):
        (old, new, _), y = clouds
        turned = new @ ortho_group(6, seed=0).rvs()
        mapped = ProcrustesAligner().fit(turned, old).transform(turned)
        plain, repaired = (compatibility_matrix([old, Z], y)[1, 0] for Z in (turned, mapped))
        assert plain < 0.5 < repaired

    def test_hubs_can_be_reduced(self, clouds):
        models, y = clouds
        M = compatibility_matrix(models, y, metric="euclidean", reduction="csls")
        assert np.isfinite(M[np.tril_indices(3)]).all()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"n_neighbors": 60}, "n_neighbors=60 must be less"),
            ({"gallery": [0, 60]}, "different rows, 0 to 59"),
            ({"gallery": [0, 0]}, "different rows"),
            ({"gallery": [0.5]}, "integers"),
            ({"gallery": np.arange(60)}, "leave rows for the queries"),
        ],
    )
    def test_bad_options(self, clouds, options, message):
        with pytest.raises(ValueError, match=message):
            compatibility_matrix(*clouds, **options)

    def test_bad_models(self, clouds):
        models, y = clouds
        with pytest.raises(ValueError, match="at least two models, got 1"):
            compatibility_matrix(models[:1], y)
        with pytest.raises(ValueError, match=r"representations\['b'\] must have the same number"):
            compatibility_matrix({"a": models[0], "b": models[1][:, :2]}, y)
        with pytest.raises(ValueError, match=r"representations\[1\]"):
            compatibility_matrix([models[0], models[1][:9]], y)


class TestAverage:
    M = np.array([[0.60, 0, 0], [0.62, 0.70, 0], [0.55, 0.71, 0.80]])

    def test_golden_values(self):
        result = average_compatibility(self.M)
        assert result.compatibility == pytest.approx(2 / 3)
        assert result.accuracy == pytest.approx(0.663333333333333)
        assert result.gain[1, 0] == pytest.approx(0.2)
        assert result.gain[2, 0] == pytest.approx(-0.25)
        assert result.gain[2, 1] == pytest.approx(0.1)
        assert np.isnan(result.gain[np.triu_indices(3)]).all()

    def test_what_is_above_the_diagonal_is_ignored(self):
        M = self.M + np.triu(np.full((3, 3), np.nan), 1)
        np.testing.assert_equal(dict(average_compatibility(M)), dict(average_compatibility(self.M)))

    def test_no_gain_of_equal_models(self):
        result = average_compatibility([[0.5, 0], [0.5, 0.5]])
        assert result.compatibility == 1
        assert np.isnan(result.gain).all()

    @pytest.mark.parametrize(
        ("M", "message"),
        [
            (np.ones((2, 3)), "square"),
            (np.ones((1, 1)), "of at least two models"),
            ([[1, 0], [np.nan, 1]], "finite on and below"),
        ],
    )
    def test_errors(self, M, message):
        with pytest.raises(ValueError, match=f"M must be {message}"):
            average_compatibility(M)
