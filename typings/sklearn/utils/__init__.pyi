from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

@overload
def check_array(
    array: Any,
    accept_sparse: Literal[False] = ...,
    *,
    accept_large_sparse: bool = ...,
    dtype: Any = ...,
    order: Literal["C", "F"] | None = ...,
    copy: bool = ...,
    force_writeable: bool = ...,
    ensure_all_finite: bool | Literal["allow-nan"] = ...,
    ensure_non_negative: bool = ...,
    ensure_2d: bool = ...,
    allow_nd: bool = ...,
    ensure_min_samples: int = ...,
    ensure_min_features: int = ...,
    estimator: Any = ...,
    input_name: str = ...,
) -> NDArray[Any]: ...
@overload
def check_array(array: Any, accept_sparse: bool | str | Sequence[str], **options: Any) -> Any: ...
def check_random_state(seed: int | np.random.RandomState | None) -> np.random.RandomState: ...
def column_or_1d(
    y: Any, *, dtype: Any = ..., warn: bool = ..., device: Any = ...
) -> NDArray[Any]: ...
def __getattr__(name: str) -> Any: ...
