#!/usr/bin/env python3
"""Writes a network with fewer channels in some layers: those that the layer behind hears least of are left out.

usage: prune.py IN.safetensors OUT.safetensors LAYER=CHANNELS...

LAYER is a bottleneck, "layer4.0", whose first two convolutions get so many channels each, or "context.convb" or
"context.bottleneck". By the norm in front of the activation, a channel is taken as normal with that deviation and mean; what
the layer behind hears of it is its deviation after the activation, times its weights there, times what the norm there makes of
them. Of the channels that go, the means stay, in the running means of that norm. It is a beginning: the network wants
some training (dmlcsr-train --family OUT --init OUT). Needs numpy.
"""
import math
import sys

import numpy as np

import widen

EPSILON = 1e-5
LEAK = 0.01  # slope of the activated norms


def moments(gain, shift, leak):
    """Means and deviations of activated normal values: leak x + (1 - leak) max(x, 0)."""
    a = shift / gain
    below = np.array([math.erfc(v / math.sqrt(2)) / 2 for v in a])
    density = np.exp(-a * a / 2) / math.sqrt(2 * math.pi)
    positive = shift * (1 - below) + gain * density
    square = (shift * shift + gain * gain) * (1 - below) + shift * gain * density
    mean = leak * shift + (1 - leak) * positive
    second = leak * leak * (shift * shift + gain * gain) + (1 - leak * leak) * square
    return mean, np.sqrt(np.maximum(second - mean * mean, 0))


def drop(tensors, conv, norm, behind, norm_behind, count, leak=0.0, at=0):
    """Leaves `count` channels of `conv`, which are the inputs of `behind` from `at` on."""
    gain, shift = np.abs(tensors[norm + ".weight"]) + EPSILON, tensors[norm + ".bias"]
    mean, deviation = moments(gain, shift, leak)
    weight = tensors[behind + ".weight"]
    inputs = weight[:, at : at + len(gain)]
    scale = tensors[norm_behind + ".weight"] / np.sqrt(tensors[norm_behind + ".running_var"] + EPSILON)
    heard = (deviation * np.sqrt(((inputs * scale[:, None, None, None]) ** 2).sum((0, 2, 3)))) ** 2
    order = np.argsort(-heard)
    kept, gone = np.sort(order[:count]), np.sort(order[count:])
    print(f"{conv}: {len(gain)} -> {len(kept)} channels, {heard[gone].sum() / heard.sum():.1%} of what {behind} hears is lost")
    tensors[norm_behind + ".running_mean"] = (
        tensors[norm_behind + ".running_mean"] - inputs[:, gone].sum((2, 3)) @ mean[gone]
    ).astype(np.float32)
    tensors[behind + ".weight"] = np.delete(weight, at + gone, axis=1)
    tensors[conv + ".weight"] = tensors[conv + ".weight"][kept]
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensors[f"{norm}.{name}"] = tensors[f"{norm}.{name}"][kept]


def prune(tensors, layer, count):
    if layer + ".conv2.weight" in tensors:  # a ReLU behind an activated norm is a ReLU
        drop(tensors, layer + ".conv1", layer + ".bn1", layer + ".conv2", layer + ".bn2", count)
        drop(tensors, layer + ".conv2", layer + ".bn2", layer + ".conv3", layer + ".bn3", count)
    elif layer == "context.convb":
        encoder = tensors["context.conva.0.weight"].shape[1]
        drop(tensors, layer + ".0", layer + ".1", "context.bottleneck.0", "context.bottleneck.1", count, LEAK, encoder)
    elif layer == "context.bottleneck":
        drop(tensors, layer + ".0", layer + ".1", "layer6.conv1.0", "layer6.conv1.1", count, LEAK)
    else:
        sys.exit(f"prune.py: {layer} is no bottleneck of the network, context.convb or context.bottleneck")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    metadata, tensors = widen.read(sys.argv[1])
    for part in sys.argv[3:]:
        layer, _, count = part.partition("=")
        if not count.isdigit() or not int(count):
            sys.exit(f"prune.py: {part} is not LAYER=CHANNELS")
        prune(tensors, layer, int(count))
    widen.write(sys.argv[2], metadata, tensors)


if __name__ == "__main__":
    main()
