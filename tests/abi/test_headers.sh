#!/bin/bash
# Every public header compiles alone, as C99, C11, C++98 and C++17, without a warning.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0 good=0

try() { # language standard compiler...
    local language=$1 standard=$2
    shift 2
    for header in include/dmlcsr/*.h; do
        # Twice: the guard works; `sizeof` uses what the header declares.
        printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "${header#include/}" "${header#include/}" \
            >"$folder/alone.$language"
        if "$@" -std="$standard" -Wall -Wextra -Wshadow -Werror -pedantic -Iinclude -fsyntax-only "$folder/alone.$language"; then
            good=$((good + 1))
        else
            echo "$header does not compile as $standard with $*"
            bad=$((bad + 1))
        fi
    done
}

# shellcheck disable=SC2086 # CC may be several words
for standard in c99 c11; do try c $standard ${CC:-cc}; done
if command -v "${CXX:-c++}" >/dev/null 2>&1; then
    for standard in c++98 c++17; do try cpp $standard "${CXX:-c++}"; done
else
    echo "skip  C++: no compiler"
fi
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
