"""Gamma distribution by its normal deviate, at a fraction of the time of ``gammainc``."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import zip_longest
from typing import Any

import numpy as np
from scipy.special import gammainc

from sksim.utils._array_api import any_namespace, beside, normal_cdf, to_numpy
from sksim.utils._kernels import compiled_if_loaded, gamma_deviates
from sksim.utils._typing import FloatArray

__all__ = ["gamma_cdf"]

# fmt: off
#: (artanh(y) / y - 1) / y^2 by powers of y^2, for abs(y) <= 1/2.
_ARTANH = (
    0.3333333333333333, 0.20000000000000864, 0.14285714285490106, 0.11111111133938968,
    0.09090907881509189, 0.07692345940270638, 0.06665886352701884, 0.05893099692590042,
    0.05160769881147162, 0.05441915418234587, 0.012292448728540531, 0.13557903913692299,
    -0.14450491183414468, 0.21098097885975797,
)

# Row j belongs to y^j, column k to s^k: E(y, s) for abs(y) <= 1/2 and s <= 1/8.
_ROWS = (
    (0.3333333333334259, 0.008024691297189235, -0.0037906571085144338,
     -0.0008604825013643834, 0.0008117747805747002, 0.00037243272836387183,
     -0.0005349538858116743),
    (-0.05555555555625624, 0.006121399136527541, 0.0029370817014548476,
     -0.0007104347743031262, -0.0010313023529506195, 0.0004010298176340774,
     0.00047048225113339526),
    (-0.020987654313883185, -0.003877620721128707, 0.0006558328306680852,
     0.0011856903130166318, -4.116463461486258e-05, -0.0007884159584467545),
    (-0.017695472893316657, 0.0008982833930236339, -8.113773915098626e-05,
     -0.0002955565581017698, 0.00032879952100164564, 0.00013830892239261806),
    (-0.012228100994653223, -0.0019246448329333587, 0.0003892694335428591,
     0.00035840206188419234, -0.0002514989443951001),
    (-0.010158106553162053, 0.00027375491344866585, -0.00021707273093085028,
     -0.00012572861163818931, 0.0003124466984663803),
    (-0.008502449829463223, -0.0011937765534245687, 0.000266987274006514,
     0.00016842974630478747, -0.00023035227050434198),
    (-0.00697116847403293, 0.00010198299167870434, -0.00021307245068333854,
     2.83026804102511e-05),
    (-0.006451992138581608, -0.0008145554243300222, 0.0001569643706520069),
    (-0.005248663871424039, 2.3438830997056582e-05, -0.0001093897284033335),
    (-0.005191968341455304, -0.0006949026003372677, 0.00029392370934360206),
    (-0.003975444412361762, 4.621233762827675e-05, -0.00027520261716958996),
    (-0.004022382950070449, -0.00019552684259787427),
    (-0.004382743852627751, -7.043683705597782e-05),
    (-0.005066625817686069, -0.0009329651717859687),
    (0.00038184219343425204,),
    (0.0012895882373421552,),
    (-0.0077959914482961055,),
    (-0.00960677218289253,),
)
# fmt: on
_REST = np.array(list(zip_longest(*_ROWS, fillvalue=0.0))).T.copy()
_WIDTHS = np.array([len(row) for row in _ROWS])

_LARGEST_Y, _LARGEST_S = 0.5, 0.125

# Entries whose arrays stay in the second-level cache.
_BLOCK_ENTRIES = 2**14
# Fewer take numpy less time than it takes to load the compiled kernel.
_COMPILED_ENTRIES = 2**15


def gamma_cdf(distance: Any, mean: Any, deviation: Any) -> Any:
    r"""Gamma distribution of shape a = mean^2 / variance and scale variance / mean.

    ``mean`` and ``deviation`` have one shape, which broadcasts to that of ``distance``. By the
    uniform expansion of Temme (1979, The asymptotic expansion of the incomplete gamma functions),
    with y = (d - mean) / (d + mean) and s = 1 / a,

    .. math:: P(a, a d / mean) = \Phi(w), \quad w = \sqrt{a} (\eta(y) + s E(y, s)), \quad
        \eta^2 / 2 = d / mean - 1 - \ln(d / mean).

    E is smooth at y = 0 and s = 0. For abs(y) <= 1/2 and a >= 8 it is a polynomial, by Chebyshev
    interpolation in 60 digits. This leaves out terms that sum up to 8e-13 at most, hence less than
    0.4 sqrt(s) 8e-13 <= 1.2e-13 of P and of 1 - P, and, as phi(w) / Phi(w) is about -w far below
    the mean, abs(eta) 8e-13 relative to P. Elsewhere, ``gammainc``, by the processor.
    """
    on_processor = isinstance(distance, np.ndarray)
    p = normal_cdf((_blocked_deviates if on_processor else _deviates)(distance, mean, deviation))
    xp = any_namespace(p)
    outside = xp.isnan(p)
    if bool(xp.any(outside)):
        d, m, v = (
            to_numpy(xp.broadcast_to(part, p.shape)[outside])
            for part in (distance, mean, deviation)
        )
        a = (m / v) ** 2
        p[outside] = beside(gammainc(a, a * (d / m)), p)
    return p


def _blocked_deviates(distance: FloatArray, mean: FloatArray, deviation: FloatArray) -> FloatArray:
    """``_deviates`` by the compiled kernel, or in blocks that stay in the processor's cache."""
    w = np.empty(distance.shape)
    kernel = compiled_if_loaded(gamma_deviates) if w.size >= _COMPILED_ENTRIES else None
    if kernel is not None:
        parts = [_laid_out(part, w.shape).ravel() for part in (distance, mean, deviation)]
        kernel(*parts, np.array(_ARTANH), _REST, _WIDTHS, _LARGEST_Y, _LARGEST_S, w.reshape(-1))
    else:
        n_rows = max(1, _BLOCK_ENTRIES * len(w) // max(w.size, 1))
        for start in range(0, len(w), n_rows):
            rows = slice(start, start + n_rows)
            own = rows if len(mean) == len(w) else slice(None)
            w[rows] = _deviates(distance[rows], mean[own], deviation[own])
    return w


def _laid_out(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Values beside each entry, themselves if they are, as views that broadcast are read-only."""
    return values if values.shape == shape else np.broadcast_to(values, shape)


# Distances may be infinite, or so large that sums are: outside of the range.
@np.errstate(invalid="ignore", over="ignore")
def _deviates(d: Any, mean: Any, deviation: Any) -> Any:
    """Normal deviates of the distribution at d, NaN out of range: see ``gamma_deviates``."""
    xp = any_namespace(d)
    radicand = d + mean
    y = d - mean
    y /= radicand
    radicand *= 0.5
    radicand /= mean
    root_s = deviation / mean
    s = root_s * root_s
    square = y * y
    w = xp.full_like(y, _ARTANH[-1])
    for coefficient in _ARTANH[-2::-1]:
        w *= square
        w += coefficient
    w *= y
    radicand -= w
    eta = xp.sqrt(radicand)
    eta *= y
    eta += eta
    w = xp.full_like(y, _ROWS[-1][0])
    for first, *powers in _ROWS[-2::-1]:
        w *= y
        if not powers:
            w += first
            continue
        of_s = s * powers[-1]
        for coefficient in powers[-2::-1]:
            of_s += coefficient
            of_s *= s
        of_s += first
        w += of_s
    w *= root_s
    eta /= root_s
    w += eta
    return xp.where((xp.abs(y) <= _LARGEST_Y) & (s <= _LARGEST_S), w, xp.nan)
