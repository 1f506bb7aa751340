"""Sums over paired samples that determine the similarities of two representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np

from sksim.metrics._array_formulas import array_square_sum
from sksim.utils._array_api import move, namespace_of

__all__ = ["PairSums", "pair_sums"]


class PairSums(NamedTuple):
    """Sums over the pairs (x, y), with a = |x|^2 and b = |y|^2; arrays of the pairs' library.

    ``n`` pairs, ``x`` (d_x,) and ``y`` (d_y,) sums, ``xy`` (d_x, d_y) the sum of x y^T, ``a``,
    ``b`` and ``ab`` sums of numbers, ``ay`` (d_y,) the sum of a y and ``bx`` (d_x,) that of b x.
    """

    n: int
    x: Any
    y: Any
    xy: Any
    a: Any
    b: Any
    ab: Any
    ay: Any
    bx: Any

    def plus(self, other: "PairSums") -> "PairSums":
        """The sums over the pairs of both."""
        sums: list[Any] = [
            mine + theirs for mine, theirs in zip(list[Any](self), other, strict=True)
        ]
        return PairSums(*sums)

    def scaled(self, p: float, q: float) -> "PairSums":
        """The sums over the pairs (p x, q y)."""
        n, x, y, xy, a, b, ab, ay, bx = self
        pp, qq = p * p, q * q
        return PairSums(
            n, p * x, q * y, p * q * xy, pp * a, qq * b, pp * qq * ab, pp * q * ay, p * qq * bx
        )

    def swapped(self) -> "PairSums":
        """The sums over the pairs (y, x)."""
        n, x, y, xy, a, b, ab, ay, bx = self
        return PairSums(n, y, x, xy.T, b, a, ab, bx, ay)

    def moved(self, like: Any) -> "PairSums":
        """The sums in the library and on the device of another array."""
        arrays = {name: move(getattr(self, name), like) for name in ("x", "y", "xy", "ay", "bx")}
        return self._replace(**arrays)

    def shifted(self, u: Any, v: Any) -> "PairSums":
        """The sums over the pairs (x + u, y + v)."""
        n, x, y, xy, a, b, ab, ay, bx = self
        uu, vv = u @ u, v @ v
        new_a = a + 2 * u @ x + n * uu
        new_b = b + 2 * v @ y + n * vv
        new_ab = (
            ab
            + (2 * v @ ay + vv * a)
            + (2 * u @ bx + uu * b)
            + (4 * u @ xy @ v + 2 * vv * u @ x + 2 * uu * v @ y + n * uu * vv)
        )
        new_xy = xy + u[:, None] * y + x[:, None] * v + n * (u[:, None] * v)
        new_ay = ay + 2 * u @ xy + uu * y + new_a * v
        new_bx = bx + 2 * xy @ v + vv * x + new_b * u
        return PairSums(n, x + n * u, y + n * v, new_xy, new_a, new_b, new_ab, new_ay, new_bx)

    def centered(self) -> "PairSums":
        """The sums over the pairs less their means."""
        if isinstance(self.x, np.ndarray) and not (self.x.any() or self.y.any()):
            return self
        return self.shifted(-self.x / self.n, -self.y / self.n)

    def hsic(self, *, unbiased: bool) -> float:
        """Inner product of the two centred linear kernels; the sums are those of centred pairs."""
        is_numpy = isinstance(self.xy, np.ndarray)
        product = float(np.vdot(self.xy, self.xy) if is_numpy else array_square_sum(self.xy))
        if not unbiased:
            return product
        n = self.n
        return float(product - n / (n - 2) * self.ab + self.a * self.b / ((n - 1) * (n - 2)))


def _array_pair_sums(X: Any, Y: Any) -> PairSums:
    xp = namespace_of(X)
    a, b = xp.sum(X * X, axis=1), xp.sum(Y * Y, axis=1)
    return PairSums(
        n=X.shape[0],
        x=xp.sum(X, axis=0),
        y=xp.sum(Y, axis=0),
        xy=X.T @ Y,
        a=float(xp.sum(a)),
        b=float(xp.sum(b)),
        ab=float(a @ b),
        ay=a @ Y,
        bx=b @ X,
    )


def pair_sums(X: Any, Y: Any) -> PairSums:
    """The sums over the rows of X (n, d_x) and Y (n, d_y)."""
    if namespace_of(X) is not None:
        return _array_pair_sums(X, Y)
    a, b = np.einsum("ij,ij->i", X, X), np.einsum("ij,ij->i", Y, Y)
    return PairSums(
        n=X.shape[0],
        x=X.sum(axis=0),
        y=Y.sum(axis=0),
        xy=X.T @ Y,
        a=a.sum(),
        b=b.sum(),
        ab=a @ b,
        ay=a @ Y,
        bx=b @ X,
    )
