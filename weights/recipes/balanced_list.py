#!/usr/bin/env python3
"""Writes a training list in which pictures with rare classes come more than once.

usage: balanced_list.py [--check SUMS] DATA OUTPUT [CLASS=TIMES]...

DATA has train_list.txt and val_list.txt (an image and its labels on each line) and label_names.txt. OUTPUT becomes a
folder with a train_list.txt of its own, the same val_list.txt and label_names.txt, and links to everything else: a
data folder for dmlcsr-train. A picture with several of the named classes comes as often as the most frequent of them.
A class counts as there from 20 pixels on.

SUMS has lines as sha256sum writes them, of DATA's lists: nothing is written unless they are those. A recipe's scores are of
these pictures alone.

Pictures whose left and right parts (l_eye and r_eye, ...) lie the other way round than in most are left out: their
labels are swapped, and would teach the network to doubt. Needs numpy and PIL.
"""
import argparse
import hashlib
import os
import shutil
import sys

import numpy as np
from PIL import Image

LEAST_PIXELS = 20


def names_of(data):
    """The classes of a data folder."""
    with open(os.path.join(data, "label_names.txt")) as file:
        return file.read().split()


def lines_of(data):
    """Its training list."""
    with open(os.path.join(data, "train_list.txt")) as file:
        return [line.strip() for line in file if line.strip()]


def check(data, sums):
    """Ends the program where a list is another than a recipe's."""
    with open(sums) as file:
        wanted = [line.split() for line in file if line.strip()]
    for digest, name in wanted:
        path = os.path.join(data, name)
        with open(path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != digest:
            sys.exit(f"balanced_list.py: {path}: SHA-256 is {found}, and that of the recipe's data {digest} ({sums})")


def begin(data, output):
    """A folder with what another has, but for the training list."""
    os.makedirs(output, exist_ok=True)
    for name in os.listdir(data):
        target = os.path.join(output, name)
        if name in ("val_list.txt", "label_names.txt"):
            shutil.copy(os.path.join(data, name), target)
        elif name != "train_list.txt" and not os.path.lexists(target):
            os.symlink(os.path.abspath(os.path.join(data, name)), target)


def sides(labels, pairs):
    """For each pair of classes: 1 when the first lies right of the second, -1 left, 0 when one is not there."""
    found = [[np.nonzero(labels == c)[1] for c in pair] for pair in pairs]
    return [int(np.sign(l.mean() - r.mean())) if min(len(l), len(r)) >= LEAST_PIXELS else 0 for l, r in found]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--check", metavar="SUMS")
    a.add_argument("data")
    a.add_argument("output")
    a.add_argument("times", metavar="CLASS=TIMES", nargs="*")
    a = a.parse_args()
    data, output = a.data, a.output
    if a.check:
        check(data, a.check)
    names = names_of(data)
    times = {}
    for argument in a.times:
        name, _, count = argument.partition("=")
        if name not in names or not count.isdigit():
            sys.exit(f"balanced_list.py: {argument}: must be CLASS=TIMES, and CLASS one of {' '.join(names)}")
        times[names.index(name)] = int(count)
    pairs = [line.split() for line in lines_of(data)]
    begin(data, output)
    twins = [(names.index("l_" + name[2:]), c) for c, name in enumerate(names)
             if name.startswith("r_") and "l_" + name[2:] in names]
    repeats, order = [], []
    for image, path in pairs:
        labels = np.asarray(Image.open(os.path.join(data, path)))
        count = np.bincount(labels.ravel(), minlength=256)
        repeats.append(max([1] + [times[c] for c in times if count[c] >= LEAST_PIXELS]))
        order.append(sides(labels, twins))
    order = np.array(order).reshape(len(pairs), len(twins))
    swapped = (order * np.sign(order.sum(0)) < 0).any(1)
    lines = [f"{image} {labels}\n" * repeat for (image, labels), repeat, wrong in zip(pairs, repeats, swapped) if not wrong]
    with open(os.path.join(output, "train_list.txt"), "w") as file:
        file.writelines(lines)
    print(f"{len(pairs)} pictures, {swapped.sum()} with left and right swapped left out,"
          f" {sum(repeats) - sum(np.array(repeats)[swapped])} lines in {output}/train_list.txt")


if __name__ == "__main__":
    main()
