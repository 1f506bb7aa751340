"""Vectors that lie like embeddings: clusters of unequal size in few latent dimensions."""

import numpy as np

LATENT = 24
MEMBERS = 500


class Clusters:
    """A distribution of vectors for n of them, which are drawn a block at a time.

    Parameters
    ----------
    n : int
        Vectors that will be drawn in all: a cluster has 500 of them on average.
    d : int
        Their number of features.
    rng : numpy.random.Generator
        Draws the clusters.
    """

    def __init__(self, n: int, d: int, rng: np.random.Generator):
        n_clusters = max(n // MEMBERS, 10)
        self.centers = 0.6 * rng.standard_normal((n_clusters, LATENT))
        self.weights = rng.dirichlet(np.full(n_clusters, 0.5))
        self.spread = rng.uniform(0.5, 1.0, size=n_clusters)
        self.projection = rng.standard_normal((LATENT, d)) / np.sqrt(LATENT)

    def draw(self, n_rows: int, rng: np.random.Generator) -> np.ndarray:
        """Rows of float64."""
        labels = rng.choice(len(self.centers), size=n_rows, p=self.weights)
        Z = self.centers[labels]
        Z = Z + self.spread[labels, None] * rng.standard_normal(Z.shape)
        noise = 0.05 * rng.standard_normal((n_rows, self.projection.shape[1]))
        return Z @ self.projection + noise
