"""Python functions behind the library's two callbacks."""

import ctypes
import threading
from typing import Any, Callable, Optional

from ._header import Log, dmlcsr_options
from ._library import text

ProgressFunction = Callable[[int, int], Any]
LogFunction = Callable[[Log, str], None]
_FIELDS: Any = dict(field[:2] for field in dmlcsr_options._fields_)


class Callbacks:
    """Shared by a parser and its clones. What a call leaves behind is kept per thread, since clones run at once."""

    def __init__(self, progress: Optional[ProgressFunction], log: Optional[LogFunction]) -> None:
        self._progress, self._log = progress, log
        self._left = threading.local()
        self.c_progress = _FIELDS["progress"](self._on_progress if progress else 0)
        self.c_log = _FIELDS["log"](self._on_log)

    def call(self, function: Callable[..., int], *arguments: Any) -> int:
        """Calls the library; an exception of a Python function on the way goes on behind it."""
        self._left.exception, self._left.log = None, ""
        status = function(*arguments)
        exception = self._left.exception
        if exception is not None:
            self._left.exception = None
            raise exception
        return status

    @property
    def logged(self) -> str:
        """The last sentence of this thread's last call."""
        return str(self._left.log)

    def _on_progress(self, _opaque: Any, done: int, total: int) -> int:
        assert self._progress
        try:
            return 1 if self._progress(done, total) is False else 0
        except BaseException as exception:  # KeyboardInterrupt, too: C cannot pass it on
            self._left.exception = exception
            return 1

    def _on_log(self, _opaque: Any, level: int, message: bytes) -> None:
        try:
            if self._log:
                self._log(Log(level), text(message))
        except BaseException as exception:
            self._left.exception = exception
        self._left.log = text(message)  # after what the function may have called


class Sentence:
    """A buffer for the sentence of a call that takes one."""

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(512)
        self.address, self.size = ctypes.addressof(self._buffer), len(self._buffer)

    def __str__(self) -> str:
        return text(self._buffer.value)
