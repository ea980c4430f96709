#!/usr/bin/env python3
"""Writes the mean of networks that have come of one another by training, tensor by tensor: of what one has forgotten and
another has learnt, it may know both.

usage: average.py OUT.safetensors IN.safetensors IN.safetensors...

All of them have the same tensors; metadata is that of the last one. Needs numpy.
"""
import sys

import widen


def main(out, *paths):
    metadata, total = {}, {}
    for path in paths:
        metadata, tensors = widen.read(path)
        if total and {name: values.shape for name, values in tensors.items()} != {
            name: values.shape for name, values in total.items()
        }:
            sys.exit(f"average.py: {path} has other tensors than {paths[0]}")
        total = {name: total.get(name, 0) + values for name, values in tensors.items()}
    widen.write(out, metadata, {name: values / len(paths) for name, values in total.items()})


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
