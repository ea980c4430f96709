#!/bin/bash
# The static library in programs of other languages, with no flag but its own: C++, and Rust through the crate with
# DMLCSR_STATIC; none of them needs a shared libdmlcsr then. Set by make: BUILD STATIC CC CXX PKG_CONFIG.
set -u
if [ -n "${SANITIZED:-}" ]; then
    echo "other programs cannot link a library with a sanitizer in it"
    exit 77
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0
static=$(cd "$(dirname "$STATIC")" && pwd)/${STATIC##*/}

try() { # what, command...
    local what=$1
    shift
    if "$@" >"$folder/log" 2>&1 </dev/null; then
        good=$((good + 1))
    else
        echo "$what: failed: $*"
        tail -n 15 "$folder/log"
        bad=$((bad + 1))
    fi
}

alone() { # program
    ! readelf -d "$1" 2>/dev/null | grep -q 'NEEDED.*dmlcsr'
}

{ printf 'P6\n48 48\n255\n' && head -c 6912 weights/dmlcsr-small.safetensors; } >"$folder/photo.ppm"
model=weights/dmlcsr-small.safetensors
if command -v "${CXX:-c++}" >/dev/null 2>&1; then
    try "C++98" "${CXX:-c++}" -x c++ -std=c++98 -Iinclude tests/abi/use.c -o "$folder/use" -x none "$static"
    try "C++98, run" "$folder/use" "$model" "$folder/out.safetensors"
    try "C++17" "${CXX:-c++}" -std=c++17 -Iinclude examples/cpp/parse.cpp -o "$folder/parse" "$static"
    try "C++17, run" "$folder/parse" "$folder/photo.ppm"
    try "C++17, alone" alone "$folder/parse"
else
    echo "skip  C++: no compiler"
fi

if command -v cargo >/dev/null 2>&1; then
    mkdir "$folder/lib" "$folder/both" "$folder/examples"
    ln -s "$static" "$folder/lib"
    cp -r examples/rust "$folder/examples"
    cp -r bindings "$folder"
    rust() { # variables...
        env -u DMLCSR_STATIC -u DMLCSR_LIB_DIR "$@" CARGO_TARGET_DIR="$folder/target" cargo build --quiet --locked --offline \
            --manifest-path "$folder/examples/rust/Cargo.toml"
    }
    # With both libraries there, the variable decides; without it, the shared one is taken.
    cp -P "$(dirname "$static")"/libdmlcsr.* "$folder/both"
    try "Rust, static" rust DMLCSR_STATIC=1 DMLCSR_LIB_DIR="$folder/both"
    try "Rust, static, run" "$folder/target/debug/parse" "$folder/photo.ppm"
    try "Rust, static, alone" alone "$folder/target/debug/parse"
    try "Rust, shared" rust DMLCSR_STATIC=0 DMLCSR_LIB_DIR="$folder/both"
    if alone "$folder/target/debug/parse"; then bad=$((bad + 1)); echo "DMLCSR_STATIC=0 links statically"; else good=$((good + 1)); fi
    printf 'Name: dmlcsr\nDescription: .\nVersion: 0\nLibs: -L%s -ldmlcsr\nLibs.private: -lm -lpthread\n' "$folder/lib" \
        >"$folder/dmlcsr.pc"
    try "Rust, static, pkg-config" rust DMLCSR_STATIC=1 PKG_CONFIG_PATH="$folder"
    try "Rust, static, pkg-config, run" "$folder/target/debug/parse" "$folder/photo.ppm"
else
    echo "skip  Rust: no cargo"
fi
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
