"""Arrays of other libraries stay where they are where dispatch is on, and gradients flow.

What is tried here is what the records say, ``keeps``; the table of the user guide is written from
the same list, ``tests/reference/arrays.py``.
"""

import contextlib
import csv
import functools
import inspect
import pathlib
import re
import warnings

import numpy as np
import pytest
import sklearn

from sksim.metrics import (
    DistributionAccumulator,
    SimilarityAccumulator,
    canonical_correlations,
    cca_score,
    cka_score,
    cross_similarity,
    hubness_score,
    k_occurrence,
    kernel_distance,
    kl_divergence,
    mutual_knn_score,
    pairwise_similarity,
    permutation_test_similarity,
    shape_distance,
    similarity_interval,
    stochastic_shape_distance,
)
from sksim.metrics._measure import (
    DistributionMeasure,
    Measure,
    PairedMeasure,
)
from sksim.metrics._registry import get_measure
from sksim.metrics._validation import DegenerateSimilarityWarning
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)
from sksim.utils._array_api import to_numpy
from sksim.utils._measure_checks import example
from tests.reference.arrays import CALLS, CONVERTED, IN_PLACE, WITH_GRADIENTS, place_table

torch = pytest.importorskip("torch")
strict = pytest.importorskip("array_api_strict")


def reads_a_second_device():
    """Whether scikit-learn brings arrays of strict devices to NumPy; early releases do not."""
    with sklearn.config_context(array_api_dispatch=True), contextlib.suppress(RuntimeError):
        to_numpy(strict.asarray([1.0], device=strict.Device("device1")))
        return True
    return False


LIBRARIES = ["torch", "array_api_strict"]
if torch.cuda.is_available():
    LIBRARIES.append("torch cuda")
if reads_a_second_device():
    LIBRARIES.append("array_api_strict device1")
_OF_SUMS = [
    ("cka_score", {}),
    ("cka_score", {"unbiased": False}),
    ("cca_score", {"summary": "yanai"}),
    ("svcca_score", {"variance": 0.9}),
    ("pwcca_score", {}),
    ("pls_svd_score", {}),
    ("procrustes_score", {}),
    ("procrustes_distance", {"kind": "size_and_shape"}),
    ("shape_distance", {"alpha": 0.5}),
    ("gulp_distance", {"reg": 0.1}),
    ("linear_r2", {"target": "x"}),
    ("participation_ratio", {"side": "y"}),
    ("isoscore", {}),
    ("effective_rank", {}),
    ("stable_rank", {}),
]
PAIRED_IN_PLACE = [record for record in IN_PLACE if record.kind == "paired"]


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateSimilarityWarning)
        yield


def as_arrays(arrays, library, dtype="float64"):
    if library.startswith("torch"):
        device = "cuda" if " " in library else "cpu"
        return [torch.asarray(X.astype(dtype), device=device) for X in arrays]
    device = strict.Device(library.split()[1]) if " " in library else None
    return [strict.asarray(X.astype(dtype), device=device) for X in arrays]


def over(records):
    return pytest.mark.parametrize("record", records, ids=lambda record: record.name)


@over(IN_PLACE)
@pytest.mark.parametrize("library", LIBRARIES)
def test_numbers_are_those_of_numpy(record, library):
    for seed in range(3):
        arrays = example(record, seed)
        value = record(*as_arrays(arrays, library))
        assert isinstance(value, float)
        assert value == pytest.approx(record(*arrays), rel=1e-10, abs=1e-10)


@over(IN_PLACE)
@pytest.mark.parametrize("n_samples", [12, 60])
def test_wide_and_long_arrays(record, n_samples):
    arrays = example(record, 0, max(n_samples, record.min_samples), widths=(9, 20))
    value = record(*as_arrays(arrays, "array_api_strict"))
    assert value == pytest.approx(record(*arrays), rel=1e-10, abs=1e-10)


@over(IN_PLACE)
def test_float32_is_computed_in_float64(record):
    arrays = example(record, 1)
    value = record(*as_arrays(arrays, "torch", "float32"))
    assert value == pytest.approx(record(*arrays), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("library", LIBRARIES)
def test_rounding_of_float32_is_no_direction(library):
    """Of the features of float32 rows less their means, which sum to zero up to rounding."""
    rng = np.random.default_rng(0)
    pair = rng.standard_normal((2, 60, 6)).astype(np.float32)
    pair -= pair.mean(axis=2, keepdims=True)
    single = as_arrays(pair, library, "float32")
    double = pair.astype(np.float64)
    double -= double.mean(axis=2, keepdims=True)
    for function in (
        cca_score,
        functools.partial(shape_distance, alpha=0.0),
        lambda *arrays: SimilarityAccumulator().partial_fit(*arrays).cca_score(),
    ):
        assert function(*single) == pytest.approx(function(*double), abs=1e-5)


@over(WITH_GRADIENTS)
@pytest.mark.parametrize("widths", [(3, 4), (12, 13)], ids=["long", "wide"])
def test_gradients_are_those_of_finite_differences(record, widths):
    arrays = example(record, 2, n_samples=9, widths=widths)
    tensors = as_arrays(arrays, "torch")
    for tensor in tensors[: len(tensors) - (record.kind == "probe")]:
        tensor.requires_grad_()
    value = record(*tensors)
    assert value.shape == ()
    assert value.requires_grad
    assert torch.autograd.gradcheck(record, tensors, fast_mode=widths[0] > 3)
    with torch.no_grad():
        assert isinstance(record(*tensors), float)


@over([record for record in WITH_GRADIENTS if record.kind in ("paired", "distribution")])
def test_gradients_at_equal_arrays_are_numbers(record):
    arrays = as_arrays(example(record, 0), "torch")
    tensors = [arrays[0].clone().requires_grad_() for _ in arrays]
    value = record(*tensors)
    value.backward()
    assert all(torch.isfinite(tensor.grad).all() for tensor in tensors)


@over([record for record in IN_PLACE if record.keeps in ("library", "precision")])
def test_what_is_not_claimed_gives_a_number(record):
    tensors = [tensor.requires_grad_() for tensor in as_arrays(example(record, 2), "torch")]
    assert isinstance(record(*tensors), float)


@over(CONVERTED)
def test_other_measures_convert(record):
    arrays = example(record, 0)
    for library in LIBRARIES:
        assert record(*as_arrays(arrays, library)) == record(*arrays)


@over(PAIRED_IN_PLACE)
def test_all_follows_the_first_array(record):
    X, Y = example(record, 0)
    expected = record(X, Y)
    (x,) = as_arrays([X], "torch")
    (y,) = as_arrays([Y], "array_api_strict")
    for pair in ((x, y), (x, Y), (X, y), (y, x) if record.symmetric else (x, y)):
        assert record(*pair) == pytest.approx(expected, rel=1e-10, abs=1e-10)
    assert record(X, y) == expected


def test_errors_of_log_probabilities():
    record = get_measure("kl_divergence", DistributionMeasure)
    log_p, log_q = as_arrays(example(record, 0), "torch")
    for spoil, message in (
        (lambda Z: Z[:, 0], "2D"),
        (lambda Z: torch.where(Z[3, 1] == Z, -torch.inf, Z), "holds -inf in row 3, column 1"),
        (lambda Z: Z + 1, "must sum to 1"),
        (lambda Z: Z[:, :1], "minimum of 2"),
    ):
        with pytest.raises(ValueError, match=rf"(?s)log_q.*{message}|{message}.*log_q"):
            record(log_p, spoil(log_q))
    with pytest.raises(ValueError, match="same shape"):
        record(log_p, log_q[:-1])


@pytest.mark.parametrize("library", LIBRARIES)
def test_weights_follow(library):
    arrays = example(get_measure("kl_divergence", DistributionMeasure), 0)
    weights = np.arange(30.0)
    expected = kl_divergence(*arrays, sample_weight=weights)
    p, q, w = as_arrays([*arrays, weights], library)
    for sample_weight in (weights, w):
        assert kl_divergence(p, q, sample_weight=sample_weight) == pytest.approx(expected)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("n_samples", [30, 6], ids=["long", "wide"])
@pytest.mark.parametrize(
    "name",
    [
        "log_likelihood_variance_distance",
        "log_likelihood_variance_distance_from_embeddings",
        "max_pls_svd_distance",
    ],
)
def test_terms_of_distances_of_distributions(name, library, n_samples):
    record = get_measure(name, DistributionMeasure)
    arrays = example(record, 1, n_samples=n_samples)
    for params in ({}, {"pivot": 2}, {"pivot": 2, "left_out": 0, "inputs": [0, 3, 1]}):
        expected = record(*arrays, return_terms=True, **params)
        got = record(*as_arrays(arrays, library), return_terms=True, **params)
        for name in expected:
            np.testing.assert_allclose(got[name], expected[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("library", LIBRARIES)
def test_embeddings_in_blocks_of_inputs(library):
    """More logits than the working memory holds; all follow the first array."""
    name = "log_likelihood_variance_distance_from_embeddings"
    record = get_measure(name, DistributionMeasure)
    rng = np.random.default_rng(0)
    f1, f2 = rng.standard_normal((2, 900, 3))
    g1, g2 = rng.standard_normal((2, 400, 3))
    expected = record(f1, g1, f2, g2, pivot=3)
    (first,) = as_arrays([f1], library)
    with sklearn.config_context(working_memory=1):
        assert record(first, g1, f2, g2, pivot=3) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "name", ["logit_distance_from_embeddings", "linear_identifiability_distance"]
)
def test_errors_of_embeddings(name):
    record = get_measure(name, DistributionMeasure)
    arrays = as_arrays(example(record, 0), "torch")
    for i, spoil, message in (
        (1, lambda Z: Z[:, :-1], "f1 and g1 must have the same number of columns"),
        (2, lambda Z: Z[:-1], "f1 and f2 must have one row for each of the same inputs"),
        (3, lambda Z: Z[:-1], "g1 and g2 must have one row for each of the same labels"),
        (1, lambda Z: Z[:1], "g1 must have at least 2 rows"),
        (2, lambda Z: torch.where(Z[3, 1] == Z, torch.nan, Z), "f2.*NaN|NaN.*f2"),
        (3, lambda Z: Z[:, :, None, None], "(?s)g2.*dim 4"),
    ):
        spoiled = [spoil(Z) if j == i else Z for j, Z in enumerate(arrays)]
        with pytest.raises(ValueError, match=message):
            record(*spoiled)


@pytest.mark.parametrize("library", LIBRARIES)
def test_distribution_accumulator(library):
    arrays = example(get_measure("kl_divergence", DistributionMeasure), 1)
    whole, parts = DistributionAccumulator(), DistributionAccumulator()
    whole.partial_fit(*arrays)
    for rows in (slice(0, 13), slice(13, 30)):
        parts.partial_fit(*as_arrays([table[rows] for table in arrays], library))
    assert parts.kl_divergence() == pytest.approx(whole.kl_divergence(), rel=1e-12)
    assert parts.logit_distance() == pytest.approx(whole.logit_distance(), rel=1e-12)
    expected, got = whole.label_terms(0), parts.label_terms(0)
    assert got == pytest.approx(expected, rel=1e-8)


@over([record for record in PAIRED_IN_PLACE if not record.ignores_pairing])
@pytest.mark.parametrize("library", LIBRARIES)
def test_permutation_test(record, library):
    X, Y = example(record, 0)
    options = {"n_permutations": 5, "random_state": 0}
    score, null_scores, pvalue = permutation_test_similarity(
        *as_arrays([X, Y], library), record, **options
    )
    expected = permutation_test_similarity(X, Y, record, **options)
    assert isinstance(score, float)
    assert isinstance(null_scores, np.ndarray)
    np.testing.assert_allclose(null_scores, expected[1], rtol=1e-10, atol=1e-10)
    assert (score, pvalue) == pytest.approx((expected[0], expected[2]), rel=1e-10)


@over(PAIRED_IN_PLACE)
def test_matrices_of_similarities(record):
    X, Y = example(record, 0, widths=(4, 4))
    x, y = as_arrays([X, Y], "torch")
    values = pairwise_similarity([x.requires_grad_(), y, Y], record).values
    np.testing.assert_allclose(
        values, pairwise_similarity([X, Y, Y], record).values, rtol=1e-10, atol=1e-7
    )
    crossed = cross_similarity({"x": x}, {"y": y}, record, n_jobs=2).values
    assert crossed[0, 0] == pytest.approx(record(X, Y), rel=1e-10)


def test_what_has_no_formula_converts():
    X, Y = example(get_measure("procrustes", PairedMeasure), 0, widths=(4, 4))
    for library in LIBRARIES:
        x, y = as_arrays([X, Y], library)
        np.testing.assert_array_equal(k_occurrence(x, y), k_occurrence(X, Y))
        assert hubness_score(x) == hubness_score(X)
        options = {"random_state": 0, "n_permutations": 5}
        expected = permutation_test_similarity(X, Y, "rsa_kendall", **options)
        got = permutation_test_similarity(x, y, "rsa_kendall", **options)
        np.testing.assert_array_equal(got[1], expected[1])
        interval = similarity_interval(x, y, confidence=0.5, random_state=0)
        assert interval == similarity_interval(X, Y, confidence=0.5, random_state=0)
        graph = HubnessReducedKNeighborsTransformer(n_candidates=10).fit_transform(x)
        expected_graph = HubnessReducedKNeighborsTransformer(n_candidates=10).fit_transform(X)
        np.testing.assert_array_equal(graph.toarray(), expected_graph.toarray())
        classifier = HubnessReducedKNeighborsClassifier(n_candidates=10)
        labels = classifier.fit(X, Y[:, 0] > 0).predict(Y)
        (targets,) = as_arrays([Y[:, 0] > 0], library, "int64")
        np.testing.assert_array_equal(classifier.fit(x, targets).predict(y), labels)


@over([record for record in IN_PLACE if record.kind in ("paired", "quality")])
def test_errors_name_the_argument(record):
    arrays = as_arrays(example(record, 0), "torch")
    for spoil, message in (
        (lambda Z: Z[:, 0], "2D"),
        (lambda Z: Z[:, :, None, None], r"dim 4.*mean\(axis=\(2, 3\)\).*reshape"),
        (lambda Z: Z.to(torch.complex64), "[Cc]omplex"),
        (lambda Z: torch.where(Z[3, 1] == Z, torch.nan, Z), "NaN"),
        (lambda Z: Z[:0], "sample"),
    ):
        for i, name in enumerate(inspect.signature(record.function).parameters):
            if i < len(arrays):
                spoiled = list(arrays)
                spoiled[i] = spoil(arrays[i])
                with pytest.raises(ValueError, match=message) as caught:
                    record(*spoiled)
                assert re.search(rf"\b{name}\b", str(caught.value))


@pytest.mark.parametrize("library", LIBRARIES)
def test_equal_representations_are_at_distance_zero(library):
    for record in IN_PLACE:
        if record.kind == "paired" and record.identity:
            X, _ = example(record, 0)
            (x,) = as_arrays([X], library)
            assert record(x, x) == pytest.approx(record.best, abs=1e-7)


@pytest.mark.parametrize("library", LIBRARIES)
def test_errors_of_formulas(library):
    """They are those of NumPy's route: of equal values, right angles, labels that do not vary."""
    simplex, Y = np.eye(5), np.random.default_rng(0).standard_normal((5, 4))
    log_p = np.log(np.full((4, 4), 0.25))
    for name, kind, arrays, message in (
        ("rsa_whitened_correlation", PairedMeasure, (simplex, Y), "dissimilarities .* are equal"),
        ("second_order_cosine", PairedMeasure, (simplex, Y), "right angles"),
        ("max_pls_svd_distance", DistributionMeasure, (log_p, log_p), "label"),
    ):
        record = get_measure(name, kind)
        params = {"n_neighbors": 2} if "cosine" in name else {}
        for given in (arrays, as_arrays(arrays, library)):
            with pytest.raises(ValueError, match=message):
                record(*given, **params)


@pytest.mark.parametrize("library", ["numpy", *LIBRARIES])
def test_splits_of_indices_and_of_masks(library):
    X, Y = example(get_measure("shape_held_out", PairedMeasure), 0)
    x, y = (X, Y) if library == "numpy" else as_arrays([X, Y], library)
    mask = np.arange(len(X)) % 3 > 0
    expected = shape_distance(X, Y, cv=[(np.flatnonzero(mask), np.flatnonzero(~mask))])
    for split in ((mask, ~mask), tuple(np.flatnonzero(part).tolist() for part in (mask, ~mask))):
        assert shape_distance(x, y, cv=[split]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kernel", ["polynomial", "rbf", lambda X, Y: (X @ Y.T) ** 2])
def test_kernel_distance_with_its_interval(kernel, library):
    """Of sets of other sizes than each other and than the blocks."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((300, 3)), rng.standard_normal((250, 3)) + 0.2
    options = {"kernel": kernel, "confidence": 0.9}
    expected = kernel_distance(X, Y, **options)
    with sklearn.config_context(working_memory=1):
        got = kernel_distance(*as_arrays([X, Y], library), **options)
    assert got == pytest.approx(dict(expected), rel=1e-10)


@pytest.mark.parametrize("metric", ["cka_rbf", "distance_correlation", "rsa_euclidean"])
def test_samples_that_coincide(metric):
    """Distances that cancel in the product are formed from the differences."""
    record = get_measure(metric, PairedMeasure)
    X, Y = (np.repeat(X, 2, axis=0) for X in example(record, 0))
    Y[1::2] += 1e-9
    value = record(*as_arrays([X, Y], "array_api_strict"))
    assert value == pytest.approx(record(X, Y), rel=1e-10)
    tensors = [tensor.requires_grad_() for tensor in as_arrays([X, Y], "torch")]
    value = record(*tensors)
    if record.keeps == "gradient":
        value.backward()
        assert all(torch.isfinite(tensor.grad).all() for tensor in tensors)


def test_kernels_of_their_own():
    X, Y = example(get_measure("cka", PairedMeasure), 0)
    expected = cka_score(X, Y, kernel=lambda A, B: (A @ B.T + 1) ** 2)
    for library in LIBRARIES:
        x, y = as_arrays([X, Y], library)
        assert cka_score(x, y, kernel=lambda A, B: (A @ B.T + 1) ** 2) == pytest.approx(expected)
        K, L = as_arrays([(X @ X.T + 1) ** 2, (Y @ Y.T + 1) ** 2], library)
        assert cka_score(K, L, kernel="precomputed") == pytest.approx(expected)
        with pytest.raises(ValueError, match="square"):
            cka_score(K[:, :3], L, kernel="precomputed")
        with pytest.raises(ValueError, match="n_neighbors must be between"):
            mutual_knn_score(x, y, n_neighbors=30)


def test_bandwidth_may_be_given():
    X, Y = example(get_measure("cka_rbf", PairedMeasure), 0)
    for scale in (1.0, 1e12):
        expected = cka_score(scale * X, scale * Y, kernel="rbf", gamma=0.1 / scale**2)
        x, y = as_arrays([scale * X, scale * Y], "torch")
        got = cka_score(x, y, kernel="rbf", gamma=0.1 / scale**2)
        assert got == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("unit", [1.0, 1e-200])
def test_similarity_accumulator(library, unit):
    X, Y = example(get_measure("cka", PairedMeasure), 0, n_samples=60, widths=(5, 4))
    X = X * unit
    whole = SimilarityAccumulator().partial_fit(X, Y)
    first, second = SimilarityAccumulator(), SimilarityAccumulator()
    for accumulator, rows in (
        (first, slice(0, 13)),
        (first, slice(13, 33)),
        (second, slice(33, 60)),
    ):
        accumulator.partial_fit(*as_arrays([X[rows], Y[rows]], library))
    first.merge(second)
    assert first.n_samples == 60
    assert type(first._sums[2].xy) is type(as_arrays([X], library)[0])
    for name, params in _OF_SUMS:
        expected = getattr(whole, name)(**params)
        got = getattr(first, name)(**params)
        assert isinstance(got, float)
        assert got == pytest.approx(expected, rel=1e-9), name


def test_sums_follow_the_first_batch():
    X, Y = example(get_measure("cka", PairedMeasure), 0)
    x, y = as_arrays([X, Y], "torch")
    expected = SimilarityAccumulator().partial_fit(X, Y).partial_fit(X, Y).cka_score()
    of_numpy, of_torch = (
        SimilarityAccumulator().partial_fit(*pair) for pair in ((X, Y), (x.requires_grad_(), y))
    )
    for accumulator, pair in ((of_numpy, (x, y)), (of_torch, (X, Y))):
        assert accumulator.partial_fit(*pair).cka_score() == pytest.approx(expected, rel=1e-12)
    assert not of_torch._sums[0].xy.requires_grad
    merged = SimilarityAccumulator().partial_fit(X, Y).merge(of_torch)
    assert merged.n_samples == 90
    assert isinstance(merged._sums[0].xy, np.ndarray)
    with (
        sklearn.config_context(array_api_dispatch=False),
        pytest.raises(ValueError, match="must use the same namespace"),
    ):
        of_torch.partial_fit(X, Y)


@pytest.mark.parametrize("library", LIBRARIES)
def test_canonical_correlations_are_an_array(library):
    X, Y = example(get_measure("cca", PairedMeasure), 0)
    x, y = as_arrays([X, Y], library)
    got = canonical_correlations(x, y)
    assert type(got) is type(x)
    expected = canonical_correlations(X, Y)
    assert [float(one) for one in got] == pytest.approx(expected.tolist(), rel=1e-10)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CALLS)
def test_functions_and_accumulators_beside_the_measures(name, library):
    measure, call = CALLS[name]
    arrays = example(get_measure(measure, Measure), 0)
    got = call(*as_arrays(arrays, library))
    np.testing.assert_allclose(got, call(*arrays), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("group", ["orthogonal", "permutation", "identity"])
def test_noisy_responses(library, group):
    X, Y = np.random.default_rng(0).standard_normal((2, 8, 7, 3))
    options = {"group": group, "n_restarts": 3, "random_state": 0}
    expected = stochastic_shape_distance(X, Y, **options)
    x, y = as_arrays([X, Y], library)
    for pair in ((x, y), (x, Y), (X, y)):
        value = stochastic_shape_distance(*pair, **options)
        assert isinstance(value, float)
        assert value == pytest.approx(expected, rel=1e-10)
    x, y = as_arrays([X, Y], library, "float32")
    assert stochastic_shape_distance(x, y, **options) == pytest.approx(expected, rel=1e-4)
    moments = [(Z.mean(axis=1), np.stack([np.cov(rows.T) for rows in Z])) for Z in (X, Y)]
    given = [tuple(as_arrays(pair, library)) for pair in moments]
    assert stochastic_shape_distance(*given, **options) == pytest.approx(expected, rel=1e-10)
    (means, covariances), _ = given
    for bad, message in (
        (x[:, :1, :], "X must have at least two repeats"),
        (x[:, :, 0], "X must have 3 dimensions"),
        ((means, -covariances), "covariances of X must be positive semi-definite; that of sample"),
        ((means, covariances[:, :1, :]), "covariances of X must have the shape"),
    ):
        with pytest.raises(ValueError, match=message):
            stochastic_shape_distance(bad, y)


def test_table_of_the_guide():
    """It is the list of these tests, written by ``doc/array_table.py``."""
    path = pathlib.Path(__file__).parents[1] / "doc" / "user_guide" / "array_table.csv"
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == sorted(place_table(), key=lambda row: row["name"].lower())


def test_the_guide_names_the_environment_variable_before_its_examples():
    page = pathlib.Path(__file__).parents[1] / "doc" / "user_guide" / "arrays.rst"
    text = page.read_text(encoding="utf-8")
    assert 0 <= text.find("SCIPY_ARRAY_API=1") < text.find(">>>")
