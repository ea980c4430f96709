#!/usr/bin/env python3
"""How well faces of each size are found in whole pictures, and parsed there: group pictures are put together from labelled
faces and compared with what dmlcsr_find_faces() and DMLCSR_COMPOSE make of them.

    DMLCSR_LIBRARY=build/lib/libdmlcsr.so.0 tests/bench/faces.py DATA [--backgrounds FOLDER] [--empty FOLDER] ...

DATA has val_list.txt with lines "IMAGE LABELS", pictures of one face each that fills half of the side, and label_names.txt;
FOLDER has photographs without faces. Needs numpy and PIL. The same seed gives the same pictures.
"""

import argparse
import json
import math
import pathlib
import sys
import time

import numpy
from PIL import Image, ImageFilter

from labelled import confusion, f1, names_of, paths_of

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python/src"))
import dmlcsr  # noqa: E402

HEIGHTS = [24, 32, 48, 64, 96, 128, 200, 300, 400]  # faces of one bin are up to a tenth smaller or larger
ROOM = 1.5  # face sizes between the centres of two faces, as a share of their mean size, at least


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--backgrounds", type=pathlib.Path, help="photographs for every second background")
    parser.add_argument("--empty", type=pathlib.Path, help="photographs in which whatever is found is wrong")
    parser.add_argument("--pictures", type=int, default=36, help="group pictures")
    parser.add_argument("--size", type=int, nargs=2, default=[1280, 960], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--smallest", type=float, default=20)
    parser.add_argument("--threshold", type=float, default=0)
    parser.add_argument("--tilt", type=float, default=8, help="standard deviation of the tilt, in degrees")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--model")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the pictures, with what was found drawn in")
    parser.add_argument("--json", type=pathlib.Path, help="file for the numbers")
    return parser.parse_args()


# ---- pictures ----

class Faces:
    """Labelled faces, in an order of their own."""

    def __init__(self, folder, random):
        self.pairs = paths_of(folder)
        random.shuffle(self.pairs)
        self.next = 0

    def take(self):
        image, labels = self.pairs[self.next % len(self.pairs)]
        self.next += 1
        return Image.open(image).convert("RGB"), Image.open(labels)


def texture(random, width, height):
    """Noise of several scales in two colours."""
    total = numpy.zeros((height, width))
    for cell in (3, 11, 37, 111):
        shape = (height // cell + 2, width // cell + 2)
        noise = Image.fromarray(random.normal(0, 1, shape).astype(numpy.float32))
        total += numpy.asarray(noise.resize((width, height), Image.BICUBIC)) * math.sqrt(cell)
    share = numpy.clip(total / 30 + 0.5, 0, 1)[..., None]
    first, second = random.uniform(20, 235, (2, 3))
    return Image.fromarray((first * share + second * (1 - share)).astype(numpy.uint8))


def covering(photo, width, height):
    scale = max(width / photo.width, height / photo.height)
    photo = photo.resize((math.ceil(photo.width * scale), math.ceil(photo.height * scale)), Image.LANCZOS)
    return photo.crop((0, 0, width, height))


def background(random, index, photos, width, height):
    if photos and index % 2:
        return covering(Image.open(photos[index // 2 % len(photos)]).convert("RGB"), width, height)
    if index % 4 == 0:
        return Image.new("RGB", (width, height), tuple(int(v) for v in random.uniform(60, 200, 3)))
    return texture(random, width, height)


def free_place(random, size, placed, width, height):
    """A centre that keeps the whole face in the picture, and its distance from the others; None when there is none."""
    for _ in range(200 if 1.4 * size < min(width, height) else 0):
        x, y = random.uniform(0.7 * size, width - 0.7 * size), random.uniform(0.7 * size, height - 0.7 * size)
        if all(math.hypot(x - p[0], y - p[1]) > ROOM * (size + p[2]) / 2 for p in placed):
            return x, y
    return None


def paste(canvas, truth, owner, number, face, place, whole):
    """A face with its hair and clothes, or the whole picture of it, at a place (x, y, size, tilt)."""
    x, y, size, tilt = place
    image, labels = face
    scale = 2 * size / image.width
    # From the canvas to the face's picture; an enlarged one is smooth, a reduced one is reduced before.
    pixels = max(1, round(image.width * min(1, scale)))
    image = image.resize((pixels, pixels), Image.LANCZOS)
    alpha = labels.point(lambda label: 255 if label or whole else 0).convert("L")
    alpha = alpha.filter(ImageFilter.GaussianBlur(1)).resize((pixels, pixels), Image.BOX)

    def turned(picture, way):
        unit = picture.width / (2 * size)
        c, s = unit * math.cos(tilt), unit * math.sin(tilt)
        middle = picture.width / 2
        return picture.transform(canvas.size, Image.AFFINE, (
            c, s, middle - c * (x + 0.5) - s * (y + 0.5), -s, c, middle + s * (x + 0.5) - c * (y + 0.5)), way)

    mask = turned(alpha, Image.BILINEAR)
    canvas.paste(turned(image, Image.BICUBIC), (0, 0), mask)
    inside = numpy.asarray(mask) > 127
    truth[inside] = numpy.asarray(turned(labels, Image.NEAREST))[inside]
    # Half a face around it counts, too: labels that are there are wrong.
    reach = turned(Image.new("L", (64, 64), 255), Image.NEAREST)
    owner[(numpy.asarray(reach) > 0) & (owner == 0)] = number
    owner[inside] = number


def group(random, index, faces, photos, width, height):
    """A picture, its labels, whose pixel is whose, and places (x, y, size, tilt) in the order of their numbers."""
    canvas = background(random, index, photos, width, height)
    truth, owner = numpy.zeros((2, height, width), numpy.uint8)
    places = []
    # The first face of each picture goes through all sizes, the largest first; the others are of any.
    wanted = [HEIGHTS[-1 - index % len(HEIGHTS)]] + sorted(random.choice(HEIGHTS[:-2], 9), reverse=True)
    for height_of_face in wanted:
        size = height_of_face * random.uniform(0.9, 1.1)
        place = free_place(random, size, places, width, height)
        if place:
            places.append(place + (size, math.radians(random.normal(0, 1) * OPTIONS.tilt)))
            paste(canvas, truth, owner, len(places), faces.take(), places[-1], index % 3 == 0)
    return canvas, truth, owner, places


# ---- measuring ----

class Bin:
    def __init__(self, classes):
        self.faces = self.found = 0
        self.off = []
        self.counts = {way: numpy.zeros((classes, classes), int) for way in ("found", "known")}


def nearest_bin(size):
    return min(HEIGHTS, key=lambda height: abs(math.log(height / size)))


def match(found, places):
    """Each place's face, or None: the largest of those within a third of the place's size, half to twice as large."""
    matched, left = [], list(found)
    for x, y, size, _ in places:
        fits = [f for f in left if math.hypot(f.center_x - x, f.center_y - y) < size / 3 and 0.5 < f.size / size < 2]
        matched.append(fits[0] if fits else None)
        left = [f for f in left if f is not matched[-1]]
    return matched, left


def composed(parser, photo, regions):
    """In this order, the last on top."""
    labels = numpy.zeros((photo.height, photo.width), numpy.uint8)
    for region in regions:
        parser.run(photo, region, labels=labels, compose=True)
    return labels


def draw(photo, found, path):
    from PIL import ImageDraw
    picture = photo.copy()
    pen = ImageDraw.Draw(picture)
    for f in found:
        c, s = f.size / 2 * math.cos(f.rotation), f.size / 2 * math.sin(f.rotation)
        corners = [(f.center_x + c * u - s * v, f.center_y + s * u + c * v) for u, v in
                   ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        pen.line(corners, fill=(0, 255, 0), width=2)
        pen.text(corners[0], "%.2f" % f.confidence, fill=(255, 255, 0))
    picture.save(path)


class Meter:
    """Counts passes of the network by the calls between its layers."""

    def __init__(self):
        self.calls, self.layers = 0, 1

    def __call__(self, done, total):
        self.calls += 1
        return True

    def passes(self):
        calls, self.calls = self.calls, 0
        return calls / self.layers


def measure_groups(parser, meter, random, bins):
    faces = Faces(OPTIONS.data, random)
    photos = sorted(OPTIONS.backgrounds.iterdir()) if OPTIONS.backgrounds else []
    passes = seconds = wrong = 0
    for index in range(OPTIONS.pictures):
        photo, truth, owner, places = group(random, index, faces, photos, *OPTIONS.size)
        meter.passes()
        start = time.monotonic()
        found = parser.find_faces(photo, smallest=OPTIONS.smallest, threshold=OPTIONS.threshold)
        seconds += time.monotonic() - start
        passes += meter.passes()
        matched, others = match(found, places)
        wrong += len(others)
        if OPTIONS.keep:
            draw(photo, found, OPTIONS.keep / ("group%03d.jpg" % index))
        known = [dmlcsr.Region(x, y, size, tilt) for x, y, size, tilt in places]
        labels = {"found": composed(parser, photo, [face.region() for face in found]),
                  "known": composed(parser, photo, sorted(known, key=lambda region: -region.size))}
        for number, (face, place) in enumerate(zip(matched, places), 1):
            b = bins[nearest_bin(place[2])]
            b.faces += 1
            b.found += face is not None
            if face:
                b.off.append([math.hypot(face.center_x - place[0], face.center_y - place[1]) / place[2],
                              abs(math.log(face.size / place[2])), abs(face.rotation - place[3])])
            mine = owner == number
            for way, map_ in labels.items():
                b.counts[way] += confusion(truth[mine], map_[mine], len(b.counts[way]))
        print("\r%d of %d" % (index + 1, OPTIONS.pictures), end="", file=sys.stderr, flush=True)
    return {"pictures": OPTIONS.pictures, "wrong": wrong, "passes": passes, "seconds": seconds}


def measure_empty(parser, meter):
    """What is found where nothing is: photographs without faces."""
    total = {"pictures": 0, "wrong": 0, "passes": 0.0, "names": {}}
    for path in sorted(OPTIONS.empty.iterdir()) if OPTIONS.empty else []:
        photo = Image.open(path).convert("RGB")
        meter.passes()
        found = parser.find_faces(photo, threshold=OPTIONS.threshold)
        total["passes"] += meter.passes()
        total["pictures"] += 1
        total["wrong"] += len(found)
        if found:
            total["names"][path.name] = [round(f.confidence, 3) for f in found]
            if OPTIONS.keep:
                draw(photo, found, OPTIONS.keep / ("empty-" + path.name))
        print("\r%d without faces" % total["pictures"], end="", file=sys.stderr, flush=True)
    return total


def main():
    random = numpy.random.default_rng(OPTIONS.seed)
    classes = len(names_of(OPTIONS.data))
    meter = Meter()
    parser = dmlcsr.Parser(OPTIONS.model, threads=OPTIONS.threads, progress=meter)
    parser.parse(numpy.zeros((64, 64, 3), numpy.uint8))
    meter.layers, meter.calls = meter.calls, 0
    bins = {height: Bin(classes) for height in HEIGHTS}
    if OPTIONS.keep:
        OPTIONS.keep.mkdir(exist_ok=True)
    groups = measure_groups(parser, meter, random, bins)
    empty = measure_empty(parser, meter)
    print("\r| height | faces | found | mean F1 | with known regions | off centre | size |")
    print("|---:" * 7 + "|")
    rows = []
    for height, b in bins.items():
        if b.faces:
            off = numpy.median(b.off, axis=0) if b.off else [math.nan] * 3
            rows.append({"height": height, "faces": b.faces, "found": b.found, "f1": f1(b.counts["found"]),
                         "f1_known": f1(b.counts["known"]), "off": list(off)})
            print("| %d | %d | %.0f %% | %.3f | %.3f | %.3f | %.3f |" % (
                height, b.faces, 100 * b.found / b.faces, rows[-1]["f1"], rows[-1]["f1_known"], off[0], off[1]))
    print("%(pictures)d group pictures: %(wrong)d wrong faces, %(passes).0f passes, %(seconds).0f s" % groups)
    print("%(pictures)d pictures without faces: %(wrong)d wrong faces, %(passes).0f passes %(names)s" % empty)
    if OPTIONS.json:
        OPTIONS.json.write_text(json.dumps({"bins": rows, "groups": groups, "empty": empty}, indent=1))


if __name__ == "__main__":
    OPTIONS = arguments()
    main()
