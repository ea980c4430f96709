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

# Two faces in $photo; nothing in it where the readers of pictures cannot be built.
two_faces() {
    photo=
    if "${PKG_CONFIG:-pkg-config}" --exists libpng libjpeg 2>/dev/null; then
        helper photo -Iexamples examples/io.c examples/io_jpeg.c examples/io_png.c examples/exif.c
        photo=$folder/photo.rgb
        try 0 "a picture of two faces" "$folder/photo" examples/demo.jpg "$photo"
    else
        echo "skip  faces: libpng or libjpeg is missing"
    fi
}

# What the library says, as C hears it, must be what a program in another language has written.
same_facts() { # what, file
    if [ ! -s "$folder/facts.txt" ]; then
        # shellcheck disable=SC2086 # CC may be several words
        try 0 "facts.c" ${CC:-cc} -std=c11 -Iinclude "$here/facts.c" -o "$folder/facts" -L"$BUILD/lib" -ldmlcsr
        try 0 "facts" "$folder/facts" "$model" ${photo:+"$photo"}
        cp "$folder/out" "$folder/facts.txt"
        try 0 "facts: $(wc -l <"$folder/facts.txt")" [ "$(grep -c '^fact: ' "$folder/facts.txt")" -gt 180 ]
    fi
    grep -o 'fact: .*' "$2" >"$folder/their.txt"
    try 0 "what $1 says" diff "$folder/facts.txt" "$folder/their.txt"
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
