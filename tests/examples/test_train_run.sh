#!/bin/bash
# dmlcsr-train: what its models say of themselves, and what a run that goes on keeps: nothing is lost after the steps of an
# epoch, and other pictures than before are noticed.
. tests/examples/common.sh
smallest_run <<END
size = 33
epochs = 2
cycle_start = 2
threads = 1
END

# ---- models ----

# On labels of other classes, since the drawn ones fit in: without a list of names, the kind has them.
cp -r "$folder/faces" "$folder/nameless" && rm "$folder/nameless/label_names.txt"
side() { # expected, flags
    local expected=$1
    shift
    try 0 "$*" run side --epochs 1 --fresh "$@"
    "$BUILD/bin/dmlcsr-convert" --list "$folder/side/current.safetensors" >"$folder/log"
    try 0 "its side: ${expected:-none}" [ "$(awk '$1 == "dmlcsr.side" { print $2 }' "$folder/log")" = "$expected" ]
}
side "" --kind custom
side picture --kind custom --side picture
side subject --kind celebamask-hq --data "$folder/nameless"
side picture --kind lapa --data "$folder/nameless"
side "" --kind helen --data "$folder/nameless"
side subject --kind lapa --data "$folder/nameless" --side subject

try 0 "more classes than the data set has" run more --epochs 1 --classes 8
try 0 "a model of them" "$BUILD/bin/dmlcsr-parse" --model "$folder/more/current.safetensors" --json "$folder/faces/face1.png"
says '"class6"' '"class7"'

# ---- what follows the steps of an epoch ----

evaluated=(--validate train --evaluate 1 --pictures 0)
mv "$folder/faces/face3.png" "$folder/sound.png"
head -c 20 "$folder/sound.png" >"$folder/nameless/face3.png"
sed 's/face3/none/' "$folder/faces/train_list.txt" >"$folder/faces/some_list.txt"
cp "$folder/sound.png" "$folder/faces/none.png"
cp "$folder/nameless/face3.png" "$folder/faces/face3.png"
try 1 "an evaluation that fails" run failed "${evaluated[@]}" --set some
says "face3.png: " "training stops; the last checkpoint is $folder/failed/checkpoint.safetensors"
mv "$folder/sound.png" "$folder/faces/face3.png"
try 0 "goes on behind the steps that were taken" run failed "${evaluated[@]}" --set some
says "going on from $folder/failed/checkpoint.safetensors: epoch 1, step 2" "done; the best model"
try 0 "without a failure" run whole "${evaluated[@]}" --set some
try 0 "the same bytes" cmp "$folder/whole/current.safetensors" "$folder/failed/current.safetensors"

# A signal between the steps and the end of the epoch; for a while there is nothing but statistics and an evaluation. The
# process writes to its own log: what it says while it is watched must not be lost.
long=("${evaluated[@]}" --set long --average 0.9 --evaluate-limit 0 --epochs 1 --cycle-start 1)
for _ in $(seq 60); do cat "$folder/faces/train_list.txt"; done >"$folder/faces/long_list.txt"
long+=(--validate long)
run stopped "${long[@]}" >"$folder/watched" 2>&1 &
program=$!
for _ in $(seq 3000); do
    [ -s "$folder/stopped/checkpoint.safetensors" ] && break
    sleep .02
done
pkill -TERM -P $program -x dmlcsr-train || kill -TERM $program
wait $program
try 0 "the steps are kept" grep -q "stopped at epoch 1, step 120; the same command goes on" "$folder/watched"
try 0 "and gone on with" run stopped "${long[@]}"
says "going on from $folder/stopped/checkpoint.safetensors: epoch 1, step 120" "done; the best model"
try 0 "in one go" run unstopped "${long[@]}"
try 0 "the same bytes" cmp "$folder/unstopped/current.safetensors" "$folder/stopped/current.safetensors"

# ---- other pictures ----

try 3 "an evaluation on one picture" run other "${evaluated[@]}" --evaluate-limit 1 --stop-after 3
try 0 "then on all" run other "${evaluated[@]}"
says "was so on other pictures: the next one counts as the best" "done; the best model"
try 3 "some steps" run list --stop-after 1
cp -r "$folder/faces" "$folder/elsewhere"
try 3 "the folder has moved" run list --data "$folder/elsewhere" --stop-after 1
sed -i 1d "$folder/elsewhere/train_list.txt"
cat "$folder/faces/train_list.txt" >>"$folder/elsewhere/train_list.txt"
try 2 "another list" run list --data "$folder/elsewhere"
says "made with another list of pictures to train on ($folder/elsewhere, set train)"
finish
