"""The headers as Rust: declarations for dmlcsr-sys, and enums for the safe crate."""

import textwrap

from header import Callback

SCALARS = {"int": "c_int", "char": "c_char", "void": "c_void", "float": "f32", "size_t": "usize", "uint8_t": "u8",
           "uint32_t": "u32", "uint64_t": "u64"}
MADE = "// Made by bindings/generate.py from the headers in include/dmlcsr: change those, not this."


def declarations(api):
    lines = ["//! What `dmlcsr.h`, `classes.h` and `mask.h` declare, word for word. The crate `dmlcsr` is the safe way to it.",
             MADE,
             "#![allow(non_camel_case_types)]", "use std::marker::{PhantomData, PhantomPinned};",
             "use std::os::raw::{c_char, c_int, c_void};", "",
             "/// A parser. Opaque.", "#[repr(C)]", "pub struct dmlcsr {", "    _opaque: [u8; 0],",
             "    _marker: PhantomData<(*mut u8, PhantomPinned)>,", "}"]
    for enum in api.enums:
        lines.append("")
        kind = "u32" if enum.name == "Flags" else "c_int"
        for constant in enum.constants:
            lines += _comment(constant, "") + ["pub const %s: %s = %d;" % (constant.c_name, kind, constant.value)]
    for struct in api.structs:
        lines += ["", "#[repr(C)]", "#[derive(Clone, Copy)]", "pub struct %s {" % struct.name]
        lines += ["    pub %s: %s," % (field.name, _type(field.type)) for field in struct.fields] + ["}"]
    lines += ["", 'extern "C" {']
    for function in api.functions:
        taken = ["%s: %s" % (parameter.name, _type(parameter.type)) for parameter in function.parameters]
        line = "    pub fn %s(%s)%s;" % (function.name, ", ".join(taken), _returns(function.returns))
        if len(line) > 120:
            line = "    pub fn %s(\n        %s,\n    )%s;" % (
                function.name, ",\n        ".join(taken), _returns(function.returns))
        lines.append(line)
    return "\n".join(lines + ["}", ""])


def enums(api):
    lines = ["//! The library's numbers as enums. Each has a place for what a newer library may add.", MADE,
             "use std::os::raw::c_int;", ""]
    for enum in api.enums:
        if enum.name == "Flags":  # a switch of `Outputs`
            continue
        lines += ["#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]", "#[non_exhaustive]", "#[repr(i32)]",
                  "pub enum %s {" % enum.name]
        for constant in enum.constants:
            lines += _comment(constant, "    ") + ["    %s = dmlcsr_sys::%s," % (camel(constant.name), constant.c_name)]
        lines += ["}", "", "impl %s {" % enum.name, "    /// The one with the library's number, if it is known.",
                  "    pub fn from_raw(number: c_int) -> Option<%s> {" % enum.name, "        Some(match number {"]
        lines += ["            dmlcsr_sys::%s => %s::%s," % (constant.c_name, enum.name, camel(constant.name))
                  for constant in enum.constants]
        lines += ["            _ => return None,", "        })", "    }", "}", ""]
    return "\n".join(lines)


def camel(name):
    """ERROR_NO_EDGES -> NoEdges, RGB8 -> Rgb8."""
    return "".join(word.capitalize() for word in name.replace("ERROR_", "", 1).split("_"))


def _comment(constant, indent):
    return textwrap.wrap(constant.comment, 120, initial_indent=indent + "/// ", subsequent_indent=indent + "/// ")


def _returns(type_):
    return "" if type_.base == "void" and not type_.pointers else " -> " + _type(type_)


def _type(type_):
    if isinstance(type_, Callback):
        taken = ", ".join(_type(parameter.type) for parameter in type_.parameters)
        return 'Option<unsafe extern "C" fn(%s)%s>' % (taken, _returns(type_.returns))
    text = SCALARS.get(type_.base, type_.base)
    for constant in type_.pointers:
        text = "*%s %s" % ("const" if constant else "mut", text)
    return text
