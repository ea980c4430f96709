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

# Tests counted in a log: the sum of its "N passed, N failed" lines, since a step may run several suites.
step() { # name, what it does
    local name=$1 what=$2 status seconds=$SECONDS log=$logs/$1.log line good bad
    case " ${STEPS:-$name} " in *" $name "*) ;; *) return ;; esac
    "step_$name" >"$log" 2>&1 </dev/null
    status=$?
    seconds=$((SECONDS - seconds))
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | awk '{ a += $1; b += $3 } END { print a + 0, b + 0 }')
    good=${line% *} bad=${line#* }
    if [ $status -eq 77 ]; then
        line=$(printf 'skip  %-10s %5d s  %s (%s)' "$name" $seconds "$what" "$(tail -n 1 "$log")")
    elif [ $status -eq 0 ] && [ "$bad" -eq 0 ]; then
        [ "$good" -gt 0 ] || good=1
        line=$(printf 'ok    %-10s %5d s  %5d tests  %s' "$name" $seconds "$good" "$what")
    else
        [ "$bad" -gt 0 ] || bad=1
        line=$(printf 'FAIL  %-10s %5d s  %5d of %d failed  %s, see %s' "$name" $seconds "$bad" $((good + bad)) "$what" "$log")
    fi
    case $line in
    FAIL*) grep -vE '^(ok|  [A-Z]+) ' "$log" | tail -n 80 | sed 's/^/    /' ;;
    ok*) grep -E '^skip ' "$log" ;;
    esac
    [ $status -eq 77 ] || { passed=$((passed + good)) failed=$((failed + bad)); }
    echo "$line"
    table="$table$line
"
}

# ---- other compilers and configurations -------------------------------------------------------------------------------

step_clang() {
    needs clang || return
    build clang CC=clang CXX=clang++ WERROR=-Werror SKIP=golden_473
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
            [ "$(wc -c <build/lib/libdmlcsr.a)" -lt 6000000 ] &&
            "$folder/usr/bin/dmlcsr-parse" --output "$folder/out" examples/demo.jpg &&
            env -u MAKEFLAGS "$MAKE" -j"$JOBS" check-programs SUITES="unit portable abi" &&
            env -u MAKEFLAGS "$MAKE" check SUITES="unit portable abi"
    )
    local status=$?
    rm -rf "$folder"
    return $status
}

# ---- sanitizers -------------------------------------------------------------------------------------------------------

step_asan() {
    needs clang || return
    export CK_FORK=no
    build asan CC=clang CXX=clang++ KERNEL_CFLAGS= \
        CFLAGS="-O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all" SKIP=golden_473
}

step_tsan() {
    needs clang || return
    export CK_FORK=no TSAN_OPTIONS=halt_on_error=1
    build tsan CC=clang CXX=clang++ KERNEL_CFLAGS= CFLAGS="-O2 -g -fsanitize=thread" \
        SUITES="unit portable" ONLY="thread api portable"
}

# ---- other machines ---------------------------------------------------------------------------------------------------

emulated() { # processor
    needs qemu-x86_64 || return
    TEST_TIMEOUT=1200 build native CC=gcc EMULATOR="qemu-x86_64 -cpu $1" SUITES="kernels portable golden" \
        ONLY="kernelcheck portable/ members"
}
step_nehalem() { emulated Nehalem; }
step_haswell() { emulated Haswell; }

step_aarch64() {
    needs qemu-aarch64 && needs aarch64-linux-gnu-gcc || return
    build aarch64 CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar NM=aarch64-linux-gnu-nm \
        CHECK_FLAGS= CHECK_LIBS= TOOLS=no WERROR=-Werror \
        EMULATOR="qemu-aarch64 -L /usr/aarch64-linux-gnu" SUITES="kernels portable golden fuzz" SKIP="golden_473 golden_97"
}

# ---- fuzzing ----------------------------------------------------------------------------------------------------------

step_fuzz() {
    local target name status=0 good=0
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
            status=1
        fi
    done
    [ $good -gt 0 ] && [ $status -eq 0 ]
}

step clang "the suite with clang, warnings are errors"
step noembed "configure --disable-embedded-model from the archive"
step dist "the source archive, unpacked, built unconfigured, installed"
step asan "the suite under AddressSanitizer and UndefinedBehaviorSanitizer"
step tsan "threads and clones under ThreadSanitizer"
step nehalem "an emulated CPU with SSE4.1"
step haswell "an emulated CPU with AVX2"
step aarch64 "cross build with NEON, emulated"
step fuzz "each fuzz target for ${FUZZ_SECONDS:-60} s"

echo
printf '%s' "$table"
echo "$SECONDS s, logs in $logs"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
