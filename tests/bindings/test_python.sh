#!/bin/bash
# The Python package: its own tests, from the tree and from the wheel; sdist and wheel, made without a network.
. tests/bindings/common.sh
python=
# The first python3 of the path may be one that the system's packages do not reach.
for candidate in python3 /usr/bin/python3; do
    if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; fi
done
[ -n "$python" ] || skip "no python3 with numpy"
two_faces
case ${SHARED:?} in /*) library=$SHARED ;; *) library=$PWD/$SHARED ;; esac
package=$folder/package
cp -r bindings/python "$package"
rm -rf "$package"/build "$package"/dist "$package"/src/*.egg-info

python_tests() { # what, folder of the package
    try 0 "$1" env DMLCSR_LIBRARY="$library" DMLCSR_MODEL="$model" DMLCSR_PHOTO="$photo" PYTHONPATH="$2" \
        "$python" -m unittest discover bindings/python/tests
    says "OK" # the number of tests is in the line before
    cp "$folder/log" "$folder/tests.txt"
}
python_tests "tests" "$package/src"
try 0 "tests that ran: $(grep '^Ran' "$folder/tests.txt")" grep -q '^Ran 37 tests' "$folder/tests.txt"
same_facts Python "$folder/tests.txt"

if "$python" -c 'from PIL import Image' 2>/dev/null && DMLCSR_LIBRARY=$library PYTHONPATH=$package/src "$python" -c '
import dmlcsr
dmlcsr.Parser()' 2>/dev/null; then
    pieces doc/python.md python >"$folder/page.py"
    try 0 "doc/python.md" env DMLCSR_LIBRARY="$library" PYTHONPATH="$package/src" "$python" "$folder/page.py"
    says "'hair': " "(19, 512, 512)" "mouth_lips " "bytes.safetensors int8" "nowhere.safetensors: cannot be opened" "ERROR_IO"
else
    echo "skip  doc/python.md: no PIL, or no default model in the library"
fi

try 0 "the licence, which the package carries" cmp COPYING bindings/python/COPYING
try 1 "no library" env DMLCSR_LIBRARY="$folder/none.so" PYTHONPATH="$package/src" \
    "$python" -c 'import dmlcsr; dmlcsr.Parser()'
says "libdmlcsr cannot be loaded" "$folder/none.so"
# shellcheck disable=SC2086 # CC may be several words
try 0 "a library of nothing" ${CC:-cc} -shared -xc /dev/null -o "$folder/other.so"
try 1 "another library" env DMLCSR_LIBRARY="$folder/other.so" PYTHONPATH="$package/src" \
    "$python" -c 'import dmlcsr; dmlcsr.Parser()'
says "OSError: libdmlcsr cannot be loaded" "$folder/other.so" "dmlcsr_"
beside=$package/src/dmlcsr/libdmlcsr.so.0
case $library in *.dylib) beside=${beside%.so.0}.0.dylib ;; esac
cp "$library" "$beside"
try 0 "a library beside the package" env -u LD_LIBRARY_PATH PYTHONPATH="$package/src" "$python" -c '
import dmlcsr._library
print(dmlcsr._library.library()._name, dmlcsr.version())'
says "$beside $(sed -n 's/^VERSION = "\(.*\)"/\1/p' bindings/python/src/dmlcsr/_header.py)"
cp "$folder/other.so" "$beside"
try 0 "the next place, where another library is beside the package" env PYTHONPATH="$package/src" \
    "$python" -c 'import dmlcsr; dmlcsr.version()'
rm "$beside"

# ---- sdist and wheel ----

if "$python" -c 'import setuptools, wheel; assert int(setuptools.__version__.split(".")[0]) >= 61' 2>/dev/null; then
    version=$(sed -n 's/^#define DMLCSR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/dmlcsr/version.h | paste -s -d .)
    # shellcheck disable=SC2317 # called by try
    backend() { # build_sdist or build_wheel, folder of the source
        (cd "$2" && "$python" -c "from setuptools import build_meta; build_meta.$1('$folder/dist')")
    }
    mkdir "$folder/dist" "$folder/unpacked" "$folder/site"
    try 0 "sdist" backend build_sdist "$package"
    try 0 "its name" [ -f "$folder/dist/dmlcsr-$version.tar.gz" ]
    try 0 "unpacked" tar -xzf "$folder/dist/dmlcsr-$version.tar.gz" -C "$folder/unpacked"
    try 0 "it has the tests" [ -f "$folder/unpacked/dmlcsr-$version/tests/test_dmlcsr.py" ]
    try 0 "wheel from the sdist" backend build_wheel "$folder/unpacked/dmlcsr-$version"
    wheel=$folder/dist/dmlcsr-$version-py3-none-any.whl
    try 0 "its name: any Python 3, any machine" [ -f "$wheel" ]
    try 0 "unpacked" "$python" -m zipfile -e "$wheel" "$folder/site"
    try 0 "the licence" cmp COPYING "$folder/site/dmlcsr-$version.dist-info/COPYING"
    try 0 "annotations" [ -f "$folder/site/dmlcsr/py.typed" ]
    try 0 "all modules" diff -r -x py.typed -x __pycache__ bindings/python/src/dmlcsr "$folder/site/dmlcsr"
    python_tests "tests of the wheel" "$folder/site"
else
    echo "skip  sdist and wheel: $python has no setuptools 61 and wheel"
fi
if "$python" -c 'import mypy' 2>/dev/null; then
    try 0 "types" "$python" -m mypy --config-file bindings/python/pyproject.toml --cache-dir "$folder/mypy" \
        bindings/python/src
else
    echo "skip  types: $python has no mypy"
fi
finish
