#!/bin/bash
# The promise of doc/abi.md as two files, and how a library is compared with them:
#   libdmlcsr.abi  functions with their types and versions, as libabigail's abidw writes them
#   layout.txt     every constant, and size and offset of every struct and field, as the C compiler sees them: abidw leaves
#                  out constants that no function names, and a comparison that lets a struct grow would let it shuffle, too
#
#   baseline.sh write LIBRARY    writes both to tests/abi/baseline/; `make abi-baseline` calls this
#
# Sourced by test_abi.sh and test_layout.sh for the functions below. CC: the compiler of layouts.
set -u
baseline=tests/abi/baseline
# train.h promises less.
public_headers=$(cd include/dmlcsr && echo *.h | sed 's/\<\(train\|version\)\.h *//g')

# Headers, comments and preprocessor lines gone, in one line.
plain() { # headers
    cat "$@" | sed '/^ *#/d' | tr '\n' ' ' | sed 's|/\*[^*]*\*\(\**[^/*][^*]*\*\)*\**/| |g'
}

# One line for each field of a public struct: struct, field, declaration.
fields() { # headers
    plain "$@" | grep -oE 'typedef struct [a-z0-9_]+ \{[^}]*\}' | sed 's/typedef struct //; s/}//' | awk -F '{' '{
        count = split($2, lines, ";")
        gsub(/ /, "", $1)
        for (i = 1; i <= count; i++) {
            line = names = lines[i]
            gsub(/ +/, " ", line)
            if (line ~ /^ *$/) continue
            if (names ~ /\(\*/) { sub(/.*\(\* */, "", names); sub(/\).*/, "", names) }
            gsub(/\[[^]]*\]/, "", names)
            n = split(names, name, ",")
            for (k = 1; k <= n; k++)
                if (match(name[k], /[A-Za-z_0-9]+ *$/)) {
                    word = substr(name[k], RSTART)
                    gsub(/ /, "", word)
                    print $1, word line
                }
        } }'
}

# Structs that begin with their size may grow at the end.
growing() { fields "$@" | awk '$2 == "struct_size" { print $1 }'; }

# What the compiler makes of constants and structs: `NAME value`, `struct size`, `struct.field offset size declaration`.
layout() { # include folder, headers in it under dmlcsr/
    local folder=$1 program
    shift
    program=$(mktemp -d) || return
    {
        printf '#include <dmlcsr/%s>\n' "$@"
        echo '#include <stdio.h>'
        echo 'int main(void) {'
        plain "${@/#/$folder/dmlcsr/}" | grep -oE 'DMLCSR_[A-Z0-9_]+ = ' |
            sed 's/\(.*\) = /printf("\1 %d\\n", \1);/'
        fields "${@/#/$folder/dmlcsr/}" | awk '{
            if ($1 != last) printf "printf(\"%s %%zu\\n\", sizeof(%s));\n", $1, $1
            last = $1
            text = substr($0, length($1 " " $2 " ") + 1)
            printf "printf(\"%s.%s %%zu %%zu %s\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n", $1, $2, text, $1, $2, $1, $2 }'
        echo 'return 0; }'
    } >"$program/layout.c"
    # shellcheck disable=SC2086 # CC may be several words
    ${CC:-cc} -std=c11 -I"$folder" "$program/layout.c" -o "$program/layout" && "$program/layout"
    local status=$?
    rm -rf "$program"
    return $status
}

# Lines of the promise that a layout breaks: gone, or another value. A struct of `growing` may be larger. A field that was
# reserved may have another name and type, of that size and in that place.
broken_layout() { # promise, layout, growing structs
    awk -v growing=" $(tr '\n' ' ' <<<"$3")" '
        NR == FNR { new[$1] = $0; if (split($1, part, ".") == 2) place[part[1], $2, $3] = 1; next }
        !($1 in new) && split($1, part, ".") == 2 && part[2] == "reserved" && ((part[1], $2, $3) in place) { next }
        !($1 in new) { print $1 ": gone"; next }
        new[$1] == $0 { next }
        index(growing, " " $1 " ") { split(new[$1], size, " "); if (size[2] > $2) next }
        { print $1 ": was " substr($0, length($1) + 2) ", is " substr(new[$1], length($1) + 2) }' "$2" "$1"
}

# No line numbers, no paths: the same sources give the same bytes wherever they are built.
describe() { # headers' folder, library, file to write
    abidw --headers-dir "$1" --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs \
        --exported-interfaces-only --out-file "$3" "$2"
}

struct_bits() { # name, description
    sed -n "s/.*<class-decl name='$1' size-in-bits='\([0-9]*\)'.*/\1/p" "$2"
}

# Additions are no difference. Status 0: the promise is kept; else the report says what is broken. Both sides are
# descriptions: given the library itself, abidiff would take every struct of one without places for private, and be silent.
compare() { # promise, headers' folder, library
    local work status
    work=$(mktemp -d) || return
    # A rule only where the size differs: with nothing inserted, it would let every other change of the struct pass.
    describe "$2" "$3" "$work/now.abi" || { rm -rf "$work"; return 1; }
    growing "$2"/*.h | while read -r name; do
        [ "$(struct_bits "$name" "$1")" = "$(struct_bits "$name" "$work/now.abi")" ] ||
            printf '[suppress_type]\n  type_kind = struct\n  name = %s\n  has_data_member_inserted_at = end\n' "$name"
    done >"$work/rules"
    abidiff --no-added-syms --suppressions "$work/rules" "$1" "$work/now.abi"
    status=$?
    rm -rf "$work"
    return $status
}

if [ "${1:-}" = write ] && [ $# -eq 2 ]; then
    command -v abidw >/dev/null || { echo "needs abidw (Debian: apt install abigail-tools)" >&2; exit 1; }
    # shellcheck disable=SC2086 # several headers
    describe include/dmlcsr "$2" "$baseline/libdmlcsr.abi.new" && layout include $public_headers >"$baseline/layout.txt.new" &&
        mv "$baseline/libdmlcsr.abi.new" "$baseline/libdmlcsr.abi" && mv "$baseline/layout.txt.new" "$baseline/layout.txt"
fi
