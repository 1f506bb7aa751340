import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.special import gammainc

from sksim.hubness import MutualProximity
from sksim.hubness._proximity import _gamma
from sksim.hubness._proximity._gamma import gamma_cdf
from tests.hubness.conftest import euclidean, truncated
from tests.reference import gamma_deviates as oracle


@pytest.fixture(params=["numpy", "numba"])
def route(request, monkeypatch):
    """Each way to the deviates, for few entries too."""
    if request.param == "numba":
        pytest.importorskip("numba")
        monkeypatch.setattr(_gamma, "_COMPILED_ENTRIES", 0)
    else:
        monkeypatch.setattr(_gamma, "compiled_if_loaded", lambda kernel: None)
    return request.param


def _of_shape(a, ratio):
    """Distribution of mean 1 and shape a at ``ratio``."""
    ratio, deviation = np.broadcast_arrays(np.asarray(ratio, float), np.asarray(a, float) ** -0.5)
    return gamma_cdf(ratio.ravel(), np.ones(ratio.size), deviation.ravel()).reshape(ratio.shape)


def test_tables_are_those_of_the_interpolation():
    assert oracle.table_of_arctanh() == list(_gamma._ARTANH)
    assert oracle.table_of_rest() == [list(row) for row in _gamma._ROWS]


def test_what_the_interpolation_leaves_out():
    sizes = np.abs(np.array(oracle.chebyshev_table(), dtype=float))
    left_out = sum(row[width:].sum() for row, width in zip(sizes, oracle.widths()))
    left_out += sizes[len(oracle.widths()) :].sum()
    assert left_out <= 8e-13
    assert max(sizes[-1].max(), sizes[:, -1].max()) < 1e-16  # interpolated at enough nodes
    v = np.linspace(0, 0.25, 51)[1:]
    found = np.polynomial.polynomial.polyval(v, _gamma._ARTANH)
    with mp.workdps(oracle.DIGITS):
        expected = [float(oracle.arctanh_rest(mpf(float(value)))) for value in v]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-16)


def test_errors_of_both_tails(route):
    """On a grid over the range, against 60 digits at the very floats."""
    y = np.r_[np.linspace(-0.5, 0.5, 41), 0.003, -1e-4, 1e-9, -0.49999]
    for a in (8.001, 8.7, 11, 20, 53, 300, 2500, 1e5):
        deviation = a**-0.5
        ratio = np.minimum((1 + y) / (1 - y), np.inf if a < 1e4 else 1 + 7 * deviation)
        found = _of_shape(a, ratio)
        with mp.workdps(60):
            shape = 1 / mpf(float(deviation)) ** 2
            for p, d in zip(found, ratio):
                lower, upper = oracle.lower_and_upper(shape, shape * mpf(float(d)))
                assert abs(mpf(float(p)) - lower) < 5e-14
                assert abs(1 - mpf(float(p)) - upper) < 5e-14
                if lower > 1e-290:
                    assert abs(mpf(float(p)) / lower - 1) < 1e-12


@settings(deadline=None, max_examples=300)
@given(
    a=st.floats(-3, 6).map(lambda exponent: 10**exponent),
    ratio=st.floats(-4, 4).map(np.exp) | st.floats(0.9, 1.1) | st.floats(0, 1e300),
)
def test_equals_gammainc(a, ratio):
    deviation = np.array([a**-0.5])
    shape = (1 / deviation) ** 2
    with np.errstate(over="ignore"):
        expected = gammainc(shape, shape * ratio)
    found = gamma_cdf(np.array([ratio]), np.ones(1), deviation)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=200)
@given(
    a=st.floats(8.01, 1e5),
    ratios=st.tuples(st.floats(0.25, 4), st.floats(0.25, 4)),
    exponent=st.integers(-400, 400),
)
def test_rises_and_has_no_unit(a, ratios, exponent):
    low, high = sorted(ratios)
    d, mean, deviation = np.array([low, high]), np.ones(2), np.full(2, a**-0.5)
    p, q = found = gamma_cdf(d, mean, deviation)
    assert 0 <= p <= q * (1 + 1e-11)
    assert q <= 1
    unit = 2.0**exponent
    np.testing.assert_array_equal(gamma_cdf(unit * d, unit * mean, unit * deviation), found)


def test_joins_gammainc_at_the_ends_of_the_range(route):
    for inside, beyond, a in [(1 / 3 + 1e-13, 1 / 3 - 1e-13, 20), (3 - 1e-13, 3 + 1e-13, 9)]:
        p, q = _of_shape(a, [inside, beyond])
        np.testing.assert_allclose(p, q, rtol=1e-11)
    for ratio in (0.4, 1, 2):
        p, q = _of_shape([8 + 1e-13, 8 - 1e-13], ratio)
        np.testing.assert_allclose(p, q, rtol=1e-12)


def test_extremes(route):
    a = np.array([1e-8, 0.5, 7.99, 8.01, 1e3, 1e12, 1e31])
    np.testing.assert_array_equal(_of_shape(a, 0.0), 0)
    np.testing.assert_array_equal(_of_shape(a, np.inf), 1)
    np.testing.assert_allclose(_of_shape(a, 1.0), gammainc(a, a), rtol=1e-12)
    np.testing.assert_array_equal(_of_shape(a[-2:], 0.99), 0)
    np.testing.assert_array_equal(_of_shape(a[-2:], 1.01), 1)
    assert gamma_cdf(np.empty((0, 3)), np.empty((0, 1)), np.empty((0, 1))).shape == (0, 3)
    assert gamma_cdf(np.empty(0), np.empty(0), np.empty(0)).shape == (0,)
    assert gamma_cdf(np.empty((3, 0)), np.empty((3, 1)), np.empty((3, 1))).shape == (3, 0)


def test_routes_blocks_and_shapes_agree(route, rng, monkeypatch):
    d = rng.gamma(30, size=(70, 41))
    d[3, 4], d[5] = 0, 400
    for shape in ((70, 1), (1, 41)):
        mean, deviation = rng.uniform(28, 32, size=shape), rng.uniform(1, 12, size=shape)
        beside = [np.broadcast_to(part, d.shape).ravel() for part in (d, mean, deviation)]
        a = (mean / deviation) ** 2
        whole = gamma_cdf(d, mean, deviation)
        np.testing.assert_allclose(whole, gammainc(a, a * (d / mean)), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(gamma_cdf(*beside), whole.ravel())
        with monkeypatch.context() as patch:
            patch.setattr(_gamma, "_BLOCK_ENTRIES", 100)
            np.testing.assert_array_equal(gamma_cdf(d, mean, deviation), whole)
        with monkeypatch.context() as patch:
            patch.setattr(_gamma, "compiled_if_loaded", lambda kernel: None)
            np.testing.assert_allclose(gamma_cdf(d, mean, deviation), whole, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_candidate_graph(route, rng, dtype):
    X = rng.standard_normal((300, 12))
    graph = truncated(euclidean(X), 30)
    graph.data = graph.data.astype(dtype)  # astype of the graph would sort its rows by column
    found = MutualProximity(method="gamma").fit_transform(graph)
    assert found.dtype == dtype
    fitted = MutualProximity(method="gamma").fit(graph)
    rows, width = np.arange(300).repeat(30), 30
    p = []
    for at in (rows, graph.indices):
        a = (fitted.mean_[at] / fitted.scale_[at]) ** 2
        p.append(gammainc(a, a * (graph.data.astype(float) / fitted.mean_[at])))
    expected = np.sort((p[0] + p[1] - p[0] * p[1]).reshape(-1, width), axis=1)
    tolerance = {"rtol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-13}
    np.testing.assert_allclose(found.data.reshape(-1, width)[:, 1:], expected[:, 1:], **tolerance)
