#!/usr/bin/env python3
"""Trains a teacher on a GPU, in minutes, for dmlcsr-train's `teacher` to learn from.

usage: teacher.py DATA IN.safetensors OUT.safetensors [--minutes 9] [--size 272] [--batch 32] [--rate 0.03]
                  [--teacher FILE] [--teacher-share 0.5]

DATA is a data folder of dmlcsr-train with a training list as balanced_list.py writes it; IN is a network in single
precision, such as widen.py makes, and OUT one of the same shape: the moving average of what is trained. The loss is that of
dmlcsr-train, without cycles; the pictures are changed as small.toml says for the first 60 % of the time, and as base.toml
says for the rest, except that a poor JPEG is imitated by a coarse copy with noise. The rate falls to 0 as a cosine. With
--teacher, a network in single precision says of each picture and its mirror image what it sees, and the mean of both has
--teacher-share of the cross entropies, as in dmlcsr-train. Needs numpy, PIL and PyTorch; without a GPU it works, and takes
weeks.
"""
import argparse
import math
import os
import time
from multiprocessing import Pool

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

import widen
from torch_network import IGNORED, Network, loss_of, resize

SIDE = 384  # pictures in memory
CHANGES = ("scale_deviation", "scale_limit", "rotate", "rotate_deviation", "rotate_limit", "translate", "jitter", "grey",
           "blur", "blocks", "occlude")
AVERAGE = .998
ESTIMATE = 60  # batches


# ---- data --------------------------------------------------------------------------------------------------------------


def read_pair(paths):
    image = Image.open(paths[0]).convert("RGB").resize((SIDE, SIDE), Image.LANCZOS)
    labels = Image.fromarray(np.asarray(Image.open(paths[1]), np.uint8)).resize((SIDE, SIDE), Image.NEAREST)
    return np.asarray(image).transpose(2, 0, 1), np.asarray(labels)


def read_list(data, name):
    """Pictures, labels, and for each line of the list which of them it means."""
    with open(os.path.join(data, name)) as file:
        lines = [tuple(os.path.join(data, path) for path in line.split()) for line in file if line.strip()]
    pairs = list(dict.fromkeys(lines))
    with Pool() as pool:
        pictures = pool.map(read_pair, pairs, chunksize=16)
    place = {pair: i for i, pair in enumerate(pairs)}
    return (*(torch.from_numpy(np.stack(part)) for part in zip(*pictures)), np.array([place[line] for line in lines]))


def mirror_of(data):
    """What each label is in a mirrored picture."""
    with open(os.path.join(data, "label_names.txt")) as file:
        names = file.read().split()
    swap = {"l_": "r_", "r_": "l_"}
    other = [swap.get(name[:2], "") + name[2:] for name in names]
    mirror = [names.index(twin) if twin in names else i for i, twin in enumerate(other)]
    return torch.tensor(mirror + list(range(len(names), 256))), len(names)


# ---- changes of the pictures ------------------------------------------------------------------------------------------


def changes_of(recipe):
    """The settings of a recipe beside this script that say how pictures are changed."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), recipe)) as file:
        settings = dict(line.split(" = ", 1) for line in file if " = " in line and not line.startswith("#"))
    return {name: float(settings[name]) for name in CHANGES}


def uniform(like, low=0., high=1.):
    """A number for each picture."""
    return torch.rand(len(like), device=like.device) * (high - low) + low


def wide(values):
    return values[:, None, None, None]


def warp(image, label, size, how, mirror):
    scale = 1 + how["scale_deviation"] * torch.randn(len(image), device=image.device)
    scale = scale.clamp(1 - how["scale_limit"], 1 + how["scale_limit"])
    turn = (how["rotate_deviation"] * torch.randn_like(scale)).clamp(-how["rotate_limit"], how["rotate_limit"])
    turn = torch.where(uniform(image) < how["rotate"], turn, torch.zeros_like(turn)) * math.pi / 180
    flip = torch.where(uniform(image) < .5, 1., -1.)
    x, y = (2 * how["translate"] * uniform(image, -1, 1) for _ in range(2))
    c, s = torch.cos(turn) * scale, torch.sin(turn) * scale
    place = torch.stack([torch.stack([c * flip, s * flip, -(c * x + s * y) * flip], 1),
                         torch.stack([-s, c, s * x - c * y], 1)], 1)
    grid = F.affine_grid(place, (len(image), 3, size, size), align_corners=False)
    image = F.grid_sample(image.float() / 255, grid, align_corners=False)
    label = F.grid_sample(label.float()[:, None] - IGNORED, grid, mode="nearest", align_corners=False)[:, 0]
    label = (label + IGNORED).round().long()
    return image, torch.where((flip < 0)[:, None, None], mirror[label], label)


def blurred(x):
    n, c, h, w = x.shape
    reach = torch.arange(-6, 7, device=x.device).float()
    kernel = torch.exp(-reach ** 2 / (2 * uniform(x, .3, 2.5)[:, None] ** 2))
    kernel = (kernel / kernel.sum(1, True)).repeat_interleave(c, 0)
    x = x.reshape(1, n * c, h, w)
    x = F.conv2d(F.pad(x, (0, 0, 6, 6), mode="replicate"), kernel[:, None, :, None], groups=n * c)
    x = F.conv2d(F.pad(x, (6, 6, 0, 0), mode="replicate"), kernel[:, None, None, :], groups=n * c)
    return x.reshape(n, c, h, w)


def poor(x):
    """Shrunk, noisy, enlarged."""
    small = F.interpolate(x, size=int(x.shape[2] / uniform(x[:1], 1, 3).item()), mode="bilinear", antialias=True)
    return F.interpolate(small + .02 * torch.randn_like(small), size=x.shape[2:], mode="bilinear")


def occlude(x, share):
    n, _, h, w = x.shape
    column, row = torch.arange(w, device=x.device), torch.arange(h, device=x.device)
    each = lambda low, high, side: (side * uniform(x, low, high))[:, None, None]
    across = (column[None, None] - each(0, 1, w)) / each(.05, .2, w)
    down = (row[None, :, None] - each(0, 1, h)) / each(.05, .2, h)
    hidden = torch.where(each(0, 1, 1) < .5, across ** 2 + down ** 2 <= 1, (across.abs() <= 1) & (down.abs() <= 1))
    hidden = (hidden & (each(0, 1, 1) < share))[:, None]
    texture = .4 * wide(uniform(x)) * (torch.rand_like(x) - .5) + torch.rand(n, 3, 1, 1, device=x.device)
    return torch.where(hidden, texture, x), hidden


def change_colours(x, label, how):
    light = torch.tensor([.299, .587, .114], device=x.device)[None, :, None, None]
    jittered = (uniform(x) < how["jitter"]).float()
    factor = lambda: wide(1 + jittered * uniform(x, -.4, .4))
    x = x * factor()
    middle = (x * light).sum(1, True).mean((2, 3), True)
    x = (middle + factor() * (x - middle)).clamp(0, 1)
    grey = (x * light).sum(1, True)
    x = grey + factor() * wide((uniform(x) >= how["grey"]).float()) * (x - grey)
    for name, change in (("blur", blurred), ("blocks", poor)):
        count = round(how[name] * len(x))
        if count:
            some = torch.randperm(len(x), device=x.device)[:count]
            x[some] = change(x[some])
    x, hidden = occlude(x, how["occlude"])
    return (x * ((label != IGNORED)[:, None] | hidden)).clamp(0, 1)


def as_input(x):
    mean, deviation = (torch.tensor(v, device=x.device)[None, :, None, None]
                       for v in ((.485, .456, .406), (.229, .224, .225)))
    return ((x[:, [2, 1, 0]] - mean) / deviation).contiguous(memory_format=torch.channels_last)


# ---- training ----------------------------------------------------------------------------------------------------------


def network_of(tensors, classes):
    blocks = [len({name.split(".")[1] for name in tensors if name.startswith(f"layer{n}.")}) for n in (1, 2, 3, 4)]
    net = Network(classes, blocks, 64 // tensors["conv1.weight"].shape[0])
    state = net.state_dict()
    state.update({name: torch.from_numpy(values.copy()).reshape(state[name].shape) for name, values in tensors.items()})
    net.load_state_dict(state)
    return net.to(memory_format=torch.channels_last)


class Teacher:
    def __init__(self, a):
        self.a, self.device = a, "cuda" if torch.cuda.is_available() else "cpu"
        mirror, self.classes = mirror_of(a.data)
        self.mirror = mirror.to(self.device)
        *pictures, self.lines = read_list(a.data, "train_list.txt")
        self.pictures = [part.to(self.device) for part in pictures]
        self.judged = [part.to(self.device) for part in read_list(a.data, "val_list.txt")[:2]]
        self.metadata, tensors = widen.read(a.input)
        self.net, self.average = (network_of(tensors, self.classes).to(self.device) for _ in range(2))
        self.teacher = a.teacher and network_of(widen.read(a.teacher)[1], self.classes).to(self.device).eval()
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=a.rate, momentum=.9, weight_decay=5e-4)
        self.strong, self.mild = changes_of("small.toml"), changes_of("base.toml")
        self.random, self.waiting, self.steps = np.random.default_rng(1), np.array([], int), 0

    def half(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")

    def batch(self, how):
        if len(self.waiting) < self.a.batch:
            self.waiting = self.random.permutation(self.lines)
        which, self.waiting = self.waiting[:self.a.batch], self.waiting[self.a.batch:]
        which = torch.from_numpy(which).to(self.device)
        image, label = warp(*(part[which] for part in self.pictures), self.a.size, how, self.mirror)
        return as_input(change_colours(image, label, how)), label

    @torch.no_grad()
    def taught(self, image, to):
        """What the teacher says of the pictures and of their mirror images, as probabilities of the labels' size."""
        with self.half():
            there = self.teacher(image)[0].float()
            mirrored = self.teacher(image.flip(3))[0].float()
        both = (there + mirrored.flip(3)[:, self.mirror[:self.classes]]) / 2
        return F.softmax(resize(both, to), 1)

    def step(self, done):
        image, label = self.batch(self.strong if done < .6 else self.mild)
        rate = self.a.rate * min(1, (self.steps + 1) / 100) * .5 * (1 + math.cos(math.pi * done))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        with self.half():
            outputs = self.net(image)
        taught = self.taught(image, label.shape[1:]) if self.teacher else None
        loss = loss_of(outputs, label, 2, taught, self.a.teacher_share)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.)
        self.optimiser.step()
        keep = min(AVERAGE, (self.steps + 1) / (self.steps + 10))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.net.parameters()):
                mean.lerp_(value, 1 - keep)
        self.steps += 1
        if self.steps % 200 == 0:
            print(f"step {self.steps}: loss {loss.item():.3f}, rate {rate:.4f}, {100 * done:.0f} % of the time", flush=True)

    @torch.no_grad()
    def estimate(self):
        """The average's statistics, from ESTIMATE batches."""
        norms = [m for m in self.average.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        self.average.train()
        for n in range(ESTIMATE):
            for norm in norms:
                norm.momentum = 1 / (n + 1)
            image, _ = self.batch(self.mild)
            with self.half():
                self.average(image)
        self.average.eval()

    @torch.no_grad()
    def score(self):
        """F1 of each class on the validation list, at SIDE x SIDE."""
        classes, size = self.classes, (self.a.size, self.a.size)
        confusion = torch.zeros(classes * classes, device=self.device)
        for image, label in zip(*(part.split(50) for part in self.judged)):
            image = F.interpolate(image.float() / 255, size, mode="bilinear", antialias=True)
            with self.half():
                parsing = self.average(as_input(image))[0]
            found, label = resize(parsing.float(), label.shape[1:]).argmax(1), label.long()
            known = label != IGNORED
            confusion += torch.bincount(label[known] * classes + found[known], minlength=classes * classes)
        confusion = confusion.reshape(classes, classes)
        return 2 * confusion.diagonal() / (confusion.sum(0) + confusion.sum(1)).clamp_min(1)

    def finish(self):
        self.estimate()
        scores = self.score()[1:].tolist()
        epochs = self.steps * self.a.batch / len(self.lines)
        print(f"epoch {epochs:.1f}: mean F1 {np.mean(scores):.4f}:", *(f"{f:.3f}" for f in scores), flush=True)
        tensors = {name: values.cpu().numpy() for name, values in self.average.state_dict().items()
                   if not name.endswith("num_batches_tracked")}
        widen.write(self.a.output, self.metadata, tensors)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data")
    a.add_argument("input")
    a.add_argument("output")
    a.add_argument("--teacher")
    for name, value in (("minutes", 9.), ("size", 272), ("batch", 32), ("rate", .03), ("teacher-share", .5)):
        a.add_argument("--" + name, type=type(value), default=value)
    a = a.parse_args()
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    teacher = Teacher(a)
    start = time.monotonic()
    while (done := (time.monotonic() - start) / (60 * a.minutes)) < 1:
        teacher.step(done)
    teacher.finish()


if __name__ == "__main__":
    main()
