#!/bin/sh
# Fills the templates of this folder in for one archive, from a checkout or from the archive itself:
#   doc/packaging/fill.sh ARCHIVE URL HOME OUT
# ARCHIVE: the libdmlcsr-VERSION.tar.gz that `make dist` has written; URL: where it will be found; HOME: the project's
# page; OUT: a folder, which is made. The hashes are those of the archive, so the order is: make dist, upload, fill.
set -eu
[ $# -eq 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
archive=$1 url=$2 home=$3 out=$4

hash() { # bits
    if command -v "sha$1sum" >/dev/null 2>&1; then "sha$1sum" "$archive"; else shasum -a "$1" "$archive"; fi | cut -d ' ' -f 1
}

version=$(basename "$archive" .tar.gz)
version=${version#libdmlcsr-}
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) echo "fill.sh: $archive is not called libdmlcsr-VERSION.tar.gz" >&2; exit 1 ;;
esac
sha256=$(hash 256) sha512=$(hash 512)
[ -n "$sha256" ] && [ -n "$sha512" ] || { echo "fill.sh: $archive has no hash" >&2; exit 1; }

# A template, and where it goes: the folders are those that each tool wants.
fill() {
    mkdir -p "$out/$(dirname "$2")"
    sed -e "s|@version@|$version|g" -e "s|@url@|$url|g" -e "s|@home@|$home|g" -e "s|@sha256@|$sha256|g" \
        -e "s|@sha512@|$sha512|g" "$here/$1" >"$out/$2.new"
    if grep -n '@[a-z0-9]*@' "$out/$2.new" >&2; then
        echo "fill.sh: $1 has a name that is not filled in" >&2
        exit 1
    fi
    mv "$out/$2.new" "$out/$2"
}

fill dmlcsr.wrap.in meson/subprojects/dmlcsr.wrap
fill meson/meson.build meson/subprojects/packagefiles/dmlcsr/meson.build
fill vcpkg/vcpkg.json.in vcpkg/ports/dmlcsr/vcpkg.json
fill vcpkg/portfile.cmake.in vcpkg/ports/dmlcsr/portfile.cmake
fill conanfile.py.in conan/conanfile.py
fill dmlcsr.rb.in homebrew/Formula/dmlcsr.rb
fill dmlcsr.spec.in rpm/dmlcsr.spec
