"""Arrays and PIL images as the library's pictures, without copies where their rows are whole."""

import ctypes
from typing import Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy
import numpy.typing

from ._arguments import choice
from ._errors import error
from ._header import Format, Status, dmlcsr_image, dmlcsr_region

Array = numpy.typing.NDArray[Any]
_CHANNELS = {Format.RGB8: 3, Format.BGR8: 3, Format.RGBA8: 4, Format.BGRA8: 4, Format.GRAY8: 1, Format.NV12: 1}
_GUESSES = {1: Format.GRAY8, 3: Format.RGB8, 4: Format.RGBA8}


class Region(NamedTuple):
    """Where a face is, in pixels: what any face detector gives. `rotation` in radians, clockwise as seen on the screen;
    `context`: how many face sizes the network sees, 0 for the framing of the training data."""

    center_x: float
    center_y: float
    size: float
    rotation: float = 0.0
    context: float = 0.0


class Face(NamedTuple):
    """A face that was found; region() is where to parse it. The box has the edges of skin, eyes, nose and mouth."""

    center_x: float
    center_y: float
    size: float
    rotation: float
    left: float
    top: float
    right: float
    bottom: float
    confidence: float

    def region(self) -> Region:
        return Region(self.center_x, self.center_y, self.size, self.rotation)


RegionLike = Union[Region, Face, Sequence[float]]


class Picture(NamedTuple):
    raw: dmlcsr_image
    pixels: Array  # keeps the memory that `raw` points to
    height: int
    width: int


def picture(photo: Any, format: Union[Format, str, None] = None) -> Picture:
    """`photo`: an array, or a PIL image. `format`: what an array holds where that is not RGB, RGBA or grey."""
    pixels = _pixels(photo)
    if pixels.dtype != numpy.uint8 or pixels.ndim not in (2, 3):
        raise error(Status.ERROR_ARGUMENT, "a picture is an array of bytes, height x width (x channels), not %s of %s"
                    % (pixels.shape, pixels.dtype))
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = choice("pixel format", Format, format) if format is not None else _GUESSES.get(channels)
    if kind is None or _CHANNELS[kind] != channels:
        raise error(Status.ERROR_ARGUMENT, "%d channels are no %s picture" % (channels, kind.name if kind else "known"))
    if not rows_are_whole(pixels):
        pixels = numpy.ascontiguousarray(pixels)
    rows, width = pixels.shape[:2]
    height = rows
    if kind == Format.NV12:
        height = rows * 2 // 3
        if height + (height + 1) // 2 != rows or width % 2:
            raise error(Status.ERROR_ARGUMENT, "%d rows of %d bytes are no NV12 picture" % (rows, width))
    if not 1 <= height <= 65535 or not 1 <= width <= 65535:
        raise error(Status.ERROR_ARGUMENT, "the picture has %d x %d pixels" % (width, height))
    # A single row may have any stride in numpy.
    stride = pixels.strides[0] if rows > 1 else width * channels
    return Picture(dmlcsr_image(pixels.ctypes.data, width, height, stride, kind), pixels, height, width)


def _pixels(photo: Any) -> Array:
    """PIL's modes that the library does not know become RGB."""
    mode = getattr(photo, "mode", None)
    if isinstance(mode, str) and hasattr(photo, "convert") and mode not in ("L", "RGB", "RGBA"):
        photo = photo.convert("RGB")
    return numpy.asarray(photo)


def rows_are_whole(array: Array) -> bool:
    """Is all but the distance between rows as in a contiguous array?"""
    inner, step = 1, array.itemsize
    for size, stride in zip(array.shape[:0:-1], array.strides[:0:-1]):
        if stride != step and size > 1:
            return False
        step *= size
        inner *= size
    return array.shape[0] < 2 or array.strides[0] >= inner * array.itemsize


def output(name: str, given: Any, shape: Tuple[int, ...], dtype: Any) -> Tuple[Array, int]:
    """The array to write to (`given`, or a new one for True) and the elements between its rows."""
    if given is True:
        given = numpy.empty(shape, dtype)
    if not isinstance(given, numpy.ndarray) or given.shape != shape or given.dtype != dtype:
        raise error(Status.ERROR_ARGUMENT, "%s is to be written to an array of %s, %s" % (
            name, shape, numpy.dtype(dtype)))
    # Planes follow each other at height * stride elements: in a padded array they do when it is cut from a whole one.
    row = given[0] if given.ndim == 3 else given
    stride = row.strides[0] // row.itemsize if row.shape[0] > 1 else row.shape[1]
    whole = rows_are_whole(row) and row.strides[0] % row.itemsize == 0
    if given.ndim == 3 and shape[0] > 1:
        whole = whole and given.strides[0] == shape[1] * stride * row.itemsize
    if not whole or not given.flags.writeable or not given.flags.aligned:
        raise error(Status.ERROR_ARGUMENT, "%s: the array's rows are not whole, or it cannot be written to" % name)
    return given, stride


def as_region(given: RegionLike) -> Region:
    if isinstance(given, Face):
        return given.region()
    if not 3 <= len(given) <= 5:
        raise error(Status.ERROR_ARGUMENT, "a region is centre x, centre y, size, and optionally rotation and context")
    return Region(*given)


def raw_region(region: Region) -> dmlcsr_region:
    return dmlcsr_region(ctypes.sizeof(dmlcsr_region), *region, 0)
