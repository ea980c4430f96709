"""Labelled faces, and F1 of other labels against theirs: what the programs beside this file share.

A folder has label_names.txt, and SET_list.txt with lines "IMAGE LABELS"."""

import math

import numpy
from PIL import Image

IGNORE = 255


def names_of(folder):
    return (folder / "label_names.txt").read_text().split()


def paths_of(folder, which="val"):
    lines = [line.split() for line in (folder / (which + "_list.txt")).read_text().split("\n") if line.strip()]
    return [(folder / image, folder / labels) for image, labels in lines]


def read(pairs):
    """Photos as large as their labels, and the labels."""
    for image, labels in pairs:
        truth = numpy.asarray(Image.open(labels))
        photo = Image.open(image).convert("RGB")
        yield photo.resize(truth.shape[::-1], Image.BOX) if photo.size != truth.shape[::-1] else photo, truth


def confusion(truth, labels, classes):
    """Pixels of each class (rows) that were given each label (columns)."""
    counts = truth != IGNORE
    pairs = truth[counts].astype(int) * classes + labels[counts]
    return numpy.bincount(pairs, minlength=classes ** 2).reshape(classes, classes)


def f1(counts, chosen=None):
    """Mean over the classes that occur, or the chosen ones of them, but the background; NaN when none does."""
    hits, wanted, given = numpy.diag(counts), counts.sum(1), counts.sum(0)
    there = [k for k in range(1, len(counts)) if wanted[k] and (chosen is None or k in chosen)]
    return float(numpy.mean([2 * hits[k] / (wanted[k] + given[k]) for k in there])) if there else math.nan
