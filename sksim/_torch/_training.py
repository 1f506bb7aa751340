"""What every estimator with a network inside shares: devices, batches, the skorch net.

The estimator validates the input and owns ``net_``, a :class:`TrainingNet`; it is never a skorch
class itself. A fit reads::

    device = resolve_device(self.device)
    self._stream = RandomStream(self.random_state, device)
    with self._stream.active(foreign=True):
        self.net_ = TrainingNet(module=build, module__width=8, device=device, ...).initialize()
    self.net_.train_on(self._stream, (X, y), None, epochs=self.max_epochs, checkpoint=None)

``module`` is a class or a function that returns the network, never an instance: only what
skorch builds itself is moved to the CPU by pickling.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, PassthroughScoring, PrintLog
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from skorch.history import History
from torch import Tensor, nn

from sksim._torch._checkpoint import TrainingCheckpoint
from sksim._torch._random import RandomStream, draws_on_its_own, generator
from sksim.utils._progress import progress as progress_of
from sksim.utils._progress import shown

__all__ = [
    "ArrayBatches",
    "BestWeights",
    "EarlyStop",
    "EpochAverage",
    "TrainingDivergedError",
    "TrainingNet",
    "epoch_history",
    "hold_out",
    "progress",
    "resolve_device",
    "tensor_float_products",
    "validation_split",
]

_CHECKED_ROWS = 16
_FAR_ABOVE = 30  # times the first loss, which one batch may estimate badly


class TrainingDivergedError(FloatingPointError, ValueError):
    """The loss became infinite or NaN; the estimator keeps the best weights before that."""


def resolve_device(device: str) -> str:
    """Name of the device, ``"auto"`` being CUDA where present; ValueError if it cannot be used."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"device={device!r} cannot be used here, expected 'auto', 'cpu' or a device that "
            f"torch has: {error}"
        ) from error
    return device


class EarlyStop(KeyboardInterrupt):
    """A callback has seen enough: skorch's own way to end training early, told from Ctrl-C."""


class ArrayBatches:
    """Batches of in-memory arrays, cut whole rather than collated sample by sample.

    Parameters
    ----------
    dataset : skorch.dataset.Dataset
        Holds ``X`` and ``y`` (or None) as arrays or tensors.
    batch_size : int
        Rows in a batch; the last one may be smaller.
    shuffle : bool, default=False
        New random order in each pass, from the stream that is active.
    """

    def __init__(self, dataset: Dataset, batch_size: int, shuffle: bool = False) -> None:
        self.X = torch.as_tensor(dataset.X)
        self.y = torch.zeros(len(self.X)) if dataset.y is None else torch.as_tensor(dataset.y)
        self.batch_size = batch_size
        self.shuffle = shuffle

    def move(self, device: str) -> None:
        """Keep the arrays on the GPU, if they take a quarter of its free memory at most.

        The order of the rows is drawn on the processor all the same.
        """
        size = self.X.nbytes + self.y.nbytes
        if device.startswith("cuda") and size <= torch.cuda.mem_get_info(device)[0] / 4:
            self.X, self.y = self.X.to(device), self.y.to(device)

    def __len__(self) -> int:
        return -(-len(self.X) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        n = len(self.X)
        order = torch.randperm(n, generator=generator()) if self.shuffle else torch.arange(n)
        for rows in order.to(self.X.device).split(self.batch_size):
            yield self.X[rows], self.y[rows]


class EpochHistory(History):
    """skorch's history, which does not copy all epochs to look at one of them."""

    def __getitem__(self, index: Any) -> Any:
        return (
            list.__getitem__(self, index) if isinstance(index, int) else super().__getitem__(index)
        )


class EpochAverage(PassthroughScoring):
    """skorch's average over the batches of an epoch, from one look at the history."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        batches = [batch for batch in net.history[-1]["batches"] if self.name in batch]
        if not batches:
            return
        sizes = [batch["train_batch_size" if self.on_train else "valid_batch_size"]
                 for batch in batches]  # fmt: skip
        values = [batch[self.name] for batch in batches]
        # The same bits, without arrays.
        single = values[0] * sizes[0] / sizes[0]
        average = single if len(values) == 1 else np.average(values, weights=sizes)
        is_best = self._is_best_score(average)
        if is_best:
            self.best_score_ = average
        net.history.record(self.name, average)
        if is_best is not None:
            net.history.record(f"{self.name}_best", bool(is_best))


class QuietLog(PrintLog):
    """skorch's log, which makes its table of an epoch only where it is printed."""

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if net.verbose or self.sink is not print:
            super().on_epoch_end(net, **kwargs)


class TrainingNet(NeuralNet):
    """skorch net with sksim's rules; the defaults of skorch that change are listed here.

    * whole batches (:class:`ArrayBatches`), shuffled in training;
    * no hidden split, no hidden non-linearity in ``predict``;
    * Ctrl-C ends training after the present step (twice: at once) and is raised again, once the
      callbacks have ended and no unfinished epoch is left in the history;
    * a loss that ends far above its start warns;
    * a loss that is not finite raises :class:`TrainingDivergedError` before the weights change;
      with a :class:`BestWeights` callback the best weights are back by then;
    * on a GPU the data stay there, and so do the losses until an epoch ends, so that no step waits
      for the last one; a step of a loss that is not finite is left out, and the epoch then raises;
    * pickles are for the CPU, wherever the net was trained.

    Parameters
    ----------
    module : class or callable
        Returns the ``torch.nn.Module``; its arguments are given as ``module__name``.
    criterion : class, default=torch.nn.Identity
        The loss, unused where a subclass overrides ``get_loss``.
    **kwargs : dict
        Everything else that :class:`skorch.NeuralNet` takes.
    """

    lr: float
    advice = "Try a smaller lr, clip_norm=1, or input of unit scale."
    history_: Any
    _ctrl_c = False
    _checkpoint: TrainingCheckpoint | None = None

    def __init__(
        self,
        module: Callable[..., nn.Module],
        criterion: Callable[..., nn.Module] = nn.Identity,
        **kwargs: Any,
    ) -> None:
        defaults = {
            "iterator_train": ArrayBatches,
            "iterator_train__shuffle": True,
            "iterator_valid": ArrayBatches,
            "train_split": None,
            "predict_nonlinearity": None,
            "verbose": 0,
        }
        super().__init__(module, criterion, **(defaults | kwargs))

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        own = {
            "train_loss": EpochAverage("train_loss", on_train=True),
            "valid_loss": EpochAverage("valid_loss"),
            "print_log": QuietLog(),
        }
        return list((dict(super()._default_callbacks) | own).items())

    def train_on(
        self,
        stream: RandomStream,
        rows: tuple[Any, Any],
        held_out: tuple[Any, Any] | None,
        *,
        epochs: int,
        checkpoint: TrainingCheckpoint | None,
    ) -> None:
        """``partial_fit(X, y)`` on a random stream, watched by (X, y) held out; keeps no rows."""
        self.set_params(train_split=None if held_out is None else validation_split(*held_out))
        try:
            with stream.active(foreign=self.draws_on_its_own(), compiled=self.is_compiled):
                self.partial_fit(*rows, epochs=epochs, checkpoint=checkpoint)
        finally:
            self.set_params(train_split=None)

    def initialize_history(self) -> "TrainingNet":
        if self.history_ is None:
            self.history_ = EpochHistory()
        return super().initialize_history()

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        classes: Any = None,
        *,
        epochs: int | None = None,
        checkpoint: TrainingCheckpoint | None = None,
        **fit_params: Any,
    ) -> "TrainingNet":
        """Train the net, initialised or trained before, for some more epochs.

        With a checkpoint there are fewer: those that it has not seen.
        """
        if not self.initialized_:
            self.initialize()
        epochs = self.max_epochs if epochs is None else epochs
        self.notify("on_train_begin", X=X, y=y)
        interruption = None
        try:
            if checkpoint is not None:  # after the callbacks have begun, which are restored too
                epochs = checkpoint.resume(self, epochs)
            self._checkpoint = checkpoint
            try:
                with self._interrupted_between_steps():
                    self.fit_loop(X, y, epochs, **fit_params)
            except EarlyStop:
                pass
            except KeyboardInterrupt as error:
                interruption = error
            if interruption is None and self._ctrl_c:  # too late for any step
                interruption = KeyboardInterrupt()
            self.notify("on_train_end", X=X, y=y)
        finally:
            self._checkpoint = None
            if self.history and "train_loss" not in self.history[-1]:
                self.history.pop()
        if interruption is not None:
            interruption.add_note(
                f"Training was interrupted after {len(self.history)} whole epochs. The estimator "
                "holds the weights of the last step and can be used; to go on, call "
                "set_params(warm_start=True).fit(...), with max_epochs for the rest."
            )
            raise interruption
        self.warn_if_diverged()
        return self

    @contextmanager
    def _interrupted_between_steps(self) -> Iterator[None]:
        """Let Ctrl-C, where it would raise KeyboardInterrupt, wait for the end of the step."""
        self._ctrl_c = False

        def wait(number: int, frame: FrameType | None) -> None:
            if self._ctrl_c:
                signal.default_int_handler(number, frame)
            self._ctrl_c = True

        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or signal.getsignal(signal.SIGINT) != signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, wait)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        epoch_ends = method_name == "on_epoch_end"
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as error:
            stoppers = [one for _, one in self.callbacks_ if isinstance(one, EarlyStopping)]
            asked = isinstance(error, EarlyStop) or any(s.misses_ >= s.patience for s in stoppers)
            if not (epoch_ends and asked):
                raise
            if self._checkpoint is not None:
                self._checkpoint.epoch_ended(self, stopped=True)
            raise EarlyStop from error
        if epoch_ends and self._checkpoint is not None:
            self._checkpoint.epoch_ended(self)
        if method_name in ("on_batch_end", "on_epoch_end") and self._ctrl_c:
            raise KeyboardInterrupt

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        iterator = super().get_iterator(dataset, training)
        if isinstance(iterator, ArrayBatches):
            iterator.move(self.device)
        return iterator

    @property
    def defers(self) -> bool:
        """Whether the losses stay on the device during an epoch."""
        on_gpu = self.device is not None and self.device.startswith("cuda")
        return on_gpu and getattr(self.optimizer_, "_step_supports_amp_scaling", False)

    def run_single_epoch(
        self, iterator: Any, training: bool, prefix: str, step_fn: Any, **fit_params: Any
    ) -> None:
        if iterator is None or not self.defers:
            super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
            return
        n_batches = 0
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            self.history.record_batch(f"{prefix}_loss", step["loss"].detach())
            self.history.record_batch(f"{prefix}_batch_size", len(batch[0]))
            self.notify("on_batch_end", batch=batch, training=training, **step)
            n_batches += 1
        self.history.record(f"{prefix}_batch_count", n_batches)
        self._fetch_records()
        losses = [row["train_loss"] for row in self.history[-1]["batches"] if "train_loss" in row]
        if training and not np.isfinite(losses).all():
            self.stop_diverged(next(loss for loss in losses if not np.isfinite(loss)))

    def record_parts(self, names: Iterable[str], parts: Tensor, *, training: bool) -> None:
        """Put the parts of the loss of a batch into the history; they are on the device."""
        values = parts.detach().unbind() if self.defers else parts.tolist()
        for name, value in zip(names, values):
            self.history.record_batch(f"{'train' if training else 'valid'}_{name}", value)

    def _fetch_records(self) -> None:
        """Numbers for what the batches of the epoch have recorded as tensors, in one transfer."""
        rows = self.history[-1]["batches"]
        places = [
            (row, key) for row in rows for key, value in row.items() if torch.is_tensor(value)
        ]
        if places:
            values = torch.stack([row[key] for row, key in places]).tolist()
            for (row, key), value in zip(places, values):
                row[key] = value

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        self._set_training(True)
        Xi, yi = batch
        y_pred = self.infer(Xi, **fit_params)
        loss = self.get_loss(y_pred, yi, X=Xi, training=True)
        if self.defers:  # the optimizer leaves out a step with this mark, without being asked
            self.optimizer_.found_inf = (~torch.isfinite(loss.detach())).float()
        elif not torch.isfinite(loss):
            self.stop_diverged(loss.item())
        loss.backward()
        return {"loss": loss, "y_pred": y_pred}

    @property
    def is_compiled(self) -> bool:
        """Whether training runs compiled code, which draws from the process-wide generator."""
        return False

    def draws_on_its_own(self) -> bool:
        """Whether training needs ``RandomStream.active(foreign=True)``."""
        callbacks = [callback for _, callback in self.callbacks_]
        return any(draws_on_its_own(one) for one in [self.module_, *callbacks])

    def set_rate(self, lr: float) -> None:
        """A new learning rate; the same one leaves what a callback made of it.

        skorch's ``set_params`` would make a new optimizer, without its moments.
        """
        if lr != self.lr:
            self.lr = lr
            for group in self.optimizer_.param_groups:
                group["lr"] = lr

    def probe(self, X: Any) -> Tensor:
        """Output for a few rows, which shows whether the net is sound."""
        return self.evaluation_step(next(iter(self.get_iterator(self.get_dataset(X)))))

    def check_output(self, X: Any) -> None:
        """Stop as diverged if the output is not finite: no loss judged the last step."""
        if hasattr(X, "shape") and not torch.isfinite(self.probe(X[:_CHECKED_ROWS])).all():
            self.stop_diverged(torch.nan)

    def stop_diverged(self, loss: float) -> NoReturn:
        """Raise :class:`TrainingDivergedError`, with the best weights before if they are known."""
        keepers = [one for _, one in self.callbacks_ if isinstance(one, BestWeights)]
        keepers = [one for one in keepers if one.best_weights_ is not None]
        for keeper in keepers:
            keeper.restore(self)
        restored = "The weights of the best epoch before were restored. " if keepers else ""
        raise TrainingDivergedError(
            f"Training diverged: the loss of epoch {len(self.history)} became {loss}. {restored}"
            f"{self.advice}"
        )

    def warn_if_diverged(self) -> None:
        """Warn if the training loss is far above that of the first batch, before any step."""
        if not self.history:
            return
        first = self.history[0]["batches"][0].get("train_loss", self.history[0]["train_loss"])
        limit = first + _FAR_ABOVE * max(abs(first), 1)
        losses = [row["train_loss"] for row in self.history if "train_loss" in row]
        if losses[-1] > limit:
            epoch = next(i for i, loss in enumerate(losses, 1) if loss > limit)
            warnings.warn(
                f"Training diverged, though the loss is finite: it was {first:.3g} at the start, "
                f"passed {limit:.3g} in epoch {epoch} and is {losses[-1]:.3g} after "
                f"{len(losses)} epochs. {self.advice}",
                ConvergenceWarning,
                stacklevel=2,
            )

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"device": "cpu"}


def _places_of_weights(module: nn.Module) -> dict[str, tuple[dict[str, Any], str]] | None:
    """Where the tensors of the state of a network are kept, by their names in the state.

    To look there takes a fraction of ``state_dict``, whose time counts if an epoch is one batch.
    None for a network that makes its state in a way of its own.
    """
    places = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for held in (part._parameters, part._buffers):
            for key in held:
                places[f"{prefix}.{key}" if prefix else key] = (held, key)
    state = module.state_dict(keep_vars=True)
    as_usual = all(
        name in places and places[name][0][places[name][1]] is value
        for name, value in state.items()
    )
    return {name: places[name] for name in state} if as_usual else None


class BestWeights(Callback):
    """Remember the weights of the best finished epoch, and stop early if asked to.

    A validation loss judges the weights at the end of its epoch. The training loss was taken
    before the last step, which may have spoilt the weights: it judges those at the start.

    Parameters
    ----------
    monitor : str, default="train_loss"
        Entry of the history that should be small; the training loss where it is missing.
    patience : int, default=None
        Stop after so many epochs without improvement and restore the best weights.
        None: never stop; the weights then serve after a divergence only.
    """

    def __init__(self, monitor: str = "train_loss", patience: int | None = None) -> None:
        self.monitor = monitor
        self.patience = patience

    def initialize(self) -> "BestWeights":
        self.best_loss_ = np.inf
        self.best_weights_: dict[str, Tensor] | None = None
        self.start_weights_: dict[str, Tensor] | None = None
        self._spare: dict[str, Tensor] | None = None  # a copy that is of no more use
        self._places: dict[str, tuple[dict[str, Any], str]] | None = None
        return self

    @torch.no_grad()
    def _copy(self, net: NeuralNet, into: dict[str, Tensor] | None = None) -> dict[str, Tensor]:
        """A copy of the weights, in the place of an older copy if there is one."""
        if self._places is None:
            weights = net.module_.state_dict()
        else:
            weights = {name: held[key] for name, (held, key) in self._places.items()}
        if not into or into.keys() != weights.keys():
            return {name: w.to("cpu", copy=True) for name, w in weights.items()}
        torch._foreach_copy_([into[name] for name in weights], list(weights.values()))
        return into

    def restore(self, net: NeuralNet) -> None:
        """Give the net its best weights back; the optimizer's moments start anew."""
        net.module_.load_state_dict(self.best_weights_)
        net.optimizer_.state.clear()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint has to hold, at the end of an epoch."""
        return {
            "best_loss": float(self.best_loss_),
            "best_weights": self.best_weights_,
            "misses": self.misses_,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best_loss_, self.best_weights_ = state["best_loss"], state["best_weights"]
        self.misses_ = state["misses"]

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.misses_ = 0
        self._places = _places_of_weights(net.module_)
        if self.best_weights_ is None:
            self.best_weights_ = self._copy(net)

    def on_epoch_begin(self, net: NeuralNet, *args: Any, **kwargs: Any) -> None:
        self.start_weights_ = self._copy(net, into=self._spare)

    def on_epoch_end(self, net: NeuralNet, *args: Any, **kwargs: Any) -> None:
        row = net.history[-1]
        loss = row.get(self.monitor, row["train_loss"])
        self.misses_ = 0 if loss < self.best_loss_ else self.misses_ + 1
        if loss < self.best_loss_:
            self.best_loss_ = loss
            judges_end = self.monitor != "train_loss" and self.monitor in row
            old, start = self.best_weights_, self.start_weights_
            self.best_weights_ = self._copy(net, into=old) if judges_end else start
            self._spare = start if judges_end else old
        else:
            self._spare = self.start_weights_
        if self.patience is not None and self.misses_ >= self.patience:
            raise EarlyStop

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        if self.patience is not None and np.isfinite(self.best_loss_):
            self.restore(net)
        net.check_output(X)
        self.initialize()  # no copy of the weights stays behind


def hold_out(
    n_rows: int, fraction: float | None, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted indices of training and validation rows, one of each at least; None holds out none."""
    if fraction is None:
        return np.arange(n_rows), np.arange(0)
    n_valid = min(max(round(fraction * n_rows), 1), n_rows - 1)
    order = rng.permutation(n_rows)
    return np.sort(order[n_valid:]), np.sort(order[:n_valid])


@contextmanager
def tensor_float_products(device: str) -> Iterator[None]:
    """Products of single precision in TF32 while it lasts, on a GPU; then as before.

    For what stays in single precision beside a network in bfloat16, which has fewer digits still.
    """
    if not device.startswith("cuda"):
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def validation_split(X_valid: Any, y_valid: Any = None) -> Callable[..., Any]:
    """The ``train_split`` of a net for rows that the estimator set aside itself."""
    return predefined_split(Dataset(X_valid, y_valid))


def epoch_history(net: NeuralNet) -> list[dict[str, Any]]:
    """History of a net in plain numbers, one dict for each finished epoch, without the batches."""
    return [
        {k: v.item() if isinstance(v, np.generic) else v for k, v in row.items() if k != "batches"}
        for row in net.history
        if "train_loss" in row
    ]


def progress(steps: Iterable[int], *, verbose: int, name: str) -> Iterator[int]:
    """The steps, with a progress bar if ``verbose`` is positive."""
    with shown(verbose):
        yield from progress_of(steps, name)
