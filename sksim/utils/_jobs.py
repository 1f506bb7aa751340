"""Number of local threads that ``n_jobs`` stands for."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from joblib import effective_n_jobs, parallel_config
from joblib.parallel import BACKENDS, get_active_backend

__all__ = ["local_n_jobs"]

_LOCAL = tuple(BACKENDS[name] for name in ("loky", "multiprocessing", "sequential", "threading"))


def local_n_jobs(n_jobs: int | None) -> int:
    """Threads of this machine for ``n_jobs``, as scikit-learn reads it.

    Under a joblib back end that spreads work over other machines, ``effective_n_jobs`` is the
    number of cores of all of them, which says nothing about this one: None is then one thread, and
    a negative number counts the cores here.

    Parameters
    ----------
    n_jobs : int or None
        As everywhere in scikit-learn.

    Returns
    -------
    n_threads : int
        At least one.
    """
    if isinstance(get_active_backend()[0], _LOCAL):
        return effective_n_jobs(n_jobs)
    with parallel_config("threading", n_jobs=1):
        return effective_n_jobs(n_jobs)
