"""Reads the headers of the library: constants, structs and functions, for generate.py. It knows no more C than they
use, and refuses what it does not know, so that nothing is left out in silence."""

import re
from typing import NamedTuple

HEADERS = ["dmlcsr.h", "classes.h", "mask.h"]

# How an enum is called where a language wants a name: by its first constant, with the prefix its constants lose.
ENUMS = {
    "DMLCSR_OK": ("Status", "DMLCSR_"),
    "DMLCSR_RGB8": ("Format", "DMLCSR_"),
    "DMLCSR_ISA_AUTO": ("Isa", "DMLCSR_ISA_"),
    "DMLCSR_GEOMETRY_FINE": ("Geometry", "DMLCSR_GEOMETRY_"),
    "DMLCSR_PRECISION_AUTO": ("Precision", "DMLCSR_PRECISION_"),
    "DMLCSR_LOG_ERROR": ("Log", "DMLCSR_LOG_"),
    "DMLCSR_COMPOSE": ("Flags", "DMLCSR_"),
    "DMLCSR_F32": ("Storage", "DMLCSR_"),
    "DMLCSR_SCHEME_OWN": ("Scheme", "DMLCSR_SCHEME_"),
    "DMLCSR_SIDE_UNKNOWN": ("Side", "DMLCSR_SIDE_"),
}


class Constant(NamedTuple):
    name: str  # without the prefix
    value: int
    c_name: str
    comment: str


class Enum(NamedTuple):
    name: str
    constants: list


class Variable(NamedTuple):  # a field of a struct, a parameter, or what a function returns
    name: str
    type: object  # Type or Callback


class Type(NamedTuple):
    base: str  # "uint8_t", "char", "dmlcsr_image" ...
    pointers: tuple  # from the inside out: is what the pointer points to const?


class Callback(NamedTuple):
    returns: Type
    parameters: list


class Record(NamedTuple):
    name: str
    fields: list


class Function(NamedTuple):
    name: str
    returns: Type
    parameters: list


class Api(NamedTuple):
    version: tuple
    enums: list
    structs: list
    functions: list


def read(folder):
    """The headers in `folder`, and the version beside them."""
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in HEADERS)
    plain = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    version = (folder / "version.h").read_text(encoding="utf-8")
    numbers = [re.search(r"define DMLCSR_VERSION_%s (\d+)" % part, version) for part in ("MAJOR", "MINOR", "PATCH")]
    return Api(
        tuple(int(number[1]) for number in numbers),
        [_enum(body) for body in re.findall(r"\benum\s*\{(.*?)\}", text, re.S)],
        [Record(name, [field for line in _lines(body) for field in _fields(line)])
         for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", plain, re.S)],
        [_function(line) for line in re.findall(r"^DMLCSR_API\b([^;]*);", plain, re.M)],
    )


def _enum(body):
    found = re.findall(r"(\w+) = (-?\d+)\s*,?\s*(?:/\*\*<(.*?)\*/)?", body, re.S)
    names = re.findall(r"\bDMLCSR_\w+", re.sub(r"/\*.*?\*/", "", body, flags=re.S))
    if [name for name, _, _ in found] != names:
        raise ValueError("constants without a plain number among %s" % " ".join(names))
    if names[0] not in ENUMS:
        raise ValueError("the enum that begins with %s has no name in header.py" % names[0])
    title, prefix = ENUMS[names[0]]
    return Enum(title, [Constant(name[len(prefix):], int(value), name, " ".join(comment.split()))
                        for name, value, comment in found])


def _lines(body):
    return [" ".join(line.split()) for line in body.split(";") if line.strip()]


def _fields(line):
    """One declaration; several names may share a type when none of them is a pointer."""
    if "(" in line or "," not in line:
        return [_variable(line)]
    first, *more = [part.strip() for part in line.split(",")]
    if "*" in line:
        raise ValueError("several pointers in one declaration: %s" % line)
    first = _variable(first)
    return [first] + [Variable(name, first.type) for name in more]


def _variable(text):
    """`const char *name`, or `int (*name)(void *opaque, int level)`."""
    callback = re.fullmatch(r"(.*)\(\*(\w+)\)\((.*)\)", text)
    if callback:
        return Variable(callback[2], Callback(_type(callback[1]), _parameters(callback[3])))
    name = re.fullmatch(r"(.*?[\s*])(\w+)", text)
    return Variable(name[2], _type(name[1]))


def _parameters(text):
    return [] if text.strip() == "void" else [_variable(" ".join(part.split())) for part in text.split(",")]


def _type(text):
    constant, base, pointers = False, None, []
    for word in re.findall(r"\w+|\*|\S", text):
        if word == "const":
            constant = True
        elif word == "*":
            pointers.append(constant)
            constant = False
        elif re.fullmatch(r"\w+", word) and base is None:
            base = word
        else:
            raise ValueError("not understood: %s" % text)
    return Type(base, tuple(pointers))


def _function(text):
    whole = re.fullmatch(r"(.*?)(\w+)\((.*)\)", " ".join(text.split()))
    return Function(whole[2], _type(whole[1]), _parameters(whole[3]))
