#!/usr/bin/env python3
"""What pictures of another kind than the training set's do to the labels: the validation faces are made grey, dark,
small, tilted, half hidden and so on, and scored against the same labels. The tables of doc/limits.md.

    DMLCSR_LIBRARY=build/lib/libdmlcsr.so.0 tests/bench/limits.py DATA [--model FILE] [--only TEXT] [--json FILE]

DATA has val_list.txt with lines "IMAGE LABELS", square pictures of one face each that fills half of the side, and
label_names.txt of CelebAMask-HQ. Needs numpy and PIL. The same model and data give the same numbers.
"""

import argparse
import hashlib
import io
import json
import math
import pathlib
import sys

import numpy
from PIL import Image, ImageFilter

from labelled import IGNORE, confusion, f1, names_of, paths_of, read

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python/src"))
import dmlcsr  # noqa: E402

GREY = (128, 128, 128)
COLUMNS = {  # mean F1 of these; all: the 18 parts
    "all": None,
    "skin": ["skin"],
    "eyes, brows": ["l_eye", "r_eye", "l_brow", "r_brow"],
    "lips, mouth": ["u_lip", "l_lip", "mouth"],
    "hair": ["hair"],
}
FACE = ["skin", "nose", "l_eye", "r_eye", "l_brow", "r_brow", "u_lip", "l_lip", "mouth"]
BROKEN = 0.5  # a picture counts as broken when the mean F1 of its face's parts is below


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "weights/dmlcsr-small.safetensors")
    parser.add_argument("--limit", type=int, help="only so many pictures")
    parser.add_argument("--only", default="", help="only conditions whose name has this text")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for one changed picture of each kind")
    parser.add_argument("--json", type=pathlib.Path, help="file for the numbers")
    return parser.parse_args()


# ---- conditions: photo and labels in; photo, labels (IGNORE where nothing counts) and region out ----

def pixels(change):
    """Other colours; the labels stay."""
    def condition(photo, truth):
        values = numpy.asarray(photo).astype(float)
        return Image.fromarray(numpy.clip(change(values) + 0.5, 0, 255).astype(numpy.uint8)), truth, None
    return condition


def gamma(exponent):
    return pixels(lambda values: 255 * (values / 255) ** exponent)


def side_light(values):
    return values * numpy.linspace(1, 0.1, values.shape[1])[None, :, None]


def noise(deviation):
    return pixels(lambda values: values + numpy.random.default_rng(1).normal(0, deviation, values.shape))


def blur(deviation):
    return lambda photo, truth: (photo.filter(ImageFilter.GaussianBlur(deviation)), truth, None)


def jpeg(quality):
    def condition(photo, truth):
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB"), truth, None
    return condition


def small(side):
    """Seen through fewer pixels; enlarged again, so that the labels are the same."""
    def condition(photo, truth):
        return photo.resize((side, side), Image.BOX).resize(photo.size, Image.BICUBIC), truth, None
    return condition


def tilted(degrees, told):
    """The head leans to the right of the picture; the corners are black. told: the region has the angle."""
    def condition(photo, truth):
        labels = Image.fromarray(truth).rotate(-degrees, Image.NEAREST, fillcolor=IGNORE)
        region = framed(photo, rotation=math.radians(degrees)) if told else None
        return photo.rotate(-degrees, Image.BICUBIC), numpy.asarray(labels), region
    return condition


def framed(photo, off=0.0, rotation=0.0, context=2.0):
    size = photo.width / 2
    middle = (photo.width - 1) / 2 + off * size
    return dmlcsr.Region(middle, middle, size, rotation, context)


def framing(**how):
    """A region that is larger, smaller or elsewhere; what it does not show does not count."""
    def condition(photo, truth):
        region = framed(photo, **how)
        far = numpy.abs(numpy.arange(photo.width) - region.center_x) > region.size * region.context / 2 - 1
        return photo, numpy.where(far[:, None] | far[None, :], IGNORE, truth), region
    return condition


def mirrored(photo, truth):
    """Labels of the mirrored picture: l_eye is r_eye then."""
    table = numpy.arange(256, dtype=numpy.uint8)
    for label, name in enumerate(NAMES):
        if name[:2] in ("l_", "r_") and name not in ("l_lip", "u_lip"):
            table[label] = NAMES.index({"l": "r", "r": "l"}[name[0]] + name[1:])
    return photo.transpose(Image.FLIP_LEFT_RIGHT), table[truth[:, ::-1]], None


def side_by_side(photo, truth):
    """Two faces in one picture, the second a mirror image: each is half as large for the network."""
    other, labels, _ = mirrored(photo, truth)
    both = Image.new("RGB", (2 * photo.width, photo.height))
    both.paste(photo, (0, 0))
    both.paste(other, (photo.width, 0))
    return both, numpy.hstack([truth, labels]), None


def box(truth, names):
    """Edges of the box around some classes: left, top, right, bottom; None when there are none."""
    rows, columns = numpy.nonzero(numpy.isin(truth, [NAMES.index(name) for name in names]))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


def hidden(place):
    """A grey rectangle, whose pixels do not count."""
    def condition(photo, truth):
        rectangle = place(truth)
        if rectangle:
            photo, truth = photo.copy(), truth.copy()
            photo.paste(GREY, rectangle)
            left, top, right, bottom = rectangle
            truth[top:bottom, left:right] = IGNORE
        return photo, truth, None
    return condition


def around(names, share):
    """The box around classes, larger by a share of its width and height on each side."""
    def place(truth):
        found = box(truth, names)
        if not found:
            return None
        left, top, right, bottom = found
        x, y = share * (right - left), share * (bottom - top)
        side = len(truth)
        return (max(0, round(left - x)), max(0, round(top - y)),
                min(side, round(right + x)), min(side, round(bottom + y)))
    return place


def lower_face(truth):
    """From the middle of the nose to the chin, as wide as the face."""
    nose, skin = box(truth, ["nose"]), box(truth, ["skin"])
    return (skin[0], (nose[1] + nose[3]) // 2, skin[2], skin[3]) if nose and skin else None


MOUTH = around(["mouth", "u_lip", "l_lip"], 0.5)
EYES = around(["l_eye", "r_eye", "l_brow", "r_brow", "eye_g"], 0.1)
CONDITIONS = {
    "as they are": lambda photo, truth: (photo, truth, None),
    "mirrored": mirrored,
    "grey": lambda photo, truth: (photo.convert("L").convert("RGB"), truth, None),
    "red and blue exchanged": pixels(lambda values: values[..., ::-1]),
    "yellow light": pixels(lambda values: values * [1, 0.8, 0.45]),
    "dark, gamma 2": gamma(2),
    "dark, gamma 3": gamma(3),
    "bright, gamma 1/2": gamma(0.5),
    "low contrast, 40 %": pixels(lambda values: 128 + 0.4 * (values - 128)),
    "light from one side, down to 10 %": pixels(side_light),
    "noise, deviation 25 of 255": noise(25),
    "noise, deviation 50": noise(50),
    "blurred, deviation 4 pixels": blur(4),
    "blurred, deviation 8 pixels": blur(8),
    "JPEG, quality 20": jpeg(20),
    "JPEG, quality 5": jpeg(5),
    "seen with 128 x 128 pixels": small(128),
    "seen with 64 x 64": small(64),
    "seen with 32 x 32": small(32),
    "tilted by 15 degrees": tilted(15, False),
    "tilted by 30": tilted(30, False),
    "tilted by 45": tilted(45, False),
    "tilted by 90": tilted(90, False),
    "upside down": tilted(180, False),
    "tilted by 45, region with the angle": tilted(45, True),
    "upside down, region with the angle": tilted(180, True),
    "framed tightly, context 1.4": framing(context=1.4),
    "framed widely, context 3": framing(context=3.0),
    "framed widely, context 4": framing(context=4.0),
    "off centre by .25 of the size": framing(off=0.25),
    "two faces side by side, parsed at once": side_by_side,
    "grey rectangle over the mouth": hidden(MOUTH),
    "grey rectangle over the lower face": hidden(lower_face),
    "grey rectangle over eyes and brows": hidden(EYES),
}


# ---- scores ----

def f1_of(counts, names):
    return f1(counts, names and [NAMES.index(name) for name in names])


def broken(counts):
    return sum(f1_of(one, FACE) < BROKEN for one in counts)


def row(name, counts):
    total = numpy.sum(counts, axis=0)
    return {"name": name, "pictures": len(counts), "broken": int(broken(counts)),
            **{column: f1_of(total, names) for column, names in COLUMNS.items()}}


def show(title, rows):
    print("\n| %s | pictures | broken | %s |\n|---%s|" % (title, " | ".join(COLUMNS), "|---:" * (2 + len(COLUMNS))))
    for r in rows:
        print("| %s | %d | %d | %s |" % (r["name"], r["pictures"], r["broken"], " | ".join(
            "" if math.isnan(r[column]) else ("%.3f" % r[column]).lstrip("0") for column in COLUMNS)))


# ---- subsets of the pictures as they are ----

def turn(truth):
    """How far the nose is from the middle between the eyes, in distances between them: about 0 from the front."""
    centres = [numpy.nonzero(truth == NAMES.index(name))[1] for name in ("l_eye", "r_eye", "nose")]
    if any(len(columns) < 20 for columns in centres):
        return math.inf
    left, right, nose = (columns.mean() for columns in centres)
    return abs(nose - (left + right) / 2) / max(1, abs(left - right))


def subsets(pairs):
    """Names, and which pictures belong: what the labels tell, and the brightness of skin."""
    has = numpy.array([[(truth == label).sum() > 100 for label in range(len(NAMES))] for _, truth in pairs])
    turned = numpy.array([turn(truth) for _, truth in pairs])
    skin = NAMES.index("skin")
    bright = numpy.array([numpy.asarray(photo.convert("L"))[truth == skin].mean() for photo, truth in pairs])
    named = {"with " + word: has[:, NAMES.index(name)] for word, name in
             (("glasses", "eye_g"), ("a hat", "hat"), ("earrings", "ear_r"), ("a necklace", "neck_l"))}
    low, high = numpy.quantile(bright, (0.2, 0.8))
    return {**named, "from the front (third)": turned <= numpy.quantile(turned, 1 / 3),
            "turned (third)": turned >= numpy.quantile(turned, 2 / 3),
            "turned most (tenth)": turned >= numpy.quantile(turned, 0.9),
            "skin darkest in the picture (fifth)": bright <= low, "skin brightest (fifth)": bright >= high}


def what_is_seen(labels, rectangle):
    """Shares of classes inside a rectangle."""
    left, top, right, bottom = rectangle
    inside = labels[top:bottom, left:right]
    return numpy.bincount(inside.ravel(), minlength=len(NAMES)) / inside.size


def main():
    model = OPTIONS.model.read_bytes()
    print("model %s: %d bytes, sha256 %s..." % (OPTIONS.model.name, len(model), hashlib.sha256(model).hexdigest()[:12]))
    parser = dmlcsr.Parser(model, threads=OPTIONS.threads)
    pairs = list(read(paths_of(OPTIONS.data)[:OPTIONS.limit]))
    plain = [parser.parse(photo) for photo, _ in pairs]
    rows, seen = [], {}
    for name, condition in CONDITIONS.items():
        if OPTIONS.only not in name:
            continue
        counts, agreement, inside = [], [], []
        for (photo, truth), before in zip(pairs, plain):
            changed, wanted, region = condition(photo, truth)
            labels = parser.parse(changed, region)
            counts.append(confusion(wanted, labels, len(NAMES)))
            if condition is mirrored:
                agreement.append((mirrored(photo, before)[1] == labels).mean())
            for text, place in (("mouth", MOUTH), ("lower face", lower_face), ("eyes", EYES)):
                if text in name and name.startswith("grey rectangle") and place(truth):
                    inside.append(what_is_seen(labels, place(truth)))
        if OPTIONS.keep:
            OPTIONS.keep.mkdir(exist_ok=True)
            condition(*pairs[0])[0].save(OPTIONS.keep / (name.replace("/", "_") + ".png"))
        rows.append(row(name, counts))
        if agreement:
            rows[-1]["agreement"] = float(numpy.mean(agreement))
            print("mirrored: %.4f of the pixels have the mirrored label" % rows[-1]["agreement"])
        if inside:
            mean = numpy.mean(inside, axis=0)
            seen[name] = {NAMES[k]: round(float(mean[k]), 3) for k in numpy.argsort(-mean) if mean[k] >= 0.01}
        print("%s: %.3f" % (name, rows[-1]["all"]), file=sys.stderr, flush=True)
    show("pictures", rows)
    for name, shares in seen.items():
        print("\n%s: %s" % (name, ", ".join("%s %.2f" % pair for pair in shares.items())))
    base = [confusion(truth, labels, len(NAMES)) for (_, truth), labels in zip(pairs, plain)]
    groups = [row(name, [counts for counts, chosen in zip(base, which) if chosen])
              for name, which in subsets(pairs).items() if which.any()]
    show("as they are", groups)
    if OPTIONS.json:
        OPTIONS.json.write_text(json.dumps({"rows": rows, "subsets": groups, "hidden": seen}, indent=1))


if __name__ == "__main__":
    OPTIONS = arguments()
    NAMES = names_of(OPTIONS.data)
    main()
