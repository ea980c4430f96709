"""Many pictures at once: a thread and a clone each. ctypes lets go of Python's lock while the library works."""

import collections
import concurrent.futures
import itertools
import os
import queue
from typing import TYPE_CHECKING, Any, Deque, Iterable, Iterator, Optional, Tuple, Union

from ._errors import error
from ._header import Format, Status
from ._images import Array, RegionLike

if TYPE_CHECKING:
    from ._parser import Parser


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pairs(photos: Iterable[Any], regions: Optional[Iterable[Optional[RegionLike]]]
          ) -> Iterator[Tuple[Any, Optional[RegionLike]]]:
    """Each picture with its region. One that is left over is an error: zip() would drop it, and all behind it."""
    if regions is None:
        yield from zip(photos, itertools.repeat(None))
        return
    end: Any = object()
    for number, (photo, region) in enumerate(itertools.zip_longest(photos, regions, fillvalue=end)):
        if photo is end or region is end:
            raise error(Status.ERROR_ARGUMENT, "the %s end after %d, the %s go on" % (
                ("pictures", number, "regions") if photo is end else ("regions", number, "pictures")))
        yield photo, region


def parse_many(parser: "Parser", photos: Iterable[Any], regions: Optional[Iterable[Optional[RegionLike]]],
               workers: int, format: Union[Format, str, None]) -> Iterator[Array]:
    workers = workers or max(1, cores() // parser.threads)
    free: "queue.SimpleQueue[Parser]" = queue.SimpleQueue()
    for _ in range(workers):
        free.put(parser.clone())

    def one(photo: Any, region: Optional[RegionLike]) -> Array:
        mine = free.get()
        try:
            return mine.parse(photo, region, format=format)
        finally:
            free.put(mine)

    jobs: Deque["concurrent.futures.Future[Array]"] = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for photo, region in pairs(photos, regions):
                jobs.append(pool.submit(one, photo, region))
                # One picture more than there are workers is ready, and no more: a pile may not fit into memory.
                if len(jobs) > workers:
                    yield jobs.popleft().result()
            while jobs:
                yield jobs.popleft().result()
        finally:
            for job in jobs:
                job.cancel()
    while not free.empty():
        free.get().close()
