#!/bin/bash
# The library keeps what the last release promised, by libabigail: functions, their types and versions, the SONAME.
# Additions pass. First the comparison itself is tried on a small library that breaks its promise in every way.
# Set by make: SHARED STATIC CC.
. tests/abi/baseline.sh
skip() { echo "$1"; exit 77; }
command -v abidiff >/dev/null 2>&1 || skip "needs abidiff (Debian: apt install abigail-tools)"
[ -z "${SANITIZED:-}" ] || skip "a sanitizer adds symbols of its own"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0

count() { # status, what
    if [ "$1" -eq 0 ]; then
        good=$((good + 1))
    else
        echo "$2"
        sed 's/^/    /' "$folder/report"
        bad=$((bad + 1))
    fi
}

# ---- the comparison notices -----------------------------------------------------------------------------------------

# In DWARF 4: libabigail 2.2 does not find the file of what clang's DWARF 5 declares in the main file, and so takes the
# inside of an opaque struct for public.
small() { # folder, soname
    # shellcheck disable=SC2086 # CC may be several words
    ${CC:-cc} -std=c11 -gdwarf-4 -O1 -shared -fPIC -Wl,-soname,"${2:-libsmall.so.1}" \
        -Wl,--version-script,"$1/small.map" "$1/small.c" -o "$1/small.so"
}

# A copy of the small library with one change in one of its files; the promise is kept (0) or broken (1).
changed() { # status, what, files, sed command, text of the report
    local status
    rm -rf "$folder/changed"
    cp -r tests/abi/small "$folder/changed"
    if [ "$3" != soname ]; then
        # shellcheck disable=SC2086 # a pattern
        sed -i "$4" "$folder"/changed/$3
        ! diff -r "$folder/changed" tests/abi/small >/dev/null
        count $? "$2: the test changes nothing"
    fi
    small "$folder/changed" "$([ "$3" != soname ] || echo "$4")" >"$folder/report" 2>&1 || { count 1 "$2 does not compile"; return; }
    compare "$folder/small.abi" "$folder/changed" "$folder/changed/small.so" >"$folder/report" 2>&1
    status=$?
    { [ "$1" -eq 0 ] && [ $status -eq 0 ]; } || { [ "$1" -ne 0 ] && [ $status -ge 4 ]; }
    count $? "$2: status $status"
    [ -z "${5:-}" ] || { grep -q "$5" "$folder/report"; count $? "$2: the report does not name $5"; }
}

cp -r tests/abi/small "$folder/small"
small "$folder/small" && describe "$folder/small" "$folder/small/small.so" "$folder/small.abi" || exit 1
changed 0 "another inside" small.c 's/uint32_t inside;/uint64_t more; uint32_t inside;/'
changed 0 "a field at the end of a struct with its size" small.h 's/    void \*opaque;/&\n    uint32_t more;/'
sed -i 's/^    small_count;/&\n    small_more;/' "$folder/small/small.map"
printf 'int small_more(void);\nint small_more(void)\n{\n    return 1;\n}\n' >>"$folder/small/small.c"
small "$folder/small" && compare "$folder/small.abi" "$folder/small" "$folder/small/small.so" >"$folder/report"
count $? "a new function"
changed 1 "a function that is gone" small.map '/small_count;/d' small_count
changed 1 "a function of another version" small.map 's/SMALL_1/SMALL_2/' small_count
changed 1 "another type of a parameter" small.[ch] 's/uint8_t \*labels/uint16_t *labels/' small_parse
changed 1 "a parameter more" small.[ch] 's/uint8_t \*labels/&, int more/' small_parse
changed 1 "another type of a result" small.[ch] 's/^uint32_t small_count/uint64_t small_count/' small_count
changed 1 "a frozen struct that grows" small.h 's/    uint32_t width, height;/&\n    int more;/' small_image
changed 1 "a field in the middle" small.h 's/    uint32_t threads;/    uint64_t more;\n&/' small_options
changed 1 "a field that is gone" small.h '/    int isa;/d' small_options
changed 1 "a field of another type" small.h 's/    int isa;/    float isa;/' small_options
changed 1 "a callback with another argument" small.h 's/int level)/long level)/' small_options
changed 1 "another SONAME" soname libsmall.so.2 SONAME

# ---- the library ----------------------------------------------------------------------------------------------------

machine=$(sed -n "s/.*architecture='elf-\([^']*\)'.*/\1/p" $baseline/libdmlcsr.abi | head -n 1)
if ! describe include/dmlcsr "$SHARED" "$folder/now.abi" 2>"$folder/report"; then
    count 1 "abidw cannot read $SHARED"
elif ! grep -q "architecture='elf-$machine'" "$folder/now.abi"; then
    echo "skip  abi/test_abi.sh: the promise was written down on $machine, this is another machine"
elif ! grep -q '<function-decl' "$folder/now.abi"; then
    echo "skip  abi/test_abi.sh: the library was built without -g, its types are not known"
else
    compare $baseline/libdmlcsr.abi include/dmlcsr "$SHARED" >"$folder/report" 2>&1
    count $? "$SHARED breaks the promise of $baseline/libdmlcsr.abi (see doc/abi.md):"
    # The real library with a function less: what is compared above is not empty.
    sed '/dmlcsr_side;/d' libdmlcsr/dmlcsr.map >"$folder/less.map"
    # shellcheck disable=SC2086 # CC may be several words
    ${CC:-cc} -shared -pthread -Wl,-soname,"$(basename "${SHARED%.*.*}")" -Wl,--version-script,"$folder/less.map" \
        -o "$folder/less.so" -Wl,--whole-archive "$STATIC" -Wl,--no-whole-archive -lm >"$folder/report" 2>&1
    count $? "the library with a function less does not link"
    ! compare $baseline/libdmlcsr.abi include/dmlcsr "$folder/less.so" >"$folder/report" 2>&1 && grep -q dmlcsr_side "$folder/report"
    count $? "dmlcsr_side is gone, and nobody notices:"
fi
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
