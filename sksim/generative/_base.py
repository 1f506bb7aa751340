"""What the diffusion estimators share: data, network, training, steps, scores, samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim.generative._calibration import choose_steps, gamma_range, second_moment
from sksim.generative._data import DataMap, make_data_map
from sksim.generative._facts import facts_problem
from sksim.generative._latents import LatentsMixin
from sksim.generative._parameters import DiffusionParameters
from sksim.generative._steps import check_steps, check_variance
from sksim.utils._arrays import validate_named_data
from sksim.utils._images import check_image_shape, flatten_images
from sksim.utils._results import Result
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["BaseDiffusion"]


class BaseDiffusion(LatentsMixin, DensityMixin, DiffusionParameters):
    """The life of the estimators; what an encoder adds is in :class:`DiffEnc`."""

    _kind = "diffusion"
    _instead = "Fit a clone, or use calibrate to score and sample with other steps."
    step_times_: FloatArray | None
    variance_ratio_: FloatArray | None

    # Validate, scale, make the net.

    def _validate_rows(self, X: ArrayLike, *, reset: bool) -> np.ndarray:
        given = flatten_images(X, check_image_shape(self.image_shape))
        rows = validate_named_data(self, given, reset=reset, ensure_min_samples=2 if reset else 1)
        if not reset:
            self._data.check_levels(rows)
        return rows

    def _map_data(self, X: ArrayLike, rows: np.ndarray, known: DataMap | None) -> DataMap:
        check_variance(self.n_steps, self.variance)
        if known is not None:
            return known
        return make_data_map(
            rows,
            likelihood=self.likelihood,
            n_levels=self.n_levels,
            image_shape=check_image_shape(self.image_shape),
            as_images=self.image_shape is not None and np.ndim(X) > 2,
        )

    def _make_spec(self, data: DataMap) -> Any:
        from sksim._torch.diffusion._spec import NetworkSpec

        gamma_min, gamma_max = gamma_range(self.gamma_min, self.gamma_max, data.n_levels)
        return NetworkSpec.from_parameters(
            self.get_params(deep=False),
            shape=data.shape,
            n_levels=data.n_levels if self.n_levels is None else self.n_levels,
            log_scale=data.log_scale,
            second_moment=data.second_moment,
            gamma_min=gamma_min,
            gamma_max=gamma_max,
            ratio=1.0 if self.variance in ("equal", "optimal") else float(self.variance),
            likelihood=data.likelihood if self.likelihood == "auto" else self.likelihood,
            image_shape=check_image_shape(self.image_shape),
        )

    def _settings(self) -> dict[str, Any]:
        return {"warmup_steps": self.warmup_steps, "clip_norm": self.clip_norm}

    def _build(self, spec: Any, training: Any, **parameters: Any) -> Any:
        from sksim._torch.diffusion._net import make_diffusion_net

        return make_diffusion_net(spec, training, **parameters)

    def _begin(
        self, data: DataMap, x: FloatArray, rng: np.random.RandomState, *, validates: bool
    ) -> None:
        data = replace(data, second_moment=second_moment(x))
        super()._begin(data, x, rng, validates=validates)

    def _set_state(self, data: DataMap, spec: Any, net: Any, stream: Any) -> None:
        super()._set_state(data, spec, net, stream)
        self.n_levels_ = data.n_levels
        self.gamma_range_ = self._model.schedule.ends()
        self.step_times_ = self.variance_ratio_ = None

    # Files.

    def _facts(self) -> dict[str, Any]:
        data, steps = asdict(self._data), self._steps()
        return {
            "second_moment": data.pop("second_moment"),
            "data": data,
            "steps": None if steps is None else list(steps),
        }

    def _facts_problem(self, facts: Mapping[str, Any]) -> str:
        return facts_problem(facts)

    def _map_of_facts(self, facts: Mapping[str, Any]) -> DataMap:
        return DataMap(**facts["data"], second_moment=facts["second_moment"])

    def _set_facts(self, facts: Mapping[str, Any]) -> None:
        super()._set_facts(facts)
        if facts["steps"] is not None:
            self.step_times_, self.variance_ratio_ = map(np.array, facts["steps"])

    # Train.

    def _finish(self, x: FloatArray, rng: np.random.RandomState) -> None:
        super()._finish(x, rng)
        self.gamma_range_ = self._model.schedule.ends()
        if self.n_steps is not None:
            self.step_times_, self.variance_ratio_ = choose_steps(
                self._model, x, self.n_steps, self.variance, rng
            )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Train the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The training data.
        y : Ignored
            Present for the interface.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For ``n_steps=None`` with another variance than the equal one, images that do not
            have ``image_shape``, fractions with a categorical likelihood; with ``warm_start``,
            for parameters that make another network.
        FloatingPointError
            If the loss becomes infinite or NaN. The estimator then holds the best weights
            before that, and can be used.
        KeyboardInterrupt
            At Ctrl-C, after the present step. The estimator can be used, and goes on with
            ``warm_start=True``.

        Warns
        -----
        UserWarning
            For integers with ``likelihood="gaussian"``.
        ConvergenceWarning
            If the loss ends far above its start.
        """
        resume = self.warm_start and hasattr(self, "net_")
        return self._train_on(X, y, self.max_epochs, resume=resume, holds_out=True)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: object = None) -> Self:
        """Train for one more pass over ``X``.

        The first call fixes the scaling, the levels, the network and the callbacks; later calls
        continue the weights, their average, the optimizer and the random stream, with the present
        ``lr``, ``batch_size`` and so on. No rows are set aside for validation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            Training data.
        y : Ignored
            Present for the interface.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            As in :meth:`fit`, and for parameters that make another network.
        FloatingPointError
            If the loss becomes infinite or NaN; the best weights before that are kept.
        """
        return self._train_on(X, y, 1, resume=hasattr(self, "net_"), holds_out=False)

    def calibrate(
        self,
        X: ArrayLike,
        n_steps: int | None,
        *,
        variance: float | Literal["optimal", "equal"] = "optimal",
        times: Literal["even", "optimal"] = "even",
        n_grid: int = 64,
    ) -> Self:
        """Choose the discrete process for scores and samples, at fixed weights.

        A network that was trained in continuous time, or with another number of steps, serves at
        any depth. The step from t to s has the loss ``L`` with equal variances; the ratio
        ``w = var_Q / var_P`` makes it ``(D/2) (w - 1 - ln w) + w L``, which is smallest, and
        equal to ``(D/2) ln(1 + 2 L / D)``, at ``w = 1 / (1 + 2 L / D)``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            Training data, of which at most 2000 rows are used.
        n_steps : int or None
            Number of steps; None is continuous time, with equal variances.
        variance : {"optimal", "equal"} or float, default="optimal"
            The ratio w of each step: estimated from ``X``, one, or the number given.
        times : {"even", "optimal"}, default="even"
            Where the steps are: evenly spaced, or the choice from a grid that makes the bound
            smallest, by dynamic programming.
        n_grid : int, default=64
            Steps of that grid, at least ``n_steps``.

        Returns
        -------
        self : object
            The estimator, with ``step_times_`` and ``variance_ratio_``.

        Raises
        ------
        ValueError
            For arguments that make no discrete process.

        Notes
        -----
        Costs ``n_steps`` network evaluations for each of 2000 rows, and with optimal times
        ``n_grid^2 / 2`` for each of 500 rows.
        """
        x, _ = self._network_rows(X)
        check_steps(n_steps, variance, times, n_grid)
        if n_steps is None:
            self.step_times_ = self.variance_ratio_ = None
            return self
        rng = check_random_state(self.random_state)
        self.step_times_, self.variance_ratio_ = choose_steps(
            self._model, x, n_steps, variance, rng, times=times, n_grid=n_grid
        )
        return self

    # Score, sample, transform.

    @property
    def _model(self) -> Any:
        """The averaged model, ready for evaluation."""
        return self.net_.module_.average.eval()

    def _steps(self) -> Any:
        """The discrete process, None in continuous time."""
        from sksim._torch.diffusion._inference import Steps

        if self.step_times_ is None or self.variance_ratio_ is None:
            return None
        return Steps(self.step_times_, self.variance_ratio_)

    def _score_rows(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Terms of the bound (n, 3), and standard errors of their sums (n,)."""
        x, rows = self._network_rows(X)
        from sksim._torch.diffusion._inference import score_rows

        return score_rows(
            self._model,
            x,
            rows,
            n_draws=self.n_score_steps,
            steps=self._steps(),
            verbose=self.verbose - 1,
        )

    def elbo_terms(self, X: ArrayLike) -> FloatArray:
        """The three terms of the negative bound for each sample, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        terms : ndarray of shape (n_samples, 3)
            Prior, reconstruction and diffusion term. The prior and the diffusion term are not
            negative; with a Gaussian likelihood the reconstruction term can be.

        Raises
        ------
        ValueError
            For levels that the likelihood does not have.
        """
        return self._score_rows(X)[0]

    def score_samples(
        self, X: ArrayLike, return_std: bool = False
    ) -> FloatArray | tuple[FloatArray, FloatArray]:
        """Lower bound of the log-likelihood of each sample, in nats.

        The estimate uses ``n_score_steps`` stratified times, and noise that is determined by the
        values of the row: it is the same in every call, for any order and subset of the rows,
        and equal rows have equal scores. Two models see the same noise, which makes their
        difference more exact than either score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        return_std : bool, default=False
            Return the Monte-Carlo standard errors too.

        Returns
        -------
        bound : ndarray of shape (n_samples,)
            ``-elbo_terms(X).sum(axis=1)``; nats per sample. With a Gaussian likelihood, the bound
            of a log-density in the units of ``X``.
        std : ndarray of shape (n_samples,)
            Standard error of each estimate, only if ``return_std``; infinite for a single draw.

        Raises
        ------
        ValueError
            For levels that the likelihood does not have.
        """
        terms, std = self._score_rows(X)
        bound = -terms.sum(axis=1)
        return (bound, std) if return_std else bound

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Mean of the lower bounds of the log-likelihood, in nats per sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        y : Ignored
            Present for the interface.

        Returns
        -------
        score : float
            Mean of :meth:`score_samples`; greater is better.
        """
        return float(-self.elbo_terms(X).sum(axis=1).mean())

    def bits_per_dim(self, X: ArrayLike) -> float:
        """Upper bound of the code length, in bits per feature.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        bits : float
            ``-score(X) / (n_features ln 2)``; smaller is better. With a Gaussian likelihood it
            is a differential entropy, and not comparable with that of a categorical one.
        """
        return -self.score(X) / (self._data.n_features * math.log(2))

    def depth_losses(self, X: ArrayLike, n_depths: int = 32) -> Result:
        """Where in the process the bits are spent.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        n_depths : int, default=32
            Number of times, evenly spaced in (0, 1).

        Returns
        -------
        result : Bunch
            ``times`` (n_depths,), ``losses`` (n_depths,): the integrand of the diffusion term in
            continuous time, in bits per feature, whose mean over the times is the diffusion
            term; ``errors`` (n_depths,): standard errors over the rows.

        Raises
        ------
        ValueError
            If ``n_depths`` is no positive integer.
        """
        x, _ = self._network_rows(X)
        if not isinstance(n_depths, Integral) or n_depths < 1:
            raise ValueError(f"n_depths must be a positive integer, got {n_depths!r}.")
        from sksim._torch.diffusion._inference import depth_losses

        times = (np.arange(n_depths) + 0.5) / n_depths
        losses = depth_losses(self._model, x, times) / (self._data.n_features * math.log(2))
        errors = losses.std(axis=1) / math.sqrt(len(x))
        return Result(times=times, losses=losses.mean(axis=1), errors=errors)

    def sample(
        self,
        n_samples: int = 1,
        random_state: RandomState = None,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> np.ndarray:
        """Draw samples from the model.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Source of the noise.
        checkpoint : str or path-like, default=None
            A file for the samples so far, written after each batch of ``batch_size``: a further
            call goes on from it, to the bits of an uninterrupted one. Needs an integer
            ``random_state``.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            Samples in the layout, type and units of the training data: the most likely value
            given the last latent variable.

        Raises
        ------
        ValueError
            If ``n_samples`` is no positive integer; for a checkpoint of other samples, or
            without an integer ``random_state``.

        Notes
        -----
        Costs one network evaluation for each sample and step: the calibrated or trained steps,
        or ``n_sample_steps`` in continuous time. The encoder is not used.
        """
        check_is_fitted(self, "net_")
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be a positive integer, got {n_samples!r}.")
        return self._sample(int(n_samples), random_state, checkpoint=checkpoint)

    def _sample(
        self,
        n_samples: int,
        random_state: RandomState,
        *,
        codes: FloatArray | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> np.ndarray:
        if checkpoint is not None and not isinstance(random_state, Integral):
            raise ValueError(f"checkpoint needs an integer random_state, got {random_state!r}.")
        from sksim._torch.diffusion._inference import Steps, draw_samples

        x = draw_samples(
            self._model,
            n_samples,
            self._data.shape,
            self._steps() or Steps.even(self.n_sample_steps),
            seed=check_random_state(random_state).randint(np.iinfo(np.int32).max),
            batch_size=self.batch_size,
            codes=codes,
            verbose=self.verbose,
            checkpoint=checkpoint,
        )
        return self._data.to_user(x)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Activations in the middle of the denoiser at the noise-free ``alpha_t x_t``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            float32 for float32 input, else float64. Row i depends on row i only.

        Raises
        ------
        ValueError
            If the denoiser is a class without the method ``features``.
        """
        return self._evaluate(lambda model, x: model.features(x, self.depth), X)

    def _evaluate(self, function: Callable[[Any, Any], Any], X: ArrayLike) -> FloatArray:
        """``function(model, x)`` of network rows; float32 for float32 input, else float64."""
        x, rows = self._network_rows(X)
        from sksim._torch.diffusion._inference import transform_rows

        model = self._model
        output = transform_rows(lambda x: function(model, x), model, x)
        return output if rows.dtype == np.float32 else output.astype(np.float64)

    @property
    def _n_features_out(self) -> int:
        return self._model.denoiser.network.n_features
