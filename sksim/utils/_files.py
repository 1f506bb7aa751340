"""Files that are there whole or not at all."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_write"]

_DEAD_AFTER = 3600  # seconds without a byte written, after which the writer must have been killed


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing and reading that takes the place of ``path`` at the end of the block.

    Until then an earlier file stays as it is, whatever ends the block: an error, a full disk, an
    interrupt, the end of the process or of the power supply. Several writers, in threads or
    processes, do not mix: the last one to finish remains.

    Parameters
    ----------
    path : str or path-like
        The file. A link is followed; the permissions of an earlier file are kept.

    Yields
    ------
    file : binary file
        A temporary file, hidden beside ``path`` as ``.name.*.tmp``. It is removed after an error;
        what a killed process left is removed by a write to the same path an hour later.

    Raises
    ------
    OSError
        If the file cannot be written, with ``path`` as its ``filename``.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        _check_replaceable(target)
        _remove_debris(target)
        descriptor = os.open(
            temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
        )
        try:
            with open(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                shutil.copymode(target, temporary)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        ours = {None, str(target), str(temporary), str(target.parent)}
        if error.errno is None or error.filename not in ours:
            raise  # of another file, which the block used
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error


def _check_replaceable(target: Path) -> None:
    """OSError if something other than a file is there, such as a folder or a device."""
    with suppress(FileNotFoundError):
        mode = target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "", str(target))


def _remove_debris(target: Path) -> None:
    """Remove the temporary files of writers that were killed."""
    start, end = f".{target.name}.", ".tmp"
    with os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(start) and entry.name.endswith(end):
                with suppress(OSError):  # another writer was faster
                    if time.time() - entry.stat().st_mtime > _DEAD_AFTER:
                        os.unlink(entry)


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk, where folders can be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
