#!/usr/bin/env python3
"""Writes the mean of networks that have come of one another by training, tensor by tensor: of what one has forgotten and
another has learnt, it may know both.

usage: average.py OUT.safetensors IN.safetensors IN.safetensors...

All of them have the same tensors; metadata is that of the last one. Needs numpy.
"""
import sys

import widen


def shapes(network):
    return {name: values.shape for name, values in network.items()}


def main(out, *paths):
    networks = []
    for path in paths:
        metadata, network = widen.read(path)
        networks.append(network)
        if shapes(network) != shapes(networks[0]):
            sys.exit(f"average.py: {path} has other tensors than {paths[0]}")
    widen.write(out, metadata, {name: sum(n[name] for n in networks) / len(networks) for name in networks[0]})


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
