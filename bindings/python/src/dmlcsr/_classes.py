"""Class lists by name, called schemes here, and tables from one list to another."""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Union

import numpy

from ._arguments import c_string, choice, whole
from ._errors import error
from ._header import Scheme, Side, Status
from ._images import Array
from ._library import library, text

Classes = Union[str, int, Iterable[Union[str, int]]]
SchemeLike = Union[Scheme, int, str]
SideLike = Union[Side, str, None]


class ClassList(NamedTuple):
    """A scheme: the classes of a data set or of another tool, in the order of their ids."""

    name: str
    number: int  # a Scheme, or a plain int where only a newer library knows it
    side: str  # whose left "left" is: "subject", "picture", "unknown", or "none" where it is not told from right
    classes: List[str]  # as their origin spells them
    colors: Array  # classes x 3, uint8: the library's colours, RGB


def rgb(colors: Iterable[int]) -> Array:
    """Rows of bytes from numbers 0xRRGGBB."""
    return numpy.array([(color >> 16, color >> 8 & 255, color & 255) for color in colors], numpy.uint8)


def schemes() -> Dict[str, ClassList]:
    """All that the library knows, by name, in the order of their numbers."""
    lib, found = library(), {}
    for number in range(lib.dmlcsr_scheme_count()):
        name, labels = text(lib.dmlcsr_scheme_name(number)), range(lib.dmlcsr_scheme_class_count(number))
        side: str = Side(lib.dmlcsr_scheme_side(number)).name
        found[name] = ClassList(
            name, Scheme(number) if number in set(Scheme) else number, side.lower(),
            [text(lib.dmlcsr_scheme_class_name(number, label)) for label in labels],
            rgb(lib.dmlcsr_scheme_class_color(number, label) for label in labels))
    return found


def scheme_map(source: SchemeLike, target: SchemeLike, *, side: SideLike = None, other: int = 0) -> Array:
    """A table of 256 ids, uint8, from those of one scheme to those of another, for remap(). `side`: what left means in
    the result, "subject" or "picture"; None: what it means in the target. `other`: the id for classes without a
    counterpart; 255 stays 255, which marks pixels to ignore."""
    return table("from %r to %r" % (source, target), side, other, lambda *how: library().dmlcsr_scheme_map(
        scheme_number(source), scheme_number(target), *how))


def scheme_mirror(scheme: SchemeLike) -> Array:
    """A table of 256 ids, uint8, that swaps left and right: for the labels of a mirrored picture."""
    made = numpy.empty(256, numpy.uint8)
    status = library().dmlcsr_scheme_mirror(scheme_number(scheme), made.ctypes.data)
    if status != Status.OK:
        raise error(status, "there is no scheme %r" % scheme)
    return made


# ---- what numbers and bits are made of ----

def table(what: str, side: SideLike, other: int, make: Callable[..., Any]) -> Array:
    """`make` takes a side's number, the id of others, and the address of 256 ids."""
    made = numpy.empty(256, numpy.uint8)
    status = make(side_number(side), whole("other", other, 8), made.ctypes.data)
    if status != Status.OK:
        raise error(status, "no table %s, side %r, other %d: there is no such side or id in the target, or whose left "
                    "it is in the source is not known" % (what, side, other))
    return made


def scheme_number(scheme: SchemeLike) -> int:
    number: int = library().dmlcsr_scheme_find(c_string("scheme", scheme)) if isinstance(scheme, str) else scheme
    if not 0 <= number < library().dmlcsr_scheme_count():
        raise error(Status.ERROR_ARGUMENT, "there is no scheme %r, but %s" % (scheme, ", ".join(schemes())))
    return number


def side_number(side: SideLike) -> int:
    return Side.UNKNOWN if side is None else choice("side", Side, side)


def class_bits(classes: Classes, names: Sequence[str]) -> int:
    """Bit k for class k, given by its name in `names` or by its id. Without names, any id up to 63 will do."""
    bits = 0
    for named in [classes] if isinstance(classes, (str, int, numpy.integer)) else classes:
        label = names.index(named) if isinstance(named, str) and named in names else named
        if label not in range(min(64, len(names)) if names else 64):
            raise error(Status.ERROR_ARGUMENT, "there is no class %r, but %s" % (
                named, ", ".join(names) if names else "0 to 63, since no names are given"))
        bits |= 1 << int(label)
    return bits
