"""Status codes as exceptions."""

from typing import Dict, Type

from ._header import Status
from ._library import library, text


class Error(Exception):
    """A call failed. str() is the library's sentence, `status` its code (a plain int where it is a newer library's)."""

    status: int = Status.OK


class ArgumentError(Error, ValueError):
    """An argument is out of range or contradicts another."""


class OutOfMemory(Error, MemoryError):
    """An allocation failed, or memory_limit would be passed."""


class FileError(Error, OSError):
    """A file could not be opened, read or written."""


class Cancelled(Error):
    """The progress function said so."""


_KINDS: Dict[int, Type[Error]] = {
    Status.ERROR_ARGUMENT: ArgumentError,
    Status.ERROR_MEMORY: OutOfMemory,
    Status.ERROR_LIMIT: OutOfMemory,
    Status.ERROR_IO: FileError,
    Status.ERROR_CANCELLED: Cancelled,
}


def error(status: int, sentence: str = "") -> Error:
    """The exception for a status; without a sentence, the few words of the code."""
    known = status in set(Status)
    made = _KINDS.get(status, Error)(sentence or text(library().dmlcsr_strerror(status)))
    made.status = Status(status) if known else status
    return made
