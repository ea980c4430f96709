"""The headers as Python: enums, ctypes structs, and the types of all functions."""

import textwrap

from header import Callback

SCALARS = {"void": "None", "int": "c_int", "float": "c_float", "size_t": "c_size_t", "uint8_t": "c_uint8",
           "uint32_t": "c_uint32", "uint64_t": "c_uint64"}
# Pixels, numbers and opaque pointers: plain addresses, which numpy and create_string_buffer give.
ADDRESSES = ("void", "uint8_t", "float", "dmlcsr")


def text(api):
    lines = ['"""Made by bindings/generate.py from the headers in include/dmlcsr: change those, not this."""', "",
             "import ctypes", "import enum", "", 'VERSION = "%d.%d.%d"' % api.version, "ABI = %d" % api.version[0]]
    for enum in api.enums:
        lines += ["", "", "class %s(enum.%s):" % (enum.name, "IntFlag" if enum.name == "Flags" else "IntEnum")]
        for constant in enum.constants:
            lines += textwrap.wrap(constant.comment, 120, initial_indent="    #: ", subsequent_indent="    #: ")
            lines.append("    %s = %d" % (constant.name, constant.value))
    structs = [struct.name for struct in api.structs]
    for struct in api.structs:
        lines += ["", "", "class %s(ctypes.Structure):" % struct.name, "    _fields_ = ["]
        lines += ['        ("%s", %s),' % (field.name, _type(field.type, structs)) for field in struct.fields]
        lines.append("    ]")
    lines += ["", "", "# name: what it returns, what it takes", "FUNCTIONS = {"]
    for function in api.functions:
        taken = [_type(parameter.type, structs) for parameter in function.parameters]
        line = '    "%s": (%s, [%s]),' % (function.name, _type(function.returns, structs), ", ".join(taken))
        if len(line) > 120:
            line = '    "%s": (%s, [\n        %s,\n    ]),' % (
                function.name, _type(function.returns, structs), ",\n        ".join(taken))
        lines.append(line)
    return "\n".join(lines + ["}", ""])


def _type(type_, structs):
    if isinstance(type_, Callback):
        parts = [type_.returns] + [parameter.type for parameter in type_.parameters]
        return "ctypes.CFUNCTYPE(%s)" % ", ".join(_type(part, structs) for part in parts)
    depth, inner = len(type_.pointers), None
    if depth and type_.base == "char":
        # What the library writes to is a buffer's address; what it reads or returns is bytes.
        depth, inner = depth - 1, "ctypes.c_char_p" if type_.pointers[0] else "ctypes.c_void_p"
    elif depth and type_.base in ADDRESSES:
        depth, inner = depth - 1, "ctypes.c_void_p"
    elif type_.base in structs:
        inner = type_.base
    else:
        inner = SCALARS[type_.base]
        inner = inner if inner == "None" else "ctypes." + inner
    for _ in range(depth):
        inner = "ctypes.POINTER(%s)" % inner
    return inner
