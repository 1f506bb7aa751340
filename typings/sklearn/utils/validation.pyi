from typing import Any, Literal, overload

from numpy.typing import NDArray

@overload
def validate_data(
    _estimator: Any,
    /,
    X: Any,
    *,
    reset: bool = ...,
    accept_sparse: Literal[False] = ...,
    dtype: Any = ...,
    order: Literal["C", "F"] | None = ...,
    copy: bool = ...,
    ensure_all_finite: bool | Literal["allow-nan"] = ...,
    ensure_non_negative: bool = ...,
    ensure_2d: bool = ...,
    allow_nd: bool = ...,
    ensure_min_samples: int = ...,
    ensure_min_features: int = ...,
    **options: Any,
) -> NDArray[Any]: ...
@overload
def validate_data(
    _estimator: Any,
    /,
    X: Any,
    y: Any,
    *,
    accept_sparse: Literal[False] = ...,
    **options: Any,
) -> tuple[NDArray[Any], NDArray[Any]]: ...
@overload
def validate_data(_estimator: Any, /, *args: Any, **options: Any) -> Any: ...
def __getattr__(name: str) -> Any: ...
