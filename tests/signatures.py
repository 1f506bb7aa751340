"""All public classes and functions, with the methods that sksim itself defines."""

import importlib
import inspect

import sksim

__all__ = ["public_names", "public_signatures"]


def _own_methods(cls):
    """Pairs (name, function) of the constructor, public methods and properties of sksim's own."""
    own = [c for c in cls.__mro__ if c.__module__.startswith("sksim.")]
    for name in sorted({name for c in own for name in vars(c)}):
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        member = next(vars(c)[name] for c in own if name in vars(c))
        if isinstance(member, property):
            member = member.fget
        member = getattr(member, "__func__", getattr(member, "fn", member))
        if inspect.isfunction(member) and member.__module__.startswith("sksim."):
            yield name, member


def public_signatures():
    """Pairs (name, function) of all functions and methods."""
    for subpackage in sksim._SUBPACKAGES:
        module = importlib.import_module(f"sksim.{subpackage}")
        for name in module.__all__:
            obj = getattr(module, name)
            if inspect.isclass(obj):
                for method, function in _own_methods(obj):
                    yield f"sksim.{subpackage}.{name}.{method}", function
            elif inspect.isroutine(obj):
                yield f"sksim.{subpackage}.{name}", obj


def public_names():
    """Names of all classes, functions and public methods."""
    for subpackage in sksim._SUBPACKAGES:
        module = importlib.import_module(f"sksim.{subpackage}")
        for name in module.__all__:
            if inspect.isclass(getattr(module, name)):
                yield f"sksim.{subpackage}.{name}"
    for name, _ in public_signatures():
        if not name.endswith("__"):
            yield name
