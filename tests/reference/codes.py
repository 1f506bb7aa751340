"""Literal, slow formulas of codes."""

import numpy as np

__all__ = ["matching_pursuit"]


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
