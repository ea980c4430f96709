#!/bin/bash
# The man pages name every option that --help names, and no other; that of dmlcsr-train every setting with its default;
# those of section 3 every function of their library. Set by make: BUILD PROGRAMS.
. tests/examples/common.sh

# Options, one a line, of what --help prints: those that begin a line, not those that a sentence mentions.
told() { sed -nE 's/^ +(-.*)/\1/p' | sed 's/   *.*//' | grep -oE '(^|, )--?[a-zA-Z][a-z0-9-]*' | sed 's/^, //'; }

# Options that have an entry in a page: `.It Fl o , Fl Fl output Ar dir`, or in the other macros `.B \-\-fresh`.
described() { # page
    sed -n 's/^\.It //p' "$1" | grep -oE '\bFl( Fl)? [a-zA-Z][a-z0-9-]*' | sed 's/^Fl Fl /--/; s/^Fl /-/'
    grep -A 1 '^\.TP' "$1" | sed -n 's/\\-/-/g; s/^\.B \(--[a-z-]*\)$/\1/p'
}

# A page's settings: `name default`, as --help has them.
settings() { # page
    sed -n 's/\\-/-/g; s/^\.BR \([a-z0-9_]*\) " (\(.*\))"$/\1 \2/p' "$1" | sed 's/ none$/ -/'
}

compare() { # what, wanted, found
    diff <(sort -u <<<"$2") <(sort -u <<<"$3") >"$folder/log"
    if [ -n "$2" ] && [ ! -s "$folder/log" ]; then ok; else fail "$1:"; fi
}

for program in $PROGRAMS; do
    page=doc/man/$program.1
    try 0 "$program --help" "$BUILD/bin/$program" --help
    cp "$folder/out" "$folder/help"
    options=$(told <"$folder/help")
    compare "options of $program --help (<) and $page (>)" "$options" "$(described "$page")"
    if [ "$program" = dmlcsr-train ]; then
        wanted=$(sed -n '/^settings/,$s/^  \([a-z][a-z0-9_]*\)  *\([^ ]*\).*/\1 \2/p' "$folder/help")
        compare "settings of $program --help (<) and $page (>)" "$wanted" "$(settings "$page")"
    fi
    try 0 "the date of $page" grep -E '^\.(Dd |TH .* ")[A-Z][a-z]+ [0-9]+, 20[0-9][0-9]' "$page"
done

# The test itself: an entry of another name, another default.
sed 's/^\.It Fl l , Fl Fl list/.It Fl l , Fl Fl lost/' doc/man/dmlcsr-convert.1 >"$folder/page"
described "$folder/page" | diff <(described doc/man/dmlcsr-convert.1) - >"$folder/log"
[ "$(grep -c '^[<>] --l[io]st$' "$folder/log")" -eq 2 ] && ok || fail "an option of another name is not noticed"
sed 's/^\.BR seed .*/.BR seed " (2)"/' doc/man/dmlcsr-train.1 >"$folder/page"
settings "$folder/page" | diff <(settings doc/man/dmlcsr-train.1) - >"$folder/log"
[ "$(grep -c '^[<>] seed [12]$' "$folder/log")" -eq 2 ] && ok || fail "another default is not noticed"

# Functions of a map, and those of a synopsis; the ones that are inline have no symbol.
functions() { sed -n 's/^ *\(dmlcsr_[a-z0-9_]*\);.*/\1/p' "$1"; }
synopsis() {
    sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.F[no] \(dmlcsr_[a-z0-9_]*\).*/\1/p' "$1" | grep -v '^dmlcsr_face_region$'
}
compare "functions (<) and doc/man/dmlcsr.3 (>)" "$(functions libdmlcsr/dmlcsr.map)" "$(synopsis doc/man/dmlcsr.3)"
compare "functions (<) and doc/man/dmlcsr-train.3 (>)" "$(functions libdmlcsr/train/dmlcsr-train.map)" \
    "$(synopsis doc/man/dmlcsr-train.3)"
finish
