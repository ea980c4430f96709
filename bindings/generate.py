#!/usr/bin/env python3
"""Writes down for other languages what dmlcsr.h, classes.h and mask.h in include/dmlcsr say, so that no number is ever
copied by hand.

    generate.py                writes the files below that are out of date
    generate.py --check        changes nothing; complains when a file is out of date, or an enum of dmlcsr.hpp
    generate.py --layout c     a C program that prints sizes and offsets of all structs, for the tests
    generate.py --layout rust  the same in Rust

--headers FOLDER reads other headers, --root FOLDER compares with or writes to another tree.
"""

import argparse
import difflib
import pathlib
import re
import sys

import header
import layout
import to_python
import to_rust

FILES = {
    "bindings/python/src/dmlcsr/_header.py": to_python.text,
    "bindings/rust/dmlcsr-sys/src/lib.rs": to_rust.declarations,
    "bindings/rust/dmlcsr/src/constants.rs": to_rust.enums,
}
# Cargo wants the version written into these; the text around it is made by hand, or by Cargo.
CRATES = ["bindings/rust/dmlcsr-sys", "bindings/rust/dmlcsr", "examples/rust"]
MANIFESTS = [crate + "/Cargo.toml" for crate in CRATES] + ["bindings/rust/Cargo.lock", "examples/rust/Cargo.lock"]
WRAPPER = "include/dmlcsr/dmlcsr.hpp"


def wanted(api, root):
    """What each file should hold."""
    texts = {name: make(api) for name, make in FILES.items()}
    version = 'version = "%d.%d.%d"' % api.version
    for name in MANIFESTS:
        old = (root / name).read_text(encoding="utf-8")
        texts[name] = re.sub(r'^version = ".*"', version, old, flags=re.M)
    return texts


def read_or_nothing(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def differences(api, root):
    """Lines that say what is out of date."""
    lines = []
    for name, text in wanted(api, root).items():
        lines += difflib.unified_diff(read_or_nothing(root / name).splitlines(), text.splitlines(), name,
                                      "what the headers say", lineterm="", n=0)
    wrapper = (root / WRAPPER).read_text(encoding="utf-8")
    for enum in api.enums:
        found = re.search(r"enum class %s : \w+ \{(.*?)\};" % enum.name, wrapper, re.S)
        named = re.findall(r"(\w+) = (DMLCSR_\w+)", found[1]) if found else []
        if named != [(in_cpp(constant.name), constant.c_name) for constant in enum.constants]:
            lines.append("%s: enum class %s should have %s, in this order" % (WRAPPER, enum.name, ", ".join(
                "%s = %s" % (in_cpp(constant.name), constant.c_name) for constant in enum.constants)))
    return lines


def in_cpp(name):
    """ERROR_NO_EDGES -> no_edges; what is a word of the language gets longer."""
    short = name.lower().replace("error_", "", 1)
    return {"auto": "automatic", "struct": "structure"}.get(short, short)


def write(api, root):
    for name, text in wanted(api, root).items():
        if read_or_nothing(root / name) != text:
            (root / name).write_text(text, encoding="utf-8")
            print(name)


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--layout", choices=["c", "rust"])
    arguments.add_argument("--root", type=pathlib.Path, default=here)
    arguments.add_argument("--headers", type=pathlib.Path, default=here / "include/dmlcsr")
    given = arguments.parse_args()
    api = header.read(given.headers)
    if given.layout:
        print(layout.in_c(api) if given.layout == "c" else layout.in_rust(api), end="")
    elif given.check:
        lines = differences(api, given.root)
        if lines:
            sys.exit("\n".join(lines + ["out of date: run bindings/generate.py"]))
    else:
        write(api, given.root)


if __name__ == "__main__":
    main()
