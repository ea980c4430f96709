#!/bin/bash
# What the pages name is there: files that they link to, with the heading; paths; options of configure; targets, suites
# and variables of make; machines of tests/cross.sh; Debian's packages. The search is tried on a page of mistakes, too.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0
pages=$(find . -name '*.md' -not -path './build*' -not -path '*/node_modules/*' | sed 's|^\./||' | sort)

result() { # status, what
    if [ "$1" -eq 0 ]; then good=$((good + 1)); else bad=$((bad + 1)); echo "$2"; fi
}

# The names of a page's headings, as they stand in links.
anchors() { # page
    awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed 's/^#* //' | tr '[:upper:]' '[:lower:]' |
        sed 's/[^a-z0-9_ -]//g; s/ /-/g'
}

# Links of a page, one a line, those to other sites left out.
links() { # page
    awk '/^```/ { code = !code } !code' "$1" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//' |
        grep -vE '^[a-z]+:' | sort -u
}

broken_links() { # page
    local link file
    links "$1" | while read -r link; do
        file=${link%%#*}
        file=${file:+$(dirname "$1")/$file}
        file=${file:-$1}
        if [ ! -e "$file" ]; then
            echo "$1: $link: no such file"
        elif [ "$link" != "${link#*#}" ] && ! anchors "$file" | grep -qxF "${link#*#}"; then
            echo "$1: $link: no such heading"
        fi
    done
}

# Each line of what it reads that is not among the names given.
strangers() { # page, what, names
    sort -u | grep -vxF "$3" | sed "s|^|$1: $2 |"
}

debian=$([ ! -d debian ] || echo yes)
folders="tests|libdmlcsr|include|examples|bindings|weights|doc${debian:+|debian}"
targets=$(sed -n 's/^\.PHONY: //p' Makefile | tr ' ' '\n')
suites=$(sed -n 's/^SUITES  *?= //p' Makefile | tr ' ' '\n')
variables=$(grep -hoE '\b[A-Z][A-Z_]+\b' Makefile config.mk.in tests/*.sh | sort -u)
# Names in code: `make check`, or four blanks in front.
code() { sed -n 's/^    //p' "$1"; grep -oE '`[^`]+`' "$1" | tr -d '`'; }

misnamed() { # page
    grep -oE '\-\-(disable|enable|with)-[a-z-]+' "$1" | sed 's/^--[a-z]*-//' |
        strangers "$1" "an option of configure:" "$(sed -n 's/^AC_ARG_[A-Z]*(\[\([a-z-]*\)\].*/\1/p' configure.ac)"
    code "$1" | grep -oE '^(sudo )?make( [A-Z_]+=("[^"]*"|[^ ]*))*( [a-z-]+)?' |
        sed -n 's/ [A-Z_]*=\("[^"]*"\|[^ ]*\)//g; s/.*make \([a-z]\)/\1/p' | strangers "$1" "a target of make:" "$targets"
    grep -ohE 'SUITES="[^"]*"|SUITES=[a-z]+' "$1" | sed 's/SUITES=//' | tr -d '"' | tr ' ' '\n' |
        strangers "$1" "a suite:" "$suites"
    grep -ohE '\bMACHINES="[^"]*"' "$1" | sed 's/MACHINES=//' | tr -d '"' | tr ' ' '\n' |
        strangers "$1" "a machine of tests/cross.sh:" "$(grep -oE '\b[a-z0-9]+\b' tests/cross.sh)"
    code "$1" | grep -oE '^(sudo )?make .*' | grep -oE '\b[A-Z_]{3,}=' | tr -d = |
        strangers "$1" "a variable of make:" "$variables"
    # Paths from the top; those of what is built, and patterns, are no files here. An archive has no debian/.
    grep -oE "(^|[^A-Za-z0-9_./-])($folders)/[A-Za-z0-9_./*<-]+" "$1" | sed 's/^[^a-z]//; s/[.-]*$//' |
        grep -v '[*<]' | sort -u | while read -r path; do
        [ -e "$path" ] || ls -d "$path".* >/dev/null 2>&1 || echo "$1: $path: no such file"
    done
}

for page in $pages; do
    broken_links "$page" >"$folder/log"
    [ ! -s "$folder/log" ]
    result $? "$(cat "$folder/log")"
    misnamed "$page" >"$folder/log"
    [ ! -s "$folder/log" ]
    result $? "not there:
$(cat "$folder/log")"
done
# The table of packages, both ways.
if [ -n "$debian" ]; then
    awk -F '|' '
        /^\| package / { on = 1; next }
        !/^\|/ { on = 0 }
        on && !/---/ { gsub(/ /, "", $4); print $4 }' doc/packaging.md | sort | diff - <(sed -n 's/^Package: //p' debian/control | sort)
    result $? "packages of doc/packaging.md (<) and debian/control (>)"
fi

cat >"$folder/page.md" <<'PAGE'
# A page of mistakes

[a file](nothing.md), [a heading](page.md#nothing), [here](#nothing), [good](page.md#a-page-of-mistakes)
and `./configure --disable-nothing --with-mpi`, `make nothing`, `make check SUITES="unit nothing"`, `make NOTHING=1 lib`,
`make check-cross MACHINES="s390x nothing"`, tests/nothing.sh, `tests/run.sh`, tests/fuzz/fuzz_*.c, build/tests/nothing.

```c
[no link](at-all.md)
```
PAGE
[ "$(broken_links "$folder/page.md" | wc -l)" -eq 3 ]
result $? "broken links are not noticed: $(broken_links "$folder/page.md")"
[ "$(misnamed "$folder/page.md" | wc -l)" -eq 6 ] && ! misnamed "$folder/page.md" | grep -v -i nothing
result $? "wrong names are not noticed: $(misnamed "$folder/page.md")"
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
