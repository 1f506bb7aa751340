"""Literal, slow formulas of codes."""

import numpy as np

__all__ = ["matching_pursuit", "residual_signs"]


def matching_pursuit(X, components, n_nonzero, non_negative=True, tol=0.0):
    """Codes (n, h) and, for each row, the picks (atom, coefficient) and the residuals."""
    lengths = np.linalg.norm(components, axis=1)
    W = components / lengths[:, None]
    codes, steps = np.zeros((len(X), len(W))), []
    for i, x in enumerate(X):
        r, picks, residuals = x, [], [x]
        for _ in range(n_nonzero):
            products = W @ r
            j = np.argmax(products if non_negative else abs(products))
            nothing = products[j] <= 1e-12 if non_negative else abs(products[j]) <= 1e-12
            if nothing or (tol > 0 and np.linalg.norm(r) <= tol * np.linalg.norm(x)):
                break
            picks.append((j, products[j]))
            codes[i, j] += products[j] / lengths[j]
            r = r - products[j] * W[j]
            residuals.append(r)
        steps.append((picks, residuals))
    return codes, steps


def residual_signs(x, n_levels, scale):
    """Signs (L, d) and scales (L,) of one centred and rotated row."""
    r, signs, scales = np.array(x, dtype=float), [], []
    for t in range(n_levels):
        b = np.where(r >= 0, 1.0, -1.0)
        s = np.abs(r).mean() if isinstance(scale, str) else scale[t]
        r = r - s * b
        signs.append(b)
        scales.append(s)
    return np.array(signs), np.array(scales)
