"""The whole table of speed: every comparison of every family, or of those that are named.

Each family runs in a process of its own, one thread, two families at a time by default, with the
BLAS kernel that NumPy chooses for the processor. Packages that bring an OpenBLAS of their own, such
as faiss-cpu, are told to run the same one: older releases do not know newer processors and choose a
slow kernel.
"""

import argparse
import importlib
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from _measure import FOLDER, NOTHING, write_csv, write_environment

# isort: split
import threadpoolctl
from _speed import exponent, take_turns

GROWTH_SECONDS = 5.0  # no further round of a size of the growth begins after this
FORCED_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def families() -> list[str]:
    return sorted(path.stem.removeprefix("speed_") for path in FOLDER.glob("speed_*.py"))


def run(family: str, *, n_rounds: int, small: bool, folder: pathlib.Path) -> None:
    """Measure one family; write its table, its growth and the kernels that ran."""
    comparisons = importlib.import_module(f"speed_{family}").COMPARISONS
    rows, growth = [], []
    for comparison in comparisons:
        n = comparison.n_small if small else comparison.n
        limit = 0.0 if small else comparison.max_seconds
        times = take_turns(comparison, n, n_rounds, limit)
        rows += [_row(comparison, n, times, name) for name in comparison.others]
        if comparison.growth:
            sizes = (n, 2 * n) if small else comparison.growth
            growth += _grow(comparison, sizes, n_rounds, min(limit, GROWTH_SECONDS))
        print(f"{family}: {comparison.name}", flush=True)
    write_csv(f"speed_{family}.csv", rows, folder)
    if growth:
        write_csv(f"speed_{family}_growth.csv", growth, folder)
        _draw(growth, folder / f"speed_{family}.png")
    write_environment(f"speed_{family}_environment.csv", folder, **_kernels())


def _row(comparison, n, times, name):
    measured = name in times.others
    return {
        "what": comparison.name,
        "n": n,
        "seconds": times.seconds,
        "against": name,
        "ratio before": comparison.before.get(name, NOTHING),
        "asked": comparison.asked.get(name, NOTHING),
        "ratio now": times.ratio(name) if measured else "not installed",
    }


def _grow(comparison, sizes, n_rounds, limit):
    """Times at growing sizes; the exponent stands with the largest."""
    seconds = []
    alone = type(comparison)(comparison.name, comparison.make, comparison.ours, {}, n=comparison.n)
    for n in sizes:
        seconds.append(take_turns(alone, n, min(n_rounds, 3), limit).seconds)
    rows = [{"what": comparison.name, "n": n, "seconds": s} for n, s in zip(sizes, seconds)]
    for row in rows:
        row["exponent"] = NOTHING
    rows[-1]["exponent"] = exponent(sizes, seconds)
    return rows


def _kernels() -> dict:
    """Each BLAS that is loaded, with the kernel that it runs, in the form of a version."""
    found = {}
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] == "blas":
            place = pathlib.Path(pool["filepath"]).parent.name.removesuffix(".libs")
            kernel = f"{pool['internal_api']} {pool['version']}, {pool.get('architecture')}"
            found[f"BLAS of {place}"] = type("Kernel", (), {"__version__": kernel})
    return found


def _kernel_of_numpy(environment) -> dict[str, str]:
    """The variable that makes each OpenBLAS run the kernel that NumPy's chooses by itself."""
    code = (
        "import numpy, threadpoolctl\n"
        "print(*(pool.get('architecture') for pool in threadpoolctl.threadpool_info()"
        " if pool['internal_api'] == 'openblas'))"
    )
    command = [sys.executable, "-c", code]
    kernels = subprocess.run(
        command, env=environment, capture_output=True, text=True
    ).stdout.split()
    return {"OPENBLAS_CORETYPE": kernels[0].upper()} if kernels else {}


def _draw(growth, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(
        figsize=(7, 4 + 0.2 * len({row["what"] for row in growth})), layout="constrained"
    )
    for i, name in enumerate(dict.fromkeys(row["what"] for row in growth)):
        own = [row for row in growth if row["what"] == name]
        style = "o-" if i < 10 else "s--"  # the colours begin again
        label = f"{name} ({own[-1]['exponent']:.2f})"
        ax.loglog([row["n"] for row in own], [row["seconds"] for row in own], style, label=label)
    sizes = sorted({row["n"] for row in growth})
    ax.set(xlabel="samples", ylabel="CPU seconds, one thread")
    ax.set_xticks(sizes, [f"{n:,}".replace(",", " ") for n in sizes])
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    title = "what (exponent between the two largest)"
    figure.legend(loc="outside lower left", title=title, fontsize=8, frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help=f"of {', '.join(families())}; all if none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="only show that everything runs")
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    parser.add_argument("--jobs", type=int, default=2, help="families at a time, one core each")
    parser.add_argument("--here", action="store_true", help="in this process, one family")
    arguments = parser.parse_args()
    names = arguments.families or families()
    if arguments.here:
        run(*names, n_rounds=arguments.rounds, small=arguments.small, folder=arguments.folder)
        return
    environment = {key: value for key, value in os.environ.items() if key not in FORCED_KERNELS}
    environment |= _kernel_of_numpy(environment)
    options = ["--rounds", str(arguments.rounds), "--folder", str(arguments.folder.resolve())]
    options += ["--here"] + ["--small"] * arguments.small

    def measure(name: str) -> None:
        command = [sys.executable, __file__, name, *options]
        subprocess.run(command, env=environment, check=True)

    with ThreadPoolExecutor(arguments.jobs) as processes:
        list(processes.map(measure, names))


if __name__ == "__main__":
    main()
