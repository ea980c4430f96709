#!/usr/bin/env python3
"""Writes a network whose last layer has other biases: those with which the mean F1 of the classes is best on training
faces.

Training on a list in which rare parts come more often (balanced_list.py) makes a network expect them more often than they
are; a bias for each class takes that back, and costs nothing at run time. DATA has the list as it was before,
train_list.txt, of which some are taken, evenly. Class by class, twice, the bias moves by one of STEPS, where that gains at
least GAIN: much coarser than the faces could tell, so that it says something about others, too.

Hair takes some of the background's border, most likely because all classes weigh the same in the Lovasz part of the loss,
however large. So the background's bias comes first, in finer steps: that with which the mean F1 of the COMMON classes is
best, which training faces do tell for others. With --background it is the only one; with --common those of the common classes
follow, by the same measure and in steps as fine. Needs numpy, PIL and the Python package of the library.
"""
import argparse
import os
import sys

import dmlcsr
import numpy as np
from PIL import Image

import widen

STEPS = (0.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5)  # the first is what there is
GAIN = 1e-3
BACKGROUND_STEPS = np.arange(0, 1.05, 0.1)
COMMON_STEPS = (0.0, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3)
COMMON_GAIN = 5e-5
COMMON = 0.01  # of the pixels
STRIDE = 4  # of the pixels that are looked at
BIAS = "layer6.conv4.bias"


def scores_of(parser, data, pictures):
    """Logits, up to a constant for each pixel, and labels of every fourth pixel of every fourth row."""
    with open(os.path.join(data, "train_list.txt")) as file:
        pairs = [line.split() for line in file if line.strip()]
    count = min(pictures, len(pairs))
    scores, labels = [], []
    for i in range(count):
        image, label = (Image.open(os.path.join(data, name)) for name in pairs[i * len(pairs) // count])
        photo = image.convert("RGB").resize(label.size, Image.Resampling.BOX)
        planes = parser.run(photo, labels=False, probabilities=True).probabilities[:, ::STRIDE, ::STRIDE]
        scores.append(np.log(np.maximum(planes, 1e-7)).reshape(len(planes), -1).astype(np.float16))
        labels.append(np.asarray(label)[::STRIDE, ::STRIDE].ravel())
        if sys.stderr.isatty():
            print(f"\r{i + 1} of {count} faces", end="\n" if i + 1 == count else "", file=sys.stderr)
    return np.concatenate(scores, axis=1), np.concatenate(labels)


def f1_of(labels, chosen, classes):
    right = np.bincount(labels[labels == chosen], minlength=classes)
    there, said = np.bincount(labels, minlength=classes), np.bincount(chosen, minlength=classes)
    return 2.0 * right / np.maximum(there + said, 1)


def best_other(scores, bias, k):
    """The best class but k, and its score."""
    best, chosen = np.full(scores.shape[1], -np.inf, np.float32), np.zeros(scores.shape[1], np.uint8)
    for other in range(len(scores)):
        if other != k:
            score = scores[other].astype(np.float32) + bias[other]
            chosen[score > best] = other
            np.maximum(best, score, out=best)
    return best, chosen


def moved(scores, labels, bias, k, steps):
    """F1 of each class but the background, for each step of the bias of class k."""
    best, chosen = best_other(scores, bias, k)
    own = scores[k].astype(np.float32) + bias[k]
    return [f1_of(labels, np.where(own + step > best, k, chosen).astype(np.uint8), len(scores))[1:] for step in steps]


def move(scores, labels, names, bias, k, steps, gain, judged):
    """Moves the bias of class k where the mean F1 of the judged classes gains so much."""
    f1 = [np.mean(each[judged]) for each in moved(scores, labels, bias, k, steps)]
    if max(f1) - f1[0] >= gain:
        bias[k] += steps[np.argmax(f1)]
        print(f"{names[k]}: {bias[k]:+.1f}, mean F1 {f1[0]:.4f} -> {max(f1):.4f}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA", help="a folder with train_list.txt")
    parser.add_argument("source", metavar="IN.safetensors")
    parser.add_argument("target", metavar="OUT.safetensors")
    parser.add_argument("--pictures", type=int, default=600, metavar="N", help="how many training faces (%(default)s)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--background", action="store_true", help="move the background's bias and no other")
    only.add_argument("--common", action="store_true", help="move those of the common classes, too, and no other")
    return parser.parse_args()


def main():
    args = arguments()
    with dmlcsr.Parser(args.source, precision="fp32", pack=True) as parser:
        scores, labels = scores_of(parser, args.data, args.pictures)
        scores, labels = scores[:, labels != 255], labels[labels != 255]
        bias, names = np.zeros(len(scores), np.float32), parser.classes
        common = np.bincount(labels, minlength=len(scores))[1:] >= COMMON * labels.size
        move(scores, labels, names, bias, 0, BACKGROUND_STEPS, 0, common)
        others = [] if args.background else np.flatnonzero(common) + 1 if args.common else range(1, len(scores))
        steps, gain, judged = (COMMON_STEPS, COMMON_GAIN, common) if args.common else (STEPS, GAIN, slice(None))
        for k in [*others, *others]:
            move(scores, labels, names, bias, k, steps, gain, judged)
    metadata, tensors = widen.read(args.source)
    tensors[BIAS] = tensors[BIAS] + bias
    widen.write(args.target, metadata, tensors)


if __name__ == "__main__":
    main()
