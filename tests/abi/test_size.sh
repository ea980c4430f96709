#!/bin/bash
# The stripped library without the model is at most 400 kB: on x86-64, as gcc makes it with the flags of a plain
# ./configure. Others may be larger, and are not told here.
set -u
most=400000
skip() {
    echo "$1"
    exit 77
}
[ -z "${SANITIZED:-}" ] || skip "a sanitizer adds code of its own"
grep -qE '^(gcc|cc) [^/]* -O2 -g -ffp-contract=off [a-zA-Z -]*=hidden -pthread -O3 +(yes|no) ' "$BUILD/flags" ||
    skip "made with other flags than those that are measured"
case $(readelf -hW "$SHARED" 2>/dev/null) in
*X86-64*) ;;
*) skip "not for x86-64, or no readelf" ;;
esac

copy=$(mktemp) || exit 1
trap 'rm -f "$copy"' EXIT
strip -o "$copy" "$SHARED" || exit 1
size=$(($(wc -c <"$copy")))
model=$(($(wc -c <weights/dmlcsr-small.safetensors)))
constants=$(size -A "$SHARED" | awk '$1 == ".rodata" { print $2 }')
[ "$constants" -lt "$model" ] || size=$((size - model))
echo "$size bytes without the model"
if [ "$size" -gt "$most" ]; then
    echo "0 passed, 1 failed: more than $most"
    exit 1
fi
echo "1 passed, 0 failed"
