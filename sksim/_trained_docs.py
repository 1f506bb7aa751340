"""Parameters that all trained networks document in the same words."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = ["TRAINED_PARTS"]

#: Parts for ``fill_docstring``.
TRAINED_PARTS = {
    "device": """\
device : str, default="auto"
    A torch device; "auto" is CUDA where present.""",
    "callbacks": """\
callbacks : list or None, default=None
    skorch callbacks, such as ``LRScheduler`` or ``Checkpoint``; they are copied.""",
    "checkpoint": """\
checkpoint : str, path-like or None, default=None
    A folder, one for each fit, for the whole state of training: :meth:`fit` writes it, and goes
    on from what it finds, to the bits of an uninterrupted fit; if nothing is left to do, it
    returns at once. The state of other data or parameters is refused; ``max_epochs`` may grow.
    Needs an integer ``random_state``. A further fit with ``warm_start`` and :meth:`partial_fit`
    leave it alone.

checkpoint_minutes : float, default=0.0
    Least time between two checkpoints; 0: one after each epoch. The last epoch always has one.""",
    "random_state": """\
random_state : int, RandomState instance or None, default=None
    Seed of weights, batches and noise in training. An integer gives the same model in every
    call, in threads and other processes too, and leaves all global generators untouched.""",
}
