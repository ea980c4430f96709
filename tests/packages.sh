#!/bin/bash
# Packages as distributions make them, from the archive of the coming release: Debian packages, built twice under
# different circumstances and compared, checked by lintian, installed in a throw-away view of this system and tested
# there; an RPM; a Meson project with the wrap file; the files for vcpkg, Conan and Homebrew as far as they can be
# checked without those. PARTS="debian rpm" picks some.
# Set by `make check-packages`: MAKE.
set -u
cd "$(dirname "$0")/.." || exit 1
MAKE=${MAKE:-make} jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
logs=$PWD/build/packages
rm -rf "$logs"
mkdir -p "$logs"
good=0 bad=0

try() { # what, command...
    local what=$1
    local log=$logs/${what//[^a-zA-Z0-9]/-}.log
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        good=$((good + 1))
    else
        echo "$what: failed, see $log"
        tail -n 30 "$log" | sed 's/^/    /'
        bad=$((bad + 1))
        return 1
    fi
}

have() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || { echo "skip  $part: needs $program"; return 1; }
    done
}

# ---- the archive ------------------------------------------------------------------------------------------------------

version=$(sed -n 's/^#define DMLCSR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/dmlcsr/version.h | paste -s -d .)

# The source as git knows it, committed or not, in a folder of its own.
release() {
    { git ls-files -co --exclude-standard 2>/dev/null | grep . || find . -type f ! -path './build/*' | sed 's|^\./||'; } |
        while read -r file; do [ -f "$file" ] && echo "$file"; done >"$work/files"
    mkdir "$work/source" && tar -cf - -T "$work/files" | tar -xf - -C "$work/source" && cd "$work/source" &&
        autoconf && SOURCE_DATE_EPOCH=1700000000 "$MAKE" dist && mv build/libdmlcsr-*.tar.gz "$work"
}
archive=$work/libdmlcsr-$version.tar.gz
if ! try "archive" release || ! try "its name" test -s "$archive"; then
    echo "$good passed, $bad failed"
    exit 1
fi
try "the same archive again" sh -c "cd '$work/source' && touch Makefile README.md && SOURCE_DATE_EPOCH=1700000000 \
    '$MAKE' dist && cmp build/libdmlcsr-$version.tar.gz '$archive'"

# ---- templates --------------------------------------------------------------------------------------------------------

try "templates" sh doc/packaging/fill.sh "$archive" "file://$archive" "https://libdmlcsr.invalid" "$work/filled"

# The port's own commands run against stand-ins for vcpkg's: its CMake is sound, and the hash reaches the download.
port() {
    cat >"$work/port.cmake" <<'END'
cmake_minimum_required(VERSION 3.19)
set(VERSION 0)
set(CURRENT_PACKAGES_DIR /nonexistent)
set(VCPKG_LIBRARY_LINKAGE static)
function(vcpkg_download_distfile out)
  cmake_parse_arguments(ARG "" "FILENAME;SHA512" "URLS" ${ARGN})
  file(SHA512 "$ENV{ARCHIVE}" hash)
  if(NOT hash STREQUAL ARG_SHA512)
    message(FATAL_ERROR "SHA512 is ${ARG_SHA512}, that of the archive ${hash}")
  endif()
endfunction()
foreach(name vcpkg_extract_source_archive vcpkg_configure_make vcpkg_install_make vcpkg_cmake_config_fixup
        vcpkg_fixup_pkgconfig vcpkg_install_copyright)
  cmake_language(EVAL CODE "function(${name})\nendfunction()")
endforeach()
include("$ENV{PORT}")
END
    ARCHIVE=$archive PORT=$work/filled/vcpkg/ports/dmlcsr/portfile.cmake cmake -P "$work/port.cmake"
}

templates() {
    try "vcpkg: vcpkg.json" python3 -m json.tool "$work/filled/vcpkg/ports/dmlcsr/vcpkg.json"
    try "Conan: recipe" python3 -m py_compile "$work/filled/conan/conanfile.py"
    if part=vcpkg have cmake; then try "vcpkg: portfile" port; fi
    if part=Homebrew have ruby; then try "Homebrew: formula" ruby -c "$work/filled/homebrew/Formula/dmlcsr.rb"; fi
}

meson_project() {
    mkdir -p "$work/meson/subprojects/packagecache" && cd "$work/meson" || return
    cp -r "$work"/filled/meson/subprojects/. subprojects
    cp "$archive" subprojects/packagecache
    cp "$work/source/tests/abi/use.c" .
    cat >meson.build <<'END'
project('stranger', 'c')
dmlcsr = dependency('dmlcsr', fallback: ['dmlcsr', 'dmlcsr_dep'])
executable('use', 'use.c', dependencies: dmlcsr)
END
    # No installation elsewhere counts, nor a network.
    PKG_CONFIG_LIBDIR=$work/none meson setup build --wrap-mode=forcefallback && meson compile -C build &&
        build/use "$work/source/weights/dmlcsr-small.safetensors" "$work/meson/out.safetensors"
}

# ---- Debian -----------------------------------------------------------------------------------------------------------

# In its own folder, with its own clock, language, time zone and umask, and the system's Python. CHECKS= runs the tests of
# debian/rules, too.
debian_build() { # folder, command in front...
    local folder=$1
    shift
    mkdir -p "$folder" && cp "$archive" "$folder/libdmlcsr_$version.orig.tar.gz" && cd "$folder" &&
        tar -xzf "libdmlcsr_$version.orig.tar.gz" && cd "libdmlcsr-$version" &&
        cp -a "$work/source/debian" . &&
        DEB_BUILD_OPTIONS="parallel=$jobs ${CHECKS-nocheck}" PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" dpkg-buildpackage -us -uc -F
}

same_packages() {
    local package status=0
    for package in "$work"/one/*.deb "$work"/one/*.dsc "$work"/one/*.debian.tar.xz; do
        cmp "$package" "$work/another/place/${package##*/}" || status=1
    done
    return $status
}

strict_lintian() {
    lintian --allow-root --info --fail-on error,warning "$work"/one/*.changes
}

# The tests in debian/tests/ with the packages installed, in a copy-on-write view of this system that is gone afterwards.
installed_tests() {
    mkdir -p "$work/view" && unshare -m bash -c '
        set -e
        work=$1 source=$2
        mount -t tmpfs none "$work/view"
        mkdir "$work/view/upper" "$work/view/inner" "$work/view/root"
        mount -t overlay overlay -o lowerdir=/,upperdir="$work/view/upper",workdir="$work/view/inner" "$work/view/root"
        mount -t proc proc "$work/view/root/proc"
        mount --rbind /dev "$work/view/root/dev"
        mkdir -p "$work/view/root/packages"
        cp -r "$source" "$work/view/root/packages/source"
        cp "$work"/one/*.deb "$work/view/root/packages"
        chroot "$work/view/root" sh -ec "
            export DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
            unset LD_LIBRARY_PATH PYTHONPATH PKG_CONFIG_PATH
            rm -f /packages/*dbgsym*
            dpkg -i /packages/*.deb
            cd /packages/source
            for test in library tools python; do
                echo \"== debian/tests/\$test\"
                mkdir /packages/\$test
                AUTOPKGTEST_TMP=/packages/\$test debian/tests/\$test
            done
            dpkg -P \$(dpkg-deb -f /packages/libdmlcsr0_*.deb Package) dmlcsr-tools libdmlcsr-dev libdmlcsr-train0 python3-dmlcsr dmlcsr-data
            ! find / -xdev -name \"*libdmlcsr*.so*\" -path \"/usr/lib/*\" | grep .
        "' sh "$work" "$work/source"
}

debian() {
    have dpkg-buildpackage dh lintian || return
    try "Debian: build" debian_build "$work/one" || return
    clock=
    if command -v faketime >/dev/null 2>&1; then clock="env NO_FAKE_STAT=1 faketime -f +400d"; fi
    # shellcheck disable=SC2086 # nothing, or several words
    (umask 077 && TZ=Pacific/Auckland LC_ALL=C.UTF-8 LANG=C.UTF-8 try "Debian: build again" debian_build "$work/another/place" $clock)
    try "Debian: the same bytes" same_packages
    try "Debian: lintian" strict_lintian
    if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
        try "Debian: tests of the installed packages" installed_tests
    else
        echo "skip  tests of the installed packages: needs root, to install them in a view of its own"
    fi
}

# ---- RPM --------------------------------------------------------------------------------------------------------------

rpm_build() { # options...
    mkdir -p "$work/rpm/SOURCES" && cp "$archive" "$work/rpm/SOURCES" &&
        rpmbuild -ba --nodeps --nocheck --define "_topdir $work/rpm" "$@" "$work/filled/rpm/dmlcsr.spec"
}

rpm_contents() {
    rpm -qpl "$work"/rpm/RPMS/*/libdmlcsr-0*.rpm | tee "$work/list" && grep 'libdmlcsr\.so\.0$' "$work/list" &&
        ! rpm -qpl "$work"/rpm/RPMS/*/libdmlcsr-*.rpm "$work"/rpm/RPMS/*/dmlcsr-tools-*.rpm | grep safetensors &&
        rpm -qpl "$work"/rpm/RPMS/noarch/dmlcsr-data-*.rpm | grep safetensors
}

rpm_package() {
    have rpmbuild || return
    try "RPM: build" rpm_build --define 'debug_package %{nil}' && try "RPM: contents" rpm_contents
}

for part in ${PARTS:-templates meson debian rpm}; do
    case $part in
    templates) templates ;;
    meson) if have meson ninja; then try "Meson: a project with the wrap file" meson_project; fi ;;
    debian) debian ;;
    rpm) rpm_package ;;
    *) echo "no such part: $part"; bad=$((bad + 1)) ;;
    esac
done
echo "$good passed, $bad failed"
[ $bad -eq 0 ] && [ $good -gt 0 ]
