"""The network and its loss in PyTorch, with the tensor names of model files, for what runs on other machines: teacher.py,
and tests/bench/train_torch.py, which compares speeds. doc/training.md states what they compute.
"""
import torch
from torch import nn
from torch.nn import functional as F

IGNORED = 255


class Norm(nn.BatchNorm2d):
    """Activated batch norm: scale |weight| + eps, leaky ReLU."""

    def forward(self, x):
        y = F.batch_norm(x, self.running_mean, self.running_var, self.weight.abs() + self.eps, self.bias, self.training,
                         self.momentum, self.eps)
        return F.leaky_relu(y, 0.01)


def convolution(i, o, kernel=1, stride=1, dilation=1, groups=1, bias=False):
    return nn.Conv2d(i, o, kernel, stride, dilation * (kernel // 2), dilation, groups, bias)


def layer(i, o, *shape, **more):
    return [convolution(i, o, *shape, **more), Norm(o)]


def layers(*all_of_them):
    return nn.Sequential(*[module for pair in all_of_them for module in pair])


def resize(x, to):
    return F.interpolate(x, size=to, mode="bilinear", align_corners=True)


class Bottleneck(nn.Module):
    def __init__(self, i, planes, stride, dilation):
        super().__init__()
        self.conv1, self.bn1 = layer(i, planes)
        self.conv2, self.bn2 = layer(planes, planes, 3, stride, dilation)
        self.conv3, self.bn3 = layer(planes, 4 * planes)
        self.downsample = layers(layer(i, 4 * planes, 1, stride)) if stride > 1 or i != 4 * planes else nn.Identity()

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.node_k, self.node_v, self.node_q = (nn.Conv2d(c, c // 2, 1) for _ in range(3))
        self.conv_wg, self.bn_wg = nn.Conv1d(c // 2, c // 2, 1, bias=False), nn.BatchNorm1d(c // 2)
        self.out = layers(layer(c // 2, c, bias=True))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        k, v, q = (m(x).flatten(2) for m in (self.node_k, self.node_v, self.node_q))
        weight = torch.softmax(q @ v.transpose(1, 2), 2)
        mixed = self.bn_wg(self.conv_wg((k.transpose(1, 2) @ weight).transpose(1, 2)))
        return x + self.gamma * self.out(mixed.unflatten(2, x.shape[2:]))


class DualGraph(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.local = layers(*(layer(c, c, 3, 2, groups=c) for _ in range(3)))
        self.gcn_local_attention = Attention(c)
        self.phi, self.bn_phi = layer(c, c // 2)
        self.theta, self.bn_theta = layer(c, c // 4)
        self.conv_adj, self.bn_adj = nn.Conv1d(c // 4, c // 4, 1, bias=False), nn.BatchNorm1d(c // 4)
        self.conv_wg, self.bn_wg = nn.Conv1d(c // 2, c // 2, 1, bias=False), nn.BatchNorm1d(c // 2)
        self.conv3, self.bn3 = layer(c // 2, c)
        self.final = layers(layer(2 * c, c))
        self.gamma1 = nn.Parameter(torch.zeros(1))

    def forward(self, f):
        size = f.shape[2:]
        near = f * resize(self.gcn_local_attention(self.local(f)), size) + f
        p, t = self.bn_phi(self.phi(f)).flatten(2), self.bn_theta(self.theta(f)).flatten(2)
        z = p @ t.transpose(1, 2)
        z = self.bn_adj(self.conv_adj(z.transpose(1, 2))).transpose(1, 2) + z
        z = self.bn_wg(self.conv_wg(z))
        far = self.gamma1 * self.bn3(self.conv3((z @ t).unflatten(2, size))) + f
        return self.final(torch.cat([near, far], 1))


class Context(nn.Module):
    def __init__(self, i, c):
        super().__init__()
        self.conva, self.convb, self.bottleneck = (layers(layer(n, c, 3)) for n in (i, c, i + c))
        self.dualgcn = DualGraph(c)

    def forward(self, x):
        return self.bottleneck(torch.cat([x, self.convb(self.dualgcn(self.conva(x)))], 1))


class ParsingHead(nn.Module):
    def __init__(self, c, low, mid, skip, classes):
        super().__init__()
        self.conv1, self.conv2 = layers(layer(c, mid)), layers(layer(low, skip))
        self.conv3 = layers(layer(mid + skip, mid), layer(mid, mid))
        self.conv4 = nn.Conv2d(mid, classes, 1)

    def forward(self, context, low):
        return self.conv4(self.conv3(torch.cat([resize(self.conv1(context), low.shape[2:]), self.conv2(low)], 1)))


class EdgeHeads(nn.Module):
    def __init__(self, widths, mid, classes):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (layers(layer(w, mid)) for w in widths)
        self.conv4 = nn.Conv2d(mid, classes, 3, padding=1)
        self.conv5_b, self.conv5 = nn.Conv2d(3 * classes, 2, 1), nn.Conv2d(3 * classes, classes, 1)

    def forward(self, *features):
        heads = (self.conv1, self.conv2, self.conv3)
        edges = torch.cat([resize(self.conv4(m(f)), features[0].shape[2:]) for m, f in zip(heads, features)], 1)
        return self.conv5_b(edges), self.conv5(edges)


class Network(nn.Module):
    """Pictures, n x 3 x h x w, to logits of parsing, binary edges and category edges, each n x classes x h/4 x w/4."""

    def __init__(self, classes, blocks, divide):
        super().__init__()
        w = [n // divide for n in (64, 128, 256, 512)]
        self.conv1, self.bn1 = layer(3, w[0], 3, 2)
        self.conv2, self.bn2 = layer(w[0], w[0], 3)
        self.conv3, self.bn3 = layer(w[0], w[1], 3)
        i = w[1]
        for n, (stride, dilation) in enumerate([(1, 1), (2, 1), (1, 1), (1, 2)]):
            stage = []
            for b in range(blocks[n]):
                stage.append(Bottleneck(i, w[n], 1 if b else stride, dilation))
                i = 4 * w[n]
            setattr(self, f"layer{n + 1}", nn.Sequential(*stage))
        self.context = Context(i, w[3])
        self.layer6 = ParsingHead(w[3], 4 * w[0], w[2], 48 // divide, classes)
        self.edge_layer = EdgeHeads([4 * n for n in w[:3]], w[2], classes)

    def forward(self, x):
        for convolve, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = F.relu(norm(convolve(x)))
        x2 = self.layer1(F.max_pool2d(x, 3, 2, 1))
        x3 = self.layer2(x2)
        x4 = self.layer3(x3)
        return (self.layer6(self.context(self.layer4(x4)), x2),) + self.edge_layer(x2, x3, x4)


# ---- the loss ----------------------------------------------------------------------------------------------------------


def edges_of(label):
    """Pixels of which one of the four neighbours has another label, both known: 1."""
    edge = torch.zeros_like(label)
    for a, b in (((..., slice(1, None)), (..., slice(None, -1))),
                 ((slice(None), slice(1, None)), (slice(None), slice(None, -1)))):
        differs = ((label[a] != label[b]) & (label[a] != IGNORED) & (label[b] != IGNORED)).long()
        edge[a] |= differs
        edge[b] |= differs
    return edge


def lovasz(p, label):
    """Lovasz-Softmax over the classes that are there; all of them are sorted at once."""
    p, label = p.transpose(0, 1).flatten(1), label.flatten()
    of_class = (label == torch.arange(len(p), device=p.device)[:, None]).float()
    error, order = torch.sort((of_class - p).abs() * (label != IGNORED), 1, descending=True)
    right = of_class.gather(1, order)
    total = right.sum(1, True)
    jaccard = 1 - (total - right.cumsum(1)) / (total + (1 - right).cumsum(1))
    jaccard = torch.cat([jaccard[:, :1], jaccard[:, 1:] - jaccard[:, :-1]], 1)
    return (error * jaccard).sum(1)[total[:, 0] > 0].mean()


def loss_of(outputs, label, every=1, taught=None, teacher_share=0.):
    """The total loss of doc/training.md. every: Lovasz-Softmax looks at one pixel in so many each way, to save time.
    taught: what a teacher says, probabilities of the size of the labels, and its share of the cross entropies of parsing."""
    parsing, binary, category = (resize(o.float(), label.shape[1:]) for o in outputs)
    edge = edges_of(label)
    known = label != IGNORED
    of_category = edge * torch.where(known, label, torch.zeros_like(label))
    pixel = F.cross_entropy(parsing, label, reduction="none", ignore_index=IGNORED)
    if taught is not None:
        of_teacher = -(taught * F.log_softmax(parsing, 1)).sum(1) * known
        pixel = (1 - teacher_share) * pixel + teacher_share * of_teacher
    share = edge.float().mean()
    frequency = torch.bincount(of_category.flatten(), minlength=parsing.shape[1]) / label.numel()
    y, x = (int(torch.randint(every, (1,))) for _ in range(2))
    some = (slice(y, None, every), slice(x, None, every))

    def attention(mask):
        return ((pixel * mask).sum((1, 2)) / mask.sum((1, 2)).clamp_min(1)).mean()

    return .5 * lovasz(F.softmax(parsing[(..., *some)], 1), label[(..., *some)]) + .5 * pixel.sum() / known.sum() \
        + F.cross_entropy(binary, edge, torch.stack([share, 1 - share])) \
        + .1 * F.cross_entropy(category, of_category, 1 - frequency) \
        + 4 * attention(edge) + attention(of_category > 0)
