"""The parameters that all diffusion estimators have: types, defaults, constraints.

A dataclass is the constructor that scikit-learn asks for, with explicit arguments that are stored
as they are, without saying each name three times. What they mean is in ``_docs``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

from sksim._trained import TrainedEstimator
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import RandomState

__all__ = ["DiffusionParameters"]

_GAMMAS = Interval(Real, -30, 60, closed="both")  # noise and signal that single precision resolves


@dataclass(eq=False, repr=False)
class DiffusionParameters(TrainedEstimator):
    """An estimator with these parameters; its ``repr`` and its equality are scikit-learn's."""

    denoiser: str | type = "auto"
    _: KW_ONLY
    denoiser_params: dict[str, Any] | None = None
    prediction: Literal["v", "eps", "x"] = "v"
    schedule: Literal["linear", "learned_linear"] = "linear"
    gamma_min: float | Literal["auto"] = "auto"
    gamma_max: float = 5.0
    n_steps: int | None = None
    variance: float | Literal["equal", "optimal"] = "equal"
    likelihood: Literal["auto", "categorical", "gaussian"] = "auto"
    n_levels: int | None = None
    image_shape: Sequence[int] | None = None
    max_epochs: int = 20
    batch_size: int = 128
    lr: float = 2e-4
    weight_decay: float = 0.01
    ema_decay: float = 0.9999
    warmup_steps: int = 100
    clip_norm: float | None = None
    validation_fraction: float | None = None
    early_stopping: bool = False
    n_score_steps: int = 128
    n_sample_steps: int = 250
    representation: str = "features"
    depth: float = 0.35
    device: str = "auto"
    precision: Literal["32", "bf16"] = "32"
    compile: bool = False
    callbacks: Sequence[Any] | None = None
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_minutes: float = 0.0
    warm_start: bool = False
    verbose: int = 0
    random_state: RandomState = None

    # The names of networks are checked where they are known, in sksim._torch.diffusion._networks.
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TrainedEstimator._parameter_constraints,
        "denoiser": [str, type],
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
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
        "warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "n_score_steps": [Interval(Integral, 1, None, closed="left")],
        "n_sample_steps": [Interval(Integral, 1, None, closed="left")],
        "representation": [StrOptions({"features"})],
        "depth": [Interval(Real, 0, 1, closed="both")],
        "precision": [StrOptions({"32", "bf16"})],
        "compile": ["boolean"],
    }
