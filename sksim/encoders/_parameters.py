"""The parameters of training that all encoders have: types, defaults, constraints.

A dataclass is the constructor that scikit-learn asks for, with explicit arguments that are stored
as they are, without saying each name three times. What they mean is in ``_docs``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, ClassVar

from sksim._trained import TrainedEstimator
from sksim.utils._sklearn import Interval
from sksim.utils._typing import RandomState

__all__ = ["EncoderParameters"]


@dataclass(eq=False, repr=False)
class EncoderParameters(TrainedEstimator):
    """An estimator with these parameters; its ``repr`` and its equality are scikit-learn's."""

    n_components: int | None = 16
    _: KW_ONLY
    max_epochs: int = 20
    batch_size: int = 128
    lr: float = 1e-3
    weight_decay: float = 0.0
    validation_fraction: float | None = None
    early_stopping: bool = False
    device: str = "auto"
    callbacks: Sequence[Any] | None = None
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_minutes: float = 0.0
    warm_start: bool = False
    verbose: int = 0
    random_state: RandomState = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **TrainedEstimator._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
    }
