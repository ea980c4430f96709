#!/bin/bash
# dmlcsr-convert from the command line.
. tests/examples/common.sh
convert=$BUILD/bin/dmlcsr-convert model=weights/dmlcsr-small.safetensors
[ -x "$convert" ] || skip "there is no $convert"
[ -f "$model" ] || skip "there is no $model"

try 0 "list" "$convert" --list $model
says "dmlcsr.classes" "tensor" "dtype" "F32" "tensors"
for dtype in f32 f16 bf16 i8; do
    try 0 "$dtype" "$convert" $model "$folder/$dtype.safetensors" --dtype $dtype
    says "wrote $folder/$dtype.safetensors"
    try 0 "list $dtype" "$convert" --list "$folder/$dtype.safetensors"
    says " $(echo $dtype | tr a-z A-Z) " "dmlcsr.side"
done
large=$(wc -c <"$folder/f32.safetensors") small=$(wc -c <"$folder/f16.safetensors")
try 0 "half the bytes" test $((small * 100 / large)) -lt 60
# What was f16 and stays f16 keeps its values.
try 0 "f16 again" "$convert" "$folder/f16.safetensors" "$folder/again.safetensors" --dtype f16
try 0 "the same bytes" cmp "$folder/f16.safetensors" "$folder/again.safetensors"

try 0 "metadata" "$convert" $model "$folder/out.safetensors" --dtype f16 --side picture --licence "for tests" \
    --size 99 --set color=blue --set dmlcsr.trained_on=
says "wrote"
try 0 "list" "$convert" --list "$folder/out.safetensors"
says "picture" "for tests" "99" "color" "blue"
try 1 "a removed key" grep -q trained_on "$folder/log"
if grep -q edge_layer "$folder/out"; then
    try 0 "drop edges" "$convert" $model "$folder/plain.safetensors" --drop-edges
    try 0 "list" "$convert" --list "$folder/plain.safetensors"
    try 1 "no edge heads" grep -q edge_layer "$folder/log"
fi

# The authors' kinds of file; keys lose their "module.".
names="a b c d e f g h i j k l m n o p q r s"
for kind in zip legacy; do
    try 0 "$kind, list" "$convert" --list tests/golden/tiny_$kind.pth
    says "layer6.conv4.weight" "19 x 8 x 1 x 1" "F32"
    try 1 "$kind, prefix" grep -q module "$folder/log"
    try 0 "$kind" "$convert" tests/golden/tiny_$kind.pth "$folder/$kind.safetensors" --classes "$names" --size 65
    try 0 "$kind, list" "$convert" --list "$folder/$kind.safetensors"
    says "$names" "65"
done
try 0 "the same from both" cmp "$folder/zip.safetensors" "$folder/legacy.safetensors"

# A class list that does not fit would make a file that cannot be loaded.
for wrong in "--classes=a b" "--set=dmlcsr.classes=a b" "--classes=$names t"; do
    try 2 "$wrong" "$convert" tests/golden/tiny_zip.pth "$folder/new" "$wrong"
    says "names, the network has 19 classes"
done
try 0 "nothing was written" test ! -e "$folder/new"
try 0 "blanks between names" "$convert" tests/golden/tiny_zip.pth "$folder/blanks.safetensors" --classes "  $names  "

cp $model "$folder/kept"
echo nonsense >"$folder/nonsense"
try 1 "nonsense in" "$convert" "$folder/nonsense" "$folder/kept"
says "nonsense"
try 0 "the target is as it was" cmp $model "$folder/kept"
try 1 "nothing in" "$convert" "$folder/missing" "$folder/new"
says "missing"
try 1 "no folder" "$convert" $model "$folder/no/such/folder"
try 1 "list nonsense" "$convert" --list "$folder/nonsense"
try 1 "list nothing" "$convert" --list nothere
says "dmlcsr-convert: nothere: cannot be opened"
for option in --dtype=f16 --drop-edges --size=97 --set=color=blue --licence=none --edges; do
    try 2 "list and $option" "$convert" --list $option $model
    says "no other option goes with it"
done
try 2 "one name" "$convert" $model
try 2 "onnx and pictures" "$convert" --onnx --calibrate examples/demo.jpg $model "$folder/new"
says "--calibrate is for safetensors"
try 2 "dtype" "$convert" --dtype f8 $model "$folder/new"
says "expected f32, f16, bf16 or i8"
try 2 "side" "$convert" --side left $model "$folder/new"
try 2 "size" "$convert" --size 12 $model "$folder/new"
try 2 "setting" "$convert" --set nothing $model "$folder/new"
says "expected KEY=VALUE"
try 1 "a size that cannot be loaded" "$convert" --set dmlcsr.size=large $model "$folder/new"
says 'metadata dmlcsr.size is "large", must be a number from 17 to 4097'
try 1 "a side that cannot be loaded" "$convert" --set dmlcsr.side=left $model "$folder/new"
says 'metadata dmlcsr.side is "left", must be subject or picture'
try 2 "commas between names" "$convert" --classes "a,b,c" tests/golden/tiny_zip.pth "$folder/new"
says "between names there are blanks"
refused() { # text that is said, the name of the output, an option
    try 2 "$2" "$convert" ${3:+"$3"} $model "$2"
    says "$1"
    try 0 "nothing was written" test ! -e "$2"
}
refused "for ONNX, say --onnx" "$folder/new.onnx"
refused "for safetensors, leave out --onnx" "$folder/new.safetensors" --onnx
refused "PyTorch checkpoints are read, not written" "$folder/new.pth"
refused "a model is not written to standard output" -
refused "the output file has no name" ""
try 0 "nothing was written" test ! -e "$folder/new"
try 0 "version" "$convert" --version
try 0 "help" "$convert" --help
says "those of one dimension stay f32" "i8 small ones are f16"
try 1 "no longer" grep -q "always stay f32" "$folder/log"
# What it says of storage is so.
try 0 "list" "$convert" --list "$folder/i8.safetensors"
try 0 "with i8, small ones are f16" grep -qE " F16 .* x " "$folder/log"
try 1 "those of one dimension are f32" grep -qE " (F16|I8) +[0-9]+ +[0-9]+$" "$folder/log"

# ONNX: tests/unit/test_onnx.c looks into such files.
try 0 "onnx" "$convert" --onnx $model "$folder/own.onnx"
says "wrote $folder/own.onnx: ONNX"
try 0 "producer" grep -aq libdmlcsr "$folder/own.onnx"
try 1 "no edges" grep -aq edge_layer "$folder/own.onnx"
try 0 "onnx from a checkpoint" "$convert" tests/golden/tiny_zip.pth "$folder/tiny.onnx" --onnx --edges --size 65 \
    --classes "$names" --side picture --licence "for tests" --set color=blue
for text in "$names" picture "for tests" blue edge_layer.conv4.weight; do
    try 0 "$text" grep -aqF "$text" "$folder/tiny.onnx"
done
try 1 "a side that there is not" "$convert" --onnx --set dmlcsr.side=left $model "$folder/new"
says "dmlcsr.side" "left"
try 2 "two names" "$convert" --onnx --classes "a b" tests/golden/tiny_zip.pth "$folder/new"
try 2 "onnx and a dtype" "$convert" --onnx --dtype f16 $model "$folder/new"
says "--dtype is for safetensors"
try 2 "onnx without edges" "$convert" --onnx --drop-edges $model "$folder/new"
try 2 "onnx and a list" "$convert" --onnx --list $model
try 2 "edges alone" "$convert" --edges $model "$folder/new"
try 2 "onnx, size" "$convert" --onnx --size 16 $model "$folder/new"
try 0 "no edge heads" "$convert" --drop-edges tests/golden/tiny_zip.pth "$folder/headless.safetensors"
try 1 "edges that are not there" "$convert" --onnx --edges "$folder/headless.safetensors" "$folder/new"
says "headless.safetensors: has no edge heads"
try 1 "onnx of nonsense" "$convert" --onnx "$folder/nonsense" "$folder/kept"
try 0 "the target is as it was" cmp $model "$folder/kept"
try 1 "onnx of onnx" "$convert" --onnx "$folder/own.onnx" "$folder/new"
says "is not a model file"
try 0 "nothing was written" test ! -e "$folder/new"

# A program that uses what was written.
if [ -x "$BUILD/bin/dmlcsr-parse" ]; then
    for file in f32 f16 bf16 i8; do
        try 0 "parse with $file" "$BUILD/bin/dmlcsr-parse" --model "$folder/$file.safetensors" -o "$folder/parsed" \
            examples/demo.jpg
    done
    try 0 "parse with names of its own" "$BUILD/bin/dmlcsr-parse" --model "$folder/zip.safetensors" --json examples/demo.jpg
    says '"name":"s"'
    try 0 "calibrate" "$convert" --dtype i8 --calibrate examples/demo.jpg $model "$folder/calibrated.safetensors"
    for precision in auto fp32 bf16 int8; do
        try 0 "parse with $precision" "$BUILD/bin/dmlcsr-parse" --model "$folder/calibrated.safetensors" \
            --precision $precision --json --region "$(cat examples/demo.region)" examples/demo.jpg
        says "\"precision\":\"${precision/auto/int8}\"" '"name":"hair"'
    done
    try 3 "int8 without calibration" "$BUILD/bin/dmlcsr-parse" --model "$folder/i8.safetensors" --precision int8 \
        examples/demo.jpg
    says "input_range is missing: int8 needs a calibrated model"
    try 1 "no picture" "$convert" --calibrate $model $model "$folder/new"
    says "$model: "
    try 1 "no file" "$convert" --calibrate "$folder/none.jpg" $model "$folder/new"
    says "none.jpg: "
    try 0 "nothing was written" test ! -e "$folder/new"
fi
finish
