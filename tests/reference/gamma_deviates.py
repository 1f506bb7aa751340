r"""The tables of ``sksim.hubness._proximity._gamma``, and what they are held against, by mpmath.

With shape a, ratio l = x / a, y = (l - 1) / (l + 1), s = 1 / a and
:math:`\eta = \operatorname{sign}(y) \sqrt{2 (l - 1 - \ln l)}`, the normal deviate w of
:math:`P(a, a l) = \Phi(w)` is :math:`\sqrt{a} (\eta(y) + s E(y, s))`, where E is smooth on all of
[-1/2, 1/2] x [0, 1/8]. ``python -m tests.reference.gamma_deviates`` prints the tables.
"""

from functools import cache

import numpy as np
from mpmath import mp, mpf

LARGEST_Y, LEAST_SHAPE = mpf(1) / 2, 8
#: Greatest sum of the magnitudes of the Chebyshev coefficients of E that are left out.
LEFT_OUT = 8e-13
DIGITS = 60


def lower_and_upper(a, x):
    """Regularized incomplete gamma functions P(a, x) and Q(a, x)."""
    if x > a + 8 * mp.sqrt(a):  # below, 1 - P keeps all digits but 15
        upper = mp.gammainc(a, x, mp.inf, regularized=True)
        return 1 - upper, upper
    leading = mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))
    term = total = mpf(1)
    n = 0
    while term > total * mpf(10) ** -mp.dps:
        n += 1
        term *= x / (a + n)
        total += term
    return leading * total, 1 - leading * total


def deviate(a, x):
    """The w of P(a, x) = Phi(w), by Newton's method for the logarithm of the smaller tail."""
    lower, upper = lower_and_upper(a, x)
    sign, target = (1, mp.log(lower)) if x <= a else (-1, mp.log(upper))
    v = sign * mp.sqrt(a) * eta((x - a) / (x + a))
    for _ in range(60):
        tail = mp.erfc(-v / mp.sqrt(2)) / 2
        step = (mp.log(tail) - target) * tail / mp.npdf(v)
        v -= step
        if abs(step) < mpf(10) ** (4 - mp.dps):
            return sign * v
    raise ArithmeticError("Newton's method did not converge.")


def eta(y):
    """Leading term of w / sqrt(a)."""
    return 2 * y * mp.sqrt(1 / (1 - y) - y * arctanh_rest(y * y)) if y else mpf(0)


def arctanh_rest(v):
    """(artanh(y) / y - 1) / y^2 as a function of v = y^2."""
    return (mp.atanh(mp.sqrt(v)) / mp.sqrt(v) - 1) / v


def rest(y, s):
    """E(y, s)."""
    a = 1 / s
    return (deviate(a, a * (1 + y) / (1 - y)) / mp.sqrt(a) - eta(y)) * a


def _nodes(n):
    return [mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def _chebyshev_coefficients(values):
    """Coefficients of the interpolating polynomial, from values at the nodes."""
    n = len(values)
    return [
        (2 - (j == 0))
        * mp.fsum(
            value * mp.cos(mp.pi * j * (2 * i + 1) / (2 * n)) for i, value in enumerate(values)
        )
        / n
        for j in range(n)
    ]


def _monomials(degree, slope, intercept):
    """Coefficients of ``T_degree(slope * x + intercept)`` by powers of x."""
    before, now = [mpf(1)], [intercept, slope]
    if degree == 0:
        return before
    for _ in range(degree - 1):
        new = [mpf(0)] * (len(now) + 1)
        for i, c in enumerate(now):
            new[i] += 2 * intercept * c
            new[i + 1] += 2 * slope * c
        for i, c in enumerate(before):
            new[i] -= c
        before, now = now, new
    return now


@cache
def chebyshev_table(n_y=30, n_s=12):
    """Chebyshev coefficients of E on its range."""
    with mp.workdps(DIGITS):
        s0 = mpf(1) / LEAST_SHAPE
        by_s = [
            _chebyshev_coefficients([rest(LARGEST_Y * u, s0 * (1 + t) / 2) for t in _nodes(n_s)])
            for u in _nodes(n_y)
        ]
        return [list(row) for row in zip(*map(_chebyshev_coefficients, zip(*by_s)))]


def widths():
    """Number of powers of s beside each power of y: as many as ``LEFT_OUT`` needs."""
    sizes = np.abs(np.array(chebyshev_table(), dtype=float))
    ordered = np.sort(sizes.ravel())
    least = ordered[np.searchsorted(np.cumsum(ordered), LEFT_OUT)]
    kept = sizes >= least
    return [
        1 + max(np.flatnonzero(kept[j:].any(axis=0)))
        for j in range(1 + max(np.flatnonzero(kept.any(axis=1))))
    ]


def table_of_rest():
    """Rows of coefficients of E: row j belongs to y^j, column k to s^k."""
    with mp.workdps(DIGITS):
        sums = [[mpf(0)] * n for n in widths()]
        for j, n in enumerate(widths()):
            of_y = _monomials(j, 1 / LARGEST_Y, mpf(0))
            for k in range(n):
                of_s = _monomials(k, mpf(2 * LEAST_SHAPE), mpf(-1))
                for i, c in enumerate(of_y):
                    for m, d in enumerate(of_s):
                        if c:
                            sums[i][m] += chebyshev_table()[j][k] * c * d
        return [[float(c) for c in row] for row in sums]


def table_of_arctanh(n=14):
    """Coefficients of ``arctanh_rest`` by powers of v."""
    with mp.workdps(DIGITS):
        v0 = LARGEST_Y**2
        values = [arctanh_rest(v0 * (1 + t) / 2) for t in _nodes(n)]
        sums = [mpf(0)] * n
        for j, c in enumerate(_chebyshev_coefficients(values)):
            for i, d in enumerate(_monomials(j, 2 / v0, mpf(-1))):
                sums[i] += c * d
        return [float(c) for c in sums]


if __name__ == "__main__":
    print(table_of_arctanh())
    for row in table_of_rest():
        print(f"{tuple(row)},")
