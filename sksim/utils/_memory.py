"""Memory that is free, and an error before an allocation that cannot fit.

Without it the system kills the process, or swaps for hours, after the work before it is done.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import os
from pathlib import Path

__all__ = ["available_memory", "check_fits"]

# Below this many bytes nothing is read: to ask takes some 50 microseconds.
_SMALL = 2**26


def _numbers(path: str) -> dict[str, int]:
    """Numbers of a file of lines ``name number [unit]`` in /proc or /sys; a bare one is ""."""
    try:
        lines = [line.replace(":", " ").split() for line in Path(path).read_text().splitlines()]
    except OSError:
        return {}
    named = [("", *line) if len(line) == 1 else line for line in lines]
    return {line[0]: int(line[1]) for line in named if len(line) > 1 and line[1].isdigit()}


def _free_of_system() -> float:
    """Bytes that the machine has left, swap space included."""
    kib = _numbers("/proc/meminfo")
    if "MemAvailable" in kib:
        return 1024.0 * (kib["MemAvailable"] + kib.get("SwapFree", 0))
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # another system than Unix
        return math.inf


def _free_of_container() -> float:
    """Bytes that the control group has left; its files in memory can be given up."""
    for limit, used in [
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ]:
        folder = "/sys/fs/cgroup/"
        most = _numbers(folder + limit).get("")
        if most is not None:
            stat = _numbers(folder + limit.rpartition("/")[0] + "/memory.stat")
            return float(most - _numbers(folder + used).get("", 0) + stat.get("inactive_file", 0))
    return math.inf


def _free_of_process() -> float:
    """Bytes of addresses that ``ulimit -v`` leaves to this process."""
    try:
        import resource
    except ImportError:  # another system than Unix
        return math.inf
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return math.inf
    try:
        n_pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return float(limit)
    return float(limit - n_pages * resource.getpagesize())


def available_memory() -> float:
    """Bytes that this process can still allocate, as far as the system tells; else inf."""
    return max(0.0, min(_free_of_system(), _free_of_container(), _free_of_process()))


def check_fits(n_bytes: float, what: str, instead: str) -> None:
    """Raise before something is allocated that does not fit into the memory available.

    Parameters
    ----------
    n_bytes : float
        Memory of the result and of what it takes to make it.
    what : str
        What takes it, with its size: beginning of the message.
    instead : str
        A sentence: the route that does fit.

    Raises
    ------
    MemoryError
        If less is available.
    """
    if n_bytes <= _SMALL:
        return
    available = available_memory()
    if n_bytes > available:
        raise MemoryError(
            f"{what} takes {n_bytes / 2**30:.1f} GiB, of which {available / 2**30:.1f} GiB are "
            f"available. {instead}"
        )
