# shellcheck shell=bash
# For the tests of the programs. Read by them, with BUILD, CC, PKG_CONFIG and PROGRAMS set by make.
set -u
BUILD=${BUILD:-build} CC=${CC:-cc} PKG_CONFIG=${PKG_CONFIG:-pkg-config}
here=tests/examples good=0 bad=0

skip() {
    echo "$1"
    exit 77
}

[ -z "${EMULATOR:-}" ] || skip "programs for another machine are not run from scripts"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

ok() { good=$((good + 1)); }

fail() {
    echo "$*"
    [ ! -s "$folder/log" ] || tail -n 12 "$folder/log"
    bad=$((bad + 1))
}

# try STATUS WHAT COMMAND...: the command ends with that status. Output: $folder/out, messages: $folder/err, both: log.
try() {
    local wanted=$1 what=$2 status
    shift 2
    "$@" >"$folder/out" 2>"$folder/err" </dev/null
    status=$?
    cat "$folder/out" "$folder/err" >"$folder/log"
    if [ $status -eq "$wanted" ]; then ok; else fail "$what: status $status, expected $wanted: $*"; fi
}

# says TEXT...: the last command wrote each of these texts. (A command that try runs can look at log alone: out is its own.)
says() {
    local text
    for text in "$@"; do
        if grep -qF -e "$text" "$folder/log"; then ok; else fail "not said: $text"; fi
    done
}

# A helper program from this folder, with picture libraries.
helper() { # name, other sources and flags
    local name=$1
    shift
    # shellcheck disable=SC2046,SC2086 # flags are several words
    $CC -std=c11 -O1 -g "$here/$name.c" "$@" -o "$folder/$name" $($PKG_CONFIG --cflags --libs libpng libjpeg) -lm \
        >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
}

# What dmlcsr-train needs to train the smallest network: drawn faces in $folder/faces, and $folder/run.toml, to which the
# settings from the input are added. Sets train.
smallest_run() {
    [ -x "$BUILD/bin/dmlcsr-train" ] || skip "dmlcsr-train was not built"
    helper make_faces
    train=$BUILD/bin/dmlcsr-train
    case $train in /*) ;; *) train=$PWD/$train ;; esac
    mkdir "$folder/faces" && "$folder/make_faces" "$folder/faces" || exit 1
    cat >"$folder/run.toml" <<END
data = "$folder/faces"
validate = ""
divide = 16
blocks1 = 1
blocks2 = 1
blocks3 = 1
blocks4 = 1
batch = 4
evaluate = 0
END
    cat >>"$folder/run.toml"
}

# Trains it in a folder of that name, below $folder.
run() { # name, flags
    local output=$1
    shift
    "$train" "$folder/run.toml" --quiet --output "$folder/$output" "$@"
}

finish() {
    echo "$good passed, $bad failed"
    [ $bad -eq 0 ]
    exit
}
