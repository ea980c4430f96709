#!/bin/bash
# What headers declare, what their map lists and what their shared library exports are the same functions; a library
# needs nothing but libc and libm; its stack is not executable and its code needs no relocation.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0 good=0
NM=${NM:-nm}

result() { # text status
    if [ "$2" -eq 0 ]; then
        good=$((good + 1))
    else
        echo "$1"
        bad=$((bad + 1))
    fi
}

# A declaration may span lines: join them, drop comments, take the name before the first bracket.
declared() { # headers
    cat "$@" | tr '\n' ' ' | sed 's|/\*[^*]*\*\(\**[^/*][^*]*\*\)*\**/| |g' | tr ';' '\n' |
        grep -v 'define DMLCSR_API.*define DMLCSR_API$' | grep -oE 'DMLCSR_API [a-z][^(]*\(' |
        grep -oE 'dmlcsr_[a-z0-9_]+ *\($' | tr -d ' (' | sort
}

check() { # headers in one word, map, shared library, its name
    # shellcheck disable=SC2086 # several headers
    declared $1 >"$folder/header"
    sed -n 's/^ *\(dmlcsr_[a-z0-9_]*\);.*/\1/p' "$2" | sort >"$folder/map"
    "$NM" -D --defined-only "$3" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$folder/library"

    [ -s "$folder/header" ]
    result "no function found in $1" $?
    diff "$folder/header" "$folder/map"
    result "$1 (<) and $2 (>) differ" $?
    diff "$folder/map" "$folder/library"
    result "$2 (<) and the exports of $3 (>) differ" $?

    # Every exported symbol has a version node, and the node is the release that added it.
    "$NM" -D --defined-only "$3" | awk '$2 != "A" { print $3 }' | grep -vE '@@?DMLCSR_(TRAIN_)?[0-9]+\.[0-9]+$'
    [ $? -eq 1 ]
    result "exports of $3 without a version" $?
    if [ -z "${SANITIZED:-}" ] && command -v readelf >/dev/null 2>&1; then dynamic "$3" "$4"; fi
}

dynamic() { # shared library, its name
    local major
    major=$(sed -n 's/^#define DMLCSR_VERSION_MAJOR //p' include/dmlcsr/version.h)
    readelf -dW "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' | grep -qx "$2\.so\.$major"
    result "the SONAME is not $2.so.$major" $?
    readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm|libpthread|ld-linux[^.]*|libc\.musl[^.]*)\.so'
    [ $? -eq 1 ]
    result "$1 needs more than libc, libm and pthreads" $?
    ! readelf -dW "$1" | grep -E 'TEXTREL|RPATH|RUNPATH'
    result "$1: text relocations or a run path" $?
    ! readelf -lW "$1" | grep -E 'GNU_STACK.*RWE'
    result "$1: executable stack" $?
}

check "include/dmlcsr/dmlcsr.h include/dmlcsr/classes.h include/dmlcsr/mask.h" libdmlcsr/dmlcsr.map "$SHARED" \
    libdmlcsr
# Empty where training is left out of the build.
[ -z "$TRAIN_SHARED" ] || check include/dmlcsr/train.h libdmlcsr/train/dmlcsr-train.map "$TRAIN_SHARED" libdmlcsr-train
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
