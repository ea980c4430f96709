#!/bin/bash
# dmlcsr-parse --faces: the face of the demo photo, alone and several times in group pictures, upright and tilted; none where
# none is; the same for any number of threads; and what the options refuse.
. tests/examples/common.sh
case " ${PROGRAMS-dmlcsr-parse} " in
*" dmlcsr-parse "*) ;;
*) skip "dmlcsr-parse is not built: libpng or libjpeg is missing" ;;
esac
parse=$BUILD/bin/dmlcsr-parse
[ -x "$parse" ] || skip "there is no $parse"
case $parse in /*) ;; *) parse=$PWD/$parse ;; esac
weights=$PWD/weights demo=$PWD/examples/demo.jpg region=$(cat examples/demo.region)

helper make_groups -Iexamples examples/io.c examples/io_jpeg.c examples/io_png.c examples/exif.c
helper check_png
groups=$folder/make_groups png=$folder/check_png
mkdir "$folder/pictures"
try 0 "writing pictures" "$groups" write "$demo" "$region" "$folder/pictures"
cd "$folder/pictures" || exit 1

# ---- what is found ----

for name in portrait close tilted party crowd plain gradient noise; do
    try 0 "$name" "$parse" --faces --json --label "$name-label.png" $name.png
    cp "$folder/out" $name.json
    try 0 "faces of $name" "$groups" check $name $name.json
done
# Faces hardly larger than the smallest, for either model.
for model in small base; do
    try 0 "$model" "$parse" --faces --json --smallest 40 --model "$weights/dmlcsr-$model.safetensors" crowd.png
    cp "$folder/out" $model.json
    try 0 "$model misses none" "$groups" check crowd $model.json
done
try 1 "the check notices a face that is missing" "$groups" check party portrait.json
try 1 "and one too many" "$groups" check portrait party.json
try 0 "the whole demo photo" "$parse" --faces --json --smallest 40 "$demo"
cp "$folder/out" demo.json
try 0 "has one face" test "$(grep -o '"confidence"' demo.json | wc -l)" -eq 1
try 0 "smallest" "$parse" --faces --json --smallest 75 party.png
try 0 "two of five are that large" test "$(grep -o '"confidence"' "$folder/out" | wc -l)" -eq 2

# ---- what is written ----

try 0 "threads" "$parse" --faces --json --threads 3 --label threads.png party.png
try 0 "the same regions" test "$(grep -o '"regions":\[[^]]*\]' "$folder/out")" = "$(grep -o '"regions":\[[^]]*\]' party.json)"
try 0 "the same labels" "$png" same threads.png party-label.png
try 0 "nobody" "$parse" --faces --matte hair --edges --label nobody.png -o . plain.png
[ "$(grep -c "no face found" "$folder/err")" -eq 1 ] || fail "no face, and no word of it"
try 0 "an empty map" "$png" info nobody.png
read -r _ _ _ _ _ distinct _ <"$folder/out"
try 0 "has nothing but background" test "$distinct" -eq 1
try 0 "verbose" "$parse" -v --faces --no-legend --overlay frames.png portrait.png
says "1 face found" "face at " "confidence "
# A face that was found is parsed as one whose region is named: all classes.
found=$(sed 's/.*"regions":\[{"x":\([^,]*\),"y":\([^,]*\),"size":\([^,]*\),"degrees":\([^,]*\),.*/\1,\2,\3,\4/' portrait.json)
try 0 "the region by name" "$parse" -q --region "$found" --label named.png portrait.png
try 0 "is the same" "$png" agree portrait-label.png named.png 99.9
# One face that fills the picture: nearly what a parse of the whole picture gives. LaPa's classes have no clothes, which go
# on below the face's region.
try 0 "face and hair" "$parse" -q --scheme lapa --faces --label face.png portrait.png
try 0 "without --faces" "$parse" -q --scheme lapa --label whole.png portrait.png
try 0 "agrees" "$png" agree face.png whole.png 95

# ---- what is refused ----

try 2 "both" "$parse" --faces --region 1,2,3 portrait.png
says "--faces finds where to look, --region says so"
try 2 "smallest alone" "$parse" --smallest 40 portrait.png
says "--smallest is about the faces that --faces finds"
for number in 7 x 70000 -3 "" nan; do
    try 2 "--smallest $number" "$parse" --faces --smallest "$number" portrait.png
    says "expected pixels, 8 to 65535"
done
finish
