"""Prints what the Python binding holds in the words of bindings/layout.py: layout.py BINDINGS-FOLDER."""
import ctypes
import enum
import sys

sys.path[:0] = [sys.argv[1], sys.argv[1] + "/python/src/dmlcsr"]
import _header  # alone: the package around it wants numpy
import header

prefixes = dict(header.ENUMS.values())
for name, thing in vars(_header).items():
    if name.startswith("_") or not isinstance(thing, type):
        continue
    if issubclass(thing, enum.Enum):
        for member in thing:
            print(prefixes[name] + member.name, int(member))
    elif issubclass(thing, ctypes.Structure):
        print(name, ctypes.sizeof(thing))
        for field, _ in thing._fields_:
            print("%s.%s" % (name, field), getattr(thing, field).offset, getattr(thing, field).size)
