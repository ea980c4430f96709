#!/bin/bash
# dmlcsr-train with another network as teacher: it changes what is learnt until the first cycle ends, a run that goes on
# ends at the same bytes, its mirror image is turned back, it may see larger pictures, and a teacher that sees other classes or
# another input is refused.
. tests/examples/common.sh
convert=$BUILD/bin/dmlcsr-convert
smallest_run <<END
size = 65
epochs = 4
cycle_start = 4
pictures = 0
threads = 2
END

# A teacher of another shape and size than what it teaches.
try 0 "the teacher" run first --divide 8 --size 97 --rate 0.02 --epochs 12 --cycle-start 12 --augment 0
teacher=$folder/first/current.safetensors
try 0 "without" run without
try 0 "with" run with --teacher "$teacher" --teacher-share 0.7
try 1 "it makes a difference" cmp "$folder/without/current.safetensors" "$folder/with/current.safetensors"
try 0 "another thread" run one --teacher "$teacher" --teacher-share 0.7 --threads 1
try 0 "makes none" cmp "$folder/with/current.safetensors" "$folder/one/current.safetensors"
try 0 "a share of 0" run none --teacher "$teacher" --teacher-share 0
try 0 "is none" cmp "$folder/without/current.safetensors" "$folder/none/current.safetensors"

# With the teacher alone, what is learnt is what it says of each picture: logits of another picture of the batch, or in
# another order, could not be learnt, since the batches are new in each epoch.
try 0 "imitation" run alike --teacher "$teacher" --teacher-share 1 --lovasz 0 --weight-binary 0 --weight-category 0 \
    --augment 0 --epochs 60 --cycle-start 60 --rate 0.02 --warm-up 3 --clip 5
losses=$(awk -F, 'NR > 1 { last = $3; first = first ? first : last } END { print first, last }' "$folder/alike/log.csv")
try 0 "the loss falls to less than a tenth: $losses" \
    awk -v "x=$losses" 'BEGIN { split(x, loss, " "); exit !(loss[2] < loss[1] / 10) }'

# Of a mirror image a teacher that has seen some says nearly the same, with left and right exchanged: taught by itself, one
# has little to learn. Not turned back it would be 30 times as much, with the classes as they are 3 times.
try 0 "a teacher that knows mirror images" run knows --divide 8 --rate 0.03 --warm-up 3 --clip 5 --epochs 60 \
    --cycle-start 60 --rotate 0 --scale-deviation 0
itself=(--family "$folder/knows/current.safetensors" --init "$folder/knows/current.safetensors" --teacher-share 1
    --teacher "$folder/knows/current.safetensors" --lovasz 0 --weight-binary 0 --weight-category 0 --augment 0
    --rate 1e-9 --epochs 1 --cycle-start 1)
loss() {
    try 0 "taught by itself, mirror image $1" run "itself$1" "${itself[@]}" --teacher-mirror "$1"
    loss[$1]=$(awk -F, 'END { print $3 }' "$folder/itself$1/log.csv")
}
loss 0
loss 1
try 0 "the mirror image changes the loss, and by little: ${loss[*]}" \
    awk -v "x=${loss[*]}" 'BEGIN { split(x, loss, " "); exit !(loss[2] != loss[1] && loss[2] < 2 * loss[1]) }'
# Of larger pictures it says something else, having seen one size only: 1.5 was measured. With rows and columns exchanged, or
# nothing in between where pictures are resampled, it is 6 and 8.
try 0 "taught by itself, larger" run itself2 "${itself[@]}" --teacher-size 73
loss[2]=$(awk -F, 'END { print $3 }' "$folder/itself2/log.csv")
try 0 "larger pictures change the loss, and not by much: ${loss[*]}" \
    awk -v "x=${loss[*]}" 'BEGIN { split(x, loss, " "); exit !(loss[3] != loss[1] && loss[3] < 3) }'
try 0 "the same size, said" run same --teacher "$teacher" --teacher-share 0.7 --teacher-size 65
try 0 "is the same" cmp "$folder/with/current.safetensors" "$folder/same/current.safetensors"
try 3 "larger pictures" "$train" "$folder/run.toml" --output "$folder/larger" --teacher "$teacher" --teacher-size 97 \
    --teacher-mirror 1 --stop-after 3
says "teacher: $teacher at 97 x 97, fp32, " "with the mirror image; share 0.5"
try 2 "another size" run larger --teacher "$teacher" --teacher-mirror 1
says "was made with teacher_size = 97, now it is 0"
mirrored=(--teacher "$teacher" --teacher-mirror 1)
try 0 "with the mirror image" run mirrored "${mirrored[@]}"
try 3 "its first steps" "$train" "$folder/run.toml" --output "$folder/halted" "${mirrored[@]}" --stop-after 3
says "teacher: $teacher at 65 x 65, fp32, " "with the mirror image; share 0.5"
try 2 "without the mirror image" run halted --teacher "$teacher"
says "was made with teacher_mirror = 1, now it is 0"
try 0 "its rest" run halted "${mirrored[@]}"
try 0 "the same bytes" cmp "$folder/mirrored/current.safetensors" "$folder/halted/current.safetensors"

# It is named, and settings are kept.
try 3 "the first steps" "$train" "$folder/run.toml" --output "$folder/part" --teacher "$teacher" --teacher-share 0.7 \
    --stop-after 3
says "teacher: $teacher at 65 x 65, fp32, " "share 0.7"
try 2 "another share" run part --teacher "$teacher" --teacher-share 0.6
says "was made with teacher_share = 0.69999999999999996, now it is 0.59999999999999998"
try 2 "no teacher" run part --teacher-share 0.7
says "was made with teacher = $teacher, now it is"
try 0 "to the end" run part --teacher "$teacher" --teacher-share 0.7
try 0 "the same bytes" cmp "$folder/with/current.safetensors" "$folder/part/current.safetensors"

# After the first cycle the self-ensemble teaches, and the trainer takes nothing from anybody else: asking on would end
# the run.
cycles=(--cycle-start 1 --cycle-epochs 1 --teacher "$teacher")
try 0 "cycles" run cycles "${cycles[@]}"
try 3 "one cycle, and half an epoch more" run stopped "${cycles[@]}" --stop-after 5
try 0 "the rest" run stopped "${cycles[@]}"
try 0 "the same bytes" cmp "$folder/cycles/current.safetensors" "$folder/stopped/current.safetensors"
try 0 "the same ensemble" cmp "$folder/cycles/ensemble.safetensors" "$folder/stopped/ensemble.safetensors"

# What does not fit is refused.
refused() { # status, text, flags
    local status=$1 text=$2
    shift 2
    try "$status" "$text" run refused "$@"
    says "$text"
}
other() { # name, metadata
    try 0 "$1" "$convert" --set "$2" "$teacher" "$folder/$1.safetensors"
}
refused 1 "the teacher: $folder/nowhere: cannot be opened" --teacher "$folder/nowhere"
refused 1 "the teacher: options.input_size is 5" --teacher "$teacher" --teacher-size 5
cp -r "$folder/faces" "$folder/more"
sed -i '$a teeth' "$folder/more/label_names.txt"
refused 2 "the teacher $teacher has 6 classes, but $folder/more has 7, and 7 are trained" --teacher "$teacher" \
    --data "$folder/more"
refused 2 "the teacher $teacher has 6 classes, but $folder/faces has 6, and 8 are trained" --teacher "$teacher" \
    --classes 8
sed -i '$d; s/^hair$/fur/' "$folder/more/label_names.txt"
refused 2 "the teacher $teacher has class 2 hair, must be fur as for $folder/more" --teacher "$teacher" \
    --data "$folder/more"
other rgb dmlcsr.channels=rgb
refused 2 "has dmlcsr.channels rgb, must be bgr as for" --teacher "$folder/rgb.safetensors"
other mean "dmlcsr.mean=0.5 0.5 0.5"
refused 2 "has dmlcsr.mean 0.5 0.5 0.5, must be 0.485 0.456 0.406 as for" --teacher "$folder/mean.safetensors"
other side dmlcsr.side=picture
refused 2 "has dmlcsr.side picture, must be subject as for" --teacher "$folder/side.safetensors" --side subject
other std "dmlcsr.std=0.229 0.224 0.226"
refused 2 "has dmlcsr.std 0.229 0.224 0.226, must be" --teacher "$folder/std.safetensors"
refused 2 "teacher_share is \"1.5\", must be a number from 0 to 1" --teacher "$teacher" --teacher-share 1.5
finish
