"""Kill, fill the disk and change files, over and over, and count what survives.

``python -m tests.damage --write`` takes some minutes for the counts that the reliability page
quotes. A fault is survived if the training that goes on ends with the bits of an uninterrupted one,
if the earlier file is whole, or if the damaged file is refused by its name.
"""

import argparse
import csv
import functools
import os
import pathlib
import random
import resource
import signal
import tempfile
import time

import torch

from sksim.utils._faults import refusal
from tests.small_models import NETWORKS
from tests.test_checkpoints import MODELS, data, kill_at_random_moments, n_epochs, state

TABLE = pathlib.Path(__file__).parents[1] / "doc" / "reliability_damage.csv"
#: A model of each kind of file of weights.
WRITTEN = ("VariationalDiffusion", "denoising")


def killed_trainings(name, n_kills):
    """Kills of processes that train with checkpoints, and how many of them hit a write."""
    expected = state(MODELS[name](max_epochs=n_epochs(name)).fit(*data()))
    tried = survived = writing = 0
    while tried < n_kills:
        with tempfile.TemporaryDirectory() as folder:
            n_killed = kill_at_random_moments(name, folder, n_kills - tried)
            writing += len(list(pathlib.Path(folder).glob(".*.tmp")))  # left half-written
            model = MODELS[name](checkpoint=folder, max_epochs=n_epochs(name)).fit(*data())
        tried += n_killed
        survived += n_killed * (state(model) == expected)
    return tried, survived, writing


def models(name=WRITTEN[0]):
    """Two small fitted models, whose files differ."""
    return [MODELS[name](max_epochs=epochs).fit(*data()) for epochs in (1, 2)]


def in_a_child(action):
    """Run in a forked process, which ends with it; return its number."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    return child


def file_of(model, path):
    model.save_weights(path)
    return path.read_bytes()


def killed_writes(path, n_kills, rng):
    """Kills of a process that writes two models by turns; one of them has to be there."""
    both = models()
    whole = {file_of(model, path) for model in both}
    survived = writing = 0

    def write_by_turns():
        while True:
            for model in both:
                model.save_weights(path)

    for _ in range(n_kills):
        child = in_a_child(write_by_turns)
        time.sleep(rng.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        survived += path.read_bytes() in whole
        debris = list(path.parent.glob(".*.tmp"))
        writing += len(debris)
        for file in debris:
            file.unlink()
    return n_kills, survived, writing


def full_disk(path, n_times, rng):
    """Writes that end at a limit of the size of files; the earlier file has to be there."""
    earlier, later = models()
    content = file_of(earlier, path)
    n_bytes = len(content)
    survived = 0
    for _ in range(n_times):
        reader, writer = os.pipe()
        limit = rng.randrange(n_bytes // 2)

        def write_at_a_limit(limit=limit, writer=writer):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            try:
                later.save_weights(path)
            except OSError as error:
                os.write(writer, str(error.filename).encode())

        child = in_a_child(write_at_a_limit)
        os.waitpid(child, 0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            survived += pipe.read() == str(path) and path.read_bytes() == content
    return n_times, survived


def flipped(content, n_flips, rng):
    """The content with one bit flipped, at places that are drawn without return."""
    for place in rng.sample(range(8 * len(content)), n_flips):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        yield bytes(damaged)


def truncated(content, n_times, rng):
    """The content up to a place that is drawn without return."""
    for length in rng.sample(range(len(content)), n_times):
        yield content[:length]


def changed(what, load, path, n_changes, rng):
    """Yield rows of changes to a file, which has to be refused by its name."""
    content = path.read_bytes()
    for fault, change in {"one bit flipped": flipped, "truncated": truncated}.items():
        survived = 0
        for damaged in change(content, n_changes, rng):
            path.write_bytes(damaged)
            error = refusal(load)
            survived += error is not None and str(path) in str(error)
        yield what, fault, n_changes, survived


def counts(n_kills, n_writes, n_changes, seed):
    """Yield rows (input, fault, tried, survived)."""
    rng = random.Random(seed)
    torch.set_num_threads(1)
    for name in NETWORKS:
        tried, survived, writing = killed_trainings(name, n_kills)
        fault = f"SIGKILL, {writing} in the middle of a write"
        kind = type(MODELS[name]()).__name__
        variant = "" if name == kind else f", {name}"
        yield f"training of {kind}{variant} with checkpoints", fault, tried, survived
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder).resolve() / "model.weights"
        tried, survived, writing = killed_writes(path, n_writes, rng)
        fault = f"SIGKILL, {writing} in the middle of a write"
        yield "writing of weights", fault, tried, survived
        yield "writing of weights", "full disk (RLIMIT_FSIZE)", *full_disk(path, n_writes, rng)
        for name in WRITTEN:
            model = models(name)[0]
            model.save_weights(path)
            load = functools.partial(model.load_weights, path)
            what = f"file of weights of {type(model).__name__}"
            yield from changed(what, load, path, n_changes, rng)
        model = MODELS["EmbeddingClassifier"](checkpoint=folder, max_epochs=1).fit(*data())
        path = path.with_name("checkpoint.pt")
        yield from changed("checkpoint", lambda: model.fit(*data()), path, n_changes, rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each training")
    parser.add_argument("--writes", type=int, default=200, help="killed, and on a full disk")
    parser.add_argument("--changes", type=int, default=1000, help="of each kind and file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    arguments = parser.parse_args()
    rows = []
    for row in counts(arguments.kills, arguments.writes, arguments.changes, arguments.seed):
        print("{}, {}: {} tried, {} survived".format(*row), flush=True)
        rows.append(row)
    if arguments.write:
        with TABLE.open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["what", "fault", "tried", "survived"])
            writer.writerows(rows)


if __name__ == "__main__":
    main()
