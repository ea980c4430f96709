#!/bin/bash
# The library for other machines, cross-built and tested under emulation: `make check-cross MACHINES="s390x armhf"`, or
# all that this machine has a compiler for. Portable C is what they run; AArch64 is a step of check-all.
#
# The unit tests need the Check library for that machine: CHECK_SOURCE names a folder with its sources (0.15, unpacked),
# from which it is built. Without it they are left out, with a line that says so.
# SKIP="test_many test_conv": tests to leave out. Set by make: MAKE MACHINES. What is built lands in build/cross-MACHINE, logs beside it.
set -u
MAKE=${MAKE:-make} passed=0 failed=0 jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
cd "$(dirname "$0")/.." || exit 1
here=$PWD

known="armhf i386 riscv64 s390x ppc64el musl mingw"

# Sets triplet and emulator of a machine.
machine() {
    case $1 in
    armhf) triplet=arm-linux-gnueabihf emulator=qemu-arm ;;
    i386) triplet=i686-linux-gnu emulator=qemu-i386 ;;
    riscv64) triplet=riscv64-linux-gnu emulator=qemu-riscv64 ;;
    s390x) triplet=s390x-linux-gnu emulator=qemu-s390x ;;    # big-endian
    ppc64el) triplet=powerpc64le-linux-gnu emulator=qemu-ppc64le ;;
    musl) triplet=$(uname -m)-linux-musl emulator= ;;          # this processor, another C library
    mingw) triplet=x86_64-w64-mingw32 emulator=wine ;;
    *) echo "$1: no such machine; there are $known"; return 2 ;;
    esac
    case $1 in
    musl) cc=musl-gcc ;;
    *) cc=$triplet-gcc emulator=${emulator:+$emulator${2:-}} ;;
    esac
    case $emulator in qemu-*) emulator="$emulator -L /usr/$triplet" ;; esac
    # A 64-bit processor of this kind runs it, through the loader of that C library. (qemu-i386 7.2 hangs in any program
    # whose threads wait for a condition.)
    if [ "$1" = i386 ] && [ "$(uname -m)" = x86_64 ]; then
        emulator="/usr/$triplet/lib/ld-linux.so.2 --library-path /usr/$triplet/lib"
    fi
}

# Check for that machine, static, in build/cross-MACHINE/check.
build_check() { # build folder
    local folder=$here/$1/check
    [ -f "$folder/include/check_stdint.h" ] && return
    rm -rf "$here/$1/check-build"
    mkdir -p "$here/$1/check-build"
    (
        cd "$here/$1/check-build" || exit
        "$CHECK_SOURCE/configure" --host="$triplet" CC="$cc" CFLAGS="-O1 -Wno-error" --prefix="$folder" --disable-shared \
            --disable-subunit --enable-timeout-tests=no &&
            "$MAKE" -C lib && "$MAKE" -C src libcheck.la && "$MAKE" -C src install-libLTLIBRARIES install-data &&
            cp check_stdint.h "$folder/include"
    )
}

prefix_tool() { if command -v "$triplet-$1" >/dev/null 2>&1; then echo "$triplet-$1"; else echo "$1"; fi; }

# Everything of one machine. The networks of golden_* in portable C take an emulator too long; test_members has small ones.
cross() { # machine
    local build=build/cross-$1 suites="kernels portable golden fuzz" flags=
    if [ -n "${CHECK_SOURCE:-}" ]; then
        build_check "$build" || return
        suites="unit $suites"
        flags="-I$here/$build/check/include"
    else
        echo "skip  unit: CHECK_SOURCE names no sources of Check"
    fi
    make_it() {
        env -u MAKEFLAGS TEST_TIMEOUT=1800 "$MAKE" --no-print-directory BUILD="$build" CC="$cc" AR="$(prefix_tool ar)" \
            NM="$(prefix_tool nm)" TOOLS=no WERROR=-Werror EMULATOR="$emulator" SUITES="$suites" CHECK_FLAGS="$flags" \
            CHECK_LIBS="${flags:+$here/$build/check/lib/libcheck.a -lm -lpthread}" SKIP="golden_473 golden_97 ${SKIP:-}" "$@"
    }
    make_it -j"$jobs" check-programs && make_it check
}

# Windows: the DLL exports what the map lists and needs the system's DLLs alone; programs that use all functions run with
# it and with the archive, under Wine in a folder of its own.
windows() {
    local build=build/cross-mingw good=0 bad=0 kind what program
    check() { # what, command...
        local name=$1
        shift
        if "$@"; then good=$((good + 1)); else bad=$((bad + 1)); echo "FAILED: $name"; fi
    }
    env -u MAKEFLAGS "$MAKE" --no-print-directory -j"$jobs" BUILD="$build" CC="$cc" AR="$(prefix_tool ar)" TOOLS=no TRAINING=no \
        WERROR=-Werror dll || return
    "$(prefix_tool objdump)" -p "$build/bin/libdmlcsr-0.dll" >"$build/headers"
    awk '/Ordinal\/Name Pointer/ { on = 1; next } on && !NF { exit } on && /\[/ { print $NF }' "$build/headers" | sort >"$build/exports"
    sed -n 's/^ *\(dmlcsr_[a-z0-9_]*\);.*/\1/p' libdmlcsr/dmlcsr.map | sort >"$build/map"
    check "the exports (>) are those of the map (<)" diff "$build/map" "$build/exports"
    check "needs DLLs of its own" sh -c "! grep 'DLL Name' '$build/headers' | grep -viE 'kernel32|msvcrt|ucrt|api-ms-win'"
    export WINEPREFIX=$here/$build/wine WINEDEBUG=-all
    for kind in shared static; do
        case $kind in
        shared) set -- "$build/lib/libdmlcsr.dll.a" ;;
        static) set -- "$build/lib/libdmlcsr.a" -static -pthread ;;
        esac
        program=$build/bin/use_$kind.exe
        check "$kind: use.c compiles" "$cc" -std=c99 -Iinclude tests/abi/use.c -o "$program" "$@"
        for what in "runs" "writes its file again"; do
            check "$kind: use.c $what" timeout 600 "$emulator" "$program" weights/dmlcsr-small.safetensors "$build/out.st"
        done
        check "$kind: no temporary file is left" sh -c "! ls '$build' | grep 'out.st\.'"
        check "$kind: minimal.c compiles" "$cc" -std=c99 -Iinclude examples/c/minimal.c -o "$build/bin/minimal_$kind.exe" "$@"
        { printf 'P6\n48 48\n255\n' && head -c 6912 weights/dmlcsr-small.safetensors; } >"$build/photo.ppm"
        check "$kind: minimal.c runs" sh -c "timeout 600 '$emulator' '$build/bin/minimal_$kind.exe' '$build/photo.ppm' | grep %"
    done
    echo "$good passed, $bad failed"
    [ $bad -eq 0 ]
}

for name in ${MACHINES:-$known}; do
    machine "$name" || exit
    mkdir -p build
    log=build/cross-$name.log
    if ! command -v "$cc" >/dev/null 2>&1; then
        echo "skip  $name: needs $cc"
    elif [ -n "$emulator" ] && ! command -v "${emulator%% *}" >/dev/null 2>&1; then
        echo "skip  $name: needs ${emulator%% *}"
    else
        start=$SECONDS
        if [ "$name" = mingw ]; then windows; else cross "$name"; fi >"$log" 2>&1 </dev/null
        status=$?
        read -r good bad < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
        if [ $status -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi # it did not come to its end
        passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-0}))
        if [ $status -eq 0 ]; then
            printf 'ok    %-8s %5d tests %6d s\n' "$name" "$good" $((SECONDS - start))
            grep '^skip ' "$log" | sed 's/^/      /'
        else
            printf 'FAIL  %-8s see %s\n' "$name" "$log"
            grep -vE '^(ok|  [A-Z]+) ' "$log" | tail -n 40 | sed 's/^/      /'
        fi
        good=0 bad=0
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
