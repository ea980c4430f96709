#!/usr/bin/env python3
"""Writes a network of twice the widths that computes the same as the one it is made from, to train on.

usage: widen.py IN.safetensors OUT.safetensors [SEED]

Every channel comes twice. Two copies of an input channel share its old weight unevenly, w / 2 + e and w / 2 - e, so that
the sum stays and yet the copies get different gradients; e is as wide as makes the new weights' deviation that of the old
ones over sqrt(2), what twice the inputs want (Net2WiderNet: Chen, Goodfellow, Shlens, "Net2Net", 2016, with noise).
Three inner products have more terms than before: the products of the graphs. Softmax halves its twins by itself; where
the coordinate graph is projected back (z . t), bn_wg halves z. Needs numpy.
"""
import json
import struct
import sys

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
CLASS_OUTPUTS = ("layer6.conv4.", "edge_layer.conv4.", "edge_layer.conv5.", "edge_layer.conv5_b.")
CLASS_INPUTS = ("edge_layer.conv5.", "edge_layer.conv5_b.")
HALVED = ("context.dualgcn.bn_wg.weight", "context.dualgcn.bn_wg.bias")


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in TYPES:
            sys.exit(f"widen.py: {path}: {name}: {entry['dtype']} is not one of {' '.join(TYPES)}")
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).astype(np.float32)
    return metadata, tensors


def write(path, metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.astype("<f4").tobytes())


def doubles_inputs(name, values):
    """Whether the inputs of a tensor are channels too: not pictures, classes, or each channel's own."""
    return values.ndim > 1 and name != "conv1.weight" and ".local." not in name and not name.startswith(CLASS_INPUTS)


def double_inputs(weight, random):
    half = np.repeat(weight, 2, axis=1) / 2
    noise = random.normal(0, 0.5 * weight.std(), weight.shape).astype(np.float32)
    half[:, 0::2] += noise
    half[:, 1::2] -= noise
    return half


def widen(name, values, random):
    if name.endswith(("gamma", "gamma1")) or name.endswith("num_batches_tracked"):
        return values
    if not name.startswith(CLASS_OUTPUTS):
        values = np.repeat(values, 2, axis=0)
    if doubles_inputs(name, values):
        values = double_inputs(values, random)
    return values / 2 if name in HALVED else values


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    random = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) == 4 else 1)
    metadata, tensors = read(sys.argv[1])
    write(sys.argv[2], metadata, {name: widen(name, values, random) for name, values in tensors.items()})


if __name__ == "__main__":
    main()
