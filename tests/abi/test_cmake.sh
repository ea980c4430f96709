#!/bin/bash
# find_package(dmlcsr) in a stranger's CMake project, against an installation that was moved: the shared and the static
# library, C and C++, training; versions that fit and versions that do not. Set by make: BUILD CC CXX MAKE TRAIN_SHARED.
set -u
skip() { echo "$1"; exit 77; }
command -v cmake >/dev/null 2>&1 || skip "needs cmake"
[ -z "${SANITIZED:-}" ] || skip "other programs cannot load a library with a sanitizer in it"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0
source=$PWD

# try STATUS WHAT COMMAND...: the command succeeds (0) or fails (1).
try() {
    local wanted=$1 what=$2 status
    shift 2
    "$@" >"$folder/log" 2>&1 </dev/null
    status=$?
    if { [ "$wanted" -eq 0 ] && [ $status -eq 0 ]; } || { [ "$wanted" -ne 0 ] && [ $status -ne 0 ]; }; then
        good=$((good + 1))
    else
        echo "$what: status $status: $*"
        tail -n 20 "$folder/log"
        bad=$((bad + 1))
    fi
}

says() {
    if grep -q "$1" "$folder/log"; then good=$((good + 1)); else bad=$((bad + 1)); echo "not said: $1"; tail -n 20 "$folder/log"; fi
}

try 0 "make install" "$MAKE" -s --no-print-directory install BUILD="$BUILD" DESTDIR="$folder/first"
config=$(find "$folder/first" -name dmlcsr-config.cmake)
[ -f "$config" ] || { echo "no dmlcsr-config.cmake was installed"; exit 1; }
libdir=${config%/cmake/dmlcsr/dmlcsr-config.cmake}
mv "$folder/first" "$folder/moved"
libdir=$folder/moved${libdir#"$folder/first"}

mkdir "$folder/project"
cp tests/abi/use.c tests/abi/use_train.c examples/cpp/parse.cpp "$folder/project"
# A project that wants some version, linked in every way.
project() { # version and options of find_package
    cat >"$folder/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.13)
project(stranger C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(dmlcsr $1 REQUIRED CONFIG)
find_package(dmlcsr $1 REQUIRED CONFIG) # twice: two parts of a project may do so
message(STATUS "found dmlcsr \${dmlcsr_VERSION}")
find_package(Threads)
add_executable(shared use.c)
target_link_libraries(shared dmlcsr::dmlcsr)
add_executable(static use.c)
target_link_libraries(static dmlcsr::static)
add_executable(parse parse.cpp)
target_link_libraries(parse dmlcsr::static)
if(TARGET dmlcsr::train)
  add_executable(train use_train.c)
  target_link_libraries(train dmlcsr::train)
  add_executable(train_static use_train.c)
  target_link_libraries(train_static dmlcsr::train-static)
endif()
END
}

configure() { # status, what
    rm -rf "$folder/build"
    # shellcheck disable=SC2086 # several words
    try "$1" "$2" env CC="$CC" CXX="${CXX:-c++}" cmake -S "$folder/project" -B "$folder/build" \
        -DCMAKE_PREFIX_PATH="$libdir/cmake" -DCMAKE_BUILD_TYPE=Debug
}

version=$(sed -n 's/^#define DMLCSR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/dmlcsr/version.h | tr '\n' . | sed 's/\.$//')
major=${version%%.*} rest=${version#*.}
for wanted in "" "$version" "$version EXACT" "$major.${rest%%.*}" "$major.0...<$((major + 1))" "$major.${rest%%.*}...$version"; do
    project "$wanted"
    configure 0 "version '$wanted'"
    says "found dmlcsr $version"
done
for wanted in "$major.${rest%%.*}.999" "$((major + 1)).0" "$major.${rest%%.*}.0.1 EXACT" "$((major + 1)).0...<$((major + 2))" \
    "$major.0...<$version"; do
    project "$wanted"
    configure 1 "version '$wanted'"
    says "dmlcsr"
done

# The piece of doc/c.md.
page=$source/doc/c.md
piece() { awk -v fence="\`\`\`$1" '$0 == fence { on = 1; next } /^```/ { on = 0 } on' "$page"; }
mv "$folder/project" "$folder/kept"
mkdir "$folder/project"
piece c >"$folder/project/portrait.c"
{ printf 'cmake_minimum_required(VERSION 3.13)\nproject(stranger C)\n' && piece cmake; } >"$folder/project/CMakeLists.txt"
configure 0 "doc/c.md, configure"
try 0 "doc/c.md, build" cmake --build "$folder/build"
try 0 "doc/c.md, run" sh -c "head -c 6912 '$source/weights/dmlcsr-small.safetensors' | '$folder/build/portrait' 48 48"
rm -r "$folder/project"
mv "$folder/kept" "$folder/project"

project "$version"
configure 0 "configure"
try 0 "build" cmake --build "$folder/build"
model=$source/weights/dmlcsr-small.safetensors
try 0 "shared, run" "$folder/build/shared" "$model" "$folder/out.safetensors"
try 0 "static, run" "$folder/build/static" "$model" "$folder/out.safetensors"
{ printf 'P6\n48 48\n255\n' && head -c 6912 "$model"; } >"$folder/photo.ppm"
try 0 "C++, run" "$folder/build/parse" "$folder/photo.ppm"
says "%"
if command -v readelf >/dev/null 2>&1; then
    try 0 "the shared program" readelf -d "$folder/build/shared"
    says "libdmlcsr.so.$major"
    readelf -d "$folder/build/static" >"$folder/log"
    if grep -q dmlcsr "$folder/log"; then bad=$((bad + 1)); echo "the static program needs a shared library"; else good=$((good + 1)); fi
fi
if [ -n "$TRAIN_SHARED" ]; then
    try 0 "training, run" "$folder/build/train" "$folder/model"
    try 0 "training, static, run" "$folder/build/train_static" "$folder/model"
else
    try 1 "no training" test -e "$folder/build/train"
fi

# A build of another word size is not taken: the version file says why.
sed -i.old "s/CMAKE_SIZEOF_VOID_P STREQUAL \"[48]\"/CMAKE_SIZEOF_VOID_P STREQUAL \"3\"/" "$libdir/cmake/dmlcsr/dmlcsr-config-version.cmake"
configure 1 "another word size"
says "pointers of"
mv "$libdir/cmake/dmlcsr/dmlcsr-config-version.cmake.old" "$libdir/cmake/dmlcsr/dmlcsr-config-version.cmake"
# An installation without its headers; the machine may have another one where this was configured for.
sed -i.old 's|set(_dmlcsr_includedir "/.*|set(_dmlcsr_includedir "/nowhere")|' "$libdir/cmake/dmlcsr/dmlcsr-config.cmake"
rm -rf "${libdir%/lib*}/include"
find "$folder/moved" -name dmlcsr.h -delete
configure 1 "no headers"
says "dmlcsr.h is neither in"
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
