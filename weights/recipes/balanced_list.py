#!/usr/bin/env python3
"""Writes a training list in which pictures with rare classes come more than once.

usage: balanced_list.py DATA OUTPUT [CLASS=TIMES]...

DATA has train_list.txt and val_list.txt (an image and its labels on each line) and label_names.txt. OUTPUT becomes a
folder with a train_list.txt of its own, the same val_list.txt and label_names.txt, and links to everything else: a
data folder for dmlcsr-train. A picture with several of the named classes comes as often as the most frequent of them.
A class counts as there from 20 pixels on. Needs numpy and PIL.
"""
import os
import shutil
import sys

import numpy as np
from PIL import Image

LEAST_PIXELS = 20


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    data, output = sys.argv[1:3]
    with open(os.path.join(data, "label_names.txt")) as file:
        names = file.read().split()
    times = {}
    for argument in sys.argv[3:]:
        name, _, count = argument.partition("=")
        if name not in names or not count.isdigit():
            sys.exit(f"balanced_list.py: {argument}: must be CLASS=TIMES, and CLASS one of {' '.join(names)}")
        times[names.index(name)] = int(count)
    with open(os.path.join(data, "train_list.txt")) as file:
        pairs = [line.split() for line in file if line.strip()]
    os.makedirs(output, exist_ok=True)
    for name in os.listdir(data):
        target = os.path.join(output, name)
        if name in ("val_list.txt", "label_names.txt"):
            shutil.copy(os.path.join(data, name), target)
        elif name != "train_list.txt" and not os.path.lexists(target):
            os.symlink(os.path.abspath(os.path.join(data, name)), target)
    lines = 0
    with open(os.path.join(output, "train_list.txt"), "w") as file:
        for image, labels in pairs:
            count = np.bincount(np.asarray(Image.open(os.path.join(data, labels))).ravel(), minlength=256)
            repeat = max([1] + [times[c] for c in times if count[c] >= LEAST_PIXELS])
            file.write(f"{image} {labels}\n" * repeat)
            lines += repeat
    print(f"{len(pairs)} pictures, {lines} lines in {output}/train_list.txt")


if __name__ == "__main__":
    main()
