#!/bin/bash
# What the header declares, what the map lists and what the shared library exports are the same functions; the library
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
cat include/dmlcsr/*.h | tr '\n' ' ' | sed 's|/\*[^*]*\*\(\**[^/*][^*]*\*\)*\**/| |g' | tr ';' '\n' |
    grep -v 'define DMLCSR_API.*define DMLCSR_API$' | grep -oE 'DMLCSR_API [a-z][^(]*\(' |
    grep -oE 'dmlcsr_[a-z0-9_]+ *\($' | tr -d ' (' | sort >"$folder/header"
sed -n 's/^ *\(dmlcsr_[a-z0-9_]*\);.*/\1/p' libdmlcsr/dmlcsr.map | sort >"$folder/map"
"$NM" -D --defined-only "$SHARED" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$folder/library"

[ -s "$folder/header" ]
result "no function found in the headers" $?
diff "$folder/header" "$folder/map"
result "headers (<) and libdmlcsr/dmlcsr.map (>) differ" $?
diff "$folder/map" "$folder/library"
result "libdmlcsr/dmlcsr.map (<) and the exports of $SHARED (>) differ" $?

# Every exported symbol has a version node, and the node is the release that added it.
"$NM" -D --defined-only "$SHARED" | awk '$2 != "A" { print $3 }' | grep -vE '@@?DMLCSR_[0-9]+\.[0-9]+$'
[ $? -eq 1 ]
result "exports without a version" $?

if [ -z "${SANITIZED:-}" ] && command -v readelf >/dev/null 2>&1; then
    major=$(sed -n 's/^#define DMLCSR_VERSION_MAJOR //p' include/dmlcsr/version.h)
    readelf -dW "$SHARED" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' | grep -qx "libdmlcsr\.so\.$major"
    result "the SONAME is not libdmlcsr.so.$major" $?
    readelf -dW "$SHARED" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc|libm|libpthread|ld-linux[^.]*|libc\.musl[^.]*)\.so'
    [ $? -eq 1 ]
    result "the library needs more than libc, libm and pthreads" $?
    ! readelf -dW "$SHARED" | grep -E 'TEXTREL|RPATH|RUNPATH'
    result "text relocations or a run path" $?
    ! readelf -lW "$SHARED" | grep -E 'GNU_STACK.*RWE'
    result "executable stack" $?
fi
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
