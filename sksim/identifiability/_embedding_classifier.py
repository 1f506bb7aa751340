"""Classifier of the family p(y|x) ~ exp(f(x).g(y)), with its representations at hand."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import numbers
import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim._trained_docs import TRAINED_PARTS
from sksim.identifiability._base import LogProbabilityClassifierMixin
from sksim.identifiability._class_targets import (
    equiangular_basis_vectors,
    simplex_class_targets,
)
from sksim.metrics.distributions._log_probabilities import check_log_probabilities
from sksim.utils._arrays import check_named_array, naming, validate_named_data
from sksim.utils._docstrings import fill_docstring
from sksim.utils._images import check_image_shape, flatten_images
from sksim.utils._labels import check_labels
from sksim.utils._memory import check_fits
from sksim.utils._networks import layer_sizes
from sksim.utils._optional import require_torch
from sksim.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, RandomState

__all__ = ["EmbeddingClassifier"]

_DTYPES = [np.float64, np.float32]


def _check_network_fits(
    n_features: int,
    hidden: tuple[int, ...],
    n_components: int,
    n_classes: int,
    unembedding: str | FloatArray,
) -> None:
    """Raise where weights, gradients, moments and one-hot labels do not fit into the memory."""

    def n_weights(n_inputs: int) -> int:
        widths = (n_inputs, *hidden, n_components)
        return sum((before + 1) * after for before, after in pairwise(widths))

    n_parameters = n_weights(n_features)
    n_others = 0
    if not isinstance(unembedding, str):
        n_others = unembedding.size
    elif unembedding == "mlp":
        n_parameters += n_weights(n_classes - 1)
        n_others = n_classes * (n_classes - 1)
    else:
        n_parameters += n_classes * n_components
    # float32: the weights, their gradients and the two moments of the optimizer.
    check_fits(
        4 * (4 * n_parameters + n_others),
        f"Training a network of {n_parameters} parameters for {n_classes} classes",
        "Use smaller hidden_layer_sizes or n_components, or unembedding='linear' for many classes.",
    )


def _fixed_vectors(
    unembedding: str | ArrayLike, n_components: int | None, n_classes: int, *, reserve: bool
) -> FloatArray:
    """Fixed g(y) of all labels, and those kept in reserve behind them."""
    if isinstance(unembedding, str):
        if unembedding == "simplex":
            vectors = simplex_class_targets(n_classes)
        elif n_components is None:
            raise ValueError("n_components must be an integer for unembedding='equiangular'.")
        else:  # of a seed of their own: the same in each fit
            vectors = equiangular_basis_vectors(n_classes, n_components, random_state=0)
    else:
        vectors = check_named_array(unembedding, "unembedding", dtype=np.float64)
        if len(vectors) < n_classes:
            raise ValueError(
                f"unembedding must have a row for each of the {n_classes} classes, got "
                f"{len(vectors)} rows."
            )
        if not reserve:
            vectors = vectors[:n_classes]
    if n_components not in (None, vectors.shape[1]):
        raise ValueError(
            f"n_components must be {vectors.shape[1]} or None, the number of components of the "
            f"fixed vectors of {n_classes} classes, got {n_components}."
        )
    return vectors


def _nested_sizes(nested_components: Sequence[int] | None, n_components: int) -> tuple[int, ...]:
    if nested_components is None:
        return ()
    sizes = tuple(nested_components)
    integers = all(isinstance(size, numbers.Integral) for size in sizes)
    if not (integers and sizes and sizes[0] > 0 and all(a < b for a, b in pairwise(sizes))):
        raise ValueError(f"nested_components must be positive integers that increase, got {sizes}.")
    if sizes[-1] != n_components:
        raise ValueError(
            f"The last of nested_components={sizes} must be n_components={n_components}."
        )
    return tuple(map(int, sizes))


def _check_range(X: FloatArray) -> None:
    """Raise where X does not fit into float32, in which the networks are trained."""
    largest = max(X.max(), -X.min())
    if largest > np.finfo(np.float32).max:
        raise ValueError(
            f"X must lie within the range of float32, in which the networks are trained, got "
            f"absolute values up to {largest:g}."
        )


def _class_index(y: AnyArray, classes: AnyArray) -> np.ndarray:
    """Position of each label in the sorted ``classes``; an error names unknown labels."""
    position = np.searchsorted(classes, y)
    known = classes[np.minimum(position, len(classes) - 1)] == y
    if not np.all(known):
        raise ValueError(
            f"y holds labels that are not in classes {classes.tolist()}: "
            f"{np.unique(np.asarray(y)[~known]).tolist()}."
        )
    return position


def _can_be_stratified(targets: AnyArray, fraction: float) -> bool:
    """Whether both parts can hold every label: labels, and enough rows of each."""
    if targets.ndim > 1:
        return False
    _, counts = np.unique(targets, return_counts=True)
    smaller = min(fraction, 1 - fraction) * len(targets)
    return counts.min() > 1 and smaller >= len(counts)


def _teacher_classes(teacher: Any) -> np.ndarray:
    check_is_fitted(
        teacher,
        msg="teacher must be a fitted classifier, but this %(name)s instance is not fitted. Copies "
        "of it are not either: wrap it in sklearn.frozen.FrozenEstimator, so that it survives "
        "clone and searches.",
    )
    return np.unique(teacher.classes_)


def _teacher_targets(teacher: Any, X: Any) -> np.ndarray:
    """The teacher's log-probabilities, columns in the order of the sorted labels."""
    with naming("teacher"):
        log_p = np.asarray(teacher.predict_log_proba(X))
    shape = np.shape(X)[0], len(teacher.classes_)
    if log_p.shape != shape:
        raise ValueError(
            "teacher must give one log-probability for each row and class by predict_log_proba, "
            f"of shape {shape}, got {log_p.shape}."
        )
    log_p = log_p[:, np.argsort(teacher.classes_)]
    return check_log_probabilities(log_p, "predict_log_proba of teacher").astype(np.float32)


class EmbeddingClassifier(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    LogProbabilityClassifierMixin,
    SksimEstimator,
):
    r"""Classifier p(y|x) ~ exp(f(x).g(y)) with two networks f and g and no bias.

    .. math::

        p(y|x) = \frac{\exp(f(x) \cdot g(y))}{\sum_{y'} \exp(f(x) \cdot g(y'))}, \qquad
        f: \mathcal{X} \to \mathbb{R}^M, \quad g: \mathcal{Y} \to \mathbb{R}^M.

    Under the diversity condition [1]_ (:func:`sksim.metrics.diversity`) the distribution determines
    f and g up to one invertible linear map. How far that is true of distributions that are only
    close is what this class is for: :meth:`transform` gives f, ``unembeddings_`` holds g, and
    :meth:`predict_log_proba` is exact in float64.

    The loss is the mean negative log-likelihood or, with a ``teacher``, a distance to the
    teacher's distribution [2]_; it is minimised by Adam. With fixed ``unembedding``, f alone is
    learned, and models of several seeds can agree in f itself, without any map [3]_ [4]_. With
    ``nested_components`` :math:`m_1 < \dots < m_s = M` the loss is a sum over prefixes [5]_,

    .. math:: \sum_{m} \ell\left(f(x)_{1:m} \cdot g(\cdot)_{1:m},\; y\right),

    so that the first components alone are an embedding too.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int or None, default=2
        Dimension M of the representations. None: that of the fixed vectors of ``unembedding``.
    hidden_layer_sizes : tuple of int, default=(32, 32, 32)
        Widths of the hidden layers of f, and of g if that is a network.
    image_shape : tuple or None, default=None
        ``(height, width)`` or ``(height, width, channels)`` of a sample, or ``(channels, height,
        width)`` if the first size is 1 or 3 and the last above 4. f then consists of convolutions
        with as many channels as ``hidden_layer_sizes`` says, each but the first at half the
        resolution, and X may hold images as well as rows. None: a table.
    unembedding : {"mlp", "linear", "simplex", "equiangular"} or array-like, default="mlp"
        "mlp": g is a network on one-hot labels without their last column, so that the last label
        enters it as the zero vector. "linear": the vectors g(y) are free parameters.
        The others are fixed: "simplex" those of :func:`simplex_class_targets`, with M = k - 1;
        "equiangular" those of :func:`equiangular_basis_vectors`, the same in every fit; an array
        of shape (n_vectors, n_components) holds g(y) of the sorted labels, and may have further
        rows for labels to come.
    similarity : {"dot", "cosine"}, default="dot"
        "dot": f and g are what the networks give. "cosine": they are scaled to unit length, g
        divided by the ``temperature``, so that the logits are cosines over the temperature.
    temperature : float, default=0.07
        Temperature of the cosines. Only used with ``similarity="cosine"``.
    reserve : bool, default=False
        Whether further rows of ``unembedding`` take part in the loss, as labels that never occur,
        so that no label comes near them. The distribution is that of the labels in either case.
    nested_components : sequence of int or None, default=None
        Numbers of leading components that shall be an embedding of their own, increasing; the last
        is ``n_components``.
    module : torch.nn.Module, callable or None, default=None
        A network of your own instead of the two: a module, which is copied, never trained
        itself; or a class or function that returns one, called with ``n_features``,
        ``n_components`` and ``n_classes``. It has methods ``embed(x)`` (n, M) and
        ``unembeddings()`` (k, M), or submodules ``embedding`` and ``head``, the latter a
        ``torch.nn.Linear`` without bias. It is trained on float32 rows; afterwards a copy in
        float64 sees float64 rows.
    teacher : fitted classifier or None, default=None
        A model to distil, with ``predict_log_proba``. Wrap it in
        :class:`sklearn.frozen.FrozenEstimator`, so that it survives ``clone``. The labels ``y``
        then are not learned from, and may be None.
    distillation : {"kl", "logit_l1", "logit_l2"}, default="kl"
        Loss against a teacher: "kl" is KL(teacher || student); "logit_l1" the mean absolute
        difference of the centred logits; "logit_l2" their squared logit distance.
    max_epochs : int, default=200
        Number of passes over the data in :meth:`fit`. 0 keeps the network as it is initialised,
        for instance a trained ``module``.
    lr : float, default=0.0001
        Learning rate of Adam.
    weight_decay : float, default=0.0
        Weight decay of Adam.
    batch_size : int, default=128
        Number of rows in a step.
    early_stopping : bool, default=False
        Whether to set rows aside, stop when the loss on them no longer falls, and return to the
        best weights.
    validation_fraction : float, default=0.1
        Share of rows set aside, in (0, 1). Only used with ``early_stopping``.
    n_iter_no_change : int, default=10
        Epochs without improvement before training stops. Only used with ``early_stopping``.
    device : str, default="cpu"
        Where to train: "cpu", "cuda", "auto" or any name of torch.
    {callbacks}
    {checkpoint}
    warm_start : bool, default=False
        Whether a further :meth:`fit` goes on from the weights of the last one, with the ``lr``
        and ``batch_size`` that are set by then.
    verbose : int, default=0
        Whether to print a line an epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the initial weights, the order of the batches and the rows set aside. With an integer
        the result is the same in threads and other processes too, and the global generators of
        torch and NumPy are left alone.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    unembeddings_ : ndarray of shape (n_classes, n_components)
        g(y) of all labels, float64.
    history_ : list of dict
        One entry an epoch, with ``train_loss``, ``valid_loss`` where rows were set aside, and
        ``dur`` in seconds.
    n_iter_ : int
        Number of epochs trained so far.
    net_ : skorch.NeuralNet
        The trained net; its ``module_`` is the network. It is pickled for the CPU.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has them.

    See Also
    --------
    SeedEnsemble : The same model for several seeds, and how far they agree.
    simplex_class_targets, equiangular_basis_vectors : Fixed vectors of classes.
    sksim.metrics.log_likelihood_variance_distance : Distance between two such models.

    Notes
    -----
    Where the differences of fixed vectors g span the space, the distribution determines f itself;
    learned f and g are determined up to an invertible map. Fixed vectors are held in float32, as
    the weights are.

    Training is in float32 and repeatable on a CPU: the same ``random_state`` gives the same
    weights, in another process too. Inference is in float64, so that probabilities that
    underflow keep their logarithms.

    With P weights, an epoch takes O(n P) time and a step O(batch_size) times the widths in memory,
    beside the rows in float32. Inference goes through blocks of rows with a float64 copy of the
    network.

    torch and skorch are imported when something is fitted (``pip install 'sksim[torch]'``).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.
    .. [2] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.
    .. [3] N. Biondi, F. Pernici, M. Bruni and A. Del Bimbo (2023). CoReS: compatible
           representations via stationarity. IEEE Transactions on Pattern Analysis and Machine
           Intelligence 45.
    .. [4] Y. Shen, X. Sun and X.-S. Wei (2023). Equiangular basis vectors. Conference on Computer
           Vision and Pattern Recognition.
    .. [5] A. Kusupati, G. Bhatt, A. Rege, M. Wallingford, A. Sinha, V. Ramanujan, W. Howard-Snyder,
           K. Chen, S. Kakade, P. Jain and A. Farhadi (2022). Matryoshka representation learning.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_radial_classification
    >>> from sksim.identifiability import EmbeddingClassifier
    >>> X, y = make_radial_classification(500, random_state=0)
    >>> model = EmbeddingClassifier(lr=0.01, max_epochs=30, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    >>> model.transform(X).shape, model.unembeddings_.shape
    ((500, 2), (4, 2))
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": ["array-like"],
        "image_shape": [tuple, list, None],
        "unembedding": [StrOptions({"mlp", "linear", "simplex", "equiangular"}), "array-like"],
        "similarity": [StrOptions({"dot", "cosine"})],
        "temperature": [Interval(numbers.Real, 0, None, closed="neither")],
        "reserve": ["boolean"],
        "nested_components": ["array-like", None],
        "module": [callable, None],
        "teacher": [HasMethods(["predict_log_proba"]), None],
        "distillation": [StrOptions({"kl", "logit_l1", "logit_l2"})],
        "max_epochs": [Interval(numbers.Integral, 0, None, closed="left")],
        "lr": [Interval(numbers.Real, 0, None, closed="neither")],
        "weight_decay": [Interval(numbers.Real, 0, None, closed="left")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(numbers.Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(numbers.Integral, 1, None, closed="left")],
        "device": [str],
        "callbacks": ["array-like", None],
        "checkpoint": [str, os.PathLike, None],
        "checkpoint_minutes": [Interval(numbers.Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int | None = 2,
        *,
        hidden_layer_sizes: Sequence[int] = (32, 32, 32),
        image_shape: Sequence[int] | None = None,
        unembedding: Literal["mlp", "linear", "simplex", "equiangular"] | ArrayLike = "mlp",
        similarity: Literal["dot", "cosine"] = "dot",
        temperature: float = 0.07,
        reserve: bool = False,
        nested_components: Sequence[int] | None = None,
        module: Callable[..., Any] | None = None,
        teacher: Any = None,
        distillation: Literal["kl", "logit_l1", "logit_l2"] = "kl",
        max_epochs: int = 200,
        lr: float = 1e-4,
        weight_decay: float = 0.0,
        batch_size: int = 128,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        device: str = "cpu",
        callbacks: Sequence[Any] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float = 0.0,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.image_shape = image_shape
        self.unembedding = unembedding
        self.similarity = similarity
        self.temperature = temperature
        self.reserve = reserve
        self.nested_components = nested_components
        self.module = module
        self.teacher = teacher
        self.distillation = distillation
        self.max_epochs = max_epochs
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.callbacks = callbacks
        self.checkpoint = checkpoint
        self.checkpoint_minutes = checkpoint_minutes
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Train the two networks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,), default=None
            The labels, numbers or strings, of at least two classes. They may be left out if there
            is a ``teacher``.

        Returns
        -------
        self : EmbeddingClassifier
            The fitted classifier.

        Raises
        ------
        FloatingPointError
            If the loss becomes infinite or NaN. The classifier then has the weights of the best
            epoch before.
        KeyboardInterrupt
            At Ctrl-C, after the present step. The classifier can be used, and goes on with
            ``warm_start=True``.
        MemoryError
            If the network does not fit into the memory that is available.

        Warns
        -----
        ConvergenceWarning
            If the loss ends far above its start.
        """
        continued = self.warm_start and hasattr(self, "net_")
        classes = self.classes_ if continued else None
        X, targets = self._validate(X, y, classes=classes, reset=not continued)
        if not continued:
            self._initialize()
        return self._train(X, targets, self.max_epochs, with_checkpoint=not continued)

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Train for one pass over a part of the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,), default=None
            The labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever be seen. Needed in the first call, unless ``y`` holds them
            all or there is a ``teacher``.

        Returns
        -------
        self : EmbeddingClassifier
            The fitted classifier.
        """
        first = not hasattr(self, "net_")
        if classes is not None:
            classes = check_labels(classes, "classes")
        if not first:
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(
                    f"classes={np.unique(classes).tolist()} must be those of the first call, "
                    f"{self.classes_.tolist()}."
                )
            classes = self.classes_
        X, targets = self._validate(X, y, classes=classes, reset=first)
        if first:
            self._initialize()
        return self._train(X, targets, 1)

    def _check_rows(self, X: Any, *y: Any, reset: bool = False) -> Any:
        """Rows, and labels if given, as the networks take them: torch has no negative strides."""
        X = flatten_images(X, check_image_shape(self.image_shape))
        checked = validate_named_data(self, X, *y, reset=reset, dtype=_DTYPES, order="C")
        _check_range(checked[0] if y else checked)
        return checked

    def _validate(
        self, X: Any, y: Any, *, classes: ArrayLike | None = None, reset: bool = True
    ) -> tuple[FloatArray, AnyArray]:
        """X in float32, and what the loss compares with: class numbers or log-probabilities.

        A teacher sees X as it was given, with the names of its columns.
        """
        X_given = X
        if y is None and self.teacher is not None:
            X = self._check_rows(X, reset=reset)
        else:
            X, y = self._check_rows(X, y, reset=reset)
            check_classification_targets(y)
        if self.teacher is not None:
            classes = _teacher_classes(self.teacher)
        known = np.unique(y if classes is None else classes)
        if len(known) < 2:
            raise ValueError(f"The number of classes must be at least 2, got {len(known)} class.")
        with naming("teacher") if self.teacher is not None else contextlib.nullcontext():
            targets: Any = None if y is None else _class_index(y, known)
        if self.teacher is not None:
            targets = _teacher_targets(self.teacher, X_given)
        self.classes_ = known
        return X.astype(np.float32), targets

    def _initialize(self) -> None:
        """Set up the net with fresh weights."""
        require_torch(self)
        from sksim._torch.embedding._net import make_embedding_net

        n_classes, hidden = len(self.classes_), layer_sizes(self.hidden_layer_sizes)
        n_components, unembedding = self._sizes_of_the_unembedding(n_classes)
        image_shape = check_image_shape(self.image_shape)
        if image_shape is not None and self.module is not None:
            raise ValueError("image_shape must be None with a module, which gets rows.")
        if self.module is None:
            _check_network_fits(self.n_features_in_, hidden, n_components, n_classes, unembedding)
        parameters = {
            "module": self.module,
            "n_features": self.n_features_in_,
            "n_components": n_components,
            "n_classes": n_classes,
            "hidden_layer_sizes": hidden,
            "unembedding": unembedding,
            "image_shape": image_shape,
            "temperature": self.temperature if self.similarity == "cosine" else None,
            "nested_components": _nested_sizes(self.nested_components, n_components),
        }
        self.net_, self._stream = make_embedding_net(
            parameters,
            distillation=None if self.teacher is None else self.distillation,
            device=self.device,
            random_state=self.random_state,
            patience=self.n_iter_no_change if self.early_stopping else None,
            callbacks=self.callbacks,
            lr=self.lr,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            verbose=int(self.verbose),
        )

    def _sizes_of_the_unembedding(self, n_classes: int) -> tuple[int, str | FloatArray]:
        """Number of components, and how g is learned or the fixed vectors."""
        if isinstance(self.unembedding, str) and self.unembedding in ("mlp", "linear"):
            if self.n_components is None:
                raise ValueError(
                    f"n_components must be an integer for unembedding={self.unembedding!r}."
                )
            return self.n_components, self.unembedding
        if self.module is not None:
            raise ValueError("unembedding must be learned with a module, which has its own.")
        vectors = _fixed_vectors(
            self.unembedding, self.n_components, n_classes, reserve=self.reserve
        )
        if self.teacher is not None and len(vectors) > n_classes:
            raise ValueError(
                f"reserve must be False with a teacher, whose {n_classes} classes leave none open."
            )
        return vectors.shape[1], vectors

    def _train(
        self, X: FloatArray, targets: AnyArray, n_epochs: int, *, with_checkpoint: bool = False
    ) -> Self:
        from sksim._torch._checkpoint import make_checkpoint
        from sksim._torch.embedding._net import prepare_training

        checkpoint = (
            make_checkpoint(self, self.net_, self._stream, [X, targets])
            if with_checkpoint
            else None
        )
        rows, held_out = (X, targets), None
        if self.early_stopping:
            rows, held_out = self._set_rows_aside(X, targets)
        prepare_training(self.net_, max_epochs=n_epochs, batch_size=self.batch_size, lr=self.lr)
        try:
            self.net_.train_on(self._stream, rows, held_out, epochs=n_epochs, checkpoint=checkpoint)
        finally:  # if training diverged, what follows belongs to the weights restored
            self._finish()
        return self

    def _set_rows_aside(
        self, X: FloatArray, targets: AnyArray
    ) -> tuple[tuple[FloatArray, AnyArray], tuple[FloatArray, AnyArray]]:
        """The rows to train on, and those to validate on."""
        X, X_valid, targets, targets_valid = train_test_split(
            X,
            targets,
            test_size=self.validation_fraction,
            random_state=self._stream.seed,
            stratify=targets if _can_be_stratified(targets, self.validation_fraction) else None,
        )
        return (X, targets), (X_valid, targets_valid)

    def _finish(self) -> None:
        """Set what training leaves behind."""
        from sksim._torch._training import epoch_history
        from sksim._torch.embedding._net import model_unembeddings

        self.history_ = epoch_history(self.net_)
        self.n_iter_ = len(self.history_)
        self.unembeddings_ = model_unembeddings(self.net_)

    @property
    def _n_features_out(self) -> int:
        return self.unembeddings_.shape[1]

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Compute log p(y|x), exact in float64 also where p(y|x) underflows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Log-probabilities, columns in the order of ``classes_``, float64.
        """
        check_is_fitted(self)
        from sksim._torch.embedding._net import model_logits

        return log_softmax(model_logits(self.net_, self._check_rows(X)), axis=1)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Compute the embeddings f(x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        f : ndarray of shape (n_samples, n_components)
            Embeddings, computed in float64, in the floating type of X.
        """
        check_is_fitted(self)
        from sksim._torch.embedding._net import embed_rows

        rows = self._check_rows(X)
        return embed_rows(self.net_, rows).astype(rows.dtype)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.teacher is None
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


fill_docstring(EmbeddingClassifier, TRAINED_PARTS)
