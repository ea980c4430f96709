# shellcheck shell=bash
# For the tests of the bindings, which use the library just built.
. tests/examples/common.sh
# shellcheck disable=SC2034 # for the scripts that read this
{
    here=$PWD/tests/bindings
    model=$PWD/weights/dmlcsr-small.safetensors
}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export LD_LIBRARY_PATH=$BUILD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} PYTHONDONTWRITEBYTECODE=1
[ -z "${SANITIZED:-}" ] || skip "other programs cannot load a library with a sanitizer in it"

# The pieces of a page in a language, one after the other.
pieces() { # page, language
    awk -v fence="\`\`\`$2" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$1"
}

# The file that a program must agree with: its lines "class ID NAME COLOUR".
same_classes() { # what, file
    if [ ! -s "$folder/classes.txt" ]; then
        # shellcheck disable=SC2086 # CC may be several words
        try 0 "classes.c" ${CC:-cc} -std=c11 -Iinclude "$here/classes.c" -o "$folder/classes" -L"$BUILD/lib" -ldmlcsr
        try 0 "classes" "$folder/classes" "$model"
        cp "$folder/out" "$folder/classes.txt"
    fi
    grep -o 'class [0-9]* [a-z].*' "$2" >"$folder/their.txt"
    try 0 "the classes that $1 names" diff "$folder/classes.txt" "$folder/their.txt"
}

# What the C compiler thinks of every number and struct, in $folder/layout.txt.
c_layout() {
    try 0 "a C program" python3 bindings/generate.py --layout c
    cp "$folder/out" "$folder/layout.c"
    # shellcheck disable=SC2086 # CC may be several words
    try 0 "compiles" ${CC:-cc} -std=c11 -Wall -Werror -Iinclude "$folder/layout.c" -o "$folder/layout"
    try 0 "numbers and structs of C" "$folder/layout"
    cp "$folder/out" "$folder/layout.txt"
}
