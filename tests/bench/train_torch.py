"""A training step of the same network with PyTorch, for comparison with bench_train (compare_train.sh runs both in turn).

usage: train_torch.py [--blocks 3,4,6,3] [--divide 4] [--size 256] [--batch 8] [--threads 2] [--steps 4]
"""
import argparse
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F


class Norm(nn.BatchNorm2d):
    """Activated batch norm: scale |weight| + eps, leaky ReLU."""

    def forward(self, x):
        y = F.batch_norm(x, self.running_mean, self.running_var, self.weight.abs() + self.eps, self.bias, self.training,
                         self.momentum, self.eps)
        return F.leaky_relu(y, 0.01)


def layer(i, o, kernel=1, stride=1, dilation=1, groups=1, bias=False):
    padding = dilation * (kernel // 2)
    return nn.Sequential(nn.Conv2d(i, o, kernel, stride, padding, dilation, groups, bias), Norm(o))


def resize(x, to):
    return F.interpolate(x, size=to, mode="bilinear", align_corners=True)


class Bottleneck(nn.Module):
    def __init__(self, i, planes, stride, dilation):
        super().__init__()
        self.inner = nn.Sequential(layer(i, planes), nn.ReLU(), layer(planes, planes, 3, stride, dilation), nn.ReLU(),
                                   layer(planes, 4 * planes))
        self.shortcut = layer(i, 4 * planes, 1, stride) if stride > 1 or i != 4 * planes else nn.Identity()

    def forward(self, x):
        return F.relu(self.inner(x) + self.shortcut(x))


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k, self.v, self.q = (nn.Conv2d(c, c // 2, 1) for _ in range(3))
        self.mix = nn.Sequential(nn.Conv1d(c // 2, c // 2, 1, bias=False), nn.BatchNorm1d(c // 2))
        self.out = layer(c // 2, c, bias=True)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        k, v, q = (m(x).flatten(2) for m in (self.k, self.v, self.q))
        weight = torch.softmax(q @ v.transpose(1, 2), 2)
        mixed = self.mix((k.transpose(1, 2) @ weight).transpose(1, 2))
        return x + self.gamma * self.out(mixed.unflatten(2, x.shape[2:]))


class DualGraph(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.local = nn.Sequential(*(layer(c, c, 3, 2, groups=c) for _ in range(3)), Attention(c))
        self.phi, self.theta = layer(c, c // 2), layer(c, c // 4)
        self.adjacency = nn.Sequential(nn.Conv1d(c // 4, c // 4, 1, bias=False), nn.BatchNorm1d(c // 4))
        self.mix = nn.Sequential(nn.Conv1d(c // 2, c // 2, 1, bias=False), nn.BatchNorm1d(c // 2))
        self.back, self.final = layer(c // 2, c), layer(2 * c, c)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, f):
        size = f.shape[2:]
        near = f * resize(self.local(f), size) + f
        p, t = self.phi(f).flatten(2), self.theta(f).flatten(2)
        z = p @ t.transpose(1, 2)
        z = self.mix(self.adjacency(z.transpose(1, 2)).transpose(1, 2) + z)
        far = self.gamma * self.back((z @ t).unflatten(2, size)) + f
        return self.final(torch.cat([near, far], 1))


class Network(nn.Module):
    def __init__(self, classes, blocks, divide):
        super().__init__()
        w = [n // divide for n in (64, 128, 256, 512)]
        self.stem = nn.Sequential(layer(3, w[0], 3, 2), nn.ReLU(), layer(w[0], w[0], 3), nn.ReLU(), layer(w[0], w[1], 3),
                                  nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        stages, i = [], w[1]
        for n, (stride, dilation) in enumerate([(1, 1), (2, 1), (1, 1), (1, 2)]):
            stage = []
            for b in range(blocks[n]):
                stage.append(Bottleneck(i, w[n], 1 if b else stride, dilation))
                i = 4 * w[n]
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)
        c, mid, skip = w[3], w[2], 48 // divide
        self.before, self.graph, self.after = layer(i, c, 3), DualGraph(c), layer(c, c, 3)
        self.context = layer(i + c, c, 3)
        self.top, self.low = layer(c, mid), layer(4 * w[0], skip)
        self.parse = nn.Sequential(layer(mid + skip, mid), layer(mid, mid), nn.Conv2d(mid, classes, 1))
        self.edges = nn.ModuleList(layer(4 * n, mid) for n in w[:3])
        self.each = nn.Conv2d(mid, classes, 3, padding=1)
        self.binary, self.category = nn.Conv2d(3 * classes, 2, 1), nn.Conv2d(3 * classes, classes, 1)

    def forward(self, x):
        x = self.stem(x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        size = features[0].shape[2:]
        context = self.context(torch.cat([x, self.after(self.graph(self.before(x)))], 1))
        parsing = self.parse(torch.cat([resize(self.top(context), size), self.low(features[0])], 1))
        edges = torch.cat([resize(self.each(m(f)), size) for m, f in zip(self.edges, features)], 1)
        return parsing, self.binary(edges), self.category(edges)


def lovasz(p, label):
    """Lovasz-Softmax over the classes that are there."""
    p, label, terms = p.permute(0, 2, 3, 1).flatten(0, 2), label.flatten(), []
    for c in label.unique():
        of_class = (label == c).float()
        error, order = torch.sort((of_class - p[:, c]).abs(), descending=True)
        right = of_class[order]
        jaccard = 1 - (right.sum() - right.cumsum(0)) / (right.sum() + (1 - right).cumsum(0))
        jaccard = torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])
        terms.append(error @ jaccard)
    return torch.stack(terms).mean()


def loss_of(outputs, label):
    parsing, binary, category = (resize(o, label.shape[1:]) for o in outputs)
    edge = torch.zeros_like(label)
    for a, b in (((..., slice(1, None)), (..., slice(None, -1))),
                 ((slice(None), slice(1, None)), (slice(None), slice(None, -1)))):
        differs = (label[a] != label[b]).long()
        edge[a] |= differs
        edge[b] |= differs
    of_category = edge * label
    pixel = F.cross_entropy(parsing, label, reduction="none")
    share = edge.float().mean()
    frequency = torch.bincount(of_category.flatten(), minlength=parsing.shape[1]) / label.numel()

    def attention(mask):
        return ((pixel * mask).sum((1, 2)) / mask.sum((1, 2)).clamp_min(1)).mean()

    return .5 * lovasz(F.softmax(parsing, 1), label) + .5 * pixel.mean() \
        + F.cross_entropy(binary, edge, torch.stack([share, 1 - share])) \
        + .1 * F.cross_entropy(category, of_category, 1 - frequency) \
        + 4 * attention(edge) + attention(of_category > 0)


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
