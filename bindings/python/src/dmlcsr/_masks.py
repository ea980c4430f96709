"""What is done with a label map once it is there: other ids, masks of some classes, larger, smaller and softer masks.

All return an array of height x width, uint8: a new one, or `out`, which may be the input itself. In masks a pixel is on
from 128; arrays of bool are masks, too. What lies beyond the picture neither adds to a mask nor takes from it."""

from typing import Any, Callable, Optional, Sequence

import numpy

from ._classes import Classes, class_bits
from ._errors import error
from ._header import Format, Status, dmlcsr_plane
from ._images import Array, output, picture
from ._library import library

_LARGEST = float(numpy.finfo(numpy.float32).max)


def remap(labels: Any, map: Any, *, out: Optional[Array] = None) -> Array:
    """Every label replaced by its entry in a table of 256 ids, such as class_map() makes."""
    ids = numpy.asarray(map)
    if ids.shape != (256,) or ids.dtype.kind not in "ui" or ids.min() < 0 or ids.max() > 255:
        raise error(Status.ERROR_ARGUMENT, "a table has 256 ids from 0 to 255")
    ids = numpy.ascontiguousarray(ids, numpy.uint8)
    return _run(labels, out, lambda source, target: library().dmlcsr_remap(source, ids.ctypes.data, target))


def select(labels: Any, classes: Classes, names: Sequence[str] = (), *, out: Optional[Array] = None) -> Array:
    """255 where the label is one of the classes, 0 elsewhere. Classes are ids, or names in `names`, such as
    parser.classes, or the classes of a scheme."""
    bits = class_bits(classes, names)
    return _run(labels, out, lambda source, target: library().dmlcsr_mask_select(source, bits, target))


def grow(mask: Any, radius: float, *, out: Optional[Array] = None) -> Array:
    """255 where a pixel that is on lies within `radius` pixels."""
    return _reach("radius", radius, mask, out, library().dmlcsr_mask_grow)


def shrink(mask: Any, radius: float, *, out: Optional[Array] = None) -> Array:
    """255 where no pixel that is off lies within `radius` pixels."""
    return _reach("radius", radius, mask, out, library().dmlcsr_mask_shrink)


def feather(mask: Any, width: float, *, out: Optional[Array] = None) -> Array:
    """A mask with a soft edge: from 0 to 255 within `width` pixels, half of them on each side."""
    return _reach("width", width, mask, out, library().dmlcsr_mask_feather)


def clean(matte: Any, band: float, *, out: Optional[Array] = None) -> Array:
    """A soft matte as it is at its edge, fully on or off from band / 2 pixels away: without haze and holes."""
    return _reach("band", band, matte, out, library().dmlcsr_mask_clean)


def _run(given: Any, out: Optional[Array], function: Callable[[dmlcsr_plane, dmlcsr_plane], Any]) -> Array:
    image = picture(given, Format.GRAY8)
    array, stride = output("out", True if out is None else out, (image.height, image.width), numpy.uint8)
    source = dmlcsr_plane(image.raw.pixels, image.width, image.height, image.raw.stride)
    target = dmlcsr_plane(array.ctypes.data, image.width, image.height, stride)
    status = function(source, target)
    if status != Status.OK:
        raise error(status, "out overlaps the input without being it, or the picture is too large for this machine")
    return array


def _reach(name: str, reach: float, given: Any, out: Optional[Array], function: Callable[..., Any]) -> Array:
    if not 0 <= reach <= _LARGEST:
        raise error(Status.ERROR_ARGUMENT, "%s is %s, must be 0 or above, and finite" % (name, reach))
    if getattr(given, "dtype", None) == numpy.bool_:
        given = given * numpy.uint8(255)

    def measured(source: dmlcsr_plane, target: dmlcsr_plane) -> Any:
        size = library().dmlcsr_mask_scratch(source.width, source.height)
        scratch = numpy.empty((size + 7) // 8, numpy.uint64)  # of 64 bits, to lie at a multiple of 8
        return function(source, reach, scratch.ctypes.data, size, target)

    return _run(given, out, measured)
