#!/bin/bash
# dmlcsr-train from files to a model: a small network learns eight drawn faces by heart, with a cycle of self-regulation;
# killed in the middle and called again, it ends at the same bytes; what goes wrong is named.
. tests/examples/common.sh
[ -x "$BUILD/bin/dmlcsr-train" ] || skip "dmlcsr-train was not built (libpng and libjpeg are not there)"
helper make_faces
helper check_png

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

# The log and the pictures.
log=$folder/whole/log.csv png=$folder/check_png
try 0 "a line for each epoch" [ "$(wc -l <"$log")" -eq 121 ]
try 0 "with as many fields each" [ "$(awk -F, '{ print NF }' "$log" | sort -u)" = 19 ]
try 0 "the network is evaluated at these" [ "$(awk -F, 'NR > 1 && $10 { printf " %s", $1 }' "$log")" = " 60 120" ]
try 0 "the self-ensemble at these" [ "$(awk -F, 'NR > 1 && $19 { printf " %s", $1 }' "$log")" = " 115 120" ]
try 0 "dmlcsr-evaluate" "$BUILD/bin/dmlcsr-evaluate" -q -d "$folder/faces" -s train -p dml-csr -j "$folder/scores" \
    -m "$folder/whole/current.safetensors"
f1=$(sed -n 's/.*"mean_f1":\([0-9.]*\),.*/\1/p' "$folder/scores")
try 0 "finds what the log says: $f1" grep -q "^120,.*,$f1," "$log"
picture() { # RUN NAME WIDTH HEIGHT
    try 0 "$2 of $1" "$png" info "$folder/$1/$2.png"
    says "$3 $4 8 rgb"
}
picture whole curves 960 1280
picture whole sheet 1688 866
try 0 "nothing half written" [ -z "$(find "$folder/whole" -name '*.png.*')" ]

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
# Killed between two renames, the last checkpoint has the previous one's name.
try 0 "something was left" [ -n "$(find "$folder/killed" -name "checkpoint*.safetensors" -size +1M)" ]
try 3 "goes on, and is stopped in the middle of an epoch" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --stop-after 33
has "going on from .*checkpoint.*safetensors" "the same command goes on from there"
try 2 "other settings are refused" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --rate 0.03
has "was made with rate = 0.02"
printf 'damaged' >"$folder/killed/checkpoint.next.safetensors" # a write that was cut short
try 0 "goes on to the end" "$train" "$folder/run.toml" --quiet --output "$folder/killed" --threads 1
try 0 "the same bytes" cmp "$folder/whole/current.safetensors" "$folder/killed/current.safetensors"
try 0 "the same ensemble" cmp "$folder/whole/ensemble.safetensors" "$folder/killed/ensemble.safetensors"
try 0 "the same curves" cmp "$folder/whole/curves.png" "$folder/killed/curves.png"
try 0 "the same sheet" cmp "$folder/whole/sheet.png" "$folder/killed/sheet.png"

# The last epoch once more, from the checkpoint before it: behind a line that was cut short, and behind a log without
# the self-ensemble, which older versions wrote.
last_epoch() {
    rm -f "$folder/killed/checkpoint.safetensors" "$folder"/killed/*.png
    try 0 "$1" "$train" "$folder/run.toml" --quiet --output "$folder/killed"
    mv "$folder/killed/checkpoint.safetensors" "$folder/killed/checkpoint.previous.safetensors"
}
cp "$folder/killed/checkpoint.previous.safetensors" "$folder/before"
printf '120,0.0' >>"$folder/killed/log.csv"
last_epoch "a line was cut short"
try 0 "the same curves" cmp "$folder/whole/curves.png" "$folder/killed/curves.png"
cp "$folder/before" "$folder/killed/checkpoint.previous.safetensors"
sed 's/,[^,]*$//; s/,*$//' "$folder/whole/log.csv" >"$folder/killed/log.csv"
last_epoch "an older log"
try 0 "has a second header" [ "$(grep -c '^epoch,' "$folder/killed/log.csv")" -eq 2 ]
picture killed curves 960 1280
try 0 "other curves" "$png" differ "$folder/whole/curves.png" "$folder/killed/curves.png"

# What stood in the folder before a run that begins again is not in its curves; pictures come with the first evaluation
# after each so many epochs.
short=(--quiet --epochs 6 --cycle-start 6 --evaluate 2 --pictures 3)
try 3 "a short run, three epochs" "$train" "$folder/run.toml" "${short[@]}" --output "$folder/short" --stop-after 7
try 0 "no pictures after the first evaluation" [ ! -e "$folder/short/curves.png" -a ! -e "$folder/short/sheet.png" ]
try 3 "an epoch more" "$train" "$folder/run.toml" "${short[@]}" --output "$folder/short" --stop-after 2
picture short curves 960 1280
picture short sheet 1688 866
try 0 "to the end" "$train" "$folder/run.toml" "${short[@]}" --output "$folder/short"
try 0 "again, where another run was" "$train" "$folder/run.toml" "${short[@]}" --output "$folder/killed" --fresh
try 0 "the same curves" cmp "$folder/short/curves.png" "$folder/killed/curves.png"
try 0 "the same sheet" cmp "$folder/short/sheet.png" "$folder/killed/sheet.png"
try 0 "another sheet than the whole run's" "$png" differ "$folder/short/sheet.png" "$folder/whole/sheet.png"
try 0 "no pictures" "$train" "$folder/run.toml" --quiet --output "$folder/none" --epochs 1 --pictures 0
try 0 "none there" [ -z "$(find "$folder/none" -name '*.png')" ]
try 0 "a picture that cannot be written" mkdir -p "$folder/blocked/sheet.png"
try 0 "does not end a run" "$train" "$folder/run.toml" --quiet --output "$folder/blocked" --epochs 1
says "warning: $folder/blocked/sheet.png: cannot be" "done; the best model"

# Other classes on top of it: what does not fit begins anew, and is named.
sed 's/^mouth$/lips/; $a teeth' "$folder/faces/label_names.txt" >"$folder/names" && mv "$folder/names" "$folder/faces/label_names.txt"
try 0 "fine-tuning" "$train" "$folder/run.toml" --quiet --output "$folder/tuned" --epochs 1 --init "$folder/whole/best.safetensors" \
    --validate ""
has "keeps its random start: layer6.conv4.weight .*has another shape there" "tensors taken"
picture tuned curves 960 880
try 0 "nothing to evaluate, no sheet" [ ! -e "$folder/tuned/sheet.png" ]

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
has "the parameters are those before the step" "training stops; the last checkpoint is"

if command -v python3 >/dev/null 2>&1; then
    try 0 "progress bar" python3 "$here/terminal.py" train "$train" "$folder/run.toml" --data "$folder/sound" \
        --output "$folder/bar" --epochs 3 --fresh
fi
finish
