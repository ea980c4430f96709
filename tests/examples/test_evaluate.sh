#!/bin/bash
# dmlcsr-evaluate: scores with known answers, lists and layouts, shards, sheets, messages, exit codes.
. tests/examples/common.sh
case " ${PROGRAMS-dmlcsr-evaluate} " in
*" dmlcsr-evaluate "*) ;;
*) skip "dmlcsr-evaluate is not built: libpng or libjpeg is missing" ;;
esac
[ -x "$BUILD/bin/dmlcsr-evaluate" ] || skip "there is no $BUILD/bin/dmlcsr-evaluate"
bin=$BUILD/bin
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
evaluate=$bin/dmlcsr-evaluate parse=$bin/dmlcsr-parse tests=$PWD/$here
model=$PWD/weights/dmlcsr-small.safetensors
helper make_faces
helper make_labels
helper check_png
# shellcheck disable=SC2086 # names without blanks
helper draw_charts -Iexamples examples/{chart,canvas,font,io,io_png,io_jpeg,exif}.c
labels=$folder/make_labels png=$folder/check_png
mkdir "$folder/drawn" "$folder/work" && "$folder/make_faces" "$folder/drawn" || exit 1
cd "$folder/work" || exit 1

# row TEXT: a line of the table, blanks squeezed.
row() {
    if tr -s ' ' <"$folder/out" | grep -qxF -e " $1"; then ok; else fail "no such line: $1"; fi
}

# lacks TEXT: the last command did not write it.
lacks() {
    if grep -qF -e "$1" "$folder/log"; then fail "said, but should not: $1"; else ok; fi
}

# part FILE SHARD SHARDS CONFUSION NAMES...: what a run would have written.
part() {
    local file=$1 shard=$2 shards=$3 matrix=$4 name separator=
    shift 4
    {
        printf '{"program":"dmlcsr-evaluate","model":"m","data":"d","set":"val","kind":"k","protocol":"logits",'
        printf '"isa":"c","precision":"fp32","input_size":97,"threads":1,"limit":0,"seconds":1.5,"shards":{"of":%d,"done":[%d]},' \
            "$shards" "$shard"
        printf '"pictures":2,"ignored":7,"classes":['
        for name; do
            printf '%s{"name":"%s"}' "$separator" "$name"
            separator=,
        done
        printf '],"confusion":%s}' "$matrix"
    } >"$file"
}

# ---- numbers worked out by hand ----

# skin: 40 right of 50 labels and 48 predictions; nose has labels and no right prediction; hat is nowhere
part hand.json 1 1 '[[90,6,4,0],[8,40,2,0],[0,2,0,0],[0,0,0,0]]' bg skin nose hat
try 0 "by hand" "$evaluate" --merge hand.json --confusion
row "0 bg 0.9091 0.8333 65.789 % 100" # 2 * 90 / (100 + 98); 90 / 108
row "1 skin 0.8163 0.6897 32.895 % 50" # 2 * 40 / (50 + 48); 40 / 58
row "2 nose 0.0000 0.0000 1.316 % 2"
row "3 hat absent - - 0"
row "mean F1 0.4082 (2 classes: without background and absent ones)"
row "mean IoU 0.5077 (3 classes: with background, without absent ones)"
row "pixel accuracy 0.8553" # 130 / 152
row "1 skin 16.0 80.0 4.0 ."
says "2 pictures" "protocol logits"

# Helen: among the parts of the mouth, what is mixed up counts for the parts and not for the mouth
matrix='[[100,0,0,0,0,0,0,0,0,0,0],[0,100,0,0,0,0,0,0,0,0,0],[0,0,9,1,0,0,0,0,0,0,0],[0,5,0,5,0,0,0,0,0,0,0],
[0,0,0,0,8,2,0,0,0,0,0],[0,0,0,0,0,10,0,0,0,0,0],[0,10,0,0,0,0,30,0,0,0,0],[0,0,0,0,0,0,0,10,5,5,0],
[0,0,0,0,0,0,0,0,10,0,0],[0,4,0,0,0,0,0,0,0,16,0],[0,0,0,0,0,0,0,0,0,0,50]]'
part helen.json 1 1 "$matrix" background skin "left brow" "right brow" "left eye" "right eye" nose "upper lip" \
    "inner mouth" "lower lip" hair
try 0 "Helen" "$evaluate" --merge helen.json
row "eyes 1.0000 1.0000 5.263 % 20"
row "brows 0.8571 0.7500 5.263 % 20"   # 2 * 15 / (20 + 15)
row "mouth 0.9583 0.9200 13.158 % 50"  # 2 * 46 / (50 + 46)
row "overall 0.9212 0.8538 34.211 % 130" # 2 * 111 / (130 + 111)
row "7 upper lip 0.6667 0.5000 5.263 % 20"
part spelt.json 1 1 "$matrix" background skin left_eyebrow right_brow left_eye right_eye nose ul im lower_lip hair
try 0 "parts as others spell them" "$evaluate" --merge spelt.json
row "overall 0.9212 0.8538 34.211 % 130"
sed 's/"ul"/"chin"/' spelt.json >chin.json
try 0 "one part is not known" "$evaluate" --merge chin.json
row "brows 0.8571 0.7500 5.263 % 20"
lacks "overall"

# ---- adding up ----

part a.json 1 2 '[[50,6],[8,20]]' bg skin
part b.json 2 2 '[[40,0],[0,20]]' bg skin
try 0 "sum" "$evaluate" --merge a.json b.json --json sum.json
row "1 skin 0.8511 0.7407 33.333 % 48" # 2 * 40 / (48 + 46)
says "4 pictures," "3.0 s"
try 0 "sum of a sum" "$evaluate" --merge sum.json --json -
says '"shards":{"of":2,"done":[1,2]}' '"ignored":14' '[90,6]' '[8,40]'
try 0 "half" "$evaluate" --merge a.json
says "these shards are missing: 2 of 2" "in 1 of 2 shards"
try 1 "twice" "$evaluate" --merge a.json a.json
says "a.json: shard 1 of 2 is in a file before it already"
part c.json 2 2 '[[40,0],[0,20]]' bg hair
try 1 "other classes" "$evaluate" --merge a.json c.json
says "c.json: has another list of classes than a.json"
sed 's/logits/dml-csr/' b.json >d.json
try 1 "another protocol" "$evaluate" --merge a.json d.json
says "d.json: has another protocol than a.json"
sed 's/"fp32"/"bf16"/' b.json >e.json
try 1 "another precision" "$evaluate" --merge a.json e.json
says "e.json: has another precision than a.json"
refused() { # what is wrong with a.json, as an edit of it
    sed "$1" a.json >wrong.json
    try 1 "wrong: $1" "$evaluate" --merge wrong.json
    says "wrong.json: is not"
}
refused 's/dmlcsr-evaluate/another/'
refused 's/\[50,6\]/[50]/'
refused 's/\[50,6\]/[50,-6]/'
refused 's/\[50,6\]/[50,6.5]/'
refused 's/"done":\[1\]/"done":[3]/'
refused 's/"of":2/"of":1e300/'
refused 's/}$//'
refused 's/"ignored"/"ignored/'
refused 's/logits/some/'
try 1 "no file" "$evaluate" --merge none.json
says "none.json: cannot be read: No such file"
head -c 5000 /dev/zero | tr '\0' '[' >deep.json
try 1 "deep" "$evaluate" --merge deep.json

# ---- labels that the program itself has made: all is right ----

mkdir -p set/images set/labels
cp "$folder"/drawn/face*.* set/images
names="bg skin nose eye_g l_eye r_eye l_brow r_brow l_ear r_ear mouth u_lip l_lip hair hat ear_r neck_l neck cloth"
# shellcheck disable=SC2086 # a name a line
printf '%s\n' $names >set/label_names.txt
try 0 "labels" "$parse" -q --label set/labels set/images/*
for image in set/images/*; do
    name=${image##*/} name=${name%.*}
    mv "set/labels/$name-label.png" "set/labels/$name.png"
    echo "images/${image##*/} labels/$name.png" >>set/val_list.txt
done
pictures=$(wc -l <set/val_list.txt)
try 0 "several faces" test "$pictures" -eq 8
try 0 "perfect" "$evaluate" --data set
says "$pictures pictures" "protocol logits: logits resampled" "set val (label_names.txt)"
row "pixel accuracy 1.0000"
says "mean F1        1.0000"
try 0 "the other protocol is another" "$evaluate" --data set --protocol dml-csr --json other.json
says "protocol dml-csr: argmax at the network's size"
lacks "pixel accuracy 1.0000"
mkdir -p compatible/val && cp -r set/images set/label_names.txt compatible && mv compatible/images compatible/val
try 0 "compatible labels" "$parse" -q --geometry compatible --label compatible/val/labels set/images/*
for label in compatible/val/labels/*; do mv "$label" "${label%-label.png}.png"; done
try 0 "perfect, from folders" "$evaluate" -d compatible -s val -p dml-csr
row "pixel accuracy 1.0000"

# ---- changes whose effect is known ----

cp -r set changed
first=changed/labels/face0.png
background=$("$labels" count "$first" 0)
"$labels" paint "$first" painted.png 0 0 96 30 255 >/dev/null
left=$("$labels" count painted.png 0)
cp painted.png "$first"
try 0 "ignored" "$evaluate" -d changed --json ignored.json
row "pixel accuracy 1.0000"
try 0 "so many" grep -q "\"ignored\":2880" ignored.json
try 0 "some background among them" test "$left" -lt "$background"

cp set/labels/"${first##*/}" "$first"
count=$("$labels" replace "$first" "$first" 0 14) # what is background is called a hat
try 0 "there was some" test "$count" -gt 0
try 0 "a wrong class" "$evaluate" -d changed --json wrong.json --limit 1
! command -v python3 >/dev/null 2>&1 || try 0 "in the matrix" python3 -c '
import json, sys
d = json.load(open(sys.argv[1])); count = int(sys.argv[2]); m = d["confusion"]; n = len(m)
assert m[14][0] == count and d["pictures"] == 1, m[14]
assert sum(map(sum, m)) == d["pixels"] == 96 * 96
for k, c in enumerate(d["classes"]):
    a, b, both = sum(m[k]), sum(r[k] for r in m), m[k][k]
    assert c["support"] == a and c["predicted"] == b
    if a + b: assert abs(c["f1"] - 2 * both / (a + b)) < 1e-6 and abs(c["iou"] - both / (a + b - both)) < 1e-6
    else: assert c["f1"] is None and c["iou"] is None
f1 = [c["f1"] for c in d["classes"][1:] if c["f1"] is not None]
iou = [c["iou"] for c in d["classes"] if c["iou"] is not None]
assert abs(d["mean_f1"] - sum(f1) / len(f1)) < 1e-6 and abs(d["mean_iou"] - sum(iou) / len(iou)) < 1e-6
assert abs(d["accuracy"] - sum(m[k][k] for k in range(n)) / d["pixels"]) < 1e-6
' wrong.json "$count"

cp -r set large
for image in large/images/*.png; do "$labels" double "$image" "$image.new" && mv "$image.new" "$image"; done
try 0 "pictures twice as large" "$evaluate" -d large
row "pixel accuracy 1.0000"

# Nothing is stretched to fit: a side may be rounded, but the shape is the same.
first=large/images/face1.png
"$labels" top "$first" top.png 191 && cp top.png "$first"
try 0 "a row less" "$evaluate" -d large
says "8 pictures"
"$labels" top "$first" top.png 64 && cp top.png "$first"
try 1 "another shape" "$evaluate" -d large
says "large/images/face1.png: is 192 x 64 pixels, but its labels large/labels/face1.png are 96 x 96"
lacks "mean F1"

# ---- the same however it is computed ----

numbers() { grep -vE '"(threads|isa)"|^ "shards"' "$1" >"$1.numbers"; }
for threads in 1 3 20; do
    try 0 "$threads threads" "$evaluate" -q -d changed -t $threads -j t$threads.json -p dml-csr
    numbers t$threads.json
    try 0 "the same numbers" cmp t1.json.numbers t$threads.json.numbers
done
for shard in 1 2 3; do try 0 "shard $shard" "$evaluate" -q -d changed --shard $shard/3 -j s$shard.json -p dml-csr; done
try 0 "together" "$evaluate" -q --merge s3.json s1.json s2.json -j s.json
numbers s.json
sed -i 's/"isa":"[^"]*"//' t1.json.numbers
try 0 "the same numbers" cmp t1.json.numbers s.json.numbers
try 0 "more shards than pictures" "$evaluate" -d changed --shard 9/9
says ": 0 pictures"
try 0 "portable C" "$evaluate" -d set --isa c --size 97 --limit 2
says ", c" "2 pictures" "input 97 x 97"

# ---- the sheet ----

try 0 "sheet" "$evaluate" -q -d set --sheet sheet.png --sheet-count 3 --sheet-cell 64
try 0 "is a picture" "$png" info sheet.png
says " 8 rgb "
read -r small _ <"$folder/out"
try 0 "larger" "$evaluate" -q -d set --sheet large.png
try 0 "is a picture" "$png" info large.png
read -r large _ <"$folder/out"
try 0 "wider than the other" test "$large" -gt "$small"
try 0 "with threads" "$evaluate" -q -d set --sheet threads.png -t 3
try 0 "the same sheet" "$png" same threads.png large.png
try 0 "without edge heads" "$bin/dmlcsr-convert" --drop-edges "$model" \
    plain.safetensors
try 0 "smaller sheet" "$evaluate" -q -d set --sheet narrow.png -m plain.safetensors
try 0 "is a picture" "$png" info narrow.png
read -r narrow _ <"$folder/out"
try 0 "without the cells of edges" test "$narrow" -lt "$large"
try 1 "no place" "$evaluate" -q -d set --sheet no/such/folder.png
says "no/such/folder.png: cannot be written"
mkdir broken && cp -r set/images set/val_list.txt set/label_names.txt broken # no labels: an error with the first picture
mkdir broken/labels && for label in set/labels/*; do echo broken >"broken/labels/${label##*/}"; done
try 1 "no labels" "$evaluate" -q -d broken
says "labels/face"
for file in no/such/folder.png charts/ set; do
    mkdir -p charts
    try 1 "no place for a sheet, before the first picture" "$evaluate" -d broken --sheet $file
    says "$file: cannot be written"
    lacks "labels/face"
    try 1 "no place for the numbers, before the first picture" "$evaluate" -q -d broken --json $file
    says "$file: cannot be written"
    lacks "labels/face"
done
rmdir charts
cp narrow.png kept.png && cp other.json kept.json
try 1 "a failure later" "$evaluate" -q -d broken --sheet kept.png --json kept.json
says "labels/face"
try 0 "the sheet is as it was" cmp narrow.png kept.png
try 0 "the numbers are as they were" cmp other.json kept.json
for i in {1..1000}; do head -n 1 set/val_list.txt; done >set/many_list.txt
try 1 "a sheet too large" "$evaluate" -d set -s many --sheet huge.png --sheet-count 1000 --sheet-cell 1024
says "huge.png: the sheet would be" "show fewer pictures"

# ---- charts, which dmlcsr-train draws ----

mkdir charts
try 0 "charts" "$folder/draw_charts" charts
for size in "loss 960 540" "rate 720 360" "many 960 540" "point 400 240" "none 960 540" "odd 300 200"; do
    # shellcheck disable=SC2086 # three words
    set -- $size
    try 0 "$1" "$png" info "charts/$1.png"
    says "$2 $3 8 rgb"
done
try 0 "another series, another chart" "$png" differ charts/loss.png charts/many.png

# ---- what is wrong is named ----

wrong() { # status, text that is said, arguments
    local status=$1 text=$2
    shift 2
    try "$status" "wrong" "$evaluate" "$@"
    says "$text"
}
wrong 2 "the model small tells 19 classes apart, but the data set has 6 (label_names.txt)" -d "$folder/drawn" -s train
wrong 1 "there is neither a list nowhere/val_list.txt nor a folder nowhere/val/images" -d nowhere
wrong 1 "label_names.txt: has 19 names, but LaPa has 11 classes" -d set -k lapa
try 0 "the right kind" "$evaluate" -d set -k celebamask-hq
says "(CelebAMask-HQ)"
cp -r set damaged
"$labels" paint damaged/labels/face2.png damaged/labels/face2.png 41 17 1 1 19 >/dev/null
wrong 1 "damaged/labels/face2.png: the pixel x = 41, y = 17 has class id 19, but the classes are 0 to 18" -d damaged
lacks "mean F1"
cp damaged/images/face1.png damaged/labels/face2.png
wrong 1 "damaged/labels/face2.png: labels must be a PNG file with a palette" -d damaged
rm damaged/labels/face2.png
wrong 1 "val_list.txt:3: damaged/labels/face2.png: cannot be opened" -d damaged
list() { # the damaged list's only line
    printf '# a list\n\n%s\n' "$1" >damaged/val_list.txt
}
list "images/face1.png"
wrong 1 "val_list.txt:3: a line needs two paths" -d damaged
list "images/face1.png labels/face1.png edges/face1.png more"
wrong 1 "val_list.txt:3: a line has two or three paths" -d damaged
list "images/face1.png labels/face1.png edges/face1.png"
try 0 "edges are not used" "$evaluate" -d damaged
says "1 pictures"
cp damaged/images/face1.png "damaged/images/a face.png"
list "images/a face.png	labels/face1.png"
try 0 "a name with a blank, behind it a tab" "$evaluate" -d damaged
list "images/a face.png 	 labels/face1.png"
try 0 "blanks around a tab" "$evaluate" -d damaged
list "$PWD/damaged/images/face1.png	$PWD/damaged/labels/face1.png"
try 0 "absolute paths" "$evaluate" -d damaged
says "1 pictures"
mkdir damaged/folder_list.txt
wrong 1 "damaged/folder_list.txt: is a folder, not a file" -d damaged -s folder
: >damaged/val_list.txt
wrong 1 "there is no pair in it" -d damaged
cp -r compatible unpaired && rm unpaired/val/labels/face3.png
wrong 1 "unpaired/val/images/face3.png: there are no labels for it in unpaired/val/labels" -d unpaired
cp compatible/val/labels/face3.png unpaired/val/labels/face3.PNG
cp compatible/val/labels/face3.png unpaired/val/labels/face3-old.png # sorted before it, and not its labels
try 0 "labels of any end" "$evaluate" -d unpaired -p dml-csr
says "8 pictures"
row "pixel accuracy 1.0000"
cp compatible/val/images/face3.png unpaired/val/images/face3.jpeg
wrong 1 "unpaired/val/images: face3.jpeg and face3.png have the same name but for the end" -d unpaired
rm -r unpaired/val/labels
wrong 1 "unpaired/val/labels: cannot be opened" -d unpaired
try 0 "a set elsewhere" "$evaluate" -d set -s "$PWD/compatible/val"
says "8 pictures"
sed 1d set/label_names.txt >damaged/label_names.txt
cp set/val_list.txt damaged && cp set/labels/* damaged/labels
wrong 1 'label_names.txt: the first name must be bg or background, not "skin"' -d damaged
rm damaged/label_names.txt
try 0 "the names are known" "$evaluate" -d damaged
says "(CelebAMask-HQ)" "neck_l"
sed 's/cloth/dress/' set/label_names.txt >damaged/label_names.txt
try 0 "another name" "$evaluate" -d damaged
says 'warning: class 18 is "cloth" in the model, "dress" in the data set'
wrong 2 "no data set is named"
wrong 2 "--merge needs JSON files" --merge
wrong 2 "--merge only adds up" --merge a.json --data set
wrong 2 "what to do with them" --data set a.json
wrong 2 "expected dml-csr or logits" -d set --protocol both
wrong 2 "expected celebamask-hq" -d set --kind faces
wrong 2 "--shard 3/2" -d set --shard 3/2
wrong 2 "--shard 0/2" -d set --shard 0/2
wrong 2 "--limit 0" -d set --limit 0
wrong 2 "--limit 1.5: expected a whole number" -d set --limit 1.5
wrong 2 "--merge only adds up: --limit does not go with it" --merge a.json --limit 1
wrong 2 "--merge only adds up: --model does not go with it" --merge a.json -m base
wrong 2 "no data set is named" -d ""
wrong 2 "the set has no name" -d set -s ""
wrong 2 "--model : expected the name" -d set -m ""
wrong 2 "name its file with --sheet" -d set --sheet-count 3
wrong 2 "name its file with --sheet" -d set --sheet-cell 64
wrong 2 "--sheet -: a sheet is not written to standard output" -d set --sheet -
wrong 2 "--sheet : expected the name of a file" -d set --sheet ""
wrong 2 "--json : expected the name of a file" -d set --json ""
wrong 2 "would write the same file" -d set --sheet one.out --json ./one.out
wrong 2 "--confusion adds to the table" -d set --confusion --quiet
wrong 2 "--confusion adds to the table" -d set --confusion --json -
wrong 2 "--size 16" -d set --size 16
wrong 2 "no instruction set has this name" -d set --isa mmx
wrong 2 "Try dmlcsr-evaluate --help" --no-such-option
wrong 3 "the model no-such-file cannot be loaded: cannot be opened" -d set -m no-such-file
wrong 1 "no/such.json: cannot be written" -d set -q -j no/such.json
try 0 "no half file is left" test -z "$(find . -name '*.part' -o -name '*.png.*' -o -name '*.json.??????')"
if [ -w /dev/full ]; then
    "$evaluate" -d set --json - >/dev/full 2>"$folder/log"
    try 0 "full disk" test $? -eq 1
    wrong 1 "/dev/full: cannot be written" -d set -q --json /dev/full
    says "mean F1" # all that is left
    wrong 1 "/dev/full: cannot be written" -d set --sheet /dev/full --json left.json
    says "mean F1"
    try 0 "the numbers are there" grep -q mean_f1 left.json
    try 0 "a device stays one" test -c /dev/full
fi
try 0 "help" "$evaluate" --help
says "usage: dmlcsr-evaluate" "Exit codes"
try 0 "version" "$evaluate" --version

# ---- on a terminal ----

if command -v python3 >/dev/null 2>&1; then
    try 0 "progress bar" python3 "$tests/terminal.py" evaluate "$evaluate" -d set -t 1
fi
finish
