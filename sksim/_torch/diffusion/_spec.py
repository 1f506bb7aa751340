"""What the network of a diffusion estimator is made from."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from sksim._torch._spec import Spec

__all__ = ["OF_TRAINING", "NetworkSpec"]

#: What weights leave open: the process of training, and the speed.
OF_TRAINING = frozenset(
    {"n_steps", "ratio", "precision", "compile", "ema_decay", "zeta", "lambda_", "views"}
)
_LATER = frozenset({"n_components", "zeta", "lambda_", "conditioning", "time_nested", "views"})


@dataclass(frozen=True)
class NetworkSpec(Spec):
    """Everything that determines the network of a diffusion estimator.

    A field that is called like a parameter of the estimators has its meaning; a default is what
    an estimator without that parameter has.

    Parameters
    ----------
    shape : tuple
        Shape of a sample, ``(n_features,)`` or ``(channels, height, width)``.
    n_levels : int or None
        Number of levels; None with a Gaussian likelihood.
    log_scale : float
        Sum of log scale over the features, by which the data were divided.
    second_moment : float
        Mean of x^2 over the training data, in the units of the network.
    gamma_min, gamma_max : float
        Ends of the schedule before training.
    ratio : float
        ``w = var_Q / var_P`` in training.
    """

    of_training: ClassVar[frozenset[str]] = OF_TRAINING

    denoiser: str | type
    denoiser_params: dict[str, Any] | None
    prediction: str
    schedule: str
    n_steps: int | None
    precision: str
    compile: bool
    ema_decay: float
    shape: tuple[int, ...]
    n_levels: int | None
    log_scale: float
    second_moment: float
    gamma_min: float
    gamma_max: float
    ratio: float
    likelihood: str
    image_shape: tuple[int, ...] | None
    encoder: str | type = "identity"
    encoder_params: dict[str, Any] | None = None
    encoder_init: str = "identity"
    counterterm: bool = False
    n_components: int | None = None
    zeta: float = 0.0
    lambda_: float = 1.0
    conditioning: str = "add"
    time_nested: bool = False
    views: Any = None

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], **facts: Any) -> "NetworkSpec":
        """The parameters of an estimator, and the facts of its data, which come first."""
        named = {one.name for one in fields(cls)} & set(parameters)
        return cls(**{name: parameters[name] for name in named} | facts)

    def values(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def differences(self, text: Mapping[str, str], leave_out: Collection[str] = ()) -> str:
        # Texts of earlier releases lack the later fields, which all have a default.
        later = {one.name: repr(one.default) for one in fields(self) if one.name in _LATER}
        return super().differences(later | dict(text), leave_out)
