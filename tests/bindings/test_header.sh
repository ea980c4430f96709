#!/bin/bash
# What the bindings say about numbers, structs and functions is what dmlcsr.h, classes.h and mask.h say: the files that
# are made from them are up to date, ctypes lays structs out as the C compiler does, and any change on either side is
# noticed.
. tests/bindings/common.sh
command -v python3 >/dev/null 2>&1 || skip "no python3"

try 0 "the bindings are up to date" python3 bindings/generate.py --check
c_layout
try 0 "numbers and structs of ctypes" python3 "$here/layout.py" bindings
cp "$folder/out" "$folder/python.txt"
try 0 "are those of C" diff "$folder/layout.txt" "$folder/python.txt"
try 0 "all of them: $(wc -l <"$folder/layout.txt")" [ "$(wc -l <"$folder/layout.txt")" -gt 80 ]

# ---- a changed header ----

cp -r include "$folder/include"
changed=$folder/include/dmlcsr header=dmlcsr.h

# notices WHAT SED-COMMAND: after this change of $header, the check fails and shows the line.
notices() {
    sed "$2" "include/dmlcsr/$header" >"$changed/$header"
    if cmp -s "include/dmlcsr/$header" "$changed/$header"; then
        fail "$1: the test changes nothing"
        return
    fi
    try 1 "$1" python3 bindings/generate.py --check --headers "$changed"
    cp "include/dmlcsr/$header" "$changed/$header"
}

known=$(grep -c '^DMLCSR_' "$folder/layout.txt") tried=0
constants_of() { # header
    sed -n 's/\/\*.*//; s/\b\(DMLCSR_[A-Z0-9_]* = -\{0,1\}[0-9][0-9]*\)/\n\1\n/gp' "include/dmlcsr/$1" |
        sed -n 's/^\(DMLCSR_[A-Z0-9_]*\) = .*/\1/p'
}
for header in mask.h classes.h dmlcsr.h; do
    constants=$(constants_of $header)
    for name in $constants; do
        notices "another value of $name" "s/\b$name = /&9/"
        says "$name"
        tried=$((tried + 1))
    done
done
try 0 "constants: $known, in the headers $tried" [ "$tried" -eq "$known" ]
notices "a new status" 's/DMLCSR_ERROR_COMM = -15/&, DMLCSR_ERROR_NEW = -16/'
says "DMLCSR_ERROR_NEW" "enum class Status"
notices "a constant that is gone" 's/DMLCSR_GRAY8 = 4,//'
says "GRAY8" "enum class Format"
notices "a constant without a number" 's/DMLCSR_ISA_NEON = 5/DMLCSR_ISA_NEON/'
says "DMLCSR_ISA_NEON"
notices "an enum without a name" 's/DMLCSR_F32 = 0/DMLCSR_FIRST = 0/'
says "DMLCSR_FIRST"
notices "a field of another type" 's/uint64_t matte_classes;/uint32_t matte_classes;/'
says "matte_classes"
notices "a field more" 's/^    int format; .*/&\n    int more;/'
says "more"
notices "a field that is gone" '/float rotation;/d'
says "rotation"
notices "fields the other way round" 's/float center_x, center_y;/float center_y, center_x;/'
says "center_y"
notices "a callback with another argument" \
    's/int (\*progress)(void \*opaque, uint32_t done/int (*progress)(void *opaque, uint64_t done/'
says "progress"
notices "a function with an argument less" 's/dmlcsr_version(void)/dmlcsr_version(int of)/'
says "dmlcsr_version"
notices "a function that returns something else" \
    's/^DMLCSR_API uint32_t dmlcsr_threads/DMLCSR_API size_t dmlcsr_threads/'
says "dmlcsr_threads"
header=classes.h
notices "a new scheme" 's/DMLCSR_SCHEME_MERGED_8 = 8/&, DMLCSR_SCHEME_NEW = 9/'
says "DMLCSR_SCHEME_NEW" "enum class Scheme"
notices "a side that is gone" 's/DMLCSR_SIDE_PICTURE = 2,//'
says "SIDE_PICTURE" "enum class Side"
notices "schemes the other way round" \
    's/SCHEME_FACER_LAPA = 5/SCHEME_SEGFORMER = 5/; s/SCHEME_SEGFORMER = 6/SCHEME_FACER_LAPA = 6/'
says "FACER_LAPA" "SEGFORMER"
notices "another type of an argument" 's/int side, uint8_t other/int side, int other/'
says "dmlcsr_scheme_map" "dmlcsr_class_map"
header=mask.h
notices "another type of a field" 's/size_t stride; /uint32_t stride; /'
says "stride"
notices "a radius that counts pixels" 's/\(_mask_grow(const dmlcsr_plane \*mask, \)float radius/\1int radius/'
says "radius: f32" "radius: c_int"
notices "a function that is gone" '/^DMLCSR_API int dmlcsr_mask_select/d'
says "dmlcsr_mask_select"
try 0 "the same headers elsewhere" python3 bindings/generate.py --check --headers "$changed"
sed -i 's/VERSION_PATCH \([0-9]*\)/VERSION_PATCH 9\1/' "$changed/version.h"
try 1 "another version" python3 bindings/generate.py --check --headers "$changed"
says "_header.py" "dmlcsr-sys/Cargo.toml" "dmlcsr/Cargo.toml" "Cargo.lock"

# ---- changed bindings ----

mkdir "$folder/root"
cp -r include bindings examples "$folder/root"
# drifts FILE SED-COMMAND: after this change of a binding, the check fails and names the file.
drifts() {
    cp "$1" "$folder/root/$1"
    sed -i "$2" "$folder/root/$1"
    try 1 "a change in $1: $2" python3 bindings/generate.py --check --root "$folder/root"
    says "$1"
    cp "$1" "$folder/root/$1"
}
drifts bindings/python/src/dmlcsr/_header.py 's/NO_EDGES = -12/NO_EDGES = -13/'
drifts bindings/rust/dmlcsr-sys/src/lib.rs 's/DMLCSR_NV12: c_int = 5/DMLCSR_NV12: c_int = 4/'
drifts bindings/rust/dmlcsr/src/constants.rs '/DMLCSR_ERROR_LIMIT => /d'
drifts bindings/python/src/dmlcsr/_header.py 's/LAPA = 1$/LAPA = 2/'
drifts bindings/python/src/dmlcsr/_header.py '/"dmlcsr_remap"/s/c_void_p/c_char_p/'
drifts bindings/rust/dmlcsr-sys/src/lib.rs 's/DMLCSR_SIDE_SUBJECT: c_int = 1/DMLCSR_SIDE_SUBJECT: c_int = 2/'
drifts bindings/rust/dmlcsr/src/constants.rs 's/\(Helen = dmlcsr_sys::DMLCSR_SCHEME_\)HELEN/\1LAPA/'
drifts include/dmlcsr/dmlcsr.hpp '/DMLCSR_ERROR_LIMIT,/d'
drifts include/dmlcsr/dmlcsr.hpp 's/subject = DMLCSR_SIDE_SUBJECT/subject = DMLCSR_SIDE_PICTURE/'
drifts include/dmlcsr/dmlcsr.hpp 's/ lapa = DMLCSR_SCHEME_LAPA/ facer_lapa = DMLCSR_SCHEME_LAPA/'
drifts include/dmlcsr/dmlcsr.hpp 's/compatible = DMLCSR_GEOMETRY_COMPATIBLE/compatible = DMLCSR_GEOMETRY_FINE/'
rm "$folder/root/bindings/rust/dmlcsr/src/constants.rs"
try 0 "writing what is missing" python3 bindings/generate.py --root "$folder/root"
try 0 "as it was" diff -r "$folder/root/bindings/rust" bindings/rust
finish
