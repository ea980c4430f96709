#!/usr/bin/env python3
"""Makes the small model files in tests/unit/data that test_pth.c and test_convert.c read. Needs PyTorch (1.13 was used).

The archives come out the same each time; the legacy streams do not, because PyTorch names storages by their address
there. Run it from the top of the source tree, and only when the samples shall change: they are committed.
"""
import collections
import os

import torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def kinds():
    """One tensor of each type, and each way a tensor can look into a storage."""
    square = torch.arange(16, dtype=torch.float32).reshape(4, 4)
    halves = torch.arange(6, dtype=torch.float32)
    return collections.OrderedDict([
        ("f32", torch.arange(6, dtype=torch.float32).reshape(2, 3) * 0.5),
        ("f16", torch.tensor([[1, -2, 0.5, 65504]], dtype=torch.float16)),
        ("bf16", torch.tensor([[1, -3.140625, 256]], dtype=torch.bfloat16)),
        ("f64", torch.tensor([0.1, -1e-3], dtype=torch.float64)),
        ("bn.num_batches_tracked", torch.tensor(7)),
        ("i32", torch.tensor([1, -2], dtype=torch.int32)),
        ("i16", torch.tensor([3, -4], dtype=torch.int16)),
        ("i8", torch.tensor([5, -6, 7], dtype=torch.int8)),
        ("u8", torch.tensor([8, 255], dtype=torch.uint8)),
        ("bool", torch.tensor([True, False])),
        ("transposed", (torch.arange(6, dtype=torch.float32).reshape(2, 3) * 0.5).t()),
        ("window", square[1:3, 1:3]),
        ("column", square[:, 2]),
        ("expanded", torch.tensor(2.5).expand(3)),
        ("front", halves[:3]),
        ("back", halves[3:]),
        ("parameter", torch.nn.Parameter(torch.tensor([[0.25, -0.25]]))),
        ("scalar", torch.tensor(1.5)),
        ("empty", torch.zeros(0, 3)),
        ("edge_layer.conv4.weight", torch.ones(1, 2)),
    ])


def nested(key):
    """A training checkpoint: the state dict is one thing among others, and its keys carry a prefix."""
    weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0]]))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    state = collections.OrderedDict([("module.conv1.weight", torch.tensor([[1.0, 2.0]])),
                                     ("module.bn1.running_var", torch.tensor([3.0]))])
    state._metadata = {"": {"version": 1}}
    return {"epoch": 3, "best": 0.93, "huge": 1 << 80, "below": -70000, "done": True, "note": None,
            "shape": (1, 2, 3, 4), "optimizer": optimizer.state_dict(), key: state}


def save(name, thing):
    torch.save(thing, os.path.join(FOLDER, name + "_zip.pth"))
    torch.save(thing, os.path.join(FOLDER, name + "_legacy.pth"), _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    save("kinds", kinds())
    save("state_dict", nested("state_dict"))
    save("model", nested("model"))
