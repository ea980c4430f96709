#!/bin/bash
# A program that was compiled with the header of 0.1 runs on today's library, and needs no symbol that 0.1 did not have.
# The frozen header declares what the node DMLCSR_0.1 of the map lists. Set by make: BUILD CC NM.
set -u
if [ -n "${SANITIZED:-}" ]; then
    echo "other programs cannot load a library with a sanitizer in it"
    exit 77
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0

result() { # status, what
    if [ "$1" -eq 0 ]; then good=$((good + 1)); else bad=$((bad + 1)); echo "$2"; fi
}

grep -oE '\bdmlcsr_[a-z0-9_]+ *\(' tests/abi/dmlcsr_0_1.h | tr -d ' (' | grep -v '_init$' | sort -u >"$folder/header"
sed -n '/^DMLCSR_0\.1 /,/^}/s/^ *\(dmlcsr_[a-z0-9_]*\);.*/\1/p' libdmlcsr/dmlcsr.map | sort >"$folder/map"
[ "$(wc -l <"$folder/map")" -eq 26 ]
result $? "the node of a release does not change; it has $(wc -l <"$folder/map") functions instead of 26"
diff "$folder/header" "$folder/map"
result $? "the header of 0.1 (<) and the node DMLCSR_0.1 of the map (>) differ"

# shellcheck disable=SC2086 # CC may be several words
${CC:-cc} -std=c11 -Wall -Wextra -Werror tests/abi/old_program.c -o "$folder/old" -L"$BUILD/lib" -ldmlcsr ||
    { echo "old_program.c does not compile"; exit 1; }
"${NM:-nm}" -D --undefined-only "$folder/old" | sed -n 's/.* \(dmlcsr_.*\)/\1/p' | sort >"$folder/needed"
sed 's/@.*//' "$folder/needed" | diff - "$folder/map"
result $? "the program (<) does not call every function of 0.1 (>)"
if grep -q '@' "$folder/needed"; then
    ! grep -v '@DMLCSR_0\.1$' "$folder/needed"
    result $? "the program needs symbols of later versions"
fi
LD_LIBRARY_PATH=$BUILD/lib "$folder/old" weights/dmlcsr-small.safetensors "$folder/out.safetensors" >"$folder/log" 2>&1
status=$?
sed '$d' "$folder/log"
read -r more _ worse _ < <(tail -n 1 "$folder/log" | tr -d ,)
if [ $status -gt 1 ] || [[ ! ${more:-x} =~ ^[0-9]+$ ]]; then
    cat "$folder/log"
    result 1 "the program ends with status $status"
else
    good=$((good + more)) bad=$((bad + worse))
fi
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
