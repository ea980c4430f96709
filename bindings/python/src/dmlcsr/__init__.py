"""Face parsing with libdmlcsr: a photograph goes in, one class per pixel comes out.

    with dmlcsr.Parser() as parser:                          # the built-in model, default options
        labels = parser.parse(photo)                         # height x width, uint8
        hair = parser.matte(photo, ["hair", "hat"])          # soft, 0 to 255
        lips = dmlcsr.select(labels, ["u_lip", "l_lip"], parser.classes)

`photo` is an array of height x width x 3 (RGB), x 4 (RGBA) or height x width (grey), or a PIL image.
"""

from ._classes import ClassList, scheme_map, scheme_mirror, schemes
from ._errors import ArgumentError, Cancelled, Error, FileError, OutOfMemory
from ._files import Tensor, convert, export_onnx, inspect, model_path
from ._header import VERSION as __version__
from ._header import Format, Geometry, Isa, Log, Precision, Scheme, Side, Status, Storage
from ._images import Face, Region
from ._library import version
from ._masks import clean, feather, grow, remap, select, shrink
from ._parser import Logits, Parser, Result, isa_available

__all__ = [
    "ArgumentError", "Cancelled", "ClassList", "Error", "Face", "FileError", "Format", "Geometry", "Isa", "Log",
    "Logits", "OutOfMemory", "Parser", "Precision", "Region", "Result", "Scheme", "Side", "Status", "Storage", "Tensor",
    "__version__", "clean", "convert", "export_onnx", "feather", "grow", "inspect", "isa_available", "model_path",
    "remap", "scheme_map", "scheme_mirror", "schemes", "select", "shrink", "version",
]
