#!/bin/bash
# version.h is the one place of the version: NEWS, debian/, Cargo, Python and the maps say the same, and no function is
# in the node of another release than its comment names. The comparison is tried on copies that say something else, too.
set -u
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0

version_of() { # tree
    sed -n 's/^#define DMLCSR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' "$1/include/dmlcsr/version.h" | paste -s -d .
}

# Where it is written, and what is written there: "FILE VERSION" for each place.
places() { # tree
    (
        cd "$1" || exit
        echo "doc/NEWS $(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' doc/NEWS | head -n 1)"
        # A release archive has no debian/.
        [ ! -d debian ] || echo "debian/changelog $(sed -n '1s/^libdmlcsr (\(.*\)-[^-]*) .*/\1/p' debian/changelog)"
        for file in bindings/rust/*/Cargo.toml examples/rust/Cargo.toml; do
            echo "$file $(sed -n 's/^version = "\(.*\)"$/\1/p' "$file")"
        done
        # pyproject.toml says where setuptools finds it, or has it.
        case $(sed -n 's/^version = //p' bindings/python/pyproject.toml) in
        *dmlcsr._header.VERSION*)
            file=bindings/python/src/dmlcsr/_header.py
            echo "$file $(sed -n 's/^VERSION = "\(.*\)"$/\1/p' $file)"
            ;;
        *)
            file=bindings/python/pyproject.toml
            echo "$file $(sed -n 's/^version = "\(.*\)"$/\1/p' $file)"
            ;;
        esac
    )
}

# "FUNCTION RELEASE" for each declaration, by the last @since of the comment before it.
since() { # headers
    cat "$@" | awk '
        /\/\*\*/ { release = "" }
        match($0, /@since [0-9.]*[0-9]/) { release = substr($0, RSTART + 7, RLENGTH - 7) }
        /^DMLCSR_API / && match($0, /dmlcsr_[a-z0-9_]+\(/) { print substr($0, RSTART, RLENGTH - 1), release }' | sort
}

# The same by the nodes of a map.
nodes() { # map
    awk '/^DMLCSR_/ { node = $1; sub(/.*_/, "", node) } /^ +dmlcsr_/ { sub(/;.*/, "", $1); print $1, node }' "$1" | sort
}

# Lines that say what does not fit; nothing when all does.
misfits() { # tree
    local version release map headers include=$1/include/dmlcsr
    version=$(version_of "$1")
    release=${version%.*}
    [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || echo "version.h has no version: $version"
    places "$1" | awk -v version="$version" '
        $2 != version { print $1 " has " ($2 ? $2 : "none") ", version.h " version }'
    for map in libdmlcsr/dmlcsr.map libdmlcsr/train/dmlcsr-train.map; do
        headers="$include/train.h"
        [ $map != libdmlcsr/dmlcsr.map ] || headers="$include/dmlcsr.h $include/classes.h $include/mask.h"
        # shellcheck disable=SC2086 # several headers
        diff <(since $headers) <(nodes "$1/$map") | sed -n "s|^< \(.*\)|\1: the comment; $map has another node|p"
        nodes "$1/$map" | awk -v release="$release" -v map="$map" '
            { split($2, a, "."); split(release, b, ".") }
            a[1] * 1000 + a[2] > b[1] * 1000 + b[2] { print map ": " $0 " is later than version.h" }'
    done
    [ -d "$1/debian" ] || return
    # dpkg-gensymbols needs to know which package version brought a node.
    diff <(cat "$1"/libdmlcsr/dmlcsr.map "$1"/libdmlcsr/train/dmlcsr-train.map |
        sed -n 's/^\(DMLCSR_[A-Z_]*\([0-9]*\.[0-9]*\)\) {/\1 \2.0/p' | sort) \
        <(sed -n 's/^ (symver)//p' "$1"/debian/*.symbols | sort) | sed -n 's/^[<>]/debian symbols:/p'
}

expect() { # what, lines wanted, lines found
    if [ "$2" = "$3" ]; then
        good=$((good + 1))
    else
        printf '%s:\nexpected: %s\nfound:    %s\n' "$1" "${2:-nothing}" "${3:-nothing}"
        bad=$((bad + 1))
    fi
}

changed() { # what, file, sed command, text of a line wanted
    [ -e "$2" ] || return # debian/ in an archive
    cp "$2" "$folder/kept"
    sed -i "$3" "$folder/tree/$2"
    ! cmp -s "$2" "$folder/tree/$2" || expect "$1: the test changes nothing" "" changed
    expect "$1" 1 "$(misfits "$folder/tree" | grep -cF "$4")"
    cp "$folder/kept" "$folder/tree/$2"
}

expect "versions that do not agree" "" "$(misfits .)"
expect "places of the version" 1 $(($(places . | wc -l) >= 5))
expect "functions with a release" 1 $(($(since include/dmlcsr/*.h | grep -c ' [0-9]') > 60))
mkdir "$folder/tree"
find include doc/NEWS libdmlcsr/dmlcsr.map libdmlcsr/train/dmlcsr-train.map bindings/python/pyproject.toml \
    bindings/python/src bindings/rust/*/Cargo.toml examples/rust/Cargo.toml -type f |
    tar -cf - -T - | tar -xf - -C "$folder/tree"
[ ! -d debian ] || cp -r debian "$folder/tree"
expect "a copy" "" "$(misfits "$folder/tree")"
changed "NEWS" doc/NEWS '0,/^## [0-9.]*/s//## 9.9.9/' "doc/NEWS has 9.9.9"
changed "debian" debian/changelog '1s/(.*-/(9.9.9-/' "debian/changelog has 9.9.9"
changed "a crate" bindings/rust/dmlcsr/Cargo.toml 's/^version = .*/version = "9.9.9"/' \
    "bindings/rust/dmlcsr/Cargo.toml has 9.9.9"
changed "Python" bindings/python/src/dmlcsr/_header.py 's/^VERSION = .*/VERSION = "9.9.9"/' "_header.py has 9.9.9"
changed "Python, by hand" bindings/python/pyproject.toml 's/^version = .*/version = "9.9.9"/' "pyproject.toml has 9.9.9"
changed "a comment" include/dmlcsr/mask.h '0,/@since 0.2/! {0,/@since 0.2/s//@since 9.9/}' \
    "dmlcsr_remap 9.9: the comment"
changed "a node" libdmlcsr/dmlcsr.map 's/^DMLCSR_0.2/DMLCSR_9.9/' "dmlcsr_remap 9.9 is later"
changed "a node that Debian does not know" debian/libdmlcsr0.symbols '/DMLCSR_0.2/d' "debian symbols: DMLCSR_0.2"
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
