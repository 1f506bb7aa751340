"""Timing, memory and tables of the benchmarks: CPU time of one thread, side by side in one run.

Import this module before numpy: it sets the number of threads.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import csv
import ctypes
import gc
import pathlib
import platform
import resource
import statistics
import time

import numpy as np
import scipy
import sklearn

__all__ = [
    "cpu_seconds",
    "extra_memory",
    "interleaved",
    "status_mib",
    "write_csv",
    "write_environment",
]

FOLDER = pathlib.Path(__file__).parent
NOTHING = "\N{EN DASH}"  # a hyphen alone would be an item of a list on the page


def _cpu_clock() -> float:
    """CPU time so far of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def cpu_seconds(function) -> float:
    """CPU time of one call in seconds, all threads and all processes that it starts together."""
    gc.collect()
    start = _cpu_clock()
    function()
    return _cpu_clock() - start


def interleaved(functions: dict, n_rounds: int) -> dict:
    """Median CPU time of each function; the functions take turns, so that all share a load."""
    seconds = {name: [] for name in functions}
    for _ in range(n_rounds):
        for name, function in functions.items():
            seconds[name].append(cpu_seconds(function))
    return {name: statistics.median(values) for name, values in seconds.items()}


def status_mib(field: str) -> float:
    """Memory of this process in MiB, by the field of the Linux status file."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return float("nan")


def extra_memory(function) -> float:
    """Memory in MiB that one call adds at its peak, in a process of its own; inputs excluded.

    Linux only, NaN elsewhere.
    """
    if not os.path.exists("/proc/self/clear_refs"):
        return float("nan")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = status_mib("VmRSS")
        function()
        os.write(writer, f"{status_mib('VmHWM') - before:.1f}".encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return float(pipe.read() or "nan")


def write_csv(name: str, rows: list[dict], folder=FOLDER) -> None:
    """Write rows to a table of the pages, floats with three significant digits."""
    with open(pathlib.Path(folder) / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _short(value) for key, value in row.items()})
    for row in rows:
        print({key: _short(value) for key, value in row.items()})


def _short(value):
    if value == "-" or value != value:
        return NOTHING
    if not isinstance(value, float):
        return value
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _processor() -> str:
    """Vendor and widest vector instructions of the processor."""
    path = pathlib.Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor()
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    vectors = [name for name in ("avx512f", "avx2") if name in fields.get("flags", "").split()]
    return f"{fields.get('model name', platform.machine())}, {''.join(vectors[:1])}"


def write_environment(name: str, folder=FOLDER, **versions) -> None:
    """Write what a table was measured with."""
    rows = [
        {"": "processor", "value": _processor()},
        {"": "threads", "value": os.environ["OMP_NUM_THREADS"]},
        {"": "Python", "value": platform.python_version()},
    ]
    packages = {"numpy": np, "scipy": scipy, "scikit-learn": sklearn} | versions
    rows += [{"": key, "value": module.__version__} for key, module in packages.items()]
    write_csv(name, rows, folder)
