"""Documentation that the encoders share: the parameters of training, attributes, notes."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
from typing import TypeVar

from sksim._trained_docs import TRAINED_PARTS
from sksim.utils._docstrings import fill_docstring

__all__ = ["with_shared_parts"]

Estimator = TypeVar("Estimator", bound=type)

_TRAINING = """\
max_epochs : int, default={max_epochs}
    Passes over the data in :meth:`fit`.

batch_size : int, default={batch_size}
    Rows in a step.

lr : float, default={lr}
    Learning rate of AdamW.

weight_decay : float, default={weight_decay}
    Decay of the weights, apart from offsets, in each step times ``lr``.

validation_fraction : float or None, default=None
    Share of the rows that are held out, for ``valid_loss`` in ``history_``. None: none, or a
    tenth with ``early_stopping``.

early_stopping : bool, default=False
    Stop when the loss of the rows held out has not improved for 10 epochs, and return to the
    best weights.

{device}

{callbacks}

{checkpoint}

warm_start : bool, default=False
    Let :meth:`fit` continue the training of an earlier call.

verbose : int, default=0
    Whether to print a line for each epoch.

{random_state}"""

_DEEP = """\
hidden_layer_sizes : tuple of int, default=(256, 256)
    Widths of the hidden layers of the encoder, and in reverse order of the decoder.

likelihood : {"auto", "gaussian", "bernoulli"}, default="auto"
    Of the data given the latents: real numbers, whose features are standardised inside, or
    values in [0, 1], such as grey levels, which are not. "auto" is "bernoulli" if all training
    values lie in [0, 1].

embedding : {"latent", "informative"}, default="latent"
    What :meth:`transform` returns: the latents, or the activations of the last hidden layer of
    the decoder at the latents, as many as the first hidden layer of the encoder has. It may be
    changed after the training."""

_ATTRIBUTES = """\
net_ : skorch.NeuralNet
    The trained net; ``net_.module_`` is the torch module. It is pickled for the CPU.

history_ : list of dict
    For each epoch ``train_loss`` and its parts, the same with ``valid`` if rows are held out,
    ``dur`` in seconds, and what tells a collapse, from up to 512 training rows: {monitors}.

n_iter_ : int
    Number of epochs.

loc_, scale_ : ndarray of shape (n_features,)
    The network sees ``(X - loc_) / scale_``.

likelihood_ : str
    "gaussian" or "bernoulli".

n_features_in_ : int
    Number of features.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features, if the training data had string names."""

_NOTES = """\
Time: one forward and backward pass a row and epoch. Memory: one batch, beside the data in single
precision. Encoding is in double precision, in blocks of rows. On a CPU the same ``random_state``
gives the same bits. Diverged training raises, and leaves the best weights; Ctrl-C leaves those of
the last step. :meth:`save_weights` writes a file that is safe to read.

Needs the ``torch`` extra: ``pip install 'sksim[torch]'``."""


def with_shared_parts(cls: Estimator) -> Estimator:
    """Fill the shared parts into the docstring of an encoder, with its own defaults.

    The names in braces are ``{training}``, ``{deep}``, ``{notes}`` and ``{attributes: monitors}``,
    with a phrase on its monitors.
    """
    defaults = {name: p.default for name, p in inspect.signature(cls).parameters.items()}
    names = ("max_epochs", "batch_size", "lr", "weight_decay")
    training = _TRAINING.format_map({name: defaults[name] for name in names} | TRAINED_PARTS)
    doc = cls.__doc__ or ""
    begin, _, rest = doc.partition("{attributes: ")
    monitors, _, end = rest.partition("}\n")
    cls.__doc__ = f"{begin}{{attributes}}\n{end}"
    attributes = _ATTRIBUTES.replace("{monitors}", " ".join(monitors.split()))
    parts = {"training": training, "deep": _DEEP, "attributes": attributes, "notes": _NOTES}
    fill_docstring(cls, parts)
    return cls
