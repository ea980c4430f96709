#!/usr/bin/env python3
"""Writes a network of half the widths, made of one that widen.py began and training went on with.

usage: narrow.py IN.safetensors LIKE.safetensors OUT.safetensors

IN has two twins of each channel. As long as training has kept them alike, their mean says what both say: an output channel
is the mean of two rows of weights, and an input channel the sum of two columns, so that right after widen.py this gives
back what that began with. The names, and what else is known of it, come from LIKE, a network of the small widths. It is a
beginning: the statistics of its normalisations want measuring again, and its weights some training (dmlcsr-train does both).
Needs numpy.
"""
import sys

import widen


def narrow(name, values):
    if name.endswith(("gamma", "gamma1")):
        return values
    if not name.startswith(widen.CLASS_OUTPUTS):
        values = (values[0::2] + values[1::2]) / 2
    if widen.doubles_inputs(name, values):
        values = values[:, 0::2] + values[:, 1::2]
    return values * 2 if name in widen.HALVED else values


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    _, tensors = widen.read(sys.argv[1])
    metadata, like = widen.read(sys.argv[2])
    narrowed = {name: narrow(name, tensors[name]) for name in like if name in tensors}
    for name, values in like.items():
        if name not in narrowed or narrowed[name].shape != values.shape:
            sys.exit(f"narrow.py: {name}: {sys.argv[1]} has not twice the widths of {sys.argv[2]}")
    widen.write(sys.argv[3], metadata, narrowed)


if __name__ == "__main__":
    main()
