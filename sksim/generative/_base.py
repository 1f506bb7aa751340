"""The estimator behind all variational diffusion models."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sksim._base import SksimEstimator
from sksim.generative._data import DataMap, check_image_shape, flatten_images, make_data_map
from sksim.generative._steps import best_path, check_steps, optimal_ratio, step_cost
from sksim.generative._weights import WeightsMixin, as_text, differences, import_torch
from sksim.utils._sklearn import Interval, StrOptions, _fit_context

__all__ = ["BaseDiffusion"]

_PATIENCE = 10
_VALIDATION_FRACTION = 0.1
_CALIBRATION_ROWS = 2000
_GAMMAS = Interval(Real, -30, 60, closed="both")  # noise and signal that single precision resolves


def _split_rows(n: int, fraction: float, rng: np.random.RandomState):
    """Indices of the training and the validation rows, one of each at least."""
    n_valid = min(max(round(fraction * n), 1), n - 1)
    order = rng.permutation(n)
    return np.sort(order[n_valid:]), np.sort(order[:n_valid])


def _some_rows(x: np.ndarray, rng: np.random.RandomState, n_rows: int) -> np.ndarray:
    """All rows, or a random choice of ``n_rows``."""
    return x if len(x) <= n_rows else x[rng.choice(len(x), n_rows, replace=False)]


class BaseDiffusion(
    WeightsMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, SksimEstimator
):
    """Everything but the encoder: validation, training, scores, samples, features."""

    _parameter_constraints: dict = {
        "denoiser": [StrOptions({"auto", "mlp", "conv", "unet"}), type],
        "denoiser_params": [dict, None],
        "prediction": [StrOptions({"v", "eps", "x"})],
        "schedule": [StrOptions({"linear", "learned_linear"})],
        "gamma_min": [StrOptions({"auto"}), _GAMMAS],
        "gamma_max": [_GAMMAS],
        "n_steps": [Interval(Integral, 1, None, closed="left"), None],
        "variance": [StrOptions({"equal", "optimal"}), Interval(Real, 0, None, closed="neither")],
        "likelihood": [StrOptions({"auto", "categorical", "gaussian"})],
        "n_levels": [Interval(Integral, 2, None, closed="left"), None],
        "image_shape": [tuple, list, None],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
        "warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "early_stopping": ["boolean"],
        "n_score_steps": [Interval(Integral, 1, None, closed="left")],
        "n_sample_steps": [Interval(Integral, 1, None, closed="left")],
        "representation": [StrOptions({"features"})],
        "depth": [Interval(Real, 0, 1, closed="both")],
        "device": [str],
        "precision": [StrOptions({"32", "bf16"})],
        "compile": ["boolean"],
        "callbacks": [list, tuple, None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    @abstractmethod
    def _encoder_spec(self) -> dict:
        """The entries encoder, encoder_params, encoder_init and counterterm of the network."""

    # Input.

    def _validate_rows(self, X, *, reset: bool) -> np.ndarray:
        """Rows (n, n_features) in their own type."""
        X = flatten_images(X, check_image_shape(self.image_shape))
        X = validate_data(self, X, reset=reset, ensure_min_samples=2 if reset else 1)
        if not reset:
            self._data.check_levels(X)
        return X

    def _network_rows(self, X) -> tuple[np.ndarray, np.ndarray]:
        """Network input (n, *shape) and rows of new data."""
        check_is_fitted(self, "net_")
        rows = self._validate_rows(X, reset=False)
        return self._data.to_network(rows), rows

    def _read_data(self, X, rows: np.ndarray) -> DataMap:
        """The rules that the first training data fix."""
        self._check_depth()
        return make_data_map(
            rows,
            likelihood=self.likelihood,
            n_levels=self.n_levels,
            image_shape=check_image_shape(self.image_shape),
            as_images=self.image_shape is not None and np.ndim(X) > 2,
        )

    def _check_depth(self) -> None:
        """ValueError for a free variance in continuous time."""
        if self.n_steps is None and self.variance not in ("equal", 1):
            raise ValueError(
                f"variance={self.variance!r} needs a finite number of steps, got n_steps=None: in "
                "continuous time the bound is infinite unless the variances are equal. Set "
                "n_steps, or use variance='equal'."
            )

    def _gamma_range(self, data: DataMap) -> tuple[float, float]:
        """Ends of the schedule; the automatic start keeps the ratio of bin width to noise."""
        gamma_min = self.gamma_min
        if gamma_min == "auto":
            is_gaussian = data.n_levels is None
            gamma_min = -10.0 if is_gaussian else -13.3 + 2 * math.log(256 / data.n_levels)
        if not gamma_min < self.gamma_max:
            raise ValueError(
                f"gamma_min must be smaller than gamma_max={self.gamma_max:g}, got {gamma_min:g}."
            )
        return float(gamma_min), float(self.gamma_max)

    # Training.

    def _spec(self, data: DataMap, second_moment: float) -> dict:
        """What the network is built from."""
        gamma_min, gamma_max = self._gamma_range(data)
        ratio = 1.0 if self.variance in ("equal", "optimal") else float(self.variance)
        names = ("denoiser", "denoiser_params", "prediction", "schedule", "n_steps")
        names += ("precision", "compile", "ema_decay")
        return {name: getattr(self, name) for name in names} | {
            "shape": data.shape,
            "n_levels": data.n_levels,
            "log_scale": data.log_scale,
            "second_moment": second_moment,
            "gamma_min": gamma_min,
            "gamma_max": gamma_max,
            "ratio": ratio,
            **self._encoder_spec(),
        }

    def _structure(self, data: DataMap, second_moment: float) -> dict[str, str]:
        """All that a trained network stands for, as text."""
        given = {
            "likelihood": data.likelihood if self.likelihood == "auto" else self.likelihood,
            "n_levels": data.n_levels if self.n_levels is None else self.n_levels,
            "image_shape": check_image_shape(self.image_shape),
        }
        return as_text(self._spec(data, second_moment) | given)

    def _settings(self, *, validates: bool) -> dict:
        """What may change from one training to the next."""
        names = ("lr", "weight_decay", "batch_size", "verbose", "warmup_steps", "clip_norm")
        return {name: getattr(self, name) for name in names} | {
            "monitor": "valid_loss" if validates else "train_loss",
            "patience": _PATIENCE if self.early_stopping and validates else None,
        }

    def _make_net(self, data: DataMap, second_moment: float, rng, *, validates: bool):
        """The net, initialised, and the random stream of its training."""
        import_torch(self)
        from sksim._torch import _training
        from sksim._torch.diffusion import _net as _diffusion_net

        device = _training.resolve_device(self.device)
        stream = _training.RandomStream(rng, device)
        with stream.active():
            net = _diffusion_net.make_net(
                self._spec(data, second_moment),
                device=device,
                max_epochs=self.max_epochs,
                callbacks=self.callbacks,
                **self._settings(validates=validates),
            )
        return net, stream

    def _resume(self, *, validates: bool) -> None:
        """Take over the settings of training; ValueError if the network would be another one."""
        from sksim._torch.diffusion._net import update_net

        self._check_depth()
        changed = differences(self._structure(self._data, self._second_moment), self._built_from)
        if changed:
            raise ValueError(
                f"Training cannot go on with another {changed}. Fit a clone, or use calibrate to "
                "score and sample with other steps."
            )
        update_net(self.net_, **self._settings(validates=validates))

    def _set_state(self, data: DataMap, second_moment: float, net, stream) -> None:
        """Set the attributes that the first training data determine."""
        self._data, self._second_moment, self._stream = data, second_moment, stream
        self._built_from = self._structure(data, second_moment)
        self.net_ = net
        self.likelihood_ = data.likelihood
        self.n_levels_ = data.n_levels
        self.loc_, self.scale_ = data.loc, data.scale
        self.gamma_range_ = self._model.schedule.ends()
        self.step_times_ = self.variance_ratio_ = None

    def _start(self, data: DataMap, x: np.ndarray, rng, *, validates: bool) -> None:
        """Build the net for the first training data."""
        moment = float(np.mean(x.astype(np.float64) ** 2))
        self._set_state(data, moment, *self._make_net(data, moment, rng, validates=validates))

    def _split(self, x: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray | None]:
        """Training and validation rows."""
        fraction = self.validation_fraction
        if fraction is None and self.early_stopping:
            fraction = _VALIDATION_FRACTION
        if fraction is None:
            return x, None
        train, valid = _split_rows(len(x), fraction, rng)
        return x[train], x[valid]

    def _train(self, x: np.ndarray, x_valid: np.ndarray | None, epochs: int, rng) -> None:
        """Train; history, best weights and steps are kept if training diverges."""
        from sksim._torch import _training

        split = None if x_valid is None else _training.validation_split(x_valid)
        self.net_.set_params(train_split=split)
        try:
            with self._stream.active():
                self.net_.partial_fit(x, None, epochs=epochs)
        finally:
            self.net_.set_params(train_split=None)
            self.history_ = _training.epoch_history(self.net_)
            self.n_iter_ = len(self.history_)
            self.gamma_range_ = self._model.schedule.ends()
            if self.n_steps is not None:
                self._set_steps(x, self.n_steps, self.variance, rng)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
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
        """
        resume = self.warm_start and hasattr(self, "net_")
        rng = check_random_state(self.random_state)
        rows = self._validate_rows(X, reset=not resume)
        data = self._data if resume else self._read_data(X, rows)
        x, x_valid = self._split(data.to_network(rows), rng)
        if resume:
            self._resume(validates=x_valid is not None)
        else:
            self._start(data, x, rng, validates=x_valid is not None)
        self._train(x, x_valid, self.max_epochs, rng)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
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
        """
        first = not hasattr(self, "net_")
        rng = check_random_state(self.random_state)
        rows = self._validate_rows(X, reset=first)
        data = self._read_data(X, rows) if first else self._data
        x = data.to_network(rows)
        if first:
            self._start(data, x, rng, validates=False)
        else:
            self._resume(validates=False)
        self._train(x, None, 1, rng)
        return self

    # Steps.

    def _set_steps(self, x: np.ndarray, n_steps: int, variance, rng, times=None) -> None:
        from sksim._torch.diffusion._inference import mean_step_losses

        self.step_times_ = np.linspace(0, 1, n_steps + 1) if times is None else times
        if variance == "optimal":
            seed = rng.randint(np.iinfo(np.int32).max)
            rows = _some_rows(x, rng, _CALIBRATION_ROWS)
            losses = mean_step_losses(self._model, rows, self.step_times_, seed)
            self.variance_ratio_ = optimal_ratio(losses, self._data.n_features)
        else:
            ratio = 1.0 if variance == "equal" else float(variance)
            self.variance_ratio_ = np.full(n_steps, ratio)

    def _best_times(self, x: np.ndarray, n_steps: int, variance, n_grid: int, rng) -> np.ndarray:
        from sksim._torch.diffusion._inference import step_loss_matrix

        times = np.linspace(0, 1, n_grid + 1)
        rows = _some_rows(x, rng, _CALIBRATION_ROWS // 4)
        losses = step_loss_matrix(self._model, rows, times, rng.randint(np.iinfo(np.int32).max))
        cost = step_cost(losses, self._data.n_features, optimal=variance == "optimal")
        return times[best_path(cost, n_steps)]

    def calibrate(self, X, n_steps, *, variance="optimal", times="even", n_grid=64):
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
        chosen = None
        if times == "optimal":
            chosen = self._best_times(x, n_steps, variance, n_grid, rng)
        self._set_steps(x, n_steps, variance, rng, chosen)
        return self

    # Use.

    @property
    def _model(self):
        """The averaged model, ready for evaluation."""
        return self.net_.module_.average.eval()

    def _steps(self):
        """The discrete process, None in continuous time."""
        from sksim._torch.diffusion._inference import Steps

        return None if self.step_times_ is None else Steps(self.step_times_, self.variance_ratio_)

    def _score_rows(self, X) -> tuple[np.ndarray, np.ndarray]:
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

    def elbo_terms(self, X):
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
        """
        return self._score_rows(X)[0]

    def score_samples(self, X, return_std=False):
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
        """
        terms, std = self._score_rows(X)
        bound = -terms.sum(axis=1)
        return (bound, std) if return_std else bound

    def score(self, X, y=None):
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
        return float(self.score_samples(X).mean())

    def bits_per_dim(self, X):
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

    def depth_losses(self, X, n_depths=32):
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
        """
        x, _ = self._network_rows(X)
        if not isinstance(n_depths, Integral) or n_depths < 1:
            raise ValueError(f"n_depths must be a positive integer, got {n_depths!r}.")
        from sksim._torch.diffusion._inference import depth_losses

        times = (np.arange(n_depths) + 0.5) / n_depths
        losses = depth_losses(self._model, x, times) / (self._data.n_features * math.log(2))
        errors = losses.std(axis=1) / math.sqrt(len(x))
        return Bunch(times=times, losses=losses.mean(axis=1), errors=errors)

    def sample(self, n_samples=1, random_state=None):
        """Draw samples from the model.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        random_state : int, RandomState instance or None, default=None
            Source of the noise.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            Samples in the layout, type and units of the training data: the most likely value
            given the last latent variable.

        Notes
        -----
        Costs one network evaluation for each sample and step: the calibrated or trained steps,
        or ``n_sample_steps`` in continuous time. The encoder is not used.
        """
        check_is_fitted(self, "net_")
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples must be a positive integer, got {n_samples!r}.")
        from sksim._torch.diffusion._inference import Steps, draw_samples

        x = draw_samples(
            self._model,
            n_samples,
            self._data.shape,
            self._steps() or Steps.even(self.n_sample_steps),
            seed=check_random_state(random_state).randint(np.iinfo(np.int32).max),
            batch_size=self.batch_size,
            verbose=self.verbose,
        )
        return self._data.to_user(x)

    def _features(self, x: np.ndarray) -> np.ndarray:
        from sksim._torch.diffusion._inference import transform_rows

        if not hasattr(self._model.denoiser.network, "features"):
            raise ValueError(
                f"transform needs a denoiser with the method features(z, t), and "
                f"{type(self._model.denoiser.network).__name__} has none."
            )
        return transform_rows(lambda x: self._model.features(x, self.depth), self._model, x)

    def transform(self, X):
        """Activations in the middle of the denoiser at the noise-free ``alpha_t x_t``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            float32 for float32 input, else float64. Row i depends on row i only.
        """
        x, rows = self._network_rows(X)
        features = self._features(x)
        return features if rows.dtype == np.float32 else features.astype(np.float64)

    @property
    def _n_features_out(self) -> int:
        return self._model.denoiser.network.n_features

    def __sklearn_is_fitted__(self):
        return hasattr(self, "net_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
