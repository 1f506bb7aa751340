"""Files of tensors and plain values that run no code when they are read, and notice any damage.

Such a file is the zip archive of :func:`torch.save` with a seal: a comment at the end of the
archive, which other readers pass over, that holds the SHA-256 of every byte before it.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import hashlib
import io
import os
import pickle
import zipfile
from typing import Any, BinaryIO

import torch

from sksim.utils._files import atomic_write

__all__ = ["InvalidFileError", "read_archive", "write_archive"]

_SEAL = b"sksim sha256 "
_LENGTH = len(_SEAL) + 64
_END_OF_ARCHIVE = b"PK\x05\x06"  # its record has 22 bytes; the last two are the comment's length


class InvalidFileError(ValueError, pickle.UnpicklingError):
    """A file is another one than it should be, was damaged or changed, or holds code."""


def write_archive(state: Any, path: str | os.PathLike[str]) -> None:
    """Write tensors and plain values to a sealed file, whole or not at all.

    Parameters
    ----------
    state : dict, list, tensor, ...
        What :func:`read_archive` will return.
    path : str or path-like
        The file.

    Raises
    ------
    OSError
        If the file cannot be written; an earlier one is left as it was.

    Notes
    -----
    The archive is made in memory: torch turns the errors of a file into its own.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    archive = buffer.getbuffer()
    assert archive[-22:-18] == _END_OF_ARCHIVE
    archive[-2:] = _LENGTH.to_bytes(2, "little")
    with atomic_write(path) as file:
        file.write(archive)
        file.write(_SEAL + hashlib.sha256(archive).hexdigest().encode())


def read_archive(path: str | os.PathLike[str]) -> tuple[Any, bool]:
    """Read such a file to the CPU.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    state : dict, list, tensor, ...
        What was written.
    is_sealed : bool
        False for an archive of plain :func:`torch.save`, of which only the content of its
        members was checked, by CRC-32.

    Raises
    ------
    InvalidFileError
        If the file is no such archive, was changed or cut after it was written, or holds code.
    OSError
        If there is no file, or none that can be read.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END) - _LENGTH
        file.seek(max(size, 0))
        seal = file.read()
        is_sealed = seal.startswith(_SEAL)
        if is_sealed and seal != _SEAL + _digest(file, size):
            raise InvalidFileError(
                f"{path} is damaged, or was changed after it was written: the checksum of its "
                f"content is not the one at its end ({_SEAL.decode().strip()})."
            )
        if not is_sealed:
            _check_members(file, path)
        file.seek(0)
        try:
            return torch.load(file, map_location="cpu", weights_only=True), is_sealed
        except Exception as error:  # of many types; their advice, to allow code, is none
            raise InvalidFileError(
                f"{path} cannot be read: it holds code or objects rather than tensors and plain "
                f"values, or its parts do not fit together ({type(error).__name__})."
            ) from error


def _digest(file: BinaryIO, size: int) -> bytes:
    """SHA-256, as text, of the first bytes of a file."""
    digest = hashlib.sha256()
    file.seek(0)
    while size > 0 and (block := file.read(min(size, 2**20))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest().encode()


def _check_members(file: BinaryIO, path: str | os.PathLike[str]) -> None:
    """InvalidFileError if a file without a seal is no zip archive, or a damaged one."""
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except Exception as error:  # zipfile lets through what its parts raise
        raise InvalidFileError(
            f"{path} is damaged or cut, or another kind of file: it is no readable archive "
            f"({error})."
        ) from error
    if damaged is not None:
        raise InvalidFileError(f"{path} is damaged: the CRC-32 of its part {damaged!r} is wrong.")
