"""A training step of the same network with PyTorch, for comparison with bench_train (compare_train.sh runs both in turn).

usage: train_torch.py [--blocks 3,4,6,3] [--divide 4] [--size 256] [--batch 8] [--threads 2] [--steps 4]
"""
import argparse
import os
import resource
import sys
import time

import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "weights", "recipes"))
from torch_network import Network, loss_of


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--blocks", default="3,4,6,3")
    for name, value in (("divide", 4), ("size", 256), ("batch", 8), ("threads", 2), ("steps", 4)):
        a.add_argument("--" + name, type=int, default=value)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    net = Network(19, [int(n) for n in a.blocks.split(",")], a.divide)
    for m in net.modules():
        if isinstance(m, (nn.Conv1d, nn.Conv2d)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="leaky_relu")
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=.9, weight_decay=5e-4)
    picture = torch.rand(a.batch, 3, a.size, a.size) * 2 - 1
    n, y, x = torch.meshgrid(torch.arange(a.batch), torch.arange(a.size), torch.arange(a.size), indexing="ij")
    label = (x // 16 * 7 + y // 16 * 5 + n) % 19                     # as bench_train draws them
    best = float("inf")
    for _ in range(a.steps):
        start = time.monotonic()
        loss = loss_of(net(picture), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        best = min(best, time.monotonic() - start)
    print("PyTorch %s, %.2f M parameters, loss %.2f: %.3f s/step, %.2f pictures/s, peak %d MiB"
          % (torch.__version__, sum(p.numel() for p in net.parameters()) / 1e6, float(loss), best, a.batch / best,
             resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10))


if __name__ == "__main__":
    main()
