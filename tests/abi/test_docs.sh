#!/bin/bash
# The C of README.md, doc/c.md, doc/api.md and doc/conventions.md compiles: all pieces of a page, one after the other, are one
# file. README.md's other languages need an installed library: test_install.sh.
set -u
file=$(mktemp) || exit 1
trap 'rm -f "$file"' EXIT
good=0 bad=0
for page in README.md doc/c.md doc/api.md doc/conventions.md; do
    awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$page" >"$file"
    for standard in c11 gnu17; do
        if [ -s "$file" ] && ${CC:-cc} -std=$standard -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -Wno-unused-function \
            -Iinclude -fsyntax-only -xc "$file"; then
            good=$((good + 1))
        else
            echo "$page does not compile as $standard"
            bad=$((bad + 1))
        fi
    done
done
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
