"""Finds the shared library, once, when it is first needed."""

import ctypes
import ctypes.util
import functools
import os
import pathlib
import subprocess
import sys
from typing import Iterator

from . import _header

NAME = "libdmlcsr.%d.dylib" % _header.ABI if sys.platform == "darwin" else "libdmlcsr.so.%d" % _header.ABI


def _places() -> Iterator[str]:
    """Where to look: what the environment names and nothing else; beside this file; where the system's loader looks;
    where pkg-config says."""
    named = os.environ.get("DMLCSR_LIBRARY")
    if named:
        yield named
        return
    beside = pathlib.Path(__file__).with_name(NAME)
    if beside.exists():
        yield str(beside)
    yield NAME
    found = ctypes.util.find_library("dmlcsr")
    if found:
        yield found
    try:
        folder = subprocess.run(["pkg-config", "--variable=libdir", "dmlcsr"], capture_output=True, text=True,
                                check=True)
    except (OSError, subprocess.CalledProcessError):
        return
    yield os.path.join(folder.stdout.strip(), NAME)


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """CDLL, not PyDLL: other Python threads run while the library works."""
    reasons = []
    for place in _places():
        try:
            lib = ctypes.CDLL(place)
            for name, (returns, takes) in _header.FUNCTIONS.items():
                function = getattr(lib, name)
                function.restype, function.argtypes = returns, takes
            return lib
        except (OSError, AttributeError) as error:  # the latter: another library, or an older one
            reasons.append(str(error))
    raise OSError("libdmlcsr cannot be loaded (DMLCSR_LIBRARY names it): %s" % "; ".join(reasons))


def version() -> str:
    """Version of the library that is running."""
    number: int = library().dmlcsr_version()
    return "%d.%d.%d" % (number // 1000000, number // 1000 % 1000, number % 1000)


def text(value: "bytes | None") -> str:
    return (value or b"").decode(errors="replace")
