#!/bin/bash
# What `./bootstrap check-all` runs: the tests again in other builds and on other machines. One line per step with its
# time, the end of its log where it failed, a table, and "N passed, N failed" over the tests of all steps.
# STEPS="asan fuzz" runs only these. Set by bootstrap: MAKE JOBS.
set -u
MAKE=${MAKE:-make} JOBS=${JOBS:-2}
logs=build/check-all
rm -rf "$logs"
mkdir -p "$logs"
passed=0 failed=0 table=

# make without what an outer make may have passed on; two steps never share a build folder.
build() { # folder, arguments
    local folder=build/$1
    shift
    env -u MAKEFLAGS "$MAKE" --no-print-directory -j"$JOBS" BUILD="$folder" "$@" check-programs &&
        env -u MAKEFLAGS "$MAKE" --no-print-directory BUILD="$folder" "$@" check
}

needs() { # program or reason to do without
    command -v "$1" >/dev/null 2>&1 || { echo "needs $1"; return 77; }
}

wanted() { case " ${STEPS:-$1} " in *" $1 "*) return 0 ;; esac; return 1; }

# Runs steps at the same time, each with a log; what they leave is read by `report`.
together() {
    local name start=$SECONDS
    for name in "$@"; do
        wanted "$name" || continue
        (
            "step_$name" >"$logs/$name.log" 2>&1 </dev/null
            echo "$? $((SECONDS - start))" >"$logs/$name.end"
        ) &
    done
    wait
}

# Tests counted in a log: the sum of its "N passed, N failed" lines, since a step may run several suites.
report() { # name, what it does
    local name=$1 what=$2 status seconds log=$logs/$1.log line good bad
    wanted "$name" || return
    read -r status seconds <"$logs/$name.end"
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | awk '{ a += $1; b += $3 } END { print a + 0, b + 0 }')
    good=${line% *} bad=${line#* }
    if [ "$status" -eq 77 ]; then
        line=$(printf 'skip  %-10s %5d s  %s (%s)' "$name" "$seconds" "$what" "$(tail -n 1 "$log")")
    elif [ "$status" -eq 0 ] && [ "$bad" -eq 0 ]; then
        [ "$good" -gt 0 ] || good=1
        line=$(printf 'ok    %-10s %5d s  %5d tests  %s' "$name" "$seconds" "$good" "$what")
    else
        [ "$bad" -gt 0 ] || bad=1
        line=$(printf 'FAIL  %-10s %5d s  %5d of %d failed  %s, see %s' "$name" "$seconds" "$bad" $((good + bad)) "$what" "$log")
    fi
    case $line in
    FAIL*) grep -vE '^(ok|  [A-Z]+) ' "$log" | tail -n 80 | sed 's/^/    /' ;;
    ok*) grep -E '^skip ' "$log" ;;
    esac
    [ "$status" -eq 77 ] || { passed=$((passed + good)) failed=$((failed + bad)); }
    echo "$line"
    table="$table$line
"
}

step() {
    together "$1"
    report "$@"
}

# ---- other compilers and configurations -------------------------------------------------------------------------------

step_clang() {
    needs clang || return
    build clang CC=clang CXX=clang++ WERROR=-Werror SKIP="golden_473 golden_train"
}

# The archive a release would be, unpacked elsewhere: an unconfigured make first, then a configured one without the model.
unpack() {
    local archive
    archive=$(env -u MAKEFLAGS "$MAKE" --no-print-directory -s dist) || return
    rm -rf "$1" && mkdir -p "$1" && tar -xzf "$archive" -C "$1" --strip-components=1
}

step_dist() {
    local folder
    folder=$(mktemp -d) || return
    unpack "$folder" && (
        cd "$folder" &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" CC=gcc WERROR=-Werror &&
            env -u MAKEFLAGS "$MAKE" install prefix="$folder/usr" CC=gcc WERROR=-Werror &&
            "$folder/usr/bin/dmlcsr-parse" --output "$folder/out" examples/demo.jpg
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

step_noembed() {
    local folder
    folder=$(mktemp -d) || return
    unpack "$folder" && (
        cd "$folder" &&
            ./configure --disable-embedded-model --enable-werror --prefix="$folder/usr" CC=gcc &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" && env -u MAKEFLAGS "$MAKE" install &&
            strip -g -o "$folder/core.a" build/lib/libdmlcsr.a && [ "$(wc -c <"$folder/core.a")" -lt 3000000 ] &&
            "$folder/usr/bin/dmlcsr-parse" --output "$folder/out" examples/demo.jpg &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" check-programs SUITES="unit portable abi" &&
            env -u MAKEFLAGS "$MAKE" check SUITES="unit portable abi"
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

# Parsing alone, configured from the archive: nothing of training is built, installed or tested. The kernels and the network
# are the files that the other builds have, so what tests their numbers is left to those.
step_notrain() {
    local folder
    folder=$(mktemp -d) || return
    unpack "$folder" && (
        cd "$folder" &&
            ./configure --disable-training --enable-werror --prefix="$folder/usr" CC=gcc &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" && env -u MAKEFLAGS "$MAKE" install &&
            [ -z "$(find build/lib build/bin usr -name '*train*')" ] &&
            "$folder/usr/bin/dmlcsr-parse" --output "$folder/out" examples/demo.jpg &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" check-programs SKIP="golden/ kernelcheck test_conv/" &&
            env -u MAKEFLAGS "$MAKE" check SKIP="golden/ kernelcheck test_conv/"
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

# Several processes. Two machines, as network namespaces, where root runs this.
step_mpi() {
    local folder
    needs mpicc && needs mpirun || return
    folder=$(mktemp -d) || return
    unpack "$folder" && (
        cd "$folder" &&
            ./configure --with-mpi --enable-werror CC=gcc &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" &&
            ! readelf -d build/lib/*.so.* build/bin/dmlcsr-parse | grep libmpi &&
            env -u MAKEFLAGS "$MAKE" check SUITES=examples ONLY=mpi
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

# As distributions make it. What the system lacks a tool for says so in a line of its own.
step_packages() {
    needs dpkg-buildpackage && needs dh || return
    MAKE=$MAKE bash tests/packages.sh
}

# The reference of the public functions, of which doxygen must not complain.
step_reference() {
    needs doxygen || return
    MAKE=$MAKE bash tests/reference.sh
}

# ---- sanitizers -------------------------------------------------------------------------------------------------------

step_asan() {
    needs clang || return
    export CK_FORK=no
    build asan CC=clang CXX=clang++ KERNEL_CFLAGS= CONV_CFLAGS=-fno-sanitize=undefined \
        CFLAGS="-O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all" SKIP="golden_473 golden_train examples/test_train.sh"
}

# The vector convolutions, which asan runs without UndefinedBehaviorSanitizer: every tile under both.
step_ubsan() {
    needs clang || return
    build ubsan CC=clang CXX=clang++ KERNEL_CFLAGS= TOOLS=no \
        CFLAGS="-O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all" SUITES=kernels
}

step_tsan() {
    needs clang || return
    export CK_FORK=no TSAN_OPTIONS=halt_on_error=1
    build tsan CC=clang CXX=clang++ KERNEL_CFLAGS= CFLAGS="-O2 -g -fsanitize=thread" \
        SUITES="unit portable train oom" ONLY="thread api portable loader test_oom_train"
}

# ---- other machines ---------------------------------------------------------------------------------------------------

# Whether it runs where later instructions are missing. Small networks show that as well as large ones, in a tenth of the
# time; test_conv, which would take ten minutes, runs the loops over those kernels natively on each instruction set.
emulated() { # build folder, processor
    needs qemu-x86_64 || return
    TEST_TIMEOUT=1800 build "$1" CC=gcc EMULATOR="qemu-x86_64 -cpu $2" SUITES="unit kernels portable golden" \
        ONLY="unit/ kernelcheck portable/ golden/test_members" SKIP=test_conv/
}
step_nehalem() { emulated nehalem Nehalem; }
step_haswell() { emulated haswell Haswell; }

# The full network at 97 on NEON alone: portable C has run it natively, and takes an emulator far longer.
step_aarch64() {
    needs qemu-aarch64 && needs aarch64-linux-gnu-gcc || return
    export GOLDEN_ISA=neon
    TEST_TIMEOUT=1800 build aarch64 CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar NM=aarch64-linux-gnu-nm \
        CHECK_FLAGS= CHECK_LIBS= TOOLS=no WERROR=-Werror \
        EMULATOR="qemu-aarch64 -L /usr/aarch64-linux-gnu" SUITES="kernels portable golden fuzz" SKIP=golden_473
}

# ---- fuzzing ----------------------------------------------------------------------------------------------------------

step_fuzz() {
    local target name good=0 bad=0
    needs clang || return
    env -u MAKEFLAGS "$MAKE" --no-print-directory -j"$JOBS" fuzz || return
    for target in build/fuzz/fuzz_*; do
        case $target in *.*) continue ;; esac
        name=${target##*/fuzz_}
        mkdir -p "build/fuzz/found/$name" # what it discovers stays outside the source
        if "$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=20 -rss_limit_mb=2500 -print_final_stats=1 \
            -artifact_prefix="build/fuzz/$name-" "build/fuzz/found/$name" "tests/fuzz/corpus/$name"; then
            good=$((good + 1))
        else
            bad=$((bad + 1))
        fi
    done
    echo "$good passed, $bad failed"
    [ $good -gt 0 ] && [ $bad -eq 0 ]
}

step clang "the suite with clang, warnings are errors"
step noembed "configure --disable-embedded-model from the archive"
step notrain "configure --disable-training from the archive"
step dist "the source archive, unpacked, built unconfigured, installed"
step mpi "configure --with-mpi from the archive: several processes, alone and on two machines"
step reference "the reference from the headers: complete, and doxygen has nothing to say"
step packages "Debian packages, an RPM, Meson: built, compared, tested"
step tsan "threads, clones and loaders under ThreadSanitizer"
# These spend most of their time on one processor.
together asan fuzz ubsan
report asan "the suite under AddressSanitizer and UndefinedBehaviorSanitizer"
report ubsan "the kernel tester under both, vector convolutions included"
report fuzz "each fuzz target for ${FUZZ_SECONDS:-60} s"
together nehalem haswell aarch64
report nehalem "an emulated CPU with SSE4.1"
report haswell "an emulated CPU with AVX2"
report aarch64 "cross build with NEON, emulated"

echo
printf '%s' "$table"
echo "$SECONDS s, logs in $logs"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
