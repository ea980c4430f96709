#!/bin/bash
# Several processes: two that train together take the step of one with all their pictures; one that is killed, stopped or
# fed something wrong ends all, and the same command goes on from the checkpoint to the same bytes; the same over two
# network namespaces; dmlcsr-evaluate counts the same on its own and shared out.
. tests/examples/common.sh
train=$BUILD/bin/dmlcsr-train evaluate=$BUILD/bin/dmlcsr-evaluate
[ -x "$train" ] || skip "dmlcsr-train was not built (libpng and libjpeg are not there)"
grep -q MPI_Init_thread "$train" || skip "built without MPI (make MPI=yes, or ./configure --with-mpi)"
command -v mpirun >/dev/null 2>&1 || skip "there is no mpirun"
case $train in /*) ;; *) train=$PWD/$train evaluate=$PWD/$evaluate ;; esac
helper make_faces
helper same_step
mkdir "$folder/faces" && "$folder/make_faces" "$folder/faces" || exit 1
export OMP_NUM_THREADS=1 OMPI_MCA_btl_vader_single_copy_mechanism=none # which containers forbid, with a warning

# A process writes down who it is, and where.
cat >"$folder/process" <<'END'
#!/bin/sh
echo $$ >"$1.pid.$OMPI_COMM_WORLD_RANK"
ip netns identify $$ >"$1.net.$OMPI_COMM_WORLD_RANK" 2>/dev/null
mkdir -p "$1.tmp"
export TMPDIR="$1.tmp"
shift
exec "$@"
END
chmod +x "$folder/process"

mpi() { # number of processes, command
    local count=$1
    shift
    mpirun --allow-run-as-root --oversubscribe --bind-to none -np "$count" "$@"
}

# below VALUE LIMIT
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'; }

common() { # lines of settings
    printf '%s\n' "data = \"$folder/faces\"" "divide = 8" "blocks1 = 1" "blocks2 = 1" "blocks3 = 2" "blocks4 = 1" \
        "size = 97" "threads = 1" "save_minutes = 0" "pictures = 0" "$@"
}

# ---- two processes with 4 pictures, four with 2, one with 8: one step ----

# Sums over pictures are made in another order, and convolutions are computed in another way where a process has few
# pictures (Winograd). What a step multiplies that by is in doc/training.md. A process that were left out, or counted
# twice, would be off by half a step.
common 'validate = ""' "epochs = 1" "clip = 1" >"$folder/step.toml"
try 0 "no step" "$train" "$folder/step.toml" --quiet --batch 8 --rate 0 --output "$folder/start"
try 0 "one process" "$train" "$folder/step.toml" --quiet --batch 8 --rate 1 --output "$folder/one"
says "done; the model is"
loss=$(tail -n 1 "$folder/one/log.csv" | cut -d , -f 3)
for count in 2 4; do
    try 0 "$count processes" mpi $count "$train" "$folder/step.toml" --batch $((8 / count)) --rate 1 \
        --output "$folder/some$count"
    says "$count processes with $((8 / count)) pictures each: 8 pictures a step"
    try 0 "one of them prints" [ "$(grep -c '^epoch 1/1' "$folder/out")" = 1 ]
    again=$(tail -n 1 "$folder/some$count/log.csv" | cut -d , -f 3)
    apart=$(awk -v a="$loss" -v b="$again" 'BEGIN { print (a > b ? a / b : b / a) - 1 }')
    try 0 "the same loss: $loss $again" below "$apart" 1e-5
    try 0 "comparison" "$folder/same_step" "$folder"/{start,one,some$count}/current.safetensors
    read -r step statistics <"$folder/out"
    try 0 "the same step: $step" below "$step" 1e-2
    try 0 "the same statistics: $statistics" below "$statistics" 1e-5
done

# ---- ended from outside, and gone on with ----

common 'validate = "train"' "batch = 1" "epochs = 120" "rate = 0.01" "cycle_start = 90" "cycle_epochs = 20" \
    "evaluate = 40" "average = 0.9" >"$folder/run.toml"
run() { mpi 2 "$folder/process" "$folder/rank" "$train" "$folder/run.toml" --quiet "$@"; }
try 0 "the whole run" run --output "$folder/whole"
try 0 "what others than the first wrote is gone" [ -d "$folder/rank.tmp" -a -z "$(ls "$folder/rank.tmp")" ]

# begin, in the background; ready when there are so many lines in the log
begin() {
    local lines=$1 found
    rm -f "$folder"/rank.pid.*
    mpirun --allow-run-as-root --oversubscribe --bind-to none -np 2 "$folder/process" "$folder/rank" "$train" \
        "$folder/run.toml" --quiet --output "$folder/cut" >"$folder/log" 2>&1 </dev/null &
    program=$!
    for _ in $(seq 1200); do
        found=$(grep -c , "$folder/cut/log.csv" 2>/dev/null)
        [ -s "$folder/rank.pid.1" ] && [ "${found:-0}" -ge "$lines" ] && return
        sleep .05
    done
    fail "nothing happens"
}
ended() { # status, what
    local status
    wait $program 2>/dev/null
    status=$?
    if [ $status -eq "$1" ]; then ok; else fail "$2: status $status, expected $1"; fi
}
begin 3
kill -KILL "$(cat "$folder/rank.pid.1")"
ended 137 "a process is killed"
says "rank 1" "signal 9"
begin 20
says "going on from $folder/cut/checkpoint"
kill -TERM "$(cat "$folder/rank.pid.1")"
ended 3 "one of them is told to stop"
says "stopped at epoch"
begin 40
kill -USR1 $program
ended 3 "mpirun hands a signal on"
says "stopped at epoch"
begin 60
kill -KILL "$(cat "$folder/rank.pid.0")"
ended 137 "the first one is killed"
try 0 "goes on to the end" run --output "$folder/cut"
for model in current ensemble best; do
    try 0 "the same bytes: $model" cmp "$folder/whole/$model.safetensors" "$folder/cut/$model.safetensors"
done
try 0 "one process may go on" "$train" "$folder/run.toml" --quiet --output "$folder/cut" --batch 2
try 2 "but with as many pictures a step" "$train" "$folder/run.toml" --quiet --output "$folder/cut"
says "was made with 2 pictures a step, now it is 1"

# ---- what goes wrong in one of them ----

try 2 "two that differ" mpi 1 "$train" "$folder/run.toml" --rate .1 --output "$folder/x" : \
    -np 1 "$train" "$folder/run.toml" --output "$folder/x"
says "rate is 0.01 on rank 1, but 0.1"
try 2 "two that go on from different places" mpi 1 "$train" "$folder/run.toml" --output "$folder/cut" : \
    -np 1 "$train" "$folder/run.toml" --output "$folder/x"
says "folder that all can read) is 0 on rank 1, but 120 on rank 0"
try 1 "a file that one does not have" mpi 1 "$train" "$folder/run.toml" --output "$folder/x" : \
    -np 1 "$train" "$folder/run.toml" --data "$folder/none" --output "$folder/x"
says "$folder/none" "rank 1 of 2, on "
cp -r "$folder/faces" "$folder/wrong"
cp "$folder/faces/face1.png" "$folder/wrong/label3.png"
try 1 "labels that are a photograph" run --data "$folder/wrong" --output "$folder/x"
says "label3.png" "has failed and ends the others"
try 1 "a rate that diverges" run --rate 90 --momentum 0.99 --output "$folder/x" --epochs 1000
says "the parameters are those before the step"
try 0 "which is said once" [ "$(grep -c 'those before the step' "$folder/log")" = 1 ]
try 2 "a setting that is none" mpi 2 "$train" --no-such-setting

# ---- an evaluation, shared out ----

model=$folder/whole/best.safetensors
numbers() { sed -E 's/"(seconds|threads)":[0-9.]*//g' "$1"; }
try 0 "alone" "$evaluate" --data "$folder/faces" --set train --model "$model" --json "$folder/alone.json" --quiet
for count in 2 3 9; do
    try 0 "in $count processes" mpi $count "$evaluate" --data "$folder/faces" --set train --model "$model" \
        --json "$folder/shared.json" --sheet "$folder/sheet$count.png" --confusion
    says "set train (label_names.txt): 8 pictures"
    try 0 "one of them prints" [ "$(grep -c 'pixel accuracy' "$folder/out")" = 1 ]
    try 0 "the same numbers" cmp <(numbers "$folder/alone.json") <(numbers "$folder/shared.json")
    try 0 "a sheet" [ -s "$folder/sheet$count.png" ]
done
try 2 "no shards" mpi 2 "$evaluate" --data "$folder/faces" --set train --model "$model" --shard 1/2
says "under mpirun each process takes its shard"
try 1 "a picture that is none" mpi 2 "$evaluate" --data "$folder/wrong" --set train --model "$model"
says "label3.png" "has failed and ends the others"
. tests/examples/mpi_networks.sh
finish
