#!/bin/bash
# bench_train and PyTorch (Debian: python3-torch) in turn, three times each, with the same network, batch and threads.
# usage: compare_train.sh [bench_train's folder, build/tests/bench]
here=$(dirname "$0")
bench=${1:-build/tests/bench}/bench_train
python=${PYTHON:-python3}
[ -x "$bench" ] || { echo "$bench is not there: make bench builds it" >&2; exit 1; }
"$python" -c 'import torch' 2>/dev/null || { echo "$python has no torch (Debian: apt install python3-torch; PYTHON=/usr/bin/python3)" >&2; exit 1; }
for member in "--blocks 3,4,6,3 --divide 4 --size 256 --batch 8" "--blocks 3,4,23,3 --divide 1 --size 193 --batch 2"; do
    for _ in 1 2 3; do
        # shellcheck disable=SC2086 # several words
        "$bench" $member --threads 2 --steps 4
        # shellcheck disable=SC2086
        "$python" "$here/train_torch.py" $member --threads 2 --steps 4
    done
done
