"""What callers give, as C takes it: ctypes would end a text at a zero byte, and cut a number to size, in silence."""

import enum
import operator
import os
from typing import SupportsIndex, Type, TypeVar, Union

from ._errors import error
from ._header import Status

Path = Union[str, "os.PathLike[str]"]
Known = TypeVar("Known", bound=enum.IntEnum)


def c_string(what: str, given: str) -> bytes:
    return _without_zero(what, given.encode())


def c_path(what: str, given: Path) -> bytes:
    return _without_zero(what, os.fsencode(given))


def whole(what: str, given: SupportsIndex, bits: int) -> int:
    """A number of that many bits, without a sign."""
    number = operator.index(given)
    if not 0 <= number < 1 << bits:
        raise error(Status.ERROR_ARGUMENT, "%s is %d, must be 0 to %d" % (what, number, (1 << bits) - 1))
    return number


def choice(what: str, kind: Type[Known], given: Union[Known, str]) -> Known:
    """One of an enum's constants, by itself or by its name in upper or lower case."""
    try:
        return kind[given.upper()] if isinstance(given, str) else kind(given)
    except (KeyError, ValueError):
        raise error(Status.ERROR_ARGUMENT, "there is no %s %r, but %s" % (
            what, given, ", ".join(known.name.lower() for known in kind))) from None


def _without_zero(what: str, text: bytes) -> bytes:
    if b"\0" in text:
        raise error(Status.ERROR_ARGUMENT, "%s has a zero byte in it: %r" % (what, text))
    return text
