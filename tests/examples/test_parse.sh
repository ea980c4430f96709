#!/bin/bash
# dmlcsr-parse from the command line: outputs, messages, exit codes.
. tests/examples/common.sh
case " ${PROGRAMS-dmlcsr-parse} " in
*" dmlcsr-parse "*) ;;
*) skip "dmlcsr-parse is not built: libpng or libjpeg is missing" ;;
esac
parse=$BUILD/bin/dmlcsr-parse
[ -x "$parse" ] || skip "there is no $parse"
case $parse in /*) ;; *) parse=$PWD/$parse ;; esac
tests=$PWD/$here demo=$PWD/examples/demo.jpg region=$(cat examples/demo.region)
helper make_pictures
helper check_png
"$folder/make_pictures" "$folder/pictures" || exit 1
cd "$folder/pictures" || exit 1
png=$folder/check_png

# ---- every kind of picture gives the label map of its plain twin ----

# shellcheck disable=SC2046 # names without blanks
{
    exact=$(ls jpeg/{grey,rgb,cmyk-adobe,cmyk-plain,cmyk-turned}.jpg jpeg/orientation*.jpg)
    twins=$(for picture in png/*.png $exact; do name=${picture##*/}; echo "twin/${name%.*}.png"; done)
    try 0 "all kinds" "$parse" -q --label seen --overlay seen-overlay --no-legend png/*.png $exact
    try 0 "their twins" "$parse" -q --label meant --overlay meant-overlay --no-legend $twins
}
for picture in png/*.png $exact; do
    name=${picture##*/} name=${name%.*}-label.png
    try 0 "$picture" "$png" same "seen/$name" "meant/$name"
    name=${name%-label.png}-overlay.png
    try 0 "$picture, overlay" "$png" same "seen-overlay/$name" "meant-overlay/$name"
done
try 0 "kinds with rounding" "$parse" -q --label near jpeg/usual*.jpg jpeg/ycck.jpg jpeg/progressive.jpg
for name in usual{1..8} ycck progressive; do
    try 0 "$name" "$png" agree "near/$name-label.png" meant/rgb-label.png 97
done
# The made-up face is not all one class, so that the comparisons above say something.
try 0 "info" "$png" info meant/rgb8-label.png
read -r width height depth type palette distinct _ <"$folder/out"
try 0 "size" test "$width $height $depth $type" = "256 320 8 palette"
try 0 "several classes" test "$distinct" -ge 3
try 0 "a palette entry for each class" test "$palette" -ge 11
try 1 "different pictures differ" "$png" same meant/rgb8-label.png meant/palette1-label.png

# ---- outputs ----

try 0 "default" "$parse" --region "$region" -o default "$demo"
says "512 x 512" "skin" "hair" "share" "wrote default/demo-label.png" "wrote default/demo-overlay.png"
try 0 "label" "$png" info default/demo-label.png
read -r width height depth type palette distinct largest <"$folder/out"
try 0 "size" test "$width $height $depth $type" = "512 512 8 palette"
try 0 "palette covers the labels" test "$largest" -lt "$palette"
try 0 "parts of the face" test "$distinct" -ge 6
try 0 "palette" "$png" palette default/demo-label.png
cp "$folder/out" colors
try 0 "first colour is black" test "$(head -n 1 colors)" = 000000
try 0 "colours differ" test "$(sort -u colors | wc -l)" -eq "$palette"
try 0 "overlay" "$png" info default/demo-overlay.png
read -r width height depth type _ <"$folder/out"
try 0 "overlay with a legend beside it" test "$width" -gt 560 -a "$height" -eq 512 -a "$type" = rgb
try 0 "overlay shows something" "$parse" -q --no-legend --overlay plain.png --classes neck "$demo"
try 0 "no legend" "$png" info plain.png
says "512 512 8 rgb"

try 0 "named files" "$parse" -q --region "$region" --label l.png --overlay o.png "$demo"
try 0 "same label" "$png" same l.png default/demo-label.png
try 0 "same overlay" "$png" same o.png default/demo-overlay.png

try 0 "masks" "$parse" -q --region "$region" --masks masks --label masks/all.png "$demo"
try 0 "a mask for each class" test "$(ls masks/demo-*.png | wc -l)" -eq "$palette"
try 0 "mask" "$png" info masks/demo-hair.png
says "512 512 8 grey 0 2 255"
try 0 "one mask" "$parse" -q --region "$region" --masks one --classes hair "$demo"
try 0 "only hair" test "$(ls one)" = demo-hair.png
try 0 "the same mask" "$png" same one/demo-hair.png masks/demo-hair.png

try 0 "matte" "$parse" -q --region "$region" --matte hair -o matte "$demo"
try 0 "matte info" "$png" info matte/demo-matte.png
read -r width height depth type _ distinct largest <"$folder/out"
try 0 "soft matte" test "$width $height $depth $type" = "512 512 8 grey" -a "$distinct" -gt 20 -a "$largest" -gt 200
try 0 "matte of two" "$parse" -q --region "$region" --matte hair,skin -o matte2 "$demo"
try 0 "they differ" "$png" differ matte/demo-matte.png matte2/demo-matte.png

try 0 "classes" "$parse" --region "$region" --label classes.png --classes hair,skin "$demo"
try 1 "no other class in the table" grep -q nose "$folder/log"
try 0 "classes info" "$png" info classes.png
read -r _ _ _ _ _ distinct _ <"$folder/out"
try 0 "background, hair, skin" test "$distinct" -eq 3

try 0 "json" "$parse" --json --region "$region" "$demo" "$demo"
says '"width":512' '"name":"hair"' '"box":[' '"seconds":' '"regions":[{"x":'
try 0 "a line for each" test "$(wc -l <"$folder/out")" -eq 2
if command -v python3 >/dev/null 2>&1; then
    cp "$folder/out" "$folder/json"
    try 0 "json sums up" python3 -c '
import json, sys
for line in open(sys.argv[1]):
    d = json.loads(line)
    assert sum(c["pixels"] for c in d["classes"]) == d["width"] * d["height"], "pixels"
    assert abs(sum(c["share"] for c in d["classes"]) - 1) < 1e-4, "shares"
    for c in d["classes"]:
        assert (c["box"] is None) == (c["pixels"] == 0), c
        assert c["box"] is None or c["pixels"] <= c["box"][2] * c["box"][3], c
' "$folder/json"
fi
try 0 "json alone writes no file" test ! -e demo-label.png
odd=$(printf 'odd "name"\\ \377.png')
cp png/rgb8.png "$odd" 2>/dev/null && {
    try 0 "odd name" "$parse" --json "$odd"
    says 'odd \"name\"\\ \ufffd.png'
}

try 0 "edges" "$parse" -q --edges -o edges --region "$region" "$demo"
try 0 "edges info" "$png" info edges/demo-edges.png
says "512 512 8 grey"
try 0 "edge classes" "$png" info edges/demo-edge-classes.png
says "512 512 8 palette"

try 0 "compatible" "$parse" -q --geometry compatible --label compatible.png --region "$region" "$demo"
try 0 "is near" "$png" agree compatible.png l.png 97
try 0 "is another" "$png" differ compatible.png l.png
try 0 "size" "$parse" -q --size 97 --label size.png --region "$region" "$demo"
try 0 "is another" "$png" differ size.png l.png
try 0 "threads" "$parse" -q --threads 3 --label threads.png --region "$region" "$demo"
try 0 "is the same" "$png" same threads.png l.png
try 0 "portable C" "$parse" -v --isa c --label c.png --region "$region" "$demo"
says "c, " "MB of weights"
try 0 "is nearly the same" "$png" agree c.png l.png 99.9

# ---- whose left is left ----

where() { # what, right or left, label picture, id of the left one, id of the right one
    try 0 "$1" "$png" where "$3" "$4" "$5"
    try 0 "$1: $2" test "$(cat "$folder/out")" = "$2"
}
# The portrait is not mirrored and shows both halves of the face: the person's left is on the right of the picture.
where "left eye" right l.png 4 5
where "left brow" right l.png 6 7
try 0 "picture's side" "$parse" -q --side picture --region "$region" --label picture.png "$demo"
where "left eye" left picture.png 4 5
where "left brow" left picture.png 6 7
try 0 "subject's side" "$parse" -q --side subject --region "$region" --label subject.png "$demo"
try 0 "is that of the model" "$png" same subject.png l.png
scheme() { # name, where its left lies, its ids of left eye, right eye, left brow, right brow
    try 0 "$1" "$parse" --json --scheme "$1" --region "$region" --label "$1.png" "$demo"
    says "\"scheme\":\"$1\""
    where "$1, eyes" "$2" "$1.png" "$3" "$4"
    where "$1, brows" "$2" "$1.png" "$5" "$6"
}
scheme celebamask-hq right 4 5 6 7
try 0 "is that of the model" "$png" same celebamask-hq.png l.png
scheme lapa left 4 5 2 3
scheme face-parsing-pytorch right 4 5 2 3
scheme facer-celebm left 9 8 7 6
scheme facer-lapa right 5 4 3 2
scheme segformer right 4 5 6 7
try 0 "other side" "$parse" --json --scheme lapa --side subject --region "$region" --label lapa-subject.png "$demo"
says '"side":"subject"' '"name":"left eyebrow"'
where "left eye" right lapa-subject.png 4 5

# ---- other lists ----

try 0 "merged" "$parse" --scheme merged-8 --region "$region" --label merged.png --masks merged "$demo"
says "eyes_brows" "mouth_lips" "clothes"
try 1 "no class of the model" grep -q l_brow "$folder/log"
try 0 "eight masks" test "$(ls merged | wc -l)" -eq 8
try 0 "eight colours" "$png" info merged.png
read -r _ _ _ _ palette _ largest <"$folder/out"
try 0 "eight colours" test "$palette" -eq 8 -a "$largest" -lt 8
try 0 "matte of a merged class" "$parse" -q --scheme merged-8 --region "$region" --matte eyes_brows -o eyes "$demo"
try 0 "matte of its parts" "$parse" -q --region "$region" --matte eye_g,l_eye,r_eye,l_brow,r_brow -o parts "$demo"
try 0 "are the same" "$png" same eyes/demo-matte.png parts/demo-matte.png

# ---- masks of another shape ----

mask() { # folder, options
    local into=$1
    shift
    try 0 "$into" "$parse" -q --region "$region" --classes hair --masks "$into" "$@" "$demo"
}
mask larger --grow 6
mask smaller --shrink 6
mask soft --feather 9
mask same --grow 0 --shrink 0 --feather 0
try 0 "nothing changes" "$png" same same/demo-hair.png masks/demo-hair.png
try 0 "larger" "$png" composed masks/demo-hair.png larger/demo-hair.png larger/demo-hair.png
try 0 "smaller" "$png" composed smaller/demo-hair.png masks/demo-hair.png masks/demo-hair.png
try 0 "it does grow" "$png" differ larger/demo-hair.png masks/demo-hair.png
try 0 "it does shrink" "$png" differ smaller/demo-hair.png masks/demo-hair.png
try 0 "soft" "$png" info soft/demo-hair.png
read -r _ _ _ _ _ distinct largest <"$folder/out"
try 0 "soft edges" test "$distinct" -gt 10 -a "$largest" -eq 255

# ---- several faces ----

second=330,260,120,-10
try 0 "second region" "$parse" -q --region "$second" --label second.png "$demo"
try 0 "both" "$parse" -q --region "$region" --region "$second" --label both.png "$demo"
try 0 "composed" "$png" composed l.png second.png both.png
try 0 "more than the first" "$png" differ both.png l.png
try 0 "outside" "$parse" --region 2000,2000,50 --label outside.png "$demo"
says "region 1 lies outside the picture"
try 0 "nothing there" "$png" info outside.png
says " 1 0"

# ---- pictures that cannot be parsed ----

: >bad/empty.jpg
echo "not a picture" >bad/text.png
printf 'GIF89a....' >bad/animation.jpg
head -c 20 jpeg/rgb.jpg >bad/head.jpg
head -c 60 png/rgb8.png >bad/head.png
mkdir -p bad/folder.png
refused() { # file, text: one line that names the file and the reason, status 1, and nothing is written
    rm -rf none
    try 1 "$1" "$parse" -o none "$1"
    says "dmlcsr-parse: $1" "$2"
    try 0 "$1 leaves nothing" test -z "$(ls none)"
}
refused bad/empty.jpg "the file is empty"
refused bad/text.png "neither a JPEG nor a PNG"
refused bad/animation.jpg "a GIF picture"
refused bad/head.jpg "damaged"
refused bad/head.png "damaged"
refused bad/huge.png "20000 x 20000 = 400 megapixels, above the limit of 100"
refused bad/huge.jpg "60000 x 60000"
refused bad/folder.png "is a folder"
refused bad/missing.png "cannot be opened: No such file"
try 1 "limit" "$parse" --limit 0.08 -o none png/rgb8.png
says "--limit 1"
try 0 "just enough" "$parse" --limit 0.082 -o limit png/rgb8.png

size=$(wc -c <jpeg/rgb.jpg)
head -c $((size * 2 / 3)) jpeg/rgb.jpg >cut.jpg
try 0 "cut JPEG" "$parse" -o cut cut.jpg
says "cut.jpg: warning: the JPEG file ends too early" "cut/cut-label.png"
size=$(wc -c <plain.png) # of many chunks: a single one is lost as a whole
head -c $((size * 2 / 3)) plain.png >cut.png
try 0 "cut PNG" "$parse" -o cut cut.png
says "cut.png: warning: the PNG file is damaged or ends too early"
try 0 "quiet" "$parse" -q -o cut cut.png
try 0 "says nothing" test ! -s "$folder/log"

try 1 "one of three fails" "$parse" -o mixed png/rgb8.png bad/text.png png/grey8.png
says "1 of 3 pictures failed"
try 0 "the others are there" test -s mixed/rgb8-label.png -a -s mixed/grey8-label.png
try 1 "json error" "$parse" --json bad/text.png
says '{"file":"bad/text.png","error":"this is neither'

# ---- wrong usage ----

wrong() { # text that is said, arguments
    local text=$1
    shift
    try 2 "wrong" "$parse" "$@"
    says "$text"
}
wrong "no picture is named"
wrong "Try dmlcsr-parse --help" --no-such-option
wrong "--region 1,2" --region 1,2 "$demo"
wrong "--region 1,2,0" --region 1,2,0 "$demo"
wrong "--region 1,2,3,4,5,6" --region 1,2,3,4,5,6 "$demo"
wrong "--region 1,2,nan" --region 1,2,nan "$demo"
wrong "--threads 0" --threads 0 "$demo"
wrong "--threads -1" --threads=-1 "$demo"
wrong "--size 16" --size 16 "$demo"
wrong "--size 4098" --size 4098 "$demo"
wrong "--limit 0" --limit 0 "$demo"
wrong "--limit x" --limit x "$demo"
wrong "fine or compatible" --geometry rough "$demo"
wrong "there is no such list; there are: celebamask-hq lapa" --scheme LaPa "$demo"
wrong "expected subject or picture" --side left "$demo"
wrong 'merged-8 has no class "l_eye"' --scheme merged-8 --classes l_eye "$demo"
wrong "expected pixels" --masks none --grow -1 "$demo"
wrong "expected pixels" --masks none --feather nan "$demo"
wrong "name a folder for these with --masks" --shrink 2 "$demo"
wrong "no instruction set has this name" --isa mmx "$demo"
wrong "no precision has this name" --precision fp8 "$demo"
wrong 'the model has no class "tail"; it has: background' --classes hair,tail "$demo"
wrong 'the model has no class ""' --matte hair, "$demo"
wrong "--label and --overlay would both write same.png" --label same.png --overlay same.png "$demo"
wrong "--label and --overlay would both write ./same.png" --label same.png --overlay ./same.png "$demo"
wrong "--label and --masks would both write masks/demo-hair.png" --label masks/demo-hair.png --masks masks "$demo"
wrong "--overlay and --matte would both write" --overlay matte/demo-matte.png --matte hair -o matte "$demo"
wrong "--label and --edges would both write" --label edges/demo-edge-classes.png --edges -o edges "$demo"
try 0 "nothing was written" test ! -e same.png
try 0 "two names in one folder" "$parse" -q --label both/ --overlay both/ --matte hair -o both --masks both "$demo"
for option in label overlay masks output; do
    wrong "--$option -: pictures are not written to standard output" --$option - "$demo"
    wrong "--$option : expected the name" --$option "" "$demo"
done
try 0 "nothing of this name" test ! -e ./-
wrong "--output is for files without a place of their own" -o none --label none.png "$demo"
wrong "--output is for files without a place of their own" -o none --json "$demo"
wrong "--no-legend is about the overlay" --no-legend --masks none "$demo"
wrong "--smallest is about the faces" --smallest 30 "$demo"
wrong "--size 97.5: expected a whole number" --size 97.5 "$demo"
wrong "--model : expected the name" --model "" "$demo"
try 0 "nothing was written" test ! -e none.png
wrong "would write files of the same name" -o twice png/rgb8.png twin/rgb8.png
try 3 "missing model" "$parse" --model no-such-file "$demo"
says "the model no-such-file cannot be loaded: cannot be opened"
try 3 "not a model" "$parse" --model "$demo" "$demo"
says "cannot be loaded"
for isa in sse41 avx2 avx512 neon; do # the machine has it, or says that it has not
    "$parse" --isa $isa -q -o isa "$demo" >"$folder/log" 2>&1
    case $? in
    0) ok ;;
    2) says "does not have it" ;;
    *) fail "--isa $isa" ;;
    esac
done
try 0 "help" "$parse" --help
says "usage: dmlcsr-parse" "Exit codes"
try 0 "version" "$parse" --version

# ---- on a terminal ----

if command -v python3 >/dev/null 2>&1; then
    mkdir many
    for i in {10..49}; do cp png/rgb8.png many/picture$i.png; done
    try 0 "progress bar" python3 "$tests/terminal.py" bar "$parse" . many/picture1[0-3].png
    try 0 "interrupted" python3 "$tests/terminal.py" interrupt "$parse" . many/*.png
else
    echo "skip  the progress bar and interrupts: no python3"
fi

# ---- files are never lost ----

cp png/rgb8.png mine.png
try 1 "photo kept" "$parse" --label mine.png mine.png
says "would be overwritten"
try 0 "is still there" cmp mine.png png/rgb8.png
cp png/rgb8.png a.png
cp png/grey8.png a-label.png
try 1 "other photo kept" "$parse" a.png a-label.png
try 0 "is still there" cmp a-label.png png/grey8.png
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 500 locked
    try 1 "no permission" "$parse" --label locked/x.png png/rgb8.png
    says "locked/x.png cannot be written"
fi
try 1 "no such folder" "$parse" --label no/such/folder.png png/rgb8.png
says "no/such/folder.png cannot be written"
try 2 "a file as folder" "$parse" -o mine.png png/rgb8.png
says "the folder cannot be made"
if [ -w /dev/full ]; then
    "$parse" --json "$demo" >/dev/full 2>"$folder/log"
    try 0 "full disk" test $? -eq 1
fi
try 0 "no temporary file is left" test -z "$(find . -name '*.png.*')"
finish
