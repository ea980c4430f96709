#!/bin/bash
# `make reference`: doxygen has nothing to say about the headers, every function, constant and field of them is in the
# pages, and what is missing or wrong in a comment is noticed. A step of tests/matrix.sh. Set there: MAKE.
set -u
cd "$(dirname "$0")/.." || exit 1
MAKE=${MAKE:-make}
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD TRAINING
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
good=0 bad=0

result() { # status, what
    if [ "$1" -eq 0 ]; then
        good=$((good + 1))
    else
        echo "$2"
        tail -n 20 "$folder/log" | sed 's/^/    /'
        bad=$((bad + 1))
    fi
}

# A tree with what the pages are made from.
tree() {
    rm -rf "$folder/tree"
    mkdir -p "$folder/tree/doc" && cp Makefile "$folder/tree" && cp -r include "$folder/tree" &&
        cp -r doc/reference "$folder/tree/doc"
}

pages() { "$MAKE" --no-print-directory -C "$folder/tree" reference >"$folder/log" 2>&1 </dev/null; }

tree
pages
result $? "make reference"
[ -f "$folder/tree/build/reference/log" ] && [ ! -s "$folder/tree/build/reference/log" ]
result $? "doxygen prints something, and make says nothing of it:"

# Comments gone, in one line.
plain() { tr '\n' ' ' <"$1" | sed 's|/\*[^*]*\*\(\**[^/*][^*]*\*\)*\**/| |g'; }
html=$folder/tree/build/reference/html
for header in dmlcsr classes mask train; do
    plain include/dmlcsr/$header.h | grep -oE '\bdmlcsr_[a-z0-9_]+ *\(|\bDMLCSR_[A-Z0-9_]+ = ' | tr -d ' (=' | sort -u
done >"$folder/names"
[ "$(wc -l <"$folder/names")" -gt 120 ]
result $? "functions and constants found in the headers: $(wc -l <"$folder/names")"
while read -r name; do
    grep -q ">$name\b" "$html"/*_8h.html || echo "$name"
done <"$folder/names" >"$folder/log"
[ ! -s "$folder/log" ]
result $? "not in the pages:"
[ "$(grep -c 'edges of the box' "$html/structdmlcsr__face.html")" -ge 4 ]
result $? "names that share a declaration share its comment"

notices() { # what, header, sed command, text of the report
    tree
    sed -i "$3" "$folder/tree/include/dmlcsr/$2"
    ! cmp -s "include/dmlcsr/$2" "$folder/tree/include/dmlcsr/$2"
    result $? "$1: the test changes nothing"
    ! pages && grep -q "$4" "$folder/log"
    result $? "$1: not noticed"
}

notices "a function without a comment" mask.h '/Bytes of scratch memory/d' "dmlcsr_mask_scratch"
notices "a parameter without a word" dmlcsr.h '/@param stride/d' "stride"
notices "a parameter that is not there" classes.h 's/@param other /@param others/' "others"
notices "a field without a word" train.h 's|\(uint32_t tensors;\) */\*.*|\1|' "tensors"
notices "a name in a declaration without a word" dmlcsr.h 's|\(float center_x, center_y;\) .*|\1|' "center_x"
notices "a command that is none" dmlcsr.h '0,/@since 0.1/s//@sinse 0.1/' "sinse"
echo "$good passed, $bad failed"
[ $bad -eq 0 ]
