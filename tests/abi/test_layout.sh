#!/bin/bash
# Constants keep their numbers, structs their layout: what tests/abi/baseline/layout.txt says. Structs that begin with
# struct_size may grow at the end. Set by make: CC.
. tests/abi/baseline.sh
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0

# shellcheck disable=SC2086 # CC and the headers are several words
{
    echo 'typedef char wide[sizeof(void *) == 8 && sizeof(long) == 8 ? 1 : -1];' >"$folder/wide.c"
    ${CC:-cc} -fsyntax-only "$folder/wide.c" 2>/dev/null ||
        { echo "the promise was written down where pointers and long have 64 bits"; exit 77; }
}

# Lines that include/ as it is in a folder breaks.
broken() { # include folder
    # shellcheck disable=SC2086 # several headers
    layout "$1" $public_headers >"$folder/layout" || return
    broken_layout $baseline/layout.txt "$folder/layout" "$(cd "$1/dmlcsr" && growing $public_headers)"
}

expect() { # what, lines wanted ("" for none), lines found
    if [ "$2" = "$3" ]; then
        good=$((good + 1))
    else
        printf '%s:\nexpected: %s\nfound:    %s\n' "$1" "${2:-nothing}" "${3:-nothing}"
        bad=$((bad + 1))
    fi
}

# The headers with one change.
changed() { # what, sed command, lines wanted
    rm -rf "$folder/include"
    cp -r include "$folder/include"
    sed -i.old "$2" "$folder/include/dmlcsr/dmlcsr.h"
    ! cmp -s "$folder/include/dmlcsr/dmlcsr.h" "$folder/include/dmlcsr/dmlcsr.h.old" || expect "$1: the test changes nothing" "" changed
    expect "$1" "$3" "$(broken "$folder/include")"
}

expect "the headers break the promise (see doc/abi.md)" "" "$(broken include)"
wanted=$(($(grep -c . $baseline/layout.txt) > 100))
expect "lines in $baseline/layout.txt" 1 "$wanted"
changed "a new constant" 's/DMLCSR_ISA_NEON = 5/&, DMLCSR_ISA_NEW = 99/' ""
changed "another number" 's/DMLCSR_COMPOSE = 1/DMLCSR_COMPOSE = 2/' "DMLCSR_COMPOSE: was 1, is 2"
changed "a constant that is gone" 's/DMLCSR_LOG_INFO = 2//' "DMLCSR_LOG_INFO: gone"
changed "a field at the end of a struct with its size" 's/^    size_t category_edge_stride; .*/&\n    void *more;/' ""
changed "a frozen struct that grows" 's/^    int format; .*/&\n    size_t more;/' "dmlcsr_image: was 32, is 40"
changed "fields the other way round, and one more" \
    '/typedef struct dmlcsr_region/,/}/{
        s/    float center_x, center_y;/    float center_y, center_x;/
        s/^    float context; .*/&\n    double more;/
    }' \
    "dmlcsr_region.center_x: was 8 4 float center_x, center_y, is 12 4 float center_y, center_x
dmlcsr_region.center_y: was 12 4 float center_x, center_y, is 8 4 float center_y, center_x
dmlcsr_region.reserved: was 28 4 int reserved, is 40 4 int reserved"
changed "a field of another size" 's/    uint64_t matte_classes;/    uint32_t matte_classes;/' \
    "dmlcsr_result.matte_classes: was 80 8 uint64_t matte_classes, is 80 4 uint32_t matte_classes"
changed "a field of another type of that size" 's/    int keep_edges;/    float keep_edges;/' \
    "dmlcsr_options.keep_edges: was 24 4 int keep_edges, is 24 4 float keep_edges"
changed "a callback with another argument" 's/(\*log)(void \*opaque, int level/(*log)(void *opaque, long level/' \
    "dmlcsr_options.log: was 56 8 void (*log)(void *opaque, int level, const char *message), is 56 8 void (*log)(void *opaque, long level, const char *message)"
changed "a reserved field with a name" '/typedef struct dmlcsr_result/,/}/s/    uint32_t reserved;/    int named;/' ""
changed "a reserved field with a name and another size" '/typedef struct dmlcsr_result/,/}/s/    uint32_t reserved;/    uint16_t named;/' \
    "dmlcsr_result.reserved: gone"
changed "a struct that shrinks" '/^    size_t category_edge_stride;/d' \
    "dmlcsr_result: was 120, is 112
dmlcsr_result.category_edge_stride: gone"
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
