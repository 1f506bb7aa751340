"""What a network is made from, once: built, written beside its weights, compared."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

__all__ = ["Spec"]


class Spec(abc.ABC):
    """Everything that determines a network, by names."""

    #: What weights leave open: the process of training, and the speed.
    of_training: ClassVar[frozenset[str]] = frozenset()

    @abc.abstractmethod
    def values(self) -> dict[str, Any]:
        """What there is to compare."""

    def as_text(self) -> dict[str, str]:
        """The values as they are written and compared: names of classes, else ``repr``."""
        return {k: getattr(v, "__name__", repr(v)) for k, v in self.values().items()}

    def differences(self, text: Mapping[str, str], leave_out: Collection[str] = ()) -> str:
        """The values in which another network, as text, differs: a phrase, empty if none does."""
        return ", ".join(
            f"{name} ({ours}, not {text.get(name)})"
            for name, ours in self.as_text().items()
            if name not in leave_out and ours != text.get(name)
        )
