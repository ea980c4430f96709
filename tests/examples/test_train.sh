#!/bin/bash
# dmlcsr-train from files to a model: a small network learns eight drawn faces by heart, with a cycle of self-regulation;
# killed in the middle and called again, it ends at the same bytes; what goes wrong is named.
. tests/examples/common.sh
[ -x "$BUILD/bin/dmlcsr-train" ] || skip "dmlcsr-train was not built (libpng and libjpeg are not there)"
helper make_faces

# has PATTERN...: the last command wrote lines that match.
has() {
    local pattern
    for pattern in "$@"; do
        if grep -q -e "$pattern" "$folder/log"; then ok; else fail "not printed: $pattern"; fi
    done
}

train=$BUILD/bin/dmlcsr-train
case $train in /*) ;; *) train=$PWD/$train ;; esac
mkdir "$folder/faces" && "$folder/make_faces" "$folder/faces" && cp -r "$folder/faces" "$folder/sound" || exit 1
cat >"$folder/run.toml" <<END
# eight faces, as they are
data = "$folder/faces"
validate = "train"
divide = 8
blocks1 = 1
blocks2 = 1
blocks3 = 2
blocks4 = 1
size = 97
batch = 4
augment = 0
epochs = 120
rate = 0.02
warm_up = 5
clip = 5
cycle_start = 110
cycle_epochs = 5
evaluate = 60
save_minutes = 0
threads = 2
quiet_is_no_setting = 1
END
try 2 "a setting that is none" "$train" "$folder/run.toml"
has 'line 21: there is no setting "quiet_is_no_setting"'
sed -i '$d' "$folder/run.toml"

try 0 "the whole run" "$train" "$folder/run.toml" --quiet --output "$folder/whole"
has "ensemble.safetensors after epoch 115" "done; the best model, mean F1 "
# the best mean F1, in ten thousandths
best=$(sed -n 's/^done; the best model, mean F1 0\.\([0-9]*\),.*/\1/p' "$folder/log")
try 0 "mean F1 above .98: .${best:-0}" [ "${best:-0}" -gt 9800 ]
try 0 "a model file" "$BUILD/bin/dmlcsr-convert" --list "$folder/whole/best.safetensors"
has "layer6.conv4.weight" "l_eye"
try 0 "a line for each epoch" [ "$(wc -l <"$folder/whole/log.csv")" -eq 121 ]

# Killed between checkpoints, twice, and once stopped as a signal would: the same parameters in the end.
"$train" "$folder/run.toml" --quiet --output "$folder/killed" >/dev/null 2>&1 &
program=$!
for _ in $(seq 600); do
    [ -s "$folder/killed/checkpoint.safetensors" ] && break
    sleep .1
done
sleep .7
kill -KILL $program
wait $program 2>/dev/null
try 0 "something was left" [ -s "$folder/killed/checkpoint.safetensors" ]
try 3 "goes on, and is stopped in the middle of an epoch" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --stop-after 33
has "going on from .*checkpoint.safetensors" "the same command goes on from there"
try 2 "other settings are refused" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --rate 0.03
has "was made with rate = 0.02"
printf 'damaged' >"$folder/killed/checkpoint.next.safetensors" # a write that was cut short
try 0 "goes on to the end" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --threads 1
try 0 "the same bytes" cmp "$folder/whole/current.safetensors" "$folder/killed/current.safetensors"
try 0 "the same ensemble" cmp "$folder/whole/ensemble.safetensors" "$folder/killed/ensemble.safetensors"

# Other classes on top of it: what does not fit begins anew, and is named.
sed 's/^mouth$/lips/; $a teeth' "$folder/faces/label_names.txt" >"$folder/names" && mv "$folder/names" "$folder/faces/label_names.txt"
try 0 "fine-tuning" "$train" "$folder/run.toml" --quiet --output "$folder/tuned" --epochs 1 --init "$folder/whole/best.safetensors" \
    --validate ""
has "keeps its random start: layer6.conv4.weight .*has another shape there" "tensors taken"

# What is wrong is named.
try 1 "no data set" "$train" "$folder/run.toml" --quiet --output "$folder/x" --data "$folder/none"
has "none"
mv "$folder/faces/label3.png" "$folder/label3.png"
try 1 "a missing file" "$train" "$folder/run.toml" --quiet --output "$folder/x" --fresh
has "label3.png" "train_list.txt"
cp "$folder/faces/face1.png" "$folder/faces/label3.png"
try 1 "labels that are a photograph" "$train" "$folder/run.toml" --quiet --output "$folder/x" --fresh --epochs 1
has "label3.png"
mv "$folder/label3.png" "$folder/faces/label3.png"
sed -i '$d' "$folder/faces/label_names.txt"
sed -i '$d' "$folder/faces/label_names.txt"
try 1 "a label that is no class" "$train" "$folder/run.toml" --quiet --output "$folder/x" --fresh --epochs 1
has "label[0-9].png.*5"
try 1 "a rate that diverges" "$train" "$folder/run.toml" --quiet --output "$folder/y" --data "$folder/sound" --rate 90 \
    --clip 0 --warm-up 0 --momentum 0.99
has "the parameters are those before the step" "the last checkpoint is in"
finish
