#!/bin/bash
# `make install DESTDIR=` into an empty folder; then programs in C, C++, Python and Rust, those of README.md and doc/c.md
# among them, are built and run with nothing but what pkg-config says, and `make uninstall` leaves no file behind. Set by
# make: BUILD CC CXX MAKE PKG_CONFIG MODELS EMBED_MODEL.
set -u
if [ -n "${SANITIZED:-}" ]; then
    echo "other programs cannot load a library with a sanitizer in it"
    exit 77
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0 good=0

try() { # what, command...
    local what=$1
    shift
    if "$@" >"$folder/log" 2>&1; then
        good=$((good + 1))
    else
        echo "$what: failed: $*"
        tail -n 15 "$folder/log"
        bad=$((bad + 1))
    fi
}

has() { # lines wanted in the log of the last command
    local line
    for line in "$@"; do
        if grep -q "$line" "$folder/log"; then
            good=$((good + 1))
        else
            echo "not printed: $line"
            bad=$((bad + 1))
        fi
    done
}

try "make install" "$MAKE" -s --no-print-directory install BUILD="$BUILD" DESTDIR="$folder/root"
pc=$(find "$folder/root" -name dmlcsr.pc)
[ -f "$pc" ] || { echo "no dmlcsr.pc was installed"; exit 1; }

if [ "${MODELS:-yes}" = yes ]; then
    try "every model is installed" sh -c "ls weights | grep '^dmlcsr-.*safetensors' | while read -r name; do
        [ -n \"\$(find '$folder/root' -name \"\$name\")\" ] || exit 1; done"
else
    found=$(find "$folder/root" -name '*.safetensors')
    try "no model is installed: $found" [ -z "$found" ]
fi
# Where no model is in the library or beside it, programs that take the default model are built, but not run.
default=yes
if [ "${MODELS:-yes} ${EMBED_MODEL:-yes}" = "no no" ]; then
    default=
    echo "skip  runs with the default model: --disable-models"
fi
"$MAKE" -n --no-print-directory install-lib BUILD="$BUILD" MODELS=no DESTDIR="$folder/none" >"$folder/dry" 2>&1
try "none with MODELS=no" sh -c "grep -q 'm 644 .*dmlcsr.pc' '$folder/dry' && ! grep -q 'm 644 .*safetensors' '$folder/dry'"

export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$folder/root
libdir=${pc%/pkgconfig/dmlcsr.pc}
model=$(find "$folder/root" -name dmlcsr-small.safetensors)
# With the system's own prefix, pkg-config leaves out the flags that a compiler has anyway.
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
cflags=$($PKG_CONFIG --cflags dmlcsr)
libs=$($PKG_CONFIG --libs dmlcsr)
version=$(sed -n 's/^#define DMLCSR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/dmlcsr/version.h | tr '\n' . | sed 's/\.$//')
try "the version in dmlcsr.pc" [ "$($PKG_CONFIG --modversion dmlcsr)" = "$version" ]
try "the linker's name" [ -e "$libdir/libdmlcsr.so" ]
try "the loader's name" [ -e "$libdir/libdmlcsr.so.${version%%.*}" ]

run() { # what, program, arguments
    local what=$1
    shift
    LD_LIBRARY_PATH=$libdir try "$what" "$@"
}

parses() { # the same, of a program that takes the default model
    [ -z "$default" ] || run "$@"
}

# shellcheck disable=SC2046,SC2086 # flags are several words
{
    try "C" ${CC:-cc} -std=c99 -Wall -Werror $cflags tests/abi/use.c -o "$folder/use" $libs
    parses "C, run" "$folder/use" "$model" "$folder/out.safetensors"
    try "C, static" ${CC:-cc} $cflags tests/abi/use.c -o "$folder/use_static" "$libdir/libdmlcsr.a" \
        $($PKG_CONFIG --static --libs-only-l dmlcsr | sed 's/-ldmlcsr//')
    [ -z "$default" ] || try "C, static, run" "$folder/use_static" "$model" "$folder/out.safetensors"
    if command -v "${CXX:-c++}" >/dev/null 2>&1; then
        try "C++, use.c" "${CXX:-c++}" -x c++ -std=c++98 -Wall -Werror $cflags tests/abi/use.c -o "$folder/use_cpp" $libs
        parses "C++, use.c, run" "$folder/use_cpp" "$model" "$folder/out.safetensors"
    fi
}

# The library for training, or nothing of it where it is left out.
if [ -n "$TRAIN_SHARED" ]; then
    # shellcheck disable=SC2046,SC2086 # flags are several words
    {
        try "C, training" ${CC:-cc} -std=c99 -Wall -Werror $($PKG_CONFIG --cflags dmlcsr-train) tests/abi/use_train.c \
            -o "$folder/use_train" $($PKG_CONFIG --libs dmlcsr-train)
        run "C, training, run" "$folder/use_train" "$folder/model"
        has "a step" "a network of 2 classes"
        try "C, training, static" ${CC:-cc} $cflags tests/abi/use_train.c -o "$folder/use_train_static" \
            "$libdir/libdmlcsr-train.a" "$libdir/libdmlcsr.a" -lm -pthread
        try "C, training, static, run" "$folder/use_train_static" "$folder/model"
    }
else
    try "nothing of training: $(find "$folder/root" -name '*train*')" [ -z "$(find "$folder/root" -name '*train*')" ]
fi

# The same picture in every language: a table of shares comes out, the same table everywhere.
{
    printf 'P6\n96 80\n255\n'
    awk 'BEGIN { for (y = 0; y < 80; ++y) for (x = 0; x < 96; ++x) {
        d = (x - 48) ^ 2 * 1.6 + (y - 40) ^ 2
        printf("%s", d < 900 ? "~h`" : y > 60 ? "@@p" : "  0") } }'
} >"$folder/photo.ppm"

sample() { # language, command...
    local language=$1
    shift
    [ -n "$default" ] || return 0
    run "$language, run" "$@" "$folder/photo.ppm"
    grep '%' "$folder/log" >"$folder/table"
    [ -f "$folder/first" ] || cp "$folder/table" "$folder/first"
    try "$language, its table" cmp "$folder/first" "$folder/table"
    try "$language, a table of parts" [ -s "$folder/table" ]
}

# The pieces of a page in a language; the C of README.md is compiled by test_docs.sh.
pieces() { # page, language
    awk -v fence="\`\`\`$2" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$1"
}
readme() { pieces README.md "$1"; }

# In place of the picture library that README.md uses: any file is a grey picture of the demo's size.
without_pil() {
    mkdir "$folder/PIL"
    : >"$folder/PIL/__init__.py"
    cat >"$folder/PIL/Image.py" <<'END'
import numpy


class Picture:
    def convert(self, mode):
        return numpy.full((512, 512, len(mode)), 99, numpy.uint8)


def open(path):
    return Picture()
END
}

# The program of doc/c.md, built by each command of that page.
mkdir "$folder/c"
pieces doc/c.md c >"$folder/c/portrait.c"
tail -c 23040 "$folder/photo.ppm" >"$folder/c/photo.rgb"
# Not every pkg-config knows that DESTDIR stands before a variable, too.
pieces doc/c.md sh | sed "s|^cc |${CC:-cc} |; s|\$(pkg-config --variable=libdir dmlcsr)|$libdir|; s|pkg-config|$PKG_CONFIG|g" \
    >"$folder/c/lines"
try "commands in doc/c.md" [ "$(wc -l <"$folder/c/lines")" -eq 2 ]
while read -r line; do
    rm -f "$folder/c/portrait" "$folder/c/labels"
    try "doc/c.md" sh -c "cd '$folder/c' && $line"
    [ -n "$default" ] || continue
    run "doc/c.md, run" sh -c "cd '$folder/c' && ./portrait 96 80 <photo.rgb >labels"
    try "doc/c.md, its labels" [ "$(wc -c <"$folder/c/labels")" -eq 7680 ]
done <"$folder/c/lines"

# shellcheck disable=SC2086 # flags are several words
{
    try "examples/c" ${CC:-cc} $cflags examples/c/minimal.c -o "$folder/minimal" $libs
    sample "examples/c" "$folder/minimal"
    if command -v "${CXX:-c++}" >/dev/null 2>&1; then
        try "examples/cpp" "${CXX:-c++}" -std=c++17 -Wall $cflags examples/cpp/parse.cpp -o "$folder/parse" $libs -pthread
        sample "examples/cpp" "$folder/parse"
    else
        echo "skip  C++: no compiler"
    fi
}
# The first python3 of the path may be one that the system's packages do not reach.
python=
for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; fi
done
if [ -z "$default" ]; then
    : # all of Python's take it
elif [ -n "$python" ]; then
    export PYTHONDONTWRITEBYTECODE=1
    export PYTHONPATH=bindings/python/src${PYTHONPATH:+:$PYTHONPATH}
    sample "examples/python" "$python" examples/python/parse.py
    "$python" -c 'from PIL import Image' 2>/dev/null || without_pil
    readme python >"$folder/readme.py"
    run "README.md, Python" env PYTHONPATH="$PYTHONPATH:$folder" "$python" "$folder/readme.py"
    has "^hair [0-9]" "^background [0-9]"
    if "$python" -c 'import matplotlib, PIL' 2>/dev/null; then
        run "examples/python/overlay.py" "$python" examples/python/overlay.py examples/demo.jpg "$folder/overlay.png" \
            "$(cut -d , -f 1-3 examples/demo.region)"
        has "skin" "hair"
        try "a picture" [ "$(head -c 4 "$folder/overlay.png" | tail -c 3)" = PNG ]
    else
        echo "skip  examples/python/overlay.py: no matplotlib and PIL"
    fi
else
    echo "skip  Python: no numpy"
fi
if command -v cargo >/dev/null 2>&1; then
    mkdir "$folder/examples"
    cp -r examples/rust "$folder/examples"
    cp -r bindings "$folder"
    rust() { # what
        try "$1" env CARGO_TARGET_DIR="$folder/target" \
            cargo build --quiet --locked --offline --manifest-path "$folder/examples/rust/Cargo.toml"
    }
    rust "examples/rust"
    sample "examples/rust" "$folder/target/debug/parse"
    { readme rust; echo 'fn main() { print_parts(&[99; 64 * 48 * 3], 64, 48).unwrap() }'; } >"$folder/examples/rust/src/main.rs"
    rust "README.md, Rust"
    if [ -n "$default" ]; then
        run "README.md, Rust, run" "$folder/target/debug/parse"
        has "^hair [0-9]" "^background [0-9]"
    fi
else
    echo "skip  Rust: no cargo"
fi

# The programs find the library without help, and the pages about them are there.
for tool in $PROGRAMS; do
    try "$tool" env -u LD_LIBRARY_PATH "$(find "$folder/root" -path "*/bin/$tool")" --version
    has "$version"
    try "the man page of $tool" [ -n "$(find "$folder/root" -path "*/man1/$tool.1")" ]
done

try "make uninstall" "$MAKE" -s --no-print-directory uninstall BUILD="$BUILD" DESTDIR="$folder/root"
try "files left: $(find "$folder/root" ! -type d)" [ -z "$(find "$folder/root" ! -type d)" ]
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
