"""Gaussian latents of the diffusion estimators, with an exact inverse."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.generative._data import DataMap
from sksim.utils._arrays import check_named_array
from sksim.utils._memory import check_fits
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["LatentsMixin"]


class LatentsMixin(SksimEstimator):
    """``to_latent`` and ``from_latent``, for a :class:`BaseDiffusion`."""

    n_sample_steps: int
    verbose: int
    _data: DataMap

    def _latent_steps(self, n_steps: int | None) -> Any:
        """The steps of fit or calibrate, if there are so many or no number is asked for."""
        from sksim._torch.diffusion._inference import Steps

        own = self._steps()
        if own is not None and n_steps in (None, len(own.ratio)):
            return own
        return Steps.even(self.n_sample_steps if n_steps is None else n_steps)

    def to_latent(
        self, X: ArrayLike, *, n_steps: int | None = None, random_state: RandomState = None
    ) -> FloatArray:
        r"""The noise with which the sampler would make the data.

        The forward chain z_1, ..., z_0 of a row is drawn, z_1 from ``q(z_1 | x)`` and each further
        one from ``q(z_s | z_t, x)``, and the steps are written as those of the sampler:

        .. math:: \epsilon_i = \frac{z_s - \mu_P(z_t)}{\sigma_P}, \qquad
                  \epsilon_0 = \frac{z_0 - \alpha_0 x}{\sigma_0}.

        :meth:`from_latent` runs the sampler with them and returns the row. The mean square of
        :math:`\epsilon_i` is :math:`w (1 + 2 L_i / D)`, L_i the loss of the step in nats and w the
        ratio of its variances: one in each step for the optimal ratio.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        n_steps : int, default=None
            Number of steps T. None: those of ``fit`` or :meth:`calibrate`, or
            ``n_sample_steps``. Another number than theirs makes even steps of equal variance.
        random_state : int, RandomState instance or None, default=None
            Seed of the chain, beside the values of the row. None: the values alone.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_steps + 2, n_features)
            ``z_1, eps_T, ..., eps_1, eps_0``, the features in the order of the network, channels
            first; float32 for float32 input, else float64. Row i depends on row i only.

        Raises
        ------
        ValueError
            If ``n_steps`` is no positive integer.
        MemoryError
            If the latents do not fit into memory.

        See Also
        --------
        DPMEncoder : The same as a transformer of rows to rows.

        Notes
        -----
        Time: one network evaluation for each row and step, in double precision unless X is
        float32. Memory: that of the latents, ``n_steps + 2`` times that of the data. What returns
        after both ways differs by about 1e-15 standard deviations in double precision, and by
        about 1e-6 in single precision. Levels return as they were.
        """
        check_is_fitted(self, "net_")
        if n_steps is not None and not (isinstance(n_steps, Integral) and n_steps > 0):
            raise ValueError(f"n_steps must be a positive integer or None, got {n_steps!r}.")
        rows = self._validate_rows(X, reset=False)
        steps = self._latent_steps(n_steps)
        dtype = np.dtype(np.float32 if rows.dtype == np.float32 else np.float64)
        n_latents = (len(steps.ratio) + 2) * rows.size
        check_fits(
            n_latents * dtype.itemsize,
            f"The latents of {len(rows)} samples in {len(steps.ratio)} steps",
            "Encode some rows at a time, or take fewer n_steps.",
        )
        from sksim._torch.diffusion._latents import to_latents

        largest_seed = np.iinfo(np.int32).max
        seed = None if random_state is None else check_random_state(random_state)
        return to_latents(
            self._model,
            self._data.to_network(rows, dtype),
            rows,
            steps,
            seed=None if seed is None else seed.randint(largest_seed),
            verbose=self.verbose - 1,
        )

    def from_latent(self, Z: ArrayLike) -> np.ndarray:
        """The data that the sampler makes from latents: the inverse of :meth:`to_latent`.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_steps + 2, n_features)
            Latents, of this model or of another one; standard normal values make samples.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            In the layout and the units of the training data, levels in their type, real numbers
            in that of ``Z``.

        Raises
        ------
        ValueError
            If ``Z`` has another shape.

        Notes
        -----
        As many network evaluations as :meth:`to_latent`. The steps are those of ``fit`` or
        :meth:`calibrate`, if ``Z`` has so many, else even ones of equal variance.
        """
        check_is_fitted(self, "net_")
        return self._decode(self._check_latents(Z), None)

    def _check_latents(self, Z: ArrayLike) -> FloatArray:
        latents = check_named_array(Z, "Z", allow_nd=True, dtype=[np.float64, np.float32])
        shape, n_features = latents.shape, self._data.n_features
        if latents.ndim != 3 or shape[1] < 3 or shape[2] != n_features:
            raise ValueError(
                f"Z must have the shape (n_samples, n_steps + 2, {n_features}), got {shape}."
            )
        return latents

    def _decode(self, latents: FloatArray, codes: FloatArray | None) -> np.ndarray:
        from sksim._torch.diffusion._latents import from_latents

        x = from_latents(
            self._model,
            latents,
            self._data.shape,
            self._latent_steps(latents.shape[1] - 2),
            codes=codes,
            verbose=self.verbose - 1,
        )
        return self._data.to_user(x, latents.dtype)
