"""Entropies of discrete variables from counts: the plug-in estimate."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

__all__ = ["entropy", "joint_codes", "plug_in_information"]


def entropy(codes: np.ndarray) -> float:
    """Entropy in nats of the shares of the codes 0, 1, ... of the samples."""
    counts = np.bincount(codes)
    shares = counts[counts > 0] / codes.size
    return max(0.0, -float(shares @ np.log(shares)))


def joint_codes(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Codes of the pairs of two codes, as small as the number of samples allows."""
    return np.unique(a.astype(np.int64) * (int(b.max()) + 1) + b, return_inverse=True)[1]


def plug_in_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information in nats of two codes of the samples, H(a) + H(b) - H(a, b).

    Zero where rounding is all that is left, so that independence is seen as such.
    """
    entropies = entropy(a), entropy(b)
    information = sum(entropies) - entropy(joint_codes(a, b))
    return information if information > 1e-14 * sum(entropies) else 0.0
