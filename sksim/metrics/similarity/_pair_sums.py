"""Sums over paired samples that determine the similarities of two representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np

__all__ = ["PairSums", "pair_sums"]


class PairSums(NamedTuple):
    """Sums over the pairs (x, y), with a = |x|^2 and b = |y|^2.

    ``n`` pairs, ``x`` (d_x,) and ``y`` (d_y,) sums, ``xy`` (d_x, d_y) the sum of x y^T, ``a``,
    ``b`` and ``ab`` sums of numbers, ``ay`` (d_y,) the sum of a y and ``bx`` (d_x,) that of b x.
    """

    n: int
    x: np.ndarray
    y: np.ndarray
    xy: np.ndarray
    a: float
    b: float
    ab: float
    ay: np.ndarray
    bx: np.ndarray

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

    def shifted(self, u: np.ndarray, v: np.ndarray) -> "PairSums":
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
        new_xy = xy + np.outer(u, y) + np.outer(x, v) + n * np.outer(u, v)
        new_ay = ay + 2 * u @ xy + uu * y + new_a * v
        new_bx = bx + 2 * xy @ v + vv * x + new_b * u
        return PairSums(n, x + n * u, y + n * v, new_xy, new_a, new_b, new_ab, new_ay, new_bx)

    def centered(self) -> "PairSums":
        """The sums over the pairs less their means."""
        if not (self.x.any() or self.y.any()):
            return self
        return self.shifted(-self.x / self.n, -self.y / self.n)

    def hsic(self, *, unbiased: bool) -> float:
        """Inner product of the two centred linear kernels; the sums are those of centred pairs."""
        product = float(np.vdot(self.xy, self.xy))
        if not unbiased:
            return product
        n = self.n
        return float(product - n / (n - 2) * self.ab + self.a * self.b / ((n - 1) * (n - 2)))


def pair_sums(X: np.ndarray, Y: np.ndarray) -> PairSums:
    """The sums over the rows of X (n, d_x) and Y (n, d_y)."""
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
