"""The Gaussian latents of a diffusion model as a transformer."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sksim.generative._base import BaseDiffusion
from sksim.generative._info_diffusion import InfoDiffusion
from sksim.generative._model_inside import ModelTransformer
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import HasMethods, Interval
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["DPMEncoder"]


class DPMEncoder(ModelTransformer):
    r"""Encode data as the noise with which a diffusion model would make them.

    The sampler of a diffusion model turns noise ``z_1, eps_T, ..., eps_0`` into data, so the noise
    that makes a sample is a latent of it, standard normal for a good model [1]_:

    .. math:: \epsilon_i = \frac{z_s - \mu_P(z_t)}{\sigma_P}, \qquad
              \epsilon_0 = \frac{z_0 - \alpha_0 x}{\sigma_0},

    for a chain z drawn from ``q(z | x)``. :meth:`inverse_transform` runs the sampler and returns
    the data exactly. To encode with one model and decode with another shows what two models share.

    Needs the ``torch`` extra: ``pip install 'sksim[torch]'``.

    .. versionadded:: 0.1

    Parameters
    ----------
    model : estimator, default=None
        A diffusion estimator, of which a copy is trained, or a fitted one inside
        :class:`sklearn.frozen.FrozenEstimator`. None: :class:`VariationalDiffusion`.

    n_steps : int, default=100
        Number of steps T. Those of the model's own discrete process, if it has so many, else even
        steps of equal variance.

    random_state : int, RandomState instance or None, default=None
        Seed of the chains, beside the values of the rows (None: the values alone), and of the
        training of the default model; other models have their own.

    Attributes
    ----------
    model_ : estimator
        The fitted model.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the training data had string names.

    See Also
    --------
    VariationalDiffusion.to_latent : The same as an array (n_samples, n_steps + 2, n_features).
    DiffusionFeatures : Activations of the network instead.

    Notes
    -----
    Time: one network evaluation for each row and step, both ways. Memory: ``n_steps + 2`` times
    that of the data. In double precision rows return with errors of about 1e-15 standard
    deviations, in single precision of about 1e-6; levels return as they were.

    Two trainings with other seeds, on other samples of one distribution, share the latent space:
    what the one encodes the other decodes to nearly the same point. The common space is that of
    the coordinates, not of the meaning: data that are rotated, and encoded by a model of rotated
    data, are not rotated back by the decoder of the other.

    References
    ----------
    .. [1] C. H. Wu and F. De la Torre (2023). A latent space of stochastic diffusion models for
           zero-shot image editing and guidance. International Conference on Computer Vision.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.generative import DPMEncoder, VariationalDiffusion
    >>> X = np.random.RandomState(0).normal(3.0, 0.5, size=(100, 2))
    >>> model = VariationalDiffusion(max_epochs=2, random_state=0)
    >>> encoder = DPMEncoder(model, n_steps=10).fit(X)
    >>> Z = encoder.transform(X)
    >>> Z.shape
    (100, 24)
    >>> bool(abs(encoder.inverse_transform(Z) - X).max() < 1e-12)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "model": [HasMethods(["fit"]), None],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self, model: Any = None, *, n_steps: int = 100, random_state: RandomState = None
    ) -> None:
        self.model = model
        self.n_steps = n_steps
        self.random_state = random_state

    def _check_model(self, model: BaseDiffusion) -> None:
        if isinstance(model, InfoDiffusion):
            raise TypeError(
                "DPMEncoder cannot invert the noise of InfoDiffusion without its code. Use the "
                "model's to_latent and transform, and from_latent with both."
            )

    def transform(self, X: ArrayLike) -> FloatArray:
        """The latents of the data, a row for each.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        Z : ndarray of shape (n_samples, (n_steps + 2) * n_features)
            ``z_1, eps_T, ..., eps_1, eps_0`` one after the other; float32 for float32 input, else
            float64. Row i depends on row i only.
        """
        check_is_fitted(self)
        latents = self.model_.to_latent(X, n_steps=self.n_steps, random_state=self._seed)
        return latents.reshape(len(latents), -1)

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """The data of latents, by the sampler.

        Parameters
        ----------
        X : array-like of shape (n_samples, (n_steps + 2) * n_features)
            Latents of this encoder, or of one with another model.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            In the layout and units of the training data.

        Raises
        ------
        ValueError
            If the rows have another length.
        """
        check_is_fitted(self)
        latents = check_named_array(X, "X", dtype=[np.float64, np.float32])
        if latents.shape[1] != self._n_features_out:
            raise ValueError(
                f"X must have (n_steps + 2) * n_features = {self._n_features_out} columns, got "
                f"{latents.shape[1]}."
            )
        return self.model_.from_latent(latents.reshape(len(latents), -1, self.n_features_in_))

    @property
    def _n_features_out(self) -> int:
        return (self.n_steps + 2) * self.n_features_in_
