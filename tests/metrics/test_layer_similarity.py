import functools
import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksim.inspection import SimilarityMatrixDisplay, collect_activations
from sksim.metrics import (
    DegenerateSimilarityWarning,
    SimilarityAccumulator,
    cca_score,
    cka_score,
    cross_similarity,
    layer_similarity,
    pairwise_similarity,
    procrustes_score,
)
from sksim.metrics._layer_similarity import _method
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import all_measures

torch = pytest.importorskip("torch")
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sksim._torch.layers import _sums
from tests.reference import similarity as reference
from tests.small_networks import SmallResNet, TokenEncoder, seeded, transformer

RNG = np.random.default_rng(0)
IMAGES = RNG.standard_normal((90, 1, 8, 8))
SEQUENCES = RNG.standard_normal((90, 6, 8))
TABLE = RNG.standard_normal((90, 6))


def mlp(width=5, seed=0):
    make = lambda: nn.Sequential(nn.Linear(6, width), nn.Tanh(), nn.Linear(width, 3))  # noqa: E731
    return seeded(make, seed=seed).double()


A, B = mlp(), mlp(6, seed=1)
METRICS = [one.name for one in all_measures(PairedMeasure) if _method(one) is not None]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("batch_size", [7, 90])
def test_equals_whole_arrays(metric, batch_size):
    streamed = layer_similarity(A, B, TABLE, metric, batch_size=batch_size)
    whole = cross_similarity(collect_activations(A, TABLE), collect_activations(B, TABLE), metric)
    assert streamed.labels_a == whole.row_labels
    assert streamed.labels_b == whole.column_labels
    np.testing.assert_allclose(streamed.values, whole.values, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("metric", METRICS)
def test_one_network_with_itself(metric):
    streamed = layer_similarity(A, A, TABLE, metric, batch_size=11)
    whole = pairwise_similarity(collect_activations(A, TABLE), metric)
    assert streamed.labels_a == streamed.labels_b == whole.labels
    np.testing.assert_allclose(streamed.values, whole.values, rtol=1e-10, atol=1e-10)


def test_linear_r2_is_directed():
    streamed = layer_similarity(A, B, TABLE, "linear_r2", batch_size=20).values
    a, b = (collect_activations(one, TABLE) for one in (A, B))
    for i, j in np.ndindex(3, 3):
        expected = reference.linear_r2(a[str(i)], b[str(j)])
        assert streamed[i, j] == pytest.approx(expected, abs=1e-10)
    own = layer_similarity(A, A, TABLE, "linear_r2").values
    for i, j in np.ndindex(3, 3):
        assert own[i, j] == pytest.approx(reference.linear_r2(a[str(i)], a[str(j)]), abs=1e-10)
    assert own[1, 2] == pytest.approx(1)  # the last layer is a linear map of the one before
    assert own[2, 1] < 0.9


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(1, 89), max_size=6))
def test_any_split_gives_the_same(cuts):
    parts = np.split(TABLE, sorted(set(cuts)))
    split = layer_similarity(A, B, iter(parts), "cka")
    np.testing.assert_allclose(split.values, layer_similarity(A, B, TABLE).values, atol=1e-12)


def test_order_of_the_samples_does_not_matter():
    loader = DataLoader(
        TensorDataset(torch.from_numpy(TABLE), torch.zeros(90)), batch_size=13, shuffle=True
    )
    shuffled = layer_similarity(A, B, loader)
    np.testing.assert_allclose(shuffled.values, layer_similarity(A, B, TABLE).values, atol=1e-12)


@pytest.mark.parametrize("rows", [1, 10, 10_000])
def test_rows_gathered_for_a_product_change_nothing(rows, monkeypatch):
    expected = layer_similarity(A, B, TABLE, batch_size=9).values
    monkeypatch.setattr(_sums, "_ROWS", rows)
    np.testing.assert_allclose(layer_similarity(A, B, TABLE, batch_size=9).values, expected)


def test_kinds_of_networks_together():
    network_a, network_b = seeded(SmallResNet), seeded(SmallResNet, width=6, seed=1)
    streamed = layer_similarity(network_a, network_b, IMAGES, batch_size=32)
    assert streamed.labels_a[3:5] == ["layer1.0", "layer1.1"]
    assert np.abs(streamed.values).max() <= 1
    assert streamed.values[0, 0] > 0.9
    encoders = seeded(transformer), seeded(transformer, n_layers=3, seed=1)
    streamed = layer_similarity(*encoders, SEQUENCES, "procrustes", batch_size=32)
    a, b = (collect_activations(one, SEQUENCES) for one in encoders)
    expected = cross_similarity(a, b, "procrustes").values
    np.testing.assert_allclose(streamed.values, expected, atol=1e-6)


def test_tokenised_inputs():
    networks = seeded(TokenEncoder), seeded(TokenEncoder, width=16, seed=1)
    mask = (np.arange(10) < RNG.integers(2, 11, 90)[:, None]).astype(int)
    X = {"input_ids": RNG.integers(0, 30, (90, 10)), "attention_mask": mask}
    streamed = layer_similarity(*networks, X, batch_size=16, pool="mean")
    a, b = (collect_activations(one, X) for one in networks)
    np.testing.assert_allclose(streamed.values, cross_similarity(a, b).values, atol=1e-5)


def test_layers_of_both_sides():
    streamed = layer_similarity(A, B, TABLE, layers_a=["2", "0"], layers_b=["1"])
    whole = layer_similarity(A, B, TABLE)
    assert (streamed.labels_a, streamed.labels_b) == (["2", "0"], ["1"])
    np.testing.assert_allclose(streamed.values, whole.values[[2, 0], 1:2], atol=1e-12)
    own = layer_similarity(A, A, TABLE, layers_a=["2", "0"], layers_b=["0", "1"])
    expected = layer_similarity(A, A, TABLE).values[np.ix_([2, 0], [0, 1])]
    np.testing.assert_allclose(own.values, expected, atol=1e-12)
    for side in ("layers_a", "layers_b"):
        with pytest.raises(ValueError, match=rf"{side} must be one of .*'0'.*got 'first'"):
            layer_similarity(A, B, TABLE, **{side: ["first"]})


def test_networks_that_share_layers():
    """Hooks of one are not there while the other one runs."""
    head = mlp(seed=2)[2]
    a, b = nn.Sequential(A[0], head), nn.Sequential(B[0], nn.Linear(6, 5).double(), head)
    streamed = layer_similarity(a, b, TABLE, batch_size=30)
    whole = cross_similarity(collect_activations(a, TABLE), collect_activations(b, TABLE))
    np.testing.assert_allclose(streamed.values, whole.values, atol=1e-10)
    part = layer_similarity(A, A[0], TABLE)
    assert part.values[0, 0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (cka_score, "cka"),
        (functools.partial(cka_score, unbiased=False), "cka_biased"),
        (functools.partial(cka_score, kernel="linear"), "cka"),
        (functools.partial(cca_score, summary="yanai"), "cca_yanai"),
        ("procrustes_score", "procrustes"),
        (procrustes_score, "procrustes"),
    ],
)
def test_spellings_of_a_measure(metric, name):
    expected = layer_similarity(A, B, TABLE, name).values
    np.testing.assert_array_equal(layer_similarity(A, B, TABLE, metric).values, expected)


@pytest.mark.parametrize(
    "metric",
    [
        "rsa",
        "cka_rbf",
        "mutual_knn",
        functools.partial(cka_score, kernel="rbf"),
        lambda X, Y: 0.0,
        "ckaa",
    ],
)
def test_measures_that_the_sums_do_not_determine(metric):
    with pytest.raises(
        ValueError, match=r"metric must be one of \[.*'cka', .*'procrustes'"
    ) as info:
        layer_similarity(A, B, TABLE, metric)
    if metric != "ckaa":
        assert "collect_activations" in info.value.__notes__[0]


def test_a_function_with_the_name_of_a_measure_is_not_taken_for_it():
    def cka_score(X, Y):
        return 0.5

    with pytest.raises(ValueError, match="metric must be one of"):
        layer_similarity(A, B, TABLE, cka_score)


def test_measures_of_the_accumulator_are_streamed():
    assert {"cka", "cka_biased", "cca", "svcca", "pwcca", "procrustes", "pls_svd"} < set(METRICS)


# --- what may go wrong ----------------------------------------------------------------------


class Spoilt(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.make, self.layer, self.end = make, nn.Identity(), nn.Linear(6, 2).double()

    def forward(self, x):
        self.layer(self.make(x))
        return self.end(x)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda x: x * 0 + 3, "Layer 'layer' of module_b is constant"),
        (lambda x: x / 0, "Layer 'layer' of module_b has activations that are NaN, infinite"),
        (lambda x: x.masked_fill(x > 2, torch.nan), "Layer 'layer' of module_b has activ"),
        (lambda x: 1e100 * x, "Layer 'layer' of module_b .* too large"),
    ],
)
def test_layers_without_information(make, match):
    with pytest.raises(ValueError, match=match):
        layer_similarity(A, Spoilt(make), TABLE, batch_size=30)


def test_too_few_samples():
    with pytest.raises(
        ValueError, match="Layers '0' and '0': At least 4 samples are needed, got 3"
    ):
        layer_similarity(A, B, TABLE[:3])
    with pytest.warns(DegenerateSimilarityWarning, match="5 samples with"):
        layer_similarity(A, B, TABLE[:5], "cca")


def test_widths_that_change():
    batches = [torch.ones(6, 4, 2), torch.ones(6, 3, 2)]
    network = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match=r"must have \[8\] features as in the first batch, got"):
        layer_similarity(network, network, iter(batches), pool="flatten")


def test_bad_networks():
    for side in ("module_a", "module_b"):
        modules = {"module_a": A, "module_b": B, side: TABLE}
        with pytest.raises(TypeError, match=rf"{side} must be a torch.nn.Module, got ndarray"):
            layer_similarity(**modules, X=TABLE)


def test_both_networks_are_as_they_were():
    def fail(x):
        raise RuntimeError("on purpose")

    a, b = seeded(SmallResNet).train(), nn.Sequential(seeded(SmallResNet), Spoilt(fail)).train()
    for first, second in ((a, a), (a, b), (b, a)):
        with pytest.raises(RuntimeError) if b in (first, second) else np.errstate():
            layer_similarity(first, second, IMAGES)
        for network in (a, b):
            assert all(one.training for one in network.modules())
            assert not any(one._forward_hooks for one in network.modules())


def test_sums_that_do_not_fit_are_refused(monkeypatch):
    def refuse(n_bytes, what, instead):
        raise MemoryError(f"{n_bytes:.0f} bytes: {what}. {instead}")

    monkeypatch.setattr(_sums, "check_fits", refuse)
    own, cross = 25 + 25 + 9 + 36 + 36 + 9, (5 + 5 + 3) * (6 + 6 + 3)
    with pytest.raises(MemoryError, match=f"^{8 * (own + cross)} bytes: .*cross_similarity"):
        layer_similarity(A, B, TABLE)


def test_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"layer_similarity needs torch.*sksim\[torch\]"):
        layer_similarity(A, B, TABLE)


# --- precision ------------------------------------------------------------------------------


def test_a_layer_normalisation_has_no_direction_of_rounding():
    """The mean over its features is zero but for rounding, which no measure may take for one."""
    make = lambda: nn.Sequential(nn.Linear(6, 6), nn.LayerNorm(6))  # noqa: E731
    networks = seeded(make), seeded(make, seed=1)
    single = layer_similarity(*networks, TABLE, "cca").values
    double = layer_similarity(*(one.double() for one in networks), TABLE, "cca").values
    np.testing.assert_allclose(single, double, atol=1e-5)


def test_half_precision_is_summed_in_double():
    networks = [seeded(mlp).float(), seeded(mlp, 6, seed=1).float()]
    expected = layer_similarity(*networks, TABLE).values
    half = layer_similarity(*(one.bfloat16() for one in networks), TABLE).values
    np.testing.assert_allclose(half, expected, atol=0.02)


def test_large_means_are_subtracted_first():
    class Shifted(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network, self.shift = network, nn.Identity()

        def forward(self, x):
            return self.shift(self.network(x) + 1e6)

    shifted = layer_similarity(
        Shifted(A), Shifted(B), TABLE, layers_a=["shift"], layers_b=["shift"]
    )
    expected = layer_similarity(A, B, TABLE, layers_a=["2"], layers_b=["2"]).values
    np.testing.assert_allclose(shifted.values, expected, atol=1e-7)


# --- what is shared, and what is drawn --------------------------------------------------------


def test_products_and_axes_are_shared(monkeypatch):
    """A product for each layer and batch, and one eigendecomposition for each layer."""
    from scipy import linalg

    calls = []
    eigh = linalg.eigh
    monkeypatch.setattr(linalg, "eigh", lambda *a, **k: calls.append(1) or eigh(*a, **k))
    layer_similarity(A, B, TABLE, "linear_r2")
    assert len(calls) == 3
    calls.clear()
    layer_similarity(A, A, TABLE, "pls_svd")
    assert len(calls) == 3


def test_equals_accumulators_of_pairs():
    a, b = (collect_activations(one, TABLE) for one in (A, B))
    streamed = layer_similarity(A, B, TABLE, batch_size=32).values
    for (i, X), (j, Y) in itertools.product(enumerate(a.values()), enumerate(b.values())):
        accumulator = SimilarityAccumulator()
        for rows in (slice(0, 50), slice(50, 90)):
            accumulator.partial_fit(X[rows], Y[rows])
        assert streamed[i, j] == pytest.approx(accumulator.cka_score(), abs=1e-13)


def test_the_display_draws_it():
    pytest.importorskip("matplotlib")
    similarities = layer_similarity(A, B, TABLE, layers_b=["0", "2"])
    display = SimilarityMatrixDisplay.from_matrix(similarities, metric="cka")
    ticks = [[tick.get_text() for tick in axis] for axis in
             (display.ax_.get_yticklabels(), display.ax_.get_xticklabels())]  # fmt: skip
    assert ticks == [["0", "1", "2"], ["0", "2"]]
    assert display.image_.get_clim() == (0, 1)
