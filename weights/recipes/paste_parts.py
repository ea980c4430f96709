#!/usr/bin/env python3
"""Adds training faces that wear the necklaces and earrings of other training faces.

usage: paste_parts.py DATA OUTPUT COUNT

DATA is a data folder of dmlcsr-train (balanced_list.py makes one). OUTPUT becomes one too: the same lists and links to the
same pictures, and COUNT faces more in `pasted/`, with their labels, each once at the end of train_list.txt. A necklace is
moved and stretched with the neck that wears it, takes on the brightness of the neck it comes to and lies below hair and
clothes; an earring hangs from the same end of an ear. Only pictures of the training list give and take; the same list
gives the same faces. Needs numpy and PIL.
"""
import os
import sys
from functools import partial
from multiprocessing import Pool

import numpy as np
from PIL import Image, ImageFilter

import balanced_list

NECKLACE_OFTEN, EARRING_OFTEN = .75, .5
TRIES = 8              # donors tried for one part of one face
STRETCH = (.65, 1.5)   # of a necklace, across and down
LEAST_SEEN = .55       # of a necklace, not below hair or clothes
LEAST_PART = 40        # pixels of a part worth giving
LEAST_NECK = 1200      # pixels
LEAST_EAR = 120
UNDER_EARRINGS = ("bg", "skin", "l_ear", "r_ear", "hair", "neck", "cloth")


def box(mask):
    """Where most of a region lies: left, top, right, bottom."""
    y, x = np.nonzero(mask)
    return np.array([*np.percentile([x, y], 4, axis=1), *np.percentile([x, y], 96, axis=1)])


def lobe(ear):
    """The lower end of an ear: x, y."""
    y, x = np.nonzero(ear)
    low = y >= np.percentile(y, 85)
    return np.array([x[low].mean(), y[low].mean()])


def lay(image, labels, donor, mask, place, label, free):
    """Lays the donor's pixels in mask over an image, moved by `place` (PIL's affine coefficients), where `free` lets them."""
    size = labels.shape[::-1]
    mask = Image.fromarray(np.uint8(mask) * 255)
    soft = mask.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(.8))
    move = lambda what: np.asarray(what.transform(size, Image.AFFINE, tuple(place), Image.BILINEAR), np.float32)
    alpha, core = move(soft) / 255 * free, (move(mask) >= 128) & free
    image = image + (move(Image.fromarray(donor)) - image) * alpha[..., None]
    return image.round().clip(0, 255).astype(np.uint8), np.where(core, np.uint8(label), labels)


def give_necklace(image, labels, donor, donor_labels, names):
    """Image and labels with the donor's necklace, or None where it does not fit."""
    necklace, neck = donor_labels == names.index("neck_l"), donor_labels == names.index("neck")
    bare = labels == names.index("neck")
    if min(bare.sum(), neck.sum()) < LEAST_NECK or necklace.sum() < LEAST_PART:
        return None
    old, new = box(neck | necklace), box(bare)
    stretch = (new[2:] - new[:2]) / np.maximum(old[2:] - old[:2], 1)
    if min(stretch) < STRETCH[0] or max(stretch) > STRETCH[1]:
        return None
    corner = old[:2] - new[:2] / stretch
    place = [1 / stretch[0], 0, corner[0], 0, 1 / stretch[1], corner[1]]
    there = np.asarray(Image.fromarray(necklace).transform(labels.shape[::-1], Image.AFFINE, tuple(place)))
    if (there & bare).sum() < max(LEAST_PART, LEAST_SEEN * there.sum()):
        return None
    gain = ((image[bare].mean(0) + 8) / (donor[neck].mean(0) + 8)).clip(.4, 2.2)
    return lay(image, labels, (donor * gain).clip(0, 255).astype(np.uint8), necklace, place, names.index("neck_l"), bare)


def ear_on(labels, names, side):
    """The ear on one side of the nose and the earring there; None without an ear. side: -1 left of it, 1 right."""
    nose = np.nonzero(labels == names.index("nose"))[1]
    if len(nose) == 0:
        return None
    here = (np.arange(labels.shape[1]) - nose.mean()) * side > 0
    ear = ((labels == names.index("l_ear")) | (labels == names.index("r_ear"))) & here
    return (ear, (labels == names.index("ear_r")) & here) if ear.sum() >= LEAST_EAR else None


def give_earring(image, labels, donor, donor_labels, names, side):
    """Image and labels with the donor's earring on that side, or None where it does not fit."""
    own, other = ear_on(labels, names, side), ear_on(donor_labels, names, side)
    if own is None or other is None or own[1].any() or other[1].sum() < LEAST_PART:
        return None
    offset = lobe(other[0]) - lobe(own[0])
    free = np.isin(labels, [names.index(name) for name in UNDER_EARRINGS])
    return lay(image, labels, donor, other[1], [1, 0, offset[0], 0, 1, offset[1]], names.index("ear_r"), free)


GIFTS = (("neck_l", NECKLACE_OFTEN, give_necklace), ("ear_r", EARRING_OFTEN, partial(give_earring, side=-1)),
         ("ear_r", EARRING_OFTEN, partial(give_earring, side=1)))


def read_pair(pair):
    image = np.asarray(Image.open(pair[0]).convert("RGB"))
    labels = Image.fromarray(np.asarray(Image.open(pair[1]), np.uint8))
    return image, np.asarray(labels.resize(image.shape[1::-1], Image.NEAREST))


def classes_of(pair):
    return np.bincount(read_pair(pair)[1].ravel(), minlength=256) >= LEAST_PART


class Paster:
    def __init__(self, data, output):
        self.output, self.names, self.lines = output, balanced_list.names_of(data), balanced_list.lines_of(data)
        self.pairs = [[os.path.join(data, path) for path in line.split()] for line in dict.fromkeys(self.lines)]
        with Pool() as pool:
            there = np.array(pool.map(classes_of, self.pairs, chunksize=16))
        self.wearers = {part: np.nonzero(there[:, self.names.index(part)])[0] for part in ("neck_l", "ear_r")}
        self.bare = np.nonzero(~there[:, self.names.index("neck_l")])[0]

    def offer(self, random, image, labels, part, give):
        """Image and labels with the part of one of a few donors, and whether one fits."""
        for i in random.choice(self.wearers[part], TRIES):
            donor, donor_labels = read_pair(self.pairs[i])
            if random.random() < .5:
                donor, donor_labels = np.ascontiguousarray(donor[:, ::-1]), donor_labels[:, ::-1]
            given = give(image, labels, donor, donor_labels, self.names)
            if given:
                return *given, True
        return image, labels, False

    def face(self, number):
        """A face with something pasted on."""
        random = np.random.default_rng([1, number])
        while True:
            image, labels = read_pair(self.pairs[random.choice(self.bare)])
            any_given = False
            for part, often, give in GIFTS:
                if random.random() < often:
                    image, labels, given = self.offer(random, image, labels, part, give)
                    any_given |= given
            if any_given:
                return image, labels

    def write(self, number):
        image, labels = self.face(number)
        line = f"pasted/{number:05}.jpg pasted/{number:05}.png"
        picture, parts = (os.path.join(self.output, path) for path in line.split())
        Image.fromarray(image).save(picture, quality=92)
        Image.fromarray(labels).save(parts)
        return line


def main():
    if len(sys.argv) != 4 or not sys.argv[3].isdigit():
        sys.exit(__doc__)
    data, output, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    balanced_list.begin(data, output)
    os.makedirs(os.path.join(output, "pasted"), exist_ok=True)
    paster = Paster(data, output)
    with Pool() as pool:
        lines = paster.lines + pool.map(paster.write, range(count), chunksize=8)
    with open(os.path.join(output, "train_list.txt"), "w") as file:
        file.writelines(line + "\n" for line in lines)
    print(f"{count} faces pasted, {len(lines)} lines in {output}/train_list.txt")


if __name__ == "__main__":
    main()
