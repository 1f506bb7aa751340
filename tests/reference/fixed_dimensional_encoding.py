"""Fixed dimensional encodings, one set, repetition, vector and bucket after the other."""

import numpy as np


def _code(v, hyperplanes):
    return sum(2**j for j, h in enumerate(hyperplanes.T) if v @ h > 0)


def encode_set(V, hyperplanes, projections=None, *, is_document, fill_empty=True):
    """Code of one set, not sketched; hyperplanes (R, d, k), projections (R, d, d') or None."""
    R, d, k = hyperplanes.shape
    code = []
    for r in range(R):
        project = np.eye(d) if projections is None else projections[r]
        codes = [_code(v, hyperplanes[r]) for v in V]
        for b in range(2**k):
            inside = [v @ project for v, c in zip(V, codes) if c == b]
            if not is_document:
                code.append(sum(inside, np.zeros(project.shape[1])))
            elif inside:
                code.append(sum(inside) / len(inside))
            elif fill_empty:
                distances = [(c ^ b).bit_count() for c in codes]
                code.append(V[distances.index(min(distances))] @ project)
            else:
                code.append(np.zeros(project.shape[1]))
    return np.concatenate(code) / np.sqrt(R)
