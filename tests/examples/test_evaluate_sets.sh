#!/bin/bash
# dmlcsr-evaluate on sets that lie on the disk as LaPa and Helen do, with a model of their classes: a small network
# learns eight drawn faces by heart, so that every part is found; then labels are changed in ways whose effect is known.
. tests/examples/common.sh
for program in parse evaluate train; do
    [ -x "$BUILD/bin/dmlcsr-$program" ] || skip "dmlcsr-$program was not built (libpng and libjpeg are not there)"
done
bin=$BUILD/bin
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
evaluate=$bin/dmlcsr-evaluate parse=$bin/dmlcsr-parse
helper make_faces
helper make_labels
labels=$folder/make_labels
cd "$folder" || exit 1

# row TEXT: a line of the table, blanks squeezed; its end may be left out.
row() {
    if tr -s ' ' <out | grep -qE -e "^ ${1//./\\.}( |\$)"; then ok; else fail "no such line: $1"; fi
}

# f1 NAME: of a class or group in the last table.
f1() { tr -s ' ' <out | sed -nE "s/^ ([0-9]+ )?$1 ([0-9.]+) .*/\\2/p"; }

# below NAME VALUE: it is smaller.
below() {
    local found
    found=$(f1 "$1")
    found=${found:-9}
    if awk -v a="$found" -v b="$2" 'BEGIN { exit !(a < b) }'; then ok; else fail "$1: $found, not below $2"; fi
}

# ---- LaPa: set/images, set/labels, set/landmarks; no names ----

mkdir -p LaPa/train/images LaPa/train/labels LaPa/train/landmarks
"$folder/make_faces" LaPa/train parts || exit 1
for image in LaPa/train/images/*; do
    name=${image##*/}
    echo 106 >"LaPa/train/landmarks/${name%.*}.txt"
done
cp LaPa/train/labels/face0.png LaPa/train/labels/nobody.png # a label without a photograph is left out
try 0 "a model of these classes" "$bin/dmlcsr-train" --data LaPa --kind lapa --validate train --output model --quiet \
    --divide 8 --blocks1 1 --blocks2 1 --blocks3 2 --blocks4 1 --size 97 --batch 4 --augment 0 --epochs 60 --rate 0.02 \
    --warm-up 5 --clip 5 --cycle-epochs 0 --evaluate 60 --pictures 0 --threads 2
says "inner mouth"
model=model/best.safetensors

try 0 "LaPa" "$evaluate" -d LaPa -s train -m $model -p dml-csr
says "LaPa, set train (LaPa): 8 pictures" "11 classes, input 97 x 97"
for class in skin "left brow" "right brow" "left eye" "right eye" nose "upper lip" "inner mouth" "lower lip" hair; do
    f=$(f1 "$class")
    if awk -v f="$f" 'BEGIN { exit !(f > 0.7 && f < 1) }'; then ok; else fail "F1 of $class: $f"; fi
done
try 0 "without a warning: left_brow is left brow" test ! -s err
try 0 "as JSON" "$evaluate" -q -d LaPa -s train -k lapa -m $model -p dml-csr -j lapa.json
mean=$(sed -n 's/.*"mean_f1":\([0-9.]*\),.*/\1/p' lapa.json)
try 0 "what dmlcsr-train has logged, $mean" grep -q "^60,.*,$mean," model/log.csv

# ---- Helen: the same classes, set/edges; labels of the model's own making ----

mkdir -p Helen/test/edges && cp -r LaPa/train/images Helen/test
try 0 "labels" "$parse" -q -m $model --label Helen/test/labels Helen/test/images/*
for label in Helen/test/labels/*; do
    mv "$label" "${label%-label.png}.png"
    cp "${label%-label.png}.png" Helen/test/edges
done
try 0 "Helen" "$evaluate" -d Helen -s test -k helen -m $model
says "(Helen)" "8 pictures" "overall: eyes, brows, nose and mouth"
for group in eyes brows mouth overall "7 upper lip"; do row "$group 1.0000 1.0000"; done
row "pixel accuracy 1.0000"

# Lips and what is between them trade places in one picture: the parts are wrong, the mouth is right.
one=Helen/test/labels/face1.png
cp $one right.png
upper=$("$labels" replace $one $one 7 200) inner=$("$labels" replace $one $one 8 7)
"$labels" replace $one $one 200 8 >/dev/null
try 0 "there is a lip, and an inner mouth" test "$upper" -gt 0 -a "$inner" -gt 0
try 0 "mixed up" "$evaluate" -d Helen -s test -k helen -m $model
for part in "upper lip" "inner mouth"; do below "$part" 0.99; done
for group in eyes brows mouth overall "9 lower lip"; do row "$group 1.0000 1.0000"; done

# An eye that is called skin is missing from the eyes and from overall, and nowhere else.
cp right.png $one
eye=$("$labels" replace $one $one 4 1)
try 0 "there is an eye" test "$eye" -gt 0
try 0 "an eye is lost" "$evaluate" -d Helen -s test -k helen -q -m $model --json eye.json --threads 3
! command -v python3 >/dev/null 2>&1 || try 0 "all numbers" python3 -c '
import json, sys
d = json.load(open(sys.argv[1])); m = d["confusion"]; eye = int(sys.argv[2])
assert d["kind"] == "Helen" and d["protocol"] == "logits" and len(m) == 11
assert m[1][4] == eye, m[1]
def score(parts):
    both = sum(m[i][k] for i in parts for k in parts)
    a, b = sum(map(sum, (m[i] for i in parts))), sum(r[k] for r in m for k in parts)
    return 2 * both / (a + b), both / (a + b - both)
groups = {"eyes": [4, 5], "brows": [2, 3], "mouth": [7, 8, 9], "overall": range(2, 10)}
assert [t["name"] for t in d["together"]] == list(groups)
for t in d["together"]:
    f1, iou = score(groups[t["name"]])
    assert abs(t["f1"] - f1) < 1e-6 and abs(t["iou"] - iou) < 1e-6, t
    assert (t["f1"] < 1) == (t["name"] in ("eyes", "overall")), t
assert abs(d["mean_f1"] - sum(score([k])[0] for k in range(1, 11)) / 10) < 1e-6
assert abs(d["mean_iou"] - sum(score([k])[1] for k in range(11)) / 11) < 1e-6
assert abs(d["accuracy"] - (1 - eye / d["pixels"])) < 1e-6
' eye.json "$eye"
try 0 "as a table" "$evaluate" -d Helen -s test -k helen -m $model
below eyes 1
below overall 1
row "mouth 1.0000 1.0000"
finish
