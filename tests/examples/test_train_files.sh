#!/bin/bash
# dmlcsr-train when the disk is full: it says which file and why, stops with a failing status, keeps the last checkpoint
# whole, and goes on from it to the same bytes once there is room.
. tests/examples/common.sh
smallest_run <<END
size = 33
epochs = 6
cycle_start = 6
threads = 1
END

# The files of a run's folder, on one line.
files() {
    (cd "$1" && echo *)
}

# A whole run, and the first half of three others.
try 0 "the whole run" run whole
for name in limited full; do
    try 3 "half of it" run "$name" --stop-after 6
done
kept=$folder/limited/checkpoint.safetensors
cp "$kept" "$folder/good"
before=$(files "$folder/limited")

# ---- no file may grow beyond a limit, which is not the program's doing ----

limited() {
    (
        ulimit -f $(($(wc -c <"$kept") / 2048)) # half of it; bash counts in 1024 bytes
        run limited "$@"
    )
}
try 1 "a checkpoint that does not fit" limited
says "no checkpoint of epoch 4" "$folder/limited/checkpoint.next.safetensors: cannot be written: File too large" \
    "training stops; the last checkpoint is $kept"
try 0 "the last checkpoint is as it was" cmp "$kept" "$folder/good"
try 0 "nothing half written is left: $(files "$folder/limited")" [ "$(files "$folder/limited")" = "$before" ]
try 0 "goes on once there is room" run limited
says "going on from $kept: epoch 3, step 2"
try 0 "to the same bytes" cmp "$folder/whole/current.safetensors" "$folder/limited/current.safetensors"
try 1 "a first checkpoint that does not fit" limited --output "$folder/new"
says "training stops; there is no checkpoint yet"

# A model that cannot be written ends the run, too.
cp -r "$folder/full" "$folder/export"
mkdir "$folder/export/current.safetensors" # rename() cannot replace a folder
try 1 "a model that cannot be put in place" run export
says "$folder/export/current.safetensors: cannot be replaced" "training stops; the last checkpoint is $folder/export/"

# ---- a file system without room, where one can be mounted ----

# Room for two checkpoints and a half, seen by this command alone; what the run leaves there is copied out at the end.
on_small_disk() { # where, what it begins with, where to, command
    unshare -m bash -c '
        mount -t tmpfs -o size="$0" none "$1" && cp "$2/checkpoint.safetensors" "$1" || exit 99
        small=$1 saved=$3
        shift 3
        "$@"
        status=$?
        cp -r "$small" "$saved"
        exit $status' $(($(wc -c <"$kept") * 5 / 2)) "$@"
}
mkdir "$folder/small"
if unshare -m mount -t tmpfs -o size=4096 none "$folder/small" 2>/dev/null; then
    try 1 "a full file system" on_small_disk "$folder/small" "$folder/full" "$folder/saved" \
        "$train" "$folder/run.toml" --quiet --output "$folder/small"
    says "$folder/small/checkpoint.next.safetensors: cannot be written: No space left on device" \
        "training stops; the last checkpoint is $folder/small/checkpoint.safetensors"
    try 0 "what is left: $(files "$folder/saved")" \
        [ "$(files "$folder/saved")" = "checkpoint.previous.safetensors checkpoint.safetensors log.csv" ]
    try 0 "goes on elsewhere" run saved
    says "going on from $folder/saved/checkpoint.safetensors: epoch 4, step 0"
    try 0 "the same bytes, too" cmp "$folder/whole/current.safetensors" "$folder/saved/current.safetensors"
else
    echo "skip  a full file system: mounting one needs root"
fi

# ---- checkpoints that cannot be read ----

printf 'damaged' >"$folder/full/checkpoint.safetensors"
rm -f "$folder/full/checkpoint.previous.safetensors"
try 1 "a damaged checkpoint is no reason to begin anew" run full
says "$folder/full/checkpoint.safetensors" "no checkpoint in $folder/full can be read; --fresh begins anew"
try 0 "unless it is asked for" run full --fresh
try 0 "the same bytes again" cmp "$folder/whole/current.safetensors" "$folder/full/current.safetensors"

# ---- what is wrong is named: the file, or the setting ----

wrong() { # status, texts that are said, flags
    local status=$1 text=$2
    shift 2
    try "$status" "$*" run wrong "$@"
    says "$text"
}
wrong 2 "$folder/none.toml: No such file" "$folder/none.toml"
wrong 1 "$folder/none: cannot be opened: No such file" --init "$folder/none"
wrong 1 "$folder/none: cannot be opened: No such file" --family "$folder/none"
wrong 1 "$folder/faces/test_list.txt" --set test
wrong 1 "--output $folder/none/output: No such file" --output "$folder/none/output"
wrong 1 "--output $folder/run.toml: Not a directory" --output "$folder/run.toml"
wrong 2 "classes is 2, but $folder/faces has 6" --classes 2
wrong 2 'rate is "nan"' --rate nan
wrong 2 'kind is "celeba", must be custom, celebamask-hq' --kind celeba
wrong 2 'isa is "sse", must be auto, c' --isa sse
wrong 2 'side is "left", must be subject or picture' --side left
wrong 1 "$folder/faces, set train: the set has 8 pictures, but one step takes 9" --batch 9
mkdir "$folder/nameless" && cp "$folder"/faces/*.png "$folder/faces/train_list.txt" "$folder/nameless"
wrong 1 "--kind celebamask-hq, lapa or helen needs none" --data "$folder/nameless"
cp "$folder/faces/face3.png" "$folder/sound.png"
head -c $(($(wc -c <"$folder/sound.png") * 2 / 3)) "$folder/sound.png" >"$folder/faces/face3.png"
wrong 0 "$folder/faces/face3.png: warning: the PNG file is damaged or ends too early" --epochs 2
try 0 "told once" [ "$(grep -c warning "$folder/log")" -eq 1 ]
head -c 20 "$folder/faces/face3.png" >"$folder/cut" && mv "$folder/cut" "$folder/faces/face3.png"
wrong 1 "$folder/faces/face3.png: the PNG file is damaged" --epochs 1 --fresh
rm "$folder/faces/face3.png"
wrong 1 "$folder/faces/train_list.txt:4: $folder/faces/face3.png: cannot be opened"
finish
