"""Parser: a handle of the library."""

import contextlib
import ctypes
import threading
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Type, Union

import numpy

from . import _batch
from ._arguments import Path, c_path, c_string, choice, whole
from ._callbacks import Callbacks, LogFunction, ProgressFunction, Sentence
from ._classes import Classes, SchemeLike, SideLike, class_bits, rgb, scheme_number, table
from ._errors import error
from ._header import (Flags, Format, Geometry, Isa, Precision, Scheme, Status, dmlcsr_face, dmlcsr_find_options,
                      dmlcsr_job, dmlcsr_options, dmlcsr_result)
from ._images import Array, Face, RegionLike, as_region, output, picture, raw_region
from ._library import library, text

Wanted = Union[bool, Array, None]
_MOST_FACES = 1000  # as many as the library finds


class Result(NamedTuple):
    """What Parser.run() was asked for; None for the rest."""

    labels: Optional[Array]  # height x width, uint8: class ids
    probabilities: Optional[Array]  # classes x height x width, float32
    probabilities8: Optional[Array]  # the same as uint8, 0 to 255
    matte: Optional[Array]  # height x width, uint8
    binary_edge: Optional[Array]  # height x width, float32
    category_edge: Optional[Array]  # height x width, uint8


class Logits(NamedTuple):
    """What the bare network says."""

    parsing: Array  # classes x height x width, float32
    binary_edge: Optional[Array]  # 2 x height x width, where the parser has edge heads
    category_edge: Optional[Array]  # as parsing


class Parser:
    """A model with its scratch memory and threads.

    It serves one thread at a time, and refuses a second one; clone() makes another for it.
    """

    classes: List[str]  #: names, in the order of the class ids
    colors: Array  #: classes x 3, uint8: the library's colours, RGB
    side: str  #: whose left "left" is: "subject", "picture" or "unknown"
    input_size: int  #: side of the square that the network sees
    has_edges: bool
    threads: int  #: threads that work on one picture
    isa: str  #: name of the instruction set in use
    precision: str  #: "fp32", "bf16" or "int8"

    def __init__(self, model: Union[Path, bytes, bytearray, memoryview, None] = None, *,
                 threads: int = 0, isa: Union[Isa, str] = Isa.AUTO, input_size: int = 0,
                 geometry: Union[Geometry, str] = Geometry.FINE, keep_edges: bool = False,
                 precision: Union[Precision, str] = Precision.AUTO, pack: bool = False, memory_limit: int = 0,
                 progress: Optional[ProgressFunction] = None, log: Optional[LogFunction] = None) -> None:
        """`model`: a file, the bytes of one, or None for the default model. `progress(done, total)` is called between
        layers, and cancels when it returns False or raises. `log(level, sentence)` receives what the library says."""
        self._handle: Optional[int] = None
        callbacks, sentence = Callbacks(progress, log), Sentence()
        options = dmlcsr_options(
            ctypes.sizeof(dmlcsr_options), whole("threads", threads, 32), choice("instruction set", Isa, isa),
            whole("input_size", input_size, 32), choice("geometry", Geometry, geometry), bool(keep_edges),
            choice("precision", Precision, precision),
            memory_limit=whole("memory_limit", memory_limit, 8 * ctypes.sizeof(ctypes.c_size_t)), log=callbacks.c_log,
            progress=callbacks.c_progress, error=sentence.address, error_size=sentence.size, pack=bool(pack))
        out = ctypes.c_void_p()
        if isinstance(model, (bytes, bytearray, memoryview)):
            data = numpy.frombuffer(model, numpy.uint8)
            status = callbacks.call(library().dmlcsr_create_from_memory, ctypes.byref(out), data.ctypes.data, data.size,
                                    ctypes.byref(options))
        else:
            path = c_path("model", model) if model is not None else None
            status = callbacks.call(library().dmlcsr_create, ctypes.byref(out), path, ctypes.byref(options))
        if status != Status.OK:
            raise error(status, str(sentence))
        self._take(out.value, callbacks)

    def _take(self, handle: Optional[int], callbacks: Callbacks) -> None:
        lib = library()
        self._handle, self._callbacks = handle, callbacks
        self._busy = threading.Lock()  # held while the library works
        # Held for what may run beside that, but not beside close(). What clone() logs may ask this parser something.
        self._open = threading.RLock()
        self._asked = 0  # how many hold it, one in the other
        labels = range(lib.dmlcsr_class_count(handle))
        self.classes = [text(lib.dmlcsr_class_name(handle, label)) for label in labels]
        self.colors = rgb(lib.dmlcsr_class_color(handle, label) for label in labels)
        self.side, self.isa = text(lib.dmlcsr_side(handle)), text(lib.dmlcsr_isa(handle))
        self.precision = text(lib.dmlcsr_precision(handle))
        self.input_size, self.threads = lib.dmlcsr_input_size(handle), lib.dmlcsr_threads(handle)
        self.has_edges = bool(lib.dmlcsr_has_edges(handle))

    # ---- life ----

    def close(self) -> None:
        """Frees the memory now; closing twice is fine."""
        if self._handle is None:
            return
        with self._working(), self._open:
            if self._asked:
                raise RuntimeError("this parser is being cloned: close it afterwards")
            handle, self._handle = self._handle, None
            library().dmlcsr_free(handle)

    def __enter__(self) -> "Parser":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Any) -> None:
        self.close()

    def __del__(self) -> None:
        # Nobody else can hold it now. Half-built objects have no handle.
        if getattr(self, "_handle", None) is not None:
            library().dmlcsr_free(self._handle)
            self._handle = None

    def clone(self) -> "Parser":
        """The same weights with scratch memory of its own, for another thread; this one may be at work meanwhile."""
        out = ctypes.c_void_p()
        with self._alive():
            status = self._callbacks.call(library().dmlcsr_clone, ctypes.byref(out), self._handle)
        if status != Status.OK:
            raise error(status, self._callbacks.logged)
        made = Parser.__new__(type(self))
        made._take(out.value, self._callbacks)
        return made

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("this parser is at work in another thread: use a clone() for each thread")
        try:
            self._check()
            yield
        finally:
            self._busy.release()

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        with self._open:
            self._check()
            self._asked += 1
            try:
                yield
            finally:
                self._asked -= 1

    def _check(self) -> None:
        if self._handle is None:
            raise ValueError("this parser is closed")

    # ---- work ----

    def parse(self, photo: Any, region: Optional[RegionLike] = None, *, format: Union[Format, str, None] = None,
              out: Optional[Array] = None) -> Array:
        """Class ids, height x width, uint8. Without a region, the picture is framed about as a portrait is."""
        labels = self.run(photo, region, format=format, labels=True if out is None else out).labels
        assert labels is not None
        return labels

    def matte(self, photo: Any, classes: Classes, region: Optional[RegionLike] = None, *,
              format: Union[Format, str, None] = None, out: Optional[Array] = None) -> Array:
        """How much each pixel belongs to the classes (names or ids), height x width, 0 to 255."""
        matte = self.run(photo, region, format=format, labels=None, matte=True if out is None else out,
                         matte_classes=classes).matte
        assert matte is not None
        return matte

    def run(self, photo: Any, region: Optional[RegionLike] = None, *, format: Union[Format, str, None] = None,
            labels: Wanted = True, probabilities: Wanted = None, probabilities8: Wanted = None, matte: Wanted = None,
            matte_classes: Classes = (), binary_edge: Wanted = None, category_edge: Wanted = None,
            compose: bool = False) -> Result:
        """All that is asked for: True for a new array, or an array to write to. With compose, labels, mattes and edges
        are added to what the given arrays hold, so that several faces end up in one map."""
        image = picture(photo, format)
        plane, planes = (image.height, image.width), (len(self.classes), image.height, image.width)
        result = dmlcsr_result(ctypes.sizeof(dmlcsr_result), Flags.COMPOSE if compose else 0)
        wanted: Dict[str, Tuple[Wanted, Tuple[int, ...], Any]] = {
            "labels": (labels, plane, numpy.uint8),
            "probabilities": (probabilities, planes, numpy.float32),
            "probabilities8": (probabilities8, planes, numpy.uint8),
            "matte": (matte, plane, numpy.uint8),
            "binary_edge": (binary_edge, plane, numpy.float32),
            "category_edge": (category_edge, plane, numpy.uint8),
        }
        arrays: Dict[str, Optional[Array]] = {}
        for name, (given, shape, dtype) in wanted.items():
            arrays[name] = None
            if given is None or given is False:
                continue
            if compose and given is True and shape == plane:
                given = numpy.zeros(shape, dtype)
            array, stride = output(name, given, shape, dtype)
            arrays[name] = array
            setattr(result, name, array.ctypes.data)
            setattr(result, name + "_stride", stride)
        result.matte_classes = class_bits(matte_classes, self.classes)
        where = None if region is None else raw_region(as_region(region))
        with self._working():
            status = self._callbacks.call(
                library().dmlcsr_parse_region, self._handle, ctypes.byref(image.raw),
                None if where is None else ctypes.byref(where), ctypes.byref(result))
            if status != Status.OK:
                raise error(status, text(library().dmlcsr_last_error(self._handle)))
        return Result(**arrays)

    def find_faces(self, photo: Any, *, smallest: float = 0.0, threshold: float = 0.0, most: int = 0,
                   format: Union[Format, str, None] = None) -> List[Face]:
        """The faces in a whole picture, largest first. `smallest`: their size in pixels, 0 for 1/32 of the longer side;
        `threshold`: the confidence from which on they count, 0 for 0.5; `most`: how many, 0 for all."""
        image = picture(photo, format)
        options = dmlcsr_find_options(ctypes.sizeof(dmlcsr_find_options), smallest, threshold, whole("most", most, 32),
                                      0)
        faces, count = (dmlcsr_face * _MOST_FACES)(), ctypes.c_size_t()
        with self._working():
            status = self._callbacks.call(
                library().dmlcsr_find_faces, self._handle, ctypes.byref(image.raw), ctypes.byref(options), faces,
                _MOST_FACES, ctypes.byref(count))
            if status != Status.OK:
                raise error(status, text(library().dmlcsr_last_error(self._handle)))
        return [Face(*(getattr(face, name) for name in Face._fields)) for face in faces[:count.value]]

    def parse_faces(self, photo: Any, faces: Optional[Iterable[RegionLike]] = None, *,
                    format: Union[Format, str, None] = None) -> Array:
        """Class ids of all faces in one map, height x width, uint8: of those given (faces, or regions), or of what
        find_faces() finds, the smaller ones on top. They are parsed as dmlcsr_parse_many() does it, so `progress` counts
        faces."""
        image = picture(photo, format)
        labels = numpy.zeros((image.height, image.width), numpy.uint8)
        found = map(as_region, self.find_faces(photo, format=format) if faces is None else faces)
        regions = [raw_region(region) for region in sorted(found, key=lambda region: -region.size)]
        result = dmlcsr_result(ctypes.sizeof(dmlcsr_result), Flags.COMPOSE, labels=labels.ctypes.data)
        jobs = (dmlcsr_job * len(regions))()
        for job, region in zip(jobs, regions):
            job.image, job.region, job.result = (ctypes.pointer(part) for part in (image.raw, region, result))
        with self._working():
            status = self._callbacks.call(library().dmlcsr_parse_many, self._handle, jobs, len(regions))
            if status != Status.OK:
                raise error(status, text(library().dmlcsr_last_error(self._handle)))
        return labels

    def forward(self, values: Any) -> Logits:
        """The bare network on 3 x height x width normalised values."""
        values = numpy.ascontiguousarray(values, numpy.float32)
        if values.ndim != 3 or values.shape[0] != 3:
            raise error(Status.ERROR_ARGUMENT, "the input is 3 x height x width, not %s" % (values.shape,))
        height, width = values.shape[1:]
        rows, columns = ctypes.c_uint32(), ctypes.c_uint32()
        with self._working():
            status = library().dmlcsr_forward_size(self._handle, height, width, ctypes.byref(rows),
                                                   ctypes.byref(columns))
            if status != Status.OK:
                raise error(status, "input of %d x %d: both sides must be 17 to 4097" % (width, height))
            plane = (rows.value, columns.value)
            parsing = numpy.empty((len(self.classes),) + plane, numpy.float32)
            binary = numpy.empty((2,) + plane, numpy.float32) if self.has_edges else None
            category = numpy.empty_like(parsing) if self.has_edges else None
            status = self._callbacks.call(
                library().dmlcsr_forward, self._handle, values.ctypes.data, height, width, parsing.ctypes.data,
                None if binary is None else binary.ctypes.data, None if category is None else category.ctypes.data)
            if status != Status.OK:
                raise error(status, text(library().dmlcsr_last_error(self._handle)))
        return Logits(parsing, binary, category)

    def parse_many(self, photos: Iterable[Any], regions: Optional[Iterable[Optional[RegionLike]]] = None, *,
                   workers: int = 0, format: Union[Format, str, None] = None) -> Iterator[Array]:
        """Label maps of many pictures, in their order, several at once: each worker is a thread with a clone. Pictures
        and regions are taken as they are needed; where regions are given, each picture has one, or None. 0 workers: as
        many as keep all cores busy, given this parser's threads; with threads=1, that is the fastest way through a
        pile."""
        return _batch.parse_many(self, photos, regions, workers, format)

    # ---- what it says about itself ----

    def class_map(self, target: SchemeLike = Scheme.OWN, *, side: SideLike = None, other: int = 0) -> Array:
        """As scheme_map(), from the classes of this model, whose names are understood in all spellings of the schemes.
        Without a target, ids stay, but for left and right when `side` is not the model's."""
        number = Scheme.OWN if target == Scheme.OWN else scheme_number(target)
        with self._alive():
            return table("from the model's classes to %r" % target, side, other,
                         lambda *how: library().dmlcsr_class_map(self._handle, number, *how))

    def class_mirror(self) -> Array:
        """A table of 256 ids, uint8, that swaps left and right: for the labels of a mirrored picture."""
        made = numpy.empty(256, numpy.uint8)
        with self._alive():
            library().dmlcsr_class_mirror(self._handle, made.ctypes.data)
        return made

    def metadata(self, key: str) -> Optional[str]:
        """A line of the model file's metadata, such as "dmlcsr.licence"; None when absent."""
        with self._alive():
            value = library().dmlcsr_metadata(self._handle, c_string("key", key))
        return None if value is None else text(value)

    def memory(self) -> Tuple[int, int]:
        """Bytes held: weights, shared among clones, and scratch memory."""
        weights, scratch = ctypes.c_size_t(), ctypes.c_size_t()
        with self._working():
            library().dmlcsr_memory(self._handle, ctypes.byref(weights), ctypes.byref(scratch))
        return weights.value, scratch.value


def isa_available(isa: Union[Isa, str]) -> bool:
    """Can this build and this machine run the instruction set?"""
    return bool(library().dmlcsr_isa_available(choice("instruction set", Isa, isa)))
