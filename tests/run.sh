#!/bin/bash
# Runs test programs and scripts, one line each, and closes with "N passed, N failed". Called by `make check`.
# Programs run one after another, since many have threads of their own, and scripts beside them.
#
# A program counts as many tests as it says: Check's "Checks: N, Failures: N, Errors: N", a line of its own such as
# "N passed, N failed", or lines that begin with "passed:" or "FAILED:"; otherwise as one. Exit status 77 means skipped,
# with the reason as the last line printed.
# ONLY="text text": only tests whose name has one of the texts; SKIP="text text": none of those. A name ends with a slash:
# "test_conv/" is not test_convert.
# EMULATOR: put in front of programs (not of scripts).
# GOLDEN_ISA=neon: the full network on that instruction set alone.
set -u

folder=$(mktemp -d) || exit 1
beside=
: >"$folder/counts"
trap '[ -z "$beside" ] || kill -- -"$beside" 2>/dev/null; rm -rf "$folder"' EXIT

limit=
command -v timeout >/dev/null 2>&1 && limit="timeout ${TEST_TIMEOUT:-900}"

now() { echo "${EPOCHREALTIME:-$SECONDS}"; }

# The arguments a program wants: a replay gets its corpus; an emulator is slow.
arguments() {
    case $1 in
    */kernelcheck) if [ -n "${EMULATOR:-}" ]; then echo --quick; fi ;;
    */golden/test_golden_*) echo "${GOLDEN_ISA:-}" ;;
    */fuzz/replay_*) echo "tests/fuzz/corpus/${1##*/replay_}" ;;
    esac
}

# Sets good and bad from the status and what was printed.
count() { # status, log
    local line log=$2
    line=$(grep -oE 'Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+' "$log" | awk -F'[:,] *' '
        { all += $2; bad += $4 + $6 } END { if (NR) print all - bad, bad }')
    [ -n "$line" ] || line=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 | sed 's/ passed,//; s/ failed//')
    [ -n "$line" ] || line=$(awk '/^passed:/ { a++ } /^FAILED:/ { b++ } END { if (a + b) print a + 0, b + 0 }' "$log")
    if [ "$1" -eq 0 ]; then
        good=1 bad=0
    else
        good=0 bad=1
    fi
    if [ -n "$line" ]; then
        good=${line% *}
        # A crash counts even where all that was counted before it had passed; a failure counts though the status is 0.
        if [ "${line#* }" -gt 0 ]; then bad=${line#* }; fi
    fi
}

# Its tests are counted in a line of $folder/counts: passed, failed, skipped.
run_test() { # test, log
    local name status start seconds good bad log=$2
    name=${1##*tests/}
    start=$(now)
    # shellcheck disable=SC2046,SC2086 # several words are meant
    case $1 in
    *.sh) $limit bash "$1" >"$log" 2>&1 </dev/null ;;
    *) $limit ${EMULATOR:-} "$1" $(arguments "$1") >"$log" 2>&1 </dev/null ;;
    esac
    status=$?
    seconds=$(awk -v a="$start" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }')
    if [ $status -eq 77 ]; then
        echo "0 0 1" >>"$folder/counts"
        printf 'skip  %-36s %s\n' "$name" "$(tail -n 1 "$log")"
        return
    fi
    count $status "$log"
    echo "$good $bad 0" >>"$folder/counts"
    if [ $status -eq 0 ] && [ "$bad" -eq 0 ]; then
        printf 'ok    %-36s %6d tests %8s s\n' "$name" "$good" "$seconds"
        grep -E '^skip ' "$log" # parts that this machine cannot run
    else
        printf 'FAIL  %-36s %6d of %d failed (status %d) %s s\n' "$name" "$bad" $((good + bad)) $status "$seconds"
        tail -n "${TEST_LINES:-60}" "$log" | sed 's/^/      /'
    fi
}

# Has the name (first) one of the texts?
matches() {
    local text name=$1/
    shift
    for text in "$@"; do
        case $name in *"$text"*) return 0 ;; esac
    done
    return 1
}

# What is printed of a test stays together.
run_all() { # name of the lane, tests
    local test lane=$1
    shift
    for test in "$@"; do
        run_test "$test" "$folder/$lane.log" >"$folder/$lane"
        cat "$folder/$lane"
    done
}

programs=() scripts=()
# shellcheck disable=SC2086 # lists of words
for test in "$@"; do
    if matches "$test" ${ONLY:-/} && ! matches "$test" ${SKIP:-}; then
        case $test in
        *.sh) scripts+=("$test") ;;
        *) programs+=("$test") ;;
        esac
    fi
done

set -m # a process group of its own, which can be ended as a whole
run_all scripts ${scripts[@]+"${scripts[@]}"} &
beside=$!
set +m
run_all programs ${programs[@]+"${programs[@]}"}
wait "$beside" || { echo "FAIL  the scripts did not come to their end"; echo "0 1 0" >>"$folder/counts"; }
beside=

read -r passed failed skipped < <(awk '{ a += $1; b += $2; c += $3 } END { print a + 0, b + 0, c + 0 }' "$folder/counts")
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
if [ $((passed + failed)) -eq 0 ]; then
    echo "no test was run"
    failed=1
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
