"""Documentation that the diffusion estimators share.

scikit-learn asks for whole docstrings; these have some 140 lines in common.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import TypeVar

from sksim._trained_docs import TRAINED_PARTS
from sksim.utils._docstrings import fill_docstring

__all__ = ["with_shared_parts"]

Estimator = TypeVar("Estimator")

_SHARED = """\
denoiser : {"auto", "mlp", "conv", "unet"} or class, default="auto"
    The network that removes noise: dense for tables, convolutional for images; "auto" is "mlp" or
    "conv", "unet" the papers' network. A class of :class:`torch.nn.Module` is made as
    ``denoiser(shape, **denoiser_params)``, shape being (n_features,) or (channels, height, width),
    and called as ``network(z, t)`` with t (n,) in [0, 1]; its result is the prediction itself,
    unless ``denoiser_params`` holds a ``skip``. :meth:`transform` needs its method
    ``features(z, t)`` and its attribute ``n_features``.

denoiser_params : dict, default=None
    Arguments of the network, such as ``width``, ``n_blocks`` ("mlp", "conv"), ``n_layers``,
    ``dropout`` ("unet"), ``fourier`` (exponents of the Fourier features). ``skip`` is not given
    to the network: with "gaussian" (default) the best linear prediction is added to its result,
    with "identity" the noisy data are, as in the papers, with "none" (default for a class)
    nothing is.

prediction : {"v", "eps", "x"}, default="v"
    What the network predicts: ``v = alpha eps - sigma x``, the noise, or the data.

schedule : {"linear", "learned_linear"}, default="linear"
    ``gamma_t = gamma_min + (gamma_max - gamma_min) t``, fixed or with learned ends.

gamma_min : float or "auto", default="auto"
    Negative log signal-to-noise ratio at t = 0, at least -30: single precision resolves no
    smaller noise. "auto" is -10 for a Gaussian likelihood and ``-13.3 + 2 ln(256 / K)`` for K
    levels.

gamma_max : float, default=5.0
    Negative log signal-to-noise ratio at t = 1.

n_steps : int, default=None
    Number of steps T of the process. None is continuous time.

variance : {"equal", "optimal"} or float, default="equal"
    Ratio ``w = var_Q / var_P`` of the variances of the reverse and the generative process: one,
    in each step the one that makes the bound tightest on the training data, or a number. Anything
    but one needs a finite ``n_steps``.

likelihood : {"auto", "categorical", "gaussian"}, default="auto"
    Distribution of the data given z_0: levels (integers), or real numbers, which are standardised
    inside: each feature, images as a whole. "auto" is categorical for integer values of any type
    that span at most 256 values, or if ``n_levels`` is given, else Gaussian.

n_levels : int, default=None
    Number of levels K; values run from 0 to K - 1. None: from zero, or a smaller value in the
    training data, to the largest one; from the smallest one, if 256 levels suffice only so; 256
    for unsigned bytes.

image_shape : tuple, default=None
    ``(height, width)`` or ``(height, width, channels)`` of a sample, or ``(channels, height,
    width)`` if the first size is 1 or 3 and the last above 4. None: a table.

max_epochs : int, default=20
    Passes over the data in :meth:`fit`.

batch_size : int, default=128
    Rows in a training step, and samples drawn at once.

lr : float, default=0.0002
    Learning rate of AdamW.

weight_decay : float, default=0.01
    Weight decay of AdamW; biases, norms and the ends of the schedule do not decay.

ema_decay : float, default=0.9999
    Decay of the moving average of the weights, with which everything but training is done. In
    step n it is at most ``(1 + n) / (10 + n)``.

warmup_steps : int, default=100
    Steps over which the learning rate rises.

clip_norm : float, default=None
    Largest norm of the gradient. None: not clipped.

validation_fraction : float, default=None
    Share of the rows that is set aside to follow the bound in training (with fixed noise, so that
    epochs can be compared). None: no row, or 0.1 with ``early_stopping``.

early_stopping : bool, default=False
    Stop after 10 epochs without improvement on the validation rows, and return to the best.

n_score_steps : int, default=128
    Network evaluations for each row in :meth:`score_samples`.

n_sample_steps : int, default=250
    Steps of :meth:`sample` in continuous time.

representation : {REPRESENTATIONS}, default=DEFAULT
    What :meth:`transform` returns: activations in the middle of the denoiser (for images pooled
    to 2 x 2)ENCODED.

depth : float, default=0.35
    Time in [0, 1] of the representation.

{device}

precision : {"32", "bf16"}, default="32"
    Precision inside the denoiser; everything around it is in single precision.

compile : bool, default=False
    Compile the denoiser for training. It takes a minute, and pays on a GPU only.

{callbacks}

{checkpoint}

warm_start : bool, default=False
    Let :meth:`fit` continue the training of an earlier call. The rate, the batches and the
    stopping may change in between, network and likelihood may not.

verbose : int, default=0
    1: a line for each epoch, a progress bar for samples; 2: also one for scores.

{random_state}"""

_ATTRIBUTES = """\
net_ : skorch.NeuralNet
    The net; ``net_.module_.average`` is the torch module that is used.

history_ : list of dict
    For each epoch: ``train_loss`` and its parts ``train_prior``, ``train_reconstruction``,
    ``train_diffusion``, the same with ``valid``, in bits per feature, and ``dur``, seconds.

n_iter_ : int
    Number of epochs.

likelihood_ : str
    "categorical" or "gaussian".

n_levels_ : int or None
    Number of levels; None with a Gaussian likelihood.

loc_, scale_ : float or list of float
    The network sees ``(X - loc_) / scale_``.

gamma_range_ : tuple of float
    Start and end of the schedule, those that were learned with ``schedule="learned_linear"``.

step_times_ : ndarray of shape (n_steps + 1,) or None
    Times of the steps; None in continuous time.

variance_ratio_ : ndarray of shape (n_steps,) or None
    ``w = var_Q / var_P`` of each step; None in continuous time.

n_features_in_ : int
    Number of features.

feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features, if the training data had string names."""

_NOTES = """\
Time: a training step is one forward and backward pass of the denoiser for each row; scoring takes
``n_score_steps`` forward passes a row, sampling ``n_sample_steps`` (or ``n_steps``) a sample.
Memory: one batch; scores go row by row.

On a CPU, the same ``random_state`` gives the same model. A pickle of a model that was trained on
a GPU is for the CPU; :meth:`save_weights` writes a file that is safe to read. In a grid search on
a GPU, keep ``n_jobs=1``.

Diverged training raises, and leaves the best weights; a finite loss that ends far above its start
warns. Ctrl-C leaves the weights of the last step, from which ``warm_start`` goes on. Integers with
``likelihood="gaussian"`` warn: their density has no upper limit. The training with
``variance="optimal"`` uses equal variances, whose best denoiser is the same; the ratios are
estimated after it."""


def with_shared_parts(
    *, representations: str = '"features"', encoded: str = "", default: str = '"features"'
) -> Callable[[type[Estimator]], type[Estimator]]:
    """Decorator that fills the shared parts into the docstring of an estimator.

    Parameters
    ----------
    representations : str
        The choice of ``representation``.
    encoded : str
        What :meth:`transform` returns besides activations.
    default : str
        The default of ``representation``.
    """
    shared = (
        _SHARED.replace("REPRESENTATIONS", representations)
        .replace("ENCODED", encoded)
        .replace("DEFAULT", default)
    )
    parts = {"shared": shared, "attributes": _ATTRIBUTES, "notes": _NOTES} | TRAINED_PARTS

    def fill(cls: type[Estimator]) -> type[Estimator]:
        fill_docstring(cls, parts)
        return cls

    return fill
