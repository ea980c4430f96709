#!/bin/bash
# The Rust crates: build offline with their own Cargo.lock, pass their tests, and have the numbers and structs of C.
. tests/bindings/common.sh
command -v cargo >/dev/null 2>&1 || skip "no cargo"
two_faces

cp -r bindings/rust "$folder/rust"
rm -rf "$folder/rust/target"
export CARGO_TARGET_DIR=$folder/target CARGO_NET_OFFLINE=true DMLCSR_LIB_DIR=$BUILD/lib DMLCSR_MODEL=$model
export DMLCSR_PHOTO=$photo
cargo="cargo --quiet --locked --offline" manifest="--manifest-path $folder/rust/Cargo.toml"
# shellcheck disable=SC2086 # lists of flags
{
    try 0 "no crate but these" [ "$(grep -c '^name = ' "$folder/rust/Cargo.lock")" -eq 2 ]
    try 0 "builds without a warning" env RUSTFLAGS="-D warnings" $cargo build $manifest
    try 0 "tests" $cargo test $manifest -- --nocapture
    says "test result: ok. 17 passed" "test result: ok. 6 passed" "test result: ok. 2 passed"
    $cargo test $manifest facts -- --nocapture >"$folder/tests.txt" 2>&1
    same_facts Rust "$folder/tests.txt"

    try 0 "doc/rust.md" rustdoc --test doc/rust.md --edition 2021 -L "native=$BUILD/lib" \
        --extern "dmlcsr=$folder/target/debug/libdmlcsr.rlib" -L "dependency=$folder/target/debug/deps"
    says "7 passed"

    if command -v python3 >/dev/null 2>&1; then
        c_layout
        mkdir "$folder/rust/dmlcsr-sys/examples"
        try 0 "a Rust program" python3 bindings/generate.py --layout rust
        cp "$folder/out" "$folder/rust/dmlcsr-sys/examples/layout.rs"
        try 0 "numbers and structs of Rust" $cargo run $manifest -p dmlcsr-sys --example layout
        cp "$folder/out" "$folder/rust.txt"
        try 0 "are those of C" diff "$folder/layout.txt" "$folder/rust.txt"
    else
        echo "skip  numbers and structs: no python3"
    fi
    env -u DMLCSR_LIB_DIR PKG_CONFIG="$folder/none" $cargo build $manifest >"$folder/log" 2>&1
    says "DMLCSR_LIB_DIR is not set"

    # What must not compile: two threads with one parser, a picture that is gone.
    refused() { # what, message, code
        mkdir -p "$folder/rust/dmlcsr/examples"
        printf 'use dmlcsr::*;\nfn main() { let mut p = Parser::new().unwrap(); %s }\n' "$3" \
            >"$folder/rust/dmlcsr/examples/no.rs"
        try 101 "$1" $cargo build $manifest -p dmlcsr --example no
        says "$2"
    }
    refused "two threads with one parser" "error[E0499]" \
        'let i = Image::new(Format::Gray8, &[0], 1, 1);
         std::thread::scope(|s| { s.spawn(|| p.parse(&i)); s.spawn(|| p.parse(&i)); });'
    refused "a picture that is gone" "error[E0597]" \
        'let i; { let pixels = vec![0u8]; i = Image::new(Format::Gray8, &pixels, 1, 1); } p.parse(&i).unwrap();'
}
finish
